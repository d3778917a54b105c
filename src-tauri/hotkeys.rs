//! Keys that work while another program has the focus: taken by Libretto itself, or given by the desktop's portal where
//! Wayland lets no program take them.

#[cfg(target_os = "linux")]
pub mod portal;
pub mod trigger;

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use tauri::{AppHandle, Manager};
use tauri_plugin_global_shortcut::{Code, GlobalShortcutExt, Shortcut, ShortcutState};
use tauri_specta::Event;

use crate::libretto::Libretto;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::hotkeys::{Hotkey, HotkeyAction, HotkeyUsed, HotkeyWay};
use crate::wire::shell::{Shell, Window};
use crate::{shell, windows};

/// What to do where programs cannot have keys of their own.
const BY_COMMAND: &str = "This desktop (Wayland) gives programs no keys of their own. In the desktop's own keyboard \
                          settings, bind a key to the command `libretto toggle` (talk) or `libretto ask` (quick ask).";
/// What to do where the desktop was asked and gave none.
#[cfg(target_os = "linux")]
const NOT_GIVEN: &str = "The desktop has given no key for this; allow it in the desktop's own keyboard settings, or \
                         bind a key there to the command `libretto toggle` (talk) or `libretto ask` (quick ask).";

/// What to do while the desktop does not answer.
#[cfg(target_os = "linux")]
const NOT_YET: &str = "The desktop does not answer the question for keys; it is asked again and again. Meanwhile a key \
                       can be bound in the desktop's own keyboard settings, to the command `libretto toggle` (talk) or \
                       `libretto ask` (quick ask).";

/// How keys are at the moment, and what the desktop was asked for on Wayland.
#[derive(Default)]
pub struct Asked {
    /// The settings wait for keys to be pressed: none of them is a hotkey meanwhile.
    capturing: AtomicBool,
    /// The talk key is down.
    held: AtomicBool,
    #[cfg(target_os = "linux")]
    wishes: tokio::sync::watch::Sender<Vec<portal::Wish>>,
}

/// Finds out how keys can be had here, and takes those that the settings name.
pub fn start(app: &AppHandle) {
    app.manage(Asked::default());
    #[cfg(target_os = "linux")]
    if on_wayland() {
        // Until the desktop has answered, nobody is promised anything.
        shell::change(app, |shell| shell.way = HotkeyWay::Command);
        apply(app);
        tauri::async_runtime::spawn(follow_portal(app.clone()));
        return;
    }
    apply(app);
}

#[cfg(target_os = "linux")]
async fn follow_portal(app: AppHandle) {
    let Some(asked) = app.try_state::<Asked>() else {
        return;
    };
    let wishes = asked.wishes.subscribe();
    match zbus::Connection::session().await {
        Ok(bus) => portal::follow(bus, wishes, |told| hear(&app, told)).await,
        Err(error) => tracing::info!(%error, "no_message_bus"),
    }
}

/// What the desktop says about keys.
#[cfg(target_os = "linux")]
fn hear(app: &AppHandle, told: portal::Told) {
    match told {
        portal::Told::Used(action, down) => {
            let paused = app
                .try_state::<Libretto>()
                .is_none_or(|libretto| libretto.shell().paused);
            // A release ends what its press began, whatever has come between.
            if !down || (!capturing(app) && !paused) {
                used(app, action, down);
            }
        }
        portal::Told::Absent => by_command(app, BY_COMMAND),
        portal::Told::Silent => by_command(app, NOT_YET),
        portal::Told::Given(given) => shell::change(app, |shell| {
            shell.way = HotkeyWay::Portal;
            for hotkey in &mut shell.hotkeys {
                let found = given.iter().find(|(action, _)| *action == hotkey.action);
                hotkey.trigger = found.map(|(_, trigger)| trigger.clone());
                hotkey.problem = by_desktop(hotkey, NOT_GIVEN);
            }
        }),
    }
}

/// Keys cannot be had from the desktop, for this reason.
#[cfg(target_os = "linux")]
fn by_command(app: &AppHandle, why: &str) {
    shell::change(app, |shell| {
        shell.way = HotkeyWay::Command;
        for hotkey in &mut shell.hotkeys {
            hotkey.trigger = None;
            hotkey.problem = by_desktop(hotkey, why);
        }
    });
}

/// What is wrong with a hotkey that only the desktop can give. The key that calls off is not asked for: the desktop
/// would take it from all programs for good. In Libretto's own windows it works without.
fn by_desktop(hotkey: &Hotkey, otherwise: &str) -> Option<String> {
    let missing =
        hotkey.trigger.is_none() && !hotkey.keys.is_empty() && hotkey.action != HotkeyAction::Cancel;
    missing.then(|| otherwise.to_owned())
}

