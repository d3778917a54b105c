//! Where keys live, and what is told of them.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::{Secret, keychain};
use crate::notice::Notice;

/// Where a key lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Place {
    /// In the operating system's keychain.
    Keychain {
        /// What it is called on this system.
        name: String,
    },
    /// In a variable of the process.
    Environment {
        /// Which.
        variable: String,
    },
    /// In a `.env` file, readable for whoever can read the file.
    DotEnv {
        /// Which file.
        path: PathBuf,
        /// Which variable.
        variable: String,
    },
    /// In memory: it is gone when Libretto ends.
    Memory,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Keychain { name } => write!(f, "the system's keychain ({name})"),
            Place::Environment { variable } => write!(f, "the environment variable {variable}"),
            Place::DotEnv { path, variable } => write!(f, "{variable} in the plain file {}", path.display()),
            Place::Memory => f.write_str("memory, until Libretto ends"),
        }
    }
}

/// A key and where it lives.
#[derive(Clone, Debug)]
pub struct Found {
    /// The key.
    pub secret: Secret,
    /// Where it lives.
    pub place: Place,
}

/// Where a key went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// [`Place::Keychain`], or [`Place::Memory`] when the keychain could not take it.
    pub place: Place,
    /// Says so, when it is only in memory.
    pub notice: Option<Notice>,
}

/// A key in a list: everything about it but itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Whose key.
    pub provider: String,
    /// Where the one that counts lives.
    pub place: Place,
    /// Its last four characters.
    pub masked: String,
    /// Where there are others, which do not count while this one is there.
    pub also: Vec<Place>,
}

/// The operating system's.
pub(super) fn the_keychain() -> Place {
    Place::Keychain {
        name: keychain::NAME.to_owned(),
    }
}
