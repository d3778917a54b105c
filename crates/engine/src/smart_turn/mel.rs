//! The model's front end: a log-mel spectrogram as Whisper's feature extractor makes it.

use std::sync::Arc;

use libretto_signal::fourier::{self, RealToComplex};

use super::{RATE, WINDOW};

/// Mel bands up to 8 kHz.
pub(super) const BANDS: usize = 80;
/// One for each 10 ms.
pub(super) const FRAMES: usize = WINDOW / HOP;

const FFT: usize = 400;
const HOP: usize = 160;
const BINS: usize = FFT / 2 + 1;
/// Below this a band counts as silent.
const FLOOR: f32 = 1e-10;
/// Decades below the loudest band that still count.
const RANGE: f32 = 8.0;

pub(super) struct Mel {
    fft: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    /// For each band its first bin, and the weights of that one and those after it.
    bank: Vec<(usize, Vec<f32>)>,
}

impl Default for Mel {
    fn default() -> Self {
        // Periodic: as if the window went on after its last sample.
        let hann = |i: usize| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / FFT as f32).cos();
        Self {
            fft: fourier::forward(FFT),
            hann: (0..FFT).map(hann).collect(),
            bank: bank(),
        }
    }
}

impl Mel {
    /// [`BANDS`] × [`FRAMES`] features of exactly [`WINDOW`] samples.
    pub(super) fn features(&self, samples: &[f32]) -> Vec<f32> {
        let padded = reflected(samples);
        let mut features = vec![0.0; BANDS * FRAMES];
        let mut frame = self.fft.make_input_vec();
        let mut bins = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut loudest = f32::MIN;
        for (index, start) in (0..=padded.len() - FFT).step_by(HOP).take(FRAMES).enumerate() {
            for ((value, sample), weight) in frame.iter_mut().zip(&padded[start..]).zip(&self.hann) {
                *value = sample * weight;
            }
            if self
                .fft
                .process_with_scratch(&mut frame, &mut bins, &mut scratch)
                .is_err()
            {
                // Only for buffers of the wrong length, and these are the plan's own.
                continue;
            }
            for (band, (first, weights)) in self.bank.iter().enumerate() {
                let power: f32 = weights
                    .iter()
                    .zip(&bins[*first..])
                    .map(|(w, bin)| w * bin.norm_sqr())
                    .sum();
                let value = power.max(FLOOR).log10();
                loudest = loudest.max(value);
                features[band * FRAMES + index] = value;
            }
        }
        for feature in &mut features {
            *feature = (feature.max(loudest - RANGE) + 4.0) / 4.0;
        }
        features
    }
}

/// Half a frame of mirror image at both ends, so that the first frame is centred on the first sample.
fn reflected(samples: &[f32]) -> Vec<f32> {
    let half = FFT / 2;
    let before = samples[1..=half].iter().rev();
    let after = samples[samples.len() - half - 1..samples.len() - 1].iter().rev();
    before.chain(samples).chain(after).copied().collect()
}

/// Triangles, evenly spaced on Slaney's mel scale and of equal area.
fn bank() -> Vec<(usize, Vec<f32>)> {
    let top = to_mel(RATE as f64 / 2.0);
    let edges: Vec<f64> = (0..BANDS + 2)
        .map(|i| to_hertz(top * i as f64 / (BANDS + 1) as f64))
        .collect();
    edges
        .windows(3)
        .map(|edges| triangle(edges[0], edges[1], edges[2]))
        .collect()
}

/// One band between three edges in hertz.
fn triangle(low: f64, middle: f64, high: f64) -> (usize, Vec<f32>) {
    let weight = |bin: usize| {
        let hertz = bin as f64 * RATE as f64 / FFT as f64;
        let rise = (hertz - low) / (middle - low);
        let fall = (high - hertz) / (high - middle);
        (rise.min(fall).max(0.0) * 2.0 / (high - low)) as f32
    };
    let first = (0..BINS).find(|bin| weight(*bin) > 0.0).unwrap_or_default();
    (
        first,
        (first..BINS)
            .map(weight)
            .take_while(|weight| *weight > 0.0)
            .collect(),
    )
}

/// Slaney's scale is straight up to 1 kHz …
const MEL_PER_HERTZ: f64 = 3.0 / 200.0;
const BEND_HERTZ: f64 = 1_000.0;
const BEND_MEL: f64 = BEND_HERTZ * MEL_PER_HERTZ;

/// … and logarithmic above: 27 mel for a factor of 6.4.
fn mel_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn to_mel(hertz: f64) -> f64 {
    if hertz < BEND_HERTZ {
        hertz * MEL_PER_HERTZ
    } else {
        BEND_MEL + (hertz / BEND_HERTZ).ln() / mel_step()
    }
}

fn to_hertz(mel: f64) -> f64 {
    if mel < BEND_MEL {
        mel / MEL_PER_HERTZ
    } else {
        BEND_HERTZ * ((mel - BEND_MEL) * mel_step()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_slaneys() {
        // Values of librosa.hz_to_mel with htk=False.
        for (hertz, mel) in [(0.0, 0.0), (440.0, 6.6), (1_000.0, 15.0), (8_000.0, 45.245_64)] {
            assert!((to_mel(hertz) - mel).abs() < 1e-4, "{hertz} Hz");
            assert!((to_hertz(mel) - hertz).abs() < 0.1, "{mel} mel");
        }
    }

    #[test]
    fn a_tone_lights_its_band() {
        let samples: Vec<f32> = (0..WINDOW)
            .map(|i| (std::f32::consts::TAU * 1_000.0 * i as f32 / RATE as f32).sin())
            .collect();
        let features = Mel::default().features(&samples);
        let at = |band: usize| features[band * FRAMES + FRAMES / 2];
        let loudest = (0..BANDS).max_by(|a, b| at(*a).total_cmp(&at(*b))).unwrap();
        // 15 mel of 45.2 lie at band 26 of 80.
        assert!((25..=27).contains(&loudest), "band {loudest}");
    }

    #[test]
    fn silence_is_even() {
        let features = Mel::default().features(&vec![0.0; WINDOW]);
        assert!(features.iter().all(|f| (f - -1.5).abs() < 1e-6));
    }
}
