//! The four windows. All load the same page, which finds in its label which one it is. They are made when they are
//! first wanted, and hidden rather than closed, so that the next time is instant.

use tauri::{
    AppHandle, LogicalPosition, Manager, Result, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::libretto::Libretto;
use crate::wire::shell::Window;

/// Brings a window to the front; it is made if need be.
///
/// # Errors
/// What the desktop says.
pub fn open(app: &AppHandle, window: Window) -> Result<()> {
    let made = get(app, window)?;
    made.unminimize()?;
    made.show()?;
    if window != Window::Overlay {
        made.set_focus()?;
    }
    // Where one looks at the conversation itself, the strip is in the way.
    if matches!(window, Window::Main | Window::QuickAsk)
        && let Some(overlay) = app.get_webview_window(Window::Overlay.label())
    {
        overlay.hide()?;
    }
    Ok(())
}

/// Puts a window away.
///
/// # Errors
/// What the desktop says.
pub fn hide(app: &AppHandle, window: Window) -> Result<()> {
    match app.get_webview_window(window.label()) {
        Some(window) => window.hide(),
        None => Ok(()),
    }
}

/// Shows the strip over other programs while a turn runs, where it is wanted and no other window of ours is in front.
pub fn overlay(app: &AppHandle, running: bool) {
    let wanted = app
        .try_state::<Libretto>()
        .is_some_and(|libretto| libretto.foundation.now().appearance.overlay);
    let in_front = [Window::Main, Window::QuickAsk].iter().any(|window| {
        app.get_webview_window(window.label()).is_some_and(|window| {
            window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false)
        })
    });
    let changed = if running && wanted && !in_front {
        open(app, Window::Overlay)
    } else if running && in_front {
        Ok(())
    } else {
        hide(app, Window::Overlay)
    };
    if let Err(error) = changed {
        tracing::warn!(%error, "overlay_not_changed");
    }
}

fn get(app: &AppHandle, window: Window) -> Result<WebviewWindow> {
    match app.get_webview_window(window.label()) {
        Some(window) => Ok(window),
        None => make(app, window),
    }
}

fn make(app: &AppHandle, window: Window) -> Result<WebviewWindow> {
    let builder = WebviewWindowBuilder::new(app, window.label(), WebviewUrl::default())
        .title(title(window))
        .visible(false)
        // Replies and pages never lead the window elsewhere; links go to the browser.
        .on_navigation(|url| {
            matches!(url.scheme(), "tauri" | "about") || url.host_str() == Some("tauri.localhost")
        });
    let builder = match window {
        Window::Main => builder.inner_size(960.0, 720.0).min_inner_size(420.0, 480.0),
        Window::Settings => builder.inner_size(860.0, 680.0).min_inner_size(420.0, 420.0),
        Window::QuickAsk => builder
            .inner_size(640.0, 260.0)
            .min_inner_size(420.0, 160.0)
            .decorations(false)
            .always_on_top(true)
            .skip_taskbar(true)
            .center(),
        Window::Overlay => builder
            .inner_size(OVERLAY.0, OVERLAY.1)
            .decorations(false)
            .resizable(false)
            .always_on_top(true)
            .visible_on_all_workspaces(true)
            .skip_taskbar(true)
            .focused(false)
            .focusable(false),
    };
    let made = builder.build()?;
    if window == Window::Overlay {
        place(&made)?;
    }
    let (app, label) = (app.clone(), window.label());
    made.on_window_event(move |event| happened(&app, window, label, event));
    Ok(made)
}

/// Size of the strip, in logical pixels.
const OVERLAY: (f64, f64) = (420.0, 72.0);
/// Its distance from the lower edge of the screen.
const ABOVE_EDGE: f64 = 96.0;

/// The strip stands in the middle above the lower edge, until it is moved.
fn place(overlay: &WebviewWindow) -> Result<()> {
    let Some(monitor) = overlay.primary_monitor()? else {
        return Ok(());
    };
    let size = monitor.size().to_logical::<f64>(monitor.scale_factor());
    overlay.set_position(LogicalPosition::new(
        (size.width - OVERLAY.0) / 2.0,
        size.height - OVERLAY.1 - ABOVE_EDGE,
    ))
}

fn happened(app: &AppHandle, window: Window, label: &str, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            if let Err(error) = hide(app, window) {
                tracing::warn!(%error, "window_not_hidden");
            }
        }
        WindowEvent::Focused(false) if window == Window::QuickAsk => {
            let pinned = app
                .try_state::<Libretto>()
                .is_some_and(|libretto| libretto.shell().pinned);
            if !pinned && let Err(error) = hide(app, window) {
                tracing::warn!(%error, "window_not_hidden");
            }
        }
        WindowEvent::Destroyed => {
            if let Some(libretto) = app.try_state::<Libretto>() {
                libretto.watchers.remove(label);
            }
        }
        _ => {}
    }
}

fn title(window: Window) -> &'static str {
    match window {
        Window::Main => "Libretto",
        Window::Settings => "Libretto: settings",
        Window::QuickAsk => "Libretto: quick ask",
        Window::Overlay => "Libretto: at work",
    }
}
