//! All settings with their defaults, bounds and meaning. The doc comments here are what the user reads in
//! `settings.example.toml`, and the bounds are the ones that are held: both are taken from these lines.
//!
//! A newcomer adds a setting by adding a field with its default, and runs the tests once with `LIBRETTO_BLESS=1`.

mod devices;
mod providers;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use devices::{Loudspeaker, Microphone, Vad, VadKind, seconds};
pub use providers::{Model, Network, ON_DEVICE, OnDevice, Provider, Recogniser, Value, Voice};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// How a conversation goes.
    pub conversation: Conversation,
    /// What listens to you.
    pub microphone: Microphone,
    /// What you hear.
    pub loudspeaker: Loudspeaker,
    /// Voice activity: when speech begins and ends. All times are in seconds.
    pub vad: Vad,
    /// What turns your speech into text.
    pub recogniser: Recogniser,
    /// The language model that answers.
    pub model: Model,
    /// What answers are spoken with.
    pub voice: Voice,
    /// Models that run on this machine.
    pub on_device: OnDevice,
    /// Keys that work while another program has the focus, such as "Ctrl+Shift+Space". An empty one is off.
    pub hotkeys: Hotkeys,
    /// What is kept of conversations. Audio never is.
    pub history: History,
    /// Looks, language of the window, and when it shows.
    pub appearance: Appearance,
    /// How calls over the network are made.
    pub network: Network,
    /// One table for each provider, such as `[providers.elevenlabs]`: `base_url`, `recogniser_model`, `model`, `voice`,
    /// `voice_model`, `language`, and whatever else the provider takes. API keys do not belong here: they live in the
    /// system's keychain.
    pub providers: BTreeMap<String, Provider>,
}

impl Settings {
    /// What is set for a provider; empty when nothing is.
    pub fn provider(&self, name: &str) -> &Provider {
        static NONE: Provider = Provider(BTreeMap::new());
        self.providers.get(name).unwrap_or(&NONE)
    }

    /// The persona that is chosen, if there is one by that name.
    pub fn persona(&self) -> Option<&Persona> {
        let chosen = self.conversation.persona.as_ref()?;
        self.conversation.personas.iter().find(|p| p.name == *chosen)
    }

    /// The chosen persona's system prompt, or the conversation's own.
    pub fn system_prompt(&self) -> &str {
        self.persona()
            .and_then(|p| p.system_prompt.as_deref())
            .unwrap_or(&self.conversation.system_prompt)
    }
}

/// How turns are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Hold the key and speak, or tap it to begin and again to end.
    #[default]
    PushToTalk,
    /// Just speak.
    HandsFree,
}

/// How a conversation goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Conversation {
    /// Hold a key to speak, or just speak.
    pub mode: Mode,
    /// What the language model is told before everything else.
    #[schemars(length(max = 20_000))]
    pub system_prompt: String,
    /// Which persona answers: the name of one of `personas`. When not set: the settings as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub persona: Option<String>,
    /// Characters to choose from, each with its own prompt, voice and model.
    #[schemars(length(max = 200))]
    pub personas: Vec<Persona>,
    /// Whether speaking while it talks cuts it.
    pub barge_in: bool,
    /// Hands-free: after so much silence your turn is over, whatever it sounded like. Seconds.
    #[schemars(range(min = 0.2, max = 10.0))]
    pub max_silence: f64,
    /// Push-to-talk: the microphone stays open so long after the key goes up, for the last syllable. Seconds.
    #[schemars(range(min = 0.0, max = 3.0))]
    pub tail: f64,
    /// How many earlier exchanges the language model is shown.
    #[schemars(range(min = 0, max = 200))]
    pub memory: u32,
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            mode: Mode::PushToTalk,
            // Of those tried, the one with which the smallest model does best; larger ones need no more.
            system_prompt: "You are a helpful voice assistant. Answer in one short spoken sentence."
                .to_owned(),
            persona: None,
            personas: Vec::new(),
            barge_in: true,
            max_silence: 1.0,
            tail: 0.4,
            memory: 20,
        }
    }
}

/// A character: prompt, voice and model in one. What it leaves out is as set elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Persona {
    /// What it is called.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Its system prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20_000))]
    pub system_prompt: Option<String>,
    /// Its voice: the provider's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub voice: Option<String>,
    /// The voice's provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub voice_provider: Option<String>,
    /// Its language model: the provider's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub model: Option<String>,
    /// The language model's provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub model_provider: Option<String>,
    /// Its language, such as "de" or "zh-HK".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub language: Option<String>,
    /// How fast it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.25, max = 4.0))]
    pub speed: Option<f64>,
}

/// Keys that work while another program has the focus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hotkeys {
    /// Hold to talk, tap to toggle.
    #[schemars(length(max = 1000))]
    pub talk: String,
    /// Calls a turn off, while there is one.
    #[schemars(length(max = 1000))]
    pub cancel: String,
    /// Opens the quick-ask window.
    #[schemars(length(max = 1000))]
    pub quick_ask: String,
}

impl Default for Hotkeys {
    fn default() -> Self {
        let owned = str::to_owned;
        Self {
            talk: owned("Ctrl+Shift+Space"),
            cancel: owned("Escape"),
            quick_ask: owned("Ctrl+Shift+K"),
        }
    }
}

/// What is kept of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct History {
    /// Whether what was said and answered is kept when Libretto ends.
    pub on: bool,
    /// For how many days; 0 is for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub keep_days: u32,
    /// Whether the times of words are kept too: subtitles of old replies need them.
    pub store_alignment: bool,
}

impl Default for History {
    fn default() -> Self {
        Self {
            on: true,
            keep_days: 0,
            store_alignment: true,
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system is.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// As much contrast as there is.
    HighContrast,
}

/// Looks, language, and when the window shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Appearance {
    /// Light or dark.
    pub theme: Theme,
    /// Language of the window, such as "fr". When not set: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub language: Option<String>,
    /// Size of text; 1 is the usual one.
    #[schemars(range(min = 0.5, max = 3.0))]
    pub text_size: f64,
    /// Whether things move less.
    pub reduced_motion: bool,
    /// Whether a small strip shows what goes on while the window is not in front.
    pub overlay: bool,
    /// Whether each reply shows how long its steps took.
    pub latency: bool,
    /// Whether Libretto starts when you log in.
    pub start_at_login: bool,
    /// Whether the first steps are shown when the window opens.
    pub first_steps: bool,
}

impl Default for Appearance {
    fn default() -> Self {
        let (reduced_motion, overlay, start_at_login, first_steps) = (false, true, false, true);
        Self {
            theme: Theme::System,
            language: None,
            text_size: 1.0,
            reduced_motion,
            overlay,
            latency: false,
            start_at_login,
            first_steps,
        }
    }
}
