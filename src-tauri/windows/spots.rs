//! Where the windows without a frame were put, and where somebody moved them to: kept for the next start.

use std::collections::BTreeMap;
use std::path::PathBuf;

use libretto_assistant::store::kept;

use super::place::Point;
use crate::wire::shell::Window;

/// More than the places of all windows need.
const LARGEST: u64 = 4096;

/// The spots of all windows without a frame.
#[derive(Debug)]
pub struct Spots {
    /// By the labels of their windows.
    spots: BTreeMap<String, Spot>,
    file: PathBuf,
}

impl Spots {
    /// As this file has them, if it can be read.
    pub fn read(file: PathBuf) -> Self {
        let moved: BTreeMap<String, Point> = kept::read(&file, LARGEST);
        let spots = moved
            .into_iter()
            .map(|(label, at)| (label, Spot::moved_to(at)))
            .collect();
        Self { spots, file }
    }

    /// Where a window stands.
    pub(super) fn get(&self, window: Window) -> Spot {
        self.spots.get(window.label()).copied().unwrap_or_default()
    }

    /// A window was put there.
    pub(super) fn set(&mut self, window: Window, spot: Spot) {
        self.spots.insert(window.label().to_owned(), spot);
    }

    /// A window is being hidden there.
    pub(super) fn hide(&mut self, window: Window, at: Point) {
        let before = self.get(window);
        let spot = Spot {
            hidden: Some(at),
            ..before
        };
        self.set(window, spot);
        if spot.moved() == before.moved() {
            return;
        }
        let moved: BTreeMap<&str, Point> = self
            .spots
            .iter()
            .filter_map(|(label, spot)| Some((label.as_str(), spot.moved()?)))
            .collect();
        if let Err(error) = kept::write(&self.file, &moved) {
            tracing::warn!(%error, "places_of_windows_not_kept");
        }
    }
}

/// Where a window was put, and where it was when it was hidden: window managers place a window anew when it comes back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spot {
    put: Option<Point>,
    hidden: Option<Point>,
}

impl Spot {
    /// Libretto put it there.
    pub(super) fn put(at: Point) -> Self {
        Self {
            put: Some(at),
            hidden: None,
        }
    }

    fn moved_to(at: Point) -> Self {
        Self {
            put: None,
            hidden: Some(at),
        }
    }

    /// Where somebody moved it to.
    pub(super) fn moved(self) -> Option<Point> {
        self.hidden.filter(|hidden| self.put != Some(*hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_is_there_again_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/windows.json");
        let mut spots = Spots::read(file.clone());
        for window in [Window::Overlay, Window::QuickAsk] {
            spots.set(window, Spot::put(Point::new(3, 4)));
            spots.hide(window, Point::new(3, 4));
        }
        assert!(!file.exists(), "nobody moved anything");
        spots.hide(Window::Overlay, Point::new(30, 4));
        let again = Spots::read(file.clone());
        assert_eq!(again.get(Window::Overlay).moved(), Some(Point::new(30, 4)));
        assert_eq!(
            again.get(Window::QuickAsk).moved(),
            None,
            "what nobody moved is put anew"
        );

        std::fs::write(&file, "{\"overlay\": 7}").unwrap();
        assert_eq!(Spots::read(file).get(Window::Overlay).moved(), None);
    }
}
