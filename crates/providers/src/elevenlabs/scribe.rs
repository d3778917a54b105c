//! The recogniser for whole utterances, which are held in memory only.

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{
    Audio, Error, ListenEvent, ListenInput, ListenOptions, Result, SampleRate, Session, TimedWord, Transcript,
};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde_json::Value;

use super::Hearing;
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
pub(super) fn session(
    service: Service,
    model: String,
    hearing: Hearing,
    options: ListenOptions,
) -> ListenSession {
    Session::spawn(move |ends| listen(service, model, (hearing, options), ends))
}

async fn listen(
    service: Service,
    model: String,
    (hearing, options): (Hearing, ListenOptions),
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
        let request = || request(&service, &model, (&hearing, &options), (&file, bare));
        let reply = service.call(request).await?;
        let garbled = reply.garbled();
        let transcript = transcript(reply.json().await?).ok_or(garbled)?;
        if !transcript.is_blank() {
            say(&ends, ListenEvent::Segment(transcript)).await?;
        }
    }
    say(&ends, ListenEvent::Finished).await
}

fn request(
    service: &Service,
    model: &str,
    (hearing, options): (&Hearing, &ListenOptions),
    (file, bare): (&[u8], bool),
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
        .text("timestamps_granularity", "word");
    form = hearing.form(model, form).part("file", part);
    if let Some(language) = &options.language {
        form = form.text("language_code", bare_code(language));
    }
    for term in keyterms(&options.vocabulary, KEYTERMS, KEYTERM) {
        form = form.text("keyterms", term);
    }
    let url = service.url(&["v1", "speech-to-text"], hearing.address());
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

/// The answer.
#[derive(Deserialize)]
struct Whole {
    text: Option<String>,
    language_code: Option<String>,
    language_probability: Option<f32>,
    words: Option<Vec<Word>>,
    /// What was made of the text, where that was asked for.
    edited_transcript: Option<Value>,
    /// Where each channel has one.
    transcripts: Option<Vec<Whole>>,
}

/// A language that is less likely than this is not told.
const SURE: f32 = 0.5;

/// A word, the space between two, or a sound that is none.
#[derive(Debug, Deserialize)]
pub(super) struct Word {
    #[serde(default)]
    text: String,
    start: Option<f64>,
    end: Option<f64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    logprob: Option<f64>,
    speaker_id: Option<String>,
}

/// Reads an answer, for fuzzers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(text: &str) {
    let _ = serde_json::from_str(text).map(transcript);
}

/// What was said; `None` where the answer is no transcript, but for instance the promise of one.
fn transcript(whole: Whole) -> Option<Transcript> {
    if let Some(channels) = whole.transcripts {
        let mut all = Transcript::default();
        for channel in channels {
            let said = transcript(channel)?;
            if !all.text.is_empty() && !said.is_blank() {
                all.text.push('\n');
            }
            all.append(said);
        }
        all.words
            .sort_by(|a, b| a.seconds.start.total_cmp(&b.seconds.start));
        return Some(all);
    }
    let words = whole.words.unwrap_or_default();
    let text = whole.text?;
    let text = whole
        .edited_transcript
        .as_ref()
        .and_then(edited)
        .or_else(|| by_speaker(&words))
        .unwrap_or_else(|| text.trim().to_owned());
    let sure = whole
        .language_probability
        .is_none_or(|probability| probability >= SURE);
    let language = whole.language_code.filter(|_| sure);
    Some(Transcript {
        words: timed(words),
        language: language.as_deref().map(two_letters),
        ..Transcript::text(text)
    })
}

/// The text of an edited transcript. Nothing is said of its shape but that it is an object; the live recogniser's has an
/// `edited_text`.
fn edited(edited: &Value) -> Option<String> {
    let texts = [&edited["edited_text"], &edited["text"], edited];
    let text = texts.iter().find_map(|text| text.as_str())?;
    Some(text.trim().to_owned())
}

