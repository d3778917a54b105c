//! What differs between those who speak OpenAI's protocol.

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::service::Dialect;
use crate::sound::Encoding;
use libretto_voice::SampleRate;
use serde_json::Value;

use super::dialect::{LOCAL, OPENAI as OPENAI_DIALECT, XAI as XAI_DIALECT};

/// How answers are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// `POST chat/completions`, which all of them have.
    Chat,
    /// `POST responses`.
    Responses,
    /// Ollama's own `POST /api/chat`.
    Ollama,
}

/// How models are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// `GET models`.
    Models,
    /// The same, but models that speak and transcribe are listed only where they are asked for.
    OpenRouter,
    /// Ollama's own `GET /api/tags`.
    Ollama,
    /// LM Studio's own `GET /api/v1/models`, which tells models that answer from others.
    LmStudio,
}

/// In whose shape sound is asked for and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundInterface {
    /// `POST audio/speech` and `POST audio/transcriptions` with a form.
    OpenAi,
    /// The same, but with a JSON object in which sound is base64, and fields of the models' makers set apart.
    OpenRouter,
    /// xAI's own `POST tts` and `POST stt`.
    Xai,
}

/// How a key is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTest {
    /// The list of models shows whether the key is good, a short answer whether there is money.
    ModelsAndAnswer,
    /// `GET /key` tells both (the list of models is public there).
    KeyAndCredit,
    /// The list of models: whether the server is there.
    Models,
    /// llama.cpp's `GET /health`, which says that a model is still being loaded, and the list of models, for the key.
    HealthAndModels,
}

/// How speech is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeechPreset {
    /// `response_format`, and how it is decoded.
    pub format: (&'static str, Encoding),
    /// The voice that is used when none is chosen.
    pub voice: &'static str,
    /// All voices, where the service has no list of them.
    pub voices: &'static [&'static str],
    /// Whether the model takes `instructions`, unless it is one of those known not to.
    pub instructions: bool,
}

/// One of those who speak OpenAI's protocol.
#[derive(Debug)]
pub struct Preset {
    /// What it can do.
    pub entry: Entry,
    /// What its refusals mean.
    pub dialect: &'static Dialect,
    /// How answers are asked for, unless the settings say otherwise.
    pub interface: Interface,
    /// How models are listed.
    pub listing: Listing,
    /// The name of the field that limits an answer's tokens.
    pub limit: &'static str,
    /// The role of instructions.
    pub instructions: &'static str,
    /// `reasoning_effort` for the preset's own model.
    pub effort: Option<&'static str>,
    /// Fields that every request for an answer has besides: JSON text.
    pub extra: &'static str,
    /// Fields that keep a model from thinking first, where nobody asks it to: JSON text.
    pub unthinking: &'static str,
    /// Headers that every call bears besides.
    pub headers: &'static [(&'static str, &'static str)],
    /// How a key is tested.
    pub key_test: KeyTest,
    /// In whose shape sound is asked for and sent.
    pub sound: SoundInterface,
    /// How speech is asked for.
    pub speech: Option<SpeechPreset>,
    /// Whether a piece of an answer says that it failed, in a way that is not OpenAI's.
    pub failed: fn(&Value) -> bool,
}

/// Where failures in an answer are said in OpenAI's way.
fn openly(_: &Value) -> bool {
    false
}

/// Groq's extra fields may hold an error.
fn groq_failed(chunk: &Value) -> bool {
    chunk
        .pointer("/x_groq/error")
        .is_some_and(|error| !error.is_null())
}

/// What all of their language models have in common.
const fn model(model: &'static str) -> Ability {
    Ability {
        model,
        streaming: true,
        timings: Timings::None,
        cancel: Cancel::Close,
        languages: Languages::Many,
        rates: &[],
    }
}

const fn recogniser(model: &'static str, timings: Timings) -> Ability {
    Ability {
        model,
        streaming: false,
        timings,
        cancel: Cancel::Close,
        languages: Languages::Many,
        rates: &[8_000, 16_000, 24_000, 44_100, 48_000],
    }
}

const fn voice(model: &'static str, languages: Languages) -> Ability {
    Ability {
        model,
        streaming: true,
        timings: Timings::None,
        cancel: Cancel::Close,
        languages,
        rates: &[24_000],
    }
}

/// OpenAI's voices.
const VOICES: &[&str] = &[
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer",
    "verse",
];

/// OpenAI itself.
pub static OPENAI: Preset = Preset {
    entry: Entry {
        name: "openai",
        title: "OpenAI",
        base: "https://api.openai.com/v1",
        needs_key: true,
        recogniser: Some(Ability {
            streaming: true,
            ..recogniser("gpt-4o-mini-transcribe", Timings::None)
        }),
        model: Some(model("gpt-5.4-mini")),
        voice: Some(voice("gpt-4o-mini-tts", Languages::Many)),
    },
    dialect: &OPENAI_DIALECT,
    interface: Interface::Chat,
    listing: Listing::Models,
    limit: "max_completion_tokens",
    instructions: "developer",
    effort: Some("none"),
    // Random padding of every piece, of no use here.
    extra: r#"{"stream_options":{"include_obfuscation":false}}"#,
    unthinking: "{}",
    headers: &[],
    key_test: KeyTest::ModelsAndAnswer,
    sound: SoundInterface::OpenAi,
    speech: Some(SpeechPreset {
        format: ("pcm", Encoding::Pcm16(SampleRate::VOICE)),
        voice: "marin",
        voices: VOICES,
        instructions: true,
    }),
    failed: openly,
};

