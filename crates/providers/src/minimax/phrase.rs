//! Phrases on their way to be spoken.

use std::collections::VecDeque;

use libretto_voice::text;

use crate::phrases;
use crate::timed::Speech;

/// What is shorter than this, in characters, is not cut again because it is too long.
const SHORTEST: usize = 20;

/// A phrase that has not been spoken to its end.
struct Phrase {
    text: String,
    /// The number of its message, once that has been sent.
    ticket: Option<u64>,
    /// The service did not take it, and says that there is nothing to speak in it.
    skipped: bool,
}

impl Phrase {
    fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ticket: None,
            skipped: false,
        }
    }

    /// The same in two pieces; `None` where it is so short that its length cannot be what is wrong.
    fn halves(&self) -> Option<(Self, Self)> {
        let characters = self.text.chars().count();
        let first = phrases::pieces(&self.text, characters.div_ceil(2)).first()?.len();
        let (first, rest) = self.text.split_at(first);
        let long = characters >= SHORTEST && !rest.is_empty();
        long.then(|| (Self::of(first), Self::of(rest)))
    }
}

/// Phrases in their order. The session's [`Speech`] knows the first of them, which is spoken now.
#[derive(Default)]
pub(super) struct Queue {
    phrases: VecDeque<Phrase>,
    /// Numbers of the messages whose end has not been acknowledged.
    tickets: VecDeque<u64>,
    issued: u64,
}

impl Queue {
    /// Whether nothing is owed.
    pub(super) fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// Notes what is to be spoken.
    pub(super) fn push(&mut self, piece: &str, speech: &mut Speech) {
        if text::speaks(piece) {
            self.phrases.push_back(Phrase::of(piece));
        } else if let Some(last) = self.phrases.back_mut() {
            // White space, and signs that are not spoken.
            last.text.push_str(piece);
        }
        if self.phrases.len() < 2 {
            speech.sent(piece);
        }
    }

    /// The text to be sent now. One is sent ahead, as soon as the first `sounds`: then a refusal can only mean the newest.
    pub(super) fn send(&mut self, sounds: bool) -> Option<&str> {
        let sent = self.phrases.iter().filter(|phrase| phrase.ticket.is_some());
        let room = sent.count() <= usize::from(sounds);
        let next = self.phrases.iter_mut().find(|phrase| phrase.ticket.is_none());
        let next = next.filter(|_| room)?;
        self.issued += 1;
        next.ticket = Some(self.issued);
        Some(&next.text)
    }

    /// The end of what was sent last will be acknowledged.
    pub(super) fn flush(&mut self) {
        self.tickets.push_back(self.issued);
    }

    /// Nothing of it has been sent on this connection.
    pub(super) fn unsend(&mut self) {
        self.tickets.clear();
        for phrase in &mut self.phrases {
            phrase.ticket = None;
        }
    }

    /// The end of the oldest message is acknowledged. Whether that is the first phrase's: one that was refused and sent
    /// again has another.
    pub(super) fn acknowledged(&mut self) -> bool {
        let ticket = self.tickets.pop_front();
        ticket.is_some() && self.phrases.front().and_then(|phrase| phrase.ticket) == ticket
    }

    fn newest(&self) -> Option<usize> {
        self.phrases.iter().rposition(|phrase| phrase.ticket.is_some())
    }

    /// There is nothing to speak in the newest that was sent.
    pub(super) fn skip(&mut self) {
        if let Some(at) = self.newest() {
            self.phrases[at].skipped = true;
        }
    }

    /// Whether the first has nothing to speak.
    pub(super) fn is_skipped(&self) -> bool {
        self.phrases.front().is_some_and(|phrase| phrase.skipped)
    }

    /// The newest that was sent is sent again.
    pub(super) fn resend(&mut self) {
        if let Some(at) = self.newest() {
            self.phrases[at].ticket = None;
        }
    }

    /// The newest that was sent is sent again, in two pieces. False where its length cannot be what is wrong.
    pub(super) fn halve(&mut self, speech: &mut Speech) -> bool {
        let Some(at) = self.newest() else { return true };
        let Some((first, rest)) = self.phrases[at].halves() else {
            return false;
        };
        if at == 0 {
            speech.unsent(&rest.text);
        }
        self.phrases[at] = first;
        self.phrases.insert(at + 1, rest);
        true
    }

    /// The first has been spoken.
    pub(super) fn pop(&mut self, speech: &mut Speech) {
        self.phrases.pop_front();
        if let Some(next) = self.phrases.front() {
            speech.sent(&next.text);
        }
    }
}
