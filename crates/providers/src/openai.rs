//! OpenAI and everyone who speaks its protocol: chat completions, responses, transcriptions and speech over HTTP, and
//! transcriptions over a socket. Ollama's own interface stands beside its compatible one.

mod account;
mod calls;
mod chat;
mod completion;
mod details;
mod dialect;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod ollama;
mod preset;
mod provider;
mod realtime;
mod request;
mod response;
mod responses;
mod secret;
mod settings;
mod speech;
mod thinking;
mod transcription;
mod xai;

use std::sync::Arc;

use libretto_voice::{LanguageModel, SpeechToText, TextToSpeech};

use crate::failure::Failure;
use crate::network::Network;
use crate::service::Service;
pub(crate) use dialect::judge;
pub use preset::{
    COMPATIBLE, GROQ, Interface, KeyTest, LLAMA_CPP, LM_STUDIO, Listing, OLLAMA, OPENAI, OPENROUTER, PRESETS,
    Preset, SoundInterface, SpeechPreset, XAI,
};
pub(crate) use provider::open;
pub use secret::Secret;
pub use settings::{Eagerness, NoiseReduction, Settings, Speaking, TurnDetection, Turning};

/// An account at OpenAI or one of the others.
#[derive(Clone, Debug)]
pub struct OpenAi {
    service: Service,
    preset: &'static Preset,
    interface: Interface,
    settings: Arc<Settings>,
}

impl OpenAi {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let preset = settings.preset;
        let mut access = settings.access.clone();
        let own = preset.headers.iter();
        access
            .headers
            .extend(own.map(|(name, value)| (*name, (*value).to_owned())));
        let pays = [
            ("openai-organization", &settings.organization),
            ("openai-project", &settings.project),
        ];
        let pays = pays
            .into_iter()
            .filter_map(|(name, id)| Some((name, id.clone()?)));
        access.headers.extend(pays);
        let service = Service::new(&preset.entry, access, preset.dialect, network)?;
        Ok(Self {
            service,
            preset,
            interface: settings.interface.unwrap_or(preset.interface),
            settings: Arc::new(settings),
        })
    }

    /// Its language models.
    pub fn language_model(&self) -> Arc<dyn LanguageModel> {
        Arc::new(chat::Chat::new(self.clone()))
    }

    /// Its recogniser; `None` where it has none.
    pub fn recogniser(&self) -> Option<Arc<dyn SpeechToText>> {
        self.preset.entry.recogniser?;
        Some(Arc::new(transcription::Recogniser(self.clone())))
    }

    /// Its voices; `None` where it has none.
    pub fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        let preset = self.preset.speech?;
        Some(Arc::new(speech::Voice::new(self.clone(), preset)))
    }
}
