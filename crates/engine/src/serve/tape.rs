//! An utterance's samples that are not recognised for good yet, and how loud each 20 ms of them is.

use crate::moonshine::RATE;

/// Samples of one loudness value: 20 ms.
const FRAME: usize = RATE / 50;
/// The loudness that only so many frames (0.2 s) exceed is what speech is measured by: a click is shorter.
const LOUD_FRAMES: usize = 10;
/// Below this part of it (−34 dB) a frame is silent. Consonants at a word's end lie above, room noise mostly below;
/// where it does not, nothing counts as silent and the recogniser is simply asked once more.
const SILENT: f32 = 0.02;
/// Where a detector says that the speaker pauses, everything up to so many times the loudness of that pause is silent…
const ABOVE_NOISE: f32 = 2.0;
/// …but for what is as loud as a soft word (−16 dB).
const LOUDEST_NOISE: f32 = 0.15;
/// A pause must be this long before what was said so far can count as recognised to its end.
const PAUSE: usize = RATE / 10;
/// And no longer than this, so that a mistake about what is silent cannot lose more.
const LONGEST_PAUSE: usize = 2 * RATE;

/// Positions count from the utterance's beginning.
#[derive(Debug, Default)]
pub(super) struct Tape {
    samples: Vec<f32>,
    /// Samples that were dropped from the front.
    dropped: usize,
    /// Loudness of each whole frame of the utterance, from its beginning.
    frames: Vec<f32>,
    /// The loudest frames, loudest first.
    loudest: Vec<f32>,
    /// How loud the silence is, where a detector said that there is one.
    noise: Option<f32>,
}

impl Tape {
    pub(super) fn push(&mut self, samples: &[f32]) {
        self.samples.extend(
            samples
                .iter()
                .map(|s| if s.is_finite() { s.clamp(-1.0, 1.0) } else { 0.0 }),
        );
        while (self.frames.len() + 1) * FRAME <= self.end() {
            let start = self.frames.len() * FRAME - self.dropped;
            let rms = libretto_voice::audio::rms(&self.samples[start..start + FRAME]);
            self.frames.push(rms);
            let place = self.loudest.partition_point(|louder| *louder > rms);
            if place < LOUD_FRAMES {
                self.loudest.insert(place, rms);
                self.loudest.truncate(LOUD_FRAMES);
            }
        }
    }

    /// A detector says that there has been silence for a tenth of a second, or that there is none any more.
    pub(super) fn told(&mut self, silence: bool) {
        let frames = &self.frames[self.frames.len().saturating_sub(PAUSE / FRAME)..];
        let mean = frames.iter().sum::<f32>() / frames.len().max(1) as f32;
        self.noise = silence.then_some(mean);
    }

    /// Forgets what lies before `at`, except what belongs to a frame that is not complete.
    pub(super) fn forget(&mut self, at: usize) {
        let at = at.min(self.frames.len() * FRAME).max(self.dropped);
        self.samples.drain(..at - self.dropped);
        self.dropped = at;
    }

    /// Position after the last sample.
    pub(super) fn end(&self) -> usize {
        self.dropped + self.samples.len()
    }

    /// Samples from `at` on.
    pub(super) fn from(&self, at: usize) -> &[f32] {
        &self.samples[at.clamp(self.dropped, self.end()) - self.dropped..]
    }

    /// True when there is sound after `at`.
    pub(super) fn speaks_after(&self, at: usize) -> bool {
        let silent = self.silent();
        self.frames
            .get(at / FRAME..)
            .is_some_and(|frames| frames.iter().any(|rms| *rms > silent))
    }

    /// True when the speaker pauses: the last tenth of a second is silent.
    pub(super) fn pauses(&self) -> bool {
        self.had_paused(self.end())
    }

    /// True when the speaker had paused at `at`, and has not gone on.
    pub(super) fn had_paused(&self, at: usize) -> bool {
        at > PAUSE && !self.speaks_after(at - PAUSE)
    }

    /// True when words recognised up to `at` are all there is: nothing but silence follows, and a little of it was
    /// there already, so that the last word is whole.
    pub(super) fn is_covered_by(&self, at: usize) -> bool {
        let after = self.end().saturating_sub(at);
        after == 0 || (after <= LONGEST_PAUSE && self.had_paused(at))
    }

    fn silent(&self) -> f32 {
        // Fewer frames than that are no measure: everything counts as sound.
        if self.loudest.len() < LOUD_FRAMES {
            return -1.0;
        }
        let loud = self.loudest[LOUD_FRAMES - 1];
        let noise = self.noise.map_or(0.0, |noise| noise * ABOVE_NOISE);
        (loud * SILENT).max(noise.min(loud * LOUDEST_NOISE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sound(seconds: f32, level: f32) -> Vec<f32> {
        (0..(seconds * RATE as f32) as usize)
            .map(|i| if i % 2 == 0 { level } else { -level })
            .collect()
    }

    #[test]
    fn in_a_noisy_room_a_detector_knows_better() {
        let mut tape = Tape::default();
        tape.push(&sound(1.0, 0.3));
        tape.push(&sound(0.12, 0.02));
        let at = tape.end();
        assert!(!tape.pauses());
        tape.told(true);
        assert!(tape.pauses());
        tape.push(&sound(0.3, 0.025));
        assert!(tape.is_covered_by(at));
        tape.push(&sound(0.1, 0.06));
        assert!(!tape.is_covered_by(at), "a soft word");
        tape.told(false);
        assert!(!tape.pauses());
    }

    #[test]
    fn a_pause_after_words_covers_them() {
        let mut tape = Tape::default();
        tape.push(&sound(1.0, 0.3));
        assert!(!tape.pauses());
        tape.push(&sound(0.12, 0.001));
        let at = tape.end();
        assert!(tape.pauses());
        tape.push(&sound(0.5, 0.001));
        assert!(tape.is_covered_by(at));
        assert!(!tape.is_covered_by(RATE), "no silence had been seen by then");
        tape.push(&sound(0.1, 0.1));
        assert!(!tape.is_covered_by(at));
    }

    #[test]
    fn a_click_does_not_make_speech_silent() {
        let mut tape = Tape::default();
        tape.push(&sound(0.1, 1.0));
        tape.push(&sound(1.0, 0.01));
        assert!(tape.speaks_after(RATE / 2));
        assert!(!tape.pauses());
    }

    #[test]
    fn in_noise_nothing_is_covered() {
        let mut tape = Tape::default();
        tape.push(&sound(1.0, 0.3));
        tape.push(&sound(0.5, 0.03));
        let at = tape.end();
        tape.push(&sound(0.5, 0.03));
        assert!(!tape.is_covered_by(at));
    }

    proptest! {
        #[test]
        fn positions_hold_whatever_is_forgotten(
            steps in prop::collection::vec((0..2_000usize, 0..3_000usize), 1..30),
        ) {
            let mut tape = Tape::default();
            let (mut all, mut end) = (Vec::new(), 0);
            for (more, forget) in steps {
                let new: Vec<f32> = (end..end + more).map(|i| (i % 100) as f32 / 100.0).collect();
                tape.push(&new);
                all.extend(new);
                end += more;
                prop_assert_eq!(tape.end(), end);
                tape.forget(forget);
                // What belongs to a frame that is not complete is always there.
                let from = end / FRAME * FRAME;
                prop_assert_eq!(tape.from(from), &all[from..]);
                tape.pauses();
                tape.is_covered_by(forget);
            }
        }
    }
}
