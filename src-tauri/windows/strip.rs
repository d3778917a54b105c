//! The strip over other programs: it shows while a turn runs, or for a moment what went wrong, and none of our windows
//! is in front.

use std::time::Duration;

use tauri::{AppHandle, Manager};

use super::{hide, open_here, said};
use crate::hotkeys;
use crate::libretto::{Libretto, lock};
use crate::wire::shell::Window;

/// The windows over which the strip must not lie, and which hear Escape.
const OURS: [Window; 3] = [Window::Main, Window::Settings, Window::QuickAsk];

/// What is in front of the user, as far as the strip and the quick-ask window have to know.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is told by somebody else")]
pub struct Front {
    /// One of our windows has the focus. The strip never has.
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
    pub(super) asked: bool,
}

/// A focus that is really lost is still lost after so long; hotkeys have been told by then (they are looked for twenty
/// times a second).
pub(super) const SETTLED: Duration = Duration::from_millis(150);
/// So often it is looked meanwhile whether a window has been given the focus.
pub(super) const LOOKS: u32 = 10;

/// The talk key went down or up.
pub fn held(app: &AppHandle, held: bool) {
    if let Some(libretto) = app.try_state::<Libretto>() {
        lock(&libretto.front).held = held;
        look_soon(app);
    }
}

/// A turn began or ended: the strip shows while one runs and none of our windows is in front, and the cancel key is
/// taken.
pub fn running(app: &AppHandle, running: bool) {
    if let Some(libretto) = app.try_state::<Libretto>() {
        let troubled = {
            let mut front = lock(&libretto.front);
            front.running = running;
            front.troubled && !running
        };
        hotkeys::keep_cancel(app);
        if troubled {
            // It is read from now on.
            trouble(app);
        } else {
            strip(app);
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
    strip(&app);
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(TROUBLE).await;
        let Some(libretto) = app.try_state::<Libretto>() else {
            return;
        };
        {
            let mut front = lock(&libretto.front);
            if front.troubles != mine {
                return;
            }
            front.troubled = false;
        }
        strip(&app);
    });
}

/// Looks who has the focus when the dust has settled.
pub(super) fn look_soon(app: &AppHandle) {
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
    let ours = OURS.into_iter().any(focused);
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
    hotkeys::keep_cancel(app);
    strip(app);
}

/// Whether one of our windows is in front, as far as the settled focus tells. What was hidden a moment ago is not,
/// whatever is known of the focus.
pub fn in_front(app: &AppHandle, libretto: &Libretto) -> bool {
    let seen = |window: Window| {
        app.get_webview_window(window.label())
            .is_some_and(|window| window.is_visible().unwrap_or(false))
    };
    lock(&libretto.front).ours && OURS.into_iter().any(seen)
}

/// Whether a turn is running.
pub fn turn_runs(libretto: &Libretto) -> bool {
    lock(&libretto.front).running
}

/// Shows the strip or puts it away, as things are when the main thread comes to it: several want it at once, and of two
/// the later one knows better.
pub fn strip(app: &AppHandle) {
    let here = app.clone();
    said(app.run_on_main_thread(move || {
        let Some(libretto) = here.try_state::<Libretto>() else {
            return;
        };
        let tells = {
            let front = lock(&libretto.front);
            front.running || front.troubled
        };
        let wanted = tells && libretto.foundation.now().appearance.overlay;
        said(if wanted && !in_front(&here, &libretto) {
            open_here(&here, Window::Overlay)
        } else {
            hide(&here, Window::Overlay)
        });
    }));
}
