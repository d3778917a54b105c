//! All ways to all providers in each of their roles: what the settings say of them, and what comes out of that.

use std::sync::Arc;

use anyhow::{Context, Result};
use libretto_assistant::conversation::Choice;
use libretto_assistant::providers::{Key, Limit, Network, Provider, Retry, Setup, catalogue, provider};
use libretto_assistant::store::Settings;
use libretto_assistant::store::settings::Value;
use libretto_assistant::translate;
use libretto_assistant::voice::{
    ChatRequest, LanguageModel, ListenOptions, SpeakOptions, SpeechToText, TextToSpeech,
};

use crate::Cloud;

/// A way to a provider: its name, and its table in the settings.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Its name in the settings.
    pub provider: &'static str,
    table: &'static [(&'static str, &'static str)],
}

const fn way(provider: &'static str, table: &'static [(&'static str, &'static str)]) -> Way {
    Way { provider, table }
}

/// Recognisers.
pub const RECOGNISERS: &[Way] = &[
    way("elevenlabs", &[]),
    way("elevenlabs", &[("recogniser_model", "scribe_v2")]),
    way("deepgram", &[]),
    way("deepgram", &[("recogniser_model", "flux-general-en")]),
    way("deepgram", &[("listening", "http")]),
    way("openai", &[]),
    way("openai", &[("realtime", "true")]),
    way("openrouter", &[]),
    way("xai", &[]),
    way("groq", &[]),
    way("compatible", &[]),
    way("cartesia", &[]),
    way("cartesia", &[("listening", "turns")]),
    way("cartesia", &[("listening", "recorded")]),
];

/// Language models.
pub const MODELS: &[Way] = &[
    way("openai", &[]),
    way("openai", &[("interface", "responses")]),
    way("openrouter", &[]),
    way("xai", &[]),
    way("groq", &[]),
    way("ollama", &[("model", "qwen3:8b"), ("interface", "chat")]),
    way("ollama", &[("model", "qwen3:8b"), ("interface", "ollama")]),
    way("llama-cpp", &[("model", "qwen3:8b")]),
    way("lm-studio", &[("model", "qwen3:8b")]),
    way("compatible", &[("model", "gpt-4o-mini")]),
    way("minimax", &[]),
];

/// Voices.
pub const VOICES: &[Way] = &[
    way("cartesia", &[("transport", "socket")]),
    way("cartesia", &[("transport", "sse")]),
    way("cartesia", &[("transport", "bytes")]),
    way("elevenlabs", &[("transport", "socket")]),
    way("elevenlabs", &[("transport", "shared")]),
    way("elevenlabs", &[("transport", "http-timed")]),
    way(
        "elevenlabs",
        &[("transport", "http-timed"), ("output_format", "pcm_24000")],
    ),
    way("elevenlabs", &[("transport", "http")]),
    way(
        "elevenlabs",
        &[("transport", "http"), ("output_format", "pcm_24000")],
    ),
    way("deepgram", &[("speaking", "socket")]),
    way("deepgram", &[("speaking", "http")]),
    way("minimax", &[("transport", "socket")]),
    way("minimax", &[("transport", "both-ways")]),
    way("minimax", &[("transport", "http")]),
    way("openai", &[]),
    way("openrouter", &[]),
    way("xai", &[]),
    way("groq", &[]),
    way("compatible", &[]),
];

/// A provider, opened.
#[derive(Debug)]
pub struct Opened {
    way: Way,
    settings: Settings,
    provider: Arc<dyn Provider>,
}

impl Way {
    /// The address and the key of the fake that stands for it.
    pub fn fake(&self, cloud: &Cloud) -> Result<(String, &'static str)> {
        let name = match self.provider {
            // Whoever else speaks OpenAI's protocol.
            "compatible" => "openai",
            name => name,
        };
        let accounts = cloud.accounts();
        let found = accounts.into_iter().find(|(fake, ..)| *fake == name);
        let (_, url, key) = found.with_context(|| format!("there is no fake {name}"))?;
        Ok((url, key))
    }

    /// Opens it at this address.
    pub fn open(&self, url: &str, key: &str, network: &Network) -> Result<Opened> {
        let mut settings = Settings::default();
        let table = settings.providers.entry(self.provider.to_owned()).or_default();
        table.0.insert("base_url".into(), Value::Text(url.to_owned()));
        for (field, value) in self.table {
            let value = match *value {
                "true" => Value::Bool(true),
                text => Value::Text(text.to_owned()),
            };
            table.0.insert((*field).to_owned(), value);
        }
        let table = serde_json::to_value(settings.provider(self.provider))?;
        let setup = Setup {
            network: network.clone(),
            key: Some(Key::new(key)),
            retry: Retry::default(),
            limit: Limit::default(),
            table: table.as_object().cloned().unwrap_or_default(),
        };
        let entry = catalogue::named(self.provider).context("there is no such provider")?;
        Ok(Opened {
            way: *self,
            settings,
            provider: provider::open(entry, setup)?,
        })
    }

    /// Whether its sound is MP3, of which the fakes have one sentence only, whatever they are asked to say.
    pub fn speaks_mp3(&self) -> bool {
        let called = self.table.iter().any(|(_, value)| value.starts_with("http"));
        self.provider == "elevenlabs"
            && called
            && !self.table.iter().any(|(field, _)| *field == "output_format")
    }

    /// For people.
    pub fn name(&self) -> String {
        let table = self.table.iter().filter(|(field, _)| *field != "model");
        let how: Vec<&str> = table
            .map(|(field, value)| if *value == "true" { field } else { value })
            .copied()
            .collect();
        format!("{} {}", self.provider, how.join(" ")).trim().to_owned()
    }
}

impl Opened {
    /// As a recogniser.
    pub fn recogniser(&self) -> Result<Choice<dyn SpeechToText, ListenOptions>> {
        Ok(Choice {
            provider: self.provider.recogniser().context("it does not listen")?,
            options: translate::listening(&self.settings, self.way.provider, true),
        })
    }

    /// As a language model.
    pub fn model(&self) -> Result<Choice<dyn LanguageModel, ChatRequest>> {
        Ok(Choice {
            provider: self.provider.model().context("it does not answer")?,
            options: translate::asking(&self.settings, self.way.provider, true),
        })
    }

    /// As a voice.
    pub fn voice(&self) -> Result<Choice<dyn TextToSpeech, SpeakOptions>> {
        Ok(Choice {
            provider: self.provider.voice().context("it does not speak")?,
            options: translate::speaking(&self.settings, self.way.provider, true),
        })
    }
}
