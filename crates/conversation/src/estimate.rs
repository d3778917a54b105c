//! Times for voices that give none: from the loudness of the phrase's own audio, never from the text's length alone.
//! Words share the time in which something sounds, by their length; pauses belong to the marks of punctuation.

use std::ops::Range;

use libretto_voice::{Audio, Mark, Provenance, SampleRate, text};

/// Loudness is measured in windows of so many seconds.
const WINDOW: f64 = 0.01;
/// What is this much fainter than the loudest window is silence: 36 dB, below the faintest consonants.
const SILENCE: f32 = 0.016;
/// A silence this long is a pause; stops inside words (p, t, k) are shorter.
const PAUSE: f64 = 0.12;

/// The loudness of a session's audio, window by window. It keeps no audio.
#[derive(Clone, Debug)]
pub struct Envelope {
    window: u64,
    loudness: Vec<f32>,
    open: (f32, u64),
    samples: u64,
}

impl Envelope {
    /// Of audio in this rate.
    pub fn new(rate: SampleRate) -> Self {
        let window = rate.sample_at(WINDOW).max(1);
        Self {
            window,
            loudness: Vec::new(),
            open: (0.0, 0),
            samples: 0,
        }
    }

    /// The next samples.
    pub fn push(&mut self, audio: &Audio) {
        for sample in &audio.samples {
            self.open = (self.open.0 + sample * sample, self.open.1 + 1);
            if self.open.1 == self.window {
                self.loudness.push((self.open.0 / self.window as f32).sqrt());
                self.open = (0.0, 0);
            }
        }
        self.samples += audio.samples.len() as u64;
    }

    /// Samples so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Stretches of windows in which something sounds, split at pauses.
    fn sounding(&self) -> Vec<Range<usize>> {
        let loudest = self.loudness.iter().copied().fold(0.0, f32::max);
        let pause = (PAUSE / WINDOW) as usize;
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for (at, loudness) in self.loudness.iter().enumerate() {
            if *loudness <= loudest * SILENCE || loudest == 0.0 {
                continue;
            }
            match stretches.last_mut() {
                Some(last) if at - last.end < pause => last.end = at + 1,
                _ => stretches.push(at..at + 1),
            }
        }
        stretches
    }
}

/// One estimated mark for each word of `phrase`, whose audio has this envelope. Samples count from the envelope's
/// beginning.
pub fn marks(phrase: &str, envelope: &Envelope) -> Vec<Mark> {
    let graphemes = text::Graphemes::of(phrase);
    let words = text::words(phrase);
    let mut stretches = envelope.sounding();
    if stretches.is_empty() {
        stretches.push(0..envelope.loudness.len());
    }
    // Clauses end at punctuation. Where there are as many clauses as stretches of sound they belong together one by
    // one; elsewhere all words share all sound.
    let clauses = clauses(phrase, &graphemes, &words);
    let mut marks = Vec::with_capacity(words.len());
    let mut mark = |words: &[Range<usize>], stretches: &[Range<usize>]| {
        let total: usize = stretches.iter().map(ExactSizeIterator::len).sum();
        let weights: Vec<usize> = words
            .iter()
            .map(|word| weight(&phrase[graphemes.bytes(word.clone())]))
            .collect();
        let all = weights.iter().sum::<usize>().max(1);
        let mut before = 0;
        for (word, weight) in words.iter().zip(weights) {
            let start = position(stretches, total as f64 * before as f64 / all as f64, false);
            before += weight;
            let end = position(stretches, total as f64 * before as f64 / all as f64, true);
            let sample = |window: f64| ((window * envelope.window as f64) as u64).min(envelope.samples);
            let audio = sample(start)..sample(end.max(start));
            marks.push(Mark {
                text: word.clone(),
                audio,
                provenance: Provenance::Estimated,
            });
        }
    };
    if clauses.len() == stretches.len() {
        for (clause, stretch) in clauses.iter().zip(&stretches) {
            mark(&words[clause.clone()], std::slice::from_ref(stretch));
        }
    } else {
        mark(&words, &stretches);
    }
    marks
}

/// How much of the time a word takes: what is written in it, and a little for being a word.
fn weight(word: &str) -> usize {
    match text::speaking_weight(word) as usize {
        0 => 0,
        letters => letters + 1,
    }
}

/// Ranges of words that end with a mark of punctuation.
fn clauses(phrase: &str, graphemes: &text::Graphemes, words: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    for (index, word) in words.iter().enumerate() {
        let written = &phrase[graphemes.bytes(word.clone())];
        let ends = written
            .trim_end_matches(text::is_closer)
            .ends_with(|c| text::is_stop(c) || text::is_pause(c));
        if ends || index + 1 == words.len() {
            clauses.push(start..index + 1);
            start = index + 1;
        }
    }
    clauses
}

/// The window at which so much sound has passed. On a border the end of the one stretch or the start of the next.
fn position(stretches: &[Range<usize>], sound: f64, end: bool) -> f64 {
    let mut left = sound;
    for stretch in stretches {
        let length = stretch.len() as f64;
        if left < length || (end && left <= length) {
            return stretch.start as f64 + left;
        }
        left -= length;
    }
    stretches.last().map_or(0.0, |last| last.end as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn envelope(parts: &[(f32, f64)]) -> Envelope {
        let rate = SampleRate::SPEECH;
        let mut envelope = Envelope::new(rate);
        for (loudness, seconds) in parts {
            envelope.push(&Audio::new(
                rate,
                vec![*loudness; rate.sample_at(*seconds) as usize],
            ));
        }
        envelope
    }

    #[test]
    fn pauses_lie_at_the_comma_and_not_inside_words() {
        let envelope = envelope(&[(0.0, 0.3), (0.5, 0.6), (0.0, 0.4), (0.5, 1.0), (0.0, 0.2)]);
        let marks = marks("Well, that is all.", &envelope);
        let seconds: Vec<_> = marks
            .iter()
            .map(|m| (m.audio.start / 1600, m.audio.end / 1600))
            .collect();
        assert_eq!(
            seconds[0],
            (3, 9),
            "the first clause lies on the first stretch of sound"
        );
        assert_eq!(seconds[1].0, 13);
        assert_eq!(seconds[3].1, 23);
    }

    proptest! {
        #[test]
        fn any_text_on_any_sound_gives_marks_in_order(
            text in "\\PC{0,60}",
            parts in prop::collection::vec((0.0_f32..1.0, 0.0..0.5_f64), 0..8),
        ) {
            let envelope = envelope(&parts);
            let marks = marks(&text, &envelope);
            prop_assert_eq!(marks.len(), text::words(&text).len());
            for pair in marks.windows(2) {
                prop_assert!(pair[0].audio.end <= pair[1].audio.start.max(pair[0].audio.end));
                prop_assert!(pair[0].audio.start <= pair[1].audio.start);
            }
            for mark in marks {
                prop_assert!(mark.audio.start <= mark.audio.end && mark.audio.end <= envelope.samples());
            }
        }
    }
}
