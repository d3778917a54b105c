//! Speech that may be our own is not told until it is somebody else's.

use super::Canceller;
use crate::vad::Change;

/// Frames after which it is asked again whose speech it is.
const AGAIN: u32 = 10;

/// Stands between the detector and whoever is told.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    /// Frames since speech began of which nothing was told.
    untold: Option<u32>,
}

impl Suspicion {
    /// What to tell after a frame, given what the detector found in it.
    pub(crate) fn push(&mut self, change: Option<Change>, canceller: &Canceller) -> Option<Change> {
        match change {
            Some(Change::Started) => self.untold = Some(0),
            // It was ours to its end.
            Some(Change::Ended { .. }) if self.untold.take().is_some() => return None,
            Some(Change::Ended { .. }) => return change,
            Some(Change::Paused | Change::Resumed) if self.untold.is_none() => return change,
            Some(Change::Paused | Change::Resumed) | None => {}
        }
        let frames = self.untold.as_mut()?;
        let ask = frames.is_multiple_of(AGAIN);
        *frames += 1;
        if ask && !canceller.hears_only_us() {
            self.untold = None;
            return Some(Change::Started);
        }
        None
    }
}
