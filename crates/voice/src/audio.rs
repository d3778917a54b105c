//! Mono audio that carries its rate.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Samples per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(NonZeroU32);

impl SampleRate {
    /// 16 kHz: what recognisers, voice-activity detectors and turn models take.
    pub const SPEECH: SampleRate = SampleRate(NonZeroU32::new(16_000).unwrap());
    /// 24 kHz: what most voices give.
    pub const VOICE: SampleRate = SampleRate(NonZeroU32::new(24_000).unwrap());

    /// `None` for zero.
    pub const fn new(hertz: u32) -> Option<Self> {
        match NonZeroU32::new(hertz) {
            Some(hertz) => Some(Self(hertz)),
            None => None,
        }
    }

    /// Samples per second.
    pub const fn hertz(self) -> u32 {
        self.0.get()
    }

    /// The time that `samples` take, rounded down to the nanosecond.
    pub const fn duration(self, samples: u64) -> Duration {
        let rate = self.0.get() as u64;
        let nanos = (samples % rate) * 1_000_000_000 / rate;
        Duration::new(samples / rate, nanos as u32)
    }

    /// How many samples fit into `time`, rounded to the nearest.
    pub const fn samples(self, time: Duration) -> u64 {
        let rate = self.0.get() as u128;
        let samples = (time.as_nanos() * rate + 500_000_000) / 1_000_000_000;
        if samples > u64::MAX as u128 {
            u64::MAX
        } else {
            samples as u64
        }
    }

    /// The sample at `seconds`, rounded to the nearest; what is negative or not a number becomes 0.
    pub fn sample_at(self, seconds: f64) -> u64 {
        let samples = (seconds * f64::from(self.0.get())).round();
        if samples > 0.0 { samples as u64 } else { 0 }
    }

    /// The same moment counted in another rate, rounded to the nearest.
    pub const fn convert(self, sample: u64, to: SampleRate) -> u64 {
        let (from, to) = (self.0.get() as u128, to.0.get() as u128);
        let converted = (sample as u128 * to + from / 2) / from;
        if converted > u64::MAX as u128 {
            u64::MAX
        } else {
            converted as u64
        }
    }
}

/// Mono samples in ±1 and their rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audio {
    /// Samples per second.
    pub rate: SampleRate,
    /// One channel, nominally within ±1.
    pub samples: Vec<f32>,
}

impl Audio {
    /// Audio of these samples.
    pub fn new(rate: SampleRate, samples: Vec<f32>) -> Self {
        Self { rate, samples }
    }

    /// No samples yet.
    pub fn empty(rate: SampleRate) -> Self {
        Self::new(rate, Vec::new())
    }

    /// Digital silence.
    pub fn silence(rate: SampleRate, time: Duration) -> Self {
        Self::new(rate, vec![0.0; rate.samples(time) as usize])
    }

    /// Little-endian 16-bit PCM; a last odd byte is ignored (see [`PcmDecoder`] for streams).
    pub fn from_pcm16(rate: SampleRate, bytes: &[u8]) -> Self {
        let samples = bytes
            .chunks_exact(2)
            .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0);
        Self::new(rate, samples.collect())
    }

    /// Little-endian 16-bit PCM; what is beyond ±1 is clipped, what is not a number becomes silence.
    pub fn to_pcm16(&self) -> Vec<u8> {
        self.samples
            .iter()
            .flat_map(|s| to_i16(*s).to_le_bytes())
            .collect()
    }

    /// How long it sounds.
    pub fn duration(&self) -> Duration {
        self.rate.duration(self.samples.len() as u64)
    }

    /// True when there are no samples.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Root mean square of all samples, 0 for none.
    pub fn rms(&self) -> f32 {
        rms(&self.samples)
    }
}

/// Root mean square, 0 for no samples.
pub fn rms(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
}

/// A 16-bit sample; what is beyond ±1 is clipped, what is not a number becomes silence.
pub fn to_i16(sample: f32) -> i16 {
    // `as` saturates and maps NaN to zero.
    (sample * 32_767.0).round() as i16
}

/// Decodes a stream of little-endian 16-bit PCM whose chunks may end in the middle of a sample.
#[derive(Debug, Default)]
pub struct PcmDecoder {
    odd: Option<u8>,
}

impl PcmDecoder {
    /// The samples that `bytes` complete.
    pub fn push(&mut self, rate: SampleRate, bytes: &[u8]) -> Audio {
        let mut audio = Audio::empty(rate);
        let mut bytes = bytes;
        if let (Some(low), Some((high, rest))) = (self.odd, bytes.split_first()) {
            audio
                .samples
                .push(f32::from(i16::from_le_bytes([low, *high])) / 32_768.0);
            self.odd = None;
            bytes = rest;
        }
        if bytes.len() % 2 == 1 {
            self.odd = bytes.last().copied();
        }
        audio.samples.extend(Audio::from_pcm16(rate, bytes).samples);
        audio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_samples_agree() {
        let rate = SampleRate::new(44_100).unwrap();
        assert_eq!(rate.samples(Duration::from_millis(10)), 441);
        assert_eq!(rate.duration(44_100), Duration::from_secs(1));
        assert_eq!(rate.sample_at(-3.0), 0);
        assert_eq!(rate.sample_at(f64::NAN), 0);
        assert_eq!(SampleRate::VOICE.convert(24_000, SampleRate::SPEECH), 16_000);
    }

    #[test]
    fn pcm_survives_any_chunking() {
        let audio = Audio::new(SampleRate::VOICE, vec![0.0, 0.5, -0.5, 1.0, -1.0]);
        let bytes = audio.to_pcm16();
        for size in 1..bytes.len() {
            let mut decoder = PcmDecoder::default();
            let samples: Vec<f32> = bytes
                .chunks(size)
                .flat_map(|c| decoder.push(SampleRate::VOICE, c).samples)
                .collect();
            assert_eq!(
                samples,
                Audio::from_pcm16(SampleRate::VOICE, &bytes).samples,
                "chunks of {size}"
            );
        }
    }

    #[test]
    fn clipping_is_silent_about_nonsense() {
        assert_eq!(to_i16(7.0), i16::MAX);
        assert_eq!(to_i16(f32::NAN), 0);
    }
}
