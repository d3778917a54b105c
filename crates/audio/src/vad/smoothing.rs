//! From scores to a beginning and an end. Pure: time is counted in frames.

use std::time::Duration;

use super::VadSettings;

/// Length of a frame.
const FRAME: Duration = Duration::from_millis(10);
/// Speech that has begun goes on until the score falls this far below the threshold, as Silero's own iterator has it;
/// otherwise every soft syllable would end it.
const HYSTERESIS: f32 = 0.15;

/// Silence in speech that is worth telling before it is known to be the end: longer than most stops inside words.
const PAUSE: u32 = 10;

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Speech began, `min_speech` ago or a little more.
    Started,
    /// Silence for a tenth of a second: a pause, or the end.
    Paused,
    /// It was a pause.
    Resumed,
    /// Speech ended this long ago.
    Ended {
        /// Silence since the last voiced frame.
        silence: Duration,
    },
}

/// Turns scores into changes.
#[derive(Clone, Debug)]
pub struct Smoother {
    threshold: f32,
    min_speech: u32,
    min_silence: u32,
    padding: u32,
    speaking: bool,
    /// Voiced frames since an onset began.
    voiced: u32,
    /// Frames since the last voiced one.
    unvoiced: u32,
}

impl Smoother {
    /// With these settings; times that are negative or no numbers count as 0.
    pub fn new(settings: &VadSettings) -> Self {
        let frames = |seconds: f64| {
            let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
            (time.as_secs_f64() / FRAME.as_secs_f64()).round() as u32
        };
        Self {
            threshold: settings.threshold,
            min_speech: frames(settings.min_speech).max(1),
            min_silence: frames(settings.min_silence).max(1),
            padding: frames(settings.padding),
            speaking: false,
            voiced: 0,
            unvoiced: 0,
        }
    }

    /// Whether somebody speaks.
    pub fn speaking(&self) -> bool {
        self.speaking
    }

    /// Takes the score of the next frame.
    pub fn push(&mut self, score: f32) -> Option<Change> {
        let threshold = if self.speaking {
            self.threshold - HYSTERESIS
        } else {
            self.threshold
        };
        let paused = self.speaking && self.unvoiced >= PAUSE;
        if score >= threshold {
            self.voiced = self.voiced.saturating_add(1);
            self.unvoiced = 0;
            if paused {
                return Some(Change::Resumed);
            }
        } else {
            self.unvoiced = self.unvoiced.saturating_add(1);
            if !self.speaking && self.unvoiced > self.padding {
                self.voiced = 0;
            }
        }
        if !self.speaking && self.voiced >= self.min_speech {
            self.speaking = true;
            return Some(Change::Started);
        }
        if self.speaking && self.unvoiced >= self.min_silence.max(self.padding) {
            let silence = FRAME * self.unvoiced;
            self.reset();
            return Some(Change::Ended { silence });
        }
        (self.speaking && self.unvoiced == PAUSE).then_some(Change::Paused)
    }

    /// Nobody speaks, and nobody was about to.
    pub fn reset(&mut self) {
        self.speaking = false;
        self.voiced = 0;
        self.unvoiced = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn changes(settings: &VadSettings, pattern: &[(u32, f32)]) -> Vec<(u32, Change)> {
        let mut smoother = Smoother::new(settings);
        let mut at = 0;
        let mut found = Vec::new();
        for (frames, score) in pattern {
            for _ in 0..*frames {
                at += 1;
                found.extend(smoother.push(*score).map(|change| (at, change)));
            }
        }
        found
    }

    #[test]
    fn onset_hangover_and_dips() {
        let settings = VadSettings::default();
        let ended = |at| {
            (
                at,
                Change::Ended {
                    silence: Duration::from_millis(300),
                },
            )
        };
        // A click of 50 ms is no speech.
        assert_eq!(changes(&settings, &[(10, 0.0), (5, 0.9), (50, 0.0)]), []);
        // A dip of 80 ms in the onset and one of 290 ms in the middle do not count.
        let pattern = [
            (10, 0.0),
            (5, 0.9),
            (8, 0.1),
            (20, 0.9),
            (29, 0.1),
            (10, 0.9),
            (30, 0.0),
        ];
        let (paused, resumed) = (Change::Paused, Change::Resumed);
        let expected = [
            (28, Change::Started),
            (53, paused),
            (73, resumed),
            (92, paused),
            ended(112),
        ];
        assert_eq!(changes(&settings, &pattern), expected);
        // Between the two thresholds it neither begins nor ends.
        assert_eq!(changes(&settings, &[(50, 0.4)]), []);
        assert_eq!(
            changes(&settings, &[(20, 0.6), (50, 0.4), (30, 0.3)]),
            [(10, Change::Started), (80, paused), ended(100)]
        );
    }

    proptest! {
        #[test]
        fn beginnings_and_ends_alternate(
            scores in prop::collection::vec(-0.5f32..1.5, 0..2_000),
            min_speech in -1.0f64..1.0, min_silence in -1.0f64..1.0, padding in -1.0f64..1.0,
        ) {
            let settings = VadSettings { min_speech, min_silence, padding, ..VadSettings::default() };
            let mut smoother = Smoother::new(&settings);
            let mut speaking = false;
            for score in scores {
                match smoother.push(score) {
                    Some(Change::Started) => { prop_assert!(!speaking); speaking = true; }
                    Some(Change::Ended { silence }) => {
                        prop_assert!(speaking && silence.as_secs_f64() + 0.006 >= min_silence);
                        speaking = false;
                    }
                    Some(Change::Paused | Change::Resumed) => prop_assert!(speaking),
                    None => {}
                }
                prop_assert_eq!(smoother.speaking(), speaking);
            }
        }
    }
}
