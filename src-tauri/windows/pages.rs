//! Which pages are drawn, and which windows wait for theirs. A window that is shown before is an empty ground, on a slow
//! machine for more than a second.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

/// A page that has not said that it is drawn after so long may never do: its window is shown as it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// By the labels of their windows.
#[derive(Debug, Default)]
pub struct Pages {
    drawn: BTreeSet<String>,
    wanted: BTreeSet<String>,
    /// Whether a window waits.
    waits: watch::Sender<bool>,
}

impl Pages {
    /// A window is to be shown. True when it can be now; otherwise when its page is drawn.
    pub(super) fn want(&mut self, label: &str) -> bool {
        let drawn = self.drawn.contains(label);
        if !drawn {
            self.wanted.insert(label.to_owned());
            self.tell();
        }
        drawn
    }

    /// A page is drawn, or is waited for no longer. True when its window is to be shown now.
    pub(super) fn drawn(&mut self, label: &str) -> bool {
        self.drawn.insert(label.to_owned());
        self.forget(label)
    }

    /// A window is not to be shown any more. True when it waited.
    pub(super) fn forget(&mut self, label: &str) -> bool {
        let waited = self.wanted.remove(label);
        self.tell();
        waited
    }

    /// A window is gone, and its page with it.
    pub(super) fn gone(&mut self, label: &str) {
        self.forget(label);
        self.drawn.remove(label);
    }

    /// Whether a window waits for its page, now and from now on.
    pub(super) fn waits(&self) -> watch::Receiver<bool> {
        self.waits.subscribe()
    }

    fn tell(&self) {
        self.waits.send_replace(!self.wanted.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_waits_for_its_page_once() {
        let mut pages = Pages::default();
        let waits = pages.waits();
        assert!(!pages.want("settings"));
        assert!(*waits.borrow());
        assert!(pages.drawn("settings"), "it was waited for");
        assert!(
            !pages.drawn("settings"),
            "a page that is loaded anew shows nothing by itself"
        );
        assert!(pages.want("settings"), "the second time is instant");
        assert!(!*waits.borrow());
        pages.gone("settings");
        assert!(!pages.want("settings"));
    }

    #[test]
    fn what_was_put_away_meanwhile_stays_away() {
        let mut pages = Pages::default();
        assert!(!pages.want("overlay"));
        pages.forget("overlay");
        assert!(!pages.drawn("overlay"));
        assert!(pages.want("overlay"));
    }
}
