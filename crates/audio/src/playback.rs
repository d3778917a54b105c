//! The loudspeaker: a queue by turn, played by our own output stream, with the playhead that everything else goes by.
//!
//! ```text
//! queue() ─► Reply (its own rate) ─► Feed (device rate, worker) ─► ring of blocks ─► Mixer (callback) ─► device
//!                                         ▲                                            │ playhead, notes
//!                                         └──────────────── worker ◄───────────────────┘
//! ```

mod mixer;
mod reply;
mod run;
mod worker;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use libretto_voice::device::{Heard, Loudspeaker, LoudspeakerEvent, Playhead};
use libretto_voice::{Audio, Error, Result, TurnId};
use tokio::sync::broadcast;

use crate::backend::Sink;
use crate::devices::DeviceId;
use crate::echo::Reference;
use crate::settings::OutputSettings;
use mixer::Controls;
use reply::Reply;

/// Events that a slow listener may be behind.
const EVENTS: usize = 256;

/// Plays replies on a [`Sink`].
pub struct Player {
    shared: Arc<Shared>,
    worker: Option<std::thread::JoinHandle<()>>,
}

/// What callers and the worker share.
struct Shared {
    state: Mutex<State>,
    controls: Arc<Controls>,
    playhead: Playhead,
    events: broadcast::Sender<LoudspeakerEvent>,
}

struct State {
    settings: OutputSettings,
    /// Loudness for a moment.
    duck: f32,
    reply: Option<Reply>,
    /// This turn and older ones have been cut; what still comes of them is dropped.
    cut: Option<TurnId>,
    /// When it was last needed: the device stays open for a while after that.
    used: Option<Instant>,
    /// Why nothing can be played.
    failed: Option<Error>,
    /// A new reply is a new try, at once.
    again: bool,
    stop: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: LoudspeakerEvent) {
        // Nobody listens: nobody misses it.
        let _ = self.events.send(event);
    }

    fn set_level(&self, state: &State) {
        self.controls
            .set_level(state.settings.volume.clamp(0.0, 1.0) * state.duck.clamp(0.0, 1.0));
    }
}

impl Player {
    /// Plays on `sink`; what it plays is told to `reference`.
    ///
    /// # Errors
    /// `Internal` when the system gives no thread.
    pub fn new(sink: Arc<dyn Sink>, settings: OutputSettings, reference: Reference) -> Result<Self> {
        let (events, _) = broadcast::channel(EVENTS);
        let state = State {
            settings,
            duck: 1.0,
            reply: None,
            cut: None,
            used: None,
            failed: None,
            again: false,
            stop: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            controls: Arc::default(),
            playhead: Playhead::default(),
            events,
        });
        shared.set_level(&shared.state());
        let theirs = shared.clone();
        let work = move || worker::Worker::new(theirs, sink, reference).run();
        let worker = std::thread::Builder::new()
            .name("sound-playback".into())
            .spawn(work)
            .map_err(|error| {
                Error::new(
                    libretto_voice::Kind::Internal,
                    "The system gave no thread for playback. Restart Libretto.",
                )
                .with_source(error)
            })?;
        Ok(Self {
            shared,
            worker: Some(worker),
        })
    }

    fn wake(&self) {
        if let Some(worker) = &self.worker {
            worker.thread().unpark();
        }
    }

    /// Chooses a device, `None` being the system's default; a reply that plays goes on there.
    pub fn choose(&self, device: Option<DeviceId>) {
        self.shared.state().settings.device = device;
        self.wake();
    }
}

impl Loudspeaker for Player {
    fn warm(&self) {
        self.shared.state().used = Some(Instant::now());
        self.wake();
    }

    fn queue(&self, turn: TurnId, audio: Audio) -> Result<()> {
        let mut state = self.shared.state();
        let state = &mut *state;
        if state.cut.is_some_and(|cut| turn <= cut) || audio.is_empty() {
            return Ok(());
        }
        match &state.reply {
            Some(reply) if turn < reply.turn => return Ok(()),
            Some(reply) if turn == reply.turn && reply.finished => return Ok(()),
            Some(reply) if turn == reply.turn => {}
            // A newer turn silences the older one, unless that has been played to its end.
            Some(reply) => state.cut = Some(reply.turn),
            None => {}
        }
        state.used = Some(Instant::now());
        if state.reply.as_ref().is_none_or(|reply| reply.turn != turn) {
            let generation = self.shared.controls.generation.fetch_add(1, Ordering::AcqRel) + 1;
            state.reply = Some(Reply::new(turn, generation, audio.rate));
            // A device may have come since; if not, it is told anew.
            state.again = state.failed.take().is_some();
        }
        let Some(reply) = &mut state.reply else {
            return Ok(());
        };
        reply.push(&audio)?;
        let failed = state.failed.clone();
        self.wake();
        failed.map_or(Ok(()), Err)
    }

    fn finish(&self, turn: TurnId) {
        let mut state = self.shared.state();
        if let Some(reply) = state.reply.as_mut().filter(|reply| reply.turn == turn) {
            reply.finish();
        } else if state.cut.is_none_or(|cut| turn > cut) && state.reply.is_none() {
            // A turn without a sound is over at once.
            self.shared.tell(LoudspeakerEvent::Drained { turn });
        }
        drop(state);
        self.wake();
    }

    fn cut(&self) -> Option<Heard> {
        let mut state = self.shared.state();
        let position = self.shared.playhead.now();
        let reply = state.reply.take()?;
        self.shared.controls.generation.fetch_add(1, Ordering::AcqRel);
        self.shared.controls.paused.store(false, Ordering::Relaxed);
        state.cut = Some(reply.turn);
        state.used = Some(Instant::now());
        drop(state);
        self.wake();
        let samples = position.filter(|p| p.turn == reply.turn).map_or(0, |p| p.sample);
        Some(Heard {
            turn: reply.turn,
            samples,
        })
    }

    fn pause(&self, paused: bool) {
        self.shared.controls.paused.store(paused, Ordering::Relaxed);
        self.shared.state().used = Some(Instant::now());
        self.wake();
    }

    fn duck(&self, gain: f32) {
        let mut state = self.shared.state();
        state.duck = if gain.is_finite() { gain } else { 1.0 };
        self.shared.set_level(&state);
    }

    fn set_volume(&self, volume: f32) {
        let mut state = self.shared.state();
        state.settings.volume = if volume.is_finite() { volume } else { 1.0 };
        self.shared.set_level(&state);
    }

    fn playhead(&self) -> Playhead {
        self.shared.playhead.clone()
    }

    fn events(&self) -> broadcast::Receiver<LoudspeakerEvent> {
        self.shared.events.subscribe()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.shared.state().stop = true;
        self.wake();
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}
