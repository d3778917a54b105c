//! What the machine is told.

use std::time::Duration;

use libretto_voice::chat::FinishReason;
use libretto_voice::{Error, Kind, Mark, SampleRate, Time, Transcript, TurnId};
use serde::{Deserialize, Serialize};

use super::policy::{Mode, Policy};
use crate::key;
use crate::notice::Original;

/// One piece of work that the machine gave out. What comes back bears its number; what bears an old one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Job(pub u64);

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Time passed: [`super::Machine::deadline`] has come.
    Tick,
    /// The person did something.
    User(User),
    /// The microphone says something.
    Microphone(Microphone),
    /// A recogniser says something about the utterance that it was given with this job.
    Recogniser(Job, Recogniser),
    /// The turn detector's score; `None` when it failed.
    Verdict(Job, Option<f32>),
    /// A language model says something.
    Model(Job, Model),
    /// A voice says something.
    Voice(Job, Voice),
    /// The loudspeaker says something.
    Loudspeaker(Loudspeaker),
}

/// What the person, or the surface they use, wants.
#[derive(Clone, Debug, PartialEq)]
pub enum User {
    /// The talk key moved.
    Key(key::Input),
    /// Give up whatever is going on.
    Cancel,
    /// Be silent.
    Stop,
    /// A typed question.
    Ask(String),
    /// Something to say unasked: a timer rings.
    Announce(String),
    /// Say the last reply again, from this grapheme cluster of it on.
    Replay(usize),
    /// Say this reply again.
    Repeat {
        /// Which.
        of: Original,
        /// All of it.
        text: String,
        /// From this grapheme cluster of it on.
        from: usize,
    },
    /// Change who decides when the person speaks.
    Mode(Mode),
    /// Other rules from now on.
    Policy(Box<Policy>),
}

/// What the microphone says.
#[derive(Clone, Debug, PartialEq)]
pub enum Microphone {
    /// Real samples arrive.
    Listening,
    /// It went away; it, or another, may be there again in a moment.
    Gone,
    /// Loudness, RMS from 0 to 1.
    Level(f32),
    /// Speech began.
    SpeechStarted {
        /// It may be our own voice: see `MicrophoneEvent::SpeechStarted`.
        echo: bool,
    },
    /// Speech ended so long ago.
    SpeechEnded(Duration),
    /// It cannot be used, or has gone for good.
    Failed(Fault),
}

/// What a recogniser says.
#[derive(Clone, Debug, PartialEq)]
pub enum Recogniser {
    /// The words after the last segment so far.
    Partial(Transcript),
    /// The speaker pauses: if nothing follows, the words so far are all.
    Paused,
    /// Words that will not change any more.
    Segment(Transcript),
    /// It thinks that the person has finished.
    EndOfTurn(f32),
    /// It takes that back.
    TurnResumed,
    /// Everything has been said.
    Finished,
    /// It gave up.
    Failed(Fault),
}

/// What a model says.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// The next piece of the reply.
    Text(String),
    /// It thinks: a sign of life.
    Reasoning,
    /// The reply is over.
    Finished(FinishReason),
    /// It gave up.
    Failed(Fault),
}

/// What a voice says.
#[derive(Clone, Debug, PartialEq)]
pub enum Voice {
    /// So many samples were put into the loudspeaker's queue.
    Audio {
        /// Of this session's audio.
        rate: SampleRate,
        /// How many.
        samples: u64,
    },
    /// Marks over the session's text in samples of the session's audio.
    Marks(Vec<Mark>),
    /// Everything has been spoken.
    Finished,
    /// It gave up.
    Failed(Fault),
}

/// What the loudspeaker says.
#[derive(Clone, Debug, PartialEq)]
pub enum Loudspeaker {
    /// The first sample of a turn leaves it at this time.
    Started(TurnId, Time),
    /// A gap is heard.
    Starved(TurnId),
    /// The last sample of a turn has sounded.
    Drained(TurnId),
    /// So many samples of a turn were heard when it was cut.
    Silenced(TurnId, u64),
    /// Another device plays from now on; what it had been given may have been lost, and time certainly was.
    Changed,
    /// It cannot play.
    Failed(Fault),
}

/// A failure, as far as the machine and the user care.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What to match on.
    pub kind: Kind,
    /// What happened and what to do next.
    pub message: String,
}

impl Fault {
    /// A failure of this kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error.message())
    }
}
