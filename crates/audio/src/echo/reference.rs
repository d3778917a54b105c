//! What the loudspeaker plays, on its way from the playback callback to the microphone's worker.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use libretto_signal::Converter;
use libretto_voice::SampleRate;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::devices::DeviceId;

/// Most samples of a piece.
const PIECE: usize = 480;
/// Pieces on their way: 1.3 s.
const WAITING: usize = 128;
/// What is kept for the canceller: longer than any capture latency that a person would bear.
const KEPT: Duration = Duration::from_secs(2);
/// Pieces that follow each other within this are one stretch; beyond it there was a gap.
const SEAM: Duration = Duration::from_millis(20);

/// Readings follow each other without a seam, wherever the clocks would have them, unless they stray further than this
/// from it: clocks waver from frame to frame, devices do not, and no filter can learn an echo whose reference jumps to
/// and fro. The canceller finds the delay by itself, as long as the reference comes before the echo.
const STRAY: Duration = Duration::from_millis(50);
/// The canceller's rate.
const RATE: SampleRate = SampleRate::SPEECH;

/// Samples that the device was given.
struct Piece {
    /// When the first leaves the loudspeaker.
    audible: Instant,
    len: usize,
    samples: [f32; PIECE],
}

/// The playback callback's end: takes pieces without waiting.
pub(crate) struct Tap {
    pieces: Producer<Piece>,
    /// Frames of silence since the last sound.
    silent: u64,
}

/// After this much silence nothing is passed on: the room has died away.
const TAIL: Duration = Duration::from_millis(600);

impl Tap {
    /// Passes on what was given to the device: mono is enough, since every channel plays the same.
    pub(crate) fn give(&mut self, samples: &[f32], channels: usize, rate: SampleRate, audible: Instant) {
        let frames = samples.len() / channels;
        if samples.iter().all(|s| *s == 0.0) {
            self.silent = self.silent.saturating_add(frames as u64);
            if self.silent > rate.samples(TAIL) {
                return;
            }
        } else {
            self.silent = 0;
        }
        for (index, part) in samples.chunks(PIECE * channels).enumerate() {
            let mut piece = Piece {
                audible: audible + rate.duration((index * PIECE) as u64),
                len: part.len() / channels,
                samples: [0.0; PIECE],
            };
            for (to, frame) in piece.samples.iter_mut().zip(part.chunks_exact(channels)) {
                *to = frame[0];
            }
            // Full when nobody listens; then nobody misses it.
            let _ = self.pieces.push(piece);
        }
    }
}

/// Shared by playback and capture: what is heard of us.
#[derive(Clone, Default)]
pub struct Reference {
    inner: Arc<Mutex<Option<Line>>>,
    route: Arc<Mutex<Route>>,
}

/// Which loudspeaker plays: each has its own way to the microphone.
#[derive(Default)]
struct Route {
    device: Option<DeviceId>,
    /// Counts the changes: what the canceller asks for with each frame.
    number: u32,
}

/// The capture's end, and what has come out of it at 16 kHz.
struct Line {
    pieces: Consumer<Piece>,
    converter: Converter,
    kept: VecDeque<f32>,
    /// When the first kept sample leaves the loudspeaker.
    since: Option<Instant>,
    /// Where the last reading ended, counted from the first kept sample.
    read: Option<isize>,
    /// How often sound and readings have slipped against each other.
    slips: u32,
}

impl Reference {
    /// A tap for a stream that was opened just now at `rate`; `None` where its rate cannot be converted.
    pub(crate) fn tap(&self, rate: SampleRate) -> Option<Tap> {
        let converter = Converter::new(rate, RATE).ok()?;
        let (pieces, coming) = RingBuffer::new(WAITING);
        let line = Line {
            pieces: coming,
            converter,
            kept: VecDeque::new(),
            since: None,
            read: None,
            slips: 0,
        };
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        Some(Tap {
            pieces,
            silent: u64::MAX / 2,
        })
    }

    /// How often the device was late, or its word on its latency changed: what is heard then does not fit to what was
    /// learnt.
    pub(crate) fn slips(&self) -> u32 {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.as_ref().map_or(0, |line| line.slips)
    }

