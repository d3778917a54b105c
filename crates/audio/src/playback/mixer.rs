//! The device's side of playback: takes blocks from a ring, applies loudness without clicks, cuts within one period,
//! and sets the playhead. Runs inside the device's callback: no allocation, no lock, no log, no wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libretto_voice::device::Playhead;
use libretto_voice::{SampleRate, TurnId};
use rtrb::{Consumer, Producer};

use super::run::Runs;
use crate::backend::Mouth;
use crate::clock::DeviceClock;
use crate::echo::Tap;

/// Most samples of a block: 10 ms at 48 kHz.
pub(crate) const BLOCK: usize = 480;
/// A change of loudness, a pause and its end take this long, so that nothing clicks.
const RAMP: Duration = Duration::from_millis(5);
/// A cut takes this long: far below a device period, and still no click.
const CUT: Duration = Duration::from_millis(2);

/// Samples of a reply at the device's rate, and which samples of the reply's own rate they are.
pub(crate) struct Block {
    /// Blocks of an older generation than the controls' have been cut.
    pub(crate) generation: u64,
    pub(crate) turn: TurnId,
    /// The reply's own rate.
    pub(crate) rate: SampleRate,
    /// Sample of the reply, in its own rate, with which this stream of blocks began.
    pub(crate) origin: u64,
    /// Samples at the device's rate from there to this block.
    pub(crate) first: u64,
    /// Nothing of the reply follows.
    pub(crate) last: bool,
    pub(crate) len: usize,
    pub(crate) samples: [f32; BLOCK],
}

/// What the device has done, told to the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The first sample since an opening or a cut leaves the device then.
    Started { turn: TurnId, audible: Instant },
    /// There was nothing to play in the middle of a reply.
    Starved { turn: TurnId },
    /// The last sample of a reply leaves the device then.
    Ended { turn: TurnId, at: Instant },
}

/// What the callback is told, without a lock.
#[derive(Debug)]
pub(crate) struct Controls {
    /// Counts replies and cuts; blocks bear the count of their reply.
    pub(crate) generation: AtomicU64,
    pub(crate) paused: AtomicBool,
    /// Volume times ducking, as the bits of an `f32`.
    level: AtomicU32,
    /// Callbacks so far: a stream that stands still has died.
    pub(crate) calls: AtomicU64,
}

impl Default for Controls {
    fn default() -> Self {
        let level = AtomicU32::new(1.0_f32.to_bits());
        Self {
            generation: AtomicU64::new(0),
            paused: AtomicBool::new(false),
            level,
            calls: AtomicU64::new(0),
        }
    }
}

impl Controls {
    pub(crate) fn set_level(&self, level: f32) {
        self.level.store(level.to_bits(), Ordering::Relaxed);
    }

    fn level(&self) -> f32 {
        f32::from_bits(self.level.load(Ordering::Relaxed))
    }
}

/// Fills the device's buffers.
pub(crate) struct Mixer {
    blocks: Consumer<Block>,
    notes: Producer<Note>,
    controls: Arc<Controls>,
    playhead: Playhead,
    rate: SampleRate,
    tap: Option<Tap>,
    clock: DeviceClock,
    /// Frames that the device has asked for.
    asked: u64,
    runs: Runs,
    current: Option<Block>,
    cursor: usize,
    /// Generation of the block that sounded last; `None` before any did.
    sounding: Option<u64>,
    /// The turn in the middle of which we are.
    playing: Option<TurnId>,
    starved: bool,
    /// Loudness at the last sample.
    level: f32,
    /// 0 while held by a pause or a cut, 1 while playing, between them on the way.
    hold: f32,
}

impl Mixer {
    pub(crate) fn new(
        blocks: Consumer<Block>,
        notes: Producer<Note>,
        controls: Arc<Controls>,
        playhead: Playhead,
        rate: SampleRate,
        tap: Option<Tap>,
    ) -> Self {
        let level = controls.level();
        Self {
            blocks,
            notes,
            controls,
            playhead,
            rate,
            tap,
            clock: DeviceClock::new(rate),
            asked: 0,
            runs: Runs::default(),
            current: None,
            cursor: 0,
            sounding: None,
            playing: None,
            starved: false,
            level,
            hold: 1.0,
        }
    }

    fn note(&mut self, note: Note) {
        // The worker reads a hundred times per second; a ring that is full belongs to a worker that is gone.
        let _ = self.notes.push(note);
    }

