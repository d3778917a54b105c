//! The four windows. All load the same page, which finds in its label which one it is. They are made when they are
//! first wanted, and hidden rather than closed, so that the next time is instant.

mod pages;
mod place;
mod size;
mod spots;
mod strip;

use libretto_assistant::store::Settings;
use libretto_assistant::store::settings::Theme as StoredTheme;
use tauri::window::Color;
use tauri::{
    AppHandle, LogicalSize, Manager, Result, Theme, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    WindowEvent,
};
use tauri_plugin_window_state::AppHandleExt;
use tokio::sync::oneshot;

use crate::libretto::{Libretto, lock};
use crate::shell;
use crate::wire::shell::Window;
use crate::words::{self, Words};

pub use pages::Pages;
use size::Size;
pub use spots::Spots;
pub use strip::{Front, held, in_front, running, strip, trouble, turn_runs};
use strip::{LOOKS, SETTLED, look_soon};

/// Brings a window to the front; it is made if need be, and shown when its page is drawn.
///
/// # Errors
/// What the desktop says.
pub async fn open(app: &AppHandle, window: Window) -> Result<()> {
    let (done, told) = oneshot::channel();
    let here = app.clone();
    // From another thread than the main one, so that it is done when that one has nothing else to do: Windows' webview
    // waits for ever when it is made while a call of a page is answered.
    app.run_on_main_thread(move || {
        let _ = done.send(open_here(&here, window));
    })?;
    // Nobody answers when Libretto ends meanwhile.
    told.await.unwrap_or(Ok(()))
}

/// As [`open`], for those that do not wait for it: what the desktop says is in the log.
pub fn open_soon(app: &AppHandle, window: Window) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move { said(open(&app, window).await) });
}

/// As [`open`], on the main thread. No other makes windows: two that look whether one is there would both make it.
///
/// # Errors
/// What the desktop says.
pub fn open_here(app: &AppHandle, window: Window) -> Result<()> {
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

/// Waits until no window waits for its page any longer.
pub async fn settled(app: &AppHandle) {
    let waits = app
        .try_state::<Libretto>()
        .map(|libretto| lock(&libretto.pages).waits());
    if let Some(mut waits) = waits {
        // It lives as long as the program.
        let _ = waits.wait_for(|waits| !waits).await;
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
    warm(app);
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

/// Somebody is there who may want to talk: what answers is made ready. One that starts with the desktop is not looked at,
/// and half a gigabyte would wait in vain.
fn warm(app: &AppHandle) {
    if let Some(libretto) = app.try_state::<Libretto>() {
        let talk = libretto.talk();
        tauri::async_runtime::spawn(async move { talk.assistant.warm() });
    }
}

/// Puts a window without a frame where it belongs.
fn put(app: &AppHandle, window: Window, made: &WebviewWindow) -> Result<()> {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return Ok(());
    };
    let before = lock(&libretto.spots).get(window);
    let sizes = size::of(
        window,
        libretto.foundation.now().appearance.text_size,
        screen(app),
    );
    let spot = place::put(made, window, sizes, before)?;
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
        // Nobody sees it any longer: a microphone would stay open for a minute.
        libretto.trials.end_in(window.label());
    }
    if matches!(window, Window::Main | Window::Settings) {
        remember(app)?;
    }
    made.hide()
}

/// Writes where the windows with a frame are: whoever ends the session may give no time for it.
fn remember(app: &AppHandle) -> Result<()> {
    let keeper = app.clone();
    // On the main thread, which otherwise would wait for it while it waits for the main thread.
    app.run_on_main_thread(move || {
        if let Err(error) = keeper.save_window_state(crate::PLACE) {
            tracing::warn!(%error, "places_not_written");
        }
    })
}

/// All of them.
const ALL: [Window; 4] = [Window::Main, Window::Settings, Window::QuickAsk, Window::Overlay];

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
    let (usual, least) = size::of(window, settings.appearance.text_size, screen(app));
    let builder = builder
        .inner_size(usual.0, usual.1)
        .min_inner_size(least.0, least.1);
    let builder = match window {
        Window::Main | Window::Settings => builder,
        Window::QuickAsk => builder.decorations(false).always_on_top(true).skip_taskbar(true),
        Window::Overlay => builder
            // GTK makes a window that cannot be resized as large as its content may want to be.
            .max_inner_size(least.0, least.1)
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

/// The screen that windows begin on, in logical pixels.
fn screen(app: &AppHandle) -> Option<Size> {
    let first = app.primary_monitor().ok().flatten();
    let screen = first.or_else(|| app.available_monitors().ok()?.into_iter().next())?;
    Some(screen.size().to_logical::<f64>(screen.scale_factor()).into())
}

/// The text has another size than before: windows that are there give it room.
pub fn fit(app: &AppHandle, text: f64) {
    for window in ALL {
        if let Some(made) = app.get_webview_window(window.label()) {
            said(resize(&made, window, size::of(window, text, screen(app))));
        }
    }
}

/// One without a frame begins anew with its usual size: how large a hidden one is, nobody can say.
fn resize(made: &WebviewWindow, window: Window, (usual, least): (Size, Size)) -> Result<()> {
    let logical = |(width, height): Size| LogicalSize::new(width, height);
    made.set_min_size(Some(logical(least)))?;
    match window {
        Window::Main | Window::Settings => return Ok(()),
        Window::QuickAsk => {}
        Window::Overlay => made.set_max_size(Some(logical(least)))?,
    }
    made.set_size(logical(usual))
}

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
