//! API keys, as far as a window may know of them: never the key itself.

use libretto_assistant::store::secrets;
use serde::{Deserialize, Serialize};
use specta::Type;

/// Where a key lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
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
        path: String,
        /// Which variable.
        variable: String,
    },
    /// In memory: it is gone when Libretto ends.
    Memory,
}

impl From<secrets::Place> for Place {
    fn from(place: secrets::Place) -> Self {
        match place {
            secrets::Place::Keychain { name } => Self::Keychain { name },
            secrets::Place::Environment { variable } => Self::Environment { variable },
            secrets::Place::DotEnv { path, variable } => Self::DotEnv {
                path: path.display().to_string(),
                variable,
            },
            secrets::Place::Memory => Self::Memory,
        }
    }
}

/// A provider, and its key if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Key {
    /// Whose.
    pub provider: String,
    /// The key with all but its ends hidden; `null` when there is none.
    pub masked: Option<String>,
    /// Where the one that counts lives.
    pub place: Option<Place>,
    /// Where others for the same provider live.
    pub also: Vec<Place>,
}

/// How the keychain is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Keychain {
    /// It keeps what it is given.
    Works {
        /// What it is called on this system.
        name: String,
    },
    /// It cannot be used now; keys are kept in memory only.
    Fails {
        /// What that means and what to do.
        sentence: String,
    },
}

impl From<secrets::Keychain> for Keychain {
    fn from(keychain: secrets::Keychain) -> Self {
        match keychain {
            secrets::Keychain::Works { name } => Self::Works { name },
            secrets::Keychain::Checking => Self::Fails {
                sentence: "The keychain isn’t responding. Check whether it is asking for a password.".into(),
            },
            secrets::Keychain::Absent { sentence }
            | secrets::Keychain::Locked { sentence }
            | secrets::Keychain::Failed { sentence } => Self::Fails { sentence },
        }
    }
}

/// All keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Keys {
    /// Every provider that Libretto knows.
    pub keys: Vec<Key>,
    /// How the keychain is.
    pub keychain: Keychain,
}

/// Where a key went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct KeyStored {
    /// Where it lives now.
    pub place: Place,
    /// What the user should know, such as that it is gone when Libretto ends.
    pub sentence: Option<String>,
}
