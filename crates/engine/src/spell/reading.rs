//! What rules see, and what they answer.

use std::sync::OnceLock;

use libretto_voice::Rewrite;
use regex::{Captures, Regex};

/// How something that begins here is read; `None` when this rule does not know it.
pub(super) type Rule = fn(Here<'_>) -> Option<Reading>;

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) text: &'a str,
    /// Its byte, on a character boundary.
    pub(super) at: usize,
}

impl<'a> Here<'a> {
    /// The text from here on.
    pub(super) fn rest(self) -> &'a str {
        &self.text[self.at..]
    }

    /// The text up to here.
    pub(super) fn past(self) -> &'a str {
        &self.text[..self.at]
    }

    /// The character before this place.
    pub(super) fn before(self) -> Option<char> {
        self.past().chars().next_back()
    }

    /// The character `length` bytes after this place.
    pub(super) fn after(self, length: usize) -> Option<char> {
        self.rest()[length..].chars().next()
    }

    /// Whether a letter or digit stands right before.
    pub(super) fn inside(self) -> bool {
        self.before().is_some_and(char::is_alphanumeric)
    }

    /// Whether a word or number ends `length` bytes after this place.
    pub(super) fn ends(self, length: usize) -> bool {
        !self.after(length).is_some_and(char::is_alphanumeric)
    }

    /// Length of the word that begins here: letters, and apostrophes between them.
    pub(super) fn word(self) -> usize {
        let rest = self.rest();
        let mut end = 0;
        let mut letters = rest.char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            let joins = matches!(c, '\'' | '’') && end > 0;
            let joins = joins && letters.peek().is_some_and(|(_, next)| next.is_alphabetic());
            if !c.is_alphabetic() && !joins {
                break;
            }
            end = at + c.len_utf8();
        }
        end
    }

    /// The word before this place, with the punctuation that touches it; empty at the text's beginning.
    pub(super) fn word_before(self) -> &'a str {
        self.past()
            .trim_end()
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default()
    }

    /// Whether a full stop `length` bytes after this place, where a text or a capital letter follows, ends a sentence
    /// as well as the abbreviation before it.
    pub(super) fn sentence_ends(self, length: usize) -> bool {
        let rest = &self.rest()[length..];
        let next = rest.trim_start();
        next.is_empty() || (next.len() < rest.len() && next.starts_with(char::is_uppercase))
    }
}

/// How a stretch of text is read, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Reading(Vec<(usize, Option<String>)>);

impl Reading {
    /// The next `length` bytes are read like this.
    pub(super) fn say(spoken: impl Into<String>, length: usize) -> Self {
        Self::default().then(spoken, length)
    }

    /// The next `length` bytes are not read.
    pub(super) fn silence(length: usize) -> Self {
        Self::say("", length)
    }

    /// And the `length` bytes after that are read like this.
    pub(super) fn then(mut self, spoken: impl Into<String>, length: usize) -> Self {
        self.0.push((length, Some(spoken.into())));
        self
    }

    /// And the `length` bytes after that stay as they are.
    pub(super) fn keep(mut self, length: usize) -> Self {
        self.0.push((length, None));
        self
    }
}

/// The text as spelt so far.
#[derive(Default)]
pub(super) struct Page {
    pub(super) rewrite: Rewrite,
    /// Whether the last piece was said, not kept.
    said: bool,
}

impl Page {
    /// Appends a reading of what stands here; the byte after it.
    pub(super) fn read(&mut self, mut here: Here<'_>, reading: Reading) -> usize {
        for (length, spoken) in reading.0 {
            match spoken {
                Some(spoken) => {
                    let source = here.at..here.at + length;
                    let spoken = if self.touches(&spoken) {
                        format!(" {spoken}")
                    } else {
                        spoken
                    };
                    self.said = !spoken.is_empty() || self.said;
                    self.rewrite.replace(&spoken, source);
                    here.at += length;
                }
                None => here.at = self.keep(here, length),
            }
        }
        here.at
    }

    /// Appends what stands here as it is; the byte after it.
    pub(super) fn keep(&mut self, here: Here<'_>, length: usize) -> usize {
        let piece = &here.rest()[..length];
        if self.said && self.touches(piece) {
            self.rewrite.replace(" ", here.at..here.at);
        }
        self.rewrite.keep(piece, here.at);
        self.said = false;
        here.at + length
    }

    /// Whether this would run into the word before it.
    fn touches(&self, piece: &str) -> bool {
        self.rewrite.text().ends_with(char::is_alphanumeric) && piece.starts_with(char::is_alphanumeric)
    }
}

/// A regular expression, compiled when it is first asked for. All begin with `^`: they are matched at a place.
pub(super) struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) const fn new(source: &'static str) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
        }
    }

    /// What it finds at the beginning of `text`. One that does not compile finds nothing.
    pub(super) fn find<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.compiled
            .get_or_init(|| Regex::new(self.source).ok())
            .as_ref()?
            .captures(text)
    }
}

/// The text of a group, empty when it took no part.
pub(super) fn group<'t>(found: &Captures<'t>, number: usize) -> &'t str {
    found.get(number).map_or("", |group| group.as_str())
}
