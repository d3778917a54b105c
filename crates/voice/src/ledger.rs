//! The turn ledger: when each milestone of a turn was passed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::turn::{Time, TurnId};

/// A moment of a turn worth knowing, in the order in which they usually come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// The key went down, or speech began.
    Opened,
    /// Real samples came from the microphone.
    FirstSample,
    /// The recogniser showed its first words.
    FirstPartial,
    /// The last voiced sample, as far as the voice-activity detector can tell.
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

/// When each milestone of a turn was passed. Each is noted once; the first time counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Whose.
    pub turn: TurnId,
    entries: Vec<(Milestone, Time)>,
}

impl Ledger {
    /// Nothing passed yet.
    pub fn new(turn: TurnId) -> Self {
        Self {
            turn,
            entries: Vec::new(),
        }
    }

    /// Notes a milestone; true when it was the first time.
    pub fn note(&mut self, milestone: Milestone, at: Time) -> bool {
        let new = self.at(milestone).is_none();
        if new {
            self.entries.push((milestone, at));
        }
        new
    }

    /// Forgets a milestone and notes it anew: speech that went on has a later end.
    pub fn renote(&mut self, milestone: Milestone, at: Time) {
        self.entries.retain(|(m, _)| *m != milestone);
        self.entries.push((milestone, at));
    }

    /// When it was passed.
    pub fn at(&self, milestone: Milestone) -> Option<Time> {
        self.entries
            .iter()
            .find(|(m, _)| *m == milestone)
            .map(|(_, at)| *at)
    }

    /// From one milestone to another; `None` unless both were passed in this order.
    pub fn between(&self, from: Milestone, to: Milestone) -> Option<Duration> {
        self.at(to)?.0.checked_sub(self.at(from)?.0)
    }

    /// All that was passed, in the order of passing.
    pub fn entries(&self) -> &[(Milestone, Time)] {
        &self.entries
    }
}
