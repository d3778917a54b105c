//! The menu of a program's tray icon, as a desktop's panel uses it: over the message bus, by the protocol of
//! `StatusNotifierItem` and dbusmenu. No panel is needed.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::Keychain;

/// Where libayatana-appindicator puts its items.
const ITEMS: &str = "/org/ayatana/NotificationItem";
/// What can answer does so within this time, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The menu of the one tray icon on a bus.
#[derive(Debug)]
pub struct Tray {
    env: Vec<(&'static str, String)>,
    /// Its owner on the bus.
    owner: String,
    /// The menu's object.
    path: String,
}

impl Tray {
    /// Waits until a program on this bus has put its icon there.
    pub fn wait_for(bus: &Keychain, limit: Duration) -> Result<Self> {
        let env = bus.env();
        let deadline = Instant::now() + limit;
        loop {
            if let Some((owner, path)) = find(&env)? {
                return Ok(Self { env, owner, path });
            }
            ensure!(Instant::now() < deadline, "no tray icon came within {limit:?}");
            sleep(Duration::from_millis(100));
        }
    }

    /// The menu's labels and their numbers, submenus included.
    pub fn menu(&self) -> Result<Vec<(String, i32)>> {
        let layout = ["int32:0", "int32:-1", "array:string:"];
        let told = self.call("com.canonical.dbusmenu.GetLayout", &layout)?;
        let mut items = Vec::new();
        let (mut number, mut label) = (0, false);
        for line in told.lines().map(str::trim) {
            if let Some(value) = line.strip_prefix("int32 ") {
                number = value.parse().context("no number")?;
            } else if line == "string \"label\"" {
                label = true;
            } else if std::mem::take(&mut label) {
                let text = line.split('"').nth(1).context("no label")?;
                items.push((text.to_owned(), number));
            }
        }
        Ok(items)
    }

    /// The labels of the items that bear a mark.
    pub fn marked(&self) -> Result<Vec<String>> {
        let layout = ["int32:0", "int32:-1", "array:string:"];
        let told = self.call("com.canonical.dbusmenu.GetLayout", &layout)?;
        // Each item begins with its number; its label and its mark follow in any order.
        let marked = told.split("struct {").filter_map(|item| {
            let value = |name: &str| item.split_once(&format!("string \"{name}\""))?.1.lines().nth(1);
            value("toggle-state")?.trim().ends_with("int32 1").then_some(())?;
            Some(value("label")?.split('"').nth(1)?.to_owned())
        });
        Ok(marked.collect())
    }

    /// Clicks an item.
    pub fn click(&self, label: &str) -> Result<()> {
        let mut tries = 3;
        loop {
            let menu = self.menu()?;
            let (_, number) = menu
                .iter()
                .find(|(text, _)| text == label)
                .with_context(|| format!("no \"{label}\" among {menu:?}"))?;
            let number = format!("int32:{number}");
            let event = [number.as_str(), "string:clicked", "variant:int32:0", "uint32:0"];
            tries -= 1;
            match self.call("com.canonical.dbusmenu.Event", &event) {
                // The menu was made anew meanwhile, and its items have other numbers.
                Err(_) if tries > 0 => {}
                done => return done.map(drop),
            }
        }
    }

    fn call(&self, method: &str, arguments: &[&str]) -> Result<String> {
        send(&self.env, PATIENCE, &self.owner, &self.path, method, arguments)
    }
}

/// Who on the bus has an icon, and its menu's object.
fn find(env: &[(&'static str, String)]) -> Result<Option<(String, String)>> {
    const BUS: &str = "org.freedesktop.DBus";
    let names = send(
        env,
        PATIENCE,
        BUS,
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus.ListNames",
        &[],
    )?;
    for name in names.split('"').filter(|name| name.starts_with(':')) {
        // Most have nothing there, and some answer nothing at all.
        let Ok(told) = send(
            env,
            Duration::from_secs(2),
            name,
            ITEMS,
            "org.freedesktop.DBus.Introspectable.Introspect",
            &[],
        ) else {
            continue;
        };
        let item = told
            .split("<node name=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        if let Some(item) = item {
            return Ok(Some((name.to_owned(), format!("{ITEMS}/{item}/Menu"))));
        }
    }
    Ok(None)
}

fn send(
    env: &[(&'static str, String)],
    limit: Duration,
    owner: &str,
    path: &str,
    method: &str,
    arguments: &[&str],
) -> Result<String> {
    let output = Command::new("dbus-send")
        .args(["--session", "--print-reply"])
        .arg(format!("--reply-timeout={}", limit.as_millis()))
        .arg(format!("--dest={owner}"))
        .args([path, method])
        .args(arguments)
        .envs(env.iter().cloned())
        .output()
        .context("dbus-send cannot be started; ./dev setup installs dbus")?;
    ensure!(
        output.status.success(),
        "{method}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
