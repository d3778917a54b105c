//! From what the network predicts to samples.
//!
//! For each frame of 12.5 ms the network gives a spectrum in three parts: a harmonic one that filters a pulse train of
//! the pitch, a noisy one that shapes white noise, and a free one with phases of its own. Their sum goes through an
//! inverse short-time Fourier transform. The formulas are those of hibari's own `dsp.py` (Apache-2.0).

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use libretto_signal::fourier::{self, Complex32, ComplexToReal, FftError, RealToComplex};

/// Samples per second.
pub(super) const RATE: usize = 24_000;
/// Samples per frame.
pub(super) const HOP: usize = 300;
/// Samples under one window.
const WINDOW: usize = 1_200;
/// Frequencies per frame.
pub(super) const BINS: usize = WINDOW / 2 + 1;
/// Exponents are clamped here, so that no prediction can overflow.
const LOUDEST: f32 = 7.0;
/// Below this pitch, in hertz, a frame has no voice.
const VOICED: f32 = 40.0;
/// Harmonics are made below this frequency, in hertz.
const BRIGHTEST: f32 = 11_000.0;
/// Where the sine in the pulse train's denominator is smaller than this, its limit is taken.
const POLE: f32 = 2e-3;
/// The noise begins here for every sentence: the same text gives the same samples.
const SEED: u64 = 0x6869_6261_7269;

/// What the network predicts. All but the pitch are rows of `BINS` by columns of frames.
pub(super) struct Prediction<'a> {
    /// Logarithm of the harmonics' magnitude.
    pub(super) harmonic: &'a [f32],
    /// Their phase: π times its hyperbolic tangent.
    pub(super) turn: &'a [f32],
    /// Logarithm of the noise's magnitude.
    pub(super) noise: &'a [f32],
    /// Logarithm of the free part's magnitude.
    pub(super) free: &'a [f32],
    /// The free part's phase.
    pub(super) phase: &'a [f32],
    /// Pitch in hertz, one value per frame.
    pub(super) pitch: &'a [f32],
}

/// The transforms and their window, planned once.
pub(super) struct Synthesis {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
}

impl Synthesis {
    pub(super) fn new() -> Self {
        let hann = |i: usize| 0.5 - 0.5 * (TAU * i as f32 / WINDOW as f32).cos();
        Self {
            forward: fourier::forward(WINDOW),
            inverse: fourier::inverse(WINDOW),
            window: (0..WINDOW).map(hann).collect(),
        }
    }

    /// `HOP` samples per frame.
    pub(super) fn samples(&self, predicted: &Prediction<'_>) -> Result<Vec<f32>, FftError> {
        let frames = predicted.pitch.len();
        let pulses = pulses(predicted.pitch);
        let mut noise = fastrand::Rng::with_seed(SEED);
        let (mut frame, mut spectrum) = (self.forward.make_input_vec(), self.forward.make_output_vec());
        let mut scratch = self.forward.make_scratch_vec();
        let mut back = self.inverse.make_scratch_vec();
        let mut sum = vec![0.0_f32; frames * HOP + WINDOW];
        let mut weight = vec![0.0_f32; sum.len()];
        for at in 0..frames {
            for (i, (sample, window)) in frame.iter_mut().zip(&self.window).enumerate() {
                // A unit cosine then peaks at 1, so that the prediction is the harmonic's own magnitude.
                *sample = reflected(&pulses, at * HOP + i) * window / HOP as f32;
            }
            self.forward
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch)?;
            for (bin, value) in spectrum.iter_mut().enumerate() {
                let of = |rows: &[f32]| rows[bin * frames + at];
                let size = |rows: &[f32]| of(rows).min(LOUDEST).exp();
                *value = *value
                    * Complex32::from_polar(size(predicted.harmonic), PI * of(predicted.turn).tanh())
                    + gaussian(&mut noise) * size(predicted.noise)
                    + Complex32::from_polar(size(predicted.free), of(predicted.phase));
            }
            // What a real signal cannot have there.
            spectrum[0].im = 0.0;
            spectrum[BINS - 1].im = 0.0;
            self.inverse
                .process_with_scratch(&mut spectrum, &mut frame, &mut back)?;
            let span = at * HOP..at * HOP + WINDOW;
            let sums = sum[span.clone()].iter_mut().zip(&mut weight[span]);
            for ((sum, weight), (sample, window)) in sums.zip(frame.iter().zip(&self.window)) {
                *sum += sample * window / WINDOW as f32;
                *weight += window * window;
            }
        }
        let middle = WINDOW / 2..WINDOW / 2 + frames * HOP;
        Ok(sum[middle.clone()]
            .iter()
            .zip(&weight[middle])
            .map(|(s, w)| s / w.max(1e-11))
            .collect())
    }
}

