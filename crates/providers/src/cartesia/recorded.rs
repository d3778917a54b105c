//! Ink for whole utterances, which are held in memory only.

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{
    Audio, Error, ListenEvent, ListenInput, ListenOptions, Result, Session, TimedWord, Transcript,
};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;

use super::live::Word;
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sound::wav_file;

/// The model for whole utterances.
const MODEL: &str = "ink-whisper";
/// Longest utterance in samples: half an hour at 16 kHz, which is 115 MB here.
const MOST: usize = 30 * 60 * 16_000;

/// Begins an utterance.
pub(super) fn session(service: Service, options: ListenOptions) -> ListenSession {
    Session::spawn(move |ends| listen(service, options, ends))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    text: String,
    language: Option<String>,
    words: Option<Vec<Word>>,
}

async fn listen(
    service: Service,
    options: ListenOptions,
    mut ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    say(&ends, ListenEvent::Ready).await?;
    let mut utterance = Audio::empty(options.rate);
    while let Some(ListenInput::Audio(audio)) = ends.input.recv().await {
        if utterance.samples.len() + audio.samples.len() > MOST {
            return Err(service.failure(Fault::TooLong).into());
        }
        utterance.samples.extend(audio.samples);
    }
    if !utterance.is_empty() {
        let file = wav_file(&utterance);
        drop(utterance);
        let reply = service.call(|| request(&service, &options, &file)).await?;
        let answer: Answer = reply.json().await?;
        let transcript = Transcript {
            words: timed(answer.words.unwrap_or_default()),
            language: answer.language,
            ..Transcript::text(answer.text.trim())
        };
        if !transcript.is_blank() {
            say(&ends, ListenEvent::Segment(transcript)).await?;
        }
    }
    say(&ends, ListenEvent::Finished).await
}

fn request(service: &Service, options: &ListenOptions, file: &[u8]) -> Result<RequestBuilder, Failure> {
    let part = Part::bytes(file.to_vec())
        .file_name("utterance.wav")
        .mime_str("audio/wav");
    let part = part.map_err(|error| service.broken(error))?;
    let mut form = Form::new()
        .text("model", options.model.as_deref().unwrap_or(MODEL).to_owned())
        .text("timestamp_granularities[]", "word")
        .part("file", part);
    if let Some(code) = options.language.as_deref().and_then(|tag| tag.split('-').next()) {
        form = form.text("language", code.to_ascii_lowercase());
    }
    let url = service.url(&["stt"], []);
    Ok(service.request(Method::POST, url)?.multipart(form))
}

/// Words with their times.
pub(super) fn timed(words: Vec<Word>) -> Vec<TimedWord> {
    let word = |word: Word| TimedWord {
        text: word.text.trim().to_owned(),
        seconds: word.start..word.end.max(word.start),
        confidence: None,
    };
    words.into_iter().map(word).collect()
}

async fn say(ends: &Ends<ListenInput, ListenEvent>, event: ListenEvent) -> Result<()> {
    ends.events.send(Ok(event)).await.map_err(|_| Error::cancelled())
}
