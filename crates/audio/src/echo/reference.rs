//! What the loudspeaker plays, on its way from the playback callback to the microphone's worker.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use libretto_voice::SampleRate;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::resample::Converter;

/// Most samples of a piece.
const PIECE: usize = 480;
/// Pieces on their way: 1.3 s.
const WAITING: usize = 128;
/// What is kept for the canceller: longer than any capture latency that a person would bear.
const KEPT: Duration = Duration::from_secs(2);
/// Pieces that follow each other within this are one stretch; beyond it there was a gap.
const SEAM: Duration = Duration::from_millis(20);

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
}

/// The capture's end, and what has come out of it at 16 kHz.
struct Line {
    pieces: Consumer<Piece>,
    converter: Converter,
    kept: VecDeque<f32>,
    /// When the first kept sample leaves the loudspeaker.
    since: Option<Instant>,
}

impl Reference {
    /// A tap for a stream that was opened just now at `rate`; `None` where its rate cannot be converted.
    pub(crate) fn tap(&self, rate: SampleRate) -> Option<Tap> {
        let converter = Converter::new(rate, SampleRate::SPEECH).ok()?;
        let (pieces, coming) = RingBuffer::new(WAITING);
        let line = Line {
            pieces: coming,
            converter,
            kept: VecDeque::new(),
            since: None,
        };
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        Some(Tap {
            pieces,
            silent: u64::MAX / 2,
        })
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
        let rate = SampleRate::SPEECH;
        let Some(since) = self.since else { return false };
        let before = rate.samples(from.saturating_duration_since(since)) as usize;
        let later = rate.samples(since.saturating_duration_since(from)) as usize;
        let mut any = false;
        for (to, sample) in out.iter_mut().skip(later).zip(self.kept.iter().skip(before)) {
            *to = *sample;
            any |= *sample != 0.0;
        }
        any
    }

    fn collect(&mut self) {
        let rate = SampleRate::SPEECH;
        let mut fresh = Vec::new();
        while let Ok(piece) = self.pieces.pop() {
            let end = self
                .since
                .map(|since| since + rate.duration(self.kept.len() as u64));
            // The converter holds back a few milliseconds, which the seam allows for.
            let gap = end.is_none_or(|end| {
                piece.audible.saturating_duration_since(end) > SEAM
                    || end.saturating_duration_since(piece.audible) > SEAM
            });
            if gap {
                self.converter.reset();
                self.kept.clear();
                self.since = Some(piece.audible);
            }
            fresh.clear();
            self.converter.push(&piece.samples[..piece.len], &mut fresh);
            self.kept.extend(&fresh);
        }
        let most = rate.samples(KEPT) as usize;
        if self.kept.len() > most {
            let gone = self.kept.len() - most;
            self.kept.drain(..gone);
            self.since = self.since.map(|since| since + rate.duration(gone as u64));
        }
    }
}
