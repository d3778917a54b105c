//! Which models run here and how.

use std::path::PathBuf;
use std::time::Duration;

use crate::catalogue::Chat;

/// How the engines run.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineSettings {
    /// Where the models lie.
    pub models: Models,
    /// Ends a process that nobody has needed for so long, and gives its memory back; `None` never does.
    pub idle: Option<Duration>,
    /// Threads of the language model; `None` is half the cores, four at most. llama.cpp's threads wait for each other
    /// hundreds of times in each token, and they spin: with a thread on every core, one that the system holds up for
    /// other work (the voice, a compiler) holds up all, and a reply that took half a second takes twenty.
    pub threads: Option<usize>,
    /// The engine's program; `None` looks for it beside our own.
    pub program: Option<PathBuf>,
    /// Whether the engines obey requests to crash, for tests.
    pub faults: bool,
}

impl EngineSettings {
    /// These models and the defaults: five minutes of idleness, half of the cores.
    pub fn new(models: Models) -> Self {
        Self {
            models,
            idle: Some(Duration::from_mins(5)),
            threads: None,
            program: None,
            faults: false,
        }
    }

    pub(super) fn threads(&self) -> usize {
        let half = || (std::thread::available_parallelism().map_or(2, usize::from) / 2).min(4);
        self.threads.unwrap_or_else(half).max(1)
    }
}

/// Where the models lie. What is not there is only missed when it is needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Models {
    /// Folder of Moonshine: `encoder_model.onnx`, `decoder_model_merged.onnx`, `tokenizer.bin`.
    pub recogniser: PathBuf,
    /// The language model.
    pub language: LanguageChoice,
    /// Folder of a hibari voice: `hibari.onnx`, `oov.onnx` and their tables.
    pub voice: PathBuf,
    /// Folder of Smart Turn: `smart-turn-v3.2-cpu.onnx`.
    pub turn: PathBuf,
}

/// A language model and how it is best talked with.
#[derive(Clone, Debug, PartialEq)]
pub struct LanguageChoice {
    /// A GGUF file.
    pub file: PathBuf,
    /// Its context, its limits and how it chooses words; from its catalogue entry.
    pub chat: Chat,
}
