//! `toggle` and `cancel`: what a shortcut of the desktop's own can run. The window does it, and is started if need be.

use std::path::{Path, PathBuf};
use std::process::Command;

use libretto_assistant::voice::{Error, Kind};

/// Hands a wish over to the window, in the words of its own command line.
pub(crate) fn hand_over(wish: &str) -> Result<(), Error> {
    let status = Command::new(program(std::env::current_exe().ok().as_deref()))
        .arg(wish)
        .status()
        .map_err(|error| {
            let message = format!(
                "Libretto's window could not be started ({error}). Install it beside this program, or talk with \
                 `libretto-cli listen`."
            );
            Error::new(Kind::Unavailable, message)
        })?;
    if status.success() {
        return Ok(());
    }
    let message = "Libretto's window did not take it; what it says above tells why.";
    Err(Error::new(Kind::Unavailable, message))
}

/// The window's program: the one beside our own (as installed), else what the system finds under its name.
fn program(own: Option<&Path>) -> PathBuf {
    let name = format!("libretto{}", std::env::consts::EXE_SUFFIX);
    own.and_then(Path::parent)
        .map(|folder| folder.join(&name))
        .filter(|beside| beside.is_file())
        .unwrap_or_else(|| name.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use super::*;

    #[test]
    fn the_window_beside_us_comes_first() {
        let folder = std::env::temp_dir().join(format!("libretto-beside-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let own = folder.join("libretto-cli");
        let name = format!("libretto{}", std::env::consts::EXE_SUFFIX);
        assert_eq!(program(Some(&own)), PathBuf::from(&name));
        std::fs::write(folder.join(&name), "").unwrap();
        assert_eq!(program(Some(&own)), folder.join(&name));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
