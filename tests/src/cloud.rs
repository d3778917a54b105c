//! Fake providers on loopback ports, and what a program needs to use them: settings that point at them, and keys under
//! the names of the five systems' variables.

use std::fmt::Write;

use anyhow::Result;
use libretto_testkit::fakes::openai::Flavour;
use libretto_testkit::fakes::{cartesia, deepgram, elevenlabs, minimax, openai};
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
    /// MiniMax.
    pub minimax: minimax::MiniMax,
    /// OpenAI.
    pub openai: openai::OpenAi,
    /// OpenRouter.
    pub openrouter: openai::OpenAi,
    /// xAI.
    pub xai: openai::OpenAi,
    /// Groq.
    pub groq: openai::OpenAi,
    /// Ollama.
    pub ollama: openai::OpenAi,
    /// llama.cpp's server.
    pub llama_cpp: openai::OpenAi,
    /// LM Studio.
    pub lm_studio: openai::OpenAi,
    _runtime: Runtime,
}

impl Cloud {
    /// Starts them.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let (own, compatible) = runtime.block_on(async {
            let own = (
                deepgram::Deepgram::start().await?,
                elevenlabs::ElevenLabs::start().await?,
                cartesia::Cartesia::start().await?,
                minimax::MiniMax::start().await?,
            );
            let compatible = (
                openai::OpenAi::start(Flavour::OpenAi).await?,
                openai::OpenAi::start(Flavour::OpenRouter).await?,
                openai::OpenAi::start(Flavour::Xai).await?,
                openai::OpenAi::start(Flavour::Groq).await?,
                openai::OpenAi::start(Flavour::Ollama).await?,
                openai::OpenAi::start(Flavour::LlamaCpp).await?,
                openai::OpenAi::start(Flavour::LmStudio).await?,
            );
            anyhow::Ok((own, compatible))
        })?;
        let (deepgram, elevenlabs, cartesia, minimax) = own;
        let (openai, openrouter, xai, groq, ollama, llama_cpp, lm_studio) = compatible;
        Ok(Self {
            deepgram,
            elevenlabs,
            cartesia,
            minimax,
            openai,
            openrouter,
            xai,
            groq,
            ollama,
            llama_cpp,
            lm_studio,
            _runtime: runtime,
        })
    }

    /// Those who speak OpenAI's protocol.
    fn compatible(&self) -> [(&'static str, &openai::OpenAi); 7] {
        [
            ("openai", &self.openai),
            ("openrouter", &self.openrouter),
            ("xai", &self.xai),
            ("groq", &self.groq),
            ("ollama", &self.ollama),
            ("llama-cpp", &self.llama_cpp),
            ("lm-studio", &self.lm_studio),
        ]
    }

    /// Each one's name in the settings, its address, and its key.
    pub fn accounts(&self) -> Vec<(&'static str, String, &'static str)> {
        let own = [
            ("deepgram", self.deepgram.url(), deepgram::KEY),
            ("elevenlabs", self.elevenlabs.url(), elevenlabs::KEY),
            ("cartesia", self.cartesia.url(), cartesia::KEY),
            ("minimax", self.minimax.url(), minimax::KEY),
        ];
        let compatible = self
            .compatible()
            .map(|(name, fake)| (name, fake.url(), openai::KEY));
        own.into_iter().chain(compatible).collect()
    }

    /// What every recogniser hears.
    pub fn hears(&self, text: &str) {
        self.deepgram.manners(|manners| manners.hears = text.into());
        self.elevenlabs.manners(|manners| manners.hears = text.into());
        self.cartesia.manners(|manners| manners.hears = text.into());
        for (_, fake) in self.compatible() {
            fake.manners(|manners| manners.hears = text.into());
        }
    }

    /// What every language model answers, word by word.
    pub fn answers(&self, text: &str) {
        self.streams(text.split_inclusive(' '));
    }

    /// The pieces in which every language model answers.
    pub fn streams<'a>(&self, pieces: impl Iterator<Item = &'a str>) {
        let pieces: Vec<&str> = pieces.collect();
        let deltas: Vec<_> = pieces
            .iter()
            .map(|piece| serde_json::json!({ "content": piece }))
            .collect();
        for (_, fake) in self.compatible() {
            fake.manners(|manners| manners.deltas.clone_from(&deltas));
        }
        // This fake holds its words for as long as the program runs.
        self.minimax.manners(|manners| {
            manners.deltas = pieces.iter().map(|piece| &*String::from(*piece).leak()).collect();
        });
    }

    /// The settings' file: these providers, each at its fake's address.
    pub fn settings(&self, recognisers: &[&str], models: &[&str], voices: &[&str]) -> String {
        let mut text = String::from("version = 1\n");
        for (part, names) in [("recogniser", recognisers), ("model", models), ("voice", voices)] {
            let _ = writeln!(text, "[{part}]\nproviders = {names:?}");
        }
        for (name, base, _) in self.accounts() {
            let _ = writeln!(text, "[providers.{name}]\nbase_url = {base:?}");
        }
        text
    }
}

/// The fakes' keys, under the names that the five systems give them.
pub const KEYS: [(&str, &str); 8] = [
    ("DEEPGRAM_API_KEY", deepgram::KEY),
    ("ELEVEN_API_KEY", elevenlabs::KEY),
    ("CARTESIA_API_KEY", cartesia::KEY),
    ("OPENAI_API_KEY", openai::KEY),
    ("GROK_API_KEY", openai::KEY),
    ("XAI_API_KEY", openai::KEY),
    ("GROQ_API_KEY", openai::KEY),
    ("MINIMAX_API_KEY", minimax::KEY),
];
