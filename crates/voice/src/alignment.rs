//! The one timing model: which grapheme clusters of a text sound during which samples of its audio.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::audio::SampleRate;
use crate::text::{self, Graphemes};

/// Where a time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The provider or the engine said so.
    Measured,
    /// We worked it out.
    Estimated,
}

impl Provenance {
    /// Of two times taken together: measured only if both are.
    pub fn and(self, other: Provenance) -> Provenance {
        if self == Provenance::Measured { other } else { self }
    }
}

/// Some clusters of the text and the samples during which they sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Grapheme clusters of the text.
    pub text: Range<usize>,
    /// Samples of the audio, in the alignment's rate.
    pub audio: Range<u64>,
    /// Where the time comes from.
    pub provenance: Provenance,
}

impl Mark {
    /// The same mark later in text and time: what a later phrase's own mark becomes in its reply.
    pub fn shifted(self, clusters: usize, samples: u64) -> Self {
        Self {
            text: self.text.start.saturating_add(clusters)..self.text.end.saturating_add(clusters),
            audio: self.audio.start.saturating_add(samples)..self.audio.end.saturating_add(samples),
            provenance: self.provenance,
        }
    }
}

/// Marks over a text in the order in which they sound. Ranges of clusters and of samples never overlap and never go
/// back; between marks there may be gaps (white space, pauses, text whose time is not known).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alignment {
    rate: SampleRate,
    marks: Vec<Mark>,
}

impl Alignment {
    /// No marks yet; samples will be counted in this rate.
    pub fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            marks: Vec::new(),
        }
    }

    /// Of marks in any state: each is put behind the others by [`Alignment::push`].
    pub fn of(rate: SampleRate, marks: impl IntoIterator<Item = Mark>) -> Self {
        let mut alignment = Self::new(rate);
        marks.into_iter().for_each(|mark| alignment.push(mark));
        alignment
    }

    /// Appends a mark. What would go back in the text or in time is cut off its beginning; nothing is left of a mark
    /// whose text was marked before.
    pub fn push(&mut self, mut mark: Mark) {
        let (text, audio) = self
            .marks
            .last()
            .map_or((0, 0), |last| (last.text.end, last.audio.end));
        mark.text.start = mark.text.start.max(text);
        mark.audio.start = mark.audio.start.max(audio);
        mark.audio.end = mark.audio.end.max(mark.audio.start);
        if mark.text.start < mark.text.end {
            self.marks.push(mark);
        }
    }

    /// Samples per second.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// All marks.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Number of the mark that sounds at `sample`, or of the last one before it; `None` before the first.
    pub fn index_at(&self, sample: u64) -> Option<usize> {
        self.marks
            .partition_point(|mark| mark.audio.start <= sample)
            .checked_sub(1)
    }

    /// How many clusters of the text have begun to sound when `sample` has been played: what is lit.
    pub fn lit(&self, sample: u64) -> usize {
        self.index_at(sample)
            .map_or(0, |index| self.marks[index].text.end)
    }

    /// How many clusters have sounded to their end, to the whole word: what was heard. A word counts when at least
    /// half of it was played, since that much is enough to recognise it.
    pub fn heard(&self, text: &str, sample: u64) -> usize {
        let words = text::words(text);
        let mut heard = 0;
        for (index, mark) in self.by_word(text).iter().enumerate() {
            if mark.audio.start >= sample {
                break;
            }
            let middle = mark.audio.start + (mark.audio.end - mark.audio.start) / 2;
            if sample >= middle.max(mark.audio.start + 1) {
                heard = mark.text.end.max(words.get(index).map_or(0, |w| w.end));
            }
        }
        heard
    }

    /// One mark for each word of `text` that has a time, from the first sample of its marks to the last.
    pub fn by_word(&self, text: &str) -> Vec<Mark> {
        let graphemes = Graphemes::of(text);
        let mut words = Vec::new();
        let mut marks = self.marks.iter().peekable();
        for word in text::words(text) {
            let mut whole: Option<Mark> = None;
            // A comma whose time had to be guessed does not make a guess of its word.
            let mut said: Option<Provenance> = None;
            while let Some(mark) = marks.peek() {
                if mark.text.start >= word.end {
                    break;
                }
                if mark.text.end > word.start {
                    let joined = whole.get_or_insert_with(|| Mark {
                        text: word.clone(),
                        ..(*mark).clone()
                    });
                    joined.audio.end = mark.audio.end;
                    joined.provenance = joined.provenance.and(mark.provenance);
                    if text::speaks(&text[graphemes.bytes(mark.text.clone())]) {
                        said = Some(said.map_or(mark.provenance, |s| s.and(mark.provenance)));
                    }
                }
                if mark.text.end > word.end {
                    // It reaches into the next word.
                    break;
                }
                marks.next();
            }
            words.extend(whole.map(|whole| Mark {
                provenance: said.unwrap_or(whole.provenance),
                ..whole
            }));
        }
        words
    }
}

