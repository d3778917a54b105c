//! OpenAI and everyone who speaks its protocol: chat completions, transcriptions and speech over HTTP.

mod account;
mod chat;
mod completion;
mod dialect;
mod preset;
mod provider;
mod speech;
mod thinking;
mod transcription;

use std::sync::Arc;

use libretto_voice::{LanguageModel, SpeechToText, TextToSpeech};

use crate::failure::{Failure, Who};
use crate::key::Key;
use crate::limit::Limit;
use crate::network::{Deadlines, Network};
use crate::retry::Retry;
use crate::service::Service;
pub use preset::{COMPATIBLE, GROQ, LLAMA_CPP, LM_STUDIO, OLLAMA, OPENAI, OPENROUTER, PRESETS, Preset, XAI};
pub(crate) use provider::open;

/// How an account of one of them is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose dialect it is.
    pub preset: &'static Preset,
    /// Another address than the preset's.
    pub base: Option<String>,
    /// The key.
    pub key: Option<Key>,
    /// How much a thinking model thinks (`none`, `low`, …); `None` is the preset's choice for its own model, and the
    /// service's for any other.
    pub effort: Option<String>,
    /// Models that `OpenRouter` tries when the chosen one fails, in order.
    pub fallbacks: Vec<String>,
    /// How failed calls are repeated.
    pub retry: Retry,
    /// How many phrases are spoken at once.
    pub limit: Limit,
    /// How long calls may take.
    pub deadlines: Deadlines,
}

impl Settings {
    /// The preset as it is, with this key.
    pub fn new(preset: &'static Preset, key: Option<Key>) -> Self {
        // A server on this machine loads its model at the first call, which takes tens of seconds.
        let mut deadlines = Deadlines::default();
        if !preset.entry.needs_key {
            deadlines.first *= 4;
        }
        Self {
            preset,
            base: None,
            key,
            effort: None,
            fallbacks: Vec::new(),
            retry: Retry::default(),
            limit: Limit::default(),
            deadlines,
        }
    }
}

/// An account at OpenAI or one of the others.
#[derive(Clone, Debug)]
pub struct OpenAi {
    service: Service,
    preset: &'static Preset,
    effort: Option<String>,
    fallbacks: Vec<String>,
}

impl OpenAi {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let preset = settings.preset;
        let who = Who::new(preset.entry.name, preset.entry.title);
        let base = settings.base.as_deref().unwrap_or(preset.entry.base);
        let mut service = Service::new(who, base, settings.key, preset.dialect, network)?;
        service.retry = settings.retry;
        service.limit = settings.limit;
        service.deadlines = settings.deadlines;
        Ok(Self {
            service,
            preset,
            effort: settings.effort,
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
        )))
    }

    /// Its voices; `None` where it has none.
    pub fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        let preset = self.preset.speech?;
        let model = self.preset.entry.voice?.model;
        Some(Arc::new(speech::Voice::new(self.service.clone(), preset, model)))
    }
}
