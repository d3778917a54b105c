//! When a line has to be told something that nobody said, and how long its answer is waited for. No clock in here.

use std::time::Duration;

use tokio::time::Instant;

use crate::network::Deadlines;

/// The service closes a socket that is sent nothing for 20 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// A context that is ended within a moment of its last text may lose it.
const HASTE: Duration = Duration::from_millis(100);
/// Where the service holds phrases back, they are asked for when no other has come for so long.
const HELD: Duration = Duration::from_millis(500);
/// A context that was ended may never say so: after so much silence it has, if nothing is missing.
const SILENCE: Duration = Duration::from_secs(3);

/// What a line is used for, as far as its pace goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) deadlines: Deadlines,
    /// Phrases may lie there until they are asked for.
    pub(super) holds_back: bool,
    /// It is a part of a socket.
    pub(super) shared: bool,
}

/// The pace of one line.
#[derive(Debug)]
pub(super) struct Pace {
    line: Line,
    /// When the next answer is due, if one is.
    due: Option<Instant>,
    /// When it is asked for what it holds back, if it does.
    held: Option<Instant>,
    /// Something sounded since the last text.
    sounded: bool,
    /// Nothing more will be said.
    finished: bool,
    /// The line has been told that.
    ended: bool,
    silent_until: Instant,
    calm_from: Instant,
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for what it holds back.
    Flush,
    /// Say something, so that it stays open.
    Alive,
    /// Its answer has not come in time.
    Late,
    /// To see whether it may be ended now.
    Look,
}

impl Pace {
    /// Of a line that was told everything said so far, if there was anything.
    pub(super) fn new(line: Line, now: Instant, told: bool, finished: bool) -> Self {
        Self {
            line,
            due: told.then(|| now + line.deadlines.first),
            held: (told && line.holds_back).then_some(now),
            sounded: false,
            finished,
            ended: false,
            silent_until: now + KEEP_ALIVE,
            calm_from: now + HASTE,
        }
    }

    /// It was told a phrase; `heard` says whether anything of the reply has been heard already.
    pub(super) fn phrase(&mut self, now: Instant, heard: bool) {
        self.held = self.line.holds_back.then(|| now + HELD);
        self.sounded = false;
        self.calm_from = now + HASTE;
        if !heard {
            self.due.get_or_insert(now + self.line.deadlines.first);
        }
    }

    /// There was something to say, if only white space.
    pub(super) fn stirred(&mut self, now: Instant) {
        self.silent_until = now + KEEP_ALIVE;
    }

    /// It was asked for what it held back.
    pub(super) fn flushed(&mut self, now: Instant) {
        (self.held, self.sounded) = (None, false);
        self.calm_from = now + HASTE;
        self.silent_until = now + KEEP_ALIVE;
    }

    /// Nothing more will be said.
    pub(super) fn finish(&mut self, now: Instant) {
        self.finished = true;
        self.held = self.held.map(|_| now);
        self.due = Some(now + self.line.deadlines.first);
    }

    /// Whether its last text is long enough ago, and heard, so that it may be ended.
    pub(super) fn is_calm(&self, now: Instant) -> bool {
        self.sounded && self.calm_from <= now && self.held.is_none()
    }

    /// It was told that nothing more comes.
    pub(super) fn end(&mut self, now: Instant) {
        (self.ended, self.held) = (true, None);
        self.due = Some(now + self.line.deadlines.first);
    }

    /// Whether it was told so.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// It said something. Before the end there may be silence for as long as nothing is sent.
    pub(super) fn answered(&mut self, now: Instant, sounded: bool) {
        self.sounded |= sounded;
        let idle = self.line.deadlines.idle;
        let patience = if self.line.shared && self.ended {
            idle.min(SILENCE)
        } else {
            idle
        };
        self.due = self.finished.then(|| now + patience);
    }

    /// What there will be to do and when, what comes first of several at once.
    fn steps(&self) -> impl Iterator<Item = (Instant, Step)> {
        let looks = self.finished && !self.ended && self.sounded;
        [
            (self.held, Step::Flush),
            (looks.then_some(self.calm_from), Step::Look),
            ((!self.ended).then_some(self.silent_until), Step::Alive),
            (self.due, Step::Late),
        ]
        .into_iter()
        .filter_map(|(at, step)| Some((at?, step)))
    }

