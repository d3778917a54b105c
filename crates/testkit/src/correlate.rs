//! Finding a known sound inside what was heard.

use libretto_signal::fourier;
use libretto_voice::{Audio, SampleRate};

/// Where a sound was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Sample of the longer sound at which the known one begins.
    pub sample: u64,
    /// From 0 (nothing alike) to 1 (the same but for loudness).
    pub likeness: f32,
}

/// Finds `known` in `heard`: the place of the greatest normalised cross-correlation. `None` when `known` is silent or
/// longer than what was heard.
pub fn find(heard: &Audio, known: &Audio) -> Option<Found> {
    let known = resample(known, heard.rate);
    let (long, short) = (heard.samples.len(), known.len());
    let energy: f64 = known.iter().map(|s| f64::from(*s).powi(2)).sum();
    if short == 0 || long < short || energy < 1e-9 {
        return None;
    }
    let correlation = correlate(&heard.samples, &known)?;
    // Energy of the window that begins at each sample; windows as good as silent cannot match.
    let floor = energy * 1e-6;
    let mut window: f64 = heard.samples[..short].iter().map(|s| f64::from(*s).powi(2)).sum();
    let mut best = Found {
        sample: 0,
        likeness: 0.0,
    };
    for (at, value) in correlation.iter().enumerate().take(long - short + 1) {
        let likeness = f64::from(*value) / (window.max(floor) * energy).sqrt();
        if likeness as f32 > best.likeness {
            best = Found {
                sample: at as u64,
                likeness: likeness as f32,
            };
        }
        if at + short < long {
            let (leaves, enters) = (f64::from(heard.samples[at]), f64::from(heard.samples[at + short]));
            window = (window - leaves * leaves + enters * enters).max(0.0);
        }
    }
    Some(best)
}

/// Σ long[i + k] · short[k] for each i, by Fourier transform.
fn correlate(long: &[f32], short: &[f32]) -> Option<Vec<f32>> {
    let size = (long.len() + short.len()).next_power_of_two();
    let (forward, inverse) = (fourier::forward(size), fourier::inverse(size));
    let spectrum = |samples: &[f32]| {
        let mut padded = samples.to_vec();
        padded.resize(size, 0.0);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).ok()?;
        Some(spectrum)
    };
    let (mut product, other) = (spectrum(long)?, spectrum(short)?);
    product
        .iter_mut()
        .zip(other)
        .for_each(|(a, b)| *a = *a * b.conj() / size as f32);
    // Rounding leaves a trace in the two bins that are real by definition.
    if let Some(first) = product.first_mut() {
        first.im = 0.0;
    }
    if let Some(last) = product.last_mut() {
        last.im = 0.0;
    }
    let mut correlation = inverse.make_output_vec();
    inverse.process(&mut product, &mut correlation).ok()?;
    correlation.truncate(long.len());
    Some(correlation)
}

/// The same sound in another rate, by straight lines between samples: enough to find speech by.
fn resample(audio: &Audio, rate: SampleRate) -> Vec<f32> {
    if audio.rate == rate {
        return audio.samples.clone();
    }
    let step = f64::from(audio.rate.hertz()) / f64::from(rate.hertz());
    let length = audio.rate.convert(audio.samples.len() as u64, rate) as usize;
    let at = |index: usize| {
        let position = index as f64 * step;
        let (left, part) = (position as usize, position.fract() as f32);
        let sample = |i: usize| audio.samples.get(i).copied().unwrap_or(0.0);
        sample(left) * (1.0 - part) + sample(left + 1) * part
    };
    (0..length).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize, mut seed: u32) -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_quieter_copy_is_found_to_the_sample() {
        let rate = SampleRate::VOICE;
        let known = Audio::new(rate, noise(5_000, 7));
        let mut heard = Audio::new(rate, noise(50_000, 99).iter().map(|s| s * 0.05).collect());
        known
            .samples
            .iter()
            .enumerate()
            .for_each(|(i, s)| heard.samples[31_234 + i] += s * 0.3);
        let found = find(&heard, &known).unwrap();
        assert_eq!(found.sample, 31_234);
        assert!(found.likeness > 0.9, "{found:?}");
    }

    #[test]
    fn what_is_not_there_is_not_alike() {
        let rate = SampleRate::VOICE;
        let heard = Audio::new(rate, noise(50_000, 1));
        assert!(find(&heard, &Audio::new(rate, noise(5_000, 2))).unwrap().likeness < 0.2);
        assert_eq!(find(&heard, &Audio::new(rate, vec![0.0; 100])), None);
        assert_eq!(find(&Audio::empty(rate), &heard), None);
    }
}
