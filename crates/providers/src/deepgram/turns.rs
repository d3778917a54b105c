//! How Flux's messages become a transcript. Pure: the socket is elsewhere.

use libretto_voice::{ListenEvent, TimedWord, Transcript};
use serde::Deserialize;

/// A message of the recogniser that knows turns.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Message {
    Connected {},
    ConfigureSuccess {},
    ConfigureFailure {
        #[serde(default)]
        code: String,
        #[serde(default)]
        description: String,
    },
    TurnInfo(TurnInfo),
    /// Something is amiss, and it goes on.
    Warning {
        #[serde(default)]
        code: String,
        #[serde(default)]
        description: String,
    },
    Error {},
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct TurnInfo {
    event: String,
    turn_index: Option<u64>,
    /// Of the whole turn so far: it replaces what was said before.
    #[serde(default)]
    transcript: String,
    words: Option<Vec<Word>>,
    end_of_turn_confidence: Option<f32>,
    languages: Option<Vec<String>>,
}

/// Newer servers say when a word was said.
#[derive(Debug, Deserialize)]
struct Word {
    #[serde(rename = "word")]
    text: String,
    confidence: Option<f32>,
    start: Option<f64>,
    end: Option<f64>,
}

/// Most silences that are remembered: one every four seconds for an hour.
const SILENCES: usize = 900;

/// Where the turns stand.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// What has been said in the open turn.
    open: Transcript,
    /// The last turn that ended.
    ended: Option<u64>,
    /// It said early that the turn ends.
    eager: bool,
    /// Silence that nobody gave us, but that it heard: where in its sound, and how much, in seconds.
    inserted: Vec<(f64, f64)>,
}

impl Turns {
    /// It is sent silence at this place of its sound.
    pub(super) fn insert(&mut self, at: f64, seconds: f64) {
        if self.inserted.len() < SILENCES {
            self.inserted.push((at, seconds));
        }
    }

    /// What a message says.
    pub(super) fn take(&mut self, info: TurnInfo) -> Vec<ListenEvent> {
        // What comes late about a turn that has ended would say its words again.
        if info.turn_index.is_some() && info.turn_index == self.ended {
            return Vec::new();
        }
        let (index, sure) = (info.turn_index, info.end_of_turn_confidence);
        let event = info.event.clone();
        let transcript = self.transcript(info);
        let mut events = Vec::new();
        if event != "EndOfTurn" && !transcript.is_blank() && transcript != self.open {
            events.push(ListenEvent::Partial(transcript.clone()));
        }
        if !transcript.is_blank() {
            self.open = transcript;
        }
        match event.as_str() {
            "StartOfTurn" => events.insert(0, ListenEvent::SpeechStarted),
            "EagerEndOfTurn" => {
                self.eager = true;
                events.push(ListenEvent::EndOfTurn(sure.unwrap_or(0.5).clamp(0.0, 1.0)));
            }
            "TurnResumed" if std::mem::take(&mut self.eager) => events.push(ListenEvent::TurnResumed),
            "EndOfTurn" => {
                self.ended = index;
                self.eager = false;
                events.extend(self.rest());
                // Whether the model, the silence or a message ended it: it is the last word.
                events.push(ListenEvent::EndOfTurn(1.0));
            }
            _ => {}
        }
        events
    }

    /// What has been said in a turn that nobody has ended.
    pub(super) fn rest(&mut self) -> Option<ListenEvent> {
        let open = std::mem::take(&mut self.open);
        (!open.is_blank()).then_some(ListenEvent::Segment(open))
    }

    fn transcript(&self, info: TurnInfo) -> Transcript {
        let word = |word: Word| {
            let start = self.given(word.start?);
            Some(TimedWord {
                text: word.text,
                seconds: start..self.given(word.end?).max(start),
                confidence: word.confidence,
            })
        };
        Transcript {
            words: info
                .words
                .unwrap_or_default()
                .into_iter()
                .filter_map(word)
                .collect(),
            language: info.languages.and_then(|all| all.into_iter().next()),
            ..Transcript::text(info.transcript.trim())
        }
    }

    /// A time of its sound in the sound that we were given.
    fn given(&self, seconds: f64) -> f64 {
        let before = self.inserted.iter().take_while(|(at, _)| *at < seconds);
        let passed: f64 = before.map(|(at, length)| length.min(seconds - at)).sum();
        (seconds - passed).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn info(event: &str, turn: u64, text: &str) -> Value {
        json!({"type": "TurnInfo", "request_id": "r", "sequence_id": 1, "event": event, "turn_index": turn,
            "audio_window_start": 0.0, "audio_window_end": 1.0, "transcript": text, "end_of_turn_confidence": 0.4,
            "words": text.split_whitespace().map(|word| json!({"word": word, "confidence": 0.9})).collect::<Vec<_>>()})
    }

    fn play(turns: &mut Turns, messages: &[Value]) -> Vec<String> {
        let mut told = Vec::new();
        for message in messages {
            if let Message::TurnInfo(info) = serde_json::from_value(message.clone()).unwrap() {
                told.extend(turns.take(info).into_iter().map(|event| match event {
                    ListenEvent::Partial(t) => format!("~{}", t.text),
                    ListenEvent::Segment(t) => t.text,
                    other => format!("{other:?}"),
                }));
            }
        }
        told
    }

    #[test]
    fn an_early_end_is_taken_back_and_said_again() {
        let mut turns = Turns::default();
        let told = play(
            &mut turns,
            &[
                json!({"type": "Connected", "request_id": "r", "sequence_id": 0}),
                info("Update", 0, ""),
                info("Update", 0, "What"),
                info("StartOfTurn", 0, "What time"),
                info("EagerEndOfTurn", 0, "What time"),
                info("TurnResumed", 0, "What time"),
                info("Update", 0, "What time is it?"),
                info("EagerEndOfTurn", 0, "What time is it?"),
                info("EndOfTurn", 0, "What time is it?"),
                info("Update", 0, "What time is it?"),
                json!({"type": "ConfigureSuccess"}),
                info("StartOfTurn", 1, "And"),
            ],
        );
        assert_eq!(
            told,
            [
                "~What",
                "SpeechStarted",
                "~What time",
                "EndOfTurn(0.4)",
                "TurnResumed",
                "~What time is it?",
                "EndOfTurn(0.4)",
                "What time is it?",
                "EndOfTurn(1.0)",
                "SpeechStarted",
                "~And"
            ]
        );
        assert!(matches!(turns.rest(), Some(ListenEvent::Segment(t)) if t.text == "And"));
        assert_eq!(turns.rest(), None);
    }

    #[test]
    fn silence_that_nobody_gave_does_not_count() {
        let mut turns = Turns::default();
        turns.insert(1.0, 0.5);
        turns.insert(2.0, 0.5);
        let message = json!({"event": "EndOfTurn", "turn_index": 0, "transcript": "a b c", "words": [
            {"word": "a", "start": 0.5, "end": 0.9}, {"word": "b", "start": 1.6, "end": 1.9},
            {"word": "c", "start": 3.0, "end": 3.1, "confidence": 0.9}]});
        let events = turns.take(serde_json::from_value(message).unwrap());
        let ListenEvent::Segment(said) = &events[0] else {
            panic!("{events:?}")
        };
        let starts: Vec<i64> = said
            .words
            .iter()
            .map(|word| (word.seconds.start * 10.0).round() as i64)
            .collect();
        assert_eq!(starts, [5, 11, 20]);
    }
}
