//! The four windows. All load the same page, which finds in its label which one it is. They are made when they are
//! first wanted, and hidden rather than closed, so that the next time is instant.

mod pages;
mod place;
mod spots;

use std::time::Duration;

use libretto_assistant::store::Settings;
use libretto_assistant::store::settings::Theme as StoredTheme;
use tauri::window::Color;
use tauri::{
    AppHandle, Manager, Result, Theme, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::libretto::{Libretto, lock};
use crate::shell;
use crate::wire::shell::Window;
use crate::words::{self, Words};

pub use pages::Pages;
pub use spots::Spots;

/// Brings a window to the front; it is made if need be, and shown when its page is drawn.
///
/// # Errors
/// What the desktop says.
pub fn open(app: &AppHandle, window: Window) -> Result<()> {
    let made = get(app, window)?;
    let waits = app
        .try_state::<Libretto>()
        .is_some_and(|libretto| !lock(&libretto.pages).want(window.label()));
    if waits {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            tokio::time::sleep(pages::PATIENCE).await;
            said(drawn(&app, window.label()));
        });
        return Ok(());
    }
    show(app, window, made)
}

/// The page in the window with this label is drawn.
///
/// # Errors
/// What the desktop says.
pub fn drawn(app: &AppHandle, label: &str) -> Result<()> {
    let Some(window) = ALL.into_iter().find(|window| window.label() == label) else {
        return Ok(());
    };
    let wanted = app
        .try_state::<Libretto>()
        .is_some_and(|libretto| lock(&libretto.pages).drawn(label));
    match app.get_webview_window(label) {
        Some(made) if wanted => show(app, window, made),
        _ => Ok(()),
    }
}

fn show(app: &AppHandle, window: Window, made: WebviewWindow) -> Result<()> {
    if window == Window::Overlay {
        if made.is_visible()? {
            return Ok(());
        }
        made.show()?;
        return put(app, window, &made);
    }
    let came = window == Window::QuickAsk && !made.is_visible()?;
    if came {
        shell::change(app, |shell| shell.asked = shell.asked.wrapping_add(1));
    }
    made.unminimize()?;
    made.show()?;
    if came {
        put(app, window, &made)?;
    }
    made.set_focus()?;
    // A window that is only just being shown may not be given the focus yet; and what came by way of the tray was no
    // key or click of ours, after which window managers hesitate.
    tauri::async_runtime::spawn(async move {
        for _ in 0..LOOKS {
            tokio::time::sleep(SETTLED / LOOKS).await;
            // It has had it: where the focus went from there is the user's doing.
            if made.is_focused().unwrap_or(true) {
                return;
            }
        }
        said(made.set_focus());
    });
    Ok(())
}

/// Puts a window without a frame where it belongs.
fn put(app: &AppHandle, window: Window, made: &WebviewWindow) -> Result<()> {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return Ok(());
    };
    let before = lock(&libretto.spots).get(window);
    let spot = place::put(made, window, before)?;
    lock(&libretto.spots).set(window, spot);
    Ok(())
}

/// Puts a window away.
///
/// # Errors
/// What the desktop says.
pub fn hide(app: &AppHandle, window: Window) -> Result<()> {
    let Some(made) = app.get_webview_window(window.label()) else {
        return Ok(());
    };
    if let Some(libretto) = app.try_state::<Libretto>() {
        lock(&libretto.pages).forget(window.label());
        match window {
            Window::Overlay | Window::QuickAsk if made.is_visible()? => {
                let at = made.outer_position()?;
                lock(&libretto.spots).hide(window, at);
            }
            _ => {}
        }
        if window == Window::QuickAsk {
            lock(&libretto.front).asked = false;
        }
    }
    made.hide()
}

/// All of them.
const ALL: [Window; 4] = [Window::Main, Window::Settings, Window::QuickAsk, Window::Overlay];

