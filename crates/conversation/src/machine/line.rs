//! The microphone, as far as it was asked for: opened when somebody may speak, closed when nobody can.

use libretto_voice::Time;

use super::Machine;
use super::action::Action;
use super::capture::Capture;
use super::event::{Fault, Microphone};
use super::policy::Mode;
use crate::notice::Stage as Part;

/// The microphone, as far as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Line {
    Off,
    /// It is being opened; by then real samples must have come.
    Arming {
        until: Time,
    },
    On,
    /// It went away while it was on; by then it must be back, or another be there.
    Gone {
        until: Time,
    },
    /// It failed, and is not tried again before this time.
    Failed {
        until: Time,
    },
}

impl Line {
    pub(super) fn on(self) -> bool {
        self == Line::On
    }

    /// Until when it must give real samples, where it gives none yet or none any more.
    pub(super) fn awaited(self) -> Option<Time> {
        match self {
            Line::Arming { until } | Line::Gone { until } => Some(until),
            _ => None,
        }
    }

    /// Somebody wants to speak: it is tried at once.
    pub(super) fn forgive(&mut self) {
        if matches!(self, Line::Failed { .. }) {
            *self = Line::Off;
        }
    }
}

impl Machine {
    pub(super) fn microphone(&mut self, event: Microphone) {
        match event {
            Microphone::Listening if self.microphone.awaited().is_some() => {
                self.microphone = Line::On;
                self.complained = false;
                self.first_sample();
            }
            Microphone::Gone if self.microphone.on() => {
                self.microphone = Line::Gone {
                    until: self.now + self.policy.deadlines.microphone_gone,
                };
            }
            Microphone::Level(level) => self.level(level),
            Microphone::SpeechStarted { echo } if self.microphone != Line::Off => self.speech_started(echo),
            Microphone::Listening | Microphone::Gone | Microphone::SpeechStarted { .. } => {}
            Microphone::SpeechEnded(silence) => self.speech_ended(silence),
            Microphone::Failed(fault) => self.microphone_failed(fault),
        }
    }

    pub(super) fn microphone_failed(&mut self, fault: Fault) {
        if matches!(self.microphone, Line::Off | Line::Failed { .. }) {
            return;
        }
        let heard = matches!(self.microphone, Line::On | Line::Gone { .. });
        self.microphone = Line::Failed {
            until: self.now + self.policy.deadlines.microphone_retry,
        };
        self.out.push(Action::Microphone(false));
        let turn = self.capture.as_ref().map(|capture| capture.turn);
        // Hands-free it is tried again and again; once is enough to say so.
        if turn.is_some() || !std::mem::replace(&mut self.complained, true) {
            self.problem(turn, Part::Microphone, fault, None, None);
        }
        self.microphone_lost(heard);
    }

    pub(super) fn wants_microphone(&self) -> bool {
        if self.policy.paused {
            return false;
        }
        let resting = !self.policy.barge_in.enabled && self.reply.as_ref().is_some_and(|r| r.queued > 0);
        let hands_free = self.policy.mode == Mode::HandsFree && !resting && !self.policy.trying;
        hands_free || self.capture.as_ref().is_some_and(Capture::records)
    }

    pub(super) fn settle_microphone(&mut self) {
        let wanted = self.wants_microphone();
        match self.microphone {
            Line::Off if wanted => {}
            Line::Failed { until } if wanted && self.now >= until => {}
            Line::Arming { .. } | Line::On | Line::Gone { .. } if !wanted => {
                self.microphone = Line::Off;
                self.voiced = false;
                return self.out.push(Action::Microphone(false));
            }
            _ => return,
        }
        self.microphone = Line::Arming {
            until: self.now + self.policy.deadlines.arming,
        };
        // Before the recogniser is opened and anything else is done: the first word is being spoken.
        self.out.insert(0, Action::Microphone(true));
    }
}
