//! Hearing what a loudspeaker plays, and when.
//!
//! A recorder listens at the loudspeaker's monitor and keeps every sample. A virtual loudspeaker plays at exactly its
//! rate by the monotonic clock, so one figure tells when each sample sounded: the moment of the first. The server is
//! asked for it many times. Each answer holds how many samples it had sent when it answered, and how long the last of
//! them would take to sound (the monitor gives a block when its first sample sounds, ahead of the rest). A late answer
//! can only make the figure too late, so a low percentile of the answers is taken.

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::executor::block_on;
use libretto_voice::audio::rms;
use libretto_voice::{Audio, SampleRate};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, ChannelVolume, RecordStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{Client, RecordStream};

use crate::clock;

/// The rate of the virtual devices.
const RATE: SampleRate = SampleRate::new(48_000).unwrap();
/// Size of the recorder's fragments: also the largest block in which the loudspeaker then plays. Usual for a sound
/// card that talks.
const FRAGMENT: Duration = Duration::from_millis(10);
/// How often the server is asked for its clock.
const ASK: Duration = Duration::from_millis(20);
/// Which of the answers counts.
const PERCENTILE: usize = 10;
/// No more than this is kept.
const LONGEST: Duration = Duration::from_mins(30);

/// A recorder at a loudspeaker's monitor.
#[derive(Debug)]
pub struct Ear {
    heard: Arc<Mutex<Heard>>,
    ended: Arc<AtomicBool>,
    clock: Option<JoinHandle<()>>,
    _stream: Arc<RecordStream>,
    _client: Client,
}

#[derive(Debug, Default)]
struct Heard {
    samples: Vec<f32>,
    /// Samples that had come before a piece, and when the piece came.
    arrivals: Vec<(u64, Instant)>,
    /// What the server's answers say about the moment of the first sample.
    starts: Vec<Instant>,
}

/// What was heard, and when.
#[derive(Clone, Debug)]
pub struct Sound {
    /// The samples, 48 kHz mono.
    pub audio: Audio,
    /// When the first sample sounded.
    pub start: Instant,
    /// How far the server's answers about that moment lay apart (10th to 90th percentile).
    pub spread: Duration,
    /// Samples before each piece that came, and when it came.
    pub arrivals: Vec<(u64, Instant)>,
}

impl Ear {
    pub(crate) fn open(client: Client, monitor: &str) -> Result<Self> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let taking = heard.clone();
        let take = move |bytes: &[u8]| {
            let at = Instant::now();
            let mut heard = lock(&taking);
            let before = heard.samples.len() as u64;
            if before < RATE.samples(LONGEST) {
                heard.arrivals.push((before, at));
                heard
                    .samples
                    .extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)));
            }
        };
        let params = RecordStreamParams {
            sample_spec: SampleSpec {
                format: SampleFormat::Float32Le,
                channels: 1,
                sample_rate: RATE.hertz(),
            },
            channel_map: ChannelMap::mono(),
            source_name: Some(CString::new(monitor)?),
            buffer_attr: BufferAttr {
                fragment_size: RATE.samples(FRAGMENT) as u32 * 4,
                ..BufferAttr::default()
            },
            flags: StreamFlags {
                adjust_latency: true,
                no_move: true,
                ..StreamFlags::default()
            },
            cvolume: Some(ChannelVolume::norm(1)),
            ..RecordStreamParams::default()
        };
        let stream = block_on(client.create_record_stream(params, take))
            .with_context(|| format!("nothing can be heard at {monitor}"))?;
        block_on(stream.started())?;
        let stream = Arc::new(stream);
        let ended = Arc::new(AtomicBool::new(false));
        let clock = {
            let (heard, ended, stream) = (heard.clone(), ended.clone(), stream.clone());
            std::thread::spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    if let Some(start) = first_sample(&stream) {
                        lock(&heard).starts.push(start);
                    }
                    sleep(ASK);
                }
            })
        };
        Ok(Self {
            heard,
            ended,
            clock: Some(clock),
            _stream: stream,
            _client: client,
        })
    }

    /// Everything heard so far.
    ///
    /// # Errors
    /// Before the server has told its clock.
    pub fn sound(&self) -> Result<Sound> {
        let heard = lock(&self.heard);
        let mut starts = heard.starts.clone();
        ensure!(
            !starts.is_empty(),
            "the virtual sound card has not told its clock yet"
        );
        starts.sort_unstable();
        let at = |percent: usize| starts[(starts.len() - 1) * percent / 100];
        Ok(Sound {
            audio: Audio::new(RATE, heard.samples.clone()),
            start: at(PERCENTILE),
            spread: at(90) - at(10),
            arrivals: heard.arrivals.clone(),
        })
    }

    /// Loudness (RMS) of the last `time` that was heard.
    pub fn level(&self, time: Duration) -> f32 {
        let heard = lock(&self.heard);
        let from = heard.samples.len().saturating_sub(RATE.samples(time) as usize);
        rms(&heard.samples[from..])
    }

    /// Waits until something louder than `level` (RMS over 20 ms) sounds; false when it stays quiet for `limit`.
    pub fn wait_for_sound(&self, level: f32, limit: Duration) -> bool {
        wait(limit, || self.level(Duration::from_millis(20)) > level)
    }

    /// Waits until it has been quieter than `level` for `time`; false when that does not happen within `limit`.
    pub fn wait_for_silence(&self, level: f32, time: Duration, limit: Duration) -> bool {
        let begin = Instant::now();
        wait(limit, || begin.elapsed() >= time && self.level(time) < level)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(clock) = self.clock.take() {
            // It only asks the server; it does not panic.
            let _ = clock.join();
        }
    }
}

