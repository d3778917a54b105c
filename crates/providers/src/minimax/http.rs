//! Speech over HTTP: one call for each phrase, answered with events. And subtitles, which are fetched with a call of
//! their own where they do not come with the sound.

use std::time::Duration;

use libretto_voice::Session;
use libretto_voice::shapes::TimeBase;
use libretto_voice::speak::SpeakSession;
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::times::Times;
use super::wire::Message;
use super::{LONGEST, Voice};
use crate::context::Around;
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sse::Events;
use crate::timed::{self, ByPiece, Speech, Stop};

/// Longest event: all of a phrase's sound in hexadecimal, of which a minute has six megabytes.
const EVENT: usize = 16 << 20;
/// Longest file of subtitles, and the longest wait for one: without it, times are estimated.
const FILE: usize = 1 << 20;
const FILE_WAIT: Duration = Duration::from_secs(2);

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| {
        let speech = Speech::new(ends.events, voice.encoding, voice.rate, TimeBase::Stream);
        timed::by_piece(Reading { voice, speech }, ends.input)
    })
}

/// A reply that is being spoken.
struct Reading {
    voice: Voice,
    speech: Speech,
}

impl ByPiece for Reading {
    fn service(&self) -> &Service {
        self.voice.service()
    }

    fn longest(&self) -> usize {
        LONGEST
    }

    fn speech(&mut self) -> &mut Speech {
        &mut self.speech
    }

    async fn call(&mut self, piece: &str, _: &Around) -> Result<Option<String>, Stop> {
        let Self { voice, speech } = self;
        let reply = voice.service().send(voice.call(piece)?).await?;
        let garbled = reply.garbled();
        let mut phrase = Phrase {
            voice,
            id: reply.request.clone(),
            times: Times::default(),
            begun: speech.told(),
            file: None,
            timed: false,
            ended: false,
        };
        if reply.content_type() == "application/json" {
            // A refusal, mostly: they come with status 200. Or a server in between that does not stream.
            let whole = reply.bytes(EVENT).await?;
            let whole = String::from_utf8_lossy(&whole);
            phrase.take(speech, &whole, &garbled).await?;
        } else {
            let mut events = reply.events(Events::of_at_most(EVENT));
            while !phrase.ended
                && let Some(ready) = events.next().await?
            {
                for data in ready {
                    phrase.take(speech, &data, &garbled).await?;
                }
            }
        }
        phrase.finish(speech, &garbled).await?;
        Ok(None)
    }
}

/// A phrase that is being spoken.
struct Phrase<'a> {
    voice: &'a Voice,
    id: Option<String>,
    times: Times,
    /// What had been told before it.
    begun: u64,
    file: Option<String>,
    timed: bool,
    ended: bool,
}

impl Phrase<'_> {
    async fn take(&mut self, speech: &mut Speech, data: &str, garbled: &Failure) -> Result<(), Stop> {
        // Nobody documents it, and everybody else ends so.
        self.ended |= data.starts_with("[DONE]");
        if self.ended || data.trim().is_empty() {
            return Ok(());
        }
        let message: Message = serde_json::from_str(data).map_err(|error| garbled.clone().because(error))?;
        if message.code() != 0 {
            return Err(self.voice.service().complaint(data, self.id.clone()).into());
        }
        if let Some(subtitle) = message.subtitle() {
            let times = self.times.read(subtitle);
            self.timed |= !times.is_empty();
            speech.times(&times).await?;
        }
        if let Some(address) = message.subtitle_file() {
            self.file = Some(address.to_owned());
        }
        // The last event says all of it again, if it was not asked to leave that out.
        if !message.is_whole() || speech.told() == self.begun {
            let sound = message.sound().map_err(|error| garbled.clone().because(error))?;
            if !sound.is_empty() {
                let heard = speech.sound(&sound).await?;
                heard.map_err(|error| garbled.clone().because(error))?;
            }
        }
        self.ended |= message.is_whole();
        Ok(())
    }

    async fn finish(mut self, speech: &mut Speech, garbled: &Failure) -> Result<(), Stop> {
        if speech.told() == self.begun || !self.ended {
            let broke_off = self.voice.service().failure(Fault::BrokeOff);
            return Err(broke_off.request(self.id).into());
        }
        if let (Some(address), false) = (&self.file, self.timed)
            && let Some(subtitle) = self.voice.subtitles(address).await
        {
            let times = self.times.read(&subtitle);
            speech.times(&times).await?;
        }
        let ended = speech.ended().await?;
        Ok(ended.map_err(|error| garbled.clone().because(error))?)
    }
}

impl Voice {
    fn call(&self, text: &str) -> Result<RequestBuilder, Failure> {
        let mut body = self.fields.clone();
        body.insert("text".into(), text.into());
        body.insert("stream".into(), true.into());
        body.insert("stream_options".into(), json!({"exclude_aggregated_audio": true}));
        let url = self.service().url(&["v1", "t2a_v2"], self.account.query());
        self.service().post(url, Value::Object(body).to_string())
    }

    /// Subtitles from where the service put them; `None` where they cannot be had in time.
    pub(super) async fn subtitles(&self, address: &str) -> Option<Value> {
        let url = Url::parse(address).ok()?;
        let service = self.service();
        let own = service.url(&[], []);
        // What was encrypted stays so.
        if url.scheme() != "https" && url.scheme() != own.scheme() {
            return None;
        }
        // A store of files somewhere has no business with the key.
        let request = if url.origin() == own.origin() {
            service.request(Method::GET, url).ok()?
        } else {
            self.account.network.http.get(url)
        };
        let fetch = async { service.send(request).await?.bytes(FILE).await };
        let bytes = timeout(FILE_WAIT, fetch).await.ok()?.ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}