/// Takes the hotkeys that the settings name and says how each fared. The cancel key waits for a turn.
pub fn apply(app: &AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let set = libretto.foundation.now().hotkeys.clone();
    let Shell {
        paused, way, hotkeys, ..
    } = libretto.shell();
    let all = [
        (HotkeyAction::Talk, set.talk),
        (HotkeyAction::QuickAsk, set.quick_ask),
        (HotkeyAction::Cancel, set.cancel),
    ];
    if way != HotkeyWay::Own {
        return ask_desktop(app, &hotkeys, all);
    }
    release(app);
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
                trigger: None,
            }
        })
        .collect();
    shell::change(app, |shell| shell.hotkeys = hotkeys);
    // A turn may be running.
    while_turn(app, shell::runs(libretto.phase()));
}

/// Asks the desktop for the keys of the settings, where they are others than before.
fn ask_desktop(app: &AppHandle, before: &[Hotkey], all: [(HotkeyAction, String); 3]) {
    #[cfg(target_os = "linux")]
    if let (Some(asked), Some(libretto)) = (app.try_state::<Asked>(), app.try_state::<Libretto>()) {
        let words = crate::words::of(&libretto.foundation.now());
        let wishes: Vec<portal::Wish> = all
            .iter()
            .filter(|(action, keys)| *action != HotkeyAction::Cancel && !keys.is_empty())
            .map(|(action, keys)| portal::Wish {
                action: *action,
                description: match action {
                    HotkeyAction::QuickAsk => words.quick_ask,
                    HotkeyAction::Talk | HotkeyAction::Cancel => words.talk,
                }
                .to_owned(),
                trigger: parse(keys).ok().and_then(trigger::of),
            })
            .collect();
        asked.wishes.send_if_modified(|now| {
            let other = *now != wishes;
            *now = wishes;
            other
        });
    }
    let hotkeys = all.into_iter().map(|(action, keys)| {
        // What was given for the same keys still counts; for others the desktop will answer.
        let known = before
            .iter()
            .find(|hotkey| hotkey.action == action && hotkey.keys == keys);
        let mut hotkey = Hotkey {
            action,
            keys,
            problem: None,
            trigger: known.and_then(|hotkey| hotkey.trigger.clone()),
        };
        hotkey.problem = by_desktop(
            &hotkey,
            known
                .and_then(|known| known.problem.as_deref())
                .unwrap_or(BY_COMMAND),
        );
        hotkey
    });
    let hotkeys = hotkeys.collect();
    shell::change(app, |shell| shell.hotkeys = hotkeys);
}

/// Gives all hotkeys back while keys are being captured, and takes them again afterwards.
pub fn capture(app: &AppHandle, capturing: bool) {
    if let Some(asked) = app.try_state::<Asked>() {
        asked.capturing.store(capturing, Ordering::Relaxed);
    }
    if capturing {
        release(app);
    } else {
        apply(app);
    }
}

fn capturing(app: &AppHandle) -> bool {
    app.try_state::<Asked>()
        .is_some_and(|asked| asked.capturing.load(Ordering::Relaxed))
}

/// Takes the cancel key from other programs while a turn runs, and only then; not while all keys are to be free.
pub fn while_turn(app: &AppHandle, running: bool) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let keys = libretto.foundation.now().hotkeys.cancel.clone();
    let Shell { paused, way, .. } = libretto.shell();
    if keys.is_empty() || way != HotkeyWay::Own {
        return;
    }
    let changed = parse(&keys).and_then(|shortcut| {
        if !running || paused || capturing(app) {
            give_back(app, shortcut);
        } else if !app.global_shortcut().is_registered(shortcut) {
            take(app, HotkeyAction::Cancel, &keys)?;
        }
        Ok(())
    });
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
        .map_err(|error| refused(keys, &error.to_string()))?;
    give_back(app, shortcut);
    Ok(())
}

fn way(app: &AppHandle) -> HotkeyWay {
    app.try_state::<Libretto>()
        .map_or(HotkeyWay::Own, |libretto| libretto.shell().way)
}

fn release(app: &AppHandle) {
    if way(app) != HotkeyWay::Own {
        return;
    }
    if let Err(error) = app.global_shortcut().unregister_all() {
        tracing::warn!(%error, "hotkeys_not_released");
    }
    give_back(app, Shortcut::new(None, Code::Escape));
    // Nobody will hear of its release.
    if app
        .try_state::<Asked>()
        .is_some_and(|asked| asked.held.load(Ordering::Relaxed))
    {
        used(app, HotkeyAction::Talk, false);
    }
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
    app.global_shortcut()
        .on_shortcut(shortcut, move |app, _, event| {
            used(app, action, event.state == ShortcutState::Pressed);
        })
        .map_err(|error| refused(keys, &error.to_string()))
}

fn refused(keys: &str, reason: &str) -> Failure {
    tracing::info!(keys, reason, "hotkey_refused");
    let message = format!("Another app is using {keys}. Choose different keys, or free them there.");
    Failure::new(FailureKind::Unavailable, message)
}

/// Wayland lets no program read keys that are meant for another. What runs through the X11 bridge there only hears
/// keys while a window of that bridge has the focus.
#[cfg(target_os = "linux")]
fn on_wayland() -> bool {
    std::env::var_os("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty())
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
