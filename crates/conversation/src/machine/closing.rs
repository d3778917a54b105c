//! How a reply ends, and what is remembered of it.

use libretto_voice::{Milestone, Time, TurnId};

use super::Machine;
use super::action::Action;
use super::reply::{Kind, Reply};
use crate::memory::Exchange;
use crate::notice::{Data, End};

/// A reply that is over but for the loudspeaker's word on how much of it was heard.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) reply: Reply,
    pub(super) end: End,
    pub(super) deadline: Time,
}

impl Machine {
    /// Silences a reply and closes it when the loudspeaker has said how much was heard.
    pub(super) fn cut(&mut self, reply: Reply, end: End) {
        self.out.extend(reply.jobs().map(Action::Drop));
        if reply.queued == 0 {
            return self.close(reply, end, 0);
        }
        self.remember_echo(&reply);
        self.out.push(Action::Cut(reply.turn));
        let deadline = self.now + self.policy.deadlines.silence;
        self.closing.push(Closing { reply, end, deadline });
    }

    /// Gives up a reply that has not sounded and whose question lives on elsewhere.
    pub(super) fn abandon(&mut self, reply: Reply, end: End) {
        self.out.extend(reply.jobs().map(Action::Drop));
        if reply.queued > 0 {
            self.out.push(Action::Cut(reply.turn));
        }
        if let (End::Failed, Kind::Answer { .. }) = (end, &reply.kind) {
            return self.close(reply, end, 0);
        }
        self.closed(&reply.ledger, end);
    }

    /// The turn is over, so many samples of its reply having been heard.
    pub(super) fn close(&mut self, mut reply: Reply, end: End, samples: u64) {
        reply.ledger.note(Milestone::Closed, self.now);
        let all = libretto_voice::text::count(reply.script.text());
        let whole = end == End::Complete && reply.is_whole();
        let heard = if whole { all } else { reply.heard(samples) };
        self.data(
            reply.turn,
            Data::Heard {
                clusters: heard,
                samples,
            },
        );
        if reply.kind != Kind::Replay {
            let cut = matches!(end, End::Cut | End::Cancelled);
            let exchange = reply.exchange(heard, cut);
            if !reply.script.text().is_empty() {
                self.last_reply = Some((reply.turn, reply.script.text().to_owned()));
            }
            self.record(exchange);
        }
        self.closed(&reply.ledger, end);
    }

    /// Keeps what was said and never answered.
    pub(super) fn record_unanswered(&mut self, turn: TurnId, said: String) {
        let (heard, unheard) = (String::new(), String::new());
        self.record(Exchange {
            turn,
            said: Some(said),
            heard,
            unheard,
            cut: true,
            alignment: None,
        });
    }

    pub(super) fn record(&mut self, exchange: Exchange) {
        self.data(
            exchange.turn,
            Data::Exchange {
                exchange: exchange.clone(),
            },
        );
        self.out.push(Action::Record(exchange));
    }
}
