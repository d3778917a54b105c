//! Emphasis: `*`, `_` and `~~`, told from sums and names.

use super::{Filter, Step, wordy};

/// Runs of this many marks and more are no emphasis: gaps to fill in, censored words.
const RUN: usize = 4;
/// How far a name is read to tell `snake_case` from emphasis, in bytes.
const NAME: usize = 64;
/// Open emphasis that is remembered; deeper nesting is not text that anybody reads.
const DEPTH: usize = 16;

/// Emphasis that waits for its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    mark: char,
    length: usize,
}

impl Filter {
    /// At a run of `*`, `_` or `~`.
    pub(super) fn emphasis(&mut self, mark: char) -> Step {
        let run = self.rest().chars().take(RUN).take_while(|c| *c == mark).count();
        if run < RUN && self.rest().len() == run && !self.ended {
            return Step::Wait;
        }
        if self.prev == mark || run >= RUN || (self.line.formula.is_some() && run == 1) {
            return self.keep_one();
        }
        let next = self.rest()[run..].chars().next();
        let (word_before, word_after) = (wordy(self.prev), next.is_some_and(wordy));
        let space_before = self.prev.is_whitespace();
        let space_after = next.is_none_or(char::is_whitespace);
        let inside = word_before && word_after;

        let closes = !space_before
            && self
                .emphasis
                .iter()
                .any(|o| o.mark == mark && (!inside || o.length == run))
            && !(mark == '_' && inside);
        if closes && (mark != '~' || run == 2) {
            self.close(mark, run);
            return Step::Went;
        }
        let opens = !space_after
            && match mark {
                '~' => run == 2 && !word_before,
                '_' => {
                    if word_before {
                        false
                    } else {
                        return self.underscore(run, next.unwrap_or(' '));
                    }
                }
                _ if inside => {
                    let (p, n) = (self.prev, next.unwrap_or(' '));
                    if !p.is_ascii() || !n.is_ascii() {
                        true
                    } else if p.is_ascii_digit() || n.is_ascii_digit() || !self.before.is_alphabetic() {
                        false
                    } else {
                        return self.inside_word(run);
                    }
                }
                _ if word_before => !self.prev.is_ascii(),
                _ => !(run == 1 && word_after && matches!(self.prev, ')' | ']' | '}')),
            };
        if opens {
            self.open(mark, run);
        } else {
            self.keep(run);
        }
        Step::Went
    }

    /// `_` before a name or an emphasised word.
    fn underscore(&mut self, run: usize, next: char) -> Step {
        if !next.is_ascii_alphanumeric() {
            self.open('_', run);
            return Step::Went;
        }
        let after = &self.rest()[run..];
        let length = after
            .bytes()
            .take(NAME)
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        if length == after.len() && length < NAME && !self.ended {
            return Step::Wait;
        }
        let name = &after[..length];
        let is_name = match run {
            1 => name.strip_suffix('_').unwrap_or(name).contains('_'),
            2 => name.contains('_'),
            _ => false,
        };
        if is_name {
            self.keep(run + length);
        } else {
            self.open('_', run);
        }
        Step::Went
    }

    /// `*` between two ASCII letters: emphasis only if it ends in the same word.
    fn inside_word(&mut self, run: usize) -> Step {
        let after = &self.rest()[run..];
        let mut at = 0;
        let closes = loop {
            match after[at..].chars().next() {
                None if self.ended => break false,
                None => return Step::Wait,
                Some(c) if c.is_whitespace() || at >= NAME => break false,
                Some('*') => break after[at..].bytes().take_while(|b| *b == b'*').count() >= run,
                Some(c) => at += c.len_utf8(),
            }
        };
        // A run at the very end may still grow.
        if !closes && !self.ended && after[at..].bytes().all(|b| b == b'*') {
            return Step::Wait;
        }
        if closes {
            self.open('*', run);
        } else {
            self.keep(run);
        }
        Step::Went
    }

    fn open(&mut self, mark: char, run: usize) {
        if self.emphasis.len() < DEPTH {
            self.emphasis.push(Open { mark, length: run });
        }
        self.skip(run);
    }

    fn close(&mut self, mark: char, run: usize) {
        let mut left = run;
        while left > 0
            && let Some(at) = self.emphasis.iter().rposition(|o| o.mark == mark)
        {
            let length = self.emphasis[at].length;
            if length > left {
                self.emphasis[at].length -= left;
                break;
            }
            left -= length;
            self.emphasis.truncate(at);
        }
        self.skip(run);
    }
}
