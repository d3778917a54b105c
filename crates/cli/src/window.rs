//! `toggle` and `cancel`: what a shortcut of the desktop's own can run. The window does it, and is started if there is
//! something to start it for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libretto_assistant::voice::{Error, Kind};

/// What the window's program ends with when no window runs that could take a wish.
const NOBODY: i32 = 3;

/// A tap on the talk key. Where no window runs, one is started, and outlives this program.
pub(crate) fn toggle() -> Result<(), Error> {
    if hand_over(&["--handed-over", "toggle"])? != Some(NOBODY) {
        return Ok(());
    }
    let mut window = command();
    window
        .arg("toggle")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // What ends the terminal's program from the keyboard does not end it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut window, 0);
    window.spawn().map(drop).map_err(|error| not_started(&error))
}

/// Gives up what is going on. Where no window runs, nothing is.
pub(crate) fn cancel() -> Result<(), Error> {
    hand_over(&["cancel"]).map(drop)
}

/// Hands a wish over to the window, in the words of its own command line; answers the status that it ends with.
fn hand_over(wish: &[&str]) -> Result<Option<i32>, Error> {
    let status = command()
        .args(wish)
        .status()
        .map_err(|error| not_started(&error))?;
    if status.success() || status.code() == Some(NOBODY) {
        return Ok(status.code());
    }
    let message = "Libretto's window did not take it; what it says above tells why.";
    Err(Error::new(Kind::Unavailable, message))
}

fn command() -> Command {
    Command::new(program(std::env::current_exe().ok().as_deref()))
}

fn not_started(error: &std::io::Error) -> Error {
    let message = format!(
        "Libretto's window could not be started ({error}). Install it beside this program, or talk with \
         `libretto-cli listen`."
    );
    Error::new(Kind::Unavailable, message)
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
