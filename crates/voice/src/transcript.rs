//! What was said, as text.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A piece of recognised speech.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// The words as a reader would write them.
    pub text: String,
    /// Words with their times, where the recogniser gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<TimedWord>,
    /// BCP 47 tag, where the recogniser says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// From 0 to 1, where the recogniser says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
}

impl Transcript {
    /// Only text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// True when there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Puts a later piece of the same utterance behind this one.
    pub fn append(&mut self, later: Transcript) {
        if !self.text.is_empty() && !later.is_blank() && !self.text.ends_with(char::is_whitespace) {
            self.text.push(' ');
        }
        self.text.push_str(later.text.trim_start());
        self.words.extend(later.words);
        self.language = later.language.or_else(|| self.language.take());
        self.confidence = match (self.confidence, later.confidence) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// A word and when it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimedWord {
    /// The word, with its punctuation where the recogniser gives it.
    pub text: String,
    /// Seconds since the first sample that the session was given.
    pub seconds: Range<f64>,
    /// From 0 to 1, where the recogniser says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
}
