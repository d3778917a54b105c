//! What the user should read, whoever found it out and whenever: files that cannot be read, a keychain that is locked.

use libretto_assistant::Foundation;
use tauri::{AppHandle, Manager};
use tauri_specta::Event;

use crate::libretto::Libretto;
use crate::wire::shell::{NoticesChanged, Remark};

/// All of it, as it is now.
pub fn remarks(foundation: &Foundation) -> Vec<Remark> {
    foundation.notices().into_iter().map(Remark::from).collect()
}

/// Tells the windows whenever they are others, for as long as Libretto runs.
pub async fn follow(app: AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let foundation = &libretto.foundation;
    let mut settings = foundation.settings.watch();
    let mut keys = foundation.accounts.watch();
    let mut history = foundation.history.state();
    let mut told = remarks(foundation);
    loop {
        let changed = tokio::select! {
            changed = settings.changed() => changed,
            changed = keys.changed() => changed,
            changed = history.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
        let notices = remarks(foundation);
        if notices == told {
            continue;
        }
        told.clone_from(&notices);
        if let Err(error) = (NoticesChanged { notices }).emit(&app) {
            tracing::warn!(%error, "notices_not_told");
        }
    }
}
