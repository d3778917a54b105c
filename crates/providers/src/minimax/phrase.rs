//! A phrase on its way to be spoken.

use crate::phrases;

/// What is shorter than this, in characters, is not cut again because it is too long.
const SHORTEST: usize = 20;

/// A phrase that has not been spoken to its end.
pub(super) struct Phrase {
    pub(super) text: String,
    /// The number of its message, once that has been sent.
    pub(super) ticket: Option<u64>,
    /// The service did not take it, and says that there is nothing to speak in it.
    pub(super) skipped: bool,
}

impl Phrase {
    pub(super) fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ticket: None,
            skipped: false,
        }
    }

    /// The same in two pieces; `None` where it is so short that its length cannot be what is wrong.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let characters = self.text.chars().count();
        let first = phrases::pieces(&self.text, characters.div_ceil(2)).first()?.len();
        let (first, rest) = self.text.split_at(first);
        let long = characters >= SHORTEST && !rest.is_empty();
        long.then(|| (Self::of(first), Self::of(rest)))
    }
}
