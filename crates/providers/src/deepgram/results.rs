//! How results become a transcript. Pure: the socket is elsewhere.

use libretto_voice::{ListenEvent, TimedWord, Transcript};
use serde::Deserialize;

/// Two times are the same within this, in seconds.
const ROUNDING: f64 = 0.01;

/// A message of the live recogniser.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Message {
    Results(Results),
    UtteranceEnd {
        last_word_end: Option<f64>,
    },
    SpeechStarted {},
    Metadata {},
    ConfigureSuccess {},
    ConfigureFailure {
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
pub(super) struct Results {
    #[serde(default)]
    is_final: bool,
    #[serde(default)]
    speech_final: bool,
    #[serde(default)]
    pub(super) from_finalize: bool,
    channel: Option<Channel>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Channel {
    #[serde(default)]
    alternatives: Vec<Alternative>,
    pub(super) detected_language: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Alternative {
    #[serde(default)]
    transcript: String,
    confidence: Option<f32>,
    #[serde(default)]
    words: Vec<Word>,
    #[serde(default)]
    languages: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Word {
    #[serde(rename = "word")]
    bare: String,
    start: f64,
    end: f64,
    confidence: Option<f32>,
    #[serde(rename = "punctuated_word")]
    punctuated: Option<String>,
}

impl Channel {
    /// The best of what may have been said.
    pub(super) fn transcript(self) -> Transcript {
        let language = self.detected_language;
        let Some(best) = self.alternatives.into_iter().next() else {
            return Transcript::default();
        };
        let word = |word: Word| TimedWord {
            text: word.punctuated.unwrap_or(word.bare),
            seconds: word.start..word.end.max(word.start),
            confidence: word.confidence,
        };
        Transcript {
            words: best.words.into_iter().map(word).collect(),
            language: language.or_else(|| best.languages.into_iter().next()),
            confidence: best.confidence.filter(|_| !best.transcript.trim().is_empty()),
            ..Transcript::text(best.transcript.trim())
        }
    }
}

/// Where an utterance stands: finals since the speaker last finished.
#[derive(Debug, Default)]
pub(super) struct Utterance {
    /// Whether there are any.
    open: bool,
    /// When their last word ended.
    last_end: f64,
}

impl Utterance {
    /// What results say. Finals are told as they come: they will not change. The message that ends an utterance may be
    /// empty, its words having come before.
    pub(super) fn results(&mut self, results: Results) -> Vec<ListenEvent> {
        let transcript = results.channel.map(Channel::transcript).unwrap_or_default();
        let mut events = Vec::new();
        if !results.is_final {
            if !transcript.is_blank() {
                events.push(ListenEvent::Partial(transcript));
            }
            return events;
        }
        if !transcript.is_blank() {
            self.last_end = transcript
                .words
                .last()
                .map_or(self.last_end, |word| word.seconds.end);
            self.open = true;
            events.push(ListenEvent::Segment(transcript));
        }
        if results.from_finalize {
            // The last of what was asked for at a pause, whether or not the speaker has finished.
            events.push(ListenEvent::Paused);
        } else if results.speech_final {
            events.extend(self.ended());
        }
        events
    }

    /// It heard no words for a while: the fallback for noise that never lets silence be noticed.
    pub(super) fn utterance_end(&mut self, last_word_end: Option<f64>) -> Option<ListenEvent> {
        // Newer words have come already.
        let stale = last_word_end.is_some_and(|end| end + ROUNDING < self.last_end);
        if stale { None } else { self.ended() }
    }

    fn ended(&mut self) -> Option<ListenEvent> {
        std::mem::take(&mut self.open).then_some(ListenEvent::EndOfTurn(1.0))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn results(text: &str, end: f64, is_final: bool, speech_final: bool) -> Value {
        let words = json!([{"word": text, "start": end - 0.3, "end": end, "confidence": 0.9}]);
        let words = if text.is_empty() { json!([]) } else { words };
        json!({"type": "Results", "channel_index": [0, 1], "start": 0.0, "duration": end, "is_final": is_final,
            "speech_final": speech_final, "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]}})
    }

    fn play(messages: &[Value]) -> Vec<String> {
        let mut utterance = Utterance::default();
        let mut told = Vec::new();
        for message in messages {
            let events = match serde_json::from_value(message.clone()).unwrap() {
                Message::Results(results) => utterance.results(results),
                Message::UtteranceEnd { last_word_end } => {
                    Vec::from_iter(utterance.utterance_end(last_word_end))
                }
                _ => Vec::new(),
            };
            told.extend(events.into_iter().map(|event| match event {
                ListenEvent::Partial(t) => format!("~{}", t.text),
                ListenEvent::Segment(t) => t.text,
                other => format!("{other:?}"),
            }));
        }
        told
    }

    #[test]
    fn the_last_message_may_be_empty() {
        let end = json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 2.0});
        let told = play(&[
            json!({"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0.1}),
            results("tur", 0.5, false, false),
            results("turn", 1.0, true, false),
            results("", 1.2, false, false),
            results("left", 2.0, true, false),
            results("", 2.4, true, true),
            // After a speech_final it means nothing.
            end.clone(),
            results("now", 3.0, true, false),
            // It is about words before the last: newer ones have come.
            end,
            json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 3.0}),
            json!({"type": "ConfigureSuccess", "request_id": "r"}),
        ]);
        assert_eq!(
            told,
            ["~tur", "turn", "left", "EndOfTurn(1.0)", "now", "EndOfTurn(1.0)"]
        );
    }
}
