//! xAI's own sockets: a recogniser that listens while somebody speaks, and a voice that is given its text bit by bit.
//! What is known of them comes from other clients.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate, TimedWord, Transcript};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::OpenAi;
use crate::account::VoiceInfo;
use crate::live::{self, Greeting, Out, Protocol};
use crate::service::Service;
use crate::socket::Wrong;
use crate::sound::Gather;
use crate::streamed::{Said, Speaker};

/// Most silence that it takes for the end of a turn, in milliseconds.
const ENDPOINTING: u32 = 5_000;
/// Most key terms.
const KEYTERMS: usize = 100;
/// Two times are the same within this, in seconds.
const ROUNDING: f64 = 0.01;

/// Begins an utterance.
pub(super) fn listen(account: &OpenAi, options: &ListenOptions) -> ListenSession {
    let (service, turning) = (account.service.clone(), account.settings.turning);
    let mut query = vec![
        ("encoding", "pcm".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
        ("interim_results", "true".to_owned()),
        ("endpointing", turning.endpointing.min(ENDPOINTING).to_string()),
    ];
    if turning.smart {
        query.push(("smart_turn", "true".to_owned()));
        query.extend(
            turning
                .smart_timeout
                .map(|ms| ("smart_turn_timeout", ms.to_string())),
        );
    }
    let threshold = turning.threshold.map(|least| least.clamp(0.0, 1.0).to_string());
    query.extend(threshold.map(|least| ("vad_threshold", least)));
    let code = options.language.as_deref().and_then(|tag| tag.split('-').next());
    query.extend(code.map(|code| ("language", code.to_ascii_lowercase())));
    let terms = options.vocabulary.iter().map(|term| term.trim());
    let terms = terms.filter(|term| !term.is_empty()).take(KEYTERMS);
    query.extend(terms.map(|term| ("keyterm", term.to_owned())));
    let url = service.url(&["stt"], query);
    live::session(service, url, Ear::new(options.rate))
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    is_final: bool,
    #[serde(default)]
    speech_final: bool,
    words: Option<Vec<Word>>,
    /// Sound in base64.
    #[serde(default)]
    delta: String,
}

#[derive(Debug, Deserialize)]
struct Word {
    text: String,
    start: f64,
    end: f64,
}

/// Where an utterance stands.
pub(super) struct Ear {
    gather: Gather,
    /// Finals since the speaker last finished, and all of them.
    turn: String,
    all: String,
    /// When their last word ended.
    last_end: f64,
}

impl Ear {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            gather: Gather::new(rate),
            turn: String::new(),
            all: String::new(),
            last_end: 0.0,
        }
    }

    /// What a final says that was not said before: nobody documents whether the last of a turn, and of all, has
    /// everything in it again.
    fn news(&mut self, text: &str, words: Vec<Word>) -> Option<ListenEvent> {
        let spoken = !words.is_empty();
        let said = words.len();
        let words: Vec<TimedWord> = words
            .into_iter()
            .filter(|word| word.start + ROUNDING >= self.last_end)
            .map(|word| TimedWord {
                text: word.text,
                seconds: word.start..word.end.max(word.start),
                confidence: None,
            })
            .collect();
        let text = if spoken && words.len() < said {
            let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            words.join(" ")
        } else if spoken {
            text.trim().to_owned()
        } else {
            rest(&self.turn, rest(&self.all, text.trim())).to_owned()
        };
        self.last_end = words.last().map_or(self.last_end, |word| word.seconds.end);
        for known in [&mut self.turn, &mut self.all] {
            if !known.is_empty() && !text.is_empty() {
                known.push(' ');
            }
            known.push_str(&text);
        }
        let transcript = Transcript {
            words,
            ..Transcript::text(text)
        };
        (!transcript.is_blank()).then_some(ListenEvent::Segment(transcript))
    }
}

/// What a text says behind what is known already.
fn rest<'a>(known: &str, text: &'a str) -> &'a str {
    let rest = text.strip_prefix(known);
    rest.filter(|_| !known.is_empty()).map_or(text, str::trim)
}

impl Protocol for Ear {
    const GREETS: bool = true;

    fn greet(&mut self, text: &str) -> Result<Greeting, Wrong> {
        let message: Message = serde_json::from_str(text)?;
        match message.kind.as_str() {
            "transcript.created" => Ok(Greeting::Open),
            "error" => Err(Wrong::Complaint),
            _ => Ok(Greeting::Wait),
        }
    }

    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        self.gather.push(samples).map(Out::Bytes).into_iter().collect()
    }

    fn finish(&mut self) -> Vec<Out> {
        let rest = self.gather.rest().map(Out::Bytes);
        let done = Out::Text(json!({"type": "audio.done"}).to_string());
        rest.into_iter().chain([done]).collect()
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        let message: Message = serde_json::from_str(text)?;
        match message.kind.as_str() {
            "transcript.partial" if !message.is_final => {
                let partial = Transcript::text(rest(&self.turn, message.text.trim()));
                told.extend((!partial.is_blank()).then_some(ListenEvent::Partial(partial)));
            }
            "transcript.partial" => {
                told.extend(self.news(&message.text, message.words.unwrap_or_default()));
                if message.speech_final && !std::mem::take(&mut self.turn).is_empty() {
                    told.push(ListenEvent::EndOfTurn(1.0));
                }
            }
            "transcript.done" => {
                told.extend(self.news(&message.text, message.words.unwrap_or_default()));
                return Ok(true);
            }
            "error" => return Err(Wrong::Complaint),
            _ => {}
        }
        Ok(false)
    }
}

