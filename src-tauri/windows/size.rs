//! How large the windows are: the larger the text, the larger those that hold little else.

use crate::wire::shell::Window;

/// Width and height in logical pixels.
pub(super) type Size = (f64, f64);

/// The size that a window begins with, and the least that it can be given, for text of this size (1 is the usual one).
/// Neither is larger than the screen.
pub(super) fn of(window: Window, text: f64, screen: Option<Size>) -> (Size, Size) {
    let text = text.max(1.0);
    let (usual, least) = match window {
        Window::Main => {
            let usual = (960.0, 720.0);
            (usual, least_of(times((420.0, 480.0), text), usual))
        }
        Window::Settings => {
            let usual = (860.0, 680.0);
            (usual, least_of(times((420.0, 420.0), text), usual))
        }
        Window::QuickAsk => (times((640.0, 260.0), text), times((420.0, 160.0), text)),
        Window::Overlay => (times(STRIP, text), times(STRIP, text)),
    };
    let bounded = |size| screen.map_or(size, |screen| least_of(size, screen));
    (bounded(usual), bounded(least))
}

/// Two lines of text, a sign before them and a word after them.
const STRIP: Size = (420.0, 72.0);

fn times((width, height): Size, by: f64) -> Size {
    ((width * by).round(), (height * by).round())
}

fn least_of(one: Size, other: Size) -> Size {
    (one.0.min(other.0), one.1.min(other.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Option<Size> = Some((1366.0, 768.0));

    #[test]
    fn what_holds_only_text_grows_with_it_as_far_as_the_screen_goes() {
        assert_eq!(of(Window::Overlay, 1.0, SCREEN), (STRIP, STRIP));
        assert_eq!(of(Window::Overlay, 2.0, SCREEN).0, (840.0, 144.0));
        assert_eq!(of(Window::QuickAsk, 1.5, SCREEN).0, (960.0, 390.0));
        assert_eq!(
            of(Window::QuickAsk, 2.0, Some((1024.0, 768.0))).0,
            (1024.0, 520.0)
        );
        assert_eq!(
            of(Window::Overlay, 0.75, SCREEN).0,
            STRIP,
            "smaller text leaves room"
        );
    }

    #[test]
    fn no_window_must_be_larger_than_it_begins_with() {
        for window in [Window::Main, Window::Settings, Window::QuickAsk, Window::Overlay] {
            for text in [1.0, 1.25, 1.5, 2.0] {
                let (usual, least) = of(window, text, SCREEN);
                assert!(least.0 <= usual.0 && least.1 <= usual.1, "{window:?} at {text}");
            }
        }
        assert_eq!(of(Window::Main, 2.0, SCREEN).1, (840.0, 720.0));
    }
}
