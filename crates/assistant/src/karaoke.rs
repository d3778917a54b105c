//! Which word is heard now. The playhead is the only clock: a word is lit when its first sample leaves the
//! loudspeaker.

use std::ops::Range;
use std::time::{Duration, Instant};

use libretto_voice::device::Playhead;
use libretto_voice::text::Graphemes;
use libretto_voice::{Alignment, Mark, Provenance, SampleRate, TurnId};
use tokio::sync::mpsc;

/// A word and the samples during which it sounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// Grapheme clusters of the reply's text.
    pub text: Range<usize>,
    /// The word itself, with its punctuation.
    pub word: String,
    /// Samples of the reply's audio.
    pub audio: Range<u64>,
    /// Where its times come from; estimated as soon as one of its marks is.
    pub provenance: Provenance,
}

/// The words of a reply as they become known, and which of them have been lit.
#[derive(Debug)]
pub struct Karaoke {
    rate: SampleRate,
    words: Vec<Word>,
    lit: usize,
}

impl Karaoke {
    /// Of a reply whose audio has this rate.
    pub fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            words: Vec::new(),
            lit: 0,
        }
    }

    /// More marks of the reply, in order, over its text so far.
    pub fn add(&mut self, text: &str, marks: &[Mark]) {
        let Some(first) = marks.first() else { return };
        // Only what follows the last word is cut into words anew: replies are long, phrases short.
        let from = self
            .words
            .last()
            .map_or(0, |word| word.text.end)
            .min(first.text.start);
        let graphemes = Graphemes::of(text);
        let rest = &text[graphemes.byte(from)..];
        let shifted = marks.iter().filter(|mark| mark.text.end > from).map(|mark| Mark {
            text: mark.text.start.saturating_sub(from)..mark.text.end - from,
            ..mark.clone()
        });
        let known = self.words.last().map_or(0, |word| word.text.end);
        for mark in Alignment::of(self.rate, shifted).by_word(rest) {
            let text_range = mark.text.start + from..mark.text.end + from;
            if text_range.end <= known {
                continue;
            }
            let word = text[graphemes.bytes(text_range.clone())].to_owned();
            self.words.push(Word {
                text: text_range,
                word,
                audio: mark.audio,
                provenance: mark.provenance,
            });
        }
    }

    /// All words that are known, in order.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The words that are lit for the first time when `sample` has been reached.
    pub fn reach(&mut self, sample: u64) -> &[Word] {
        let from = self.lit;
        let more = self.words[from..]
            .iter()
            .take_while(|word| word.audio.start <= sample)
            .count();
        self.lit += more;
        &self.words[from..self.lit]
    }

    /// The first sample of the next word that is not lit.
    pub fn next(&self) -> Option<u64> {
        self.words.get(self.lit).map(|word| word.audio.start)
    }
}

/// What a [`follow`]er is told.
#[derive(Clone, Debug)]
pub enum Update {
    /// A new reply; its audio has this rate.
    Reply(TurnId, SampleRate),
    /// The reply's text so far and its next marks.
    Marks(TurnId, String, Vec<Mark>),
    /// The reply is over or was cut.
    Over(TurnId),
}

/// The playhead is asked at least this often while a reply plays: it can stand still (pause, an empty queue) or jump
/// (another device).
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// Says each word at the moment at which it is heard, until the updates end.
pub async fn follow(
    playhead: Playhead,
    mut updates: mpsc::Receiver<Update>,
    mut lit: impl FnMut(TurnId, &Word, Instant),
) {
    let mut reply: Option<(TurnId, Karaoke)> = None;
    loop {
        let nap = match &mut reply {
            None => None,
            Some((turn, karaoke)) => {
                let now = Instant::now();
                let position = playhead.at(now).filter(|position| position.turn == *turn);
                if let Some(position) = position {
                    for word in karaoke.reach(position.sample) {
                        lit(*turn, word, now);
                    }
                }
                let wait = match (karaoke.next(), position) {
                    (Some(next), Some(at)) if at.rate > 0 => {
                        Duration::from_secs_f64(next.saturating_sub(at.sample) as f64 / f64::from(at.rate))
                    }
                    _ => LONGEST_NAP,
                };
                Some(wait.min(LONGEST_NAP))
            }
        };
        let update = match nap {
            None => updates.recv().await,
            Some(nap) => match tokio::time::timeout(nap, updates.recv()).await {
                Ok(update) => update,
                Err(_) => continue,
            },
        };
        match update {
            None => return,
            Some(Update::Reply(turn, rate)) => reply = Some((turn, Karaoke::new(rate))),
            Some(Update::Marks(turn, text, marks)) => {
                if let Some((_, karaoke)) = reply.as_mut().filter(|(current, _)| *current == turn) {
                    karaoke.add(&text, &marks);
                }
            }
            Some(Update::Over(turn)) => {
                // What sounded up to the very end is still lit.
                if let Some((current, mut karaoke)) = reply.take() {
                    if current == turn {
                        let now = Instant::now();
                        if let Some(at) = playhead.at(now).filter(|position| position.turn == turn) {
                            karaoke
                                .reach(at.sample)
                                .iter()
                                .for_each(|word| lit(turn, word, now));
                        }
                    } else {
                        reply = Some((current, karaoke));
                    }
                }
            }
        }
    }
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
    fn words_are_lit_in_order_and_once() {
        let mut karaoke = Karaoke::new(SampleRate::VOICE);
        karaoke.add("One two", &[mark(0..3, 100..200), mark(4..7, 200..300)]);
        karaoke.add("One two three.", &[mark(8..14, 400..500)]);
        assert_eq!(karaoke.next(), Some(100));
        assert_eq!(karaoke.reach(99), []);
        let words = |words: &[Word]| words.iter().map(|w| w.word.clone()).collect::<Vec<_>>();
        assert_eq!(words(karaoke.reach(250)), ["One", "two"]);
        assert_eq!(karaoke.next(), Some(400));
        assert_eq!(words(karaoke.reach(9_999)), ["three."]);
        assert_eq!(karaoke.reach(9_999), []);
        assert_eq!(karaoke.next(), None);
    }

    #[tokio::test]
    async fn a_word_is_lit_when_its_sample_sounds() {
        let playhead = Playhead::default();
        let (tell, updates) = mpsc::channel(8);
        let (seen, mut lit) = mpsc::channel(8);
        let task = tokio::spawn(follow(playhead.clone(), updates, move |_, word, at| {
            seen.try_send((word.word.clone(), at)).unwrap();
        }));
        let turn = TurnId(1);
        tell.send(Update::Reply(turn, SampleRate::VOICE)).await.unwrap();
        let marks = vec![mark(0..3, 0..2_400), mark(4..7, 2_400..4_800)];
        tell.send(Update::Marks(turn, "One two".into(), marks))
            .await
            .unwrap();
        let start = Instant::now() + Duration::from_millis(30);
        playhead.set(turn, 0, 24_000, Some(SampleRate::VOICE), start);
        let (word, _) = lit.recv().await.unwrap();
        assert_eq!(word, "One");
        let (word, at) = lit.recv().await.unwrap();
        assert_eq!(word, "two");
        assert!(
            at >= start + Duration::from_millis(100),
            "never before it is heard"
        );
        drop(tell);
        task.await.unwrap();
    }
}
