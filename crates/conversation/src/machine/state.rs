//! The state as windows mirror it.

use libretto_voice::TurnId;
use serde::{Deserialize, Serialize};

use super::policy::Mode;

/// What is going on. Windows show it and keep none of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Who decides when the person speaks.
    pub mode: Mode,
    /// Whose; `None` while nothing goes on.
    pub turn: Option<TurnId>,
    /// What.
    #[serde(flatten)]
    pub phase: Phase,
}

/// The phases of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Nothing goes on; the microphone is off.
    Idle,
    /// The microphone is being opened: nothing is heard yet.
    Arming,
    /// Hands-free, and nobody speaks.
    Waiting,
    /// The person is being listened to.
    Listening {
        /// A tap began it: it goes on until the next one.
        latched: bool,
    },
    /// The person has finished.
    Finishing {
        /// The key is up, and what is still being said is heard; afterwards the recogniser has the word.
        tail: bool,
    },
    /// The model was asked; nothing sounds yet.
    Thinking,
    /// The reply sounds.
    Speaking {
        /// Somebody speaks, and it is being found out whether they cut in.
        ducked: bool,
    },
}