/// What is in front of the user, as far as the strip and the quick-ask window have to know.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is told by somebody else")]
pub struct Front {
    /// One of the windows that show the conversation has the focus.
    ours: bool,
    /// The talk key is held. Meanwhile the X server gives the keyboard to whoever owns the key, and every window seems
    /// to have lost it.
    held: bool,
    /// A turn is running.
    running: bool,
    /// Something went wrong a moment ago: the strip says what.
    troubled: bool,
    /// How often something began that keeps the strip: only the last one's time ends it.
    troubles: u64,
    /// The quick-ask window has had the focus since it was opened: now it can lose it.
    asked: bool,
}

/// A focus that is really lost is still lost after so long; hotkeys have been told by then (they are looked for twenty
/// times a second).
const SETTLED: Duration = Duration::from_millis(150);
/// So often it is looked meanwhile whether a window has been given the focus.
const LOOKS: u32 = 10;

/// The talk key went down or up.
pub fn held(app: &AppHandle, held: bool) {
    if let Some(libretto) = app.try_state::<Libretto>() {
        lock(&libretto.front).held = held;
        look_soon(app);
    }
}

/// A turn began or ended: the strip shows while one runs and none of our windows is in front.
pub fn running(app: &AppHandle, running: bool) {
    if let Some(libretto) = app.try_state::<Libretto>() {
        let troubled = {
            let mut front = lock(&libretto.front);
            front.running = running;
            front.troubled && !running
        };
        if troubled {
            // It is read from now on.
            trouble(app);
        } else {
            strip(app, &libretto);
        }
    }
}

/// So long the strip says what went wrong: two lines are read in half of it.
const TROUBLE: Duration = Duration::from_secs(6);

/// Something went wrong, and nobody takes over: who talks from another program reads why on the strip. It does not wait.
pub fn trouble(app: &AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let mine = {
        let mut front = lock(&libretto.front);
        front.troubled = true;
        front.troubles += 1;
        front.troubles
    };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let Some(libretto) = app.try_state::<Libretto>() else {
            return;
        };
        strip(&app, &libretto);
        tokio::time::sleep(TROUBLE).await;
        {
            let mut front = lock(&libretto.front);
            if front.troubles != mine {
                return;
            }
            front.troubled = false;
        }
        strip(&app, &libretto);
    });
}

/// Looks who has the focus when the dust has settled.
fn look_soon(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(SETTLED).await;
        look(&app);
    });
}

fn look(app: &AppHandle) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    let focused = |window: Window| {
        app.get_webview_window(window.label())
            .is_some_and(|window| window.is_focused().unwrap_or(false))
    };
    let ours = focused(Window::Main) || focused(Window::QuickAsk);
    let asking = focused(Window::QuickAsk);
    let left = {
        let mut front = lock(&libretto.front);
        if front.held {
            return;
        }
        front.ours = ours;
        front.asked |= asking;
        // Whoever asked something goes on reading the answer.
        front.asked && !asking && !front.running
    };
    if left && !libretto.shell().pinned {
        said(hide(app, Window::QuickAsk));
    }
    strip(app, &libretto);
}

fn strip(app: &AppHandle, libretto: &Libretto) {
    let (ours, running) = {
        let front = lock(&libretto.front);
        (front.ours, front.running || front.troubled)
    };
    let wanted = libretto.foundation.now().appearance.overlay;
    // What was hidden a moment ago is not in front, whatever is known of the focus.
    let seen = [Window::Main, Window::QuickAsk].iter().any(|window| {
        app.get_webview_window(window.label())
            .is_some_and(|window| window.is_visible().unwrap_or(false))
    });
    said(if running && wanted && !(ours && seen) {
        open(app, Window::Overlay)
    } else {
        hide(app, Window::Overlay)
    });
}

fn said(done: Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "window_not_changed");
    }
}

fn get(app: &AppHandle, window: Window) -> Result<WebviewWindow> {
    match app.get_webview_window(window.label()) {
        Some(window) => Ok(window),
        None => make(app, window),
    }
}

