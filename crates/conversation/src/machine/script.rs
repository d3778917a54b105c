//! The reply's text on its way to the voice, and the marks on their way back to it.

use std::collections::VecDeque;

use libretto_voice::{Mark, Rewrite, text};

use super::cutter::Cutter;

/// A reply's text: all of it as written, and what of it was given to which voice.
#[derive(Debug, Default)]
pub(super) struct Script {
    cutter: Cutter,
    /// Phrases that no voice has been given yet.
    pending: VecDeque<Rewrite>,
    /// All that the present voice was given: what its marks lie over.
    session: Rewrite,
    /// The present voice's marks.
    marks: Vec<Mark>,
    /// Grapheme clusters given to voices in all.
    given: usize,
    finished: bool,
    /// Nobody is left to speak it.
    silent: bool,
}

impl Script {
    /// The reply as it is shown so far: without the model's reasoning, and without what may still turn out to be
    /// some.
    pub(super) fn text(&self) -> &str {
        self.cutter.shown()
    }

    /// The next piece of the reply; what of it is shown.
    pub(super) fn push(&mut self, delta: &str) -> String {
        let before = self.cutter.shown().len();
        let phrases = self.cutter.push(delta);
        self.take(phrases);
        self.cutter.shown()[before..].to_owned()
    }

    /// There is no more; the last piece that is shown.
    pub(super) fn finish(&mut self) -> String {
        let before = self.cutter.shown().len();
        if !std::mem::replace(&mut self.finished, true) {
            let phrases = self.cutter.finish();
            self.take(phrases);
        }
        self.cutter.shown()[before..].to_owned()
    }

    /// True when all text there will be is known.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// True when nothing waits for a voice.
    pub(super) fn is_given(&self) -> bool {
        self.pending.is_empty()
    }

    /// Grapheme clusters that voices were given.
    pub(super) fn given(&self) -> usize {
        self.given
    }

    /// Leaves out what lies before the word with this grapheme cluster, in a text without reasoning.
    pub(super) fn skip(&mut self, clusters: usize) {
        let word = text::words(self.cutter.raw())
            .into_iter()
            .find(|word| word.end > clusters);
        let byte = text::Graphemes::of(self.cutter.raw()).byte(word.map_or(clusters, |word| word.start));
        while let Some(phrase) = self.pending.pop_front() {
            let spoken = phrase.text();
            let start = spoken.char_indices().map(|(at, c)| at..at + c.len_utf8());
            if let Some(first) = start
                .into_iter()
                .find(|out| phrase.source(out.clone()).end > byte)
            {
                self.pending.push_front(phrase.slice(first.start..spoken.len()));
                break;
            }
        }
    }

    /// The next phrase for the voice.
    pub(super) fn next_phrase(&mut self) -> Option<String> {
        let phrase = self.pending.pop_front()?;
        self.given += text::count(phrase.text());
        self.session.append(&phrase);
        Some(phrase.text().to_owned())
    }

    /// Nothing more will be spoken, whatever text still comes.
    pub(super) fn silence(&mut self) {
        self.silent = true;
        self.pending.clear();
    }

    fn take(&mut self, phrases: Vec<Rewrite>) {
        if !self.silent {
            self.pending.extend(phrases);
        }
    }

    /// Marks of the present voice over its session's text become marks over the reply's.
    pub(super) fn place(&mut self, marks: &[Mark]) -> Vec<Mark> {
        self.marks.extend_from_slice(marks);
        let shown = |mark: Mark| Mark {
            text: self.cutter.on_shown(mark.text),
            ..mark
        };
        self.session
            .marks(self.cutter.raw(), marks)
            .into_iter()
            .map(shown)
            .collect()
    }

    /// True when the voice has not yet said when all that it was given sounds.
    pub(super) fn owes(&self) -> bool {
        let timed = self.marks.last().map_or(0, |mark| mark.text.end);
        let graphemes = text::Graphemes::of(self.session.text());
        self.session.text()[graphemes.byte(timed)..]
            .chars()
            .any(char::is_alphanumeric)
    }

    /// The voice has died after so many samples. The next one goes on with the first word that did not sound in
    /// full; where the dead one gave no times, with all that it was given.
    pub(super) fn take_back(&mut self, samples: u64) {
        let session = std::mem::take(&mut self.session);
        let marks = std::mem::take(&mut self.marks);
        let sounded = marks
            .iter()
            .filter(|m| m.audio.end <= samples)
            .map(|m| m.text.end)
            .max()
            .unwrap_or(0);
        let graphemes = text::Graphemes::of(session.text());
        let rest = text::words(session.text())
            .into_iter()
            .find(|word| word.end > sounded);
        if let Some(word) = rest {
            let rest = session.slice(graphemes.byte(word.start)..session.text().len());
            self.given = self.given.saturating_sub(text::count(rest.text()));
            self.pending.push_front(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use libretto_voice::Provenance;

    use super::*;

    fn mark(text: std::ops::Range<usize>, audio: std::ops::Range<u64>) -> Mark {
        Mark {
            text,
            audio,
            provenance: Provenance::Measured,
        }
    }

    #[test]
    fn the_next_voice_begins_with_the_first_word_that_did_not_sound() {
        let mut script = Script::default();
        script.push("One two three.");
        script.finish();
        assert_eq!(script.next_phrase().unwrap().trim(), "One two three.");
        script.place(&[mark(0..3, 0..100), mark(4..7, 100..200), mark(8..14, 200..300)]);
        script.take_back(150);
        assert_eq!(script.next_phrase().unwrap().trim(), "two three.");
        let placed = script.place(&[mark(0..3, 0..100)]);
        assert_eq!(placed, [mark(4..7, 0..100)], "marks lie on the reply's text");
    }

    #[test]
    fn a_click_on_a_word_begins_there() {
        let mut script = Script::default();
        script.push("One two. Three four.");
        script.finish();
        script.skip(15);
        assert_eq!(script.next_phrase().unwrap().trim(), "four.");
    }
}
