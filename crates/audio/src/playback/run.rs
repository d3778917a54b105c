//! Which samples of a reply sound when: stretches without a gap, of which at most one sounds while the next waits in
//! the device's buffer. From them the playhead is set.

use std::ops::Range;
use std::time::Instant;

use libretto_voice::device::Playhead;
use libretto_voice::{SampleRate, TurnId};

/// Samples of one turn without a gap.
#[derive(Clone, Copy, Debug)]
struct Run {
    turn: TurnId,
    rate: SampleRate,
    /// When its first sample leaves the device.
    since: Instant,
    /// Its first sample.
    first: u64,
    /// A later sample, and when that leaves the device: the newest knowledge of the device's clock.
    sample: u64,
    at: Instant,
    /// Samples of the turn given so far.
    given: u64,
    /// More may follow without a gap.
    open: bool,
}

impl Run {
    fn end(&self) -> Instant {
        self.at + self.rate.duration(self.given.saturating_sub(self.sample))
    }

    fn over(&self, now: Instant) -> bool {
        !self.open && self.end() <= now
    }
}

/// What sounds, and what will sound after a gap. A device's latency is short beside pauses and gaps, so that two are
/// enough; if it is not, the newest counts.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    sounding: Option<Run>,
    next: Option<Run>,
}

impl Runs {
    /// These samples were given to the device; the first leaves it at `at`.
    pub(crate) fn extend(&mut self, turn: TurnId, rate: SampleRate, samples: Range<u64>, at: Instant) {
        if let Some(run) = self.next.as_mut().or(self.sounding.as_mut())
            && run.open
            && run.turn == turn
            && run.given == samples.start
        {
            (run.sample, run.at, run.given) = (samples.start, at, samples.end);
            return;
        }
        self.pause();
        let run = Run {
            turn,
            rate,
            since: at,
            first: samples.start,
            sample: samples.start,
            at,
            given: samples.end,
            open: true,
        };
        if self.sounding.is_none() && run.first == 0 {
            self.sounding = Some(run);
        } else {
            self.next = Some(run);
        }
    }

    /// What comes after this comes after a gap.
    pub(crate) fn pause(&mut self) {
        if let Some(run) = self.next.as_mut().or(self.sounding.as_mut()) {
            run.open = false;
        }
    }

    /// Sets the playhead to what sounds at `now`. A reply's beginning is announced before it sounds, for the
    /// playhead has no position until then; a continuation is not, or it would go back by the device's latency.
    pub(crate) fn publish(&mut self, playhead: &Playhead, now: Instant) {
        if let Some(next) = self.next {
            let free = self.sounding.is_none_or(|run| run.over(now));
            if next.since <= now || (free && next.first == 0) {
                self.sounding = self.next.take();
            }
        }
        let Some(run) = self.sounding else { return };
        if run.over(now) {
            playhead.set(run.turn, run.given, run.given, None, run.end());
        } else {
            playhead.set(run.turn, run.sample, run.given, Some(run.rate), run.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_playhead_never_goes_back_over_a_gap() {
        let playhead = Playhead::default();
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let mut runs = Runs::default();
        let latency = 30;
        let mut last = 0;
        let mut given = 0;
        // 10 ms periods at 16 kHz; from 100 ms to 200 ms nothing is there.
        for period in 0..60 {
            let now = period * 10;
            if (10..20).contains(&period) {
                runs.pause();
            } else {
                runs.extend(
                    TurnId(1),
                    SampleRate::SPEECH,
                    given..given + 160,
                    at(now + latency),
                );
                given += 160;
            }
            runs.publish(&playhead, at(now));
            for ask in 0..10 {
                // Before the first sample sounds there is no position.
                let sample = playhead.at(at(now + ask)).map_or(0, |position| position.sample);
                assert!(sample >= last, "{sample} < {last} at {now} + {ask} ms");
                last = sample;
            }
        }
        // At 599 ms: 100 ms of gap and 30 ms of latency are missing.
        assert!(last.abs_diff(16 * (599 - 130)) <= 160, "{last}");
    }
}
