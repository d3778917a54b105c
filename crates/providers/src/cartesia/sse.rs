//! Sonic over HTTP with times: one call for each phrase, answered as server-sent events.

use libretto_voice::Session;
use libretto_voice::speak::SpeakSession;
use reqwest::RequestBuilder;
use serde_json::Value;

use super::Voice;
use super::bytes::LONGEST;
use super::heard::{Heard, Message, Taken};
use crate::context::Around;
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sse::Events;
use crate::timed::{self, ByPiece, Speech, Stop};

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| {
        let heard = Heard::new(&voice, ends.events);
        timed::by_piece(Reading { voice, heard }, ends.input)
    })
}

/// A reply that is being spoken.
struct Reading {
    voice: Voice,
    heard: Heard,
}

fn request(voice: &Voice, piece: &str) -> Result<RequestBuilder, Failure> {
    let mut body = voice.fields.clone();
    body.insert("transcript".into(), piece.into());
    body.insert("add_timestamps".into(), true.into());
    if voice.phonemes.is_some() {
        body.insert("add_phoneme_timestamps".into(), true.into());
    }
    let url = voice.service.url(&["tts", "sse"], []);
    voice.service.post(url, Value::Object(body).to_string())
}

impl ByPiece for Reading {
    fn service(&self) -> &Service {
        &self.voice.service
    }

    fn longest(&self) -> usize {
        LONGEST
    }

    fn speech(&mut self) -> &mut Speech {
        &mut self.heard.speech
    }

    async fn call(&mut self, piece: &str, _: &Around) -> Result<Option<String>, Stop> {
        let Self { voice, heard } = self;
        let reply = voice.service.send(request(voice, piece)?).await?;
        let garbled = reply.garbled();
        if matches!(reply.content_type().as_str(), "application/json" | "text/html") {
            return Err(garbled.into());
        }
        let before = heard.speech.told();
        let mut events = reply.events(Events::new());
        let mut done = false;
        while !done && let Some(ready) = events.next().await? {
            for data in ready {
                let message: Message =
                    serde_json::from_str(&data).map_err(|error| garbled.clone().because(error))?;
                match heard.take(message, &garbled).await? {
                    Taken::Done => done = true,
                    Taken::Complaint => return Err(events.reply.complaint(&data).into()),
                    Taken::Sound | Taken::Other => {}
                }
            }
        }
        // It was given words, and nothing sounded; or it ended before it said that it was done, and words are missing.
        if heard.speech.told() == before || !(done || heard.speech.is_whole()) {
            return Err(events.reply.failure(Fault::BrokeOff).into());
        }
        let ended = heard.speech.ended().await?;
        ended.map_err(|error| garbled.because(error))?;
        Ok(None)
    }
}
