//! Sonic over HTTP: one call for each phrase.

use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use reqwest::RequestBuilder;
use serde_json::Value;

use super::{RATE, Voice};
use crate::failure::Failure;
use crate::phrases::{self, Phrasing};
use crate::service::Service;
use crate::sound::Encoding;

/// Most characters in one call. No limit is documented; this much is a minute of speech.
pub(super) const LONGEST: usize = 1_000;

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    phrases::session(Arc::new(voice))
}

impl Phrasing for Voice {
    fn service(&self) -> &Service {
        &self.service
    }

    fn longest(&self) -> usize {
        LONGEST
    }

    fn encoding(&self) -> Encoding {
        Encoding::Pcm16(RATE)
    }

    fn trusts_content_type(&self) -> bool {
        false
    }

    fn request(&self, text: &str) -> Result<RequestBuilder, Failure> {
        let mut body = self.fields.clone();
        body.insert("transcript".into(), text.into());
        let url = self.service.url(&["tts", "bytes"], []);
        self.service.post(url, Value::Object(body).to_string())
    }
}
