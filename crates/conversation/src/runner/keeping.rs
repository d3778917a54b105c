//! The audio of a reply that is a guess, kept back from the loudspeaker.

use libretto_voice::{Audio, TurnId};

/// What is kept of the one turn whose reply is a guess. The machine bounds how much a voice is given.
#[derive(Debug, Default)]
pub(super) struct Kept(Option<(TurnId, Vec<Audio>)>);

impl Kept {
    /// From now on this turn's audio is kept.
    pub(super) fn begin(&mut self, turn: TurnId) {
        tracing::debug!(%turn, "guess_begins");
        self.0 = Some((turn, Vec::new()));
    }

    /// The guess was wrong.
    pub(super) fn forget(&mut self, turn: TurnId) {
        if self.0.take_if(|(kept, _)| *kept == turn).is_some() {
            tracing::debug!(%turn, "guess_forgotten");
        }
    }

    /// The guess was right: what was kept, in order.
    pub(super) fn release(&mut self, turn: TurnId) -> Vec<Audio> {
        let kept = self.0.take_if(|(kept, _)| *kept == turn);
        let audio = kept.map(|(_, audio)| audio).unwrap_or_default();
        tracing::debug!(%turn, pieces = audio.len(), "guess_taken_up");
        audio
    }

    /// Keeps audio of that turn, and gives any other back.
    pub(super) fn keep(&mut self, turn: TurnId, audio: Audio) -> Option<Audio> {
        match &mut self.0 {
            Some((kept, all)) if *kept == turn => {
                all.push(audio);
                None
            }
            _ => Some(audio),
        }
    }
}