/// A line for each time that another speaks, with the speaker's number; `None` where there are not several.
fn by_speaker(words: &[Word]) -> Option<String> {
    let mut speakers: Vec<&str> = Vec::new();
    let mut lines: Vec<(usize, String)> = Vec::new();
    for word in words {
        let number = word.speaker_id.as_deref().map(|id| {
            let known = speakers.iter().position(|speaker| *speaker == id);
            known.unwrap_or_else(|| {
                speakers.push(id);
                speakers.len() - 1
            })
        });
        match (lines.last_mut(), number) {
            (Some((last, line)), number) if number.is_none_or(|number| number == *last) => {
                line.push_str(&word.text);
            }
            (_, number) => lines.push((number.unwrap_or_default(), word.text.clone())),
        }
    }
    let line = |(speaker, line): &(usize, String)| format!("{}: {}", speaker + 1, line.trim());
    let several = speakers.len() > 1;
    several.then(|| lines.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The text without “(laughter)” and its like; `None` where there is none of it.
pub(super) fn without_events(words: &[Word]) -> Option<String> {
    let is_event = |word: &&Word| word.kind.as_deref() == Some("audio_event");
    words.iter().any(|word| is_event(&word)).then(|| {
        let spoken = words.iter().filter(|word| !is_event(word));
        let text: String = spoken.map(|word| word.text.as_str()).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    })
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
        ("bul", "bg"),
        ("ben", "bn"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("est", "et"),
        ("fas", "fa"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("ind", "id"),
        ("ita", "it"),
        ("jpn", "ja"),
        ("kor", "ko"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("msa", "ms"),
        ("zsm", "ms"),
        ("nld", "nl"),
        ("nor", "no"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tha", "th"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn heard(answer: serde_json::Value) -> Option<Transcript> {
        transcript(serde_json::from_value(answer).unwrap())
    }

    fn word(text: &str, kind: &str, speaker: Option<&str>) -> serde_json::Value {
        json!({"text": text, "start": 0.1, "end": 0.2, "type": kind, "speaker_id": speaker, "logprob": -0.02,
            "characters": null})
    }

    #[test]
    fn speakers_stand_in_lines_of_their_own() {
        let words = json!([
            word("Tea?", "word", Some("speaker_7")),
            word(" ", "spacing", Some("speaker_7")),
            word("Yes,", "word", Some("speaker_1")),
            word(" ", "spacing", None),
            word("(laughter)", "audio_event", Some("speaker_1")),
            word(" ", "spacing", Some("speaker_1")),
            word("Good.", "word", Some("speaker_7")),
        ]);
        let said = heard(json!({"text": "Tea? Yes, (laughter) Good.", "words": words})).unwrap();
        assert_eq!(said.text, "1: Tea?\n2: Yes, (laughter)\n1: Good.");
        assert_eq!(said.words.len(), 3);
        let alone = json!([word("Tea?", "word", Some("speaker_0"))]);
        assert_eq!(
            heard(json!({"text": " Tea? ", "words": alone})).unwrap().text,
            "Tea?"
        );
    }

    #[test]
    fn each_shape_of_an_answer() {
        let said = |text: &str, sure: f64| json!({"text": text, "language_code": "eng", "language_probability": sure, "words": null});
        assert_eq!(heard(said("Tea", 0.9)).unwrap().language.as_deref(), Some("en"));
        assert_eq!(heard(said("Tea", 0.2)).unwrap().language, None);
        let edited = |edited: serde_json::Value| {
            let mut answer = said("Tea", 0.9);
            answer["edited_transcript"] = edited;
            heard(answer).unwrap().text
        };
        for object in [
            json!({"edited_text": " A cup. ", "text": "Tea"}),
            json!({"text": "A cup."}),
            json!("A cup."),
        ] {
            assert_eq!(edited(object), "A cup.");
        }
        assert_eq!(edited(json!({"status": "failed"})), "Tea");
        let channels = json!({"transcripts": [said("Tea", 0.9), said("", 0.9), said("Yes", 0.9)], "transcription_id": "t"});
        assert_eq!(heard(channels).unwrap().text, "Tea\nYes");
        assert_eq!(
            heard(json!({"message": "Later.", "request_id": "r"})),
            None,
            "a promise"
        );
    }
}
