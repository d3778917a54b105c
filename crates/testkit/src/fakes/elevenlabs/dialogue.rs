//! The `text-to-dialogue` sockets, for one reply and for several.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::coding::{Format, format};
use super::sounding::Sounding;
use super::{Desk, Manners, errors, estrange, has_key, identified};

/// So much text is spoken without being asked to.
const CHARACTERS: usize = 40;
const WORDS: usize = 8;
/// Most voices.
const VOICES: usize = 10;
/// A socket that is sent nothing for this long is closed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn open(State(desk): State<Arc<Desk>>, opening: Opening) -> Response {
    serve(&desk, opening, false).await
}

pub(super) async fn open_several(State(desk): State<Arc<Desk>>, opening: Opening) -> Response {
    serve(&desk, opening, true).await
}

async fn serve(desk: &Desk, opening: Opening, several: bool) -> Response {
    let Opening {
        call,
        headers,
        upgrade,
    } = opening;
    let query = |name: &str| call.query(name).map(str::to_owned);
    let (model, output) = (query("model_id").unwrap_or_default(), query("output_format"));
    let timed = query("sync_alignment").as_deref() == Some("true");
    let stray = [
        "auto_mode",
        "optimize_streaming_latency",
        "enable_ssml_parsing",
        "inactivity_timeout",
    ];
    let stray = stray.iter().any(|name| query(name).is_some());
    let (entry, fault, wants_key) = match desk.open(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if !model.starts_with("eleven_v3") && !model.starts_with("eleven_v4") {
        return errors::refuse(400, "model_not_found", "This model speaks no dialogue.");
    }
    let format = format(output.as_deref()).filter(|format| format.fits_sockets() && !stray);
    let Some(format) = format else {
        return errors::refuse(
            400,
            "invalid_parameters",
            "This fake's socket does not speak this format.",
        );
    };
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut talk = Talk {
            outbox,
            entry,
            several,
            timed,
            format,
            one_voice: model == "eleven_v3_conversational",
            manners,
            contexts: BTreeMap::new(),
        };
        let _ = talk.run(wants_key).await;
    })
}

struct Context {
    voices: Vec<String>,
    sounding: Sounding,
    waiting: String,
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    several: bool,
    timed: bool,
    format: Format,
    one_voice: bool,
    manners: Manners,
    /// The one of a socket for one reply has no name.
    contexts: BTreeMap<String, Context>,
}

impl Talk {
    /// `wants_key` where the first message must have the key.
    async fn run(&mut self, wants_key: bool) -> Result<(), Gone> {
        loop {
            let patience = self.manners.patience.unwrap_or(PATIENCE);
            let Ok(message) = tokio::time::timeout(patience, self.outbox.recv()).await else {
                return self
                    .fail("input_timeout_exceeded", "Nothing came in time.", None)
                    .await;
            };
            let message: Value = match message {
                Some(Message::Text(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => continue,
            };
            self.entry.message(message.clone());
            let name = message["context_id"].as_str().unwrap_or_default().to_owned();
            let close = message["close_socket"] == true;
            if wants_key && self.contexts.is_empty() && !close && !has_key(&message) {
                let said = "No key came with the first message.";
                return self.fail("authentication_required", said, None).await;
            }
            if !close && name.is_empty() == self.several {
                return self
                    .fail("invalid_message", "context_id: required", Some("context_id"))
                    .await;
            }
            if close {
                for name in self.contexts.keys().cloned().collect::<Vec<_>>() {
                    self.over(&name).await?;
                }
                self.outbox.close(1_000, "").await;
                return Ok(());
            }
            if let Err((said, param)) = self.take(&name, &message) {
                return self.fail("invalid_message", said, Some(param)).await;
            }
            let enough = self.contexts.get(&name).is_some_and(|context| {
                context.waiting.len() >= CHARACTERS && context.waiting.split_whitespace().count() >= WORDS
            });
            if enough || message["flush"] == true {
                self.speak(&name).await?;
            }
            if message["close_context"] == true {
                self.over(&name).await?;
            }
        }
    }

    fn take(&mut self, name: &str, message: &Value) -> Result<(), (&'static str, &'static str)> {
        let voices = message["voices"].as_array();
        let Some(context) = self.contexts.get_mut(name) else {
            if message["close_context"] == true {
                return Ok(());
            }
            let voices = voices.ok_or(("voices are required in the first message", "voices"))?;
            let voices: Vec<String> = voices
                .iter()
                .filter_map(|voice| voice.as_str().map(str::to_owned))
                .collect();
            let most = if self.one_voice { 1 } else { VOICES };
            if !(1..=most).contains(&voices.len()) {
                return Err(("too many voices, or too few", "voices"));
            }
            let strange = message["voice_settings"].as_object().is_some_and(|settings| {
                settings
                    .keys()
                    .any(|name| name != "stability" && name != "clone_strength")
            });
            if strange {
                return Err(("unknown voice setting", "voice_settings"));
            }
            let context = Context {
                voices,
                sounding: Sounding::new(self.manners.clone(), self.format),
                waiting: String::new(),
            };
            self.contexts.insert(name.to_owned(), context);
            return Ok(());
        };
        if voices.is_some() || message.get("voice_settings").is_some() {
            return Err(("voices can only be set in the first message", "voices"));
        }
        for input in message["inputs"].as_array().into_iter().flatten() {
            let (text, voice) = (input["text"].as_str(), input["voice_id"].as_str());
            let (Some(text), Some(voice)) = (text, voice) else {
                return Err(("an input has a text and a voice_id", "inputs"));
            };
            if !context.voices.iter().any(|known| known == voice) {
                return Err(("voice_id must be one of voices", "voice_id"));
            }
            context.waiting.push_str(text);
        }
        Ok(())
    }

    async fn speak(&mut self, name: &str) -> Result<(), Gone> {
        let Some(context) = self.contexts.get_mut(name) else {
            return Ok(());
        };
        let text = std::mem::take(&mut context.waiting);
        if text.trim().is_empty() {
            return Ok(());
        }
        for message in context.sounding.messages(&text) {
            let mut said = json!({"audio": message["audio"]});
            let times = &message["alignment"];
            if self.timed && !times.is_null() {
                said["alignment"] = json!({"chars": times["chars"], "char_start_times_ms": times["charStartTimesMs"],
                    "char_durations_ms": times.get("charDurationsMs").or(times.get("charsDurationsMs"))});
            }
            self.tell(name, said).await?;
        }
        self.tell(name, json!({"is_final_audio_for_turn": true})).await
    }

    async fn over(&mut self, name: &str) -> Result<(), Gone> {
        self.speak(name).await?;
        if self.contexts.remove(name).is_some() {
            self.tell(name, json!({"is_final": true})).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, name: &str, mut message: Value) -> Result<(), Gone> {
        if self.several {
            message["context_id"] = name.into();
        }
        if self.manners.strange {
            estrange(&mut message);
        }
        self.outbox.text(message.to_string()).await
    }

    async fn fail(&mut self, code: &str, said: &str, param: Option<&str>) -> Result<(), Gone> {
        let error = json!({"message": said, "error": code, "code": 1_008, "param": param});
        self.outbox.text(error.to_string()).await?;
        self.outbox.close(1_008, said).await;
        Ok(())
    }
}
