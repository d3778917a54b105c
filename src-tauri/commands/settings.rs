//! The settings as one document.

use libretto_assistant::store::settings;
use serde_json::Value;
use tauri::AppHandle;

use super::App;
use crate::libretto::Libretto;
use crate::shell;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::settings::{SettingsDocument, Undone};

/// All settings with their defaults and what each may be.
#[tauri::command]
#[specta::specta]
pub fn settings_get(app: App<'_>) -> Answer<SettingsDocument> {
    document(&app)
}

/// Sets one value by its dotted key (`voice.speed`), or those of a section that are named; `null` is as reset. It counts
/// at once. Answers the change's number, as each change of the settings does; `null` where there is nothing to undo: all is as before, or it deletes what is old.
/// What the desktop refuses is not set.
#[tauri::command]
#[specta::specta]
pub fn settings_set(app: App<'_>, handle: AppHandle, key: String, value: Value) -> Answer<Option<u64>> {
    if key == "appearance.start_at_login"
        && let Some(wanted) = value.as_bool()
    {
        shell::login(&handle, wanted)?;
    }
    Ok(app.foundation.settings.put(&key, value)?)
}

/// Takes a change back by its number, whatever was changed since; without one, the last.
#[tauri::command]
#[specta::specta]
pub fn settings_undo(app: App<'_>, change: Option<u64>) -> Answer<Undone> {
    let settings = &app.foundation.settings;
    let undone = match change {
        Some(change) => settings.undo_change(change)?,
        None => settings.undo()?,
    };
    Ok(Undone {
        keys: undone.map(|undone| undone.keys).unwrap_or_default(),
    })
}

fn document(app: &Libretto) -> Answer<SettingsDocument> {
    let file = &app.foundation.settings;
    Ok(SettingsDocument {
        values: plain(&file.get())?,
        defaults: settings::defaults().clone(),
        schema: settings::schema().clone(),
        notices: file.notices().into_iter().map(|notice| notice.sentence).collect(),
        path: file.path().display().to_string(),
        undoable: file.undoable(),
    })
}

/// The settings as plain values.
pub(crate) fn plain(settings: &settings::Settings) -> Answer<Value> {
    serde_json::to_value(settings).map_err(|error| {
        let message = format!("The settings can’t be shown ({error}).");
        Failure::new(FailureKind::Internal, message)
    })
}
