//! What happens in the conversation: the assistant's notices in their four groups. What comes many times a second
//! (level, playhead) is not among them: see [`super::pulse`].

use libretto_assistant::conversation::{machine, notice};
use libretto_assistant::voice;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

use super::failure::FailureKind;

/// One notice. They come in order; `sequence` grows by one with each, and a snapshot says which it contains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type, Event)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Counts notices since Libretto started.
    pub sequence: u64,
    /// Whose; `null` for what belongs to no turn. Greater ids are newer.
    pub turn: Option<u64>,
    /// Milliseconds since 1970, with fractions.
    pub at: f64,
    /// What.
    pub body: Body,
}

/// The four groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "group", content = "event", rename_all = "snake_case")]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
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

/// Who decides when the person speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Hold the key and speak, or tap it to begin and again to end.
    PushToTalk,
    /// Just speak.
    HandsFree,
}

impl From<machine::Mode> for Mode {
    fn from(mode: machine::Mode) -> Self {
        match mode {
            machine::Mode::PushToTalk => Self::PushToTalk,
            machine::Mode::HandsFree => Self::HandsFree,
        }
    }
}

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct State {
    /// Who decides when the person speaks.
    pub mode: Mode,
    /// Whose; `null` while nothing goes on.
    pub turn: Option<u64>,
    /// What.
    pub phase: Phase,
}

impl From<machine::State> for State {
    fn from(state: machine::State) -> Self {
        Self {
            mode: state.mode.into(),
            turn: state.turn.map(|turn| turn.0),
            phase: state.phase.into(),
        }
    }
}

/// The phases of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
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

impl From<machine::Phase> for Phase {
    fn from(phase: machine::Phase) -> Self {
        match phase {
            machine::Phase::Idle => Self::Idle,
            machine::Phase::Arming => Self::Arming,
            machine::Phase::Waiting => Self::Waiting,
            machine::Phase::Listening { latched } => Self::Listening { latched },
            machine::Phase::Finishing { tail } => Self::Finishing { tail },
            machine::Phase::Thinking => Self::Thinking,
            machine::Phase::Speaking { ducked } => Self::Speaking { ducked },
        }
    }
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
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
        by: u64,
    },
    /// It could not be carried out; a problem said why.
    Failed,
}

impl From<notice::End> for End {
    fn from(end: notice::End) -> Self {
        match end {
            notice::End::Complete => Self::Complete,
            notice::End::Cut => Self::Cut,
            notice::End::HeardNothing => Self::HeardNothing,
            notice::End::Cancelled => Self::Cancelled,
            notice::End::Continued { by } => Self::Continued { by: by.0 },
            notice::End::Failed => Self::Failed,
        }
    }
}

/// The parts that providers take in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
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

impl From<notice::Stage> for Stage {
    fn from(stage: notice::Stage) -> Self {
        match stage {
            notice::Stage::Microphone => Self::Microphone,
            notice::Stage::Recogniser => Self::Recogniser,
            notice::Stage::Model => Self::Model,
            notice::Stage::Voice => Self::Voice,
            notice::Stage::Loudspeaker => Self::Loudspeaker,
            notice::Stage::Memory => Self::Memory,
        }
    }
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
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
    /// Audio was lost between the microphone and us.
    Dropped {
        /// How many samples since it was opened.
        samples: u64,
    },
    /// The model thinks, unspoken.
    Reasoning,
    /// A gap is heard in the reply.
    Gap,
}

/// A reply that was given before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Original {
    /// In this turn.
    Turn(u64),
    /// In this exchange of the history: of another time, or of another conversation.
    Exchange(i64),
}

impl From<notice::Original> for Original {
    fn from(original: notice::Original) -> Self {
        match original {
            notice::Original::Turn(turn) => Self::Turn(turn.0),
            notice::Original::Exchange(id) => Self::Exchange(id),
        }
    }
}

impl From<Original> for notice::Original {
    fn from(original: Original) -> Self {
        match original {
            Original::Turn(turn) => Self::Turn(voice::TurnId(turn)),
            Original::Exchange(id) => Self::Exchange(id),
        }
    }
}

/// What was said, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
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
    /// The next piece of the reply as written.
    Reply {
        /// To be appended.
        delta: String,
    },
    /// The next words of the reply whose times are known. Each is told once, in order.
    Words {
        /// Samples per second of the reply's audio.
        rate: u32,
        /// The next ones.
        words: Vec<Word>,
    },
    /// The reply's first sample leaves the loudspeaker.
    Started {
        /// When: milliseconds since 1970, with fractions.
        audible: f64,
    },
    /// How much of the reply was heard, to the whole word.
    Heard {
        /// It was heard up to here: UTF-16 code units of the reply.
        until: u64,
    },
    /// The exchange as it is remembered.
    Exchange {
        /// All of it.
        exchange: Exchange,
    },
    /// When each milestone of the turn was passed: told when it closes.
    Ledger {
        /// In the order of passing.
        milestones: Vec<Passed>,
    },
}

