//! Voices over HTTP: one call for each phrase, with times (a JSON object a line) or without (the sound alone).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::Session;
use libretto_voice::shapes::TimeBase;
use libretto_voice::speak::SpeakSession;
use reqwest::RequestBuilder;
use serde_json::{Map, Value, json};

use super::Voice;
use super::wire::TimedLine;
use crate::context::Around;
use crate::failure::{Failure, Fault};
use crate::lines::Lines;
use crate::phrases::{self, Phrasing};
use crate::service::{Reply, Service};
use crate::sound::Encoding;
use crate::timed::{self, ByPiece, Speech, Stop};

/// Longest line: the base64 of about a minute of uncompressed sound, which formats without a stream have in one.
const LINE: usize = 8 << 20;

/// Without times.
pub(super) fn untimed(voice: Voice) -> SpeakSession {
    phrases::session(Arc::new(voice))
}

/// With times.
pub(super) fn with_times(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| {
        let (encoding, rate) = (voice.format.encoding, voice.format.rate);
        let speech = Speech::new(ends.events, encoding, rate, TimeBase::Unknown).paced(voice.format.pace);
        timed::by_piece(Timed { voice, speech }, ends.input)
    })
}

impl Voice {
    /// The call for a text. `timed` has the times with it.
    fn call(&self, text: &str, timed: bool, around: &Around) -> Result<RequestBuilder, Failure> {
        let mut query = vec![("output_format", self.format.name.clone())];
        let mut body = Map::new();
        body.insert("model_id".into(), self.model.as_str().into());
        let (mut path, settings) = if self.is_late_model() {
            body.insert("inputs".into(), json!([{"text": text, "voice_id": self.id}]));
            let settings = ("settings", self.dialogue_settings(&["stability"]));
            (vec!["v1", "text-to-dialogue"], settings)
        } else {
            body.insert("text".into(), text.into());
            query.extend(self.latency().map(|level| ("optimize_streaming_latency", level)));
            self.join(around, &mut body);
            let settings = ("voice_settings", self.settings.clone());
            (vec!["v1", "text-to-speech", &self.id], settings)
        };
        // Some formats have no stream.
        path.extend((!self.format.whole).then_some("stream"));
        path.extend(timed.then_some("with-timestamps"));
        self.reading().address(&mut query);
        self.reading().body(self.is_late_model(), &mut body);
        if let Some(code) = &self.language {
            body.insert("language_code".into(), code.as_str().into());
        }
        if !settings.1.is_empty() {
            body.insert(settings.0.into(), settings.1.into());
        }
        let service = &self.account.service;
        service.post(service.url(&path, query), Value::Object(body).to_string())
    }

    /// Has the piece go on from what was said before, and lead to what comes: spoken for itself, each would begin and end
    /// like a whole reply. Later models refuse it.
    fn join(&self, around: &Around, body: &mut Map<String, Value>) {
        if !around.before.trim().is_empty() {
            body.insert("previous_text".into(), around.before.as_str().into());
        }
        if let Some(after) = &around.after {
            body.insert("next_text".into(), after.as_str().into());
        }
        // These count before the text, and only of calls that the service may remember.
        if !around.calls.is_empty() && !self.reading().forgets {
            body.insert("previous_request_ids".into(), around.calls.clone().into());
        }
    }

    /// Most characters in one call.
    fn most(&self) -> usize {
        match self.model.as_str() {
            "eleven_flash_v2_5" | "eleven_turbo_v2_5" => 40_000,
            "eleven_flash_v2" | "eleven_turbo_v2" => 30_000,
            "eleven_multilingual_v2" => 10_000,
            // The least that any is said to take.
            _ => 3_000,
        }
    }
}

impl Phrasing for Voice {
    fn service(&self) -> &Service {
        &self.account.service
    }

    fn longest(&self) -> usize {
        self.most()
    }

    fn request(&self, text: &str) -> Result<RequestBuilder, Failure> {
        self.call(text, false, &Around::default())
    }

    fn request_within(&self, text: &str, around: &Around) -> Result<RequestBuilder, Failure> {
        self.call(text, false, around)
    }

    fn call_id(&self, reply: &Reply) -> Option<String> {
        id(reply)
    }

    fn encoding(&self) -> Encoding {
        self.format.encoding
    }

    fn trusts_content_type(&self) -> bool {
        // What it announces is not documented; what was asked for is.
        false
    }
}

/// What a later call names this one by: `request-id`, and no other of its headers.
fn id(reply: &Reply) -> Option<String> {
    let id = reply.response.headers().get("request-id")?;
    id.to_str().ok().map(str::to_owned)
}

/// A reply that is being spoken.
struct Timed {
    voice: Voice,
    speech: Speech,
}

impl ByPiece for Timed {
    fn service(&self) -> &Service {
        &self.voice.account.service
    }

    fn longest(&self) -> usize {
        self.voice.most()
    }

    fn speech(&mut self) -> &mut Speech {
        &mut self.speech
    }

    async fn call(&mut self, piece: &str, around: &Around) -> Result<Option<String>, Stop> {
        let Self { voice, speech } = self;
        let request = voice.call(piece, true, around)?;
        let reply = voice.account.service.send(request).await?;
        let (garbled, id) = (reply.garbled(), id(&reply));
        let mut lines = reply.lines(Lines::new(LINE));
        let before = speech.told();
        while let Some(ready) = lines.next().await? {
            for line in ready.iter().filter(|line| !line.trim().is_empty()) {
                let line: TimedLine =
                    serde_json::from_str(line).map_err(|error| garbled.clone().because(error))?;
                let times = line.times(voice.is_respelt());
                if !times.is_empty() {
                    speech.times(&times).await?;
                }
                if let Some(audio) = line.audio_base64.as_deref().filter(|audio| !audio.is_empty()) {
                    let bytes = BASE64
                        .decode(audio)
                        .map_err(|error| garbled.clone().because(error))?;
                    let heard = speech.sound(&bytes).await?;
                    heard.map_err(|error| garbled.clone().because(error))?;
                }
            }
        }
        if speech.told() == before {
            return Err(lines.reply.failure(Fault::BrokeOff).into());
        }
        let ended = speech.ended().await?;
        ended.map_err(|error| garbled.because(error))?;
        Ok(id)
    }
}
