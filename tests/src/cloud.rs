//! Fake providers on loopback ports, and what a program needs to use them: settings that point at them, and keys under
//! the names of the five systems' variables.

use std::fmt::Write;

use anyhow::Result;
use libretto_testkit::fakes::openai::Flavour;
use libretto_testkit::fakes::{cartesia, deepgram, elevenlabs, openai};
use tokio::runtime::Runtime;

/// All fakes. They end when it is dropped.
#[derive(Debug)]
pub struct Cloud {
    /// Deepgram.
    pub deepgram: deepgram::Deepgram,
    /// ElevenLabs.
    pub elevenlabs: elevenlabs::ElevenLabs,
    /// Cartesia.
    pub cartesia: cartesia::Cartesia,
    /// OpenAI.
    pub openai: openai::OpenAi,
    /// OpenRouter.
    pub openrouter: openai::OpenAi,
    _runtime: Runtime,
}

impl Cloud {
    /// Starts them.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let (deepgram, elevenlabs, cartesia, openai, openrouter) = runtime.block_on(async {
            anyhow::Ok((
                deepgram::Deepgram::start().await?,
                elevenlabs::ElevenLabs::start().await?,
                cartesia::Cartesia::start().await?,
                openai::OpenAi::start(Flavour::OpenAi).await?,
                openai::OpenAi::start(Flavour::OpenRouter).await?,
            ))
        })?;
        Ok(Self {
            deepgram,
            elevenlabs,
            cartesia,
            openai,
            openrouter,
            _runtime: runtime,
        })
    }

    /// What every recogniser hears.
    pub fn hears(&self, text: &str) {
        self.deepgram.manners(|manners| manners.hears = text.into());
        self.elevenlabs.manners(|manners| manners.hears = text.into());
        self.openai.manners(|manners| manners.hears = text.into());
    }

    /// What every language model answers, word by word.
    pub fn answers(&self, text: &str) {
        let deltas: Vec<_> = text
            .split_inclusive(' ')
            .map(|word| serde_json::json!({ "content": word }))
            .collect();
        for model in [&self.openai, &self.openrouter] {
            model.manners(|manners| manners.deltas.clone_from(&deltas));
        }
    }

    /// The settings' file: these providers, each at its fake's address.
    pub fn settings(&self, recognisers: &[&str], models: &[&str], voices: &[&str]) -> String {
        let mut text = String::from("version = 1\n");
        for (part, names) in [("recogniser", recognisers), ("model", models), ("voice", voices)] {
            let _ = writeln!(text, "[{part}]\nproviders = {names:?}");
        }
        for (name, base) in [
            ("deepgram", self.deepgram.url()),
            ("elevenlabs", self.elevenlabs.url()),
            ("cartesia", self.cartesia.url()),
            ("openai", self.openai.url()),
            ("openrouter", self.openrouter.url()),
        ] {
            let _ = writeln!(text, "[providers.{name}]\nbase_url = {base:?}");
        }
        text
    }
}

/// The fakes' keys, under the names that the five systems give them.
pub const KEYS: [(&str, &str); 5] = [
    ("DEEPGRAM_API_KEY", deepgram::KEY),
    ("ELEVEN_API_KEY", elevenlabs::KEY),
    ("CARTESIA_API_KEY", cartesia::KEY),
    ("OPENAI_API_KEY", openai::KEY),
    ("GROK_API_KEY", openai::KEY),
];
