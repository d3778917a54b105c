//! A reply that is begun before it is certain that the person has finished: as soon as they pause. It thinks and
//! speaks, but nothing of it is heard or told until the final transcript has the words that it answers. If it has
//! others, the guess is forgotten without a trace. So the time in which the last syllable may still come costs nothing.
//!
//! Only models and voices that run here are asked on a guess: others would be paid for it.

use libretto_voice::Milestone;

use super::Machine;
use super::action::Action;
use super::capture::{Capture, Stage};
use super::interruption::plain_words;
use super::reply::{Kind, Reply};
use crate::notice::{Body, Data, Notice, Progress, Stage as Part};

/// Guesses for one utterance: who pauses more often than that thinks aloud.
const MOST: u32 = 12;

impl Machine {
    /// Something was recognised: the model may read it already. A guess at other words was wrong.
    pub(super) fn read_ahead(&mut self) {
        let finishing = |capture: &Capture| capture.stage == Stage::Finishing;
        if self.capture.as_ref().is_some_and(finishing) {
            // No more audio comes: these are most likely the last words.
            self.guess();
        } else if let Some(said) = self.unanswered() {
            self.forget_guess();
            self.out.push(Action::Read(said));
        }
    }

    /// The person pauses, and may have finished.
    pub(super) fn guess(&mut self) {
        let Some(said) = self.unanswered() else { return };
        let Some(capture) = self.capture.as_mut().filter(|capture| capture.guesses < MOST) else {
            return;
        };
        capture.guesses += 1;
        let (turn, ledger) = (capture.turn, capture.ledger.clone());
        self.forget_guess();
        self.out.push(Action::Keep(turn));
        let mut reply = Reply::new(turn, ledger, Kind::Answer { said });
        reply.guess = Some(Vec::new());
        self.reply = Some(reply);
        self.think(0, None);
    }

    /// What was understood so far, where a guess may be made at it and none was yet.
    fn unanswered(&self) -> Option<String> {
        let capture = self.capture.as_ref()?;
        let said = capture.words();
        let guessed = self.reply.as_ref().is_some_and(|reply| answers(reply, &said));
        let may = self.providers.local && capture.doubt.is_none() && !said.is_empty() && !guessed;
        may.then_some(said)
    }

    pub(super) fn is_guess(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| reply.guess.is_some())
    }

    /// It was wrong, or it failed: what it fails with, the real reply will meet.
    pub(super) fn forget_guess(&mut self) {
        if let Some(reply) = self.reply.take_if(|reply| reply.guess.is_some()) {
            self.out.extend(reply.jobs().map(Action::Drop));
            self.out.push(Action::Forget(reply.turn));
        }
    }

    /// A guess that failed is not tried again. False when there was none.
    pub(super) fn guess_failed(&mut self) -> bool {
        let failed = self.is_guess();
        if failed {
            self.forget_guess();
            if let Some(capture) = &mut self.capture {
                capture.guesses = MOST;
            }
        }
        failed
    }

    /// The final transcript is there: if the guess answers it, its reply begins now. What it had done before counts as
    /// done at this moment.
    pub(super) fn take_up_guess(&mut self, capture: &Capture, said: &str) -> bool {
        let now = self.now;
        let right = |reply: &&mut Reply| reply.guess.is_some() && answers(reply, said);
        let Some(reply) = self.reply.as_mut().filter(right) else {
            return false;
        };
        let told = reply.guess.take().unwrap_or_default();
        let mut ledger = capture.ledger.clone();
        for milestone in [
            Milestone::FirstToken,
            Milestone::FirstPhrase,
            Milestone::FirstAudio,
        ] {
            if reply.ledger.at(milestone).is_some() {
                ledger.note(milestone, now);
            }
        }
        reply.ledger = ledger;
        reply.kind = Kind::Answer {
            said: said.to_owned(),
        };
        if reply.queued > 0 {
            reply.playback = Some(now + self.policy.deadlines.playback);
        }
        let turn = reply.turn;
        for notice in told {
            self.out.push(Action::Tell(Notice { at: now, ..notice }));
        }
        self.out.push(Action::Release(turn));
        self.pump();
        true
    }

    /// Keeps what a guess has to tell until it is taken up. True when it was kept.
    pub(super) fn keeps(&mut self, notice: &Notice) -> bool {
        let of_reply = matches!(
            &notice.body,
            Body::Data(Data::Reply { .. } | Data::Marks { .. })
                | Body::Progress(
                    Progress::Reasoning
                        | Progress::Using {
                            stage: Part::Model | Part::Voice,
                            ..
                        }
                )
        );
        let Some(reply) = self
            .reply
            .as_mut()
            .filter(|reply| of_reply && Some(reply.turn) == notice.turn)
        else {
            return false;
        };
        match &mut reply.guess {
            Some(told) => {
                told.push(notice.clone());
                true
            }
            None => false,
        }
    }
}

/// Whether this reply answers these words. Case and punctuation do not matter: recognisers set them differently at a
/// second look.
fn answers(reply: &Reply, words: &str) -> bool {
    matches!(&reply.kind, Kind::Answer { said } if plain_words(said) == plain_words(words))
}
