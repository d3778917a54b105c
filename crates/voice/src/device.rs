//! Microphone and loudspeaker, as the conversation sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::audio::{Audio, SampleRate};
use crate::error::{Error, Result};
use crate::session::Session;
use crate::turn::TurnId;

/// What a microphone is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MicrophoneInput {
    /// Send audio from now on, the pre-roll first.
    Start,
    /// Send no more audio; the device may stay open for the next pre-roll.
    Stop,
    /// Send audio but zeros instead of what is heard.
    Mute(bool),
}

/// What a microphone says. Between [`MicrophoneInput::Start`] and [`MicrophoneInput::Stop`] it sends
/// [`MicrophoneEvent::Frame`]s without gaps.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MicrophoneEvent {
    /// The device is being opened; nothing is heard yet.
    Arming {
        /// Readable name of the device.
        device: String,
    },
    /// The device went away while it listened, and there is no other yet: nothing is heard until the next
    /// [`MicrophoneEvent::Listening`].
    Gone {
        /// Readable name of the device.
        device: String,
    },
    /// Real samples arrive: what is said from now on is heard.
    Listening {
        /// Readable name of the device.
        device: String,
    },
    /// The next samples: 16 kHz mono, 10 ms (160 samples). The pre-roll comes as many frames at once.
    Frame(Audio),
    /// Loudness of the last tenth of a second, RMS from 0 to 1.
    Level(f32),
    /// Speech began; the pre-roll reaches back before it.
    SpeechStarted {
        /// The loudspeaker sounds and is heard in this microphone: what was taken for speech may be what is left of it
        /// after echo cancellation. Never with headphones.
        echo: bool,
    },
    /// Silence for a tenth of a second in speech: a pause, or its end.
    SpeechPaused,
    /// It was a pause.
    SpeechResumed,
    /// Speech ended this long ago: the hangover that had to pass before it was sure.
    SpeechEnded {
        /// Silence that has passed since the last voiced sample.
        silence: Duration,
    },
    /// Audio is stopped ([`MicrophoneInput::Stop`] was obeyed).
    Stopped,
    /// Only zeros, or next to nothing, for a while: it is muted, or the wrong one.
    Silent {
        /// Readable name of the device.
        device: String,
    },
    /// The device went away or came back; capture goes on with this one.
    Changed {
        /// Readable name of the device.
        device: String,
    },
    /// Samples were lost between the device and us (total since it was opened).
    Dropped(u64),
}

/// An open microphone.
pub type MicrophoneSession = Session<MicrophoneInput, MicrophoneEvent>;

/// Where speech comes from.
pub trait Microphone: Send + Sync {
    /// Opens it. Audio flows after [`MicrophoneInput::Start`].
    fn open(&self) -> MicrophoneSession;
}

/// What a loudspeaker reports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoudspeakerEvent {
    /// The first sample of this turn was handed to the device; it sounds at `audible`.
    Started {
        /// Whose audio.
        turn: TurnId,
        /// When the first sample leaves the device.
        audible: Instant,
    },
    /// The queue ran dry before the turn was finished: a gap is heard.
    Starved {
        /// Whose audio.
        turn: TurnId,
    },
    /// The last sample of a finished turn has sounded.
    Drained {
        /// Whose audio.
        turn: TurnId,
    },
    /// The device went away or came back; playback goes on with this one.
    Changed {
        /// Readable name of the device.
        device: String,
    },
    /// It cannot play.
    Failed(Error),
}

/// What was heard of a turn when it was cut or asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Whose audio.
    pub turn: TurnId,
    /// How many of its samples have sounded, in the rate of the audio that was queued first.
    pub samples: u64,
}

/// Where replies are heard. One turn plays at a time; audio of a turn older than the newest is dropped.
pub trait Loudspeaker: Send + Sync {
    /// Gets ready before it is needed (opens the device). Returns at once.
    fn warm(&self) {}

    /// Queues audio of a turn. The first audio of a turn sets its rate; later audio is converted to it.
    ///
    /// # Errors
    /// `Device` when there is nothing to play on.
    fn queue(&self, turn: TurnId, audio: Audio) -> Result<()>;

    /// No more audio of this turn will come: [`LoudspeakerEvent::Drained`] may follow.
    fn finish(&self, turn: TurnId);

    /// Silences and forgets everything within one device period; says what was heard.
    fn cut(&self) -> Option<Heard>;

    /// Holds playback at the current sample, or goes on from it.
    fn pause(&self, paused: bool);

    /// Loudness for a moment, 1 being the volume that was set: 0.2 while we find out whether the user cuts in.
    fn duck(&self, gain: f32);

    /// Volume from 0 to 1.
    fn set_volume(&self, volume: f32);

    /// What sounds at this moment; cheap enough to ask for every picture.
    fn playhead(&self) -> Playhead;

    /// Events from now on. A receiver that lags loses the oldest.
    fn events(&self) -> tokio::sync::broadcast::Receiver<LoudspeakerEvent>;
}

