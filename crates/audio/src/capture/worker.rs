//! The worker behind a microphone's session: opens, reopens and closes the device, makes frames, and tells what it
//! hears. It has a thread of its own; while no device is open it sleeps until it is told something.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use libretto_voice::device::{MicrophoneEvent, MicrophoneInput};
use libretto_voice::session::Ends;
use libretto_voice::{Audio, SampleRate};

use super::Live;
use super::attention::{Attention, Heard};
use super::device::Open;
use super::inbox::{Inbox, Mail};
use super::outbox::Outbox;
use crate::AudioError;
use crate::backend::{Alarm, Source};
use crate::devices::DeviceId;
use crate::echo::{Canceller, Suspicion};
use crate::settings::KeepWarm;
use crate::vad::{Change, Detector, FRAME};
use crate::watch::backoff;

/// Frames kept from before a start: half a second, so that the first word survives.
const PRE_ROLL: usize = 50;
/// How often anything is looked at while listening, should no samples come.
const TICK: Duration = Duration::from_millis(50);
/// How often the pre-roll is brought up to date while nobody listens.
const WARM_TICK: Duration = Duration::from_millis(200);
/// How long opening is tried before a session that has heard nothing yet gives up.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long a device that went away may take to come back, or another one to appear, while somebody listens.
const GONE: Duration = Duration::from_secs(10);
/// Drops are told at most so often.
const DROPS: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    source: Arc<dyn Source>,
    live: Arc<Live>,
    inbox: Inbox,
    outbox: Outbox,
    alarm: Alarm,
    open: Option<Open>,
    /// Since when there should be a device and is none, and how often it was tried.
    missing: Option<Missing>,
    /// Name of the device that was open last, and its id.
    device: Option<(String, DeviceId)>,
    canceller: Canceller,
    /// A frame that waits for what we played at its time.
    held: Option<([f32; FRAME], Instant)>,
    pre_roll: VecDeque<[f32; FRAME]>,
    /// While somebody listens.
    listening: Option<Listening>,
    muted: bool,
    /// When somebody listened last.
    used: Option<Instant>,
    /// Drops that were told, and when.
    told: (u64, Instant),
    /// Drops of devices that are closed.
    dropped: u64,
}

struct Listening {
    attention: Attention,
    detector: Detector,
    suspicion: Suspicion,
}

struct Missing {
    since: Instant,
    failures: u32,
    retry: Instant,
    /// Zeros given in place of what it would have heard.
    filled: u64,
}

impl Worker {
    pub(super) fn new(
        source: Arc<dyn Source>,
        live: Arc<Live>,
        ends: Ends<MicrophoneInput, MicrophoneEvent>,
    ) -> Self {
        let canceller = Canceller::new(live.reference.clone());
        Self {
            source,
            live,
            inbox: Inbox::new(ends.input, ends.cancel),
            outbox: Outbox::new(ends.events),
            alarm: Alarm::new(),
            open: None,
            missing: None,
            device: None,
            canceller,
            held: None,
            pre_roll: VecDeque::with_capacity(PRE_ROLL),
            listening: None,
            muted: false,
            used: None,
            told: (0, Instant::now()),
            dropped: 0,
        }
    }

    pub(super) fn run(mut self) {
        loop {
            loop {
                match self.inbox.take() {
                    Mail::Message(message) => self.obey(message),
                    Mail::Nothing => break,
                    Mail::End => return,
                }
            }
            let wanted = self.wanted(Instant::now());
            if wanted {
                if let Err(error) = self.device() {
                    self.outbox.fail(error.into());
                    return;
                }
                self.hear();
            } else {
                self.close();
            }
            self.outbox.flush();
            if self.listening.is_some() || self.outbox.waits() {
                std::thread::park_timeout(TICK);
            } else if wanted {
                std::thread::park_timeout(WARM_TICK.min(self.retry_in()));
            } else {
                std::thread::park();
            }
        }
    }

