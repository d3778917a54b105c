//! What the loudspeaker does with a reply.

use libretto_voice::{Milestone, Time, TurnId};

use super::Machine;
use super::action::Action;
use super::closing::Closing;
use super::event::{Fault, Loudspeaker};
use super::reply::{Reply, Voice};
use crate::notice::{Body, Data, End, Progress, Stage};

impl Machine {
    /// Everything that can be spoken is queued.
    pub(super) fn drain(&mut self) {
        let (now, wait) = (self.now, self.policy.deadlines.playback);
        let Some(reply) = &mut self.reply else { return };
        if reply.thinking.is_some() || reply.drained || reply.guess.is_some() {
            return;
        }
        if let Some(samples) = reply.unheard_from {
            if reply.playback.is_none()
                && let Some(reply) = self.reply.take()
            {
                self.close(reply, End::Failed, samples);
            }
            return;
        }
        reply.drained = true;
        if reply.queued == 0 {
            let silent = reply.broken || reply.script.text().trim().is_empty();
            let end = if silent && reply.broken {
                End::Failed
            } else {
                End::Complete
            };
            if let Some(reply) = self.reply.take() {
                self.close(reply, end, 0);
            }
            return;
        }
        reply.playback = Some(now + reply.length().saturating_sub(reply.played(now)) + wait);
        self.out.push(Action::Drain(reply.turn));
    }

    pub(super) fn loudspeaker(&mut self, event: Loudspeaker) {
        match event {
            Loudspeaker::Silenced(turn, samples) => {
                if let Some(at) = self.closing.iter().position(|closing| closing.reply.turn == turn) {
                    let Closing { reply, end, .. } = self.closing.remove(at);
                    self.close(reply, end, samples);
                } else if let Some(reply) = self.reply.as_mut().filter(|reply| reply.turn == turn)
                    && reply.unheard_from.is_some()
                {
                    reply.unheard_from = Some(samples);
                    reply.playback = None;
                    self.pump();
                }
            }
            Loudspeaker::Started(turn, audible) => self.started(turn, audible),
            Loudspeaker::Starved(turn) => {
                let now = self.now;
                if let Some(reply) = self
                    .reply
                    .as_mut()
                    .filter(|r| r.turn == turn && r.audible.is_some())
                {
                    reply.starved.get_or_insert(now);
                    self.tell(Some(turn), Body::Progress(Progress::Gap));
                    self.pump();
                }
            }
            Loudspeaker::Drained(turn) => {
                if let Some(reply) = self.reply.take_if(|r| r.turn == turn && r.drained) {
                    let samples = reply.queued;
                    self.remember_echo(&reply);
                    let end = if reply.broken { End::Failed } else { End::Complete };
                    self.close(reply, end, samples);
                }
            }
            Loudspeaker::Changed => {
                let (now, wait) = (self.now, self.policy.deadlines.playback);
                let waited_for =
                    |reply: &&mut Reply| reply.playback.is_some() && reply.unheard_from.is_none();
                if let Some(reply) = self.reply.as_mut().filter(waited_for) {
                    // How long nothing played is not known: at most all of it is still to come.
                    reply.playback = Some(now + reply.length() + wait);
                }
            }
            Loudspeaker::Failed(fault) => self.loudspeaker_failed(fault),
        }
    }

    /// Nothing more can be heard. What the model still says is shown, and the turn ends with it.
    pub(super) fn loudspeaker_failed(&mut self, fault: Fault) {
        self.guess_failed();
        let turn = self.reply.as_ref().map(|reply| reply.turn);
        self.problem(turn, Stage::Loudspeaker, fault, None, None);
        let Some(reply) = &mut self.reply else { return };
        if let Voice::Open(speech) = &reply.voice {
            self.out.push(Action::Drop(speech.job));
        }
        reply.voice = Voice::Done;
        reply.script.silence();
        reply.broken = true;
        reply.unheard_from = Some(0);
        (reply.audible, reply.playback, reply.drained) = (None, None, false);
        if reply.queued > 0 {
            // Its answer says how much was heard.
            self.out.push(Action::Cut(reply.turn));
            reply.playback = Some(self.now + self.policy.deadlines.silence);
        } else {
            self.pump();
        }
    }

    pub(super) fn started(&mut self, turn: TurnId, audible: Time) {
        let (now, wait) = (self.now, self.policy.deadlines.playback);
        let fresh = |reply: &&mut Reply| {
            reply.turn == turn
                && reply.audible.is_none()
                && reply.unheard_from.is_none()
                && reply.guess.is_none()
        };
        let Some(reply) = self.reply.as_mut().filter(fresh) else {
            return;
        };
        reply.audible = Some(audible);
        reply.ledger.note(Milestone::FirstSound, audible);
        reply.note_first_light();
        reply.playback = reply
            .drained
            .then(|| now + reply.length() + audible.since(now) + wait);
        self.data(turn, Data::Started { audible });
    }
}
