//! A virtual display with a window manager: windows, keys, the pointer, and pictures of all of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::program::terminate;

/// How long display and window manager may take to start on a busy machine.
const START: Duration = Duration::from_mins(1);

/// A half of a display.
#[derive(Clone, Copy, Debug)]
pub enum Half {
    /// From its left edge to its middle.
    Left,
    /// The rest.
    Right,
}

/// A display of one's own; it ends when dropped. Several can run at once.
#[derive(Debug)]
pub struct Display {
    // Fields are dropped in this order.
    manager: Child,
    server: Child,
    name: String,
}

impl Display {
    /// An empty desktop of 1280 by 900 pixels.
    pub fn new() -> Result<Self> {
        // The server takes the first number that is free, and says which.
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1280x900x24",
                "-nolisten",
                "tcp",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb cannot be started; ./dev setup installs it")?;
        let mut number = String::new();
        let told = server
            .stdout
            .take()
            .context("it has no output")
            .and_then(|output| Ok(BufReader::new(output).read_line(&mut number)?));
        if !matches!(told, Ok(bytes) if bytes > 1) {
            terminate(&mut server);
            bail!("the virtual display did not start");
        }
        let name = format!(":{}", number.trim());
        let mut display = match manage(&name) {
            Ok(manager) => Self {
                manager,
                server,
                name,
            },
            Err(error) => {
                terminate(&mut server);
                return Err(error);
            }
        };
        let deadline = Instant::now() + START;
        // Until a window manager says so, keyboard focus goes nowhere.
        while display.xdotool(["get_num_desktops"]).is_err() {
            ensure!(Instant::now() < deadline, "the window manager did not start");
            // One that finds the server still busy with itself gives up.
            if !matches!(display.manager.try_wait(), Ok(None)) {
                display.manager = manage(&display.name)?;
            }
            sleep(Duration::from_millis(20));
        }
        Ok(display)
    }

    /// Makes this half of the display its only screen, as if another one beside it had gone dark. (Its one output makes
    /// one screen at a time; desktops pass over screens without an output.)
    pub fn only_screen(&self, half: Half) -> Result<()> {
        let (name, left) = match half {
            Half::Left => ("left", 0),
            Half::Right => ("right", 640),
        };
        // After a stroke: millimetres. Other ones for the whole display make the server tell programs of the change.
        let place = format!("640/169x900/238+{left}+0");
        let millimetres = format!("{}x238", 338 + left / 640);
        for arguments in [
            &["--setmonitor", name, &place, "screen"][..],
            &["--fbmm", &millimetres],
        ] {
            let set = Command::new("xrandr")
                .args(arguments)
                .env("DISPLAY", &self.name)
                .stdout(Stdio::null())
                .status()
                .context("xrandr cannot be started; ./dev setup installs x11-xserver-utils")?;
            ensure!(set.success(), "xrandr did not make {half:?} the only screen");
        }
        Ok(())
    }

