//! What the user is told about the store without having asked.

use serde::Serialize;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The settings file.
    Settings,
    /// Keys and where they live.
    Secrets,
    /// What was said and answered.
    History,
    /// Variables and `.env` files.
    Environment,
}

/// A sentence for the user, and what it is about. It never holds a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What it is about.
    pub subject: Subject,
    /// What happened and what to do.
    pub sentence: String,
    /// The setting's dotted key, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Line of the settings file, counted from 1, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl Notice {
    /// A notice about no setting in particular.
    pub fn new(subject: Subject, sentence: impl Into<String>) -> Self {
        Self {
            subject,
            sentence: sentence.into(),
            key: None,
            line: None,
        }
    }
}
