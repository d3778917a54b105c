//! The messages of its voices. Every surface spells them in its own way: nothing is shared between them.

use libretto_voice::shapes::{Timed, start_duration_ms, start_end_seconds};
use libretto_voice::text;
use serde::{Deserialize, Deserializer};

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

/// An array; none where there is `null`: times that cannot be used are no reason to lose their sound.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(array: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(array).map(Option::unwrap_or_default)
}

/// Times as they stand in a message.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct StreamAlignment {
    #[serde(default, deserialize_with = "or_none")]
    chars: Vec<String>,
    #[serde(
        default,
        deserialize_with = "or_none",
        rename = "charStartTimesMs",
        alias = "charsStartTimesMs",
        alias = "char_start_times_ms"
    )]
    starts: Vec<f64>,
    #[serde(
        default,
        deserialize_with = "or_none",
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
        chosen(sent, made, respelt, |alignment| &alignment.chars)
    }
}

/// The times of a text as it was sent; where dictionaries have it `respelt`, and its characters come in disorder, those
/// of what was made of it. But that is in Latin letters for some scripts, and would be found nowhere in the text.
fn chosen<T>(sent: Option<T>, made: Option<T>, respelt: bool, texts: impl Fn(&T) -> &[String]) -> Option<T> {
    let romanised = |c: char| {
        text::without_spaces(c)
            || matches!(c, '\u{590}'..='\u{8ff}' | '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}')
    };
    let foreign = |alignment: &T| texts(alignment).iter().any(|text| text.contains(romanised));
    if respelt && !sent.as_ref().is_some_and(foreign) {
        made.or(sent)
    } else {
        sent.or(made)
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
    #[serde(default, deserialize_with = "or_none")]
    characters: Vec<String>,
    #[serde(default, deserialize_with = "or_none")]
    character_start_times_seconds: Vec<f64>,
    #[serde(default, deserialize_with = "or_none")]
    character_end_times_seconds: Vec<f64>,
}

impl TimedLine {
    /// As [`StreamMessage::take_alignment`], character by character.
    pub(super) fn times(&self, respelt: bool) -> Vec<Timed<'_>> {
        let (sent, made) = (self.alignment.as_ref(), self.normalized_alignment.as_ref());
        chosen(sent, made, respelt, |alignment| &alignment.characters).map_or_else(Vec::new, |a| {
            start_end_seconds(
                &a.characters,
                &a.character_start_times_seconds,
                &a.character_end_times_seconds,
            )
        })
    }
}