    /// When there will be something to do.
    pub(super) fn wakes(&self) -> Instant {
        let first = self.steps().map(|(at, _)| at).min();
        first.unwrap_or(self.silent_until)
    }

    /// What there is to do now.
    pub(super) fn step(&self, now: Instant) -> Option<Step> {
        self.steps().find(|(at, _)| *at <= now).map(|(_, step)| step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn line(holds_back: bool, shared: bool) -> Line {
        Line {
            deadlines: Deadlines {
                first: Duration::from_secs(8),
                idle: Duration::from_secs(5),
            },
            holds_back,
            shared,
        }
    }

    /// When it wakes, in milliseconds after `start`, and what for.
    fn wakes(pace: &Pace, start: Instant) -> (u128, Option<Step>) {
        let at = pace.wakes();
        ((at - start).as_millis(), pace.step(at))
    }

    #[test]
    fn it_is_kept_open_while_nobody_says_anything() {
        let start = Instant::now();
        let mut pace = Pace::new(line(false, false), start, false, false);
        assert_eq!(wakes(&pace, start), (10_000, Some(Step::Alive)));
        assert_eq!(pace.step(start + MS(9_999)), None);
        pace.stirred(start + MS(4_000));
        assert_eq!(wakes(&pace, start), (14_000, Some(Step::Alive)));
    }

    #[test]
    fn a_first_phrase_is_answered_in_time_and_a_later_one_may_wait() {
        let start = Instant::now();
        let mut pace = Pace::new(line(false, false), start, false, false);
        pace.phrase(start + MS(1_000), false);
        // The next phrase does not put off the answer to the first.
        pace.phrase(start + MS(2_000), false);
        assert_eq!(wakes(&pace, start), (9_000, Some(Step::Late)));
        pace.answered(start + MS(2_500), true);
        pace.phrase(start + MS(3_000), true);
        assert_eq!(wakes(&pace, start), (10_000, Some(Step::Alive)));
    }

    #[test]
    fn what_is_held_back_is_asked_for_when_no_other_phrase_comes() {
        let start = Instant::now();
        let mut pace = Pace::new(line(true, false), start, false, false);
        pace.phrase(start, false);
        pace.phrase(start + MS(300), false);
        assert_eq!(wakes(&pace, start), (800, Some(Step::Flush)));
        pace.flushed(start + MS(800));
        assert_ne!(pace.step(start + MS(800)), Some(Step::Flush));
        pace.phrase(start + MS(900), true);
        // Nothing more comes: at once.
        pace.finish(start + MS(1_000));
        assert_eq!(wakes(&pace, start), (1_000, Some(Step::Flush)));
        // What was said before the line opened is asked for at once too.
        let again = Pace::new(line(true, false), start, true, false);
        assert_eq!(wakes(&again, start), (0, Some(Step::Flush)));
    }

    #[test]
    fn it_is_ended_a_moment_behind_the_last_text_and_when_that_sounds() {
        let start = Instant::now();
        let mut pace = Pace::new(line(false, false), start, false, false);
        pace.phrase(start, false);
        pace.finish(start + MS(10));
        assert!(!pace.is_calm(start + MS(200)), "nothing sounds yet");
        pace.answered(start + MS(20), true);
        assert!(!pace.is_calm(start + MS(99)));
        assert_eq!(wakes(&pace, start), (100, Some(Step::Look)));
        assert!(pace.is_calm(start + MS(100)));
        pace.end(start + MS(100));
        assert!(pace.has_ended());
        assert_eq!(wakes(&pace, start), (8_100, Some(Step::Late)));
    }

    #[test]
    fn a_part_of_a_socket_that_was_ended_is_waited_for_less_long() {
        let start = Instant::now();
        for (shared, patience) in [(false, 5_000), (true, 3_000)] {
            let mut pace = Pace::new(line(false, shared), start, true, true);
            pace.end(start);
            pace.answered(start, true);
            assert_eq!(wakes(&pace, start), (patience, Some(Step::Late)), "{shared}");
        }
    }
}
