//! OpenAI and everyone who speaks its protocol: chat completions, responses, transcriptions and speech over HTTP, and
//! transcriptions over a socket. Ollama's own interface stands beside its compatible one.

mod account;
mod chat;
mod completion;
mod dialect;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod ollama;
mod preset;
mod provider;
mod rate;
mod realtime;
mod request;
mod response;
mod responses;
mod speech;
mod thinking;
mod transcription;
mod xai;

use std::sync::Arc;

use libretto_voice::{LanguageModel, SpeechToText, TextToSpeech};

use crate::failure::Failure;
use crate::network::Network;
use crate::service::{Access, Service};
pub(crate) use dialect::judge;
pub use preset::{
    COMPATIBLE, GROQ, Interface, KeyTest, LLAMA_CPP, LM_STUDIO, Listing, OLLAMA, OPENAI, OPENROUTER, PRESETS,
    Preset, SoundInterface, SpeechPreset, XAI,
};
pub(crate) use provider::open;

/// How an account of one of them is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose dialect it is.
    pub preset: &'static Preset,
    /// Address, key, attempts, limit and patience.
    pub access: Access,
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
    /// Whether the voice is spoken to over a socket: xAI's has one.
    pub speaks_by_socket: bool,
    /// Models that `OpenRouter` tries when the chosen one fails, in order.
    pub fallbacks: Vec<String>,
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
            interface: None,
            effort: None,
            context: None,
            realtime: false,
            speaks_by_socket: false,
            fallbacks: Vec::new(),
        }
    }
}

/// An account at OpenAI or one of the others.
#[derive(Clone, Debug)]
pub struct OpenAi {
    service: Service,
    preset: &'static Preset,
    interface: Interface,
    effort: Option<String>,
    context: Option<u32>,
    realtime: bool,
    speaks_by_socket: bool,
    fallbacks: Vec<String>,
}

impl OpenAi {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let preset = settings.preset;
        let service = Service::new(&preset.entry, settings.access, preset.dialect, network)?;
        Ok(Self {
            service,
            preset,
            interface: settings.interface.unwrap_or(preset.interface),
            effort: settings.effort,
            context: settings.context,
            realtime: settings.realtime,
            speaks_by_socket: settings.speaks_by_socket,
            fallbacks: settings.fallbacks,
        })
    }

    /// Its language models.
    pub fn language_model(&self) -> Arc<dyn LanguageModel> {
        Arc::new(chat::Chat::new(self.clone()))
    }

    /// Its recogniser; `None` where it has none.
    pub fn recogniser(&self) -> Option<Arc<dyn SpeechToText>> {
        let ability = self.preset.entry.recogniser?;
        Some(Arc::new(transcription::Recogniser::new(
            self.service.clone(),
            ability.model,
            self.preset.sound,
            self.realtime,
        )))
    }

    /// Its voices; `None` where it has none.
    pub fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        let preset = self.preset.speech?;
        let model = self.preset.entry.voice?.model;
        Some(Arc::new(speech::Voice::new(
            self.service.clone(),
            preset,
            model,
            self.preset.sound,
            self.speaks_by_socket,
        )))
    }
}
