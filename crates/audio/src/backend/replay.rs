//! A microphone that hears given samples, and a loudspeaker that remembers what it played: whole turns without
//! hardware.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use libretto_voice::{Audio, SampleRate};

use super::clock::{Clock, PERIOD};
use super::{Alarm, MakeEar, MakeMouth, Sink, Source, Stream};
use crate::decode;
use crate::devices::{Device, DeviceId, Listing};
use crate::error::Result;

/// How fast samples are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As a device does.
    RealTime,
    /// As fast as they are taken; nothing is lost, because the giver waits for the taker.
    Fast,
}

/// Hears these samples from the moment it is opened, then silence.
pub struct ReplaySource {
    audio: Arc<Audio>,
    pace: Pace,
    name: String,
}

impl ReplaySource {
    /// Of samples in memory.
    pub fn new(audio: Audio, pace: Pace) -> Self {
        Self::named("A recording", audio, pace)
    }

    pub(super) fn named(name: &str, audio: Audio, pace: Pace) -> Self {
        Self {
            audio: Arc::new(audio),
            pace,
            name: name.to_owned(),
        }
    }

    fn device(&self) -> Device {
        Device::virtual_one("replay", &self.name)
    }
}

/// From the table: `replay:question.wav`, `replay:fast:question.wav`.
pub(super) fn source(argument: &str) -> Result<Arc<dyn Source>> {
    let (pace, path) = match argument.strip_prefix("fast:") {
        Some(path) => (Pace::Fast, path),
        None => (Pace::RealTime, argument),
    };
    let audio = decode::whole(path.as_ref(), SampleRate::SPEECH)?;
    Ok(Arc::new(ReplaySource::named(path, audio, pace)))
}

/// How long the fast pace rests between two blocks: a hundred times as fast as life leaves the taker room to keep up.
const FAST: std::time::Duration = std::time::Duration::from_micros(100);

impl Source for ReplaySource {
    fn open(&self, _: Option<&DeviceId>, ear: MakeEar<'_>, _: &Alarm) -> Result<Stream> {
        let rate = self.audio.rate;
        let mut ear = ear(rate);
        let audio = self.audio.clone();
        let block = rate.samples(PERIOD) as usize;
        let zeros = vec![0.0; block];
        let paced = self.pace == Pace::RealTime;
        let mut at = 0;
        let clock = Clock::start(paced, move |due| {
            if !paced {
                std::thread::sleep(FAST);
            }
            let end = (at + block).min(audio.samples.len());
            ear.hear(&audio.samples[at..end], 1, due);
            let missing = block - (end - at);
            ear.hear(&zeros[..missing], 1, due);
            at = end;
            true
        });
        Ok(Stream {
            device: self.device(),
            rate,
            _guard: Box::new(clock),
        })
    }

    fn listing(&self) -> Result<Listing> {
        Ok(Listing::of(self.device()))
    }
}

/// Everything that a [`ReplaySink`] played.
#[derive(Clone, Debug)]
pub struct Tape {
    inner: Arc<Mutex<Played>>,
    running: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Played {
    audio: Audio,
    /// When the first sample left the device.
    began: Option<Instant>,
}

/// A tape keeps ten minutes; a test that needs more has gone wrong.
const TAPE_SECONDS: u32 = 600;

impl Tape {
    /// The samples so far, and when the first one was heard.
    pub fn played(&self) -> (Audio, Option<Instant>) {
        let played = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (played.audio.clone(), played.began)
    }

    /// Starts a sink that was made [`ReplaySink::held`].
    pub fn start(&self) {
        self.running.store(true, Ordering::Release);
    }
}

/// Plays to nobody in real time, and keeps it in memory.
pub struct ReplaySink {
    tape: Tape,
    rate: SampleRate,
}

impl ReplaySink {
    /// At this rate.
    pub fn new(rate: SampleRate) -> Self {
        let played = Played {
            audio: Audio::empty(rate),
            began: None,
        };
        Self {
            tape: Tape {
                inner: Arc::new(Mutex::new(played)),
                running: Arc::new(AtomicBool::new(true)),
            },
            rate,
        }
    }

    /// It takes no sample until [`Tape::start`] is called: whoever has to queue first can take the time.
    #[must_use]
    pub fn held(self) -> Self {
        self.tape.running.store(false, Ordering::Release);
        self
    }

    /// What it plays.
    pub fn tape(&self) -> Tape {
        self.tape.clone()
    }
}

/// From the table.
#[expect(clippy::unnecessary_wraps, reason = "the form of the table")]
pub(super) fn sink(_: &str) -> Result<Arc<dyn Sink>> {
    Ok(Arc::new(ReplaySink::new(SampleRate::VOICE)))
}

impl Sink for ReplaySink {
    fn open(&self, _: Option<&DeviceId>, mouth: MakeMouth<'_>, _: &Alarm) -> Result<Stream> {
        let mut mouth = mouth(self.rate);
        let Tape { inner: tape, running } = self.tape.clone();
        let mut room = vec![0.0; self.rate.samples(PERIOD) as usize];
        let most = (TAPE_SECONDS * self.rate.hertz()) as usize;
        let clock = Clock::start(true, move |due| {
            if !running.load(Ordering::Acquire) {
                return true;
            }
            let audible = due + PERIOD;
            mouth.speak(&mut room, 1, audible);
            let mut played = tape.lock().unwrap_or_else(PoisonError::into_inner);
            played.began.get_or_insert(audible);
            if played.audio.samples.len() < most {
                played.audio.samples.extend_from_slice(&room);
            }
            true
        });
        let device = Device::virtual_one("replay", "A tape");
        Ok(Stream {
            device,
            rate: self.rate,
            _guard: Box::new(clock),
        })
    }

    fn listing(&self) -> Result<Listing> {
        Ok(Listing::of(Device::virtual_one("replay", "A tape")))
    }
}
