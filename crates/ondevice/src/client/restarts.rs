//! How often an engine may die before it is left alone. Pure: takes the time, asks no clock.

use std::time::{Duration, Instant};

/// So many deaths …
const MOST: usize = 3;
/// … within this time, and something is wrong that another start does not heal: a broken model, too little memory.
const WITHIN: Duration = Duration::from_secs(15);
/// After this long without another, it is tried again.
const CALM: Duration = Duration::from_secs(30);

/// The recent deaths of one engine.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    /// Oldest first.
    recent: Vec<Instant>,
}

impl Restarts {
    /// It died.
    pub(super) fn note(&mut self, at: Instant) {
        self.recent.push(at);
    }

    /// Whether it may be started now; if not, how long to wait.
    pub(super) fn allow(&mut self, now: Instant) -> Result<(), Duration> {
        let since = |at: Instant| now.saturating_duration_since(at);
        let last = self.recent.last().copied().filter(|last| since(*last) < CALM);
        let Some(last) = last else {
            self.recent.clear();
            return Ok(());
        };
        let first = self
            .recent
            .len()
            .checked_sub(MOST)
            .map(|index| self.recent[index]);
        match first {
            Some(first) if last.saturating_duration_since(first) <= WITHIN => {
                Err(CALM.saturating_sub(since(last)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_deaths_in_a_row_are_enough() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut restarts = Restarts::default();
        assert!(restarts.allow(at(0)).is_ok());
        restarts.note(at(0));
        restarts.note(at(5));
        assert!(restarts.allow(at(6)).is_ok());
        restarts.note(at(10));
        assert_eq!(restarts.allow(at(12)), Err(Duration::from_secs(28)));
        assert!(restarts.allow(at(40)).is_ok(), "it has been calm");
        restarts.note(at(41));
        assert!(restarts.allow(at(41)).is_ok(), "what was is forgotten");
    }

    #[test]
    fn now_and_then_is_no_reason_to_give_up() {
        let start = Instant::now();
        let mut restarts = Restarts::default();
        for time in 0..20 {
            let at = start + Duration::from_secs(time * 10);
            assert!(restarts.allow(at).is_ok(), "time {time}");
            restarts.note(at);
        }
    }
}
