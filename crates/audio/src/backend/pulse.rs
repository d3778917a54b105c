//! A microphone of a PulseAudio server, without cpal between.
//!
//! cpal 0.18 lets the server keep no more than one fragment for us, so that samples are lost whenever the server gives
//! more at once or we are a moment late (2 % of them on a virtual device), and it asks for the stream's latency after
//! every fragment, which doubles the cost of listening. Playback has neither trouble.

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use libretto_voice::SampleRate;
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, ChannelVolume, RecordStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{Client, RecordStream};

use super::{Alarm, Ear, Ring};

/// How much is given at once: each fragment costs a tenth of a millisecond, and beside the silence that ends an
/// utterance 30 ms are short.
const FRAGMENT: Duration = Duration::from_millis(30);
/// How often the server is asked how old its samples are.
const ASK: Duration = Duration::from_millis(500);
/// Samples that are converted at once, on the callback's own stack.
const SCRATCH: usize = 1_024;

/// An open microphone; it closes when dropped.
pub(super) struct Recording {
    ended: Arc<AtomicBool>,
    asking: Option<Thread>,
    _stream: Arc<RecordStream>,
    _client: Client,
}

/// Rings when the server ends the stream, which drops the callback and this with it.
struct Ending {
    ended: Arc<AtomicBool>,
    alarm: Alarm,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.ended.load(Ordering::Relaxed) {
            self.alarm.ring(Ring::Dead);
        }
    }
}

/// Opens the source of this name as one channel, which the server mixes.
pub(super) fn record(
    name: &str,
    rate: SampleRate,
    mut ear: Box<dyn Ear>,
    alarm: &Alarm,
) -> Result<Recording, String> {
    let client = Client::from_env(c"Libretto").map_err(|error| error.to_string())?;
    let ended = Arc::new(AtomicBool::new(false));
    // Microseconds from the microphone to the newest sample that the server has.
    let age = Arc::new(AtomicU64::new(0));
    let ending = Ending {
        ended: ended.clone(),
        alarm: alarm.clone(),
    };
    let known_age = age.clone();
    let take = move |bytes: &[u8]| {
        // Named, so that it is part of the callback and dropped with it.
        let _ending = &ending;
        let (samples, _) = bytes.as_chunks::<4>();
        let age =
            Duration::from_micros(known_age.load(Ordering::Relaxed)) + rate.duration(samples.len() as u64);
        let now = Instant::now();
        let mut captured = now.checked_sub(age).unwrap_or(now);
        let mut scratch = [0.0_f32; SCRATCH];
        for part in samples.chunks(SCRATCH) {
            for (to, sample) in scratch.iter_mut().zip(part) {
                *to = f32::from_le_bytes(*sample);
            }
            ear.hear(&scratch[..part.len()], 1, captured);
            captured += rate.duration(part.len() as u64);
        }
    };
    let params = RecordStreamParams {
        sample_spec: SampleSpec {
            format: SampleFormat::Float32Le,
            channels: 1,
            sample_rate: rate.hertz(),
        },
        channel_map: ChannelMap::mono(),
        source_name: Some(CString::new(name).map_err(|error| error.to_string())?),
        // The server's own limit for what waits is half a minute.
        buffer_attr: BufferAttr {
            fragment_size: rate.samples(FRAGMENT) as u32 * 4,
            ..BufferAttr::default()
        },
        flags: StreamFlags {
            adjust_latency: true,
            ..StreamFlags::default()
        },
        cvolume: Some(ChannelVolume::norm(1)),
        ..RecordStreamParams::default()
    };
    let stream = block_on(client.create_record_stream(params, take)).map_err(|error| error.to_string())?;
    let stream = Arc::new(stream);
    let asking = ask(stream.clone(), ended.clone(), age);
    Ok(Recording {
        ended,
        asking,
        _stream: stream,
        _client: client,
    })
}

/// Keeps `age` up to date on a thread of its own. Without the thread samples are taken for younger than they are.
fn ask(stream: Arc<RecordStream>, ended: Arc<AtomicBool>, age: Arc<AtomicU64>) -> Option<Thread> {
    let ask = move || {
        while !ended.load(Ordering::Relaxed) {
            // A stream that is gone rings by itself.
            let Ok(timing) = block_on(stream.timing_info()) else {
                return;
            };
            age.store(timing.source_usec, Ordering::Relaxed);
            std::thread::park_timeout(ASK);
        }
    };
    std::thread::Builder::new()
        .name("sound-age".into())
        .spawn(ask)
        .ok()
        .map(|thread| thread.thread().clone())
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = &self.asking {
            thread.unpark();
        }
    }
}