/// `OpenRouter`, which passes calls on to many.
pub static OPENROUTER: Preset = Preset {
    entry: Entry {
        name: "openrouter",
        title: "OpenRouter",
        base: "https://openrouter.ai/api/v1",
        needs_key: true,
        recogniser: Some(recogniser("openai/whisper-1", Timings::Words)),
        model: Some(model("x-ai/grok-4.1-fast")),
        // Its list of voices has the newest under this name; the names are not in the list of models.
        voice: Some(voice("openai/gpt-4o-mini-tts-2025-12-15", Languages::Many)),
    },
    dialect: &OPENAI_DIALECT,
    interface: Interface::Chat,
    listing: Listing::OpenRouter,
    limit: "max_tokens",
    instructions: "system",
    effort: None,
    extra: "{}",
    unthinking: "{}",
    // Its way of knowing which program calls.
    headers: &[("x-openrouter-title", "Libretto"), ("x-title", "Libretto")],
    key_test: KeyTest::KeyAndCredit,
    sound: SoundInterface::OpenRouter,
    speech: Some(SpeechPreset {
        format: ("pcm", Encoding::Pcm16(SampleRate::VOICE)),
        voice: "alloy",
        voices: VOICES,
        instructions: true,
    }),
    failed: openly,
};

/// xAI.
pub static XAI: Preset = Preset {
    entry: Entry {
        name: "xai",
        title: "xAI",
        base: "https://api.x.ai/v1",
        needs_key: true,
        recogniser: Some(recogniser("stt", Timings::Words)),
        model: Some(model("grok-4.1-fast")),
        // There is one of each, and no name is sent.
        voice: Some(voice("tts", Languages::Many)),
    },
    dialect: &XAI_DIALECT,
    interface: Interface::Chat,
    listing: Listing::Models,
    limit: "max_tokens",
    instructions: "system",
    effort: None,
    extra: "{}",
    unthinking: "{}",
    headers: &[],
    key_test: KeyTest::ModelsAndAnswer,
    sound: SoundInterface::Xai,
    speech: Some(SpeechPreset {
        format: ("pcm", Encoding::Pcm16(SampleRate::VOICE)),
        voice: "eve",
        voices: &["eve", "ara", "rex", "sal", "leo"],
        instructions: false,
    }),
    failed: openly,
};

/// Groq.
pub static GROQ: Preset = Preset {
    entry: Entry {
        name: "groq",
        title: "Groq",
        base: "https://api.groq.com/openai/v1",
        needs_key: true,
        recogniser: Some(recogniser("whisper-large-v3-turbo", Timings::Words)),
        model: Some(model("llama-3.3-70b-versatile")),
        voice: Some(voice(
            "canopylabs/orpheus-v1-english",
            Languages::These(&["en", "ar"]),
        )),
    },
    dialect: &OPENAI_DIALECT,
    interface: Interface::Chat,
    listing: Listing::Models,
    limit: "max_completion_tokens",
    instructions: "system",
    effort: None,
    extra: "{}",
    unthinking: "{}",
    headers: &[],
    key_test: KeyTest::Models,
    sound: SoundInterface::OpenAi,
    speech: Some(SpeechPreset {
        // It has no raw samples; the WAV header is read here.
        format: ("wav", Encoding::Wav),
        voice: "hannah",
        voices: &["autumn", "diana", "hannah", "austin", "daniel", "troy"],
        instructions: false,
    }),
    failed: groq_failed,
};

/// A server on this machine or in this house.
const fn local(name: &'static str, title: &'static str, base: &'static str) -> Preset {
    Preset {
        entry: Entry {
            name,
            title,
            base,
            needs_key: false,
            recogniser: None,
            model: Some(model("")),
            voice: None,
        },
        dialect: &LOCAL,
        interface: Interface::Chat,
        listing: Listing::Models,
        limit: "max_tokens",
        instructions: "system",
        effort: None,
        extra: "{}",
        unthinking: "{}",
        headers: &[],
        key_test: KeyTest::Models,
        sound: SoundInterface::OpenAi,
        speech: None,
        failed: openly,
    }
}

/// Ollama, through its own interface: only there can it be told how long to keep a model in memory.
pub static OLLAMA: Preset = {
    let mut preset = local("ollama", "Ollama", "http://127.0.0.1:11434/v1");
    preset.interface = Interface::Ollama;
    preset.listing = Listing::Ollama;
    preset
};
/// The server of llama.cpp.
pub static LLAMA_CPP: Preset = {
    let mut preset = local("llama-cpp", "The llama.cpp server", "http://127.0.0.1:8080/v1");
    preset.key_test = KeyTest::HealthAndModels;
    // Models whose template knows nothing of it do not mind.
    preset.unthinking = r#"{"chat_template_kwargs":{"enable_thinking":false}}"#;
    preset
};
/// LM Studio.
pub static LM_STUDIO: Preset = {
    let mut preset = local("lm-studio", "LM Studio", "http://127.0.0.1:1234/v1");
    preset.listing = Listing::LmStudio;
    preset
};

/// Anyone else, at an address of the user's.
pub static COMPATIBLE: Preset = {
    let mut preset = local(
        "compatible",
        "The OpenAI-compatible server",
        "http://127.0.0.1:8000/v1",
    );
    preset.entry.recogniser = Some(recogniser("whisper-1", Timings::Words));
    preset.entry.voice = Some(voice("tts-1", Languages::Many));
    preset.speech = Some(SpeechPreset {
        format: ("pcm", Encoding::Pcm16(SampleRate::VOICE)),
        voice: "alloy",
        voices: &[],
        instructions: false,
    });
    preset
};

/// All of them.
pub static PRESETS: [&Preset; 8] = [
    &OPENAI,
    &OPENROUTER,
    &XAI,
    &GROQ,
    &OLLAMA,
    &LLAMA_CPP,
    &LM_STUDIO,
    &COMPATIBLE,
];
