//! Keys that work while another program has the focus: taken by Libretto itself, or given by the desktop's portal where
//! Wayland lets no program take them.

#[cfg(target_os = "linux")]
mod desktop;
mod own;
#[cfg(target_os = "linux")]
pub mod portal;
#[cfg(target_os = "linux")]
pub mod trigger;

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager};
use tauri_plugin_global_shortcut::{GlobalShortcutExt, Shortcut};
use tauri_specta::Event;

use crate::libretto::Libretto;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::hotkeys::{Hotkey, HotkeyAction, HotkeyUsed, HotkeyWay};
use crate::wire::shell::{Shell, Window};
use crate::{shell, windows};

pub use own::keep_cancel;

/// How keys are at the moment, and what the desktop was asked for on Wayland.
#[derive(Default)]
pub struct Asked {
    /// The settings wait for keys to be pressed: none of them is a hotkey meanwhile.
    capturing: AtomicBool,
    /// The talk key is down.
    held: AtomicBool,
    /// A key was taken since all were given back.
    taken: AtomicBool,
    #[cfg(target_os = "linux")]
    wishes: tokio::sync::watch::Sender<Vec<portal::Wish>>,
}

/// Finds out how keys can be had here, and takes those that the settings name.
pub fn start(app: &AppHandle) {
    app.manage(Asked::default());
    #[cfg(target_os = "linux")]
    if desktop::on_wayland() {
        // Until the desktop has answered, nobody is promised anything.
        shell::change(app, |shell| shell.way = HotkeyWay::Command);
        apply(app);
        tauri::async_runtime::spawn(desktop::follow(app.clone()));
        return;
    }
    // X11's back end (global-hotkey 0.8) takes up to 50 ms for each key, in the thread that the first page waits for.
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        windows::settled(&app).await;
        apply(&app);
        loop {
            tokio::time::sleep(AGAIN).await;
            let libretto = app.try_state::<Libretto>();
            // The main thread sleeps on where there is nothing to take.
            if libretto.is_some_and(|libretto| libretto.shell().hotkeys.iter().any(own::is_missing)) {
                on_main(&app, own::take_again);
            }
        }
    });
}

/// A key that another program has is tried again after so long: nobody says when it gives it back.
const AGAIN: Duration = Duration::from_secs(5);

/// Takes the hotkeys that the settings name and says how each fared. The cancel key waits for a turn.
pub fn apply(app: &AppHandle) {
    on_main(app, take_all);
}

/// Keys are taken and given back in one thread, one after the other. The plugin waits for that thread while it holds
/// its own lock: from two threads, each would wait for the other.
fn on_main(app: &AppHandle, work: fn(&AppHandle)) {
    let handle = app.clone();
    if let Err(error) = app.run_on_main_thread(move || work(&handle)) {
        tracing::warn!(%error, "hotkeys_not_looked_after");
    }
}

fn take_all(app: &AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let set = libretto.foundation.now().hotkeys.clone();
    let Shell { paused, .. } = libretto.shell();
    let all = [
        (HotkeyAction::Talk, set.talk),
        (HotkeyAction::QuickAsk, set.quick_ask),
        (HotkeyAction::Cancel, set.cancel),
    ];
    #[cfg(target_os = "linux")]
    if way(app) != HotkeyWay::Own {
        return desktop::ask(app, &libretto.shell().hotkeys, all);
    }
    own::release(app);
    let hotkeys = all
        .into_iter()
        .map(|(action, keys)| {
            let taken = match action {
                _ if keys.is_empty() || paused => Ok(()),
                HotkeyAction::Cancel => parse(&keys).map(drop),
                HotkeyAction::Talk | HotkeyAction::QuickAsk => own::take(app, action, &keys),
            };
            Hotkey {
                action,
                keys,
                problem: taken.err().map(|failure| failure.message),
                trigger: None,
            }
        })
        .collect();
    shell::change(app, |shell| shell.hotkeys = hotkeys);
    // A turn may be running.
    keep_cancel(app);
}

/// Gives all hotkeys back while keys are being captured, and takes them again afterwards.
pub fn capture(app: &AppHandle, capturing: bool) {
    if let Some(asked) = app.try_state::<Asked>() {
        asked.capturing.store(capturing, Ordering::Relaxed);
    }
    if !capturing {
        apply(app);
    } else if way(app) == HotkeyWay::Own {
        own::release(app);
    }
}

fn capturing(app: &AppHandle) -> bool {
    app.try_state::<Asked>()
        .is_some_and(|asked| asked.capturing.load(Ordering::Relaxed))
}

fn way(app: &AppHandle) -> HotkeyWay {
    app.try_state::<Libretto>()
        .map_or(HotkeyWay::Own, |libretto| libretto.shell().way)
}

/// Looks whether keys can be had.
///
/// # Errors
/// Why they cannot.
pub fn attempt(app: &AppHandle, keys: &str) -> Answer<()> {
    let shortcut = parse(keys)?;
    #[cfg(target_os = "linux")]
    if way(app) != HotkeyWay::Own {
        return trigger::of(shortcut).map(drop).ok_or_else(|| {
            let message = format!("This desktop can’t assign {keys}. Choose different keys.");
            Failure::new(FailureKind::BadInput, message)
        });
    }
    let shortcuts = app.global_shortcut();
    if shortcuts.is_registered(shortcut) {
        return Ok(());
    }
    shortcuts
        .register(shortcut)
        .map_err(|error| own::refused(keys, &error.to_string()))?;
    own::give_back(app, shortcut);
    Ok(())
}

fn parse(keys: &str) -> Answer<Shortcut> {
    Shortcut::from_str(keys).map_err(|_| {
        let message = format!("\"{keys}\" is no key; press the keys you want, such as Ctrl+Shift+Space.");
        Failure::new(FailureKind::BadInput, message)
    })
}

/// A hotkey was used.
fn used(app: &AppHandle, action: HotkeyAction, down: bool) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    if action == HotkeyAction::Talk {
        if let Some(asked) = app.try_state::<Asked>() {
            asked.held.store(down, Ordering::Relaxed);
        }
        windows::held(app, down);
    }
    let talk = libretto.talk();
    let conversation = talk.assistant.conversation();
    match (action, down) {
        (HotkeyAction::Talk, true) => conversation.key_down(),
        (HotkeyAction::Talk, false) => conversation.key_up(),
        (HotkeyAction::Cancel, true) => conversation.cancel(),
        (HotkeyAction::QuickAsk, true) => windows::open_soon(app, Window::QuickAsk),
        (HotkeyAction::Cancel | HotkeyAction::QuickAsk, false) => {}
    }
    if let Err(error) = (HotkeyUsed { action, down }).emit(app) {
        tracing::warn!(%error, "hotkey_not_told");
    }
}

#[cfg(test)]
mod tests {
    use libretto_assistant::store::Settings;

    use super::*;

    #[test]
    fn the_default_keys_are_keys() {
        let hotkeys = Settings::default().hotkeys;
        for keys in [&hotkeys.talk, &hotkeys.cancel, &hotkeys.quick_ask] {
            parse(keys).unwrap();
        }
        let failure = parse("Ctrl+Nonsense").unwrap_err();
        assert!(failure.message.contains("Ctrl+Nonsense"), "{}", failure.message);
    }
}
