//! The reply's text: which model is asked, and what of its words is shown.

use libretto_voice::chat::FinishReason;
use libretto_voice::{Kind as ErrorKind, Ledger, Milestone, TurnId};

use super::Machine;
use super::action::Action;
use super::event::{Fault, Job, Model};
use super::policy::LONGEST_TEXT;
use super::reply::{Kind, Reply, Thinking};
use crate::notice::{Body, Data, End, Progress, Stage};

impl Machine {
    /// Begins a reply: asks the model, or speaks `text` where it is given, from its grapheme cluster `.1` on.
    pub(super) fn begin(&mut self, turn: TurnId, ledger: Ledger, kind: Kind, text: Option<(String, usize)>) {
        if let Some(before) = self.reply.take() {
            self.cut(before, End::Cut);
        }
        self.reply = Some(Reply::new(turn, ledger, kind));
        match text {
            Some((text, from)) => {
                if let Some(reply) = &mut self.reply {
                    let shown = reply.script.push(&text) + &reply.script.finish();
                    reply.script.skip(from);
                    self.shown(turn, shown);
                }
                self.pump();
            }
            None => self.think(0, None),
        }
    }

    /// Asks this model; after the last one the turn has failed, and the question is kept.
    pub(super) fn think(&mut self, provider: usize, fault: Option<Fault>) {
        let job = self.next_job();
        let deadline = self.now + self.policy.deadlines.first_token;
        let Some(reply) = &mut self.reply else { return };
        let Kind::Answer { said } = &reply.kind else {
            return;
        };
        let (turn, said, guess) = (reply.turn, said.clone(), reply.guess.is_some());
        let name = self.providers.models.get(provider).cloned();
        reply.thinking = name.as_ref().map(|_| Thinking {
            job,
            provider,
            deadline,
            begun: false,
        });
        if guess && name.is_none() {
            self.guess_failed();
            return;
        }
        let fault = fault.or_else(|| {
            let none = "No language model is set up. Choose one in the settings.";
            name.is_none().then(|| Fault::new(ErrorKind::Unsupported, none))
        });
        if let Some(fault) = fault {
            let lost = name.is_none().then(|| said.clone());
            self.problem(Some(turn), Stage::Model, fault, name.clone(), lost);
        }
        match name {
            Some(name) => {
                self.using(turn, Stage::Model, name);
                self.out.push(Action::Think {
                    job,
                    turn,
                    model: provider,
                    said,
                    guess,
                });
            }
            None => {
                if let Some(reply) = self.reply.take() {
                    self.abandon(reply, End::Failed);
                }
            }
        }
    }

    pub(super) fn model(&mut self, job: Job, event: Model) {
        let (now, stall) = (self.now, self.policy.deadlines.stall);
        let Some(reply) = &mut self.reply else { return };
        let turn = reply.turn;
        let Some(thinking) = reply.thinking.as_mut().filter(|thinking| thinking.job == job) else {
            return;
        };
        match event {
            Model::Text(delta) => {
                thinking.deadline = now + stall;
                thinking.begun = true;
                reply.ledger.note(Milestone::FirstToken, now);
                let shown = reply.script.push(&delta);
                let long = reply.script.text().len() > LONGEST_TEXT;
                self.shown(turn, shown);
                if long {
                    self.out.push(Action::Drop(job));
                    self.text_ends();
                }
                self.pump();
            }
            Model::Reasoning => {
                thinking.deadline = now + stall.max(self.policy.deadlines.first_token);
                self.tell(Some(turn), Body::Progress(Progress::Reasoning));
            }
            Model::Finished(reason) => {
                self.out.push(Action::Drop(job));
                if reason == FinishReason::Filtered {
                    if self.guess_failed() {
                        return;
                    }
                    let fault = Fault::new(
                        ErrorKind::BadInput,
                        "The model's provider withheld the rest of the answer. Put the question in other words.",
                    );
                    self.problem(Some(turn), Stage::Model, fault, None, None);
                }
                self.text_ends();
                self.pump();
            }
            Model::Failed(fault) => self.model_failed(job, fault),
        }
    }

    /// Before its first token the next one is asked; after it, what came is the reply.
    pub(super) fn model_failed(&mut self, job: Job, fault: Fault) {
        if self.guess_failed() {
            return;
        }
        let Some(reply) = &self.reply else { return };
        let Some(thinking) = &reply.thinking else { return };
        self.out.push(Action::Drop(job));
        if thinking.begun {
            let turn = reply.turn;
            self.problem(Some(turn), Stage::Model, fault, None, None);
            self.text_ends();
            self.pump();
        } else {
            let next = thinking.provider + 1;
            self.think(next, Some(fault));
        }
    }

    pub(super) fn text_ends(&mut self) {
        if let Some(reply) = &mut self.reply {
            reply.thinking = None;
            let (turn, shown) = (reply.turn, reply.script.finish());
            self.shown(turn, shown);
        }
    }

    pub(super) fn shown(&mut self, turn: TurnId, delta: String) {
        if !delta.is_empty() {
            self.data(turn, Data::Reply { delta });
        }
    }
}
