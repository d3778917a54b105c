//! What can go wrong between the app and its engines.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use libretto_voice::{Error, Kind};

use super::NAME;
use crate::wire::Role;
use crate::wire::frame::FrameError;

/// Why an engine cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EngineError {
    /// The program is not where it should be.
    #[error(
        "The program that runs on-device models was not found (looked for {}). Install Libretto again, \
         or set LIBRETTO_ENGINE to its path.",
        list(.0)
    )]
    NotFound(Vec<PathBuf>),
    /// The system did not start it.
    #[error(
        "The on-device {role} engine could not be started from {program} ({error}). Install Libretto again."
    )]
    NotStarted {
        /// Which engine.
        role: Role,
        /// Which program.
        program: PathBuf,
        /// What the system said.
        error: Arc<std::io::Error>,
    },
    /// It started and did not say hello as it should.
    #[error("The on-device {role} engine does not answer as it should ({error}). Install Libretto again.")]
    NotUnderstood {
        /// Which engine.
        role: Role,
        /// What was wrong.
        error: Arc<FrameError>,
    },
    /// It started and said nothing.
    #[error("The on-device {role} engine did not start within {} s. Try again.", .after.as_secs())]
    Silent {
        /// Which engine.
        role: Role,
        /// How long we waited.
        after: Duration,
    },
    /// It died at work.
    #[error("The on-device {role} engine stopped unexpectedly ({how}). It is started again at the next try.")]
    Died {
        /// Which engine.
        role: Role,
        /// Exit code or signal.
        how: String,
    },
    /// It has died too often.
    #[error(
        "The on-device {role} engine keeps stopping and is left alone for {} s. \
         Try again then, or choose another model.",
        .wait.as_secs().max(1)
    )]
    Exhausted {
        /// Which engine.
        role: Role,
        /// How long it is left alone.
        wait: Duration,
    },
    /// It knows one language and was asked for another.
    #[error("The on-device {part} speaks English only, not \"{language}\". Choose another in the settings.")]
    Language {
        /// Recogniser or voice.
        part: &'static str,
        /// What was asked for.
        language: String,
    },
    /// It takes one rate.
    #[error("The on-device recogniser takes sound at 16000 Hz, not {0} Hz. Convert it first.")]
    Rate(u32),
}

impl EngineError {
    /// What to match on.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Language { .. } | Self::Rate(_) => Kind::Unsupported,
            _ => Kind::Unavailable,
        }
    }

    /// Whether the same call can succeed when it is made again.
    fn can_retry(&self) -> bool {
        matches!(
            self,
            Self::Silent { .. } | Self::Died { .. } | Self::Exhausted { .. }
        )
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let made = Error::new(error.kind(), error.to_string())
            .retryable(error.can_retry())
            .from_origin(NAME);
        match &error {
            EngineError::Exhausted { wait, .. } => made.retry_after(*wait),
            _ => made,
        }
        .with_source(error)
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
