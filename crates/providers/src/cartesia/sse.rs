//! Sonic over HTTP with times: one call for each phrase, answered as server-sent events.

use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::Voice;
use super::bytes::LONGEST;
use super::heard::{Heard, Message, Taken};
use crate::failure::{Failure, Fault};
use crate::phrases::pieces;
use crate::sse::Events;
use crate::timed::Stop;

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
}

async fn speak(voice: Voice, mut ends: Ends<SpeakInput, SpeakEvent>) -> Result<()> {
    let mut heard = Heard::new(&voice, ends.events.clone());
    let gone = |_| Error::cancelled();
    heard.speech.tell(SpeakEvent::Ready).await.map_err(gone)?;
    while let Some(SpeakInput::Text(phrase)) = ends.input.recv().await {
        for piece in pieces(&phrase, LONGEST) {
            heard.speech.sent(piece);
            if text::speaks(piece) {
                call(&voice, &mut heard, piece).await?;
            }
        }
    }
    heard.speech.tell(SpeakEvent::Finished).await.map_err(gone)
}

/// Speaks a piece that the session's text has already.
async fn call(voice: &Voice, heard: &mut Heard, piece: &str) -> Result<()> {
    let _place = voice.service.limit.enter().await;
    let mut tries = voice.service.retry.begin();
    let before = heard.speech.told();
    loop {
        match stream(voice, heard, piece).await {
            Ok(()) => return Ok(()),
            Err(Stop::Gone) => return Err(Error::cancelled()),
            Err(Stop::Failed(failure)) if heard.speech.told() > before => {
                return Err(failure.again(false).into());
            }
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
        heard.speech.again();
    }
}

fn request(voice: &Voice, piece: &str) -> Result<RequestBuilder, Failure> {
    let mut body = voice.fields.clone();
    body.insert("transcript".into(), piece.into());
    body.insert("add_timestamps".into(), true.into());
    if voice.phonemes.is_some() {
        body.insert("add_phoneme_timestamps".into(), true.into());
    }
    let url = voice.service.url(&["tts", "sse"], []);
    let request = voice.service.request(Method::POST, url)?;
    Ok(request
        .header("content-type", "application/json")
        .body(Value::Object(body).to_string()))
}

async fn stream(voice: &Voice, heard: &mut Heard, piece: &str) -> Result<(), Stop> {
    let mut reply = voice.service.send(request(voice, piece)?).await?;
    let garbled = reply.garbled();
    if matches!(reply.content_type().as_str(), "application/json" | "text/html") {
        return Err(garbled.into());
    }
    let before = heard.speech.told();
    let mut events = Events::new();
    let mut done = false;
    while !done {
        let chunk = reply.chunk().await?;
        let ready = match &chunk {
            Some(bytes) => events.push(bytes),
            None => events.finish().map(Vec::from_iter),
        };
        for event in ready.map_err(|error| garbled.clone().because(error))? {
            let message: Message =
                serde_json::from_str(&event.data).map_err(|error| garbled.clone().because(error))?;
            match heard.take(message, &garbled).await? {
                Taken::Done => done = true,
                Taken::Complaint => {
                    let failure = voice.service.complaint(&event.data);
                    let id = failure.request_id().map(str::to_owned).or(reply.request.clone());
                    return Err(failure.request(id).into());
                }
                Taken::Sound | Taken::Other => {}
            }
        }
        if chunk.is_none() {
            break;
        }
    }
    // It was given words, and nothing sounded; or it ended before it said that it was done, and words are missing.
    if heard.speech.told() == before || !(done || heard.speech.is_whole()) {
        let broke = voice.service.failure(Fault::BrokeOff);
        return Err(broke.request(reply.request.clone()).into());
    }
    let ended = heard.speech.ended().await?;
    Ok(ended.map_err(|error| garbled.because(error))?)
}
