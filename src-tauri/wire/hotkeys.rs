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
    /// Calls a turn off. Only taken from other programs while a turn runs; Escape not while one of our windows is in front,
    /// which hears it itself.
    Cancel,
    /// Opens the quick-ask window.
    QuickAsk,
}

/// How keys can be had on this desktop while another program has the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum HotkeyWay {
    /// Libretto takes them itself: X11, macOS, Windows.
    #[default]
    Own,
    /// The desktop gives them (Wayland with the portal `GlobalShortcuts`). The keys in the settings are a wish; the
    /// desktop asks the user, and may choose others.
    Portal,
    /// Not at all (Wayland without that portal): the desktop's own keyboard settings can bind a key to the command
    /// `libretto toggle`.
    Command,
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
    /// What the desktop says the keys are, in its own words; `null` where Libretto takes them itself, and where the
    /// desktop has given none.
    pub trigger: Option<String>,
}

/// A hotkey was pressed or released, wherever the focus is: for trying it out in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct HotkeyUsed {
    /// Which.
    pub action: HotkeyAction,
    /// True for a press.
    pub down: bool,
}