    fn retry_in(&self) -> Duration {
        self.missing
            .as_ref()
            .map_or(WARM_TICK, |m| m.retry.saturating_duration_since(Instant::now()))
    }

    /// Whether the device should be open.
    fn wanted(&self, now: Instant) -> bool {
        if self.listening.is_some() {
            return true;
        }
        match self.live.input().keep_warm {
            KeepWarm::Always => true,
            KeepWarm::Seconds(seconds) => {
                let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
                self.used
                    .is_some_and(|used| now.saturating_duration_since(used) < time)
            }
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.dropped += open.dropped();
        }
        self.missing = None;
        self.held = None;
        self.pre_roll.clear();
    }

    fn obey(&mut self, message: MicrophoneInput) {
        match message {
            MicrophoneInput::Start if self.listening.is_none() => self.start(),
            MicrophoneInput::Stop => self.stop(),
            MicrophoneInput::Mute(muted) => self.muted = muted,
            MicrophoneInput::Start => {}
        }
    }

    fn start(&mut self) {
        // What has come until now belongs to the pre-roll.
        self.hear();
        let now = Instant::now();
        if self.open.as_ref().is_some_and(|open| !open.attend(now)) {
            self.close();
        }
        // Whoever speaks now does not wait for the next try.
        if let Some(missing) = &mut self.missing {
            missing.retry = now;
        }
        let began = self.open.as_ref().is_some_and(Open::began);
        let hears = began && self.pre_roll.iter().flatten().any(|s| *s != 0.0);
        let device = self.name();
        let event = if hears {
            MicrophoneEvent::Listening { device }
        } else {
            MicrophoneEvent::Arming { device }
        };
        self.outbox.send(event);
        let detector = Detector::with_models(&self.live.vad(), &self.live.models);
        self.listening = Some(Listening {
            attention: Attention::new(hears),
            detector,
            suspicion: Suspicion::default(),
        });
        for frame in std::mem::take(&mut self.pre_roll) {
            self.pass_on(&frame);
        }
    }

    fn stop(&mut self) {
        if self.listening.is_some() {
            self.hear();
        }
        self.listening = None;
        self.used = Some(Instant::now());
        if let Some(open) = &self.open {
            open.set_prompt(false);
        }
        self.outbox.send(MicrophoneEvent::Stopped);
    }

    fn name(&self) -> String {
        let chosen = || self.live.input().device.map(|id| id.0);
        self.device
            .as_ref()
            .map(|(name, _)| name.clone())
            .or_else(chosen)
            .unwrap_or_else(|| "Microphone".into())
    }

    /// Sees to it that the right device is open.
    fn device(&mut self) -> Result<(), AudioError> {
        let now = Instant::now();
        let wanted = self.live.input().device;
        if let Some(open) = &self.open
            && open.must_reopen(wanted.as_ref(), &self.alarm, now)
        {
            // What it still gave is heard first.
            self.hear();
            self.dropped += self.open.take().map_or(0, |open| open.dropped());
        }
        if self.open.is_some() {
            return Ok(());
        }
        let missing = self.missing.get_or_insert(Missing {
            since: now,
            failures: 0,
            retry: now,
            filled: 0,
        });
        if missing.retry > now {
            return Ok(());
        }
        match Open::new(&self.source, wanted, &self.alarm) {
            Ok(open) => {
                open.set_prompt(self.listening.is_some());
                let device = &open.stream.device;
                let new = (device.name.clone(), device.id.clone());
                self.open = Some(open);
                let before = self.device.replace(new.clone());
                if before.is_some_and(|(_, id)| id != new.1) {
                    self.canceller.forget();
                    if self.listening.is_some() {
                        self.outbox.send(MicrophoneEvent::Changed { device: new.0 });
                    }
                }
                self.fill();
                self.missing = None;
            }
            Err(error) => {
                tracing::debug!(%error, failures = missing.failures, "microphone_failed");
                missing.failures += 1;
                missing.retry = Instant::now() + backoff(missing.failures);
                let (first, since) = (missing.failures == 1, missing.since);
                let patience = if self.device.is_some() { GONE } else { PATIENCE };
                let Some(listening) = &mut self.listening else {
                    return Ok(());
                };
                if now.saturating_duration_since(since) > patience {
                    return Err(error);
                }
                if first && let Some((device, _)) = self.device.clone() {
                    listening.attention = Attention::new(false);
                    self.outbox.send(MicrophoneEvent::Gone { device });
                }
            }
        }
        Ok(())
    }

