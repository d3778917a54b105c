//! Deepgram as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{SpeechToText, TextToSpeech};

use super::{Deepgram, Settings, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup};

/// An account. Its table: `speaking` and `listening` (`socket`, `http`), `endpointing` (milliseconds).
pub(crate) fn open(setup: Setup) -> Opened {
    let usual = Settings::new(setup.key.clone());
    let transport = |name, usual| match setup.text(name) {
        Some("socket") => Transport::Socket,
        Some("http") => Transport::Http,
        _ => usual,
    };
    let endpointing = setup
        .table
        .get("endpointing")
        .and_then(serde_json::Value::as_u64)
        .and_then(|milliseconds| u32::try_from(milliseconds).ok());
    let settings = Settings {
        base: setup.base(),
        speaking: transport("speaking", usual.speaking),
        listening: transport("listening", usual.listening),
        endpointing: endpointing.unwrap_or(usual.endpointing),
        retry: setup.retry,
        limit: setup.limit.clone(),
        ..usual
    };
    Ok(Arc::new(Deepgram::new(setup.network, settings)?))
}

impl Provider for Deepgram {
    fn recogniser(&self) -> Option<Arc<dyn SpeechToText>> {
        Some(Self::recogniser(self))
    }

    fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        Some(Self::voice(self))
    }

    fn check(&self) -> BoxFuture<'_, Result<Account, Failure>> {
        Box::pin(Self::check(self))
    }

    fn models(&self, part: Part) -> BoxFuture<'_, Result<Vec<ModelInfo>, Failure>> {
        Box::pin(async move {
            match part {
                Part::Recogniser => Self::models(self).await,
                // Here a voice is a model: it is chosen as a voice.
                Part::Model | Part::Voice => Ok(Vec::new()),
            }
        })
    }

    fn voices(&self) -> BoxFuture<'_, Result<Vec<VoiceInfo>, Failure>> {
        Box::pin(Self::voices(self))
    }
}
