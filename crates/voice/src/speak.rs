//! Voices: text to speech.

use serde::{Deserialize, Serialize};

use crate::alignment::Mark;
use crate::audio::Audio;
use crate::session::Session;

/// How to speak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpeakOptions {
    /// The provider's own id of a voice; `None` is its default.
    pub voice: Option<String>,
    /// The provider's own name of a model; `None` is its default.
    pub model: Option<String>,
    /// BCP 47 tag; `None` lets the voice decide.
    pub language: Option<String>,
    /// 1 is the voice's own speed.
    pub speed: f32,
    /// Manner of speaking, in words, for voices that take it.
    pub instructions: Option<String>,
}

impl Default for SpeakOptions {
    fn default() -> Self {
        Self {
            voice: None,
            model: None,
            language: None,
            speed: 1.0,
            instructions: None,
        }
    }
}

/// What a voice is sent. The *session's text* is all [`SpeakInput::Text`] put together; marks lie over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeakInput {
    /// The next phrase, with its own white space. A voice may begin to speak it at once.
    Text(String),
    /// Nothing more will come: speak what is left, then say [`SpeakEvent::Finished`].
    Finish,
}

/// What a voice says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SpeakEvent {
    /// Connected or loaded.
    Ready,
    /// The next samples. All audio of a session has one rate.
    Audio(Audio),
    /// Marks over the session's text in samples of the session's audio, both counted from the session's beginning.
    /// They may come before or after the audio that they describe. A voice that never sends any has no timings, and
    /// whoever plays it estimates them.
    Marks(Vec<Mark>),
    /// Everything has been spoken.
    Finished,
}

/// A running speech.
pub type SpeakSession = Session<SpeakInput, SpeakEvent>;

/// A voice.
pub trait TextToSpeech: Send + Sync {
    /// Stable name: `on-device`, `elevenlabs`, ….
    fn name(&self) -> &str;

    /// Gets ready before it is needed (load, connect). Returns at once.
    fn warm(&self) {}

    /// False for voices that never send [`SpeakEvent::Marks`]: whoever plays them gives each phrase a session of its
    /// own, and estimates its times from its own audio.
    fn timed(&self) -> bool {
        true
    }

    /// True when speaking costs nothing, as for a voice that runs here: it may speak on a guess, and be called off.
    fn is_local(&self) -> bool {
        false
    }

    /// Begins to speak.
    fn speak(&self, options: SpeakOptions) -> SpeakSession;
}
