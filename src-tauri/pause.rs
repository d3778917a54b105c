//! The pause over a restart: whoever closed the microphone finds it closed, after the next login too.

use std::fs;
use std::io::{ErrorKind, Result};
use std::path::Path;

/// Whether this file says that it is paused. One that cannot be looked for may say so.
pub fn kept(file: &Path) -> bool {
    file.try_exists().unwrap_or(true)
}

/// Keeps in this file whether it is paused.
///
/// # Errors
/// What the file system says.
pub fn keep(file: &Path, paused: bool) -> Result<()> {
    if paused {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        return fs::write(file, "");
    }
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_kept_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/paused");
        assert!(!kept(&file), "nobody paused it");
        keep(&file, false).unwrap();
        keep(&file, true).unwrap();
        assert!(kept(&file));
        keep(&file, false).unwrap();
        assert!(!kept(&file));
    }
}
