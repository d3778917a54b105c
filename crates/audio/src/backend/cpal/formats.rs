//! cpal's callbacks in every sample format, as ours in floats.

use std::time::{Duration, Instant};

use cpal::traits::DeviceTrait;
use cpal::{Data, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, StreamConfig};
use libretto_voice::SampleRate;

use super::PATIENCE;
use crate::backend::{Ear, Mouth};

/// Samples that are converted at once, on the callback's own stack.
const SCRATCH: usize = 1_024;

/// Calls `$body` with `$T` standing for the sample type of a format.
macro_rules! by_format {
    ($format:expr, $T:ident => $body:expr) => {
        match $format {
            SampleFormat::I8 => {
                type $T = i8;
                $body
            }
            SampleFormat::I16 => {
                type $T = i16;
                $body
            }
            SampleFormat::I24 => {
                type $T = cpal::I24;
                $body
            }
            SampleFormat::I32 => {
                type $T = i32;
                $body
            }
            SampleFormat::U8 => {
                type $T = u8;
                $body
            }
            SampleFormat::U16 => {
                type $T = u16;
                $body
            }
            SampleFormat::U32 => {
                type $T = u32;
                $body
            }
            SampleFormat::F32 => {
                type $T = f32;
                $body
            }
            SampleFormat::F64 => {
                type $T = f64;
                $body
            }
            _ => Err(cpal::Error::new(ErrorKind::UnsupportedConfig)),
        }
    };
}

/// Builds a stream that is heard by `ear`.
pub(super) fn listen(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    mut ear: Box<dyn Ear>,
    failed: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<cpal::Stream, cpal::Error> {
    let channels = usize::from(config.channels).max(1);
    // Chosen here: a callback of its own for each format would be the whole of cpal for each.
    let convert =
        by_format!(format, T => Ok(convert_in::<T> as fn(&Data, usize, u32, Instant, &mut dyn Ear)))?;
    let heard = move |data: &Data, info: &cpal::InputCallbackInfo| {
        let time = info.timestamp();
        let age = time.callback.saturating_duration_since(time.capture);
        let captured = Instant::now().checked_sub(age).unwrap_or_else(Instant::now);
        if let Some(samples) = data.as_slice::<f32>() {
            ear.hear(samples, channels, captured);
        } else {
            convert(data, channels, config.sample_rate, captured, ear.as_mut());
        }
    };
    device.build_input_stream_raw(config, format, heard, failed, Some(PATIENCE))
}

fn convert_in<T: SizedSample>(data: &Data, channels: usize, rate: u32, mut at: Instant, ear: &mut dyn Ear)
where
    f32: FromSample<T>,
{
    let samples = data.as_slice::<T>().unwrap_or_default();
    let mut scratch = [0.0_f32; SCRATCH];
    for part in samples.chunks(SCRATCH / channels * channels) {
        for (to, from) in scratch.iter_mut().zip(part) {
            *to = f32::from_sample(*from);
        }
        ear.hear(&scratch[..part.len()], channels, at);
        at += frames_last(part.len() / channels, rate);
    }
}

/// Builds a stream into which `mouth` speaks.
pub(super) fn talk(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    mut mouth: Box<dyn Mouth>,
    failed: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<cpal::Stream, cpal::Error> {
    let channels = usize::from(config.channels).max(1);
    let convert =
        by_format!(format, T => Ok(convert_out::<T> as fn(&mut Data, usize, u32, Instant, &mut dyn Mouth)))?;
    let wanted = move |data: &mut Data, info: &cpal::OutputCallbackInfo| {
        let time = info.timestamp();
        let audible = Instant::now() + time.playback.saturating_duration_since(time.callback);
        if let Some(samples) = data.as_slice_mut::<f32>() {
            mouth.speak(samples, channels, audible);
        } else {
            convert(data, channels, config.sample_rate, audible, mouth.as_mut());
        }
    };
    device.build_output_stream_raw(config, format, wanted, failed, Some(PATIENCE))
}

fn convert_out<T>(data: &mut Data, channels: usize, rate: u32, mut at: Instant, mouth: &mut dyn Mouth)
where
    T: SizedSample + FromSample<f32>,
{
    let samples = data.as_slice_mut::<T>().unwrap_or_default();
    let mut scratch = [0.0_f32; SCRATCH];
    for part in samples.chunks_mut(SCRATCH / channels * channels) {
        let scratch = &mut scratch[..part.len()];
        mouth.speak(scratch, channels, at);
        for (to, from) in part.iter_mut().zip(scratch) {
            *to = T::from_sample(*from);
        }
        at += frames_last(part.len() / channels, rate);
    }
}

fn frames_last(frames: usize, rate: u32) -> Duration {
    SampleRate::new(rate).map_or(Duration::ZERO, |rate| rate.duration(frames as u64))
}
