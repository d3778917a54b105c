//! What the conversation tells whoever watches: a window, a terminal, a companion. Four groups, each notice with its
//! turn's id and its time.

use libretto_voice::{Kind, Ledger, Mark, SampleRate, Time, TurnId};
use serde::{Deserialize, Serialize};

use crate::machine::State;
use crate::memory::Exchange;

/// One notice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Whose; `None` for what belongs to no turn.
    pub turn: Option<TurnId>,
    /// On the runner's clock.
    pub at: Time,
    /// What.
    #[serde(flatten)]
    pub body: Body,
}

/// The four groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "group", rename_all = "snake_case")]
pub enum Body {
    /// Turns begin, change and end.
    Lifecycle(Lifecycle),
    /// How far it has come.
    Progress(Progress),
    /// What was said, and when.
    Data(Data),
    /// What went wrong.
    Problem(Problem),
}

/// Turns begin, change and end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Lifecycle {
    /// The state changed.
    State {
        /// The new one.
        state: State,
    },
    /// The turn is over.
    Closed {
        /// How it ended.
        end: End,
    },
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The reply was heard to its end.
    Complete,
    /// The reply was cut.
    Cut,
    /// Nobody had said anything.
    HeardNothing,
    /// It was called off.
    Cancelled,
    /// The person went on speaking before the reply sounded: what was said belongs to this later turn.
    Continued {
        /// Which.
        by: TurnId,
    },
    /// It could not be carried out; a problem said why.
    Failed,
}

/// The parts that providers take in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Where speech comes from.
    Microphone,
    /// Speech to text.
    Recogniser,
    /// The language model.
    Model,
    /// Text to speech.
    Voice,
    /// Where the reply is heard.
    Loudspeaker,
    /// What was said before.
    Memory,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Progress {
    /// This provider works on the turn from now on.
    Using {
        /// In which part.
        stage: Stage,
        /// Its name.
        provider: String,
    },
    /// The device in use.
    Device {
        /// In which part.
        stage: Stage,
        /// Its readable name.
        device: String,
    },
    /// Loudness at the microphone, RMS from 0 to 1.
    Level {
        /// How loud.
        level: f32,
    },
    /// Audio was lost between the microphone and us, in samples since it was opened.
    Dropped {
        /// How many.
        samples: u64,
    },
    /// The model thinks, unspoken.
    Reasoning,
    /// A gap is heard in the reply.
    Gap,
}

/// A reply that was given before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Original {
    /// In this turn.
    Turn(TurnId),
    /// In an exchange of another time, by its number where exchanges are kept.
    Exchange(i64),
}

/// What was said, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Data {
    /// The turn only says a reply again. It comes before that reply.
    Again {
        /// Which.
        of: Original,
    },
    /// The person's words so far; each replaces the one before.
    Partial {
        /// All of them.
        text: String,
    },
    /// All that the person said.
    Said {
        /// All of it.
        text: String,
    },
    /// The next piece of the reply as written: what is shown. Marks lie over all pieces put together.
    Reply {
        /// To be appended.
        delta: String,
    },
    /// Marks over the reply's text in grapheme clusters, in samples of the reply's audio. Each is told once, in order.
    Marks {
        /// Samples per second.
        rate: SampleRate,
        /// The next ones.
        marks: Vec<Mark>,
    },
    /// The reply's first sample leaves the loudspeaker. The device's playhead is the clock from here on.
    Started {
        /// When.
        audible: Time,
    },
    /// A word is heard now. Whoever follows the playhead says so; the machine itself does not.
    Lit {
        /// The word, with its punctuation.
        word: String,
        /// Grapheme clusters of the reply's text.
        text: std::ops::Range<usize>,
        /// Its first sample in the reply's audio.
        sample: u64,
    },
    /// How much of the reply was heard, to the whole word.
    Heard {
        /// Grapheme clusters of the reply's text.
        clusters: usize,
        /// Samples of its audio.
        samples: u64,
    },
    /// The exchange as it is remembered.
    Exchange {
        /// All of it.
        exchange: Exchange,
    },
    /// When each milestone of the turn was passed.
    Ledger {
        /// All of it.
        ledger: Ledger,
    },
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Where.
    pub stage: Stage,
    /// What to match on.
    pub kind: Kind,
    /// What happened and what to do next.
    pub message: String,
    /// Who takes over.
    pub next: Option<String>,
    /// What was said and could not be worked on: shown, so that it is not lost.
    pub text: Option<String>,
}
