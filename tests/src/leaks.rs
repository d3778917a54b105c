//! Looks for keys in everything that a run left behind.

use std::path::Path;

use anyhow::{Result, ensure};

/// Fails where one of the keys, or its second half, is in the text.
pub fn in_text(what: &str, text: &str, keys: &[&str]) -> Result<()> {
    for key in keys {
        let half = &key[key.len() / 2..];
        if let Some(at) = text.find(half) {
            let around: String = text[..at].chars().rev().take(200).collect();
            let around: String = around.chars().rev().collect();
            ensure!(!text.contains(half), "{what} has {key} behind {around:?}");
        }
    }
    Ok(())
}

/// The same for all files below a folder; how many these are.
pub fn in_files(folder: &Path, keys: &[&str]) -> Result<usize> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files += in_files(&path, keys)?;
        } else if path.is_file() {
            let bytes = std::fs::read(&path)?;
            in_text(
                &path.display().to_string(),
                &String::from_utf8_lossy(&bytes),
                keys,
            )?;
            files += 1;
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_half_of_one_are_found() {
        let keys = ["sk-planted-0123456789"];
        assert!(in_text("a log", "the key is sk-…-0123456789", &keys).is_err());
        assert!(in_text("a log", "the key is sk-planted-…", &keys).is_ok());
        let folder = std::env::temp_dir().join(format!("leaks-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        std::fs::write(folder.join("inner/a"), keys[0]).unwrap();
        assert!(in_files(&folder, &keys).is_err());
        assert_eq!(in_files(&folder, &["another"]).unwrap(), 1);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
