//! What a screen reader finds: the accessibility bus beside the desktop's, and the tree that Libretto's windows put there.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libretto_testkit::program;
use serde::Deserialize;

use crate::Stage;

/// Debian's place for it.
const LAUNCHER: &str = "/usr/libexec/at-spi-bus-launcher";
/// Debian's own, whose packages these are; another may come first in the path.
const PYTHON: &str = "/usr/bin/python3";
/// Reads the tree with the library that Linux's screen readers use.
const READER: &str = include_str!("accessibility.py");
/// The tree is read within this time.
const READING: Duration = Duration::from_mins(1);

/// Something that a screen reader stops at.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// What it is, in AT-SPI's words: `push button`.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// The text in it; what stands in it as nodes of their own is U+FFFC there.
    pub text: String,
    /// How its changes are told: `polite`, `assertive`, or empty when they are not.
    pub live: String,
    /// Whether the keyboard gets there.
    pub focusable: bool,
}

/// A bus on which screen readers listen. It must be there before the window. It ends when dropped.
#[derive(Debug)]
pub struct Accessibility {
    launcher: Child,
    env: Vec<(&'static str, String)>,
}

impl Accessibility {
    /// Starts it on this stage.
    pub fn start(stage: &Stage) -> Result<Self> {
        let env = stage.keychain.env();
        let launcher = Command::new(LAUNCHER)
            .arg("--launch-immediately")
            .envs(env.iter().map(|(name, value)| (name, value)))
            .env_remove("DISPLAY")
            .env_remove("AT_SPI_BUS_ADDRESS")
            .env("XDG_RUNTIME_DIR", stage.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("at-spi-bus-launcher cannot be started; ./dev setup installs at-spi2-core")?;
        Ok(Self { launcher, env })
    }

    /// Everything that can be found in Libretto's windows now, in the order of reading.
    pub fn read(&self) -> Result<Vec<Node>> {
        let mut reader = Command::new(PYTHON);
        reader
            .args(["-c", READER])
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env_remove("AT_SPI_BUS_ADDRESS");
        let output = program::run(&mut reader, b"", READING)?;
        ensure!(
            output.status.success(),
            "the tree cannot be read (./dev setup installs python3-gi and gir1.2-atspi-2.0): {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Reads until something is there; returns all that was found with it.
    pub fn wait_for(&self, what: &str, limit: Duration, wanted: impl Fn(&Node) -> bool) -> Result<Vec<Node>> {
        let deadline = Instant::now() + limit;
        loop {
            let found = self.read()?;
            if found.iter().any(&wanted) {
                return Ok(found);
            }
            ensure!(
                Instant::now() < deadline,
                "a screen reader does not find {what}: {found:#?}"
            );
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Accessibility {
    fn drop(&mut self) {
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
    }
}
