//! What the app and an engine process say to each other over the process's standard input and output.
//!
//! First both sides send a [`greeting`](frame::greeting), then frames: a length of four bytes, little-endian, and
//! that many bytes of `postcard`. Every request bears an id that is unique in the life of the process; every response
//! bears the id of the request it belongs to. Both sides are of one build, so the types may change as they like:
//! [`VERSION`] catches a forgotten rebuild or a half-finished upgrade.

pub mod frame;
mod samples;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use libretto_voice::{Error, Kind, Mark, chat};
use serde::{Deserialize, Serialize};

/// Raised with every change of the types in this module.
pub const VERSION: u32 = 1;

/// What a process does. Each is started with one role, so that each can leave memory alone, and so that llama.cpp,
/// the only part that is not Rust, can die alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Recogniser, voice and turn detector.
    Speech,
    /// Language model.
    Language,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 2] = [Role::Speech, Role::Language];

    /// The word on the engine's command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Speech => "speech",
            Role::Language => "language",
        }
    }

    /// The role that a word on the command line names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A model and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// Folder of the recogniser.
    Recogniser(PathBuf),
    /// Folder of the voice.
    Voice(PathBuf),
    /// Folder of the turn detector.
    Turn(PathBuf),
    /// The language model.
    Language(LanguageFile),
}

/// A language model as llama.cpp is to load it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageFile {
    /// The GGUF file.
    pub path: PathBuf,
    /// Tokens of prompt and reply that it can hold. Memory grows with it.
    pub context: u32,
}

/// App to engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Unique in the life of the process; a session's later requests bear its first one's.
    pub id: u64,
    /// What is wanted.
    pub ask: Ask,
}

/// What the app can want.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Load this model. Answer: `Ready`.
    Warm(Model),
    /// Load the language model and read the beginning of a conversation, so that replies need not. Answer: `Ready`.
    WarmPrompt(LanguageFile, Vec<(chat::Role, String)>),
    /// Begin an utterance, recognised with the model in this folder. Answers: `Ready`, then any number of `Partial`
    /// and `Segment`; after `Finish` the rest as `Segment`, then `Done`.
    Listen(PathBuf),
    /// The utterance's next samples, 16 kHz.
    Audio(#[serde(with = "samples")] Vec<f32>),
    /// The utterance is over.
    Finish,
    /// True: the speaker of the utterance pauses, and what follows is silence until `false` comes.
    Silence(bool),
    /// Say now what was understood of the utterance so far, and then `Paused`.
    Hurry,
    /// Answer a conversation. Answers: any number of `Text`, then `Replied`.
    Reply(Chat),
    /// Speak a phrase. Answers: a `Spoken` for each sentence of it, then `Spoke`.
    Speak {
        /// Folder of the voice.
        model: PathBuf,
        /// What to speak.
        text: String,
        /// 1 is the voice's own speed.
        speed: f32,
    },
    /// Judge whether the speaker has finished. Answer: `Judged`.
    Judge {
        /// Folder of the turn detector.
        model: PathBuf,
        /// The utterance's last 8 s, 16 kHz.
        #[serde(with = "samples")]
        samples: Vec<f32>,
    },
    /// Call off the request with this id. No answer; what it had already sent may still arrive.
    Cancel,
    /// Answer: `Status`.
    Status,
    /// Abort the process. Only obeyed when it was started with `--faults`.
    Crash,
}

/// A conversation to answer, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    /// With which model.
    pub model: LanguageFile,
    /// Who said what, oldest first.
    pub messages: Vec<(chat::Role, String)>,
    /// How to choose tokens.
    pub sampling: Sampling,
}

/// How to choose tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Most tokens of a reply.
    pub max_tokens: u32,
    /// 0 takes the likeliest token every time.
    pub temperature: f32,
    /// What has been said is made this much less likely; 1 leaves it alone.
    pub repeat_penalty: f32,
    /// How many of the last tokens count as said.
    pub repeat_window: u32,
}

/// Engine to app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Which request it belongs to.
    pub id: u64,
    /// What came of it.
    pub answer: Answer,
}

/// What an engine says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// The model is loaded.
    Ready,
    /// The words after the last segment so far.
    Partial(String),
    /// Words that will not change any more.
    Segment {
        /// The words; may be none.
        text: String,
        /// Samples of the utterance that have been recognised for good.
        end: u64,
    },
    /// The speaker pauses, or it was asked for: if nothing follows, the words so far are all.
    Paused,
    /// The next piece of the reply.
    Text(String),
    /// The reply is over.
    Replied(Usage),
    /// The next samples of a phrase.
    Spoken {
        /// Samples per second.
        rate: u32,
        /// What follows the samples before.
        #[serde(with = "samples")]
        samples: Vec<f32>,
        /// Over the grapheme clusters of the phrase, in samples since its first.
        marks: Vec<Mark>,
    },
    /// The phrase has been spoken.
    Spoke {
        /// What belongs between it and the next.
        pause: Duration,
    },
    /// From 0 (will go on) to 1 (has finished).
    Judged(f32),
    /// The utterance has been recognised to its end.
    Done,
    /// How the process is.
    Status(Status),
    /// It failed; nothing more will come of this request.
    Failed(Failure),
}

impl Answer {
    /// True when nothing more will come of the request. `Listen` is answered by `Ready` first and goes on.
    pub fn is_last(&self) -> bool {
        !matches!(
            self,
            Answer::Partial(_)
                | Answer::Paused
                | Answer::Segment { .. }
                | Answer::Text(_)
                | Answer::Spoken { .. }
        )
    }
}

/// What a reply took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt: u32,
    /// Of these, the ones that were still in the cache.
    pub reused: u32,
    /// Tokens of the reply.
    pub generated: u32,
    /// True when the limit ended it, not the model.
    pub cut: bool,
}

/// How an engine process is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Resident memory in bytes, 0 where the system does not say.
    pub memory: u64,
    /// Models in memory.
    pub loaded: Vec<Model>,
}

/// An error on its way to the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What to match on.
    pub kind: Kind,
    /// The sentence for the user.
    pub message: String,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Error::new(failure.kind, failure.message).from_origin("on-device")
    }
}
