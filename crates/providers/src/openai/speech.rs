//! Voices: `POST audio/speech`, whose bytes are played as they come.

use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use libretto_voice::{SpeakOptions, TextToSpeech};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value};

use super::preset::SpeechPreset;
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
}

impl Voice {
    pub(super) fn new(service: Service, preset: SpeechPreset, model: &'static str) -> Self {
        Self {
            service,
            preset,
            model,
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
            options,
        }))
    }
}

struct Phrases {
    service: Service,
    preset: SpeechPreset,
    model: String,
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
        let mut body = Map::new();
        body.insert("model".into(), self.model.as_str().into());
        body.insert("input".into(), text.into());
        let voice = self.options.voice.as_deref().unwrap_or(self.preset.voice);
        body.insert("voice".into(), voice.into());
        body.insert("response_format".into(), self.preset.format.0.into());
        if (self.options.speed - 1.0).abs() > 0.005 {
            let speed = f64::from(self.options.speed.clamp(0.25, 4.0));
            body.insert("speed".into(), ((speed * 100.0).round() / 100.0).into());
        }
        let instructions = self.options.instructions.as_deref().unwrap_or_default();
        // The first models refuse them.
        if self.preset.instructions && !self.model.starts_with("tts-1") && !instructions.is_empty() {
            let instructions: String = instructions.chars().take(LONGEST).collect();
            body.insert("instructions".into(), instructions.into());
        }
        let url = self.service.url(&["audio", "speech"], []);
        Ok(self
            .service
            .request(Method::POST, url)?
            .header("content-type", "application/json")
            .body(Value::Object(body).to_string()))
    }
}
