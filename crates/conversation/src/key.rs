//! One key, two manners: hold it and speak, or tap it to begin and tap it again to end. A pure classifier tells them
//! apart from presses, releases and their times, through auto-repeat, bouncing contacts and lost releases.
//!
//! Listening begins with the press itself, before it is known which manner it will be, so that no word is lost.

use std::time::Duration;

use libretto_voice::Time;

/// When a press counts as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A shorter press is a tap. Deliberate holds to speak are hardly ever shorter: a syllable takes 0.2 s.
    pub tap: Duration,
    /// A press this soon after a release is a bouncing contact (Handy's figure).
    pub debounce: Duration,
    /// X11 reports auto-repeat as release and press together. A release is believed when no press follows for so
    /// long (Handy's figure; its issue 1539 tells of storms of starts and stops).
    pub grace: Duration,
    /// Keys that repeat have begun to by then. X11 waits 0.66 s unless told otherwise, Windows 1 s at most.
    pub repeat_delay: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            tap: Duration::from_millis(300),
            debounce: Duration::from_millis(30),
            grace: Duration::from_millis(50),
            repeat_delay: Duration::from_secs(1),
        }
    }
}

/// What the key did, as the system reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Press, or a repeat of it.
    Down,
    /// Release, perhaps only the auto-repeat's.
    Up,
}

/// What the person meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// Begin to listen.
    Start,
    /// It was a tap: go on listening until the next press.
    Latch,
    /// The person has finished.
    End {
        /// When the key really went up.
        released: Time,
    },
}

/// How this system repeats a held key, learned from what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeats {
    Unknown,
    /// A long hold brought no repeat.
    Never,
    /// Press after press; a release is a release.
    Bare,
    /// Release and press in pairs; a release may be the repeat's.
    Paired,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    since: Time,
    /// The last sign that it is down.
    seen: Time,
    /// A release that is not believed yet.
    released: Option<Time>,
    /// Nothing follows from its release: it ended a listening, or its meaning was called off.
    spent: bool,
}

/// Tells gestures from key events.
#[derive(Clone, Debug)]
pub struct Classifier {
    timing: Timing,
    repeats: Repeats,
    press: Option<Press>,
    released: Option<Time>,
    latched: bool,
}

impl Classifier {
    /// The key is up.
    pub fn new(timing: Timing) -> Self {
        Self {
            timing,
            repeats: Repeats::Unknown,
            press: None,
            released: None,
            latched: false,
        }
    }

    /// Other figures from now on.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// The key did something.
    pub fn input(&mut self, now: Time, input: Input) -> Option<Gesture> {
        // A release whose grace has passed comes first: the clock may be late. Then what came now cannot mean
        // anything more: the key is up, and a press begins anew.
        if let Some(gesture) = self.tick(now) {
            return Some(match input {
                Input::Down => self.down(now).unwrap_or(gesture),
                Input::Up => gesture,
            });
        }
        match input {
            Input::Down => self.down(now),
            Input::Up => self.up(now),
        }
    }

    /// When it wants [`Classifier::tick`].
    pub fn deadline(&self) -> Option<Time> {
        Some(self.press?.released? + self.timing.grace)
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time) -> Option<Gesture> {
        let released = self.press?.released?;
        if now < released + self.timing.grace {
            None
        } else {
            self.release(released)
        }
    }

    /// What was begun has ended otherwise (cancelled, timed out): the next press begins anew.
    pub fn forget(&mut self) {
        self.latched = false;
        if let Some(press) = &mut self.press {
            press.spent = true;
        }
    }

    fn down(&mut self, now: Time) -> Option<Gesture> {
        let Some(press) = &mut self.press else {
            if self
                .released
                .is_some_and(|released| now.since(released) < self.timing.debounce)
            {
                return None;
            }
            let ends = std::mem::take(&mut self.latched);
            self.press = Some(Press {
                since: now,
                seen: now,
                released: None,
                spent: ends,
            });
            return Some(if ends {
                Gesture::End { released: now }
            } else {
                Gesture::Start
            });
        };
        if press.released.take().is_some() {
            self.repeats = Repeats::Paired;
            press.seen = now;
            return None;
        }
        let unseen = now.since(press.seen);
        press.seen = now;
        if unseen <= self.timing.repeat_delay {
            if self.repeats != Repeats::Paired {
                self.repeats = Repeats::Bare;
            }
            return None;
        }
        // No repeat waits so long: the release was lost, and this is the person pressing again.
        press.since = now;
        if std::mem::replace(&mut press.spent, true) {
            press.spent = false;
            return Some(Gesture::Start);
        }
        Some(Gesture::End { released: now })
    }

    fn up(&mut self, now: Time) -> Option<Gesture> {
        let press = self.press.as_mut()?;
        if press.released.is_some() {
            return None;
        }
        if self.repeats == Repeats::Unknown && now.since(press.since) > self.timing.repeat_delay {
            self.repeats = Repeats::Never;
        }
        if matches!(self.repeats, Repeats::Bare | Repeats::Never) {
            return self.release(now);
        }
        press.released = Some(now);
        None
    }

