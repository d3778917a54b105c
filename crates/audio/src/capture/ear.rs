//! The device's side of capture: mixes to mono and puts it into a ring. No allocation, no lock, no log, no wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libretto_voice::SampleRate;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::backend::{Alarm, Ear};

/// The worker is woken when so much has come: two frames at once cost little more than one.
const WAKE: Duration = Duration::from_millis(20);
/// What the ring holds: a busy machine may be late by this.
const RING: Duration = Duration::from_secs(2);
/// Times that wait for the worker. One that finds no room is not missed, for the device's clock runs on.
const TIMES: usize = 64;

/// When a sample was captured.
pub(super) struct Time {
    /// Samples before it, those included that were lost.
    pub(super) sample: u64,
    pub(super) captured: Instant,
}

/// What the callback and the worker share beside the rings.
#[derive(Default)]
pub(super) struct Counters {
    /// Samples that found no room.
    pub(super) dropped: AtomicU64,
    /// Whether the worker wants to be woken whenever something came.
    pub(super) prompt: AtomicBool,
}

/// The callback's end.
pub(super) struct RingEar {
    samples: Producer<f32>,
    times: Producer<Time>,
    counters: Arc<Counters>,
    alarm: Alarm,
    heard: u64,
    /// Samples since the worker was woken, and how many wake it.
    waiting: u64,
    enough: u64,
}

/// The worker's end.
pub(super) struct Ring {
    pub(super) samples: Consumer<f32>,
    pub(super) times: Consumer<Time>,
}

/// Both ends of a new ring.
pub(super) fn ring(rate: SampleRate, counters: Arc<Counters>, alarm: Alarm) -> (RingEar, Ring) {
    let (to_samples, samples) = RingBuffer::new(rate.samples(RING) as usize);
    let (to_times, times) = RingBuffer::new(TIMES);
    let enough = rate.samples(WAKE);
    let ear = RingEar {
        samples: to_samples,
        times: to_times,
        counters,
        alarm,
        heard: 0,
        waiting: 0,
        enough,
    };
    (ear, Ring { samples, times })
}

impl Ear for RingEar {
    fn hear(&mut self, samples: &[f32], channels: usize, captured: Instant) {
        let channels = channels.max(1);
        let _ = self.times.push(Time {
            sample: self.heard,
            captured,
        });
        for frame in samples.chunks_exact(channels) {
            let mean = frame.iter().sum::<f32>() / channels as f32;
            if self
                .samples
                .push(if mean.is_finite() { mean } else { 0.0 })
                .is_err()
            {
                self.counters.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        let frames = (samples.len() / channels) as u64;
        self.heard += frames;
        self.waiting += frames;
        if self.waiting >= self.enough && self.counters.prompt.load(Ordering::Relaxed) {
            self.waiting = 0;
            self.alarm.wake();
        }
    }
}
