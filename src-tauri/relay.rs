//! From the assistant to the windows: notices over the event bus, what comes many times a second over channels.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use libretto_assistant::Runtime;
use libretto_assistant::conversation::machine::Phase;
use libretto_assistant::conversation::{Conversation, Notice};
use libretto_assistant::voice::device::Position;
use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_specta::Event;

use crate::gather::{Gather, Next};
use crate::libretto::lock;
use crate::mirror::{Mirror, Told};
use crate::windows;
use crate::wire::notice::Body;
use crate::wire::pulse::Pulse;

/// Windows that want pulses.
#[derive(Default)]
pub struct Watchers(Mutex<Vec<(String, Channel<Pulse>)>>);

impl Watchers {
    /// A window wants pulses. A page that was loaded anew takes the place of the one before.
    pub fn add(&self, label: &str, channel: Channel<Pulse>) {
        let mut watchers = lock(&self.0);
        watchers.retain(|(watcher, _)| watcher != label);
        watchers.push((label.to_owned(), channel));
    }

    /// A window went away.
    pub fn remove(&self, label: &str) {
        lock(&self.0).retain(|(watcher, _)| watcher != label);
    }

    fn send(&self, pulse: Pulse) {
        lock(&self.0).retain(|(_, channel)| channel.send(pulse).is_ok());
    }
}

/// Tells the windows of everything.
#[derive(Clone)]
pub struct Relay {
    app: AppHandle,
    mirror: Arc<Mutex<Mirror>>,
    watchers: Arc<Watchers>,
    /// Its lock is held while something is told: windows count on the order.
    gather: Arc<Mutex<Gather>>,
}

impl Relay {
    /// For one session.
    pub fn new(app: AppHandle, mirror: Arc<Mutex<Mirror>>, watchers: Arc<Watchers>) -> Self {
        Self {
            app,
            mirror,
            watchers,
            gather: Arc::default(),
        }
    }

    fn tell(&self, notice: &Notice, at: Instant) {
        // A window that opens is told what follows upon what it was shown: nothing comes between.
        let mut mirror = lock(&self.mirror);
        match mirror.hear(notice, wall(at)) {
            Told::Notice(notice) => {
                if let Err(error) = notice.emit(&self.app) {
                    tracing::warn!(%error, "notice_not_told");
                }
                if matches!(&notice.body, Body::Problem(problem) if problem.next.is_none()) {
                    windows::trouble(&self.app);
                }
            }
            Told::Pulse(pulse) => self.watchers.send(pulse),
            Told::Nothing => {}
        }
    }
}

impl Runtime for Relay {
    fn emit(&self, notice: &Notice, at: Instant) {
        let mut gather = lock(&self.gather);
        match gather.give(notice, at) {
            Next::Tell(notices) => {
                for (notice, at) in notices {
                    self.tell(&notice, at);
                }
            }
            Next::Wait(until) => {
                let relay = self.clone();
                tauri::async_runtime::spawn(async move {
                    tokio::time::sleep_until(until.into()).await;
                    let mut gather = lock(&relay.gather);
                    if let Some((notice, at)) = gather.take(Instant::now()) {
                        relay.tell(&notice, at);
                    }
                });
            }
            Next::Nothing => {}
        }
    }
}

/// A moment as the pages count time: milliseconds since 1970.
pub fn wall(at: Instant) -> f64 {
    let now = Instant::now();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let moment = match at.checked_duration_since(now) {
        Some(ahead) => since + ahead,
        None => since.saturating_sub(now - at),
    };
    moment.as_secs_f64() * 1_000.0
}

/// The playhead is asked so often while a reply sounds: it may stand still or jump at any time.
const LOOK: Duration = Duration::from_millis(25);
/// An anchor that holds is told again after so long, so that a window that opens meanwhile gets one.
const REPEAT: Duration = Duration::from_millis(500);
/// The pages' own count may differ from the device's by so much: a third of a picture at 60 per second.
const TOLERANCE: Duration = Duration::from_millis(5);

/// Tells the windows where the playhead is, for as long as the conversation lives.
pub fn anchors(conversation: &Conversation, watchers: Arc<Watchers>) -> impl Future<Output = ()> + use<> {
    let (mut states, playhead) = (conversation.states(), conversation.playhead());
    async move {
        let mut told: Option<(Position, Instant)> = None;
        loop {
            let speaking = matches!(states.borrow_and_update().phase, Phase::Speaking { .. });
            if !speaking {
                told = None;
                if states.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let now = Instant::now();
            if let Some(position) = playhead.at(now)
                && told.is_none_or(|told| !holds(told, position, now))
            {
                told = Some((position, now));
                watchers.send(Pulse::Playhead {
                    turn: position.turn.0,
                    sample: position.sample,
                    rate: position.rate,
                    at: wall(now),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Whether what was told still foretells where the playhead is.
fn holds((told, at): (Position, Instant), position: Position, now: Instant) -> bool {
    let age = now.saturating_duration_since(at);
    let foretold = told.sample + (age.as_secs_f64() * f64::from(told.rate)) as u64;
    let tolerance = (TOLERANCE.as_secs_f64() * f64::from(told.rate.max(position.rate))) as u64;
    told.turn == position.turn
        && told.rate == position.rate
        && foretold.abs_diff(position.sample) <= tolerance
        && age < REPEAT
}

#[cfg(test)]
mod tests {
    use super::*;
    use libretto_assistant::voice::TurnId;

    fn position(turn: u64, sample: u64, rate: u32) -> Position {
        Position {
            turn: TurnId(turn),
            sample,
            rate,
        }
    }

    #[test]
    fn an_anchor_is_told_anew_when_it_foretells_wrongly() {
        let at = Instant::now();
        let later = at + Duration::from_millis(100);
        let told = (position(1, 1_000, 24_000), at);
        assert!(holds(told, position(1, 3_400, 24_000), later));
        assert!(holds(told, position(1, 3_500, 24_000), later), "4 ms off");
        assert!(!holds(told, position(1, 3_600, 24_000), later), "8 ms off");
        assert!(!holds(told, position(1, 3_400, 0), later), "it stands still");
        assert!(!holds(told, position(2, 3_400, 24_000), later), "another reply");
        assert!(
            !holds(told, position(1, 13_000, 24_000), at + REPEAT),
            "it is told again"
        );
    }

    #[test]
    fn moments_before_and_after_now_lie_on_the_wall_clock() {
        let now = Instant::now();
        let (before, after) = (wall(now), wall(now + Duration::from_secs(1)));
        assert!((after - before - 1_000.0).abs() < 100.0, "{before} {after}");
    }
}
