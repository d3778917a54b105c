//! Where the windows without a frame stand: on the screen that the person is at, until they are moved.

use tauri::{PhysicalPosition, PhysicalSize, Result, WebviewWindow};

use super::size::Size;
use super::spots::Spot;
use crate::wire::shell::Window;

/// The strip's distance from the lower edge of the screen, in logical pixels.
const ABOVE_EDGE: f64 = 96.0;

/// A corner, in physical pixels of the whole desktop.
pub(super) type Point = PhysicalPosition<i32>;

/// A screen.
#[derive(Clone, Copy, Debug)]
struct Screen {
    /// Its upper left corner.
    at: Point,
    size: PhysicalSize<u32>,
    /// Physical pixels in a logical one.
    scale: f64,
}

/// Puts a window that has just been shown where it belongs; returns its spot from now on. It begins with the usual size,
/// and has at least the other.
///
/// # Errors
/// What the desktop says.
pub(super) fn put(
    made: &WebviewWindow,
    window: Window,
    (usual, least): (Size, Size),
    before: Spot,
) -> Result<Spot> {
    let screens: Vec<Screen> = made
        .available_monitors()?
        .iter()
        .map(|monitor| Screen {
            at: *monitor.position(),
            size: *monitor.size(),
            scale: monitor.scale_factor(),
        })
        .collect();
    let given: Size = made.outer_size()?.to_logical::<f64>(made.scale_factor()?).into();
    // A window that has only just been shown may not have its size yet.
    let logical = if window == Window::Overlay || given.0 < least.0 {
        usual
    } else {
        given
    };
    let pointer = made.cursor_position().ok().map(|at| at.cast());
    let Some(at) = place(&screens, pointer, before.moved(), window, logical) else {
        return Ok(before);
    };
    made.set_position(at)?;
    Ok(if before.moved() == Some(at) {
        before
    } else {
        Spot::put(at)
    })
}

/// Where a window of this size, in logical pixels, goes: to where it was moved, as long as there is a screen; else onto
/// the screen with the pointer, the strip above its lower edge, others into its middle. `None` without a screen.
fn place(
    screens: &[Screen],
    pointer: Option<Point>,
    moved: Option<Point>,
    window: Window,
    size: Size,
) -> Option<Point> {
    if let Some(moved) = moved {
        let middle = |screen: &Screen| {
            let size = physical(size, screen.scale);
            Point::new(moved.x + size.0 / 2, moved.y + size.1 / 2)
        };
        if screens.iter().any(|screen| screen.has(middle(screen))) {
            return Some(moved);
        }
    }
    let screen = pointer
        .and_then(|pointer| screens.iter().find(|screen| screen.has(pointer)))
        .or_else(|| screens.first())?;
    let (width, height) = physical(size, screen.scale);
    let (free_x, free_y) = (
        screen.size.width.cast_signed() - width,
        screen.size.height.cast_signed() - height,
    );
    let y = match window {
        Window::Overlay => free_y - physical((0.0, ABOVE_EDGE), screen.scale).1,
        _ => free_y / 2,
    };
    Some(Point::new(screen.at.x + free_x / 2, screen.at.y + y.max(0)))
}

impl Screen {
    fn has(&self, point: Point) -> bool {
        let (x, y) = (point.x - self.at.x, point.y - self.at.y);
        (0..self.size.width.cast_signed()).contains(&x) && (0..self.size.height.cast_signed()).contains(&y)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "as large as a screen at most")]
fn physical(size: (f64, f64), scale: f64) -> (i32, i32) {
    ((size.0 * scale).round() as i32, (size.1 * scale).round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A laptop's dense screen, and to its left a large one of the usual kind that is not the first.
    fn screens() -> [Screen; 2] {
        [
            Screen {
                at: Point::new(0, 0),
                size: PhysicalSize::new(2880, 1800),
                scale: 2.0,
            },
            Screen {
                at: Point::new(-1920, 300),
                size: PhysicalSize::new(1920, 1080),
                scale: 1.0,
            },
        ]
    }

    fn strip(pointer: (i32, i32), moved: Option<(i32, i32)>) -> (i32, i32) {
        let pointer = Point::new(pointer.0, pointer.1);
        let moved = moved.map(|(x, y)| Point::new(x, y));
        let at = place(&screens(), Some(pointer), moved, Window::Overlay, (420.0, 72.0)).unwrap();
        (at.x, at.y)
    }

    /// Handy #811, #969, #1733: on the first screen although the person is at another, or in a place that was worked
    /// out with the other one's scale.
    #[test]
    fn the_strip_stands_on_the_screen_with_the_pointer() {
        assert_eq!(strip((100, 100), None), (1020, 1800 - 144 - 192));
        assert_eq!(strip((-5, 400), None), (-1920 + 750, 300 + 1080 - 72 - 96));
    }

    /// Handy #1049: it is gone after a screen was.
    #[test]
    fn what_was_moved_stays_there_while_it_can_be_seen() {
        assert_eq!(strip((100, 100), Some((-1900, 320))), (-1900, 320));
        assert_eq!(strip((100, 100), Some((5000, 320))), strip((100, 100), None));
    }

    #[test]
    fn a_question_is_asked_in_the_middle() {
        let at = |pointer: (i32, i32)| {
            let pointer = Point::new(pointer.0, pointer.1);
            let at = place(&screens(), Some(pointer), None, Window::QuickAsk, (640.0, 260.0)).unwrap();
            (at.x, at.y)
        };
        assert_eq!(at((-5, 400)), (-1920 + 640, 300 + 410));
        assert_eq!(at((5, 400)), (800, 640));
        assert!(place(&[], None, None, Window::QuickAsk, (640.0, 260.0)).is_none());
    }
}
