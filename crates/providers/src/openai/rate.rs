//! Sound in another rate, for services that take only one.

use libretto_voice::SampleRate;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, ResamplerConstructionError};

/// Converts a stream of samples.
pub(super) struct Converter(Option<Inner>);

struct Inner {
    fft: Fft<f32>,
    /// Input that does not fill a chunk yet.
    pending: Vec<f32>,
    /// Room for one chunk of output.
    scratch: Vec<f32>,
}

impl Converter {
    /// Between these two rates.
    pub(super) fn new(from: SampleRate, to: SampleRate) -> Result<Self, ResamplerConstructionError> {
        if from == to {
            return Ok(Self(None));
        }
        let (from, to) = (from.hertz() as usize, to.hertz() as usize);
        // In pieces of 10 ms.
        let fft = Fft::new(from, to, (from / 100).max(1), 1, FixedSync::Input)?;
        let scratch = vec![0.0; fft.output_frames_max()];
        Ok(Self(Some(Inner {
            fft,
            pending: Vec::new(),
            scratch,
        })))
    }

    /// What is ready of these samples.
    pub(super) fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        let Some(inner) = &mut self.0 else {
            return samples.to_vec();
        };
        inner.pending.extend_from_slice(samples);
        let mut out = Vec::new();
        loop {
            let chunk = inner.fft.input_frames_next();
            if inner.pending.len() < chunk {
                return out;
            }
            inner.process(chunk, &mut out);
            inner.pending.drain(..chunk);
        }
    }

    /// What is left inside, with a little silence behind it.
    pub(super) fn finish(&mut self) -> Vec<f32> {
        let Some(inner) = &mut self.0 else {
            return Vec::new();
        };
        let silence = 2 * inner.fft.input_frames_next() + inner.fft.output_delay();
        self.push(&vec![0.0; silence])
    }
}

impl Inner {
    fn process(&mut self, chunk: usize, out: &mut Vec<f32>) {
        let frames = self.scratch.len();
        let (Ok(input), Ok(mut output)) = (
            InterleavedSlice::new(&self.pending[..chunk], 1, chunk),
            InterleavedSlice::new_mut(&mut self.scratch, 1, frames),
        ) else {
            return;
        };
        // The sizes are its own: it cannot refuse them.
        if let Ok((_, written)) = self.fft.process_into_buffer(&input, &mut output, None) {
            out.extend_from_slice(&self.scratch[..written]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_stays_a_tone_and_nothing_is_lost_at_the_end() {
        let (from, to) = (SampleRate::SPEECH, SampleRate::VOICE);
        let tone = |n: u32| (std::f32::consts::TAU * 440.0 * n as f32 / 16_000.0).sin();
        let samples: Vec<f32> = (0..16_000).map(tone).collect();
        let mut converter = Converter::new(from, to).unwrap();
        let mut out: Vec<f32> = samples
            .chunks(333)
            .flat_map(|piece| converter.push(piece))
            .collect();
        out.extend(converter.finish());
        assert!((24_000..26_000).contains(&out.len()), "{}", out.len());
        // Away from its ends: 366⅔ periods.
        let middle = out[2_000..22_000].windows(2);
        let crossings = middle.filter(|pair| pair[0] <= 0.0 && pair[1] > 0.0).count();
        assert!((366..=367).contains(&crossings), "{crossings}");
        let energy: f32 = out.iter().map(|sample| sample * sample).sum();
        assert!((energy / 12_000.0 - 1.0).abs() < 0.02, "{energy}");
    }
}
