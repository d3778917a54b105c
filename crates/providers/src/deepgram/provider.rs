//! Deepgram as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{SpeechToText, TextToSpeech};
use serde_json::{Map, Value};

use super::{Deepgram, Flux, Settings, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup};

#[doc = include_str!("settings.md")]
pub(crate) fn open(setup: Setup) -> Opened {
    let usual = Settings::new(setup.access());
    let transport = |name| match setup.text(name) {
        Some("socket") => Some(Transport::Socket),
        Some("http") => Some(Transport::Http),
        _ => None,
    };
    let speaking = transport("speaking");
    let settings = Settings {
        speaking: speaking.unwrap_or(usual.speaking),
        flux_speaking: speaking.unwrap_or(usual.flux_speaking),
        listening: transport("listening").unwrap_or(usual.listening),
        features: features(&setup.table),
        endpointing: match setup.table.get("endpointing") {
            Some(Value::Bool(false)) => None,
            _ => setup.number("endpointing").or(usual.endpointing),
        },
        utterance_end: setup.number("utterance_end_ms").unwrap_or(usual.utterance_end),
        finalize: setup.is_on("finalize"),
        flux: flux(&setup),
        expressivity: setup.fraction("expressivity"),
        ..usual
    };
    Ok(Arc::new(Deepgram::new(setup.network, settings)?))
}

/// What a session can be told of while it listens; of `features` that is a part, and the rest is for the next session.
const TOLD: &[&str] = &[
    "eot_threshold",
    "eager_eot_threshold",
    "eot_timeout_ms",
    "features",
];

fn flux(setup: &Setup) -> Flux {
    Flux {
        threshold: setup.fraction("eot_threshold"),
        eager: setup.fraction("eager_eot_threshold"),
        timeout_ms: setup.number("eot_timeout_ms"),
    }
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

    fn tune(&self, setup: &Setup, changed: &[&str]) -> bool {
        let told = changed.iter().all(|name| TOLD.contains(name));
        if told {
            self.0.settings.send_modify(|settings| {
                settings.flux = flux(setup);
                settings.features = features(&setup.table);
            });
        }
        told
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
