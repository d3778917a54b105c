//! Where a reply that runs into its length limit is cut: at the end of a sentence, as far as that is possible without
//! making the first words wait.

use libretto_voice::text::{is_closer, is_stop};

/// Lets text through until the reply may have to end, and from there on only whole sentences.
#[derive(Debug)]
pub(super) struct Sentences {
    /// Pieces (tokens) that the reply may have.
    limit: usize,
    /// Pieces so far.
    pieces: usize,
    /// What is held back until its sentence is whole.
    held: String,
    /// Whether the sentence that is being written has been let through so far.
    open: bool,
    /// The last character that was let through or held.
    last: Option<char>,
}

/// A sentence that has begun when this part of the limit is used up is let through as it comes; later ones must be
/// whole. Sound has begun by then, so holding them back cannot be heard.
const FREE: usize = 2;
/// A sentence that was let through may run on for this part of the limit more, before it is cut after all.
const GRACE: usize = 2;

impl Sentences {
    /// For a reply of at most `limit` tokens.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            pieces: 0,
            held: String::new(),
            open: true,
            last: None,
        }
    }

    /// Tokens to ask for, so that the last sentence can be ended.
    pub(super) fn most(limit: usize) -> usize {
        limit + limit / GRACE
    }

    /// Takes the next piece; gives what may be said, and whether this is the end.
    pub(super) fn push(&mut self, piece: &str) -> (String, bool) {
        self.pieces += 1;
        let mut said = String::new();
        for character in piece.chars() {
            // Good enough where the worst that can happen is that a reply ends after "Dr.".
            if self.last.is_some_and(is_stop) && character.is_whitespace() {
                // The sentence is whole.
                said.push_str(&std::mem::take(&mut self.held));
                self.open = self.pieces <= self.limit / FREE;
                if self.pieces > self.limit {
                    return (said, true);
                }
            }
            if !is_closer(character) {
                self.last = Some(character);
            }
            let to = if self.open { &mut said } else { &mut self.held };
            to.push(character);
        }
        let over = self.pieces >= self.limit && !self.open && !self.last.is_some_and(is_stop);
        (said, over)
    }

    /// The reply is over; `cut` when its limit ended it. Gives what may still be said.
    pub(super) fn finish(mut self, cut: bool) -> String {
        let whole = !cut || self.last.is_some_and(is_stop);
        if whole {
            std::mem::take(&mut self.held)
        } else {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spoken(limit: usize, pieces: &[&str]) -> (String, bool) {
        let mut sentences = Sentences::new(limit);
        let mut said = String::new();
        for piece in pieces.iter().take(Sentences::most(limit)) {
            let (more, over) = sentences.push(piece);
            said += &more;
            if over {
                return (said + &sentences.finish(true), true);
            }
        }
        let cut = pieces.len() > Sentences::most(limit);
        (said + &sentences.finish(cut), cut)
    }

    #[test]
    fn a_short_reply_stays_as_it_is() {
        assert_eq!(
            spoken(10, &["Paris", ".", " Really"]),
            ("Paris. Really".into(), false)
        );
    }

    #[test]
    fn what_cannot_be_ended_is_not_begun() {
        let pieces = [
            "One", " two", " three", " four", " five", ".", " Six", " seven", " eight", " nine", " ten",
        ];
        assert_eq!(spoken(8, &pieces), ("One two three four five.".into(), true));
    }

    #[test]
    fn one_long_sentence_may_run_on_a_little() {
        let mut pieces = vec![" word"; 9];
        pieces.push(".");
        pieces.extend([" More", " words"]);
        assert_eq!(spoken(8, &pieces).0, format!("{}.", " word".repeat(9)));
        let endless = vec![" word"; 40];
        assert_eq!(spoken(8, &endless), (" word".repeat(12), true));
    }

    #[test]
    fn the_first_words_do_not_wait() {
        let mut sentences = Sentences::new(60);
        assert_eq!(sentences.push("The"), ("The".into(), false));
        assert_eq!(sentences.push(" sky"), (" sky".into(), false));
    }

    #[test]
    fn a_number_is_not_an_end() {
        assert_eq!(
            spoken(4, &["Pi is ", "3", ".", "14", " and", " so", " on"]).0,
            "Pi is 3.14 and so"
        );
    }

    proptest! {
        #[test]
        fn what_is_said_is_a_beginning_of_what_was_written(
            pieces in prop::collection::vec("[a. ]{0,3}", 0..40), limit in 1..20usize,
        ) {
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let (said, cut) = spoken(limit, &pieces);
            prop_assert!(pieces.concat().starts_with(&said));
            prop_assert!(cut || said == pieces.concat());
        }
    }
}
