//! Models that run on this machine.

use libretto_assistant::ondevice::catalogue;
use libretto_assistant::ondevice::download;
use libretto_assistant::speed::Speed;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

use super::failure::Failure;

/// What a model does in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Speech to text.
    Recogniser,
    /// Writes the reply.
    LanguageModel,
    /// Text to speech.
    Voice,
    /// Decides whether the speaker has finished.
    TurnDetector,
    /// Tells speech from other sounds.
    Vad,
    /// Finds text by its meaning.
    Embeddings,
}

impl From<catalogue::Part> for Part {
    fn from(part: catalogue::Part) -> Self {
        match part {
            catalogue::Part::Recogniser => Self::Recogniser,
            catalogue::Part::LanguageModel => Self::LanguageModel,
            catalogue::Part::Voice => Self::Voice,
            catalogue::Part::TurnDetector => Self::TurnDetector,
            catalogue::Part::Vad => Self::Vad,
            catalogue::Part::Embeddings => Self::Embeddings,
        }
    }
}

/// A model of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Stable name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What a user should know before choosing it.
    pub quality: String,
    /// What it does.
    pub part: Part,
    /// Whether Libretto comes with it.
    pub embedded: bool,
    /// BCP 47 tags; none means any language.
    pub languages: Vec<String>,
    /// SPDX identifier of its licence.
    pub licence: String,
    /// What the licence's name does not say.
    pub licence_note: Option<String>,
    /// Bytes of all its files, where they are known.
    pub bytes: Option<u64>,
    /// Bytes of memory that it wants while it works.
    pub memory: u64,
    /// Whether each file's checksum is known. Others are only downloaded when the user agrees.
    pub verified: bool,
    /// Whether it is the one in use for its part.
    pub chosen: bool,
    /// How it is.
    pub state: ModelState,
    /// How far its download is, while there is one.
    pub download: Option<ModelProgress>,
    /// How fast it was on this machine; `null` while nobody has measured it.
    pub speed: Option<ModelSpeed>,
}

/// How fast a model was on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum ModelSpeed {
    /// Recognisers and voices.
    Sound {
        /// Seconds of sound for each second of work: 1 keeps up with speech.
        times: f64,
    },
    /// Language models.
    Text {
        /// Words a second, once it has begun.
        words: f64,
        /// Seconds until the first piece of text.
        first: f64,
    },
}

impl From<Speed> for ModelSpeed {
    fn from(speed: Speed) -> Self {
        match speed {
            Speed::Sound { times } => Self::Sound { times },
            Speed::Text { words, first } => Self::Text { words, first },
        }
    }
}

/// A model that the settings count on and that is not here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct MissingModel {
    /// What it would do.
    pub part: Part,
    /// What the settings call it, or the catalogue.
    pub id: String,
    /// Its name for people; `null` for one that the catalogue does not have: the one that Libretto comes with stands in
    /// for it.
    pub name: Option<String>,
    /// Bytes of all its files, where they are known.
    pub bytes: Option<u64>,
    /// Whether each file's checksum is known. Others are only downloaded when the user agrees.
    pub verified: bool,
    /// The setting that names it, dotted; `null` where it is the one that Libretto comes with.
    pub setting: Option<String>,
    /// How far its download is, while there is one.
    pub download: Option<ModelProgress>,
}

/// How a model is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelState {
    /// All files are there.
    Present,
    /// Nothing is there.
    Missing,
    /// A download has begun, or some files are there.
    Partial {
        /// Bytes that are there.
        bytes: u64,
    },
    /// A file is not what it should be: downloading the model again replaces it.
    Corrupt {
        /// Which file.
        file: String,
    },
}

impl From<catalogue::State> for ModelState {
    fn from(state: catalogue::State) -> Self {
        match state {
            catalogue::State::Present { .. } => Self::Present,
            catalogue::State::Missing => Self::Missing,
            catalogue::State::Partial { bytes, .. } => Self::Partial { bytes },
            catalogue::State::Corrupt { file, .. } => Self::Corrupt { file },
        }
    }
}

/// What a download is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum DownloadPhase {
    /// Somebody else downloads the same.
    Waiting,
    /// Bytes are coming.
    Downloading,
    /// The user paused it.
    Paused,
    /// The source failed; it will be tried again in a moment.
    Retrying,
    /// A file is taken out of its package.
    Unpacking,
    /// A file is hashed.
    Checking,
    /// The model is there.
    Done,
}

impl From<download::Phase> for DownloadPhase {
    fn from(phase: download::Phase) -> Self {
        match phase {
            download::Phase::Waiting => Self::Waiting,
            download::Phase::Downloading => Self::Downloading,
            download::Phase::Paused => Self::Paused,
            download::Phase::Retrying => Self::Retrying,
            download::Phase::Unpacking => Self::Unpacking,
            download::Phase::Checking => Self::Checking,
            download::Phase::Done => Self::Done,
        }
    }
}

/// How far a download is; ten times a second at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type, Event)]
pub struct ModelProgress {
    /// Which model.
    pub model: String,
    /// What is being done.
    pub phase: DownloadPhase,
    /// Where it comes from, for people.
    pub source: Option<String>,
    /// Bytes that have come.
    pub bytes: u64,
    /// Bytes that must come, where they are known.
    pub total: Option<u64>,
    /// Bytes per second over the last seconds.
    pub rate: f64,
}

impl From<download::Progress> for ModelProgress {
    fn from(progress: download::Progress) -> Self {
        Self {
            model: progress.model,
            phase: progress.phase.into(),
            source: progress.source,
            bytes: progress.bytes,
            total: progress.total,
            rate: progress.rate,
        }
    }
}

/// A download is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type, Event)]
pub struct ModelEnded {
    /// Which model.
    pub model: String,
    /// Why it is not there; `null` when it is.
    pub failure: Option<Failure>,
}
