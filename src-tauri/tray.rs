//! The tray icon: it shows the state, and its menu does what one wants without a window.

use std::time::Duration;

use libretto_assistant::audio::devices;
use libretto_assistant::conversation::machine::Phase;
use tauri::image::Image;
use tauri::menu::{CheckMenuItemBuilder, Menu, MenuBuilder, MenuEvent, MenuItemBuilder, SubmenuBuilder};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager, Wry, include_image};

use crate::libretto::Libretto;
use crate::wire::shell::Window;
use crate::words::{self, Words};
use crate::{shell, windows};

const ID: &str = "libretto";
/// What follows it in a menu item's id is a microphone's id; nothing is the system's default.
const MICROPHONE: &str = "microphone:";

/// Puts the icon there.
///
/// # Errors
/// What the desktop says.
pub fn make(app: &AppHandle) -> tauri::Result<()> {
    TrayIconBuilder::with_id(ID)
        .icon(include_image!("icons/tray/idle.png"))
        .tooltip("Libretto")
        .menu(&menu(app, &[])?)
        .on_menu_event(chosen)
        .build(app)?;
    // The conversation began before there was an icon.
    if let Some(libretto) = app.try_state::<Libretto>() {
        show(app, libretto.phase(), libretto.shell().paused);
    }
    refresh(app);
    tauri::async_runtime::spawn(watch(app.clone()));
    Ok(())
}

/// How often it is looked which microphones there are. The hosts do not all say so, and a menu cannot be told that it is
/// about to open.
const LOOK: Duration = Duration::from_secs(3);

/// Shows microphones that come, and no longer those that go.
async fn watch(app: AppHandle) {
    let mut before = Vec::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let listed = tauri::async_runtime::spawn_blocking(devices::list).await;
        // A sound system that does not answer now may answer later.
        let Ok(Ok(listing)) = listed else { continue };
        if listing.inputs != before {
            display(&app, &listing.inputs);
            before = listing.inputs;
        }
    }
}

/// Shows what goes on.
pub fn show(app: &AppHandle, phase: Phase, paused: bool) {
    let Some(tray) = app.tray_by_id(ID) else { return };
    let (icon, state) = face(phase, paused, spoken(app));
    let tooltip = match state {
        "" => "Libretto".to_owned(),
        state => format!("Libretto: {state}"),
    };
    // A desktop without a tray is no reason to complain at every turn.
    let _ = tray.set_icon(Some(icon));
    let _ = tray.set_tooltip(Some(tooltip));
}

/// The icon, and what its tooltip says behind Libretto's name.
fn face(phase: Phase, paused: bool, words: &Words) -> (Image<'static>, &'static str) {
    match phase {
        _ if paused => (include_image!("icons/tray/paused.png"), words.paused),
        Phase::Idle => (include_image!("icons/tray/idle.png"), ""),
        // Nobody speaks, but the microphone is open.
        Phase::Waiting => (include_image!("icons/tray/waiting.png"), words.waiting),
        Phase::Arming | Phase::Listening { .. } => {
            (include_image!("icons/tray/listening.png"), words.listening)
        }
        Phase::Finishing { .. } | Phase::Thinking => {
            (include_image!("icons/tray/thinking.png"), words.thinking)
        }
        Phase::Speaking { .. } => (include_image!("icons/tray/speaking.png"), words.speaking),
    }
}

/// The words of the language that is set.
fn spoken(app: &AppHandle) -> &'static Words {
    app.try_state::<Libretto>()
        .map_or_else(words::system, |libretto| words::of(&libretto.foundation.now()))
}

/// Lists the microphones anew. Listing may take seconds, so it has a thread.
pub fn refresh(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let found = devices::list().map(|listing| listing.inputs).unwrap_or_default();
        display(&app, &found);
    });
}

fn display(app: &AppHandle, microphones: &[devices::Device]) {
    let Some(tray) = app.tray_by_id(ID) else { return };
    let shown = menu(app, microphones).and_then(|menu| tray.set_menu(Some(menu)));
    if let Err(error) = shown {
        tracing::warn!(%error, "tray_menu_not_shown");
    }
}

fn menu(app: &AppHandle, microphones: &[devices::Device]) -> tauri::Result<Menu<Wry>> {
    let words = spoken(app);
    let libretto = app.try_state::<Libretto>();
    let paused = libretto.as_ref().is_some_and(|libretto| libretto.shell().paused);
    let chosen = libretto.and_then(|libretto| libretto.foundation.now().microphone.device.clone());
    let mut choice = SubmenuBuilder::new(app, words.microphone).item(
        &CheckMenuItemBuilder::with_id(MICROPHONE, words.system_microphone)
            .checked(chosen.is_none())
            .build(app)?,
    );
    for microphone in microphones {
        let item = CheckMenuItemBuilder::with_id(format!("{MICROPHONE}{}", microphone.id), &microphone.name)
            .checked(chosen.as_ref() == Some(&microphone.id.0))
            .build(app)?;
        choice = choice.item(&item);
    }
    MenuBuilder::new(app)
        .item(&MenuItemBuilder::with_id("talk", words.talk).build(app)?)
        .item(&MenuItemBuilder::with_id("ask", words.quick_ask).build(app)?)
        .item(&MenuItemBuilder::with_id("open", words.open).build(app)?)
        .separator()
        .item(&choice.build()?)
        .item(
            &CheckMenuItemBuilder::with_id("pause", words.pause)
                .checked(paused)
                .build(app)?,
        )
        .item(&MenuItemBuilder::with_id("settings", words.settings).build(app)?)
        .separator()
        .item(&MenuItemBuilder::with_id("quit", words.quit).build(app)?)
        .build()
}

#[allow(clippy::needless_pass_by_value, reason = "as the tray calls it")]
fn chosen(app: &AppHandle, event: MenuEvent) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    match event.id().as_ref() {
        "talk" => crate::start::toggle(app, &libretto),
        "ask" => windows::open_soon(app, Window::QuickAsk),
        "open" => windows::open_soon(app, Window::Main),
        "settings" => windows::open_soon(app, Window::Settings),
        "pause" => {
            shell::pause(app, !libretto.shell().paused);
            refresh(app);
        }
        "quit" => crate::start::quit(app),
        other => {
            if let Some(id) = other.strip_prefix(MICROPHONE) {
                let device = Some(id.to_owned()).filter(|id| !id.is_empty());
                let saved = libretto
                    .foundation
                    .settings
                    .update(|settings| settings.microphone.device = device);
                if let Err(error) = saved {
                    tracing::warn!(%error, "microphone_not_saved");
                }
                // A click on the one that is chosen takes its mark away, and changes nothing else.
                refresh(app);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use libretto_assistant::store::Settings;

    use super::*;

    #[test]
    fn an_open_microphone_looks_like_no_shut_one() {
        let words = words::of(&Settings::default());
        let look = |phase, paused| {
            let (icon, state) = face(phase, paused, words);
            (icon.rgba().to_vec(), state)
        };
        let (waiting, idle) = (look(Phase::Waiting, false), look(Phase::Idle, false));
        assert_ne!(waiting.0, idle.0);
        assert!(idle.1.is_empty() && !waiting.1.is_empty());
        assert_eq!(
            look(Phase::Waiting, true),
            look(Phase::Idle, true),
            "a pause shuts it"
        );
    }
}
