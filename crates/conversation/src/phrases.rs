//! Cuts what shall be spoken into phrases for the voice, as it streams in.
//!
//! The first phrase is short, so that sound starts early; later ones are whole sentences, which sound better. A phrase
//! is released as soon as its end is certain. Every decision reads a bounded piece of the text behind it and nothing
//! else, so that how the text was cut on its way here makes no difference.

mod stop;
#[cfg(test)]
mod tests;
mod words;

use libretto_voice::Rewrite;
use libretto_voice::text::{is_pause, is_stop, without_spaces};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use stop::Verdict;

/// So many letters the first phrase must have to be worth starting with: a shorter one would be over before the next
/// one is there. `RealtimeVoiceChat` (`text_context.py`) found the same number.
const FIRST_LETTERS: usize = 10;
/// A first phrase without punctuation may be cut from this many words on: two seconds of speech, in which a model that
/// takes 25 ms for a token writes four times as much…
const FIRST_WORDS: usize = 6;
/// …before a word with which a part of a sentence begins, if one of the last few words is such…
const FIRST_WORDS_KEPT: usize = 3;
/// …and anywhere after this many.
const FIRST_WORDS_LIMIT: usize = 8;
/// Sentences longer than this (in characters) are cut at a clause's end: 13 seconds of speech.
const LONG: usize = 200;
/// What is cut off a long sentence has at least this many characters.
const CLAUSE: usize = 60;
/// Where a long sentence has no clause either, it is cut between words from here on.
const LIMIT: usize = 320;

/// What the voice is given at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// Its text, with its own white space, and where in the raw reply each byte of it was written.
    pub(crate) rewrite: Rewrite,
    /// How it ends.
    pub(crate) ending: Ending,
}

/// How a phrase ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With its sentence.
    Sentence,
    /// With its line: a heading, an item of a list.
    Line,
    /// With a part of its sentence, at a comma or the like.
    Clause,
    /// Between two words of a long sentence.
    Words,
    /// Where the text ended.
    Rest,
}

/// Takes the filter's output as it streams in and gives phrases. The texts of all phrases put together are the text
/// that came in, except for an end in which nothing can be spoken.
#[derive(Clone, Debug)]
pub(crate) struct Splitter {
    /// What is not released yet.
    held: Rewrite,
    /// Nothing was released yet.
    first: bool,
    phrase: Reading,
}

/// What is known of the phrase that is being read. Positions are bytes from its beginning.
#[derive(Clone, Debug, Default)]
struct Reading {
    at: usize,
    chars: usize,
    /// Letters and digits; one that writes a syllable or a word counts twice.
    letters: usize,
    speaks: bool,
    /// Where the last clause ended.
    clause: Option<usize>,
    space: Option<usize>,
    /// Where words began, while the first phrase is read.
    words: Vec<usize>,
    in_word: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            held: Rewrite::default(),
            first: true,
            phrase: Reading::default(),
        }
    }
}

impl Splitter {
    /// Takes more text; gives the phrases that are now complete.
    pub(crate) fn push(&mut self, spoken: &Rewrite) -> Vec<Phrase> {
        self.held.append(spoken);
        self.run(false)
    }

    /// The text is over: the last phrases.
    pub(crate) fn finish(&mut self) -> Vec<Phrase> {
        self.run(true)
    }

    fn run(&mut self, ended: bool) -> Vec<Phrase> {
        let held = std::mem::take(&mut self.held);
        let mut phrases = Vec::new();
        let mut from = 0;
        while let Some((length, ending)) = self.next_end(&held.text()[from..], ended) {
            phrases.push(Phrase {
                rewrite: held.slice(from..from + length),
                ending,
            });
            from += length;
            self.phrase = Reading::default();
            self.first = false;
        }
        let rest = &held.text()[from..];
        if ended && self.phrase.speaks {
            phrases.push(Phrase {
                rewrite: held.slice(from..held.text().len()),
                ending: Ending::Rest,
            });
            self.phrase = Reading::default();
        } else if from == 0 {
            self.held = held;
        } else if !rest.is_empty() {
            self.held = held.slice(from..held.text().len());
        }
        phrases
    }

