//! The person's side of a turn: from the key or the first voiced sample to the final transcript.

use std::time::Duration;

use libretto_voice::{Kind, Ledger, Milestone, Time, TurnId};

use super::Machine;
use super::action::Action;
use super::event::{Fault, Job};
use super::interruption::Doubt;
use super::policy::Mode;
use super::recognition::Recognition;
use crate::key::Gesture;
use crate::notice::{End, Stage as Part};

/// An utterance.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) turn: TurnId,
    pub(super) ledger: Ledger,
    pub(super) by: By,
    pub(super) stage: Stage,
    /// Its stretches of speech in order. There are several when the person went on after the turn seemed over.
    pub(super) pieces: Vec<Piece>,
    /// It began while a reply was under way, and may be a cough or an echo.
    pub(super) doubt: Option<Doubt>,
    /// Its first word as it was recognised last.
    pub(super) first_word: Option<String>,
    /// Since when the microphone has been on for it.
    pub(super) since: Time,
    /// Speech was detected.
    pub(super) spoke: bool,
    /// What a reply said while it began: its echo is not speech.
    pub(super) over: Option<String>,
    /// A recogniser could not be had for some of it.
    pub(super) failed: bool,
    /// How often its end was guessed.
    pub(super) guesses: u32,
}

/// Who ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Key { latched: bool },
    Voice,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    /// Audio is being recorded.
    Open,
    /// The key is up; the last syllable may still come.
    Tail { until: Time },
    /// Silence since `voice`: is it a pause or the end?
    Pause { voice: Time, verdict: Verdict },
    /// No audio is recorded any more; the recogniser has the word.
    Finishing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Silence decides.
    Without,
    /// The detector was asked.
    Asked {
        job: Job,
        until: Time,
    },
    Given(f32),
}

/// A stretch of speech.
#[derive(Debug)]
pub(super) enum Piece {
    Known(String),
    Open(Recognition),
}

impl Piece {
    fn words(&self) -> String {
        match self {
            Piece::Known(text) => text.clone(),
            Piece::Open(recognition) => recognition.words(),
        }
    }
}

impl Capture {
    /// True while the microphone's audio belongs to it.
    pub(super) fn records(&self) -> bool {
        self.stage != Stage::Finishing
    }

    /// All words so far.
    pub(super) fn words(&self) -> String {
        join(self.pieces.iter().map(Piece::words))
    }

    /// What was said before this turn's own speech: it must not be lost even if the turn is called off.
    pub(super) fn known(&self) -> String {
        join(self.pieces.iter().filter_map(|p| {
            if let Piece::Known(text) = p {
                Some(text.clone())
            } else {
                None
            }
        }))
    }

