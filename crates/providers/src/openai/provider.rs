//! Everyone who speaks OpenAI's protocol, as the settings describe them.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{LanguageModel, SpeechToText, TextToSpeech};
use serde_json::Value;

use super::{
    COMPATIBLE, Eagerness, Interface, Listing, NoiseReduction, OLLAMA, OpenAi, PRESETS, Settings, Speaking,
    TurnDetection, Turning,
};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup};

/// An account at the one of them with this name.
///
#[doc = include_str!("settings.md")]
pub(crate) fn open(name: &str, setup: Setup) -> Opened {
    let named = PRESETS.iter().find(|preset| preset.entry.name == name);
    let preset = named.copied().unwrap_or(&COMPATIBLE);
    let mut access = setup.access();
    if std::ptr::eq(preset, &raw const OLLAMA) {
        access.base = access.base.map(|host| ollama(&host));
    }
    let table = |name: &str| setup.table.get(name).and_then(Value::as_object).cloned();
    let turning = Turning::default();
    let text = |name: &str| setup.text(name).map(str::to_owned);
    let settings = Settings {
        organization: text("organization"),
        project: text("project"),
        interface: match setup.text("interface") {
            Some("chat") => Some(Interface::Chat),
            Some("responses") => Some(Interface::Responses),
            Some("ollama") => Some(Interface::Ollama),
            _ => None,
        },
        context: setup.number("context"),
        realtime: setup.is_on("realtime"),
        turn_detection: turn_detection(&setup),
        noise_reduction: match setup.text("noise_reduction") {
            Some("near_field") => Some(NoiseReduction::Near),
            Some("far_field") => Some(NoiseReduction::Far),
            _ => None,
        },
        delay: text("delay"),
        turning: Turning {
            endpointing: setup.number("endpointing").unwrap_or(turning.endpointing),
            smart: setup.is_on("smart_turn"),
            smart_timeout: setup.number("smart_turn_timeout"),
            threshold: setup.fraction("vad_threshold"),
        },
        speaking: match (setup.text("transport"), setup.text("stream_format")) {
            (Some("socket"), _) => Speaking::Socket,
            (_, Some("sse")) => Speaking::Events,
            _ => Speaking::Bytes,
        },
        normalises: setup.is_on("normalise"),
        effort: text("effort"),
        fallbacks: setup.list("fallbacks"),
        routing: table("provider").unwrap_or_default(),
        extra: table("extra").unwrap_or_default(),
        ..Settings::new(preset, access)
    };
    Ok(Arc::new(OpenAi::new(setup.network, settings)?))
}

fn turn_detection(setup: &Setup) -> TurnDetection {
    match (setup.text("turn_detection"), TurnDetection::SERVER) {
        (
            Some("server_vad"),
            TurnDetection::Server {
                threshold,
                prefix_padding_ms,
                silence_duration_ms,
            },
        ) => TurnDetection::Server {
            threshold: setup.fraction("vad_threshold").unwrap_or(threshold),
            prefix_padding_ms: setup.number("prefix_padding_ms").unwrap_or(prefix_padding_ms),
            silence_duration_ms: setup.number("silence_duration_ms").unwrap_or(silence_duration_ms),
        },
        (Some("semantic_vad"), _) => TurnDetection::Semantic(match setup.text("eagerness") {
            Some("low") => Eagerness::Low,
            Some("medium") => Eagerness::Medium,
            Some("high") => Eagerness::High,
            _ => Eagerness::Auto,
        }),
        _ => TurnDetection::Off,
    }
}

/// `OLLAMA_HOST` as its own users write it: often without scheme, and without `/v1`.
fn ollama(host: &str) -> String {
    let host = if host.contains("://") {
        host.to_owned()
    } else {
        format!("http://{host}")
    };
    let host = host.trim_end_matches('/');
    let path = host.split_once("://").map_or("", |(_, rest)| rest);
    if path.contains('/') {
        host.to_owned()
    } else {
        format!("{host}/v1")
    }
}

impl Provider for OpenAi {
    fn recogniser(&self) -> Option<Arc<dyn SpeechToText>> {
        Self::recogniser(self)
    }

    fn model(&self) -> Option<Arc<dyn LanguageModel>> {
        self.preset.entry.model.map(|_| self.language_model())
    }

    fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        Self::voice(self)
    }

    fn check(&self) -> BoxFuture<'_, Result<Account, Failure>> {
        Box::pin(Self::check(self))
    }

    fn models(&self, part: Part) -> BoxFuture<'_, Result<Vec<ModelInfo>, Failure>> {
        Box::pin(async move {
            let mut models = Self::models_for(self, part).await?;
            // Most lists do not say what each is for; the names do, where there are several parts.
            let told_apart = self.preset.listing == Listing::OpenRouter && part != Part::Model;
            if self.preset.entry.recogniser.is_some() && !told_apart {
                models.retain(|model| used_for(&model.id) == Some(part));
            }
            Ok(models)
        })
    }

    fn voices(&self) -> BoxFuture<'_, Result<Vec<VoiceInfo>, Failure>> {
        Box::pin(Self::voices(self))
    }
}

/// What a model is for, by its name.
fn used_for(id: &str) -> Option<Part> {
    let has = |words: &[&str]| words.iter().any(|word| id.contains(word));
    if has(&["whisper", "transcribe"]) {
        Some(Part::Recogniser)
    } else if has(&["tts", "orpheus", "playai"]) {
        Some(Part::Voice)
    } else if has(&[
        "embed",
        "dall-e",
        "image",
        "moderation",
        "realtime",
        "voice",
        "audio",
        "sora",
        "guard",
    ]) {
        None
    } else {
        Some(Part::Model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollamas_host_is_taken_as_its_users_write_it() {
        for (host, base) in [
            ("127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
            ("http://kitchen:11434/", "http://kitchen:11434/v1"),
            ("https://kitchen/v1", "https://kitchen/v1"),
        ] {
            assert_eq!(ollama(host), base);
        }
    }

    #[test]
    fn models_are_offered_for_what_they_do() {
        assert_eq!(used_for("gpt-4o-mini-transcribe"), Some(Part::Recogniser));
        assert_eq!(used_for("gpt-4o-mini-tts"), Some(Part::Voice));
        assert_eq!(used_for("gpt-5.4-mini"), Some(Part::Model));
        assert_eq!(used_for("gpt-realtime-whisper"), Some(Part::Recogniser));
        for other in ["text-embedding-3-small", "gpt-realtime", "grok-voice-latest"] {
            assert_eq!(used_for(other), None, "{other}");
        }
    }
}
