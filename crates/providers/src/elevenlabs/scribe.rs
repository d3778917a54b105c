//! The recogniser for whole utterances, which are held in memory only.

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{
    Audio, Error, ListenEvent, ListenInput, ListenOptions, Result, SampleRate, Session, TimedWord, Transcript,
};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;

use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sound::wav_file;

/// Longest utterance in samples: half an hour at 16 kHz, which is 115 MB here.
const MOST: usize = 30 * 60 * 16_000;
/// Most key terms that are billed as usual, their longest, and what may not stand in them.
const KEYTERMS: usize = 100;
const KEYTERM: usize = 50;
const FORBIDDEN: [char; 7] = ['<', '>', '{', '}', '[', ']', '\\'];

/// Begins an utterance.
pub(super) fn session(service: Service, model: String, options: ListenOptions) -> ListenSession {
    Session::spawn(move |ends| listen(service, model, options, ends))
}

async fn listen(
    service: Service,
    model: String,
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
        let bare = utterance.rate == SampleRate::SPEECH;
        let file = if bare {
            utterance.to_pcm16()
        } else {
            wav_file(&utterance)
        };
        drop(utterance);
        let request = || request(&service, &model, &options, &file, bare);
        let reply = service.call(request).await?;
        let transcript = transcript(reply.json().await?);
        if !transcript.is_blank() {
            say(&ends, ListenEvent::Segment(transcript)).await?;
        }
    }
    say(&ends, ListenEvent::Finished).await
}

fn request(
    service: &Service,
    model: &str,
    options: &ListenOptions,
    file: &[u8],
    bare: bool,
) -> Result<RequestBuilder, Failure> {
    // Samples at 16 kHz without a header are worked on sooner.
    let (name, kind, format) = if bare {
        ("utterance.pcm", "application/octet-stream", "pcm_s16le_16")
    } else {
        ("utterance.wav", "audio/wav", "other")
    };
    let part = Part::bytes(file.to_vec()).file_name(name).mime_str(kind);
    let part = part.map_err(|error| service.broken(error))?;
    let mut form = Form::new()
        .text("model_id", model.to_owned())
        .text("file_format", format)
        .text("timestamps_granularity", "word")
        // “(laughter)” is nothing that was said.
        .text("tag_audio_events", "false")
        .part("file", part);
    if let Some(language) = &options.language {
        form = form.text("language_code", bare_code(language));
    }
    for term in keyterms(&options.vocabulary, KEYTERMS, KEYTERM) {
        form = form.text("keyterms", term);
    }
    let url = service.url(&["v1", "speech-to-text"], []);
    Ok(service.request(Method::POST, url)?.multipart(form))
}

/// A language without its region: with one it is refused.
pub(super) fn bare_code(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

/// The terms that the service takes.
pub(super) fn keyterms(terms: &[String], most: usize, longest: usize) -> impl Iterator<Item = String> {
    let fits = move |term: &&String| {
        let count = term.chars().count();
        (1..=longest).contains(&count) && term.split_whitespace().count() <= 5 && !term.contains(FORBIDDEN)
    };
    terms.iter().filter(fits).take(most).cloned()
}

/// The answer; with several channels each has one.
#[derive(Deserialize)]
struct Whole {
    text: Option<String>,
    language_code: Option<String>,
    words: Option<Vec<Word>>,
}

/// A word, the space between two, or a sound that is none.
#[derive(Debug, Deserialize)]
pub(super) struct Word {
    text: String,
    start: Option<f64>,
    end: Option<f64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    logprob: Option<f64>,
}

/// Reads an answer, for fuzzers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(text: &str) {
    let _ = serde_json::from_str(text).map(transcript);
}

fn transcript(whole: Whole) -> Transcript {
    Transcript {
        words: timed(whole.words.unwrap_or_default()),
        language: whole.language_code.as_deref().map(two_letters),
        ..Transcript::text(whole.text.unwrap_or_default().trim())
    }
}

/// The words that have a time.
pub(super) fn timed(words: Vec<Word>) -> Vec<TimedWord> {
    let word = |word: Word| {
        let spoken = word.kind.as_deref().is_none_or(|kind| kind == "word");
        let (start, end) = (word.start?, word.end?);
        spoken.then(|| TimedWord {
            text: word.text,
            seconds: start..end.max(start),
            confidence: word.logprob.map(|p| p.min(0.0).exp() as f32),
        })
    };
    words.into_iter().filter_map(word).collect()
}

/// It says languages in three letters, or in two.
pub(super) fn two_letters(code: &str) -> String {
    let known = [
        ("ara", "ar"),
        ("ces", "cs"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("hin", "hi"),
        ("hun", "hu"),
        ("ind", "id"),
        ("ita", "it"),
        ("jpn", "ja"),
        ("kor", "ko"),
        ("nld", "nl"),
        ("nor", "no"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("spa", "es"),
        ("swe", "sv"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("vie", "vi"),
        ("zho", "zh"),
        ("cmn", "zh"),
    ];
    // BCP 47 allows three letters too, where there are no two.
    known
        .iter()
        .find(|(three, _)| *three == code)
        .map_or(code, |(_, two)| two)
        .to_owned()
}

async fn say(ends: &Ends<ListenInput, ListenEvent>, event: ListenEvent) -> Result<()> {
    ends.events.send(Ok(event)).await.map_err(|_| Error::cancelled())
}
