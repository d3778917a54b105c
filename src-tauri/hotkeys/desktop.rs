//! Keys where no program can take them (Wayland): the desktop is asked for them, through its portal.

use tauri::{AppHandle, Manager};

use super::{Asked, capturing, parse, portal, trigger, used};
use crate::libretto::Libretto;
use crate::shell;
use crate::wire::hotkeys::{Hotkey, HotkeyAction, HotkeyWay};

/// What to do where programs cannot have keys of their own.
const BY_COMMAND: &str = "This desktop (Wayland) gives programs no keys of their own. In the desktop's own keyboard \
                          settings, bind a key to the command `libretto toggle` (talk) or `libretto ask` (quick ask).";
/// What to do where the desktop was asked and gave none.
const NOT_GIVEN: &str = "The desktop has given no key for this; allow it in the desktop's own keyboard settings, or \
                         bind a key there to the command `libretto toggle` (talk) or `libretto ask` (quick ask).";

/// What to do while the desktop does not answer.
const NOT_YET: &str = "The desktop does not answer the question for keys; it is asked again and again. Meanwhile a key \
                       can be bound in the desktop's own keyboard settings, to the command `libretto toggle` (talk) or \
                       `libretto ask` (quick ask).";

/// Wayland lets no program read keys that are meant for another. What runs through the X11 bridge there only hears
/// keys while a window of that bridge has the focus.
pub(super) fn on_wayland() -> bool {
    std::env::var_os("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty())
}

/// Asks the desktop, and hears what it says, for as long as Libretto runs.
pub(super) async fn follow(app: AppHandle) {
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

/// Asks the desktop for the keys of the settings, where they are others than before.
pub(super) fn ask(app: &AppHandle, before: &[Hotkey], all: [(HotkeyAction, String); 3]) {
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
