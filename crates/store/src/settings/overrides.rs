//! The environment variables of the five systems that Libretto replaces, under their own names. They stand over the
//! defaults and under the settings file.

use serde_json::{Value as Plain, json};

use crate::environment::{Environment, Origin};
use crate::notice::{Notice, Subject};

use super::model::ON_DEVICE;
use super::{plain, schema};

/// How a variable's text becomes a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As it is.
    Text,
    /// A number.
    Number,
    /// true, false, 1, 0, yes, no, on, off.
    Flag,
    /// Providers in order, separated by commas; `on-device` is put last.
    Providers,
}

/// Variable, setting, reading. Where two variables stand for one setting, the earlier one counts.
pub const OVERRIDES: &[(&str, &str, Reading)] = &[
    ("SYSTEM_PROMPT", "conversation.system_prompt", Reading::Text),
    ("STT_PROVIDER", "recogniser.providers", Reading::Providers),
    ("LLM_PROVIDER", "model.providers", Reading::Providers),
    ("TTS_PROVIDER", "voice.providers", Reading::Providers),
    ("TTS_VOICE", "voice.voice", Reading::Text),
    ("VAD_MIN_SPEECH_DURATION", "vad.min_speech", Reading::Number),
    ("VAD_MIN_SILENCE_DURATION", "vad.min_silence", Reading::Number),
    ("VAD_PADDING_DURATION", "vad.padding", Reading::Number),
    (
        "ELEVENLABS_DEFAULT_VOICE_ID",
        "providers.elevenlabs.voice",
        Reading::Text,
    ),
    ("ELEVEN_VOICE_ID", "providers.elevenlabs.voice", Reading::Text),
    (
        "ELEVENLABS_TTS_MODEL_ID",
        "providers.elevenlabs.voice_model",
        Reading::Text,
    ),
    (
        "ELEVENLABS_OUTPUT_FORMAT",
        "providers.elevenlabs.output_format",
        Reading::Text,
    ),
    (
        "ELEVEN_OPTIMIZE_LATENCY",
        "providers.elevenlabs.optimize_latency",
        Reading::Number,
    ),
    (
        "ELEVENLABS_REALTIME_ENABLED",
        "providers.elevenlabs.realtime",
        Reading::Flag,
    ),
    (
        "ELEVENLABS_REALTIME_AGENT_ID",
        "providers.elevenlabs.agent",
        Reading::Text,
    ),
    (
        "ELEVENLABS_REALTIME_VOICE_ID",
        "providers.elevenlabs.realtime_voice",
        Reading::Text,
    ),
    ("MINIMAX_GROUP_ID", "providers.minimax.group_id", Reading::Text),
    ("LIVEKIT_URL", "providers.livekit.url", Reading::Text),
    ("OLLAMA_HOST", "providers.ollama.base_url", Reading::Text),
];

/// What the environment sets, and what of it cannot be used.
pub(super) fn read(environment: &Environment) -> (Plain, Vec<Notice>) {
    let mut settings = json!({});
    let mut notices = Vec::new();
    // Backwards, so that the earlier one of two comes to lie on top.
    for (variable, key, reading) in OVERRIDES.iter().rev() {
        let Some((text, origin)) = environment.find(variable) else {
            continue;
        };
        let path: plain::Path = key.split('.').map(str::to_owned).collect();
        let layer = parse(text, *reading).map(|value| nested(&path, value));
        let wrong = layer
            .as_ref()
            .is_none_or(|layer| !schema::check(layer).is_empty());
        if let (Some(layer), false) = (layer, wrong) {
            plain::overlay(&mut settings, layer);
            continue;
        }
        let place = match origin {
            Origin::Process => String::new(),
            Origin::File(path) => format!(" in {}", path.display()),
        };
        let expected = match reading {
            Reading::Text => "text",
            Reading::Flag => "true or false",
            Reading::Providers => "names of providers, separated by commas",
            Reading::Number => &schema::at(&path).map_or("a number".to_owned(), schema::expectation),
        };
        let mut notice = Notice::new(
            Subject::Environment,
            format!("{variable}{place} must be {expected}; it was passed over."),
        );
        notice.key = Some((*key).to_owned());
        notices.push(notice);
    }
    (settings, notices)
}

fn parse(text: &str, reading: Reading) -> Option<Plain> {
    match reading {
        Reading::Text => Some(text.into()),
        Reading::Number => {
            let number: f64 = text.parse().ok()?;
            let whole = number.fract() == 0.0 && number.abs() < 1e15;
            if whole {
                Some((number as i64).into())
            } else {
                number.is_finite().then(|| number.into())
            }
        }
        Reading::Flag => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true.into()),
            "false" | "0" | "no" | "off" => Some(false.into()),
            _ => None,
        },
        Reading::Providers => {
            let names = text.split(',').map(|name| name.trim().to_ascii_lowercase());
            let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
            if names.is_empty() {
                return None;
            }
            if !names.iter().any(|name| name == ON_DEVICE) {
                names.push(ON_DEVICE.to_owned());
            }
            Some(names.into())
        }
    }
}

fn nested(path: &[String], value: Plain) -> Plain {
    path.iter()
        .rev()
        .fold(value, |inner, step| json!({ step: inner }))
}
