//! The recogniser over its socket: a realtime session that only transcribes. The utterance is sent while it is spoken
//! and committed when it is over: who has finished is decided here, unless the settings leave it to the service.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_signal::Converter;
use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate, Session, Transcript};
use serde_json::{Value, json};

use super::settings::TurnDetection;
use super::transcription::takes_lists;
use super::{OpenAi, Settings};
use crate::failure::Fault;
use crate::live::{self, Greeting, Out, Protocol, Wrong};
use crate::number::hundredths;
use crate::sound::Gather;

/// The one rate that it takes.
const RATE: SampleRate = SampleRate::VOICE;
/// It refuses to be given less than this many samples as an utterance.
const SHORTEST: u64 = RATE.hertz() as u64 / 10;
/// Most utterances of one session: one, unless the server cuts by itself.
const ITEMS: usize = 1_000;

/// Begins an utterance.
pub(super) fn session(account: &OpenAi, model: &str, options: &ListenOptions) -> ListenSession {
    let service = account.service.clone();
    let update = update(&account.settings, model, options);
    let Some(realtime) = Realtime::new(update, options.rate) else {
        let what = format!("it takes no sound of {} Hz", options.rate.hertz());
        return Session::failed(service.failure(Fault::Unsupported(what)).into());
    };
    let url = service.url(&["realtime"], [("intent", "transcription".to_owned())]);
    live::session(service, url, realtime)
}

/// What the session is to be.
fn update(settings: &Settings, model: &str, options: &ListenOptions) -> String {
    let mut transcription = json!({ "model": model });
    let code = options.language.as_deref().and_then(|tag| tag.split('-').next());
    let terms = &options.vocabulary;
    if takes_lists(model) {
        if let Some(code) = code {
            transcription["languages"] = json!([code]);
        }
        if !terms.is_empty() {
            transcription["keywords"] = json!(terms);
        }
    } else {
        if let Some(code) = code {
            transcription["language"] = code.into();
        }
        // It takes them as a hint; the other live models and the one that tells speakers do not take any.
        if !terms.is_empty() && !is_live(model) && !model.contains("diarize") {
            transcription["prompt"] = terms.join(", ").into();
        }
    }
    if let Some(delay) = settings
        .delay
        .as_deref()
        .filter(|_| model.contains("realtime-whisper"))
    {
        transcription["delay"] = delay.into();
    }
    let mut input = json!({
        "format": {"type": "audio/pcm", "rate": RATE.hertz()},
        "transcription": transcription,
        "turn_detection": turn_detection(settings.turn_detection, model),
    });
    if let Some(noise) = settings.noise_reduction {
        input["noise_reduction"] = json!({ "type": noise.name() });
    }
    json!({"type": "session.update", "session": {"type": "transcription", "audio": {"input": input}}})
        .to_string()
}

/// Who decides that an utterance has ended, in the service's words.
fn turn_detection(detection: TurnDetection, model: &str) -> Value {
    if is_live(model) {
        return Value::Null;
    }
    match detection {
        TurnDetection::Off => Value::Null,
        TurnDetection::Server {
            threshold,
            prefix_padding_ms,
            silence_duration_ms,
        } => {
            json!({"type": "server_vad", "threshold": hundredths(threshold.clamp(0.0, 1.0)), "prefix_padding_ms": prefix_padding_ms,
            "silence_duration_ms": silence_duration_ms})
        }
        TurnDetection::Semantic(eagerness) => json!({"type": "semantic_vad", "eagerness": eagerness.name()}),
    }
}

/// Whether a model only listens while it is spoken to.
pub(super) fn is_live(model: &str) -> bool {
    model.contains("realtime") || model.contains("live")
}

/// Utterances in the order in which they were said, though they may be done in another.
#[derive(Debug, Default)]
struct Items(Vec<Item>);

#[derive(Debug)]
struct Item {
    id: String,
    text: String,
    /// Its words come in segments, with who says them.
    segments: bool,
    done: bool,
}

impl Items {
    /// The item of this id, behind the one before it; `None` where there are too many.
    fn item(&mut self, id: &str, previous: Option<&str>) -> Option<&mut Item> {
        let at = match self.0.iter().position(|item| item.id == id) {
            Some(at) => at,
            None if self.0.len() == ITEMS => return None,
            None => {
                let before = previous.and_then(|id| self.0.iter().position(|item| item.id == id));
                let at = before.map_or(self.0.len(), |before| before + 1);
                self.0.insert(
                    at,
                    Item {
                        id: id.to_owned(),
                        text: String::new(),
                        segments: false,
                        done: false,
                    },
                );
                at
            }
        };
        self.0.get_mut(at)
    }

    /// Utterances that are done, as far as all before them are.
    fn take(&mut self) -> Vec<String> {
        let done = self.0.iter().take_while(|item| item.done).count();
        self.0.drain(..done).map(|item| item.text).collect()
    }

    /// The words so far of what is not done.
    fn partial(&self) -> Option<ListenEvent> {
        let texts: Vec<&str> = self.0.iter().map(|item| item.text.trim()).collect();
        let partial = Transcript::text(texts.join(" ").trim());
        (!partial.is_blank()).then_some(ListenEvent::Partial(partial))
    }
}