/// Times for clusters of which nothing is known but that they sound during these samples: one mark for each word.
pub(crate) fn estimate(
    text: &str,
    graphemes: &Graphemes,
    clusters: Range<usize>,
    audio: Range<u64>,
) -> Vec<Mark> {
    let clusters = clusters.start.min(graphemes.len())..clusters.end.min(graphemes.len());
    let piece = &text[graphemes.bytes(clusters.clone())];
    let words = text::words(piece);
    let inside = Graphemes::of(piece);
    let weights: Vec<(u64, u64)> = words
        .iter()
        .map(|w| weight(&piece[inside.bytes(w.clone())]))
        .collect();
    let total: u64 = weights.iter().map(|(said, pause)| said + pause).sum();
    let span = audio.end.saturating_sub(audio.start);
    let at = |passed: u64| {
        let share = u128::from(span) * u128::from(passed) / u128::from(total.max(1));
        audio.start + share as u64
    };
    let mut passed = 0;
    let mark = |(word, (said, pause)): (&Range<usize>, &(u64, u64))| {
        let mark = Mark {
            text: word.start + clusters.start..word.end + clusters.start,
            audio: at(passed)..at(passed + said),
            provenance: Provenance::Estimated,
        };
        passed += said + pause;
        mark
    };
    words.iter().zip(&weights).map(mark).collect()
}

/// How long a word and the pause behind it take, in letters: a stop is a pause of about four, a comma of two.
fn weight(word: &str) -> (u64, u64) {
    let pause = match word.trim_end_matches(text::is_closer).chars().next_back() {
        Some(c) if text::is_stop(c) => 4,
        Some(c) if text::is_pause(c) => 2,
        _ => 0,
    };
    (text::speaking_weight(word), pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(text: Range<usize>, audio: Range<u64>) -> Mark {
        Mark {
            text,
            audio,
            provenance: Provenance::Measured,
        }
    }

    #[test]
    fn what_is_lit_and_what_was_heard() {
        let text = "One two three";
        let alignment = Alignment::of(
            SampleRate::SPEECH,
            [mark(0..3, 100..200), mark(4..7, 200..400), mark(8..13, 500..600)],
        );
        assert_eq!(alignment.lit(99), 0);
        assert_eq!(alignment.lit(100), 3);
        assert_eq!(alignment.lit(450), 7);
        assert_eq!(alignment.heard(text, 150), 3);
        assert_eq!(alignment.heard(text, 299), 3);
        assert_eq!(alignment.heard(text, 300), 7);
        assert_eq!(alignment.heard(text, 10_000), 13);
        assert_eq!(alignment.heard(text, 0), 0);
    }

    #[test]
    fn characters_become_words() {
        let text = "ab, cd";
        let alignment = Alignment::of(
            SampleRate::SPEECH,
            [
                mark(0..1, 0..10),
                mark(1..2, 10..20),
                mark(2..3, 20..22),
                mark(4..5, 30..40),
                mark(5..6, 40..50),
            ],
        );
        assert_eq!(alignment.by_word(text), [mark(0..3, 0..22), mark(4..6, 30..50)]);
    }

    #[test]
    fn nothing_goes_back() {
        let alignment = Alignment::of(
            SampleRate::SPEECH,
            [mark(0..4, 0..100), mark(2..6, 50..80), mark(1..3, 0..500)],
        );
        assert_eq!(alignment.marks(), [mark(0..4, 0..100), mark(4..6, 100..100)]);
    }
}