    /// From now on this device plays.
    pub(crate) fn plays_on(&self, device: &DeviceId) {
        let mut route = self.route.lock().unwrap_or_else(PoisonError::into_inner);
        if route.device.as_ref() != Some(device) {
            route.device = Some(device.clone());
            route.number += 1;
        }
    }

    /// The number of the way from loudspeaker to microphone: another one with each other loudspeaker.
    pub(crate) fn route(&self) -> u32 {
        self.route.lock().unwrap_or_else(PoisonError::into_inner).number
    }

    /// Whether `len` samples from `from` on are here: all of them, or there are no more because it is silent.
    pub(crate) fn has(&self, from: Instant, len: usize) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.as_mut().is_none_or(|line| line.has(from, len))
    }

    /// Fills `out`, at 16 kHz, with what leaves the loudspeaker from `from` on. Returns whether there was anything but
    /// silence.
    pub(crate) fn read(&self, from: Instant, out: &mut [f32]) -> bool {
        out.fill(0.0);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.as_mut().is_some_and(|line| line.read(from, out))
    }
}

impl Line {
    fn read(&mut self, from: Instant, out: &mut [f32]) -> bool {
        self.collect();
        let Some(start) = self.place(from) else {
            return false;
        };
        self.slips += u32::from(self.read.is_some_and(|next| next != start));
        self.read = Some(start + out.len().cast_signed());
        let (before, later) = (start.max(0) as usize, (-start).max(0) as usize);
        let mut any = false;
        for (to, sample) in out.iter_mut().skip(later).zip(self.kept.iter().skip(before)) {
            *to = *sample;
            any |= *sample != 0.0;
        }
        any
    }

    fn has(&mut self, from: Instant, len: usize) -> bool {
        self.collect();
        let Some(start) = self.place(from) else {
            return true;
        };
        let silent = || {
            self.kept
                .iter()
                .rev()
                .take(RATE.samples(TAIL / 2) as usize)
                .all(|s| *s == 0.0)
        };
        start + len.cast_signed() <= self.kept.len().cast_signed() || silent()
    }

    /// Where the next reading begins.
    fn place(&self, from: Instant) -> Option<isize> {
        let wanted = signed(from, self.since?);
        let near = |next: &isize| (next - wanted).abs() <= samples(STRAY);
        Some(self.read.filter(near).unwrap_or(wanted))
    }

    fn collect(&mut self) {
        let mut fresh = Vec::new();
        while let Ok(piece) = self.pieces.pop() {
            self.lay(piece.audible);
            fresh.clear();
            self.converter.push(&piece.samples[..piece.len], &mut fresh);
            self.kept.extend(&fresh);
        }
        let most = RATE.samples(KEPT) as usize;
        self.forget(self.kept.len().saturating_sub(most));
    }

    /// Sees to it that the next sample kept is the one that leaves the loudspeaker at `audible`. The converter holds
    /// back a few milliseconds, which the seam allows for.
    fn lay(&mut self, audible: Instant) {
        let Some(since) = self.since else {
            self.since = Some(audible);
            return;
        };
        let seam = samples(SEAM);
        let gap = signed(audible, since) - self.kept.len().cast_signed();
        if gap.abs() <= seam {
            return;
        }
        self.converter.reset();
        let end = self.kept.len().cast_signed() + gap;
        if (0..=samples(KEPT)).contains(&end) {
            // Either the device went on with silence, or what was laid there was never played.
            self.kept.resize(end as usize, 0.0);
            self.slips += 1;
        } else {
            self.kept.clear();
            self.since = Some(audible);
            self.read = None;
        }
    }

    fn forget(&mut self, samples: usize) {
        self.kept.drain(..samples);
        self.since = self.since.map(|since| since + RATE.duration(samples as u64));
        self.read = self.read.map(|read| read - samples.cast_signed());
    }
}

/// A time in samples.
fn samples(time: Duration) -> isize {
    (RATE.samples(time) as usize).cast_signed()
}

/// Samples from one moment to another, negative when it lies before.
fn signed(to: Instant, from: Instant) -> isize {
    let (after, before) = (
        to.saturating_duration_since(from),
        from.saturating_duration_since(to),
    );
    samples(after) - samples(before)
}
