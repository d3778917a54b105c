//! Aura and Flux over HTTP: one call for each phrase.

use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use reqwest::RequestBuilder;
use serde_json::json;

use super::{RATE, Voice};
use crate::failure::Failure;
use crate::phrases::{self, Phrasing};
use crate::service::Service;
use crate::sound::Encoding;

/// Most characters in one call: of the limits that its pages name, the least.
const LONGEST: usize = 1_000;

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

    fn request(&self, text: &str) -> Result<RequestBuilder, Failure> {
        let body = json!({ "text": text });
        self.service.post(self.url(), body.to_string())
    }
}
