//! Everyone who speaks OpenAI's protocol, as the settings describe them.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{LanguageModel, SpeechToText, TextToSpeech};

use super::{COMPATIBLE, Interface, OLLAMA, OpenAi, PRESETS, Settings};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup};

/// An account at the one of them with this name. Its table: `effort` (how much a thinking model thinks), `fallbacks`
/// (other models of OpenRouter's), `interface` (`chat`, `responses`, `ollama`), `context` (tokens, Ollama's), `realtime`
/// (the recogniser listens over a socket), `transport` (`socket`, `http`: how xAI's voice is spoken to).
pub(crate) fn open(name: &str, setup: Setup) -> Opened {
    let named = PRESETS.iter().find(|preset| preset.entry.name == name);
    let preset = named.copied().unwrap_or(&COMPATIBLE);
    let mut access = setup.access();
    if std::ptr::eq(preset, &raw const OLLAMA) {
        access.base = access.base.map(|host| ollama(&host));
    }
    let settings = Settings {
        interface: match setup.text("interface") {
            Some("chat") => Some(Interface::Chat),
            Some("responses") => Some(Interface::Responses),
            Some("ollama") => Some(Interface::Ollama),
            _ => None,
        },
        context: setup.number("context"),
        realtime: setup.is_on("realtime"),
        speaks_by_socket: setup.text("transport") == Some("socket"),
        effort: setup.text("effort").map(str::to_owned),
        fallbacks: setup.list("fallbacks"),
        ..Settings::new(preset, access)
    };
    Ok(Arc::new(OpenAi::new(setup.network, settings)?))
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
            let mut models = Self::models(self).await?;
            // The list does not say what each is for; the names do, where there are several parts.
            if self.preset.entry.recogniser.is_some() {
                models.retain(|model| used_for(&model.id) == Some(part));
            }
            Ok(models)
        })
    }

    fn voices(&self) -> BoxFuture<'_, Result<Vec<VoiceInfo>, Failure>> {
        Box::pin(async { Ok(Self::voices(self)) })
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
        assert_eq!(used_for("text-embedding-3-small"), None);
    }
}
