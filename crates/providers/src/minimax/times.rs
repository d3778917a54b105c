//! When words sound, out of subtitles. Their shape is known from other clients only: a list of sentences, each with its
//! words or without; one of them; or words alone. And so is what they count from, which is found out here.

use libretto_voice::shapes::Timed;
use serde_json::Value;

/// A word, in seconds of the provider's.
#[derive(Clone, Debug, PartialEq)]
struct Word {
    text: String,
    /// Where it begins in the text: one word may be spoken in several pieces.
    place: Option<i64>,
    start: f64,
    end: f64,
}

/// Turns subtitles into times that count from the phrase's first sound.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Seconds of the connection's sound before the phrase, and of the phrase's before the sentence.
    phrase: f64,
    sentence: f64,
    /// Whether times count from the connection's first sound, or else from the phrase's, or else the sentence's.
    from_connection: Option<bool>,
    from_phrase: Option<bool>,
    /// Nothing has been timed in this sentence yet.
    fresh: bool,
    /// What was told last: some repeat what they said before.
    last: Option<Word>,
    words: Vec<Word>,
}

/// Times this much too early are still done to count from there.
const TOLERANCE: f64 = 0.1;
/// So much sound must lie before a sentence for its times to tell what they count from.
const TELLING: f64 = 0.3;
/// What stands for white space.
const SPACE: &str = "[SPACE]";

impl Times {
    /// The next sentence begins, so many seconds into the phrase.
    pub(super) fn sentence(&mut self, seconds: f64) {
        self.sentence = seconds;
        self.fresh = true;
        self.last = None;
    }

    /// The next phrase begins, so many seconds into the connection's sound.
    pub(super) fn phrase(&mut self, seconds: f64) {
        self.phrase = seconds;
        self.sentence(0.0);
    }

    /// The times of a subtitle.
    pub(super) fn read(&mut self, subtitle: &Value) -> Vec<Timed<'_>> {
        let mut words = Vec::new();
        collect(subtitle, &mut words);
        self.words.clear();
        for word in words {
            self.take(word);
        }
        self.settle();
        let shift = match (self.from_connection, self.from_phrase) {
            (Some(true), _) => -self.phrase,
            (_, Some(false)) => self.sentence,
            _ => 0.0,
        };
        let timed = |word: &'_ Word| word.start + shift..word.end + shift;
        self.words
            .iter()
            .map(|word| Timed {
                text: &word.text,
                seconds: timed(word),
            })
            .collect()
    }

    /// Takes a word that was not told yet.
    fn take(&mut self, word: Word) {
        if let Some(last) = &mut self.last {
            if last.text == word.text && last.place.is_some() && last.place == word.place {
                if word.end > last.end {
                    last.end = word.end;
                    match self.words.last_mut() {
                        Some(told) => told.end = word.end,
                        // Told in the message before: said again, it is drawn out.
                        None => self.words.push(word),
                    }
                }
                return;
            }
            if word.start <= last.start {
                return;
            }
        }
        self.last = Some(word.clone());
        self.words.push(word);
    }

    /// Finds out what times count from, as soon as there is enough sound before a sentence to tell.
    fn settle(&mut self) {
        let Some(first) = self.words.first().map(|word| word.start) else {
            return;
        };
        if !std::mem::take(&mut self.fresh) {
            return;
        }
        let reaches = |seconds: f64| first >= seconds - TOLERANCE;
        if self.from_connection.is_none() && self.phrase > TELLING {
            self.from_connection = Some(reaches(self.phrase + self.sentence));
        }
        if self.from_connection != Some(true) && self.from_phrase.is_none() && self.sentence > TELLING {
            self.from_phrase = Some(reaches(self.sentence));
        }
    }
}

