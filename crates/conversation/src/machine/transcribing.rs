//! From the utterance's audio to its final transcript.

use libretto_voice::{Kind, Milestone};

use super::Machine;
use super::action::Action;
use super::event::{Fault, Job, Recogniser};
use super::recognition::{Outcome, Recognition};
use super::reply::Kind as ReplyKind;
use crate::notice::{Data, End, Stage as Part};

use super::capture::{Capture, Piece, Stage, Verdict};

impl Machine {
    /// Opens the first recogniser for a new stretch of speech.
    pub(super) fn listen(&mut self) {
        let job = self.next_job();
        let Some(capture) = &mut self.capture else { return };
        capture.pieces.push(Piece::Open(Recognition::new(job, self.now)));
        let turn = capture.turn;
        match self.providers.recognisers.first().cloned() {
            Some(name) => {
                self.using(turn, Part::Recogniser, name);
                self.out.push(Action::Listen {
                    job,
                    turn,
                    recogniser: 0,
                    replay: None,
                });
            }
            None => self.recogniser_failed(
                job,
                Fault::new(
                    Kind::Unsupported,
                    "No recogniser is set up. Choose one in the settings, or type.",
                ),
            ),
        }
    }

    pub(super) fn recogniser(&mut self, job: Job, event: Recogniser) {
        let (now, wait) = (self.now, self.policy.deadlines.transcript);
        let Some(capture) = &mut self.capture else { return };
        let Some(at) = capture
            .pieces
            .iter()
            .position(|p| matches!(p, Piece::Open(r) if r.job == job))
        else {
            return;
        };
        let Piece::Open(recognition) = &mut capture.pieces[at] else {
            return;
        };
        if recognition.deadline.is_some() {
            recognition.deadline = Some(now + wait);
        }
        match recognition.hear(event) {
            Outcome::Open => {}
            Outcome::Words => {
                let text = capture.words();
                if !text.is_empty() {
                    capture.ledger.note(Milestone::FirstPartial, now);
                    capture.spoke = true;
                    self.words(text);
                    self.read_ahead();
                }
            }
            Outcome::Paused => self.guess(),
            Outcome::Verdict(score) => {
                if let Stage::Pause { verdict, .. } = &mut capture.stage {
                    *verdict = Verdict::Given(score);
                    self.tick_capture();
                }
            }
            Outcome::Done => {
                let text = recognition.transcript();
                let early = recognition.ended.is_none();
                if early && text.is_empty() {
                    let fault = Fault::new(
                        Kind::Unavailable,
                        "The recogniser stopped before you did. Say it again, or choose another one in the settings.",
                    );
                    return self.recogniser_failed(job, fault);
                }
                capture.pieces[at] = Piece::Known(text);
                self.out.push(Action::Drop(job));
                if early && capture.records() {
                    // It closed the utterance by itself, perhaps at its longest: the rest goes into a new one.
                    self.listen();
                }
                self.settle_transcript();
            }
            Outcome::Failed(fault) => self.recogniser_failed(job, fault),
        }
    }

    pub(super) fn words(&mut self, text: String) {
        let Some(capture) = &self.capture else { return };
        let turn = capture.turn;
        if capture.doubt.is_some() {
            if self.is_echo(&text) || !self.is_steady(&text) {
                return;
            }
            self.confirm();
        }
        self.data(turn, Data::Partial { text });
    }

    /// The next recogniser gets all audio again; after the last one, what was understood has to do.
    pub(super) fn recogniser_failed(&mut self, job: Job, fault: Fault) {
        let successor = self.next_job();
        let (now, wait) = (self.now, self.policy.deadlines.transcript);
        let Some(capture) = &mut self.capture else { return };
        let turn = capture.turn;
        let Some(at) = capture
            .pieces
            .iter()
            .position(|p| matches!(p, Piece::Open(r) if r.job == job))
        else {
            return;
        };
        let Piece::Open(recognition) = &mut capture.pieces[at] else {
            return;
        };
        let provider = recognition.provider + 1;
        if let Some(name) = self.providers.recognisers.get(provider).cloned() {
            recognition.succeed(successor);
            let ended = recognition.ended.is_some();
            recognition.deadline = recognition
                .ended
                .map(|end| now + wait + end.since(recognition.began) / 4);
            self.problem(Some(turn), Part::Recogniser, fault, Some(name.clone()), None);
            self.using(turn, Part::Recogniser, name);
            self.out.push(Action::Listen {
                job: successor,
                turn,
                recogniser: provider,
                replay: Some(job),
            });
            if ended {
                self.out.push(Action::EndUtterance(successor));
            }
            return;
        }
        let text = recognition.words();
        capture.failed = true;
        capture.pieces[at] = Piece::Known(text.clone());
        let records = capture.records();
        self.problem(
            Some(turn),
            Part::Recogniser,
            fault,
            None,
            Some(text).filter(|t| !t.is_empty()),
        );
        self.out.push(Action::Drop(job));
        if records {
            // Nobody listens any more: better to say so at once than to let somebody talk to nobody.
            self.end_utterance();
        } else {
            self.settle_transcript();
        }
    }

    /// When all is known: answers it, or quietly forgets that nothing was said.
    pub(super) fn settle_transcript(&mut self) {
        let done = |c: &Capture| !c.records() && c.pieces.iter().all(|p| matches!(p, Piece::Known(_)));
        if !self.capture.as_ref().is_some_and(done) {
            return;
        }
        let text = self.capture.as_ref().map(Capture::words).unwrap_or_default();
        let doubtful = self
            .capture
            .as_ref()
            .is_some_and(|capture| capture.doubt.is_some());
        if text.is_empty() || self.is_echo(&text) {
            self.forget_guess();
            if doubtful {
                self.relent();
                self.capture = None;
                return;
            }
            if let Some(capture) = self.capture.take() {
                let end = if capture.failed {
                    End::Failed
                } else {
                    End::HeardNothing
                };
                self.closed(&capture.ledger, end);
            }
            return;
        }
        self.confirm();
        if let Some(mut capture) = self.capture.take() {
            capture.ledger.renote(Milestone::FinalTranscript, self.now);
            self.data(capture.turn, Data::Said { text: text.clone() });
            if self.take_up_guess(&capture, &text) {
                return;
            }
            self.forget_guess();
            self.begin(
                capture.turn,
                capture.ledger,
                ReplyKind::Answer { said: text },
                None,
            );
        }
    }
}