/// The only clock that matters: which sample of which turn leaves the loudspeaker. Shared with the device callback
/// without a lock; a clone reads the same one.
#[derive(Clone, Debug)]
pub struct Playhead {
    shared: Arc<Anchor>,
    /// All times in the anchor count from here.
    epoch: Instant,
}

/// A point where samples and time meet. A sequence lock: odd while it is being written.
#[derive(Debug, Default)]
struct Anchor {
    sequence: AtomicU64,
    /// Turn id plus one; 0 is none.
    turn: AtomicU64,
    /// Samples of the turn before the anchor.
    sample: AtomicU64,
    /// Samples of the turn that the device has been given; it cannot have played more.
    given: AtomicU64,
    /// When `sample` leaves the device, in nanoseconds since the epoch.
    nanos: AtomicU64,
    /// Samples per second; 0 while it stands still.
    rate: AtomicU64,
}

/// What a playhead says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Whose audio sounds.
    pub turn: TurnId,
    /// How many samples of it have sounded.
    pub sample: u64,
    /// Samples per second at which it moves on; 0 while it stands still.
    pub rate: u32,
}

impl Default for Playhead {
    fn default() -> Self {
        Self {
            shared: Arc::default(),
            epoch: Instant::now(),
        }
    }
}

impl Playhead {
    /// Sets the anchor: `sample` of `turn` leaves the device at `at`, and from there on samples follow at `rate`
    /// (`None`: it stands still), but no further than `given`. For the device callback only: one writer, wait-free,
    /// no allocation.
    pub fn set(&self, turn: TurnId, sample: u64, given: u64, rate: Option<SampleRate>, at: Instant) {
        let anchor = &*self.shared;
        let sequence = anchor.sequence.load(Ordering::Relaxed);
        anchor.sequence.store(sequence.wrapping_add(1), Ordering::Relaxed);
        std::sync::atomic::fence(Ordering::Release);
        anchor.turn.store(turn.0 + 1, Ordering::Relaxed);
        anchor.sample.store(sample, Ordering::Relaxed);
        anchor.given.store(given, Ordering::Relaxed);
        anchor.nanos.store(
            at.saturating_duration_since(self.epoch).as_nanos() as u64,
            Ordering::Relaxed,
        );
        anchor
            .rate
            .store(rate.map_or(0, |r| u64::from(r.hertz())), Ordering::Relaxed);
        anchor.sequence.store(sequence.wrapping_add(2), Ordering::Release);
    }

    /// What sounds at `at`; `None` before the turn's first sample does.
    pub fn at(&self, at: Instant) -> Option<Position> {
        let anchor = &*self.shared;
        loop {
            let before = anchor.sequence.load(Ordering::Acquire);
            let turn = anchor.turn.load(Ordering::Relaxed);
            let sample = anchor.sample.load(Ordering::Relaxed);
            let given = anchor.given.load(Ordering::Relaxed);
            let nanos = anchor.nanos.load(Ordering::Relaxed);
            let rate = anchor.rate.load(Ordering::Relaxed);
            std::sync::atomic::fence(Ordering::Acquire);
            if before % 2 == 1 || anchor.sequence.load(Ordering::Relaxed) != before {
                std::hint::spin_loop();
                continue;
            }
            let turn = TurnId(turn.checked_sub(1)?);
            let now = at.saturating_duration_since(self.epoch).as_nanos() as u64;
            let moved = |span: u64| (u128::from(span) * u128::from(rate) / 1_000_000_000) as u64;
            let sample = if now >= nanos {
                sample.saturating_add(moved(now - nanos)).min(given.max(sample))
            } else {
                // The anchor's sample has not sounded yet: device latency.
                sample.checked_sub(moved(nanos - now))?
            };
            return Some(Position {
                turn,
                sample,
                rate: rate as u32,
            });
        }
    }

    /// What sounds now.
    pub fn now(&self) -> Option<Position> {
        self.at(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playhead_runs_from_its_anchor_and_never_past_what_was_given() {
        let playhead = Playhead::default();
        assert_eq!(playhead.now(), None);
        let at = Instant::now() + Duration::from_secs(1);
        playhead.set(TurnId(3), 1_000, 2_000, Some(SampleRate::SPEECH), at);
        let sample = |millis: u64| playhead.at(at + Duration::from_millis(millis)).unwrap().sample;
        assert_eq!(sample(0), 1_000);
        assert_eq!(sample(10), 1_160);
        assert_eq!(sample(500), 2_000);
        assert_eq!(
            playhead
                .at(at.checked_sub(Duration::from_millis(10)).unwrap())
                .unwrap()
                .sample,
            840
        );
        assert_eq!(
            playhead.at(at.checked_sub(Duration::from_millis(100)).unwrap()),
            None
        );
        playhead.set(TurnId(3), 1_500, 2_000, None, at);
        assert_eq!(sample(500), 1_500);
    }
}
