//! Sound that a test plays: somebody speaking into the microphone, or another program at the loudspeaker.

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::executor::block_on;
use libretto_voice::{Audio, SampleRate};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, ChannelVolume, PlaybackStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{AsPlaybackSource, Client, PlaybackStream};

use crate::clock;

/// How much the server keeps of a sound, so that it does not run dry when this machine is busy with other things.
const AHEAD: Duration = Duration::from_secs(2);
/// How much the server asks for at once; the device's blocks are as long. A room's are longer, so that a microphone in
/// which nobody speaks is read in the blocks that its readers ask for.
const BLOCK: Duration = Duration::from_millis(10);
const ROOM_BLOCK: Duration = Duration::from_millis(50);
/// How long a sound may take to begin on a busy machine.
const START: Duration = Duration::from_secs(10);
/// Longer than any test.
const FOREVER: Duration = Duration::from_hours(24);
/// Loudness of a quiet room, RMS: −70 dBFS.
const ROOM: f32 = 3.2e-4;

/// The next stream's group, one for each.
static GROUP: AtomicU32 = AtomicU32::new(1);

/// A sound that is being played. Dropping it ends it.
#[derive(Debug)]
pub struct Speech {
    stopped: Arc<AtomicBool>,
    started: Instant,
    length: Duration,
    drained: Option<JoinHandle<()>>,
    stream: PlaybackStream,
}

impl Speech {
    /// When its first sample entered the microphone, or left the loudspeaker.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// When its last sample does.
    pub fn ends(&self) -> Instant {
        self.started
            .checked_add(self.length)
            .unwrap_or(self.started + FOREVER)
    }

    /// Waits until its last sample has been played.
    pub fn wait(mut self) {
        if let Some(drained) = self.drained.take() {
            // It only waits for the server; it does not panic.
            let _ = drained.join();
        }
        sleep(self.ends().saturating_duration_since(Instant::now()));
    }
}

impl Drop for Speech {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // What the server keeps of it is not to be heard any more; a server that has gone plays nothing.
        if Instant::now() < self.ends() {
            let _ = block_on(self.stream.flush());
        }
    }
}

/// Plays `audio` on a sink of the server.
pub(crate) fn play(client: &Client, sink: &str, audio: &Audio) -> Result<Speech> {
    let mut bytes: Vec<u8> = Vec::with_capacity(audio.samples.len() * 4);
    audio
        .samples
        .iter()
        .for_each(|sample| bytes.extend(sample.to_le_bytes()));
    let mut at = 0;
    let fill = move |out: &mut [u8]| {
        let size = out.len().min(bytes.len() - at);
        out[..size].copy_from_slice(&bytes[at..at + size]);
        at += size;
        size
    };
    start(client, sink, audio.rate, BLOCK, audio.duration(), fill)
}

/// The noise of a quiet room, until it is dropped.
pub(crate) fn room(client: &Client, sink: &str) -> Result<Speech> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let fill = move |out: &mut [u8]| {
        let (samples, _) = out.as_chunks_mut::<4>();
        for sample in samples.iter_mut() {
            // Xorshift: white enough, and the same in every run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let uniform = (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
            *sample = (uniform * ROOM * 3f32.sqrt()).to_le_bytes();
        }
        samples.len() * 4
    };
    start(client, sink, SampleRate::SPEECH, ROOM_BLOCK, Duration::MAX, fill)
}

fn start(
    client: &Client,
    sink: &str,
    rate: SampleRate,
    block: Duration,
    length: Duration,
    mut fill: impl FnMut(&mut [u8]) -> usize + Send + 'static,
) -> Result<Speech> {
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = stopped.clone();
    let source = move |out: &mut [u8]| {
        if stop.load(Ordering::Relaxed) {
            0
        } else {
            fill(out)
        }
    };
    let spec = SampleSpec {
        format: SampleFormat::Float32Le,
        channels: 1,
        sample_rate: rate.hertz(),
    };
    let params = PlaybackStreamParams {
        sample_spec: spec,
        channel_map: ChannelMap::mono(),
        sink_name: Some(CString::new(sink)?),
        // Streams of one number start and stop together, and must share a sink.
        sync_id: GROUP.fetch_add(1, Ordering::Relaxed),
        buffer_attr: BufferAttr {
            target_length: rate.samples(AHEAD) as u32 * 4,
            minimum_request_length: rate.samples(block) as u32 * 4,
            // Starts at once, with whatever there is.
            pre_buffering: 4,
            ..BufferAttr::default()
        },
        flags: StreamFlags {
            // The device's latency is a block, whatever the server keeps.
            early_requests: true,
            no_move: true,
            ..StreamFlags::default()
        },
        cvolume: Some(ChannelVolume::norm(1)),
        ..PlaybackStreamParams::default()
    };
    let stream = block_on(client.create_playback_stream(params, source.as_playback_source()))
        .with_context(|| format!("nothing can be played on {sink}"))?;
    let ending = stream.clone();
    let drained =
        (length < Duration::MAX).then(|| std::thread::spawn(move || drop(block_on(ending.play_all()))));
    Ok(Speech {
        stopped,
        started: first_sample(&stream, rate)?,
        length,
        drained,
        stream,
    })
}

/// When the stream's first sample sounds, by the server's own account: the sample that it reads next sounds after the
/// sink's latency, counted from the moment of its answer.
fn first_sample(stream: &PlaybackStream, rate: SampleRate) -> Result<Instant> {
    let deadline = Instant::now() + START;
    loop {
        let timing = block_on(stream.timing_info()).context("the sound ended before it began")?;
        if timing.playing && timing.read_offset > 0 {
            let read = timing.read_offset as f64 / 4.0 / f64::from(rate.hertz());
            let latency = timing.sink_usec as f64 / 1e6;
            return Ok(clock::shift(clock::of_wall(timing.remote_time), latency - read));
        }
        if Instant::now() >= deadline {
            bail!("a sound did not begin within {} s", START.as_secs());
        }
        sleep(Duration::from_millis(2));
    }
}
