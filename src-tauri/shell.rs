//! What the desktop's side does when the conversation's state, the settings or the pause change.

use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tauri_specta::Event;
use tokio::sync::watch;

use libretto_assistant::conversation::machine::{self, Phase};
use libretto_assistant::store::Settings;

use crate::commands::settings::plain;
use crate::libretto::Libretto;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::settings::SettingsChanged;
use crate::wire::shell::{Led, Section, Shell, ShellChanged};
use crate::{hotkeys, pause, tray, windows};

/// Changes the desktop's side, and tells the windows when that made a difference.
pub fn change(app: &AppHandle, change: impl FnOnce(&mut Shell)) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    if libretto.change_shell(change) {
        let shell = libretto.shell();
        if let Err(error) = (ShellChanged { shell }).emit(app) {
            tracing::warn!(%error, "shell_not_told");
        }
    }
}

/// The settings are to show this section: their page turns to it, now or when it opens.
pub fn lead(app: &AppHandle, section: Section) {
    change(app, |shell| {
        let times = shell.led.map_or(0, |led| led.times).wrapping_add(1);
        shell.led = Some(Led { section, times });
    });
}

/// Nothing listens until it goes on, after a restart too: the conversation sees to that, whichever it is.
pub fn pause(app: &AppHandle, paused: bool) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    libretto.foundation.pause(paused);
    if let Err(error) = pause::keep(&libretto.foundation.environment.places().paused(), paused) {
        tracing::warn!(%error, "pause_not_kept");
    }
    if paused {
        libretto.trials.end_any();
    }
    change(app, |shell| shell.paused = paused);
    hotkeys::apply(app);
    tray::show(app, libretto.phase(), paused);
}

/// True while there is something that Escape could call off.
fn runs(phase: Phase) -> bool {
    !matches!(phase, Phase::Idle | Phase::Waiting)
}

/// Keeps tray, strip and the cancel key in step with a conversation, until it ends.
pub async fn follow(app: AppHandle, mut states: watch::Receiver<machine::State>) {
    // The conversation before this one may have ended in the middle of a turn.
    let mut ran = None;
    loop {
        let phase = states.borrow_and_update().phase;
        let paused = app
            .try_state::<Libretto>()
            .is_some_and(|libretto| libretto.shell().paused);
        tray::show(&app, phase, paused);
        let running = runs(phase);
        if ran.replace(running) != Some(running) {
            windows::running(&app, running);
        }
        if states.changed().await.is_err() {
            return;
        }
    }
}

/// Lets changed settings take effect on the desktop's side, for as long as Libretto runs.
pub async fn obey(app: AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let mut changes = libretto.foundation.settings.watch();
    let mut before = changes.borrow_and_update().clone();
    // The log has what went wrong: nobody asked for it just now.
    let _ = login(&app, before.appearance.start_at_login);
    while changes.changed().await.is_ok() {
        let now = changes.borrow_and_update().clone();
        let undoable = libretto.foundation.settings.undoable();
        if let Ok(values) = plain(&now)
            && let Err(error) = (SettingsChanged { values, undoable }).emit(&app)
        {
            tracing::warn!(%error, "settings_not_told");
        }
        if now.hotkeys != before.hotkeys {
            hotkeys::apply(&app);
        }
        if now.appearance.start_at_login != before.appearance.start_at_login {
            let _ = login(&app, now.appearance.start_at_login);
        }
        let looks = |settings: &Settings| (settings.appearance.theme, settings.appearance.language.clone());
        if looks(&now) != looks(&before) {
            windows::dress(&app, &now);
        }
        let (text, other) = (before.appearance.text_size, now.appearance.text_size);
        if text.total_cmp(&other).is_ne() {
            windows::fit(&app, other);
        }
        if now.appearance.overlay != before.appearance.overlay {
            windows::strip(&app);
        }
        if now.microphone.device != before.microphone.device
            || now.appearance.language != before.appearance.language
        {
            tray::refresh(&app);
        }
        before = now;
    }
}

/// Starts with the desktop, or does not.
///
/// # Errors
/// The desktop's place for that cannot be written.
pub fn login(app: &AppHandle, wanted: bool) -> Answer<()> {
    let launcher = app.autolaunch();
    // Asking first spares a system without any such place an error about what nobody wanted.
    if launcher.is_enabled().unwrap_or(false) == wanted {
        return Ok(());
    }
    let changed = if wanted {
        launcher.enable()
    } else {
        launcher.disable()
    };
    changed.map_err(|error| {
        tracing::warn!(%error, wanted, "start_at_login_not_changed");
        let (cannot, instead) = if wanted {
            (
                "Libretto cannot be started at login",
                "add `libretto --hidden` to",
            )
        } else {
            ("Libretto is still started at login", "take it out of")
        };
        let message = format!("{cannot} ({error}); {instead} your desktop's own list of programs to start.");
        Failure::new(FailureKind::Unavailable, message)
    })
}