/// Sample `at` of a signal with half a window in front of it, mirrored at both ends.
fn reflected(signal: &[f32], at: usize) -> f32 {
    let half = WINDOW / 2;
    let index = at.abs_diff(half);
    let last = signal.len() - 1;
    let index = if index > last {
        (2 * last).saturating_sub(index)
    } else {
        index
    };
    signal[index.min(last)]
}

/// Two independent normal numbers as a complex one (Box and Muller).
fn gaussian(noise: &mut fastrand::Rng) -> Complex32 {
    let radius = (-2.0 * (1.0 - noise.f32()).ln()).sqrt();
    Complex32::from_polar(radius, TAU * noise.f32())
}

/// A train of pulses that holds every harmonic of the pitch below `BRIGHTEST` at unit amplitude:
/// Σ cos(h·t) = sin((H + ½)·t) / (2·sin(t/2)) − ½. Frames without voice are silent.
fn pulses(pitch: &[f32]) -> Vec<f32> {
    let mut turns = 0.0_f64;
    let last = pitch.len().saturating_sub(1) as f32;
    (0..pitch.len() * HOP)
        .map(|sample| {
            // Linear between the middles of the frames.
            let at = ((sample as f32 + 0.5) / HOP as f32 - 0.5).clamp(0.0, last);
            let (low, part) = (at as usize, at.fract());
            let hertz = pitch[low] * (1.0 - part) + pitch[(low + 1).min(pitch.len() - 1)] * part;
            let voiced = hertz > VOICED;
            let hertz = hertz.max(VOICED);
            turns = (turns + f64::from(hertz) / RATE as f64).fract();
            if !voiced {
                return 0.0;
            }
            let angle = TAU * turns as f32;
            let harmonics = (BRIGHTEST / hertz).floor() + 0.5;
            let below = 2.0 * (angle / 2.0).sin();
            let train = if below.abs() <= POLE {
                harmonics
            } else {
                (harmonics * angle).sin() / below
            };
            train - 0.5
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction<'a>(
        harmonic: &'a [f32],
        zeros: &'a [f32],
        silent: &'a [f32],
        pitch: &'a [f32],
    ) -> Prediction<'a> {
        Prediction {
            harmonic,
            turn: zeros,
            noise: silent,
            free: silent,
            phase: zeros,
            pitch,
        }
    }

    #[test]
    fn a_flat_harmonic_part_gives_back_the_pulses() {
        let pitch = vec![200.0; 40];
        let (zeros, silent) = (vec![0.0; BINS * 40], vec![-60.0; BINS * 40]);
        // The analysis window was scaled by 1/HOP; e^ln(HOP) undoes it.
        let loud = vec![(HOP as f32).ln(); BINS * 40];
        let samples = Synthesis::new()
            .samples(&prediction(&loud, &zeros, &silent, &pitch))
            .unwrap();
        let wanted = pulses(&pitch);
        assert_eq!(samples.len(), wanted.len());
        for (at, (got, want)) in samples.iter().zip(&wanted).enumerate().skip(WINDOW).take(WINDOW) {
            assert!((got - want).abs() < 0.02, "sample {at}: {got} instead of {want}");
        }
    }

    #[test]
    fn noise_has_unit_variance_and_is_repeated() {
        let draw = || {
            let mut noise = fastrand::Rng::with_seed(SEED);
            (0..20_000).map(|_| gaussian(&mut noise)).collect::<Vec<_>>()
        };
        let drawn = draw();
        let power = drawn.iter().map(Complex32::norm_sqr).sum::<f32>() / drawn.len() as f32;
        assert!((power - 2.0).abs() < 0.1, "{power}");
        assert_eq!(drawn, draw());
    }

    #[test]
    fn no_voice_no_pulses() {
        assert!(pulses(&[0.0; 4]).iter().all(|s| *s == 0.0));
        assert_eq!(pulses(&[]), Vec::<f32>::new());
    }
}
