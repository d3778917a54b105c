//! Phrases put together: where each one's marks lie in the session's text and audio.

use libretto_voice::{Mark, text};

/// Adds up phrases.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// All text before the phrase.
    before: String,
    /// Samples of the session before the phrase, pause included.
    start: u64,
    /// Samples of the session so far.
    sounded: u64,
    /// Clusters that have a mark, and samples too: nothing may lie before.
    marked: (usize, u64),
}

impl Pieces {
    /// The next phrase begins to sound after a pause of so many samples.
    pub(super) fn begin(&mut self, pause: u64) {
        self.sounded += pause;
        self.start = self.sounded;
    }

    /// So many samples of the phrase have come.
    pub(super) fn sounded(&mut self, samples: u64) {
        self.sounded += samples;
    }

    /// The phrase is over.
    pub(super) fn end(&mut self, phrase: &str) {
        self.before.push_str(phrase);
        self.start = self.sounded;
    }

    /// A phrase's own marks as marks of the session.
    pub(super) fn place(&mut self, phrase: &str, marks: Vec<Mark>) -> Vec<Mark> {
        // Counted from the end: the phrase's first cluster may become one with the last before it (an accent that
        // comes late), and then everything after it is one less.
        let all = format!("{}{phrase}", self.before);
        let shift = text::count(&all).saturating_sub(text::count(phrase));
        let place = |mark: Mark| {
            let clusters = (mark.text.start + shift).max(self.marked.0)..mark.text.end + shift;
            let start = (mark.audio.start + self.start).max(self.marked.1);
            let samples = start..(mark.audio.end + self.start).max(start);
            if clusters.is_empty() {
                return None;
            }
            self.marked = (clusters.end, samples.end);
            Some(Mark {
                text: clusters,
                audio: samples,
                provenance: mark.provenance,
            })
        };
        marks.into_iter().filter_map(place).collect()
    }
}

/// True for `en`, `en-GB`, ….
pub(super) fn is_english(tag: &str) -> bool {
    tag.split(['-', '_'])
        .next()
        .is_some_and(|language| language.eq_ignore_ascii_case("en"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use libretto_voice::{Alignment, Provenance, SampleRate};
    use proptest::prelude::*;
    use std::ops::Range;

    fn mark(text: Range<usize>, audio: Range<u64>) -> Mark {
        Mark {
            text,
            audio,
            provenance: Provenance::Measured,
        }
    }

    #[test]
    fn phrases_follow_each_other() {
        let mut pieces = Pieces::default();
        pieces.begin(0);
        assert_eq!(
            pieces.place("One two. ", vec![mark(0..3, 10..50)]),
            [mark(0..3, 10..50)]
        );
        pieces.sounded(60);
        assert_eq!(
            pieces.place("One two. ", vec![mark(4..8, 60..100)]),
            [mark(4..8, 60..100)]
        );
        pieces.sounded(40);
        pieces.end("One two. ");
        pieces.end("🤷 ");
        pieces.begin(1_000);
        assert_eq!(
            pieces.place("Three.", vec![mark(0..6, 0..80)]),
            [mark(11..17, 1_100..1_180)]
        );
    }

    #[test]
    fn a_late_accent_moves_nothing() {
        let mut pieces = Pieces::default();
        pieces.end("cafe");
        assert_eq!(
            pieces.place("\u{301} bar", vec![mark(0..1, 0..5), mark(2..5, 5..9)]),
            [mark(3..4, 0..5), mark(5..8, 5..9)]
        );
    }

    #[test]
    fn english_is_known_by_its_tag() {
        assert!(is_english("en") && is_english("en-GB") && is_english("EN_us"));
        assert!(!is_english("enm") && !is_english("de") && !is_english(""));
    }

    proptest! {
        #[test]
        fn marks_stay_in_order_and_in_the_text(
            phrases in prop::collection::vec(("\\PC{0,8}", prop::collection::vec((0..9usize, 0..4usize, 0..99u64, 0..99u64), 0..4)), 1..6),
        ) {
            let mut pieces = Pieces::default();
            let (mut all, mut marks) = (String::new(), Vec::new());
            for (phrase, raw) in phrases {
                let clusters = text::count(&phrase);
                let own = Alignment::of(SampleRate::VOICE, raw.into_iter().map(|(at, more, from, to)| {
                    let start = at.min(clusters);
                    mark(start..(start + more).min(clusters), from..from + to)
                }));
                pieces.begin(7);
                marks.extend(pieces.place(&phrase, own.marks().to_vec()));
                pieces.sounded(200);
                pieces.end(&phrase);
                all.push_str(&phrase);
            }
            for pair in marks.windows(2) {
                prop_assert!(pair[0].text.end <= pair[1].text.start);
                prop_assert!(pair[0].audio.end <= pair[1].audio.start);
            }
            prop_assert!(marks.iter().all(|mark| mark.text.end <= text::count(&all)));
        }
    }
}
