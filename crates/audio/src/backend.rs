//! Where sound comes from and goes to: two small traits, and a table of what implements them. A test chooses a back
//! end by name as a user chooses a device.
//!
//! A specification is a name, or a name and an argument behind a colon: `cpal`, `file:question.wav`, `null`,
//! `fault:zeros=0-1.5,vanish=2:cpal`.

pub mod clock;
pub mod cpal;
pub mod fault;
pub mod file;
pub mod null;
#[cfg(target_os = "linux")]
mod pulse;
pub mod replay;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::Thread;
use std::time::Instant;

use libretto_voice::SampleRate;

use crate::devices::{Device, DeviceId, Listing};
use crate::error::{AudioError, Result};

/// Hears what a microphone gives. Called on the device's own thread: it must not allocate, lock, log or wait.
pub trait Ear: Send {
    /// Interleaved samples of `channels` channels; the first was captured at `captured`.
    fn hear(&mut self, samples: &[f32], channels: usize, captured: Instant);
}

/// Gives a loudspeaker what it is to play. Called on the device's own thread: it must not allocate, lock, log or wait.
pub trait Mouth: Send {
    /// Fills interleaved samples of `channels` channels; the first leaves the device at `audible`.
    fn speak(&mut self, samples: &mut [f32], channels: usize, audible: Instant);
}

/// A stream that runs until it is dropped.
pub struct Stream {
    /// The device that was opened: the default one where the wanted one was not there.
    pub device: Device,
    /// Its samples per second, read anew at every opening.
    pub rate: SampleRate,
    /// What keeps it open.
    pub(crate) _guard: Box<dyn std::any::Any>,
}

impl Stream {
    /// Of a back end that stands elsewhere; it is closed when `guard` is dropped.
    pub fn new(device: Device, rate: SampleRate, guard: impl std::any::Any) -> Self {
        Self {
            device,
            rate,
            _guard: Box::new(guard),
        }
    }
}

/// Makes the receiving end once the device's rate is known.
pub type MakeEar<'a> = &'a mut dyn FnMut(SampleRate) -> Box<dyn Ear>;
/// Makes the giving end once the device's rate is known.
pub type MakeMouth<'a> = &'a mut dyn FnMut(SampleRate) -> Box<dyn Mouth>;

/// A kind of microphone.
pub trait Source: Send + Sync {
    /// Opens the wanted device, or the default one where it is `None` or not there. Failures after that ring `alarm`.
    ///
    /// # Errors
    /// When there is nothing to open, or it does not open.
    fn open(&self, wanted: Option<&DeviceId>, ear: MakeEar<'_>, alarm: &Alarm) -> Result<Stream>;

    /// What there is at this moment. May take milliseconds.
    ///
    /// # Errors
    /// When the sound system does not answer.
    fn listing(&self) -> Result<Listing>;
}

/// A kind of loudspeaker.
pub trait Sink: Send + Sync {
    /// Opens the wanted device, or the default one where it is `None` or not there. Failures after that ring `alarm`.
    ///
    /// # Errors
    /// When there is nothing to open, or it does not open.
    fn open(&self, wanted: Option<&DeviceId>, mouth: MakeMouth<'_>, alarm: &Alarm) -> Result<Stream>;

    /// What there is at this moment. May take milliseconds.
    ///
    /// # Errors
    /// When the sound system does not answer.
    fn listing(&self) -> Result<Listing>;
}

/// Tells the worker that owns a stream that something happened to it. Rung from device threads: an atomic and a wake-up.
#[derive(Clone)]
pub struct Alarm {
    state: Arc<AtomicU8>,
    worker: Thread,
}

/// What happened to a stream, what is worse last. All but the first end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// The system moved the stream to another device by itself; the format may be another one.
    Moved,
    /// The device's settings changed.
    Changed,
    /// The device went away.
    Gone,
    /// The sound system says no more than that it is dead.
    Dead,
}

impl Ring {
    const ALL: [Self; 4] = [Self::Moved, Self::Changed, Self::Gone, Self::Dead];
}

impl Alarm {
    /// For streams that the current thread owns.
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            worker: std::thread::current(),
        }
    }

    /// Says what happened; what is worse stays.
    pub fn ring(&self, what: Ring) {
        self.state.fetch_max(what as u8 + 1, Ordering::AcqRel);
        self.worker.unpark();
    }

    /// Wakes the worker without any news.
    pub fn wake(&self) {
        self.worker.unpark();
    }

    /// What happened since the last time.
    pub fn take(&self) -> Option<Ring> {
        let worst = self.state.swap(0, Ordering::AcqRel).checked_sub(1)?;
        Ring::ALL.get(usize::from(worst)).copied()
    }
}

impl Default for Alarm {
    fn default() -> Self {
        Self::new()
    }
}

/// A row of the table.
pub struct Backend {
    /// Its name in settings and on the command line.
    pub name: &'static str,
    /// What its argument means.
    pub argument: &'static str,
    source: fn(&str) -> Result<Arc<dyn Source>>,
    sink: fn(&str) -> Result<Arc<dyn Sink>>,
}

/// All back ends; the first is the default. `replay`, which holds samples in memory, is made by
/// [`replay::ReplaySource::new`] and [`replay::ReplaySink::new`].
pub const BACKENDS: &[Backend] = &[
    Backend {
        name: "cpal",
        argument: "none: the system's devices",
        source: cpal::source,
        sink: cpal::sink,
    },
    Backend {
        name: "file",
        argument: "a sound file to hear, or a wav file to write",
        source: file::source,
        sink: file::sink,
    },
    Backend {
        name: "null",
        argument: "samples per second; 48000 if none",
        source: null::source,
        sink: null::sink,
    },
    Backend {
        name: "replay",
        argument: "a sound file, heard in real time, or `fast` before it; as a sink it keeps what it plays in memory",
        source: replay::source,
        sink: replay::sink,
    },
    Backend {
        name: "fault",
        argument: "faults with commas between, a colon, and the back end that they befall",
        source: fault::source,
        sink: fault::sink,
    },
];

fn find(spec: &str) -> Result<(&'static Backend, &str)> {
    let (name, argument) = spec.split_once(':').unwrap_or((spec, ""));
    BACKENDS
        .iter()
        .find(|b| b.name == name)
        .map(|b| (b, argument))
        .ok_or_else(|| unknown(spec))
}

pub(crate) fn unknown(spec: &str) -> AudioError {
    let known = BACKENDS.iter().map(|b| b.name).collect::<Vec<_>>().join(", ");
    AudioError::Backend {
        spec: spec.to_owned(),
        known,
    }
}

/// The microphone side of a back end.
///
/// # Errors
/// `Backend` where the specification names none; what its argument leads to.
pub fn source(spec: &str) -> Result<Arc<dyn Source>> {
    let (backend, argument) = find(spec)?;
    (backend.source)(argument)
}

/// The loudspeaker side of a back end.
///
/// # Errors
/// `Backend` where the specification names none; what its argument leads to.
pub fn sink(spec: &str) -> Result<Arc<dyn Sink>> {
    let (backend, argument) = find(spec)?;
    (backend.sink)(argument)
}
