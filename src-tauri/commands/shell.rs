//! Windows, hotkeys, the doctor, and what else belongs to the desktop.

use libretto_assistant::doctor;
use tauri::{AppHandle, Webview};
use tauri_plugin_opener::OpenerExt;

use super::App;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::hotkeys::HotkeyAction;
use crate::wire::shell::{Finding, Section, Window};
use crate::{hotkeys, shell, windows};

/// What works, what is missing, and what to do about it.
#[tauri::command]
#[specta::specta]
pub async fn doctor_examine(app: App<'_>) -> Answer<Vec<Finding>> {
    let findings = doctor::examine(&app.foundation).await;
    Ok(findings.into_iter().map(Into::into).collect())
}

/// Brings a window to the front; the settings with this section, where one is given.
#[tauri::command]
#[specta::specta]
pub async fn window_open(handle: AppHandle, window: Window, section: Option<Section>) -> Answer<()> {
    if let Some(section) = section {
        shell::lead(&handle, section);
    }
    Ok(windows::open(&handle, window).await?)
}

/// The page of the window that says so is drawn: from now on the window may be seen.
#[tauri::command]
#[specta::specta]
pub fn window_drawn(handle: AppHandle, webview: Webview) -> Answer<()> {
    Ok(windows::drawn(&handle, webview.label())?)
}

/// Puts a window away.
#[tauri::command]
#[specta::specta]
pub fn window_hide(handle: AppHandle, window: Window) -> Answer<()> {
    Ok(windows::hide(&handle, window)?)
}

/// Whether the quick-ask window stays when it loses the focus.
#[tauri::command]
#[specta::specta]
pub fn window_pin(handle: AppHandle, pinned: bool) {
    shell::change(&handle, |shell| shell.pinned = pinned);
}

/// Gives all hotkeys back while the settings wait for keys to be pressed, and takes them again afterwards.
#[tauri::command]
#[specta::specta]
pub fn hotkeys_capture(handle: AppHandle, capturing: bool) {
    hotkeys::capture(&handle, capturing);
}

/// Sets a hotkey once it is known that it can be had; empty keys switch it off.
#[tauri::command]
#[specta::specta]
pub fn hotkeys_set(
    app: App<'_>,
    handle: AppHandle,
    action: HotkeyAction,
    keys: String,
) -> Answer<Option<u64>> {
    if !keys.is_empty() {
        hotkeys::attempt(&handle, &keys)?;
    }
    Ok(app.foundation.settings.update(|settings| {
        let hotkeys = &mut settings.hotkeys;
        *match action {
            HotkeyAction::Talk => &mut hotkeys.talk,
            HotkeyAction::Cancel => &mut hotkeys.cancel,
            HotkeyAction::QuickAsk => &mut hotkeys.quick_ask,
        } = keys;
    })?)
}

/// Opens a link of a reply in the browser: web pages and mail only.
#[tauri::command]
#[specta::specta]
pub fn link_open(handle: AppHandle, url: String) -> Answer<()> {
    let allowed = ["https://", "http://", "mailto:"];
    if !allowed.iter().any(|start| url.starts_with(start)) {
        return Err(Failure::new(
            FailureKind::BadInput,
            "That link doesn’t lead to a web page.",
        ));
    }
    handle.opener().open_url(&url, None::<&str>).map_err(|error| {
        let message = format!("The browser couldn’t be opened ({error}). Copy the link instead.");
        Failure::new(FailureKind::Unavailable, message)
    })
}

/// Ends Libretto.
#[tauri::command]
#[specta::specta]
pub async fn quit(app: App<'_>, handle: AppHandle) -> Answer<()> {
    app.close().await;
    handle.exit(0);
    Ok(())
}