impl Sound {
    /// When a sample sounded.
    pub fn moment(&self, sample: u64) -> Instant {
        self.start + self.audio.rate.duration(sample)
    }

    /// Which sample sounded at a moment, the nearest there is.
    pub fn sample(&self, at: Instant) -> u64 {
        let sample = self.audio.rate.sample_at(clock::between(self.start, at));
        sample.min(self.audio.samples.len() as u64)
    }

    /// Without what sounded later.
    pub fn up_to(&self, at: Instant) -> Sound {
        Sound {
            audio: self.between(self.start, at),
            arrivals: Vec::new(),
            ..*self
        }
    }

    /// What sounded between two moments.
    pub fn between(&self, from: Instant, to: Instant) -> Audio {
        let (from, to) = (self.sample(from) as usize, self.sample(to) as usize);
        Audio::new(self.audio.rate, self.audio.samples[from..to.max(from)].to_vec())
    }

    /// The first sample at or after `from` that is louder than `level`.
    pub fn onset(&self, from: u64, level: f32) -> Option<u64> {
        let samples = self.audio.samples.get(from as usize..)?;
        samples
            .iter()
            .position(|s| s.abs() > level)
            .map(|at| from + at as u64)
    }

    /// The last sample that is louder than `level`.
    pub fn last(&self, level: f32) -> Option<u64> {
        self.audio
            .samples
            .iter()
            .rposition(|s| s.abs() > level)
            .map(|at| at as u64)
    }

    /// Pauses of at least `time` in which nothing is louder than `level`, between the first sound and the last, in
    /// samples.
    pub fn pauses(&self, level: f32, time: Duration) -> Vec<std::ops::Range<u64>> {
        let minimum = self.audio.rate.samples(time);
        let mut pauses = Vec::new();
        let mut last: Option<u64> = None;
        for (at, sample) in self.audio.samples.iter().enumerate() {
            if sample.abs() > level {
                if let Some(last) = last
                    && at as u64 - last > minimum
                {
                    pauses.push(last + 1..at as u64);
                }
                last = Some(at as u64);
            }
        }
        pauses
    }
}

fn wait(limit: Duration, done: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !done() {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(Duration::from_millis(5));
    }
    true
}

/// When the recorder's first sample sounded, by one answer of the server.
fn first_sample(stream: &RecordStream) -> Option<Instant> {
    let timing = block_on(stream.timing_info()).ok()?;
    // What is on its way to the recorder's queue counts as the source's latency.
    let sent = timing.write_offset as f64 / 4.0 / f64::from(RATE.hertz()) + timing.source_usec as f64 / 1e6;
    let ahead = timing.sink_usec as f64 / 1e6;
    Some(clock::shift(clock::of_wall(timing.remote_time), ahead - sent))
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
