//! Deepgram as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{SpeechToText, TextToSpeech};
use serde_json::{Map, Value};

use super::{Deepgram, Settings, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup};

/// An account. Its table: `speaking` and `listening` (`socket`, `http`), `endpointing` (milliseconds),
/// `features` (a table of what else the recognisers are asked for).
pub(crate) fn open(setup: Setup) -> Opened {
    let usual = Settings::new(setup.access());
    let transport = |name, usual| match setup.text(name) {
        Some("socket") => Transport::Socket,
        Some("http") => Transport::Http,
        _ => usual,
    };
    let settings = Settings {
        speaking: transport("speaking", usual.speaking),
        listening: transport("listening", usual.listening),
        features: features(&setup.table),
        endpointing: setup.number("endpointing").unwrap_or(usual.endpointing),
        ..usual
    };
    Ok(Arc::new(Deepgram::new(setup.network, settings)?))
}

/// What else is asked for: `numerals = true`, `redact = ["pci", "ssn"]`, ….
fn features(table: &Map<String, Value>) -> Vec<(String, String)> {
    let features = table.get("features").and_then(Value::as_object);
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    let each = |(name, value): (&String, &Value)| {
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        let pairs = values.iter().filter_map(text);
        pairs.map(|value| (name.clone(), value)).collect::<Vec<_>>()
    };
    features.into_iter().flatten().flat_map(each).collect()
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
