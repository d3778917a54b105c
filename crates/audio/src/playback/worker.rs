//! The worker behind the loudspeaker: opens, reopens and closes the device, feeds the ring, and tells what happened.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use libretto_voice::TurnId;
use libretto_voice::device::LoudspeakerEvent;
use rtrb::{Consumer, Producer, RingBuffer};

use super::mixer::{Block, Mixer, Note};
use super::reply::Feed;
use super::{Shared, State};
use crate::backend::{Alarm, Mouth, Sink, Stream};
use crate::devices::DeviceId;
use crate::echo::Reference;
use crate::watch::{Watch, backoff, should_change};

/// Blocks that wait in the ring: a third of a second, which a busy machine may be late by.
const RING: usize = 32;
/// Notes that wait for the worker.
const NOTES: usize = 64;
/// How often the ring is filled while a reply plays.
const TICK: Duration = Duration::from_millis(20);
/// How often anything is looked at while the device is open and idle.
const IDLE_TICK: Duration = Duration::from_millis(200);
/// A device that has not asked for samples for so long is dead.
const STALLED: Duration = Duration::from_secs(2);

pub(super) struct Worker {
    shared: Arc<Shared>,
    sink: Arc<dyn Sink>,
    reference: Reference,
    alarm: Alarm,
    open: Option<Open>,
    failures: u32,
    /// Not before then is it tried again.
    retry: Option<Instant>,
    /// The device that was open before, to say so when it is another one now.
    before: Option<DeviceId>,
    /// The turn whose beginning was told last.
    started: Option<TurnId>,
    /// A turn whose last sample leaves the device then.
    ending: Option<(TurnId, Instant)>,
}

