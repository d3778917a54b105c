//! Keys that work while another program has the focus.

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

/// What a hotkey does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum HotkeyAction {
    /// Hold to talk, tap to toggle.
    Talk,
    /// Calls a turn off. Only taken from other programs while a turn runs.
    Cancel,
    /// Opens the quick-ask window.
    QuickAsk,
}

/// A hotkey and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Hotkey {
    /// What it does.
    pub action: HotkeyAction,
    /// The key, such as `Ctrl+Shift+Space`; empty is off.
    pub keys: String,
    /// Why it does not work, and what to do; `null` when it does.
    pub problem: Option<String>,
}

/// A hotkey was pressed or released, wherever the focus is: for trying it out in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct HotkeyUsed {
    /// Which.
    pub action: HotkeyAction,
    /// True for a press.
    pub down: bool,
}
