//! Times of words, with the sound or in a file.

use std::sync::{Arc, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Desk;
use crate::fakes::speech::Spoken;

/// How times are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subtitles {
    /// Not at all.
    None,
    /// Word by word with their sound, and all of them again with the last of it.
    Inline,
    /// In a file, whose address comes at the end.
    File,
    /// In a file, of sentences without their words.
    Sentences,
}

impl Subtitles {
    /// How they are told to somebody who asked in this way: word by word with their sound only where that was asked for.
    pub(super) fn asked(self, body: &Value) -> Self {
        match (self, body["subtitle_type"].as_str()) {
            (Self::Inline, Some("word")) => Self::File,
            (Self::Inline | Self::File, Some("sentence") | None) => Self::Sentences,
            _ => self,
        }
    }
}

/// What times count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The first sound of the connection.
    Connection,
    /// The first sound of the phrase.
    Phrase,
    /// The first sound of the sentence.
    Sentence,
}

impl Desk {
    /// Puts subtitles where they can be fetched, and gives their path.
    pub(super) fn keep(&self, subtitles: &Value) -> String {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.push(subtitles.to_string());
        format!("/files/{}", files.len() - 1)
    }
}

/// A file. It needs no key.
pub(super) async fn file(
    State(desk): State<Arc<Desk>>,
    Path(number): Path<usize>,
) -> Result<String, StatusCode> {
    let files = desk.files.lock().unwrap_or_else(PoisonError::into_inner);
    files.get(number).cloned().ok_or(StatusCode::NOT_FOUND)
}

/// The words of what was spoken, `shift` seconds later; without them where only the sentence is timed.
pub(super) fn item(spoken: &Spoken, shift: f64, words: bool) -> Value {
    let ms = |seconds: f64| (seconds + shift) * 1_000.0;
    let chars = |at: usize| spoken.text[..at].chars().count();
    let mut timed: Vec<Value> = Vec::new();
    for (number, (bytes, seconds)) in spoken.words.iter().enumerate() {
        let entry = |from: f64, to: f64| {
            json!({"word": &spoken.text[bytes.clone()], "word_begin": chars(bytes.start), "word_end": chars(bytes.end),
                "time_begin": ms(from), "time_end": ms(to)})
        };
        if number == 1 {
            // What is spoken in two pieces; and white space that counts as a word.
            let middle = f64::midpoint(seconds.start, seconds.end);
            timed.extend([entry(seconds.start, middle), entry(middle, seconds.end)]);
            timed
                .push(json!({"word": "[SPACE]", "time_begin": ms(seconds.end), "time_end": ms(seconds.end)}));
        } else {
            timed.push(entry(seconds.start, seconds.end));
        }
    }
    let ends = spoken.words.last().map_or(0.0, |(_, seconds)| seconds.end);
    json!({"text": spoken.text, "pronounce_text": spoken.text, "time_begin": ms(0.0), "time_end": ms(ends),
        "text_begin": 0, "text_end": spoken.text.chars().count(), "is_final_segment": true,
        "timestamped_words": words.then_some(timed)})
}
