//! Failures as the pages see them: match on the kind, show the message.

use libretto_assistant::voice;
use serde::{Deserialize, Serialize};
use specta::Type;

/// What went wrong, as far as anyone has to decide something by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The key is missing, wrong, or may not do this.
    Unauthorised,
    /// The account is empty or its plan does not cover this.
    Quota,
    /// Too many calls; a later one can succeed.
    RateLimited,
    /// The service, engine or network cannot be had at the moment.
    Unavailable,
    /// A deadline passed.
    Timeout,
    /// What was given cannot be used: text, audio, a file, a setting.
    BadInput,
    /// This provider, engine, device or system cannot do it.
    Unsupported,
    /// A microphone or loudspeaker failed.
    Device,
    /// The user, or a newer turn, called it off.
    Cancelled,
    /// A fault of our own.
    Internal,
}

impl From<voice::Kind> for FailureKind {
    fn from(kind: voice::Kind) -> Self {
        use voice::Kind;
        match kind {
            Kind::Unauthorised => Self::Unauthorised,
            Kind::Quota => Self::Quota,
            Kind::RateLimited => Self::RateLimited,
            Kind::Unavailable => Self::Unavailable,
            Kind::Timeout => Self::Timeout,
            Kind::BadInput => Self::BadInput,
            Kind::Unsupported => Self::Unsupported,
            Kind::Device => Self::Device,
            Kind::Cancelled => Self::Cancelled,
            Kind::Internal => Self::Internal,
        }
    }
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What to match on.
    pub kind: FailureKind,
    /// What happened and what to do next.
    pub message: String,
    /// Whether the same call can succeed when it is made again.
    pub retry: bool,
}

impl Failure {
    /// A failure of the window's own.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry: false,
        }
    }
}

impl From<voice::Error> for Failure {
    fn from(error: voice::Error) -> Self {
        Self {
            kind: error.kind().into(),
            message: error.message().to_owned(),
            retry: error.can_retry(),
        }
    }
}

impl From<libretto_assistant::store::Error> for Failure {
    fn from(error: libretto_assistant::store::Error) -> Self {
        voice::Error::from(error).into()
    }
}

impl From<tauri::Error> for Failure {
    fn from(error: tauri::Error) -> Self {
        Self::new(
            FailureKind::Internal,
            format!("The window couldn’t do that: {error}."),
        )
    }
}

/// What a command gives.
pub type Answer<T> = Result<T, Failure>;
