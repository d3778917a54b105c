//! Voices: `POST audio/speech`, or xAI's `POST tts`, whose bytes are played as they come.

use std::ops::RangeInclusive;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{SampleRate, SpeakOptions, TextToSpeech};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::preset::{SoundInterface, SpeechPreset};
use super::xai::Mouth;
use super::{OpenAi, Speaking};
use crate::failure::Failure;
use crate::number::hundredths;
use crate::phrases::{self, Phrasing};
use crate::service::Service;
use crate::socket::Wrong;
use crate::sound::Encoding;
use crate::streamed::{self, Read, Said};

/// Most characters of `input` and of `instructions`.
const LONGEST: usize = 4_096;
/// How slow and how fast xAI's voices can be.
const XAI_SPEEDS: RangeInclusive<f32> = 0.7..=1.5;

pub(super) struct Voice {
    account: OpenAi,
    preset: SpeechPreset,
}

impl Voice {
    pub(super) fn new(account: OpenAi, preset: SpeechPreset) -> Self {
        Self { account, preset }
    }
}

impl TextToSpeech for Voice {
    fn name(&self) -> &str {
        self.account.preset.entry.name
    }

    fn warm(&self) {
        self.account.service.open();
    }

    fn timed(&self) -> bool {
        false
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let (account, settings) = (&self.account, &self.account.settings);
        let own = account.preset.entry.voice.map_or("", |ability| ability.model);
        let phrases = Phrases {
            service: account.service.clone(),
            preset: self.preset,
            model: options.model.clone().unwrap_or_else(|| own.to_owned()),
            sound: account.preset.sound,
            in_events: settings.speaking == Speaking::Events,
            normalises: settings.normalises,
            options,
        };
        if settings.speaking == Speaking::Socket && phrases.sound == SoundInterface::Xai {
            return streamed::session(Arc::new(phrases.xai_socket()));
        }
        phrases::session(Arc::new(phrases))
    }
}

/// An event of speech.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    /// Sound in base64; which of the names it has is not settled.
    #[serde(alias = "delta")]
    audio: Option<String>,
    error: Option<Value>,
}

/// Reads an event of speech.
pub(super) fn said(data: &str) -> Result<Said, Wrong> {
    if data.starts_with("[DONE]") {
        return Ok(Said::Spoken);
    }
    let event: Event = serde_json::from_str(data)?;
    if event.error.is_some_and(|error| !error.is_null()) {
        return Err(Wrong::Complaint);
    }
    match (event.kind.as_str(), event.audio) {
        ("speech.audio.delta", Some(audio)) => BASE64
            .decode(audio)
            .map(Said::Sound)
            .map_err(|_| Wrong::Garbled(None)),
        ("speech.audio.done", _) => Ok(Said::Spoken),
        _ => Ok(Said::Other),
    }
}

struct Phrases {
    service: Service,
    preset: SpeechPreset,
    model: String,
    sound: SoundInterface,
    in_events: bool,
    /// Whether xAI is to spell numbers out.
    normalises: bool,
    options: SpeakOptions,
}

impl Phrasing for Phrases {
    fn service(&self) -> &Service {
        &self.service
    }

    fn longest(&self) -> usize {
        LONGEST
    }

    fn encoding(&self) -> Encoding {
        self.preset.format.1
    }

    fn events(&self) -> Option<Read> {
        Some(said)
    }

    fn request(&self, text: &str) -> Result<RequestBuilder, Failure> {
        let (parts, body) = match self.sound {
            SoundInterface::Xai => (&["tts"][..], self.xai(text)),
            _ => (&["audio", "speech"][..], self.openai(text)),
        };
        let url = self.service.url(parts, []);
        self.service.post(url, Value::Object(body).to_string())
    }
}

impl Phrases {
    fn voice(&self) -> &str {
        self.options.voice.as_deref().unwrap_or(self.preset.voice)
    }

    /// The first models refuse instructions, and know no events.
    fn is_first(&self) -> bool {
        let name = self.model.rsplit('/').next().unwrap_or_default();
        name.starts_with("tts-1")
    }

    /// The speed, where it is not the voice's own.
    fn speed(&self, range: RangeInclusive<f32>) -> Option<f64> {
        let speed = self.options.speed.clamp(*range.start(), *range.end());
        ((speed - 1.0).abs() > 0.005).then(|| hundredths(speed))
    }

    fn openai(&self, text: &str) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("model".into(), self.model.as_str().into());
        body.insert("input".into(), text.into());
        let voice = self.voice();
        // A voice of the account's own is no name but an object.
        let own = self.sound == SoundInterface::OpenAi && voice.starts_with("voice_");
        body.insert(
            "voice".into(),
            if own { json!({ "id": voice }) } else { voice.into() },
        );
        body.insert("response_format".into(), self.preset.format.0.into());
        if let Some(speed) = self.speed(0.25..=4.0) {
            body.insert("speed".into(), speed.into());
        }
        if self.in_events && !self.is_first() && self.sound == SoundInterface::OpenAi {
            body.insert("stream_format".into(), "sse".into());
        }
        let maker = self.model.split_once('/').map_or("", |(maker, _)| maker);
        let instructions = self.options.instructions.as_deref().unwrap_or_default();
        if self.preset.instructions && !self.is_first() && !instructions.is_empty() {
            let instructions: String = instructions.chars().take(LONGEST).collect();
            if self.sound == SoundInterface::OpenRouter {
                let own = json!({"options": {maker: {"instructions": instructions}}});
                body.insert("provider".into(), own);
            } else {
                body.insert("instructions".into(), instructions.into());
            }
        }
        body
    }

    /// As xAI knows it: it is said to want one always.
    fn language(&self) -> &str {
        let language = self.options.language.as_deref();
        language.and_then(|tag| tag.split('-').next()).unwrap_or("auto")
    }

    fn xai_socket(&self) -> Mouth {
        let mut query = vec![
            ("voice", self.voice().to_owned()),
            ("language", self.language().to_owned()),
        ];
        let speed = self.speed(XAI_SPEEDS).map(|speed| speed.to_string());
        query.extend(speed.map(|speed| ("speed", speed)));
        query.extend(self.normalises.then(|| ("text_normalization", "true".to_owned())));
        Mouth {
            service: self.service.clone(),
            query,
            longest: LONGEST,
        }
    }

    fn xai(&self, text: &str) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("text".into(), text.into());
        body.insert("voice_id".into(), self.voice().into());
        body.insert("language".into(), self.language().into());
        if let Some(speed) = self.speed(XAI_SPEEDS) {
            body.insert("speed".into(), speed.into());
        }
        if self.normalises {
            body.insert("text_normalization".into(), true.into());
        }
        // The sooner it sounds, the better.
        body.insert("optimize_streaming_latency".into(), 1.into());
        let format = json!({"codec": "pcm", "sample_rate": SampleRate::VOICE.hertz()});
        body.insert("output_format".into(), format);
        body
    }
}