/// Part of a text: UTF-16 code units, the end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Span {
    /// The first.
    pub start: u64,
    /// The one after the last.
    pub end: u64,
}

/// A word of a reply and when it sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Word {
    /// Where it stands in the reply, its punctuation included.
    pub text: Span,
    /// The samples of the reply's audio during which it sounds.
    pub audio: Span,
    /// Its first grapheme cluster: what `repeat` takes to say the reply again from here.
    pub cluster: u32,
    /// Where its times come from.
    pub provenance: Provenance,
}

/// Where a time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The voice said so.
    Measured,
    /// Libretto worked it out.
    Estimated,
}

impl From<voice::Provenance> for Provenance {
    fn from(provenance: voice::Provenance) -> Self {
        match provenance {
            voice::Provenance::Measured => Self::Measured,
            voice::Provenance::Estimated => Self::Estimated,
        }
    }
}

/// A moment of a turn worth knowing, in the order in which they usually come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// The key went down, speech began, or a question was typed.
    Opened,
    /// Real samples came from the microphone.
    FirstSample,
    /// The recogniser showed its first words.
    FirstPartial,
    /// The last voiced sample.
    SpeechEnd,
    /// The key went up.
    KeyUp,
    /// It was decided that the user has finished.
    TurnEnd,
    /// All that was said is known.
    FinalTranscript,
    /// The language model's first piece of text.
    FirstToken,
    /// The first phrase went to the voice.
    FirstPhrase,
    /// The voice's first samples came.
    FirstAudio,
    /// The first sample left the loudspeaker.
    FirstSound,
    /// The first word was lit.
    FirstWordLit,
    /// The last sample left the loudspeaker, or the reply was cut.
    Closed,
}

impl From<voice::Milestone> for Milestone {
    fn from(milestone: voice::Milestone) -> Self {
        use voice::Milestone as Core;
        match milestone {
            Core::Opened => Self::Opened,
            Core::FirstSample => Self::FirstSample,
            Core::FirstPartial => Self::FirstPartial,
            Core::SpeechEnd => Self::SpeechEnd,
            Core::KeyUp => Self::KeyUp,
            Core::TurnEnd => Self::TurnEnd,
            Core::FinalTranscript => Self::FinalTranscript,
            Core::FirstToken => Self::FirstToken,
            Core::FirstPhrase => Self::FirstPhrase,
            Core::FirstAudio => Self::FirstAudio,
            Core::FirstSound => Self::FirstSound,
            Core::FirstWordLit => Self::FirstWordLit,
            Core::Closed => Self::Closed,
        }
    }
}

/// When a milestone was passed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct Passed {
    /// Which.
    pub milestone: Milestone,
    /// Milliseconds since the turn's first, with fractions.
    pub at: f64,
}

impl Passed {
    /// All of a turn, in the order of passing.
    pub fn all(ledger: &voice::Ledger) -> Vec<Self> {
        let first = ledger
            .entries()
            .iter()
            .map(|(_, at)| at.0)
            .min()
            .unwrap_or_default();
        let passed = ledger.entries().iter().map(|(milestone, at)| Self {
            milestone: (*milestone).into(),
            at: at.0.saturating_sub(first).as_secs_f64() * 1_000.0,
        });
        let mut all: Vec<Self> = passed.collect();
        all.sort_by(|one, other| one.at.total_cmp(&other.at));
        all
    }
}

/// One turn as it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct Exchange {
    /// By which its reply is said again.
    pub original: Original,
    /// What the person said or typed; `null` when Libretto spoke unasked.
    pub said: Option<String>,
    /// The whole reply as written.
    pub reply: String,
    /// It was heard up to here: UTF-16 code units of the reply.
    pub heard: u64,
    /// True when the reply was cut.
    pub cut: bool,
    /// When each milestone was passed; none where it is not known.
    pub milestones: Vec<Passed>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct Problem {
    /// Where.
    pub stage: Stage,
    /// What to match on.
    pub kind: FailureKind,
    /// What happened and what to do next.
    pub message: String,
    /// Who takes over.
    pub next: Option<String>,
    /// What was said and could not be worked on: shown, so that it is not lost.
    pub text: Option<String>,
}

impl From<&notice::Problem> for Problem {
    fn from(problem: &notice::Problem) -> Self {
        Self {
            stage: problem.stage.into(),
            kind: problem.kind.into(),
            message: problem.message.clone(),
            next: problem.next.clone(),
            text: problem.text.clone(),
        }
    }
}