    /// What a program needs in its environment to show its windows here.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DISPLAY", self.name.clone()),
            ("WAYLAND_DISPLAY", String::new()),
            ("XDG_SESSION_TYPE", "x11".to_owned()),
            ("GDK_BACKEND", "x11".to_owned()),
            // There is no accelerator here, and looking for one takes time.
            ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
        ]
    }

    /// Presses keys (`ctrl+shift+space`) and holds them.
    pub fn press(&self, keys: &str) -> Result<Instant> {
        self.xdotool(["keydown", keys])?;
        Ok(Instant::now())
    }

    /// Lets go of keys.
    pub fn release(&self, keys: &str) -> Result<Instant> {
        self.xdotool(["keyup", keys])?;
        Ok(Instant::now())
    }

    /// Presses keys and lets go of them at once.
    pub fn tap(&self, keys: &str) -> Result<()> {
        self.xdotool(["key", keys]).map(drop)
    }

    /// Waits until a window with this title is on the screen.
    pub fn wait_for_window(&self, title: &str, limit: Duration) -> Result<()> {
        wait(&format!("the window \"{title}\""), limit, || self.shows(title))
    }

    /// Waits until no window with this title is on the screen.
    pub fn wait_until_gone(&self, title: &str, limit: Duration) -> Result<()> {
        let what = format!("the end of the window \"{title}\"");
        wait(&what, limit, || self.shows(title).map(|shows| !shows))
    }

    /// Waits until the window with this title has the keyboard.
    pub fn wait_for_focus(&self, title: &str, limit: Duration) -> Result<()> {
        let what = format!("the focus of the window \"{title}\"");
        wait(&what, limit, || self.focused().map(|focused| focused == title))
    }

    /// Whether a window with this title is on the screen.
    pub fn shows(&self, title: &str) -> Result<bool> {
        Ok(!self.windows(title)?.is_empty())
    }

    /// Where the upper left corner of the window with this title is, in pixels.
    pub fn place(&self, title: &str) -> Result<(i32, i32)> {
        self.geometry(title, ["X=", "Y="])
    }

    /// Waits until it is there.
    pub fn wait_for_place(&self, title: &str, place: (i32, i32), limit: Duration) -> Result<()> {
        let what = format!("\"{title}\" at {place:?}");
        wait(&what, limit, || Ok(self.place(title).is_ok_and(|is| is == place)))
    }

    /// Waits until the window with this title has this width and height, in pixels.
    pub fn wait_for_size(&self, title: &str, size: (i32, i32), limit: Duration) -> Result<()> {
        let what = format!("\"{title}\" of the size {size:?}");
        wait(&what, limit, || {
            let told = self.geometry(title, ["WIDTH=", "HEIGHT="]);
            Ok(told.is_ok_and(|is| is == size))
        })
    }

    fn geometry(&self, title: &str, names: [&str; 2]) -> Result<(i32, i32)> {
        let windows = self.windows(title)?;
        let window = windows
            .first()
            .with_context(|| format!("no window \"{title}\""))?;
        let told = self.xdotool(["getwindowgeometry", "--shell", window])?;
        let value = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.parse().ok())
                .with_context(|| format!("{name} is missing in {told:?}"))
        };
        Ok((value(names[0])?, value(names[1])?))
    }

    /// The numbers of all windows with this title that are on the screen.
    fn windows(&self, title: &str) -> Result<Vec<String>> {
        let exact = format!("^{title}$");
        // It fails when there is none, and when the display is gone.
        match self.xdotool(["search", "--onlyvisible", "--name", &exact]) {
            Ok(found) => Ok(found.lines().map(str::to_owned).collect()),
            Err(_) => self.xdotool(["get_num_desktops"]).map(|_| Vec::new()),
        }
    }

    /// The title of the window that has the keyboard; empty when none has.
    pub fn focused(&self) -> Result<String> {
        let title = self.xdotool(["getactivewindow", "getwindowname"]);
        Ok(title.unwrap_or_default().trim().to_owned())
    }

    /// Runs `xdotool ARGUMENTS` here and returns what it printed.
    pub fn xdotool<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.name)
            .output()
            .context("xdotool cannot be started; ./dev setup installs it")?;
        ensure!(
            output.status.success(),
            "xdotool: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Takes a picture of the whole screen into a PNG file.
    pub fn picture(&self, file: &Path) -> Result<()> {
        self.import("root", file)
    }

    /// Takes a picture of the window with this title, without its frame, into a PNG file.
    pub fn picture_of(&self, title: &str, file: &Path) -> Result<()> {
        let windows = self.windows(title)?;
        let window = windows
            .first()
            .with_context(|| format!("no window \"{title}\""))?;
        self.import(window, file)
    }

    fn import(&self, window: &str, file: &Path) -> Result<()> {
        let taken = Command::new("import")
            .args(["-window", window])
            .arg(file)
            .env("DISPLAY", &self.name)
            .stderr(Stdio::null())
            .status()
            .context("import cannot be started; ./dev setup installs imagemagick")?;
        ensure!(taken.success(), "the picture {} was not taken", file.display());
        Ok(())
    }
}

/// Starts a window manager on a display.
fn manage(display: &str) -> Result<Child> {
    Command::new("openbox")
        .env("DISPLAY", display)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("openbox cannot be started; ./dev setup installs it")
}

fn wait(what: &str, limit: Duration, mut come: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + limit;
    while !come()? {
        ensure!(Instant::now() < deadline, "{what} did not come within {limit:?}");
        sleep(Duration::from_millis(30));
    }
    Ok(())
}

impl Drop for Display {
    fn drop(&mut self) {
        terminate(&mut self.manager);
        terminate(&mut self.server);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use super::*;

    #[test]
    fn two_displays_at_once_and_a_picture_of_one() {
        let (one, other) = (Display::new().unwrap(), Display::new().unwrap());
        assert_ne!(one.name, other.name);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("screen.png");
        one.picture(&file).unwrap();
        let png = std::fs::read(file).unwrap();
        assert_eq!(&png[1..4], b"PNG");
        assert_eq!(one.focused().unwrap(), "");
    }
}
