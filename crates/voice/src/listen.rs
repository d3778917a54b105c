//! Recognisers: speech to text.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::audio::{Audio, SampleRate};
use crate::error::Result;
use crate::session::Session;
use crate::transcript::Transcript;

/// What to listen for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenOptions {
    /// Rate of the audio that will be sent.
    pub rate: SampleRate,
    /// BCP 47 tag; `None` lets the recogniser decide.
    pub language: Option<String>,
    /// The recogniser's own name of a model; `None` is its default.
    pub model: Option<String>,
    /// Words that are likely: names, terms.
    pub vocabulary: Vec<String>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            rate: SampleRate::SPEECH,
            language: None,
            model: None,
            vocabulary: Vec::new(),
        }
    }
}

/// What a recogniser is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum ListenInput {
    /// The next samples of the utterance, in the options' rate.
    Audio(Audio),
    /// True: the speaker pauses, and what follows is silence until `false` comes. Only for recognisers that want it
    /// ([`SpeechToText::wants_pauses`]).
    Silence(bool),
    /// Say now what was understood so far, and then [`ListenEvent::Paused`]. Only for recognisers that want pauses.
    Hurry,
    /// The utterance is over: commit all that was said, then say [`ListenEvent::Finished`].
    Finish,
}

/// What a recogniser says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ListenEvent {
    /// Connected or loaded.
    Ready,
    /// It heard speech begin (recognisers with their own endpointing).
    SpeechStarted,
    /// The words after the last segment so far; each replaces the one before.
    Partial(Transcript),
    /// The speaker pauses, or it was asked for: if nothing follows, the words so far are all of them.
    Paused,
    /// The next words, which will not change any more.
    Segment(Transcript),
    /// It thinks that the speaker has finished, with this confidence from 0 to 1 (recognisers with their own
    /// endpointing).
    EndOfTurn(f32),
    /// It withdraws an end of turn: the speaker went on.
    TurnResumed,
    /// Answer to [`ListenInput::Finish`]: everything has been committed.
    Finished,
}

/// A running recognition of one utterance.
pub type ListenSession = Session<ListenInput, ListenEvent>;

/// A recogniser.
pub trait SpeechToText: Send + Sync {
    /// Stable name: `on-device`, `deepgram`, ….
    fn name(&self) -> &str;

    /// Gets ready before it is needed (load, connect). Returns at once; what fails here will fail again in `listen`.
    fn warm(&self) {}

    /// True when it makes use of [`ListenInput::Silence`] and [`ListenInput::Hurry`]; others are not sent them.
    fn wants_pauses(&self) -> bool {
        false
    }

    /// Begins an utterance.
    fn listen(&self, options: ListenOptions) -> ListenSession;
}

/// A model that judges from the sound whether the speaker has finished.
pub trait TurnDetector: Send + Sync {
    /// From 0 (will go on) to 1 (has finished), for the utterance so far at 16 kHz.
    fn finished(&self, utterance: Audio) -> BoxFuture<'static, Result<f32>>;
}
