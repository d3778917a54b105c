//! What is done to the samples before they leave: silence cut at both ends, and the level of other voices.

use std::ops::Range;

use super::synthesis::RATE;

/// The voice is raised by 6 dB: its −27 dBFS are quieter than other voices.
const GAIN: f32 = 2.0;
/// No sample leaves above −1 dBFS.
const CEILING: f32 = 0.891;
/// Samples on either side over which a peak is turned down: 2.5 ms.
const REACH: usize = RATE / 400;
/// Samples under one measurement of loudness: 5 ms.
const STEP: usize = RATE / 200;
/// What is quieter than the loudest 5 ms by more than this factor (40 dB) is not heard.
const AUDIBLE: f32 = 0.01;

/// How loud some samples are, every 5 ms.
pub(super) struct Loudness {
    steps: Vec<f32>,
    /// What is quieter than this is not heard.
    floor: f32,
    samples: usize,
}

impl Loudness {
    pub(super) fn of(samples: &[f32]) -> Self {
        let steps: Vec<f32> = samples.chunks(STEP).map(libretto_voice::audio::rms).collect();
        let floor = AUDIBLE * steps.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        Self {
            steps,
            floor,
            samples: samples.len(),
        }
    }

    /// The samples from the first that is heard to the last; empty when all is silent.
    pub(super) fn heard(&self) -> Range<usize> {
        let first = self.steps.iter().position(|step| *step >= self.floor);
        let last = self.steps.iter().rposition(|step| *step >= self.floor);
        match (first, last) {
            (Some(first), Some(last)) => first * STEP..((last + 1) * STEP).min(self.samples),
            _ => 0..0,
        }
    }

    /// Where sound begins after the last silence within these samples; `None` when there is none.
    pub(super) fn onset(&self, within: Range<usize>) -> Option<usize> {
        let first = within.start / STEP;
        let steps = self.steps.get(first..(within.end / STEP).min(self.steps.len()))?;
        let silent = steps.iter().rposition(|step| *step < self.floor)?;
        (silent + 1 < steps.len()).then_some((first + silent + 1) * STEP)
    }
}

/// Raises the level. Where a peak would pass the ceiling, the gain falls and rises smoothly around it, by no more than
/// it has to.
pub(super) fn raise(samples: &mut [f32]) {
    let around = |at: usize| at.saturating_sub(REACH)..(at + REACH + 1).min(samples.len());
    // The least gain that any sample within reach allows …
    let mut least = vec![1.0_f32; samples.len()];
    for (at, sample) in samples.iter().enumerate() {
        let allowed = CEILING / (sample.abs() * GAIN);
        if allowed < 1.0 {
            for gain in &mut least[around(at)] {
                *gain = gain.min(allowed);
            }
        }
    }
    // … and its mean within the same reach, which is never above what its own sample allows.
    let mut sum = 0.0_f64;
    let mut sums = Vec::with_capacity(least.len() + 1);
    sums.push(sum);
    for gain in &least {
        sum += f64::from(*gain);
        sums.push(sum);
    }
    for (at, sample) in samples.iter_mut().enumerate() {
        let near = at.saturating_sub(REACH)..(at + REACH + 1).min(least.len());
        *sample *= GAIN * ((sums[near.end] - sums[near.start]) / near.len() as f64) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(length: usize, level: f32) -> Vec<f32> {
        (0..length).map(|i| level * (i as f32 * 0.1).sin()).collect()
    }

    #[test]
    fn silence_at_both_ends_is_found() {
        let mut samples = vec![0.0; 2_400];
        samples.extend(tone(4_800, 0.3));
        samples.extend(vec![0.0001; 2_400]);
        let loudness = Loudness::of(&samples);
        assert_eq!(loudness.heard(), 2_400..7_200);
        assert_eq!(loudness.onset(0..4_800), Some(2_400));
        assert_eq!(loudness.onset(3_000..4_800), None);
        assert_eq!(loudness.onset(9_000..90_000), None);
        assert_eq!(Loudness::of(&[0.0; 1_000]).heard(), 0..0);
        assert_eq!(Loudness::of(&[]).heard(), 0..0);
    }

    #[test]
    fn quiet_speech_is_doubled_and_peaks_are_held() {
        let mut quiet = tone(1_000, 0.2);
        raise(&mut quiet);
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
        assert!(quiet.iter().zip(&tone(1_000, 0.4)).all(close));

        let mut loud = tone(2_000, 0.2);
        loud[1_000] = 0.8;
        raise(&mut loud);
        assert!(loud.iter().all(|s| s.abs() <= CEILING + 1e-4));
        assert!((loud[1_000] - CEILING).abs() < 1e-3);
        assert!(
            (loud[100] - 0.4 * (10.0_f32).sin()).abs() < 1e-3,
            "far from the peak nothing changes"
        );
    }
}
