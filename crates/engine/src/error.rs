//! What can go wrong with a model.

use std::path::PathBuf;

use libretto_ondevice::wire::Failure;
use libretto_voice::Kind;

/// Why a model cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not there or cannot be read.
    #[error(
        "A file of the {part} is missing or cannot be read: {path} ({source}). Download the model again."
    )]
    Missing {
        /// Which part it belongs to.
        part: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error(
        "A file of the {part} is broken or of another kind: {path} ({detail}). Download the model again."
    )]
    Broken {
        /// Which part it belongs to.
        part: &'static str,
        /// The file.
        path: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// The processor is too old for llama.cpp as it was built.
    #[error(
        "This computer's processor lacks {0}, which the on-device language model needs. \
         Choose a language model from the network instead."
    )]
    Processor(String),
    /// There is not enough memory, or the model asks for something that cannot be had.
    #[error("The {part} cannot start: {detail}. Close other programs or choose a smaller model.")]
    Start {
        /// Which part.
        part: &'static str,
        /// What was wrong.
        detail: String,
    },
    /// The conversation does not fit, even without its history.
    #[error(
        "This is too long for the on-device language model: it takes {limit} tokens and this has {tokens}. Say less at once."
    )]
    TooLong {
        /// Tokens of the shortest form.
        tokens: usize,
        /// Tokens that fit.
        limit: usize,
    },
    /// The recogniser has as many utterances as it takes.
    #[error("The on-device recogniser has too much to do at once. Try again when it has finished.")]
    Busy,
    /// More was said than the recogniser can follow.
    #[error("More was said than the on-device recogniser can follow. Say it again, in pieces.")]
    Behind,
    /// The user's input cannot be used.
    #[error("{0}")]
    Input(String),
    /// The model failed while it worked.
    #[error("The {part} failed: {detail}. Try again.")]
    Run {
        /// Which part.
        part: &'static str,
        /// What was wrong.
        detail: String,
    },
}

impl Error {
    /// What to match on.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Missing { .. } | Error::Broken { .. } | Error::Start { .. } | Error::Busy => {
                Kind::Unavailable
            }
            Error::Processor(_) => Kind::Unsupported,
            Error::TooLong { .. } | Error::Behind | Error::Input(_) => Kind::BadInput,
            Error::Run { .. } => Kind::Internal,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}