struct Open {
    stream: Stream,
    /// The choice at that time.
    wanted: Option<DeviceId>,
    ring: Producer<Block>,
    notes: Consumer<Note>,
    feed: Option<Feed>,
    watch: Option<Watch>,
    /// Callbacks so far, and when there was a new one.
    calls: u64,
    called: Instant,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, sink: Arc<dyn Sink>, reference: Reference) -> Self {
        Self {
            shared,
            sink,
            reference,
            alarm: Alarm::new(),
            open: None,
            failures: 0,
            retry: None,
            before: None,
            started: None,
            ending: None,
        }
    }

    pub(super) fn run(mut self) {
        loop {
            let now = Instant::now();
            let (stop, busy, wanted, again) = {
                let mut state = self.shared.state();
                let again = std::mem::take(&mut state.again);
                (state.stop, state.reply.is_some(), self.wanted(&state, now), again)
            };
            if again {
                (self.retry, self.failures) = (None, 0);
            }
            if stop {
                return;
            }
            self.check_device(now);
            if !wanted {
                self.close();
            } else if self.open.is_none() && self.retry.is_none_or(|retry| retry <= now) {
                self.open();
            }
            self.feed();
            self.tell(now);
            match (&self.open, self.retry) {
                (Some(_), _) => std::thread::park_timeout(if busy { TICK } else { IDLE_TICK }),
                (None, Some(retry)) if wanted => {
                    std::thread::park_timeout(retry.saturating_duration_since(Instant::now()));
                }
                (None, _) if wanted => {}
                (None, _) => std::thread::park(),
            }
        }
    }

    /// Whether the device should be open.
    fn wanted(&self, state: &State, now: Instant) -> bool {
        let kept = Duration::try_from_secs_f64(state.settings.stay_open).unwrap_or(Duration::ZERO);
        state.reply.is_some()
            || self.ending.is_some()
            || state
                .used
                .is_some_and(|used| now.saturating_duration_since(used) < kept)
    }

    fn open(&mut self) {
        let wanted = self.shared.state().settings.device.clone();
        let (controls, playhead, reference) = (
            self.shared.controls.clone(),
            self.shared.playhead.clone(),
            self.reference.clone(),
        );
        let mut ours = None;
        // A host that refuses our period asks a second time; the last rings count.
        let mut make = |rate| -> Box<dyn Mouth> {
            let (ring, blocks) = RingBuffer::new(RING);
            let (noting, notes) = RingBuffer::new(NOTES);
            ours = Some((ring, notes));
            Box::new(Mixer::new(
                blocks,
                noting,
                controls.clone(),
                playhead.clone(),
                rate,
                reference.tap(rate),
            ))
        };
        // What rang before belongs to a stream that is gone.
        self.alarm.take();
        let began = Instant::now();
        let opened = self.sink.open(wanted.as_ref(), &mut make, &self.alarm);
        match opened.map(|stream| (stream, ours)) {
            Ok((_, None)) => self.fail(crate::AudioError::NoOutput),
            Ok((stream, Some((ring, notes)))) => {
                tracing::debug!(device = stream.device.name, rate = stream.rate.hertz(), took = ?began.elapsed(), "loudspeaker_open");
                self.failures = 0;
                self.retry = None;
                let device = stream.device.clone();
                self.reference.plays_on(&device.id);
                let sink = self.sink.clone();
                let watch = Watch::start(move || sink.listing());
                let calls = self.shared.controls.calls.load(Ordering::Relaxed);
                self.open = Some(Open {
                    stream,
                    wanted,
                    ring,
                    notes,
                    feed: None,
                    watch,
                    calls,
                    called: Instant::now(),
                });
                let recovered = self.shared.state().failed.take().is_some();
                let other = self
                    .before
                    .replace(device.id.clone())
                    .is_some_and(|before| before != device.id);
                if other || recovered {
                    self.shared
                        .tell(LoudspeakerEvent::Changed { device: device.name });
                }
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: crate::AudioError) {
        tracing::warn!(%error, failures = self.failures, "loudspeaker_failed");
        self.retry = Some(Instant::now() + backoff(self.failures));
        self.failures += 1;
        let error = libretto_voice::Error::from(error);
        let mut state = self.shared.state();
        // Said once, until it works again.
        let new = state.failed.replace(error.clone()).is_none();
        drop(state);
        if new {
            self.shared.tell(LoudspeakerEvent::Failed(error));
        }
    }

    fn close(&mut self) {
        self.open = None;
        self.retry = None;
        self.failures = 0;
    }

    /// Closes a stream that died, that stands still, or that runs on another device than it should.
    fn check_device(&mut self, now: Instant) {
        let Some(open) = &mut self.open else { return };
        let calls = self.shared.controls.calls.load(Ordering::Relaxed);
        if calls != open.calls {
            (open.calls, open.called) = (calls, now);
        }
        let stalled = now.saturating_duration_since(open.called) > STALLED;
        let rang = self.alarm.take();
        let wanted = self.shared.state().settings.device.clone();
        let listing = open.watch.as_ref().and_then(Watch::take);
        let id = &open.stream.device.id;
        let elsewhere = listing.is_some_and(|listing| should_change(id, wanted.as_ref(), &listing.outputs))
            || wanted != open.wanted;
        if stalled || rang.is_some() || elsewhere {
            tracing::debug!(stalled, ?rang, elsewhere, "loudspeaker_reopens");
            self.open = None;
            if stalled {
                self.retry = Some(now + backoff(self.failures));
                self.failures += 1;
            }
        }
    }

    fn feed(&mut self) {
        let Some(open) = &mut self.open else { return };
        let mut state = self.shared.state();
        let Some(reply) = &mut state.reply else {
            open.feed = None;
            return;
        };
        let heard = self
            .shared
            .playhead
            .now()
            .filter(|p| p.turn == reply.turn)
            .map_or(0, |p| p.sample);
        let fits = |feed: &Feed| feed.turn == reply.turn && feed.generation == reply.generation;
        if !open.feed.as_ref().is_some_and(fits) {
            // The first feed of a reply begins at its beginning, one for a device opened anew where the last ended.
            match Feed::new(reply, heard, open.stream.rate) {
                Ok(feed) => open.feed = Some(feed),
                Err(error) => {
                    drop(state);
                    self.open = None;
                    self.fail(error);
                    return;
                }
            }
        }
        if let Some(feed) = &mut open.feed {
            feed.fill(reply, heard, &mut open.ring);
        }
    }

    /// Passes on what the callback noted.
    fn tell(&mut self, now: Instant) {
        while let Some(note) = self.open.as_mut().and_then(|open| open.notes.pop().ok()) {
            match note {
                Note::Started { turn, audible } => {
                    if self.started.replace(turn) != Some(turn) {
                        self.shared.tell(LoudspeakerEvent::Started { turn, audible });
                    }
                }
                Note::Starved { turn } => self.shared.tell(LoudspeakerEvent::Starved { turn }),
                Note::Ended { turn, at } => self.ending = Some((turn, at)),
            }
        }
        let Some((turn, at)) = self.ending else { return };
        if at > now {
            return;
        }
        self.ending = None;
        let mut state = self.shared.state();
        if state.reply.as_ref().is_some_and(|reply| reply.turn == turn) {
            state.reply = None;
            state.cut = Some(turn);
            state.used = Some(now);
            drop(state);
            self.shared.tell(LoudspeakerEvent::Drained { turn });
        }
    }
}
