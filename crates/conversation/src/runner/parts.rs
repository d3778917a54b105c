//! What a conversation is made of.

use std::fmt;
use std::sync::Arc;

use libretto_voice::device::{Loudspeaker, Microphone};
use libretto_voice::{
    ChatRequest, LanguageModel, ListenOptions, SpeakOptions, SpeechToText, TextToSpeech, TurnDetector,
};

use crate::machine::Providers;
use crate::memory::Memory;

/// A provider and how to use it.
pub struct Choice<P: ?Sized, O> {
    /// Who.
    pub provider: Arc<P>,
    /// How.
    pub options: O,
}

impl<P: ?Sized, O: Clone> Clone for Choice<P, O> {
    fn clone(&self) -> Self {
        Self {
            provider: Arc::clone(&self.provider),
            options: self.options.clone(),
        }
    }
}

/// What a conversation is made of. Lists are in the order in which they are tried.
#[derive(Clone)]
pub struct Parts {
    /// Where speech comes from.
    pub microphone: Arc<dyn Microphone>,
    /// Where replies are heard.
    pub loudspeaker: Arc<dyn Loudspeaker>,
    /// Speech to text.
    pub recognisers: Vec<Choice<dyn SpeechToText, ListenOptions>>,
    /// Language models. A request's messages are instructions only: memory and the question are put behind them.
    pub models: Vec<Choice<dyn LanguageModel, ChatRequest>>,
    /// Text to speech; without any, replies are only read.
    pub voices: Vec<Choice<dyn TextToSpeech, SpeakOptions>>,
    /// Who judges whether the person has finished; without one, silence does.
    pub turn_detector: Option<Arc<dyn TurnDetector>>,
    /// What was said before.
    pub memory: Arc<dyn Memory>,
}

impl Parts {
    pub(super) fn providers(&self) -> Providers {
        Providers {
            recognisers: self
                .recognisers
                .iter()
                .map(|r| r.provider.name().to_owned())
                .collect(),
            models: self.models.iter().map(|m| m.provider.name().to_owned()).collect(),
            voices: self.voices.iter().map(|v| v.provider.name().to_owned()).collect(),
            turn_detector: self.turn_detector.is_some(),
            local: self.models.first().is_some_and(|m| m.provider.is_local())
                && self.voices.first().is_none_or(|v| v.provider.is_local()),
        }
    }

    /// Gets the first of each list ready, but for the model: they will be needed in a moment.
    pub(super) fn warm(&self) {
        if let Some(recogniser) = self.recognisers.first() {
            recogniser.provider.warm();
        }
        if let Some(voice) = self.voices.first() {
            voice.provider.warm();
        }
        self.loudspeaker.warm();
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.providers().fmt(f)
    }
}
