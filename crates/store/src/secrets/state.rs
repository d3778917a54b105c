//! How the keychain is, in words for people.

use serde::Serialize;

use super::keychain::{self, Fault};
use crate::error::Error;

/// How the keychain is, as the last write-read-delete probe found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Keychain {
    /// The probe has not been answered yet: the keychain may be asking the user for its password.
    Checking,
    /// It keeps what it is given.
    Works {
        /// What it is called on this system.
        name: String,
    },
    /// There is none.
    Absent {
        /// What that means and what to do.
        sentence: String,
    },
    /// It is locked.
    Locked {
        /// What that means and what to do.
        sentence: String,
    },
    /// It fails in another way.
    Failed {
        /// What that means and what to do.
        sentence: String,
    },
}

impl Keychain {
    pub(super) fn of(fault: &Fault) -> Self {
        let sentence = sentence(fault);
        match fault {
            Fault::Absent | Fault::Empty => Keychain::Absent { sentence },
            Fault::Locked => Keychain::Locked { sentence },
            Fault::Silent(_) | Fault::Other(_) => Keychain::Failed { sentence },
        }
    }
}

/// What happened to the keychain, and what to do. How a key fares without it follows from the call.
pub(super) fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Absent => {
            "This system has no keychain that runs (Linux: install and start gnome-keyring or KWallet). Keys can be \
             given as environment variables or in a .env file."
                .to_owned()
        }
        Fault::Empty => {
            "The system's keychain has not been set up. Open its password app once and create a default keyring."
                .to_owned()
        }
        Fault::Locked => Error::KeychainLocked.to_string(),
        Fault::Silent(wait) => Error::KeychainSilent(wait.as_secs()).to_string(),
        Fault::Other(reason) => Error::Keychain(reason.clone()).to_string(),
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Locked => Error::KeychainLocked,
            Fault::Silent(wait) => Error::KeychainSilent(wait.as_secs()),
            Fault::Absent => Error::Keychain("there is none on this system".into()),
            Fault::Empty => Error::Keychain("it has not been set up".into()),
            Fault::Other(reason) => Error::Keychain(reason),
        }
    }
}

/// It keeps what it is given.
pub(super) fn works() -> Keychain {
    Keychain::Works {
        name: keychain::NAME.to_owned(),
    }
}
