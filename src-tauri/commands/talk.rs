//! The conversation: keys, questions, replays.

use tauri::ipc::Channel;
use tauri::{AppHandle, Webview};

use super::App;
use crate::shell;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::notice::Original;
use crate::wire::pulse::Pulse;
use crate::wire::snapshot::Snapshot;

/// How everything is. Listen to notices first, then ask for this: notices up to its `sequence` are contained.
#[tauri::command]
#[specta::specta]
pub fn snapshot(app: App<'_>) -> Snapshot {
    app.snapshot()
}

/// Sends level and playhead from now on. One channel for each window: a second takes the first one's place.
#[tauri::command]
#[specta::specta]
pub fn watch(app: App<'_>, webview: Webview, pulses: Channel<Pulse>) {
    app.watchers.add(webview.label(), pulses);
}

/// The hold-to-talk button went down. A tap is told from a hold as with the hotkey.
#[tauri::command]
#[specta::specta]
pub fn key_down(app: App<'_>) {
    app.talk().assistant.conversation().key_down();
}

/// The hold-to-talk button went up.
#[tauri::command]
#[specta::specta]
pub fn key_up(app: App<'_>) {
    app.talk().assistant.conversation().key_up();
}

/// Asks a typed question. It cuts a reply, and waits while the person speaks.
#[tauri::command]
#[specta::specta]
pub fn ask(app: App<'_>, text: String) -> Answer<()> {
    if text.trim().is_empty() {
        return Err(Failure::new(FailureKind::BadInput, "Type a question first."));
    }
    app.talk().assistant.conversation().ask(text);
    Ok(())
}

/// Gives up whatever is going on.
#[tauri::command]
#[specta::specta]
pub fn cancel(app: App<'_>) {
    app.talk().assistant.conversation().cancel();
}

/// Says a reply again, whichever it was, from a word's `cluster` on; 0 is from the start.
#[tauri::command]
#[specta::specta]
pub fn repeat(app: App<'_>, of: Original, reply: String, cluster: u32) {
    app.talk()
        .assistant
        .conversation()
        .repeat(of.into(), reply, cluster as usize);
}

/// Nothing listens until it goes on: hotkeys are given back, the microphone is shut.
#[tauri::command]
#[specta::specta]
pub fn set_paused(handle: AppHandle, paused: bool) {
    shell::pause(&handle, paused);
}
