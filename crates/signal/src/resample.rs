//! Sample-rate conversion: rubato behind two small doors, one for streams and one for whole buffers. Both account for
//! the filter's delay, so that sample `n` at one rate is sample `n · to / from` at the other.

use libretto_voice::{Audio, Error, Kind, SampleRate};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, Fft, FixedAsync, FixedSync, Resampler, SincInterpolationParameters, WindowFunction};

/// Input is converted in pieces of about this many frames per second: 10 ms.
const CHUNKS_PER_SECOND: u32 = 100;
/// The FFT works on multiples of the reduced ratio. Above this many frames its delay would be heard, and the
/// interpolating converter takes over (44.1 kHz to 16 kHz is 441 to 160; 44,101 to 16,000 cannot be reduced).
const LARGEST_RATIO: u32 = 1_024;

/// Nothing converts between these rates.
#[derive(Debug, thiserror::Error)]
#[error("Audio cannot be converted from {from} to {to} samples per second.")]
pub struct Rates {
    /// The audio's own rate.
    pub from: u32,
    /// The wanted rate.
    pub to: u32,
}

impl From<Rates> for Error {
    fn from(rates: Rates) -> Self {
        Error::new(Kind::Unsupported, rates.to_string())
    }
}

/// Converts a mono stream, chunk after chunk.
pub struct Converter {
    from: SampleRate,
    to: SampleRate,
    inner: Option<Inner>,
}

struct Inner {
    resampler: Box<dyn Resampler<f32>>,
    /// Input that does not fill a chunk yet.
    pending: Vec<f32>,
    /// Room for one chunk of output.
    scratch: Vec<f32>,
    /// Output frames of filter delay still to be dropped.
    skip: usize,
    /// Frames taken and frames given since the beginning.
    taken: u64,
    given: u64,
}

impl Converter {
    /// Between these two rates.
    ///
    /// # Errors
    /// Where no converter can be made.
    pub fn new(from: SampleRate, to: SampleRate) -> Result<Self, Rates> {
        let inner = if from == to {
            None
        } else {
            Some(Inner::new(from, to)?)
        };
        Ok(Self { from, to, inner })
    }

    /// Converts `samples` and appends what is ready to `out`; up to 10 ms and the filter's delay stay inside.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        match &mut self.inner {
            None => out.extend_from_slice(samples),
            Some(inner) => inner.push(samples, out),
        }
    }

    /// Appends what is left inside, so that the whole is as long as it should be, and begins anew.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        if let Some(inner) = &mut self.inner {
            let total = self.from.convert(inner.taken, self.to);
            inner.flush(total, out);
            inner.reset();
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.reset();
        }
    }
}

impl Inner {
    fn new(from: SampleRate, to: SampleRate) -> Result<Self, Rates> {
        let error = || Rates {
            from: from.hertz(),
            to: to.hertz(),
        };
        let divisor = gcd(from.hertz(), to.hertz());
        let chunk = (from.hertz() / CHUNKS_PER_SECOND).max(1) as usize;
        let coarse = from.hertz().max(to.hertz()) / divisor > LARGEST_RATIO;
        let resampler: Box<dyn Resampler<f32>> = if coarse {
            // 90 dB down, which is below the noise of any microphone.
            let sinc = SincInterpolationParameters::new(128, WindowFunction::BlackmanHarris2);
            let ratio = f64::from(to.hertz()) / f64::from(from.hertz());
            Box::new(Async::new_sinc(ratio, 1.01, &sinc, chunk, 1, FixedAsync::Input).map_err(|_| error())?)
        } else {
            let (from, to) = (from.hertz() as usize, to.hertz() as usize);
            Box::new(Fft::new(from, to, chunk, 1, FixedSync::Input).map_err(|_| error())?)
        };
        let scratch = vec![0.0; resampler.output_frames_max()];
        let skip = resampler.output_delay();
        Ok(Self {
            resampler,
            pending: Vec::new(),
            scratch,
            skip,
            taken: 0,
            given: 0,
        })
    }

    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        let mut at = 0;
        loop {
            let chunk = self.resampler.input_frames_next();
            if self.pending.len() - at < chunk {
                break;
            }
            self.process(at, chunk, u64::MAX, out);
            at += chunk;
        }
        self.pending.drain(..at);
    }

    /// Converts `chunk` pending frames from `at` on, and gives no more than `limit` frames in all.
    fn process(&mut self, at: usize, chunk: usize, limit: u64, out: &mut Vec<f32>) {
        let frames = self.scratch.len();
        let (Ok(input), Ok(mut output)) = (
            InterleavedSlice::new(&self.pending[at..at + chunk], 1, chunk),
            InterleavedSlice::new_mut(&mut self.scratch, 1, frames),
        ) else {
            return;
        };
        // Sizes are the resampler's own, so it cannot refuse them; silence is the honest answer if it did.
        let written = self
            .resampler
            .process_into_buffer(&input, &mut output, None)
            .map_or(0, |(_, written)| written);
        let skip = self.skip.min(written);
        self.skip -= skip;
        let give = ((written - skip) as u64).min(limit.saturating_sub(self.given)) as usize;
        out.extend_from_slice(&self.scratch[skip..skip + give]);
        self.given += give as u64;
    }

    fn flush(&mut self, total: u64, out: &mut Vec<f32>) {
        // The filter's delay is pushed out by zeros: at most the delay and one chunk, in chunks.
        let mut rounds = self.resampler.output_delay() / self.scratch.len().max(1) + 64;
        while self.given < total && rounds > 0 {
            let chunk = self.resampler.input_frames_next();
            self.pending.resize(chunk.max(self.pending.len()), 0.0);
            self.process(0, chunk, total, out);
            self.pending.drain(..chunk);
            rounds -= 1;
        }
    }

    fn reset(&mut self) {
        self.resampler.reset();
        self.pending.clear();
        self.skip = self.resampler.output_delay();
        self.taken = 0;
        self.given = 0;
    }
}

/// Converts a whole buffer.
///
/// # Errors
/// Where no converter can be made.
pub fn whole(audio: &Audio, to: SampleRate) -> Result<Audio, Rates> {
    let mut converter = Converter::new(audio.rate, to)?;
    let mut samples = Vec::with_capacity(audio.rate.convert(audio.samples.len() as u64, to) as usize + 1);
    converter.push(&audio.samples, &mut samples);
    converter.finish(&mut samples);
    Ok(Audio::new(to, samples))
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
