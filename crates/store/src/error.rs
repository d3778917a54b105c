//! What can go wrong in the store.

use std::io;
use std::path::PathBuf;

use libretto_voice::Kind;

/// Shorthand for a result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the store. Each message says what happened and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that no setting takes.
    #[error("The setting {key} cannot be {value}: {reason}. It was left as it is.")]
    Value {
        /// Dotted key: `vad.threshold`.
        key: String,
        /// The value as it was given.
        value: String,
        /// What it must be instead.
        reason: String,
    },
    /// A key that no setting has.
    #[error("There is no setting {0}. `settings.example.toml` lists all that there are.")]
    NoSuchSetting(String),
    /// More than the settings file may hold.
    #[error(
        "With this change the settings would be larger than {0} bytes, and could not be read again. Shorten it; nothing was changed."
    )]
    SettingsFull(u64),
    /// The change holds until Libretto ends, since it could not be written.
    #[error("The change holds until Libretto ends, but {} could not be written: {source}. {}", path.display(), advice(source))]
    NotSaved {
        /// The settings file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that cannot be a key.
    #[error("This cannot be an API key: {0}. Copy it from the provider's page again.")]
    NotASecret(&'static str),
    /// Something that cannot be a provider's name.
    #[error("{0:?} cannot be a provider's name: 1 to 64 small letters, digits and hyphens.")]
    NotAProvider(String),
    /// The keychain is locked, or asks the user something.
    #[error(
        "The system's keychain is locked. Unlock it (log in to the desktop, or open its password app), then try again."
    )]
    KeychainLocked,
    /// The keychain did not answer in time.
    #[error(
        "The system's keychain did not answer within {0} seconds. If it asks for a password, answer it, then try again."
    )]
    KeychainSilent(u64),
    /// The keychain failed in another way.
    #[error("The system's keychain failed: {0}. Keys can be given as environment variables meanwhile.")]
    Keychain(String),
    /// A key was given by the environment: only who set it can take it away.
    #[error("The key for {provider} comes from {place}. Remove it there.")]
    NotOurs {
        /// Whose key.
        provider: String,
        /// Where it lives.
        place: String,
    },
    /// The history cannot be read or written at the moment.
    #[error("The history cannot be used: {reason}. {advice}")]
    History {
        /// What `SQLite` or the system says.
        reason: String,
        /// What to do.
        advice: &'static str,
        /// What to match on.
        kind: Kind,
    },
    /// Not in the history.
    #[error("There is no such {0} in the history; it may have been deleted.")]
    NotFound(&'static str),
    /// More than the history takes at once.
    #[error("This is too long for the history: {0} bytes, and {1} is the most.")]
    TooLong(usize, usize),
    /// Subtitles need times.
    #[error(
        "No times are stored for these replies. Switch on `history.store_alignment`; it holds for replies from then on."
    )]
    NoTimes,
    /// A fault of our own.
    #[error("The store failed: {0}. Please report it.")]
    Internal(String),
}

/// What to do about a file that cannot be written.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Free some space on the disk.",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "Make the folder writable, or name another one in LIBRETTO_CONFIG."
        }
        _ => "Check the folder and the disk.",
    }
}

impl Error {
    /// What to match on.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Value { .. }
            | Error::NoSuchSetting(_)
            | Error::SettingsFull(_)
            | Error::NotASecret(_)
            | Error::NotAProvider(_)
            | Error::NotOurs { .. }
            | Error::NotFound(_)
            | Error::TooLong(..)
            | Error::NoTimes => Kind::BadInput,
            Error::NotSaved { .. } | Error::KeychainLocked | Error::Keychain(_) => Kind::Unavailable,
            Error::KeychainSilent(_) => Kind::Timeout,
            Error::History { kind, .. } => *kind,
            Error::Internal(_) => Kind::Internal,
        }
    }
}

impl From<Error> for libretto_voice::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error.to_string())
            .from_origin("store")
            .with_source(error)
    }
}
