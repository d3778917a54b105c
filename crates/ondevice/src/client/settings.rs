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
    /// Threads of the language model; `None` is half the cores, at least two where there are two, and four at most.
    pub threads: Option<usize>,
    /// The engine's program; `None` looks for it beside our own.
    pub program: Option<PathBuf>,
    /// Whether the engines obey requests to crash, for tests.
    pub faults: bool,
}

impl EngineSettings {
    /// These models and the defaults: five minutes of idleness.
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
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or((cores / 2).clamp(2, 4).min(cores)).max(1)
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
