//! What the machine wants done.

use libretto_voice::TurnId;

use super::event::Job;
use crate::memory::Exchange;
use crate::notice::Notice;

/// One thing to do. The runner does them in order and at once; none may wait for another's end.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Get the recogniser, the model, the voice and the loudspeaker ready: they will be needed in a moment.
    Warm,
    /// Send audio, or send none.
    Microphone(bool),
    /// Open a recogniser for an utterance and send it the microphone's audio until [`Action::EndUtterance`].
    Listen {
        /// The work's number.
        job: Job,
        /// Whose.
        turn: TurnId,
        /// Which recogniser.
        recogniser: usize,
        /// Send it first all audio of this job, which failed.
        replay: Option<Job>,
    },
    /// Let the recogniser say at once what it has understood of this utterance.
    Hurry(Job),
    /// No more audio belongs to this utterance.
    EndUtterance(Job),
    /// Ask the turn detector about the utterance of job `of`.
    Judge {
        /// The work's number.
        job: Job,
        /// Whose audio.
        of: Job,
    },
    /// Ask a model.
    Think {
        /// The work's number.
        job: Job,
        /// Whose.
        turn: TurnId,
        /// Which model.
        model: usize,
        /// What the person said.
        said: String,
        /// Whether they said it is a guess: nothing may be done that cannot be undone.
        guess: bool,
    },
    /// Open a voice. Its audio goes to the loudspeaker's queue for this turn.
    Speak {
        /// The work's number.
        job: Job,
        /// Whose.
        turn: TurnId,
        /// Which voice.
        voice: usize,
    },
    /// Give the voice the next phrase.
    Say {
        /// The voice's job.
        job: Job,
        /// With its own white space.
        text: String,
    },
    /// Let the model read ahead what has been understood so far.
    Read(String),
    /// From now on this turn's audio is kept back from the loudspeaker: its reply is a guess.
    Keep(TurnId),
    /// The guess was right: what was kept back of this turn goes to the loudspeaker.
    Release(TurnId),
    /// The guess was wrong: what was kept back of this turn is forgotten.
    Forget(TurnId),
    /// Nothing more is to be said.
    EndSpeech(Job),
    /// Call work off and forget it.
    Drop(Job),
    /// No more audio of this turn will be queued.
    Drain(TurnId),
    /// Silence the loudspeaker and tell how much of this turn was heard.
    Cut(TurnId),
    /// Loudness for a moment.
    Duck(f32),
    /// Hold the loudspeaker at its sample, or go on.
    Hold(bool),
    /// Keep what was said and answered.
    Record(Exchange),
    /// Tell whoever watches.
    Tell(Notice),
}