    /// Reads on in a text that begins where the phrase does; the phrase's length and ending, once they are certain.
    fn next_end(&mut self, text: &str, ended: bool) -> Option<(usize, Ending)> {
        while let Some(c) = text[self.phrase.at..].chars().next() {
            if let Some(cut) = self.overlong(c) {
                return Some(cut);
            }
            let at = self.phrase.at;
            let verdict = match c {
                '\n' => Verdict::Line(at + 1),
                _ if is_stop(c) => stop::at_stop(text, at, self.phrase.speaks, ended),
                _ if c == '-' || is_pause(c) => stop::at_pause(text, at, ended),
                _ => Verdict::No(at + c.len_utf8()),
            };
            let (next, ending) = match verdict {
                Verdict::More => return None,
                Verdict::No(next) => (next, None),
                Verdict::Clause(next) => (next, Some(Ending::Clause)),
                Verdict::Sentence(next) => (next, Some(Ending::Sentence)),
                Verdict::Line(next) => (next, Some(Ending::Line)),
            };
            self.read(&text[at..next]);
            if let Some(ending) = ending
                && let Some(cut) = self.may_end(ending)
            {
                return Some((cut, ending));
            }
            if self.first
                && c.is_whitespace()
                && let Some(cut) = self.wordy_start(text)
            {
                return Some((cut, Ending::Words));
            }
        }
        None
    }

    /// Takes note of a piece of the phrase.
    fn read(&mut self, piece: &str) {
        let phrase = &mut self.phrase;
        for c in piece.chars() {
            phrase.chars += 1;
            phrase.speaks |= speaks(c);
            if c.is_alphanumeric() {
                phrase.letters += if without_spaces(c) || ('\u{AC00}'..='\u{D7A3}').contains(&c) {
                    2
                } else {
                    1
                };
            }
            if c.is_whitespace() {
                phrase.space = phrase.speaks.then_some(phrase.at + c.len_utf8());
                phrase.in_word = false;
            } else if !phrase.in_word {
                phrase.in_word = true;
                if phrase.words.len() <= FIRST_WORDS_LIMIT {
                    phrase.words.push(phrase.at);
                }
            }
            phrase.at += c.len_utf8();
        }
    }

    /// Whether the phrase ends where such an ending was just read; where exactly.
    fn may_end(&mut self, ending: Ending) -> Option<usize> {
        let phrase = &mut self.phrase;
        if !phrase.speaks {
            return None;
        }
        let enough = if self.first {
            phrase.letters >= FIRST_LETTERS
        } else if ending == Ending::Clause {
            phrase.chars >= LONG
        } else {
            true
        };
        if !enough && ending == Ending::Clause && phrase.chars >= CLAUSE {
            phrase.clause = Some(phrase.at);
        }
        enough.then_some(phrase.at)
    }

    /// Where a phrase must be cut that is too long to wait for its end, before `next` is read.
    fn overlong(&mut self, next: char) -> Option<(usize, Ending)> {
        let phrase = &mut self.phrase;
        if phrase.chars < LONG || !phrase.speaks {
            return None;
        }
        if let Some(clause) = phrase.clause.take() {
            return Some((clause, Ending::Clause));
        }
        if phrase.chars < LIMIT {
            return None;
        }
        let joins = next == '\u{200D}'
            || next.general_category_group() == GeneralCategoryGroup::Mark
            || ('\u{1F3FB}'..='\u{1F3FF}').contains(&next);
        match phrase.space {
            Some(space) if space >= CLAUSE => Some((space, Ending::Words)),
            // One word without end; letters stay whole.
            _ if !joins || phrase.chars > 2 * LIMIT => Some((phrase.at, Ending::Words)),
            _ => None,
        }
    }

    /// Where a first phrase of many words without punctuation is cut.
    fn wordy_start(&self, text: &str) -> Option<usize> {
        let words = &self.phrase.words;
        let count = words.len();
        if count < FIRST_WORDS || self.phrase.letters < FIRST_LETTERS {
            return None;
        }
        let end = self.phrase.at;
        let word = |n: usize| text[words[n]..words.get(n + 1).copied().unwrap_or(end)].trim_end();
        let from = if count == FIRST_WORDS {
            FIRST_WORDS_KEPT
        } else {
            count - 1
        };
        let enough =
            |n: usize| text[..words[n]].chars().filter(|c| c.is_alphanumeric()).count() >= FIRST_LETTERS;
        let is_joint =
            |n: &usize| words::begins_part(word(*n)) && !words::holds_on(word(*n - 1)) && enough(*n);
        let joint = (from..count).rev().find(is_joint);
        match joint {
            Some(n) => Some(words[n]),
            None if count >= FIRST_WORDS_LIMIT => Some(end),
            None => None,
        }
    }
}

/// Whether a voice can say anything of it: letters, digits, money, pictures.
fn speaks(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(
            c.general_category(),
            GeneralCategory::CurrencySymbol | GeneralCategory::OtherSymbol
        )
}
