//! What the sockets' messages say: sound in pieces, and when each character of it sounds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::super::speech::{self, Character};
use super::coding::Format;
use super::{Base, Flaw, Manners};

/// Sound in one message.
const PIECE: f64 = 0.25;

/// What dictionaries make of times, with the characters in this field: those that were sent come in disorder, those of
/// what is read do not. But what is not in Latin letters is read in them.
pub(super) fn respelt(sent: &mut Value, field: &str) -> Value {
    let mut read = sent.clone();
    let latin = |c: &Value| c.as_str().is_some_and(|c| c.chars().all(|c| c < '\u{370}'));
    let characters = sent[field].as_array().cloned().unwrap_or_default();
    let others = vec![Value::from("x"); characters.len()].into();
    if characters.iter().all(latin) {
        sent[field] = others;
    } else {
        read[field] = others;
    }
    read
}

/// What one reply has sounded like so far.
pub(super) struct Sounding {
    manners: Manners,
    format: Format,
    /// Sound that has been sent.
    seconds: f64,
    /// Times that come with the next message.
    late: Value,
    /// Dictionaries change the text: its characters come in disorder, those of what is read do not.
    pub(super) respelt: bool,
}

impl Sounding {
    pub(super) fn new(manners: Manners, format: Format) -> Self {
        Self {
            manners,
            format,
            seconds: 0.0,
            late: Value::Null,
            respelt: false,
        }
    }

    /// The messages of the next text.
    pub(super) fn messages(&mut self, text: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        let spoken = speech::speak(text).at(self.format.rate);
        let characters = spoken.characters();
        let total = spoken.audio.duration().as_secs_f64();
        let segment = self.seconds;
        for (n, (piece, time)) in self.format.pieces(&spoken.audio, PIECE).into_iter().enumerate() {
            let (from, to) = (time.start, time.end);
            let inside =
                |c: &&Character| time.contains(&c.seconds.start) || (to >= total && c.seconds.start >= to);
            let here: Vec<&Character> = match self.manners.base {
                Base::Segment if n == 0 => characters.iter().collect(),
                Base::Segment => Vec::new(),
                _ => characters.iter().filter(inside).collect(),
            };
            let shift = match self.manners.base {
                Base::Message => -from,
                Base::Segment => 0.0,
                Base::Stream => segment,
            };
            let mut message = json!({"audio": BASE64.encode(piece), "isFinal": null, "alignment": null, "normalizedAlignment": null});
            let mut times = self.times(&here, shift, n);
            if self.manners.flaw == Some(Flaw::Late) {
                times = std::mem::replace(&mut self.late, times);
            }
            let normalised = self.manners.flaw == Some(Flaw::OnlyNormalised);
            message[if normalised {
                "normalizedAlignment"
            } else {
                "alignment"
            }] = times;
            if self.respelt && !message["alignment"].is_null() {
                message["normalizedAlignment"] = respelt(&mut message["alignment"], "chars");
            }
            messages.push(message.clone());
            if self.manners.flaw == Some(Flaw::Doubled) {
                message["audio"] = Value::Null;
                messages.push(message);
            }
        }
        self.seconds += total;
        if !self.late.is_null() {
            messages.push(json!({"audio": "", "isFinal": null, "alignment": self.late.take(), "normalizedAlignment": null}));
        }
        messages
    }

    fn times(&self, characters: &[&Character], shift: f64, n: usize) -> Value {
        let flaw = self.manners.flaw;
        if characters.is_empty() || (flaw == Some(Flaw::Missing) && n % 2 == 1) {
            return Value::Null;
        }
        let early = if flaw == Some(Flaw::Overlapping) {
            0.03
        } else {
            0.0
        };
        let ms = |seconds: f64| (seconds * 1_000.0).round().max(0.0) as i64;
        let mut texts: Vec<String> = characters.iter().map(|c| c.text.clone()).collect();
        let mut starts: Vec<i64> = characters
            .iter()
            .map(|c| ms(c.seconds.start + shift - early))
            .collect();
        let mut lengths: Vec<i64> = characters
            .iter()
            .map(|c| ms(c.seconds.end - c.seconds.start + early))
            .collect();
        if flaw == Some(Flaw::OnlyNormalised) && n == 0 {
            texts.insert(0, " ".into());
            starts.insert(0, 0);
            lengths.insert(0, 0);
        }
        if flaw == Some(Flaw::Unequal) && n == 1 {
            lengths.pop();
        }
        if flaw == Some(Flaw::Joined) {
            texts = texts.chunks(2).map(<[String]>::concat).collect();
            starts = starts.iter().step_by(2).copied().collect();
            lengths = lengths.chunks(2).map(|two| two.iter().sum()).collect();
        }
        if flaw == Some(Flaw::AtOnce) {
            let all: i64 = lengths.iter().sum();
            starts = vec![starts[0]; starts.len()];
            lengths = vec![0; lengths.len() - 1];
            lengths.push(all);
        }
        let spelling = if flaw == Some(Flaw::OldSpelling) {
            "charsDurationsMs"
        } else {
            "charDurationsMs"
        };
        let mut times = json!({"chars": texts, "charStartTimesMs": starts, spelling: lengths});
        if flaw == Some(Flaw::Unequal) && n == 3 {
            times[spelling] = Value::Null;
        }
        times
    }
}
