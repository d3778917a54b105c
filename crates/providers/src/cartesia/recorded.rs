//! Ink for whole utterances.

use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenOptions, TimedWord, Transcript};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;

use super::live::Word;
use crate::failure::Failure;
use crate::service::Service;
use crate::whole;

/// The model for whole utterances.
const MODEL: &str = "ink-whisper";

/// Begins an utterance.
pub(super) fn session(service: Service, options: ListenOptions) -> ListenSession {
    let rate = options.rate;
    let request = move |service: &Service, file: &[u8]| request(service, &options, file);
    whole::session(service, rate, request, transcript)
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    text: String,
    language: Option<String>,
    words: Option<Vec<Word>>,
}

fn transcript(answer: Answer) -> Transcript {
    Transcript {
        words: timed(answer.words.unwrap_or_default()),
        language: answer.language,
        ..Transcript::text(answer.text.trim())
    }
}

/// Reads an answer, for fuzzers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(text: &str) {
    let _ = serde_json::from_str(text).map(transcript);
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
