//! The settings as the pages see them: one document, its defaults, and what each value may be.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use specta::Type;
use tauri_specta::Event;

/// All settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SettingsDocument {
    /// What counts, as a tree: `values.voice.speed`. What is not set is missing.
    pub values: Value,
    /// What counts where nothing was set.
    pub defaults: Value,
    /// JSON Schema of the document: descriptions, bounds, choices.
    pub schema: Value,
    /// What the user should be told about the file.
    pub notices: Vec<String>,
    /// Where the file is.
    pub path: String,
    /// The number of the change that would be undone next.
    pub undoable: Option<u64>,
}

/// Something was set, by whomever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type, Event)]
pub struct SettingsChanged {
    /// What counts from now on.
    pub values: Value,
    /// The number of the change that would be undone next.
    pub undoable: Option<u64>,
}

/// What an undo took back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Undone {
    /// Dotted keys of the values that are as before; none when there was nothing left to undo, or when it
    /// was all changed again since.
    pub keys: Vec<String>,
}