    /// Gives zeros for the time without a device, so that whoever listens keeps hearing time go by.
    fn fill(&mut self) {
        let Some(missing) = &mut self.missing else { return };
        // Before the first opening nothing is missing.
        if self.listening.is_none() || self.device.is_none() {
            return;
        }
        let gone = SampleRate::SPEECH.samples(missing.since.elapsed()) / FRAME as u64;
        let frames = gone.saturating_sub(missing.filled);
        missing.filled = gone;
        for _ in 0..frames {
            self.detect(&[0.0; FRAME]);
        }
    }

    /// Takes what the device has given.
    fn hear(&mut self) {
        let now = Instant::now();
        if self.open.is_none() {
            self.fill();
        }
        while let Some((mut frame, captured)) = self.next(now) {
            if self.live.echo.load(Ordering::Relaxed) {
                if !self.canceller.ready(captured, now) {
                    self.held = Some((frame, captured));
                    break;
                }
                self.canceller.clean(&mut frame, captured);
            }
            if self.listening.is_some() {
                self.pass_on(&frame);
                continue;
            }
            if self.pre_roll.len() == PRE_ROLL {
                self.pre_roll.pop_front();
            }
            self.pre_roll.push_back(frame);
        }
        let dropped = self.dropped + self.open.as_ref().map_or(0, Open::dropped) + self.outbox.lost;
        if dropped > self.told.0 && now.saturating_duration_since(self.told.1) > DROPS {
            self.told = (dropped, now);
            tracing::warn!(dropped, "capture_dropped");
            self.outbox.send(MicrophoneEvent::Dropped(dropped));
        }
    }

    fn next(&mut self, now: Instant) -> Option<([f32; FRAME], Instant)> {
        self.held
            .take()
            .or_else(|| self.open.as_mut().and_then(|open| open.frame(now)))
    }

    /// Sends a frame and what there is to say about it.
    fn pass_on(&mut self, frame: &[f32; FRAME]) {
        let Some(listening) = &mut self.listening else {
            return;
        };
        let frame = if self.muted { &[0.0; FRAME] } else { frame };
        for heard in listening.attention.push(frame).collect::<Vec<_>>() {
            let device = self.name();
            self.outbox.send(match heard {
                Heard::Listening => MicrophoneEvent::Listening { device },
                // The user knows that it is muted.
                Heard::Silent if self.muted => continue,
                Heard::Silent => MicrophoneEvent::Silent { device },
                Heard::Level(level) => MicrophoneEvent::Level(level),
            });
        }
        self.detect(frame);
    }

    /// Looks for speech in a frame and sends it.
    fn detect(&mut self, frame: &[f32; FRAME]) {
        let Some(listening) = &mut self.listening else {
            return;
        };
        let change = listening.detector.push(frame);
        self.outbox.send(MicrophoneEvent::Frame(Audio::new(
            SampleRate::SPEECH,
            frame.to_vec(),
        )));
        match listening.suspicion.push(change, &self.canceller) {
            Some(Change::Started) => {
                let echo = self.canceller.hears_us();
                self.outbox.send(MicrophoneEvent::SpeechStarted { echo });
            }
            Some(Change::Paused) => self.outbox.send(MicrophoneEvent::SpeechPaused),
            Some(Change::Resumed) => self.outbox.send(MicrophoneEvent::SpeechResumed),
            Some(Change::Ended { silence }) => self.outbox.send(MicrophoneEvent::SpeechEnded { silence }),
            None => {}
        }
    }
}
