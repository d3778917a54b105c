//! Timers that were asked for. They are nobody's conversation: whichever runs when one rings says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::desk::Controls;
use crate::intents;

/// Timers that run. They end when it is dropped.
#[derive(Default)]
pub struct Timers(Mutex<State>);

#[derive(Default)]
struct State {
    running: Vec<(u64, Instant)>,
    next: u64,
    /// Ends all that run.
    cancel: CancellationToken,
    /// Who says that one rings.
    room: Option<Weak<dyn Controls>>,
    /// What rang while nobody was there to say it.
    missed: Vec<String>,
}

/// A ringing timer says so.
fn rings(time: Duration) -> String {
    format!("Your timer for {} is over.", intents::spoken_time(time))
}

impl Timers {
    /// From now on they ring here; what rang while nobody was there is said at once.
    pub fn ring_in(&self, room: &Arc<dyn Controls>) {
        let missed = {
            let mut state = self.lock();
            state.room = Some(Arc::downgrade(room));
            std::mem::take(&mut state.missed)
        };
        for text in missed {
            room.announce(text);
        }
    }

    /// How long each runs still, the shortest first.
    pub fn left(&self) -> Vec<Duration> {
        let now = Instant::now();
        let state = self.lock();
        let left = state
            .running
            .iter()
            .map(|(_, at)| at.saturating_duration_since(now));
        let mut left: Vec<_> = left.collect();
        left.sort_unstable();
        left
    }

    /// Starts one. Must be called inside a tokio runtime.
    pub fn set(self: &Arc<Self>, time: Duration) {
        let at = Instant::now() + time;
        let (id, cancel) = {
            let mut state = self.lock();
            let id = state.next;
            state.next += 1;
            state.running.push((id, at));
            (id, state.cancel.clone())
        };
        let timers = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep_until(at) => {
                    if let Some(timers) = timers.upgrade() {
                        timers.ring(id, rings(time));
                    }
                }
            }
        });
    }

    fn ring(&self, id: u64, text: String) {
        let room = {
            let mut state = self.lock();
            state.running.retain(|(running, _)| *running != id);
            let room = state.room.as_ref().and_then(Weak::upgrade);
            if room.is_none() {
                state.missed.push(text.clone());
            }
            room
        };
        if let Some(room) = room {
            room.announce(text);
        }
    }

    /// Ends all.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.running.clear();
        std::mem::take(&mut state.cancel).cancel();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