fn make(app: &AppHandle, window: Window) -> Result<WebviewWindow> {
    let settings = app
        .try_state::<Libretto>()
        .map(|libretto| libretto.foundation.now())
        .unwrap_or_default();
    let builder = WebviewWindowBuilder::new(app, window.label(), WebviewUrl::default())
        .title(title(window, words::of(&settings)))
        .theme(theme(&settings))
        .visible(false)
        // Replies and pages never lead the window elsewhere; links go to the browser.
        .on_navigation(|url| {
            matches!(url.scheme(), "tauri" | "about") || url.host_str() == Some("tauri.localhost")
        });
    let builder = match window {
        Window::Main => builder.inner_size(960.0, 720.0).min_inner_size(420.0, 480.0),
        Window::Settings => builder.inner_size(860.0, 680.0).min_inner_size(420.0, 420.0),
        Window::QuickAsk => builder
            .inner_size(QUICK_ASK.0, QUICK_ASK.1)
            .min_inner_size(QUICK_ASK_LEAST.0, QUICK_ASK_LEAST.1)
            .decorations(false)
            .always_on_top(true)
            .skip_taskbar(true),
        Window::Overlay => builder
            .inner_size(OVERLAY.0, OVERLAY.1)
            // GTK makes a window that cannot be resized as large as its content may want to be.
            .min_inner_size(OVERLAY.0, OVERLAY.1)
            .max_inner_size(OVERLAY.0, OVERLAY.1)
            .decorations(false)
            .always_on_top(true)
            .visible_on_all_workspaces(true)
            .skip_taskbar(true)
            .focused(false)
            .focusable(false),
    };
    let made = builder.build()?;
    // Until the page has drawn itself: white would flash in the dark.
    let theme = made.theme().unwrap_or(Theme::Light);
    said(made.set_background_color(Some(ground(&settings, theme))));
    let (app, label) = (app.clone(), window.label());
    made.on_window_event(move |event| happened(&app, window, label, event));
    Ok(made)
}

/// Size of the quick-ask window, in logical pixels, until somebody gives it another; and the least of those.
const QUICK_ASK: (f64, f64) = (640.0, 260.0);
const QUICK_ASK_LEAST: (f64, f64) = (420.0, 160.0);
/// Size of the strip, in logical pixels.
const OVERLAY: (f64, f64) = (420.0, 72.0);

fn happened(app: &AppHandle, window: Window, label: &str, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            said(hide(app, window));
        }
        WindowEvent::Focused(_) if window != Window::Overlay => look_soon(app),
        WindowEvent::Destroyed => {
            if let Some(libretto) = app.try_state::<Libretto>() {
                libretto.watchers.remove(label);
                lock(&libretto.pages).gone(label);
            }
        }
        _ => {}
    }
}

fn title(window: Window, words: &Words) -> String {
    let what = match window {
        Window::Main => return "Libretto".to_owned(),
        Window::Settings => words.settings_title,
        Window::QuickAsk => words.quick_ask_title,
        Window::Overlay => words.at_work,
    };
    format!("Libretto: {what}")
}

/// Light or dark, as the settings say; `None` is as the system is.
fn theme(settings: &Settings) -> Option<Theme> {
    match settings.appearance.theme {
        StoredTheme::System => None,
        StoredTheme::Light => Some(Theme::Light),
        StoredTheme::Dark | StoredTheme::HighContrast => Some(Theme::Dark),
    }
}

/// What a window shows before its page has drawn anything: the ground that `tokens.css` has.
fn ground(settings: &Settings, theme: Theme) -> Color {
    match (settings.appearance.theme, theme) {
        (StoredTheme::HighContrast, _) => Color(0, 0, 0, 255),
        (_, Theme::Dark) => Color(0x16, 0x15, 0x13, 255),
        _ => Color(0xfb, 0xfa, 0xf8, 255),
    }
}

/// Looks or language are others now: titles and grounds follow. What is on the pages follows by itself.
pub fn dress(app: &AppHandle, settings: &Settings) {
    app.set_theme(theme(settings));
    let words = words::of(settings);
    for window in ALL {
        if let Some(made) = app.get_webview_window(window.label()) {
            said(made.set_title(&title(window, words)));
            if let Ok(theme) = made.theme() {
                said(made.set_background_color(Some(ground(settings, theme))));
            }
        }
    }
}