/// All words of a subtitle, however deep.
fn collect(subtitle: &Value, words: &mut Vec<Word>) {
    match subtitle {
        Value::Array(items) => {
            for item in items {
                collect(item, words);
            }
        }
        Value::Object(item) => {
            let inside = item.get("timestamped_words").or_else(|| item.get("words"));
            // In a list of none, the sentence's own are told.
            if let Some(Value::Array(inside)) = inside
                && !inside.is_empty()
            {
                for item in inside {
                    collect(item, words);
                }
                return;
            }
            let text = item
                .get("word")
                .or_else(|| item.get("text"))
                .and_then(Value::as_str);
            let seconds = |name: &str| item.get(name).and_then(Value::as_f64).map(|ms| ms / 1_000.0);
            let (Some(text), Some(start), Some(end)) = (text, seconds("time_begin"), seconds("time_end"))
            else {
                return;
            };
            if text != SPACE && !text.trim().is_empty() {
                words.push(Word {
                    text: text.to_owned(),
                    place: item.get("word_begin").and_then(Value::as_i64),
                    start,
                    end: end.max(start),
                });
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Words and the milliseconds at which they begin.
    fn read(times: &mut Times, subtitle: &Value) -> Vec<(String, i64)> {
        let told = times.read(subtitle);
        let ms = |seconds: f64| (seconds * 1_000.0).round() as i64;
        told.into_iter()
            .map(|timed| (timed.text.to_owned(), ms(timed.seconds.start)))
            .collect()
    }

    fn word(text: &str, place: i64, start: f64, end: f64) -> Value {
        json!({"word": text, "word_begin": place, "word_end": place, "time_begin": start, "time_end": end})
    }

    #[test]
    fn every_shape_is_read() {
        let words = json!([
            word("The", 0, 0.0, 130.0),
            word("[SPACE]", 3, 130.0, 150.0),
            word("1", 4, 150.0, 200.0),
            word("1", 4, 200.0, 260.0),
            word("kettle", 6, 260.0, 520.0)
        ]);
        let item =
            json!({"text": "The 1 kettle", "time_begin": 0, "time_end": 520, "timestamped_words": words});
        let expected = [("The", 0), ("1", 150), ("kettle", 260)].map(|(t, s)| (t.to_owned(), s));
        for shape in [json!([item]), item.clone(), words.clone()] {
            let mut times = Times::default();
            assert_eq!(read(&mut times, &shape), expected, "{shape}");
            // Said again, whole, with one more.
            let more = json!([item, {"timestamped_words": [word("is", 13, 530.0, 600.0)]}]);
            assert_eq!(read(&mut times, &more), [("is".to_owned(), 530)]);
        }
        for none in [json!(null), json!([])] {
            let sentence = json!([{"text": "The kettle.", "time_begin": 0, "time_end": 900.5, "timestamped_words": none}]);
            let told = read(&mut Times::default(), &sentence);
            assert_eq!(told, [("The kettle.".to_owned(), 0)]);
        }
        assert!(read(&mut Times::default(), &json!("none")).is_empty());
    }

    #[test]
    fn what_they_count_from_is_found_out() {
        // A phrase of 2 s, then one of two sentences, the second after 1 s.
        for (first, second, third) in [
            (2_000.0, 3_000.0, 3_200.0),
            (0.0, 1_000.0, 1_200.0),
            (0.0, 0.0, 200.0),
        ] {
            let mut times = Times::default();
            assert_eq!(read(&mut times, &json!([word("a", 0, 10.0, 20.0)]))[0].1, 10);
            times.phrase(2.0);
            assert_eq!(
                read(&mut times, &json!([word("b", 0, first, first + 90.0)]))[0].1,
                0
            );
            times.sentence(1.0);
            assert_eq!(
                read(&mut times, &json!([word("c", 9, second, second + 90.0)]))[0].1,
                1_000
            );
            assert_eq!(
                read(&mut times, &json!([word("d", 11, third, third + 90.0)]))[0].1,
                1_200
            );
        }
    }

    proptest! {
        #[test]
        fn anything_is_survived(times in prop::collection::vec(any::<f64>(), 0..12)) {
            let words: Vec<Value> = times.chunks(2).map(|pair| word("a", 1, pair[0], pair[pair.len() - 1])).collect();
            let mut reader = Times::default();
            reader.read(&json!(words));
            reader.phrase(1.0);
            reader.read(&json!([{"timestamped_words": words}]));
        }
    }
}
