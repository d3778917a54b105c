//! An open microphone: what comes out of its ring, as 10 ms frames at 16 kHz with their time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use libretto_signal::Converter;
use libretto_voice::SampleRate;

use super::ear::{Counters, Ring, ring};
use crate::backend::{Alarm, Ear, Source, Stream};
use crate::clock::DeviceClock;
use crate::devices::DeviceId;
use crate::error::{AudioError, Result};
use crate::vad::FRAME;
use crate::watch::{Watch, should_change};

/// A device that has given nothing for so long is dead.
const STALLED: Duration = Duration::from_secs(2);

/// And when somebody is about to speak, after so long: an open one is looked at every 200 ms.
const SILENT: Duration = Duration::from_millis(300);

/// Samples that are taken from the ring at once.
const MOST: usize = 4_096;

/// An open device.
pub(super) struct Open {
    pub(super) stream: Stream,
    /// The choice at that time.
    wanted: Option<DeviceId>,
    ring: Ring,
    counters: Arc<Counters>,
    converter: Converter,
    clock: DeviceClock,
    /// Samples that are no whole frame yet.
    rest: VecDeque<f32>,
    scratch: Vec<f32>,
    /// Samples at the device's rate so far, and frames given so far.
    heard: u64,
    frames: u64,
    /// When something came last.
    last: Instant,
    watch: Option<Watch>,
}

impl Open {
    /// Opens the wanted device, or the default one.
    pub(super) fn new(source: &Arc<dyn Source>, wanted: Option<DeviceId>, alarm: &Alarm) -> Result<Self> {
        let counters = Arc::new(Counters::default());
        let mut ours = None;
        // A host that refuses our period asks a second time; the last ring counts.
        let mut make = |rate| -> Box<dyn Ear> {
            let (ear, theirs) = ring(rate, counters.clone(), alarm.clone());
            ours = Some(theirs);
            Box::new(ear)
        };
        // What rang before belongs to a stream that is gone.
        alarm.take();
        let began = Instant::now();
        let stream = source.open(wanted.as_ref(), &mut make, alarm)?;
        tracing::debug!(device = stream.device.name, rate = stream.rate.hertz(), took = ?began.elapsed(), "microphone_open");
        let ring = ours.ok_or(AudioError::NoInput)?;
        let list = source.clone();
        Ok(Self {
            wanted,
            ring,
            counters,
            converter: Converter::new(stream.rate, SampleRate::SPEECH)?,
            clock: DeviceClock::new(stream.rate),
            rest: VecDeque::new(),
            scratch: Vec::new(),
            heard: 0,
            frames: 0,
            last: Instant::now(),
            watch: Watch::start(move || list.listing()),
            stream,
        })
    }

    /// Whether anything has come yet.
    pub(super) fn began(&self) -> bool {
        self.heard > 0
    }

    /// Somebody is about to speak. False when nothing comes any more: it looks as if it were open until it counts as dead.
    /// Whether it is still the right one is looked at now, and not within two seconds.
    pub(super) fn attend(&self, now: Instant) -> bool {
        if let Some(watch) = &self.watch {
            watch.look();
        }
        self.counters.prompt.store(true, Ordering::Relaxed);
        now.saturating_duration_since(self.last) < SILENT
    }

    /// Samples that were lost so far.
    pub(super) fn dropped(&self) -> u64 {
        self.counters.dropped.load(Ordering::Relaxed)
    }

    /// Whether the worker is to be woken for every piece.
    pub(super) fn set_prompt(&self, prompt: bool) {
        self.counters.prompt.store(prompt, Ordering::Relaxed);
    }

    /// The next frame and when its first sample was captured; `None` until more has come.
    pub(super) fn frame(&mut self, now: Instant) -> Option<([f32; FRAME], Instant)> {
        while self.rest.len() < FRAME {
            let count = self.ring.samples.slots().min(MOST);
            if count == 0 {
                return None;
            }
            self.last = now;
            while let Ok(time) = self.ring.times.pop() {
                self.clock.report(time.sample, time.captured);
            }
            let chunk = self.ring.samples.read_chunk(count).ok()?;
            let (first, second) = chunk.as_slices();
            self.scratch.clear();
            self.converter.push(first, &mut self.scratch);
            self.converter.push(second, &mut self.scratch);
            chunk.commit_all();
            self.heard += count as u64;
            self.rest.extend(&self.scratch);
        }
        let mut frame = [0.0; FRAME];
        for (to, sample) in frame.iter_mut().zip(self.rest.drain(..FRAME)) {
            *to = sample;
        }
        // What was lost took its time too; that it may lie behind this frame matters to nobody.
        let lost = self.counters.dropped.load(Ordering::Relaxed);
        let sample = SampleRate::SPEECH.convert(self.frames * FRAME as u64, self.stream.rate) + lost;
        self.frames += 1;
        Some((frame, self.clock.at(sample).unwrap_or(now)))
    }

    /// Whether it has died, stands still, or is another device than it should be.
    pub(super) fn must_reopen(&self, wanted: Option<&DeviceId>, alarm: &Alarm, now: Instant) -> bool {
        let rang = alarm.take();
        let stalled = now.saturating_duration_since(self.last) > STALLED;
        let listing = self.watch.as_ref().and_then(Watch::take);
        let id = &self.stream.device.id;
        let elsewhere = listing.is_some_and(|listing| should_change(id, wanted, &listing.inputs));
        let chosen = wanted != self.wanted.as_ref();
        if rang.is_some() || stalled || elsewhere || chosen {
            tracing::debug!(?rang, stalled, elsewhere, chosen, "microphone_reopens");
            return true;
        }
        false
    }
}