/// Where an utterance stands.
pub(super) struct Realtime {
    /// What the session is to be.
    update: String,
    converter: Converter,
    gather: Gather,
    /// Samples that were sent.
    samples: u64,
    items: Items,
    /// A commit has not been answered.
    committing: bool,
    /// Utterances that the service has ended by itself, and not yet committed.
    ended: usize,
}

impl Protocol for Realtime {
    const GREETS: bool = true;

    fn greet(&mut self, text: &str) -> Result<Greeting, Wrong> {
        let event: Value = serde_json::from_str(text)?;
        match event["type"].as_str().unwrap_or_default() {
            "session.created" | "transcription_session.created" => Ok(Greeting::Say(self.update.clone())),
            "session.updated" | "transcription_session.updated" => Ok(Greeting::Open),
            "error" => Err(Wrong::Complaint),
            _ => Ok(Greeting::Wait),
        }
    }

    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        let mut converted = Vec::new();
        self.converter.push(samples, &mut converted);
        let piece = self.gather.push(&converted);
        piece.map(|piece| self.append(&piece)).into_iter().collect()
    }

    fn finish(&mut self) -> Vec<Out> {
        let mut rest = Vec::new();
        self.converter.finish(&mut rest);
        let piece = self.gather.push(&rest).or_else(|| self.gather.rest());
        let rest = piece.map(|piece| self.append(&piece));
        if self.samples < SHORTEST {
            // Nothing that anybody could have said.
            return Vec::new();
        }
        self.committing = true;
        let commit = Out::Text(json!({"type": "input_audio_buffer.commit"}).to_string());
        rest.into_iter().chain([commit]).collect()
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        let event: Value = serde_json::from_str(text)?;
        let field = |name: &str| event[name].as_str().unwrap_or_default();
        let garbled = || Wrong::Garbled(None);
        match field("type") {
            "input_audio_buffer.committed" => {
                match self.ended.checked_sub(1) {
                    Some(rest) => self.ended = rest,
                    // The answer to our own.
                    None => self.committing = false,
                }
                let previous = event["previous_item_id"].as_str();
                self.items.item(field("item_id"), previous).ok_or_else(garbled)?;
            }
            "input_audio_buffer.speech_stopped" => {
                self.ended = (self.ended + 1).min(ITEMS);
                told.push(ListenEvent::EndOfTurn(1.0));
            }
            "input_audio_buffer.speech_started" => told.push(ListenEvent::SpeechStarted),
            "conversation.item.input_audio_transcription.delta" => {
                let item = self.items.item(field("item_id"), None).ok_or_else(garbled)?;
                item.text.push_str(field("delta"));
                told.extend(self.items.partial());
            }
            // From the model that tells speakers: the same words come as deltas too, or not.
            "conversation.item.input_audio_transcription.segment" => {
                let item = self.items.item(field("item_id"), None).ok_or_else(garbled)?;
                if item.segments || item.text.is_empty() {
                    item.segments = true;
                    item.text = format!("{} {}", item.text, field("text").trim());
                    told.extend(self.items.partial());
                }
            }
            // All words so far, from those who say them so.
            "conversation.item.input_audio_transcription.updated" => {
                let item = self.items.item(field("item_id"), None).ok_or_else(garbled)?;
                field("transcript").clone_into(&mut item.text);
                told.extend(self.items.partial());
            }
            "conversation.item.input_audio_transcription.completed" => {
                let item = self.items.item(field("item_id"), None).ok_or_else(garbled)?;
                field("transcript").clone_into(&mut item.text);
                item.done = true;
                let done = self.items.take().into_iter();
                let segments = done.map(|text| Transcript::text(text.trim()));
                told.extend(segments.filter(|said| !said.is_blank()).map(ListenEvent::Segment));
            }
            // Nothing was left to commit: a server that cuts by itself had it already.
            "error" if event.pointer("/error/code") == Some(&"input_audio_buffer_commit_empty".into()) => {
                self.committing = false;
            }
            // Where transcription failed, words would be lost: whoever replays them needs to know.
            "error" | "conversation.item.input_audio_transcription.failed" => return Err(Wrong::Complaint),
            _ => {}
        }
        Ok(!self.committing && self.items.0.is_empty())
    }
}

impl Realtime {
    /// With the message that says what the session is to be; `None` for sound whose rate cannot be converted.
    pub(super) fn new(update: String, rate: SampleRate) -> Option<Self> {
        Some(Self {
            update,
            converter: Converter::new(rate, RATE).ok()?,
            gather: Gather::new(RATE),
            samples: 0,
            items: Items::default(),
            committing: false,
            ended: 0,
        })
    }

    fn append(&mut self, piece: &[u8]) -> Out {
        self.samples += piece.len() as u64 / 2;
        let message = json!({"type": "input_audio_buffer.append", "audio": BASE64.encode(piece)});
        Out::Text(message.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_first_is_told_first() {
        let mut items = Items::default();
        for (id, previous) in [("a", None), ("c", Some("b")), ("b", Some("a"))] {
            items.item(id, previous).unwrap();
        }
        let mut done = |id: &str| {
            let item = items.item(id, None).unwrap();
            (item.text, item.done) = (id.to_owned(), true);
            items.take()
        };
        // The third came before the second was known.
        assert!(done("b").is_empty());
        assert_eq!(done("a"), ["a", "b"]);
        assert_eq!(done("c"), ["c"]);
    }
}