/// A voice over its socket.
pub(super) struct Mouth {
    pub(super) service: Service,
    /// Voice, language and speed as they stand in the address.
    pub(super) query: Vec<(&'static str, String)>,
    /// Most characters in one message.
    pub(super) longest: usize,
}

fn message(kind: &str) -> String {
    json!({ "type": kind }).to_string()
}

impl Speaker for Mouth {
    fn service(&self) -> &Service {
        &self.service
    }

    fn url(&self) -> Url {
        let mut query = self.query.clone();
        query.extend([
            ("codec", "pcm".to_owned()),
            ("sample_rate", self.rate().hertz().to_string()),
            // The sooner it sounds, the better.
            ("optimize_streaming_latency", "1".to_owned()),
        ]);
        self.service.url(&["tts"], query)
    }

    fn rate(&self) -> SampleRate {
        SampleRate::VOICE
    }

    fn longest(&self) -> usize {
        self.longest
    }

    fn say(&self, text: &str) -> String {
        json!({"type": "text.delta", "delta": text}).to_string()
    }

    fn flush(&self) -> String {
        message("text.done")
    }

    fn close(&self) -> Option<String> {
        None
    }

    fn farewell(&self) -> String {
        message("text.clear")
    }

    fn take(&self, text: &str) -> Result<Said, Wrong> {
        said(text)
    }
}

/// Reads a message of the voice's.
pub(super) fn said(text: &str) -> Result<Said, Wrong> {
    let message: Message = serde_json::from_str(text)?;
    match message.kind.as_str() {
        "audio.delta" => BASE64
            .decode(message.delta)
            .map(Said::Sound)
            .map_err(|_| Wrong::Garbled(None)),
        "audio.done" => Ok(Said::Spoken),
        "error" => Err(Wrong::Complaint),
        _ => Ok(Said::Other),
    }
}

/// Most voices that are read.
const VOICES: usize = 1_000;

/// Reads the list of voices. Its shape is not documented: a list, or an object with one, of names or of objects.
pub(super) fn voices(list: &Value) -> Vec<VoiceInfo> {
    let mut inside = ["voices", "data"]
        .into_iter()
        .filter_map(|name| list[name].as_array());
    let all = list.as_array().or_else(|| inside.next());
    let info = |voice: &Value| {
        let text = |name: &str| voice[name].as_str().map(str::to_owned);
        let id = voice.as_str().map(str::to_owned);
        let id = id
            .or_else(|| text("voice_id"))
            .or_else(|| text("id"))
            .or_else(|| text("name"))?;
        Some(VoiceInfo {
            name: text("name").unwrap_or_else(|| id.clone()),
            id,
            description: text("description"),
            languages: text("language")
                .filter(|tag| tag != "multilingual")
                .into_iter()
                .collect(),
            ..VoiceInfo::default()
        })
    };
    all.into_iter().flatten().take(VOICES).filter_map(info).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(messages: &[serde_json::Value]) -> Vec<String> {
        let mut ear = Ear::new(SampleRate::SPEECH);
        let mut told = Vec::new();
        for message in messages {
            ear.take(&message.to_string(), &mut told).unwrap();
        }
        let name = |event| match event {
            ListenEvent::Segment(said) => said.text,
            ListenEvent::Partial(said) => format!("~{}", said.text),
            other => format!("{other:?}"),
        };
        told.into_iter().map(name).collect()
    }

    #[test]
    fn nothing_is_said_twice_whether_the_last_final_has_all_of_it_or_not() {
        let partial = |text: &str, is_final: bool, last: bool| json!({"type": "transcript.partial", "text": text, "is_final": is_final, "speech_final": last});
        let expected = ["~Go", "Go forward", "ten meters.", "EndOfTurn(1.0)"];
        for (last, done) in [
            ("ten meters.", "Go forward ten meters."),
            ("Go forward ten meters.", "Go forward ten meters."),
            ("ten meters.", ""),
        ] {
            let told = played(&[
                partial("Go", false, false),
                partial("Go forward", true, false),
                partial(last, true, true),
                json!({"type": "transcript.done", "text": done}),
            ]);
            assert_eq!(told, expected, "{last} {done}");
        }
        // Where words have times, these tell what is new.
        let word = |text: &str, start: f64| json!({"text": text, "start": start, "end": start + 0.2});
        let mut again = partial("Go, go!", true, true);
        again["words"] = json!([word("Go,", 0.1), word("go!", 0.5)]);
        let mut first = partial("Go,", true, false);
        first["words"] = json!([word("Go,", 0.1)]);
        assert_eq!(played(&[first, again]), ["Go,", "go!", "EndOfTurn(1.0)"]);
    }
}
