//! Voices: `POST audio/speech`, or xAI's `POST tts`, whose bytes are played as they come.

use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use libretto_voice::{SampleRate, SpeakOptions, TextToSpeech};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::preset::{SoundInterface, SpeechPreset};
use crate::failure::Failure;
use crate::phrases::{self, Phrasing};
use crate::service::Service;
use crate::sound::Encoding;

/// Most characters of `input` and of `instructions`.
const LONGEST: usize = 4_096;

pub(super) struct Voice {
    service: Service,
    preset: SpeechPreset,
    model: &'static str,
    sound: SoundInterface,
}

impl Voice {
    pub(super) fn new(
        service: Service,
        preset: SpeechPreset,
        model: &'static str,
        sound: SoundInterface,
    ) -> Self {
        Self {
            service,
            preset,
            model,
            sound,
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
        phrases::session(Arc::new(Phrases {
            service: self.service.clone(),
            preset: self.preset,
            model,
            sound: self.sound,
            options,
        }))
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
    fn speed(&self, range: std::ops::RangeInclusive<f32>) -> Option<f64> {
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

    fn xai(&self, text: &str) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("text".into(), text.into());
        body.insert("voice_id".into(), self.voice().into());
        // It is said to want a language always.
        let language = self
            .options
            .language
            .as_deref()
            .and_then(|tag| tag.split('-').next());
        body.insert("language".into(), language.unwrap_or("auto").into());
        if let Some(speed) = self.speed(0.7..=1.5) {
            body.insert("speed".into(), speed.into());
        }
        // The sooner it sounds, the better.
        body.insert("optimize_streaming_latency".into(), 1.into());
        let format = json!({"codec": "pcm", "sample_rate": SampleRate::VOICE.hertz()});
        body.insert("output_format".into(), format);
        body
    }
}
