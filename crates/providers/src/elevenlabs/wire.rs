//! The messages of its voices. Every surface spells them in its own way: nothing is shared between them.

use libretto_voice::shapes::{Timed, start_duration_ms, start_end_seconds};
use serde::Deserialize;

/// A message of the `stream-input` socket. It has no discriminator: what is there decides.
#[derive(Debug, Deserialize)]
pub(super) struct StreamMessage {
    pub(super) audio: Option<String>,
    #[serde(rename = "isFinal", alias = "is_final")]
    is_final: Option<bool>,
    alignment: Option<StreamAlignment>,
    #[serde(rename = "normalizedAlignment", alias = "normalized_alignment")]
    normalized: Option<StreamAlignment>,
    pub(super) error: Option<String>,
    message: Option<String>,
}

/// Times as they stand in a message.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct StreamAlignment {
    #[serde(default)]
    chars: Vec<String>,
    #[serde(
        default,
        rename = "charStartTimesMs",
        alias = "charsStartTimesMs",
        alias = "char_start_times_ms"
    )]
    starts: Vec<f64>,
    #[serde(
        default,
        rename = "charDurationsMs",
        alias = "charsDurationsMs",
        alias = "char_durations_ms"
    )]
    durations: Vec<f64>,
}

impl StreamMessage {
    /// It is the last: exactly `true`; `null` and `false` come on the way.
    pub(super) fn is_last(&self) -> bool {
        self.is_final == Some(true)
    }

    /// It says that something went wrong.
    pub(super) fn is_complaint(&self) -> bool {
        self.error.is_some() || (self.message.is_some() && self.audio.is_none() && !self.is_last())
    }

    /// The times of what was sent, or of what was made of it: of the other only where there are none.
    pub(super) fn take_alignment(&mut self, respelt: bool) -> Option<StreamAlignment> {
        let (sent, made) = (self.alignment.take(), self.normalized.take());
        if respelt { made.or(sent) } else { sent.or(made) }
    }
}

impl StreamAlignment {
    /// Character by character.
    pub(super) fn times(&self) -> Vec<Timed<'_>> {
        start_duration_ms(&self.chars, &self.starts, &self.durations)
    }
}

/// A line of the HTTP stream with times.
#[derive(Debug, Deserialize)]
pub(super) struct TimedLine {
    #[serde(alias = "audio_base_64")]
    pub(super) audio_base64: Option<String>,
    alignment: Option<HttpAlignment>,
    normalized_alignment: Option<HttpAlignment>,
}

#[derive(Debug, Deserialize)]
struct HttpAlignment {
    #[serde(default)]
    characters: Vec<String>,
    #[serde(default)]
    character_start_times_seconds: Vec<f64>,
    #[serde(default)]
    character_end_times_seconds: Vec<f64>,
}

impl TimedLine {
    /// As [`StreamMessage::take_alignment`], character by character.
    pub(super) fn times(&self, respelt: bool) -> Vec<Timed<'_>> {
        let (sent, made) = (self.alignment.as_ref(), self.normalized_alignment.as_ref());
        let alignment = if respelt { made.or(sent) } else { sent.or(made) };
        alignment.map_or_else(Vec::new, |a| {
            start_end_seconds(
                &a.characters,
                &a.character_start_times_seconds,
                &a.character_end_times_seconds,
            )
        })
    }
}
