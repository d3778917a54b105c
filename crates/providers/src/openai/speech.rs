//! Voices: `POST audio/speech`, or xAI's `POST tts`, whose bytes are played as they come.

use std::ops::RangeInclusive;
use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use libretto_voice::{SampleRate, SpeakOptions, TextToSpeech};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::preset::{SoundInterface, SpeechPreset};
use super::xai::Mouth;
use crate::failure::Failure;
use crate::phrases::{self, Phrasing};
use crate::service::Service;
use crate::sound::Encoding;
use crate::streamed;

/// Most characters of `input` and of `instructions`.
const LONGEST: usize = 4_096;
/// How slow and how fast xAI's voices can be.
const XAI_SPEEDS: RangeInclusive<f32> = 0.7..=1.5;

pub(super) struct Voice {
    service: Service,
    preset: SpeechPreset,
    model: &'static str,
    sound: SoundInterface,
    by_socket: bool,
}

impl Voice {
    pub(super) fn new(
        service: Service,
        preset: SpeechPreset,
        model: &'static str,
        sound: SoundInterface,
        by_socket: bool,
    ) -> Self {
        Self {
            service,
            preset,
            model,
            sound,
            by_socket,
        }
    }
}

impl TextToSpeech for Voice {
    fn name(&self) -> &str {
        &self.service.who().name
    }

    fn warm(&self) {
        self.service.open();
    }

    fn timed(&self) -> bool {
        false
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let model = options.model.clone().unwrap_or_else(|| self.model.to_owned());
        let phrases = Phrases {
            service: self.service.clone(),
            preset: self.preset,
            model,
            sound: self.sound,
            options,
        };
        if self.by_socket && self.sound == SoundInterface::Xai {
            return streamed::session(Arc::new(phrases.xai_socket()));
        }
        phrases::session(Arc::new(phrases))
    }
}

struct Phrases {
    service: Service,
    preset: SpeechPreset,
    model: String,
    sound: SoundInterface,
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

    fn request(&self, text: &str) -> Result<RequestBuilder, Failure> {
        let (parts, body) = match self.sound {
            SoundInterface::Xai => (&["tts"][..], self.xai(text)),
            _ => (&["audio", "speech"][..], self.openai(text)),
        };
        let url = self.service.url(parts, []);
        Ok(self
            .service
            .request(Method::POST, url)?
            .header("content-type", "application/json")
            .body(Value::Object(body).to_string()))
    }
}

impl Phrases {
    fn voice(&self) -> &str {
        self.options.voice.as_deref().unwrap_or(self.preset.voice)
    }

    /// The speed, where it is not the voice's own.
    fn speed(&self, range: RangeInclusive<f32>) -> Option<f64> {
        let speed = f64::from(self.options.speed.clamp(*range.start(), *range.end()));
        ((speed - 1.0).abs() > 0.005).then(|| (speed * 100.0).round() / 100.0)
    }

    fn openai(&self, text: &str) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("model".into(), self.model.as_str().into());
        body.insert("input".into(), text.into());
        body.insert("voice".into(), self.voice().into());
        body.insert("response_format".into(), self.preset.format.0.into());
        if let Some(speed) = self.speed(0.25..=4.0) {
            body.insert("speed".into(), speed.into());
        }
        let (maker, name) = self.model.split_once('/').unwrap_or(("", &self.model));
        let instructions = self.options.instructions.as_deref().unwrap_or_default();
        // The first models refuse them.
        if self.preset.instructions && !name.starts_with("tts-1") && !instructions.is_empty() {
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
        // The sooner it sounds, the better.
        body.insert("optimize_streaming_latency".into(), 1.into());
        let format = json!({"codec": "pcm", "sample_rate": SampleRate::VOICE.hertz()});
        body.insert("output_format".into(), format);
        body
    }
}
