//! How an account is used.

use tokio::sync::mpsc::Sender;

use super::{Phoneme, Turns};
use crate::service::Access;

/// How speech is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The socket, with times.
    #[default]
    Socket,
    /// One HTTP call for each phrase, with times.
    Sse,
    /// One HTTP call for each phrase; times are estimated.
    Bytes,
}

/// How utterances travel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Listening {
    /// While they are spoken; they end when it is told so.
    #[default]
    Manual,
    /// While they are spoken; it decides itself when a turn ends. Words have no times.
    Turns(Turns),
    /// Whole, with `ink-whisper`.
    Recorded,
}

/// Feelings that a voice can speak with. They are hints, and for English only.
pub const EMOTIONS: &[&str] = &[
    "neutral",
    "happy",
    "excited",
    "enthusiastic",
    "elated",
    "euphoric",
    "triumphant",
    "amazed",
    "surprised",
    "flirtatious",
    "curious",
    "content",
    "peaceful",
    "serene",
    "calm",
    "grateful",
    "affectionate",
    "trust",
    "sympathetic",
    "anticipation",
    "mysterious",
    "angry",
    "mad",
    "outraged",
    "frustrated",
    "agitated",
    "threatened",
    "disgusted",
    "contempt",
    "envious",
    "sarcastic",
    "ironic",
    "sad",
    "dejected",
    "melancholic",
    "disappointed",
    "hurt",
    "guilty",
    "bored",
    "tired",
    "rejected",
    "nostalgic",
    "wistful",
    "apologetic",
    "hesitant",
    "insecure",
    "confused",
    "resigned",
    "anxious",
    "panicked",
    "alarmed",
    "scared",
    "proud",
    "confident",
    "distant",
    "skeptical",
    "contemplative",
    "determined",
];

/// How an account is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address, key, attempts, limit and patience.
    pub access: Access,
    /// How speech is fetched.
    pub transport: Transport,
    /// How utterances travel.
    pub listening: Listening,
    /// One of [`EMOTIONS`].
    pub emotion: Option<String>,
    /// How loud, from 0.5 to 2; 1 is the voice's own.
    pub volume: Option<f32>,
    /// A dictionary of the account's that says how words sound, by its id.
    pub dictionary: Option<String>,
    /// A place whose way of speaking the voice takes up (`en-GB`), instead of the language; `sonic-3.6` and newer know it.
    pub locale: Option<String>,
    /// One of a voice's accents, as the service lists them with it ([`Cartesia::named`](super::Cartesia::named)).
    pub accent: Option<String>,
    /// At each pause that is heard here, Ink is asked to commit what it has heard; for [`Listening::Manual`].
    pub finalize: bool,
    /// How loud speech must be, for `ink-whisper` only: from 0 to 1.
    pub min_volume: Option<f32>,
    /// Silence in seconds that ends an utterance, for `ink-whisper` only.
    pub max_silence: Option<f32>,
    /// How numbers and the like are read: `auto`, `off`, or as in a place (`en-GB`).
    pub normalisation: Option<String>,
    /// Where the times of the sounds of speech go, for mouths that move. They come with or before what they time; a
    /// full queue misses some.
    pub phonemes: Option<Sender<Phoneme>>,
}

impl Settings {
    /// The usual, with this access.
    pub fn new(access: Access) -> Self {
        Self {
            access,
            transport: Transport::default(),
            listening: Listening::default(),
            emotion: None,
            volume: None,
            dictionary: None,
            locale: None,
            accent: None,
            finalize: false,
            min_volume: None,
            max_silence: None,
            normalisation: None,
            phonemes: None,
        }
    }
}
