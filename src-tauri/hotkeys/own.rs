//! Keys that Libretto takes itself: on X11, macOS and Windows.

use std::sync::atomic::Ordering;

use tauri::{AppHandle, Manager};
use tauri_plugin_global_shortcut::{Code, GlobalShortcutExt, Shortcut, ShortcutState};

use super::{Asked, capturing, on_main, parse, used};
use crate::libretto::Libretto;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::hotkeys::{Hotkey, HotkeyAction, HotkeyWay};
use crate::wire::shell::Shell;
use crate::{shell, windows};

/// The key that our own windows hear themselves.
fn escape() -> Shortcut {
    Shortcut::new(None, Code::Escape)
}

/// Takes a key from all programs.
///
/// # Errors
/// Another program has it, or it is none.
pub(super) fn take(app: &AppHandle, action: HotkeyAction, keys: &str) -> Answer<()> {
    let shortcut = parse(keys)?;
    if let Some(asked) = app.try_state::<Asked>() {
        asked.taken.store(true, Ordering::Relaxed);
    }
    app.global_shortcut()
        .on_shortcut(shortcut, move |app, _, event| {
            used(app, action, event.state == ShortcutState::Pressed);
        })
        .map_err(|error| refused(keys, &error.to_string()))
}

pub(super) fn refused(keys: &str, reason: &str) -> Failure {
    tracing::info!(keys, reason, "hotkey_refused");
    let message = format!("Another app is using {keys}. Choose different keys, or free them there.");
    Failure::new(FailureKind::Unavailable, message)
}

/// It could not be taken. The cancel key is taken when it is wanted.
pub(super) fn is_missing(hotkey: &Hotkey) -> bool {
    hotkey.problem.is_some() && hotkey.action != HotkeyAction::Cancel
}

/// Takes the keys that another program had when they were wanted, if it has given them back. Not while a turn runs: each
/// try holds the main thread up for some frames.
pub(super) fn take_again(app: &AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let Shell {
        paused, way, hotkeys, ..
    } = libretto.shell();
    if paused || way != HotkeyWay::Own || capturing(app) || windows::turn_runs(&libretto) {
        return;
    }
    for hotkey in hotkeys.into_iter().filter(is_missing) {
        if take(app, hotkey.action, &hotkey.keys).is_ok() {
            shell::change(app, |shell| {
                for now in shell.hotkeys.iter_mut().filter(|now| **now == hotkey) {
                    now.problem = None;
                }
            });
        }
    }
}

/// Takes the cancel key from other programs while a turn runs and none of our windows is in front, and only then; not
/// while all keys are to be free. Where it cannot be had, the windows are told, and promise nothing.
pub fn keep_cancel(app: &AppHandle) {
    on_main(app, settle);
}

fn settle(app: &AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let keys = libretto.foundation.now().hotkeys.cancel.clone();
    let Shell { paused, way, .. } = libretto.shell();
    // What is no key was told when it was set.
    let Some(shortcut) = parse(&keys).ok().filter(|_| way == HotkeyWay::Own) else {
        return;
    };
    // Our own windows hear Escape themselves, and close a question with it first. Another key they do not know.
    let elsewhere = shortcut != escape() || !windows::in_front(app, &libretto);
    let wanted = windows::turn_runs(&libretto) && elsewhere && !paused && !capturing(app);
    let problem = match (wanted, app.global_shortcut().is_registered(shortcut)) {
        (true, false) => take(app, HotkeyAction::Cancel, &keys).err(),
        (false, true) => {
            give_back(app, shortcut);
            None
        }
        // Whether it could be had now is not known.
        (false, false) => return,
        (true, true) => None,
    };
    shell::change(app, |shell| {
        for hotkey in &mut shell.hotkeys {
            if hotkey.action == HotkeyAction::Cancel {
                hotkey.problem = problem.as_ref().map(|failure| failure.message.clone());
            }
        }
    });
}

/// Gives all keys back.
pub(super) fn release(app: &AppHandle) {
    let Some(asked) = app.try_state::<Asked>() else {
        return;
    };
    if !asked.taken.swap(false, Ordering::Relaxed) {
        return;
    }
    if let Err(error) = app.global_shortcut().unregister_all() {
        tracing::warn!(%error, "hotkeys_not_released");
    }
    give_back(app, escape());
    // Nobody will hear of its release.
    if asked.held.load(Ordering::Relaxed) {
        used(app, HotkeyAction::Talk, false);
    }
}

/// Gives a key back. It may never have been ours.
///
/// The X11 back end (global-hotkey 0.8) leaves a release in its buffer until it next asks the server something: without
/// the second try, the key would stay ours until another one is taken.
pub(super) fn give_back(app: &AppHandle, shortcut: Shortcut) {
    for _ in 0..2 {
        let _ = app.global_shortcut().unregister(shortcut);
    }
}
