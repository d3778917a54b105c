//! How everything is at a moment: what a window shows when it opens. Notices and pulses go on from there.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::notice::{End, Exchange, Original, Passed, Problem, Stage, State, Word};
use super::shell::{Remark, Shell};

/// How everything is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The last notice that is contained: those up to it are to be passed over.
    pub sequence: u64,
    /// What is going on.
    pub state: State,
    /// The id of the session.
    pub session: String,
    /// The session's exchanges so far, oldest first (at most the last 200).
    pub exchanges: Vec<Exchange>,
    /// The newest turn, while it lasts and until its exchange stands in `exchanges`.
    pub turn: Option<Turn>,
    /// The microphone in use, or the one that was used last; `null` before the first.
    pub microphone: Option<String>,
    /// Tray, hotkeys, pause.
    pub shell: Shell,
    /// What the user should read: settings that could not be used, a history that cannot be written.
    pub notices: Vec<Remark>,
}

/// A turn as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct Turn {
    /// Which.
    pub turn: u64,
    /// The person's words so far.
    pub partial: String,
    /// All that the person said.
    pub said: Option<String>,
    /// The reply that it only says again.
    pub again: Option<Original>,
    /// The reply so far, as written.
    pub reply: String,
    /// Samples per second of the reply's audio; 0 before it is known.
    pub rate: u32,
    /// The words whose times are known.
    pub words: Vec<Word>,
    /// It was heard up to here: UTF-16 code units of the reply; known at the end.
    pub heard: Option<u64>,
    /// How it ended.
    pub end: Option<End>,
    /// What went wrong last.
    pub problem: Option<Problem>,
    /// When each milestone was passed; known at the end.
    pub milestones: Vec<Passed>,
    /// Who works on it, in the order in which they began.
    pub using: Vec<Using>,
    /// The model thinks, unspoken.
    pub reasoning: bool,
    /// Gaps that were heard in the reply.
    pub gaps: u32,
    /// Sound of the microphone was lost.
    pub dropped: bool,
}

/// A provider that works on a turn, or did until another took over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Using {
    /// In which part.
    pub stage: Stage,
    /// Its name.
    pub provider: String,
}