    fn step(&self, ramp: Duration) -> f32 {
        1.0 / (self.rate.samples(ramp) as f32).max(1.0)
    }

    /// Makes `current` the next block that is to sound, or one that is being faded out by a cut.
    fn fetch(&mut self, generation: u64) {
        while self.current.is_none() {
            let Ok(block) = self.blocks.pop() else { return };
            let fading = self.sounding == Some(block.generation) && self.hold > 0.0 && self.playing.is_some();
            if block.generation != generation && !fading {
                continue;
            }
            if self.sounding != Some(block.generation) {
                // The beginning of a reply begins softly by itself; in its middle a step would click.
                self.hold = if block.origin + block.first == 0 { 1.0 } else { 0.0 };
            }
            self.cursor = 0;
            self.current = Some(block);
        }
    }

    /// Plays as much of the current block as it can; `None` when there is nothing to play or it is paused.
    fn part(&mut self, out: &mut [f32], channels: usize, generation: u64, at: Instant) -> Option<usize> {
        self.fetch(generation);
        let paused = self.controls.paused.load(Ordering::Relaxed);
        let block = self.current.as_ref()?;
        let stale = block.generation != generation;
        if stale && self.hold <= 0.0 {
            self.current = None;
            self.playing = None;
            return Some(0);
        }
        let quiet = stale || paused;
        if quiet && self.hold <= 0.0 {
            return None;
        }
        let step = if stale {
            -self.step(CUT)
        } else {
            self.step(RAMP) * if paused { -1.0 } else { 1.0 }
        };
        let mut frames = (block.len - self.cursor).min(out.len() / channels);
        if quiet {
            frames = frames.min((self.hold / -step).ceil() as usize);
        }
        let target = self.controls.level();
        let slope = self.step(RAMP);
        let samples = &block.samples[self.cursor..self.cursor + frames];
        for (frame, sample) in out.chunks_exact_mut(channels).zip(samples) {
            self.level += (target - self.level).clamp(-slope, slope);
            self.hold = (self.hold + step).clamp(0.0, 1.0);
            frame.fill(sample * self.level * self.hold);
        }
        self.played(frames, at);
        Some(frames)
    }

    /// Accounts for `frames` of the current block, the first of which sounds at `at`.
    fn played(&mut self, frames: usize, at: Instant) {
        let Some(block) = &self.current else { return };
        let place = |frames: usize| block.origin + self.rate.convert(block.first + frames as u64, block.rate);
        let (turn, rate, last, generation) = (block.turn, block.rate, block.last, block.generation);
        let (from, to) = (place(self.cursor), place(self.cursor + frames));
        let over = self.cursor + frames == block.len;
        if frames > 0 {
            if self.sounding != Some(generation) {
                self.sounding = Some(generation);
                self.note(Note::Started { turn, audible: at });
            }
            self.playing = Some(turn);
            self.starved = false;
            self.runs.extend(turn, rate, from..to, at);
        }
        self.cursor += frames;
        if over {
            self.current = None;
            if last {
                self.playing = None;
                self.note(Note::Ended {
                    turn,
                    at: at + self.rate.duration(frames as u64),
                });
            }
        }
    }
}

impl Mouth for Mixer {
    fn speak(&mut self, samples: &mut [f32], channels: usize, audible: Instant) {
        let channels = channels.max(1);
        let frames = samples.len() / channels;
        self.controls.calls.fetch_add(1, Ordering::Relaxed);
        let generation = self.controls.generation.load(Ordering::Acquire);
        let begin = self.clock.report(self.asked, audible);
        self.asked += frames as u64;
        let mut done = 0;
        while done < frames {
            let at = begin + self.rate.duration(done as u64);
            match self.part(&mut samples[done * channels..], channels, generation, at) {
                Some(frames) => done += frames,
                None => break,
            }
        }
        samples[done * channels..].fill(0.0);
        if done < frames {
            self.runs.pause();
            if self.current.is_none()
                && let Some(turn) = self.playing
            {
                if self.sounding == Some(generation) && !self.starved {
                    self.starved = true;
                    self.note(Note::Starved { turn });
                }
                if self.sounding != Some(generation) {
                    self.playing = None;
                }
            }
        }
        if let Some(tap) = &mut self.tap {
            tap.give(samples, channels, self.rate, begin);
        }
        self.runs.publish(&self.playhead, Instant::now());
    }
}
