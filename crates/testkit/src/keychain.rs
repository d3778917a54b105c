//! A private message bus, with a keychain on it or without.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::program::terminate;

/// How long the keychain may take to appear on a busy machine.
const START: Duration = Duration::from_secs(20);
/// Nothing that it guards is worth more.
const PASSWORD: &[u8] = b"open sesame";

/// What the keychain is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyring {
    /// It can be used.
    Unlocked,
    /// It is there, but nobody has unlocked it, and there is nobody to ask for its password.
    Locked,
    /// There is none on the bus.
    Absent,
}

/// A private message bus; it ends when dropped.
#[derive(Debug)]
pub struct Keychain {
    keyring: Option<Child>,
    bus: Child,
    folder: TempDir,
}

impl Keychain {
    /// Starts one.
    pub fn start(keyring: Keyring) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("libretto-bus-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
        fs::create_dir(folder.path().join("data"))?;
        let config = folder.path().join("bus.conf");
        let socket = folder.path().join("bus");
        fs::write(&config, BUS.replace("SOCKET", &socket.display().to_string()))?;
        let bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("dbus-daemon cannot be started; ./dev setup installs it")?;
        let mut keychain = Self {
            keyring: None,
            bus,
            folder,
        };
        // The socket is there a moment before anybody listens to it.
        ensure!(
            wait_until(|| UnixStream::connect(&socket).is_ok()),
            "the private message bus did not start"
        );
        match keyring {
            Keyring::Absent => {}
            Keyring::Unlocked => keychain.start_keyring(true)?,
            Keyring::Locked => {
                // The first start makes the keychain, with its password; the second finds it and does not know it.
                keychain.start_keyring(true)?;
                keychain.stop_keyring();
                keychain.start_keyring(false)?;
            }
        }
        Ok(keychain)
    }

    /// What a program needs in its environment to find this bus and no other.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        vec![("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", path("bus")))]
    }

    /// Takes the keychain away while programs run.
    pub fn stop_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            terminate(&mut keyring);
            wait_until(|| !self.has_secrets());
        }
    }

    /// Unlocks it, as logging in to the desktop does.
    pub fn unlock(&self) -> Result<()> {
        unlock(&self.folder.path().join("control/control"), PASSWORD)
    }

    fn start_keyring(&mut self, unlock: bool) -> Result<()> {
        let mut keyring = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--components=secrets"])
            .args(unlock.then_some("--unlock"))
            .arg(format!(
                "--control-directory={}",
                self.folder.path().join("control").display()
            ))
            .envs(self.env())
            .env("HOME", self.folder.path())
            .env("XDG_DATA_HOME", self.folder.path().join("data"))
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env_remove("DISPLAY")
            .env_remove("GNOME_KEYRING_CONTROL")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("gnome-keyring-daemon cannot be started; ./dev setup installs it")?;
        if let Some(mut input) = keyring.stdin.take() {
            input.write_all(PASSWORD)?;
        }
        self.keyring = Some(keyring);
        ensure!(
            wait_until(|| self.has_secrets()),
            "the private keychain did not start"
        );
        Ok(())
    }

    fn has_secrets(&self) -> bool {
        let asked = Command::new("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
            .args([
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ])
            .envs(self.env())
            .output();
        asked.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("boolean true"))
    }

    /// Where the bus keeps its socket.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Keychain {
    fn drop(&mut self) {
        if let Some(keyring) = &mut self.keyring {
            terminate(keyring);
        }
        terminate(&mut self.bus);
    }
}

/// Unlocks a `gnome-keyring-daemon` that runs, over its control socket, as its PAM module does when somebody logs in:
/// a zero byte; then the packet's length, the operation (1 is unlock), the password's length (each 32 bits, big-endian)
/// and the password. It answers with a length of 8 and a result, where 0 is well (`gkd-control-codes.h`).
pub fn unlock(control: &Path, password: &[u8]) -> Result<()> {
    let mut socket = UnixStream::connect(control).context("the keychain has no control socket")?;
    socket.set_read_timeout(Some(START))?;
    let long = u32::try_from(password.len())?;
    let mut packet = vec![0];
    for number in [12 + long, 1, long] {
        packet.extend(number.to_be_bytes());
    }
    packet.extend(password);
    socket.write_all(&packet)?;
    let mut answer = [0; 8];
    socket.read_exact(&mut answer)?;
    ensure!(answer[4..] == [0; 4], "the keychain was not unlocked: {answer:?}");
    Ok(())
}

fn wait_until(done: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + START;
    while !done() {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
    true
}

/// A bus that starts nothing by itself: an absent keychain must stay absent.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(keychain: &Keychain) -> String {
        let asked = Command::new("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets"])
            .args([
                "/org/freedesktop/secrets/collection/login",
                "org.freedesktop.DBus.Properties.Get",
            ])
            .args(["string:org.freedesktop.Secret.Collection", "string:Locked"])
            .envs(keychain.env())
            .output()
            .unwrap();
        String::from_utf8(asked.stdout).unwrap()
    }

    #[test]
    fn each_is_what_it_says() {
        assert!(locked(&Keychain::start(Keyring::Unlocked).unwrap()).contains("boolean false"));
        let keychain = Keychain::start(Keyring::Locked).unwrap();
        assert!(locked(&keychain).contains("boolean true"));
        keychain.unlock().unwrap();
        assert!(locked(&keychain).contains("boolean false"));
        assert!(!Keychain::start(Keyring::Absent).unwrap().has_secrets());
    }
}
