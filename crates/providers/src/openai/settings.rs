//! How an account of one of them is used.

use serde_json::{Map, Value};

use super::preset::{Interface, Preset};
use crate::service::Access;

/// How an account of one of them is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose dialect it is.
    pub preset: &'static Preset,
    /// Address, key, attempts, limit and patience.
    pub access: Access,
    /// Which of a person's organisations at OpenAI pays, where the key does not say it.
    pub organization: Option<String>,
    /// Which of its projects.
    pub project: Option<String>,
    /// How answers are asked for; `None` is the preset's way.
    pub interface: Option<Interface>,
    /// How much a thinking model thinks (`none`, `low`, …); `None` is the preset's choice for its own model, and the
    /// service's for any other.
    pub effort: Option<String>,
    /// How many tokens a conversation may have, where the server lets that be said (Ollama); `None` is its choice.
    pub context: Option<u32>,
    /// Whether the recogniser listens over a socket while somebody speaks, with any model. Those whose name says `live`
    /// or `realtime` always do.
    pub realtime: bool,
    /// Who decides in a realtime session that an utterance has ended.
    pub turn_detection: TurnDetection,
    /// What a realtime session takes out of the sound.
    pub noise_reduction: Option<NoiseReduction>,
    /// How long `gpt-realtime-whisper` waits for more before it writes a word: `minimal`, `low`, `medium`, `high`, `xhigh`.
    pub delay: Option<String>,
    /// When xAI's recogniser thinks that the speaker has finished.
    pub turning: Turning,
    /// How speech comes.
    pub speaking: Speaking,
    /// Whether xAI spells numbers and dates out before it speaks them.
    pub normalises: bool,
    /// Models that `OpenRouter` tries when the chosen one fails, in order.
    pub fallbacks: Vec<String>,
    /// Which of those that `OpenRouter` passes calls on to may answer, and who first: its `provider` object.
    pub routing: Map<String, Value>,
    /// Fields that every request for an answer has besides, under the service's own names.
    pub extra: Map<String, Value>,
}

impl Settings {
    /// The preset as it is, with this access.
    pub fn new(preset: &'static Preset, mut access: Access) -> Self {
        // A server on this machine loads its model at the first call, which takes tens of seconds.
        if !preset.entry.needs_key {
            access.deadlines.first *= 4;
        }
        Self {
            preset,
            access,
            organization: None,
            project: None,
            interface: None,
            effort: None,
            context: None,
            realtime: false,
            turn_detection: TurnDetection::default(),
            noise_reduction: None,
            delay: None,
            turning: Turning::default(),
            speaking: Speaking::default(),
            normalises: false,
            fallbacks: Vec::new(),
            routing: Map::new(),
            extra: Map::new(),
        }
    }
}

/// How speech comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaking {
    /// As bytes, a call for each phrase.
    #[default]
    Bytes,
    /// As events, where the voice can: OpenAI's newer ones.
    Events,
    /// Over one socket for a reply, where there is one: xAI's.
    Socket,
}

/// Who decides in a realtime session that an utterance has ended. Models that only listen live leave it to us always.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum TurnDetection {
    /// Who speaks to it.
    #[default]
    Off,
    /// It does, by silence.
    Server {
        /// How loud speech is, from 0 to 1.
        threshold: f32,
        /// Milliseconds before speech that belong to it.
        prefix_padding_ms: u32,
        /// Milliseconds of silence that end it.
        silence_duration_ms: u32,
    },
    /// It does, by what is said.
    Semantic(Eagerness),
}

impl TurnDetection {
    /// The service's own values, which its pages advise to say all the same.
    pub const SERVER: Self = Self::Server {
        threshold: 0.5,
        prefix_padding_ms: 300,
        silence_duration_ms: 500,
    };
}

/// How soon a turn is taken to have ended by what was said: the most that is waited is 8, 4 or 2 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eagerness {
    /// As the service thinks best.
    #[default]
    Auto,
    /// Late.
    Low,
    /// In between.
    Medium,
    /// Early.
    High,
}

impl Eagerness {
    /// As the service names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What a realtime session takes out of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseReduction {
    /// What a microphone near the mouth hears besides.
    Near,
    /// What one on the desk or in the room hears besides.
    Far,
}

impl NoiseReduction {
    /// As the service names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Near => "near_field",
            Self::Far => "far_field",
        }
    }
}

/// When xAI's recogniser thinks that the speaker has finished; what is known of it comes from other clients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turning {
    /// Milliseconds of silence, from 0 to 5,000.
    pub endpointing: u32,
    /// Whether what was said counts too.
    pub smart: bool,
    /// Milliseconds of silence that end a turn whatever was said, where it counts.
    pub smart_timeout: Option<u32>,
    /// How loud speech is, from 0 to 1; `None` is the service's own value.
    pub threshold: Option<f32>,
}

impl Default for Turning {
    fn default() -> Self {
        Self {
            // Its own 10 ms end turns inside words.
            endpointing: 300,
            smart: false,
            smart_timeout: None,
            threshold: None,
        }
    }
}
