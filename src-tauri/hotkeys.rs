//! Keys that work while another program has the focus.

use std::str::FromStr;

use tauri::{AppHandle, Manager};
use tauri_plugin_global_shortcut::{Code, GlobalShortcutExt, Shortcut, ShortcutState};
use tauri_specta::Event;

use crate::libretto::Libretto;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::hotkeys::{Hotkey, HotkeyAction, HotkeyUsed};
use crate::wire::shell::Window;
use crate::{shell, windows};

/// What to do where programs cannot have keys of their own.
const ON_WAYLAND: &str = "This desktop (Wayland) gives programs no keys of their own. In the desktop's own keyboard \
                          settings, bind a key to the command `libretto toggle` (talk) or `libretto ask` (quick ask).";

/// Takes the hotkeys that the settings name and says how each fared. The cancel key waits for a turn.
pub fn apply(app: &AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    release(app);
    let set = libretto.foundation.now().hotkeys.clone();
    let paused = libretto.shell().paused;
    let all = [
        (HotkeyAction::Talk, set.talk),
        (HotkeyAction::QuickAsk, set.quick_ask),
        (HotkeyAction::Cancel, set.cancel),
    ];
    let hotkeys = all
        .into_iter()
        .map(|(action, keys)| {
            let taken = match action {
                _ if keys.is_empty() || paused => Ok(()),
                HotkeyAction::Cancel => parse(&keys).map(drop),
                HotkeyAction::Talk | HotkeyAction::QuickAsk => take(app, action, &keys),
            };
            Hotkey {
                action,
                keys,
                problem: taken.err().map(|failure| failure.message),
            }
        })
        .collect();
    shell::change(app, |shell| shell.hotkeys = hotkeys);
}

/// Gives all hotkeys back while keys are being captured, and takes them again afterwards.
pub fn capture(app: &AppHandle, capturing: bool) {
    if capturing {
        release(app);
    } else {
        apply(app);
    }
}

/// Takes the cancel key from other programs while a turn runs, and only then.
pub fn while_turn(app: &AppHandle, running: bool) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let keys = libretto.foundation.now().hotkeys.cancel.clone();
    if keys.is_empty() {
        return;
    }
    let changed = if running {
        take(app, HotkeyAction::Cancel, &keys)
    } else {
        parse(&keys).map(|shortcut| give_back(app, shortcut))
    };
    if let Err(failure) = changed {
        tracing::warn!(failure.message, "cancel_key_not_taken");
    }
}

/// Looks whether keys can be had.
///
/// # Errors
/// Why they cannot.
pub fn attempt(app: &AppHandle, keys: &str) -> Answer<()> {
    let shortcut = parse(keys)?;
    let shortcuts = app.global_shortcut();
    if shortcuts.is_registered(shortcut) {
        return Ok(());
    }
    shortcuts
        .register(shortcut)
        .map_err(|error| refused(keys, &error.to_string()))?;
    give_back(app, shortcut);
    Ok(())
}

fn release(app: &AppHandle) {
    if let Err(error) = app.global_shortcut().unregister_all() {
        tracing::warn!(%error, "hotkeys_not_released");
    }
    give_back(app, Shortcut::new(None, Code::Escape));
}

/// Gives a key back. It may never have been ours.
///
/// The X11 back end (global-hotkey 0.8) leaves a release in its buffer until it next asks the server something: without
/// the second try, the key would stay ours until another one is taken.
fn give_back(app: &AppHandle, shortcut: Shortcut) {
    for _ in 0..2 {
        let _ = app.global_shortcut().unregister(shortcut);
    }
}

fn parse(keys: &str) -> Answer<Shortcut> {
    Shortcut::from_str(keys).map_err(|_| {
        let message = format!("\"{keys}\" is no key; press the keys you want, such as Ctrl+Shift+Space.");
        Failure::new(FailureKind::BadInput, message)
    })
}

fn take(app: &AppHandle, action: HotkeyAction, keys: &str) -> Answer<()> {
    let shortcut = parse(keys)?;
    if on_wayland() {
        return Err(Failure::new(FailureKind::Unsupported, ON_WAYLAND));
    }
    app.global_shortcut()
        .on_shortcut(shortcut, move |app, _, event| {
            used(app, action, event.state == ShortcutState::Pressed);
        })
        .map_err(|error| refused(keys, &error.to_string()))
}

fn refused(keys: &str, reason: &str) -> Failure {
    tracing::info!(keys, reason, "hotkey_refused");
    let message = format!("Another program owns {keys}; choose other keys, or free them there.");
    Failure::new(FailureKind::Unavailable, message)
}

/// Wayland lets no program read keys that are meant for another. What runs through the X11 bridge there only hears
/// keys while a window of that bridge has the focus.
fn on_wayland() -> bool {
    std::env::var_os("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty())
}

/// A hotkey was used.
fn used(app: &AppHandle, action: HotkeyAction, down: bool) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    if action == HotkeyAction::Talk {
        windows::held(app, down);
    }
    let talk = libretto.talk();
    let conversation = talk.assistant.conversation();
    match (action, down) {
        (HotkeyAction::Talk, true) => conversation.key_down(),
        (HotkeyAction::Talk, false) => conversation.key_up(),
        (HotkeyAction::Cancel, true) => conversation.cancel(),
        (HotkeyAction::QuickAsk, true) => {
            if let Err(error) = windows::open(app, Window::QuickAsk) {
                tracing::warn!(%error, "quick_ask_not_opened");
            }
        }
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