    pub(super) fn live(&mut self) -> Option<&mut Recognition> {
        match self.pieces.last_mut() {
            Some(Piece::Open(recognition)) if recognition.ended.is_none() => Some(recognition),
            _ => None,
        }
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = Job> + '_ {
        self.pieces
            .iter()
            .filter_map(|p| if let Piece::Open(r) = p { Some(r.job) } else { None })
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts
        .filter(|text| !text.trim().is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

impl Machine {
    pub(super) fn gesture(&mut self, gesture: Gesture) {
        match gesture {
            Gesture::Start => self.key_started(),
            Gesture::Latch => {
                if let Some(Capture {
                    by: By::Key { latched },
                    ..
                }) = &mut self.capture
                {
                    *latched = true;
                }
            }
            Gesture::End { released } => self.key_ended(released),
        }
    }

    pub(super) fn key_started(&mut self) {
        if self.policy.paused {
            // The release of this press means nothing either.
            self.keys.forget();
            let fault = Fault::new(
                Kind::Unavailable,
                "Libretto is paused and does not listen. Resume it, then speak; what is typed is answered.",
            );
            return self.problem(None, Part::Microphone, fault, None, None);
        }
        let by = By::Key { latched: false };
        if self.capture.is_some() {
            self.confirm();
        }
        match &mut self.capture {
            None => self.open(by, None),
            Some(capture) => {
                capture.by = by;
                if capture.stage == Stage::Finishing {
                    self.go_on();
                } else {
                    capture.stage = Stage::Open;
                }
            }
        }
    }

    pub(super) fn key_ended(&mut self, released: Time) {
        let voiced = self.voiced;
        let tail = released + self.policy.turn_end.tail;
        let Some(capture) = &mut self.capture else { return };
        if !matches!(capture.by, By::Key { .. }) || !capture.records() {
            return;
        }
        capture.ledger.note(Milestone::KeyUp, released);
        // Somebody who stopped speaking before the key went up waits for nothing. Where no speech was detected it may
        // have been too short or too soft for the detector so far.
        if capture.spoke && !voiced {
            self.end_utterance();
        } else {
            capture.stage = Stage::Tail { until: tail };
            let job = capture.live().map(|recognition| recognition.job);
            self.out.extend(job.map(Action::Hurry));
        }
    }

    /// Begins to listen. What sounded, or was about to, gives way, unless there is `doubt` that anybody speaks.
    pub(super) fn open(&mut self, by: By, doubt: Option<Doubt>) {
        let turn = self.next_turn();
        let mut ledger = Ledger::new(turn);
        ledger.note(Milestone::Opened, self.now);
        if self.microphone.on() {
            ledger.note(Milestone::FirstSample, self.now);
        } else {
            self.microphone.forgive();
        }
        let over = self
            .echo
            .take()
            .filter(|(until, _)| self.now <= *until)
            .map(|(_, said)| said);
        let doubtful = doubt.is_some();
        self.capture = Some(Capture {
            turn,
            ledger,
            by,
            stage: Stage::Open,
            pieces: Vec::new(),
            doubt,
            first_word: None,
            since: self.now,
            spoke: self.voiced,
            over,
            failed: false,
            guesses: 0,
        });
        if !doubtful {
            self.give_way();
        }
        self.out.push(Action::Warm);
        self.listen();
    }

    /// The person goes on although the turn seemed over: what comes now belongs to it.
    pub(super) fn go_on(&mut self) {
        self.forget_guess();
        if let Some(capture) = &mut self.capture {
            capture.stage = Stage::Open;
            capture.since = self.now;
            self.listen();
        }
    }

    pub(super) fn speech_started(&mut self, echo: bool) {
        self.voiced = true;
        match &mut self.capture {
            Some(capture) => {
                capture.spoke = true;
                match capture.stage {
                    Stage::Pause { verdict, .. } => {
                        capture.stage = Stage::Open;
                        if let Verdict::Asked { job, .. } = verdict {
                            self.out.push(Action::Drop(job));
                        }
                    }
                    Stage::Finishing if self.policy.mode == Mode::HandsFree => {
                        capture.by = By::Voice;
                        self.go_on();
                    }
                    Stage::Finishing | Stage::Open | Stage::Tail { .. } => {}
                }
            }
            None if self.policy.mode == Mode::HandsFree => {
                let doubt = self.doubt(echo);
                self.open(By::Voice, doubt);
            }
            None => {}
        }
    }

    pub(super) fn speech_ended(&mut self, silence: Duration) {
        self.voiced = false;
        let voice = self.now - silence;
        let Some(capture) = &mut self.capture else { return };
        if !capture.records() {
            return;
        }
        capture.ledger.renote(Milestone::SpeechEnd, voice);
        match (capture.by, capture.stage) {
            (By::Key { .. }, Stage::Tail { .. }) => self.end_utterance(),
            (By::Key { .. }, _) => {}
            (By::Voice, _) if capture.doubt.is_some() && self.reply.is_some() => {
                // A cough, or a short word: the reply is loud again, and the recogniser says which it was.
                self.relent();
                self.end_utterance();
            }
            (By::Voice, _) => self.pause(voice),
        }
    }

    /// The microphone gives real samples.
    pub(super) fn first_sample(&mut self) {
        let now = self.now;
        if let Some(capture) = &mut self.capture {
            capture.ledger.note(Milestone::FirstSample, now);
            capture.since = capture.since.max(now);
        }
    }

    /// The microphone has gone: what was heard so far is the utterance.
    pub(super) fn microphone_lost(&mut self, heard: bool) {
        self.voiced = false;
        let Some(capture) = &self.capture else { return };
        if !capture.records() {
            return;
        }
        if heard || capture.pieces.len() > 1 || !capture.words().is_empty() {
            self.relent();
            self.end_utterance();
        } else {
            self.relent();
            self.drop_capture(End::Failed);
        }
    }

    /// Calls it off. What had been said before it went on is kept as said and unanswered.
    pub(super) fn drop_capture(&mut self, end: End) {
        self.keys.forget();
        self.forget_guess();
        let Some(capture) = self.capture.take() else {
            return;
        };
        self.out.extend(capture.jobs().map(Action::Drop));
        if let Stage::Pause {
            verdict: Verdict::Asked { job, .. },
            ..
        } = capture.stage
        {
            self.out.push(Action::Drop(job));
        }
        let known = capture.known();
        if !known.is_empty() {
            self.record_unanswered(capture.turn, known);
        }
        if capture.doubt.is_none() {
            self.closed(&capture.ledger, end);
        }
    }
}
