//! One stretch of speech on its way to text, through as many recognisers as it takes.

use libretto_voice::{Time, Transcript};

use super::event::{Fault, Job, Recogniser};

/// One stretch of speech. A recogniser that dies gets its audio replayed into the next, so this lives on under a new
/// job; the words that the dead one had shown are kept until the next shows more.
#[derive(Debug)]
pub(super) struct Recognition {
    pub(super) job: Job,
    /// Which recogniser works on it.
    pub(super) provider: usize,
    pub(super) began: Time,
    /// When its last audio came.
    pub(super) ended: Option<Time>,
    /// For the final transcript.
    pub(super) deadline: Option<Time>,
    committed: Transcript,
    partial: String,
    /// The most that any recogniser which failed had understood.
    salvaged: String,
}

/// What became of it.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// Nothing new.
    Open,
    /// Other words than before.
    Words,
    /// The words so far are all, if nothing follows.
    Paused,
    /// The recogniser's own opinion whether the person has finished.
    Verdict(f32),
    /// All is known.
    Done,
    /// This recogniser cannot do it.
    Failed(Fault),
}

impl Recognition {
    pub(super) fn new(job: Job, began: Time) -> Self {
        Self {
            job,
            provider: 0,
            began,
            ended: None,
            deadline: None,
            committed: Transcript::default(),
            partial: String::new(),
            salvaged: String::new(),
        }
    }

    /// Goes on under the next recogniser.
    pub(super) fn succeed(&mut self, job: Job) {
        let words = self.words();
        (self.job, self.provider) = (job, self.provider + 1);
        self.salvaged = words;
        self.committed = Transcript::default();
        self.partial.clear();
    }

    pub(super) fn hear(&mut self, event: Recogniser) -> Outcome {
        match event {
            Recogniser::Partial(transcript) if transcript.text.trim() == self.partial => Outcome::Open,
            Recogniser::Partial(transcript) => {
                transcript.text.trim().clone_into(&mut self.partial);
                Outcome::Words
            }
            Recogniser::Paused => Outcome::Paused,
            Recogniser::Segment(transcript) => {
                self.partial.clear();
                self.committed.append(transcript);
                Outcome::Words
            }
            Recogniser::EndOfTurn(score) => Outcome::Verdict(score),
            Recogniser::TurnResumed => Outcome::Verdict(0.0),
            Recogniser::Finished => {
                // What was shown and never committed was said all the same.
                let rest = std::mem::take(&mut self.partial);
                if self.committed.is_blank() {
                    self.committed.append(Transcript::text(rest));
                }
                Outcome::Done
            }
            Recogniser::Failed(fault) => Outcome::Failed(fault),
        }
    }

    /// All words so far.
    pub(super) fn words(&self) -> String {
        let mut words = self.committed.clone();
        words.append(Transcript::text(self.partial.as_str()));
        let words = words.text.trim();
        if words.len() >= self.salvaged.len() {
            words.to_owned()
        } else {
            self.salvaged.clone()
        }
    }

    /// The words of a recogniser that said it had finished: those of dead ones count no more, unless it says nothing.
    pub(super) fn transcript(&self) -> String {
        let words = self.committed.text.trim();
        if words.is_empty() {
            self.salvaged.clone()
        } else {
            words.to_owned()
        }
    }
}