    fn release(&mut self, released: Time) -> Option<Gesture> {
        let press = self.press.take()?;
        self.released = Some(released);
        if press.spent {
            return None;
        }
        if released.since(press.since) < self.timing.tap {
            self.latched = true;
            return Some(Gesture::Latch);
        }
        Some(Gesture::End { released })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays key events (`d`own, `u`p, at milliseconds) with a clock that ticks every 5 ms, and tells what was meant.
    fn play(events: &[(u64, char)]) -> Vec<(u64, Gesture)> {
        let mut classifier = Classifier::new(Timing::default());
        let mut told = Vec::new();
        let end = events.last().map_or(0, |e| e.0) + 200;
        let mut events = events.iter().peekable();
        for now in (0..=end).step_by(5) {
            let time = Time::from_millis(now);
            told.extend(classifier.tick(time).map(|g| (now, g)));
            while let Some((at, kind)) = events.next_if(|(at, _)| *at <= now) {
                let input = if *kind == 'd' { Input::Down } else { Input::Up };
                told.extend(classifier.input(Time::from_millis(*at), input).map(|g| (*at, g)));
            }
        }
        told
    }

    fn end(released: u64) -> Gesture {
        Gesture::End {
            released: Time::from_millis(released),
        }
    }

    #[test]
    fn a_hold_ends_with_its_release_at_once() {
        assert_eq!(
            play(&[(0, 'd'), (1500, 'u')]),
            [(0, Gesture::Start), (1500, end(1500))]
        );
    }

    #[test]
    fn a_tap_toggles() {
        let told = play(&[(0, 'd'), (120, 'u'), (3000, 'd'), (3100, 'u')]);
        assert_eq!(
            told,
            [(0, Gesture::Start), (170, Gesture::Latch), (3000, end(3000))]
        );
    }

    #[test]
    fn x11_auto_repeat_is_one_hold() {
        let mut events = vec![(0, 'd')];
        for at in (660..5000).step_by(40) {
            events.extend([(at, 'u'), (at + 1, 'd')]);
        }
        events.push((5000, 'u'));
        assert_eq!(play(&events), [(0, Gesture::Start), (5050, end(5000))]);
    }

    #[test]
    fn auto_repeat_without_releases_is_one_hold() {
        let mut events = vec![(0, 'd')];
        events.extend((500..4000).step_by(33).map(|at| (at, 'd')));
        events.push((4000, 'u'));
        assert_eq!(play(&events), [(0, Gesture::Start), (4000, end(4000))]);
    }

    #[test]
    fn a_lost_release_does_not_latch_the_recording() {
        // The release of the first press never comes; pressing again ends it, and the press after that begins anew.
        let told = play(&[(0, 'd'), (4000, 'd'), (4100, 'u'), (6000, 'd'), (8000, 'u')]);
        assert_eq!(
            told,
            [
                (0, Gesture::Start),
                (4000, end(4000)),
                (6000, Gesture::Start),
                (8000, end(8000))
            ]
        );
        let told = play(&[(0, 'd'), (4000, 'd'), (8000, 'd')]);
        assert_eq!(
            told,
            [(0, Gesture::Start), (4000, end(4000)), (8000, Gesture::Start)]
        );
    }

    #[test]
    fn bouncing_contacts_are_one_press() {
        let told = play(&[(0, 'd'), (3, 'u'), (6, 'd'), (900, 'u'), (903, 'd'), (906, 'u')]);
        assert_eq!(
            told,
            [(0, Gesture::Start), (956, end(906))]
                .map(|(_, g)| g)
                .into_iter()
                .zip([0, 960])
                .map(|(g, at)| (at, g))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn releases_without_presses_mean_nothing() {
        assert_eq!(play(&[(0, 'u'), (10, 'u'), (400, 'u')]), []);
    }

    #[test]
    fn what_was_called_off_is_not_ended_again() {
        let mut classifier = Classifier::new(Timing::default());
        assert_eq!(
            classifier.input(Time::from_millis(0), Input::Down),
            Some(Gesture::Start)
        );
        classifier.forget();
        assert_eq!(classifier.input(Time::from_millis(2000), Input::Up), None);
        assert_eq!(
            classifier.input(Time::from_millis(3000), Input::Down),
            Some(Gesture::Start)
        );
    }

    #[test]
    fn no_burst_starts_twice_or_ends_twice() {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for _ in 0..500 {
            let mut at = 0;
            let events: Vec<_> = (0..60)
                .map(|_| {
                    at += if random(8) == 0 { random(3000) } else { random(70) };
                    (at, if random(2) == 0 { 'd' } else { 'u' })
                })
                .collect();
            let mut listening = false;
            for (at, gesture) in play(&events) {
                match gesture {
                    Gesture::Start => assert!(!std::mem::replace(&mut listening, true), "{at} {events:?}"),
                    Gesture::Latch => assert!(listening, "{at} {events:?}"),
                    Gesture::End { .. } => {
                        assert!(std::mem::replace(&mut listening, false), "{at} {events:?}");
                    }
                }
            }
        }
    }
}
