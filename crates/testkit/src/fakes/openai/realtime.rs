//! `GET /v1/realtime?intent=transcription`: a session that only transcribes.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::{Audio, SampleRate};
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::lists::SECRET;
use super::{Desk, Manners, Realtime, errors};

/// Most bytes of one piece of sound.
const MOST: usize = 15 << 20;
/// Bytes of a tenth of a second, below which there is nothing to commit.
const SHORTEST: usize = 4_800;

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    // It was asked for in the beta; now it asks for what is gone.
    let beta = headers.contains_key("openai-beta");
    let intent = call.query("intent") == Some("transcription") && call.query("model").is_none();
    let (entry, fault) = match desk.begin_with(call, &headers, SECRET).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if beta || !intent {
        let said = "You must provide exactly one of model, intent, call_id.";
        return errors::refuse(400, said, "invalid_request_error", None);
    }
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, errors::identified(), async move |outbox| {
        let mut session = Session {
            outbox,
            entry,
            manners,
            ready: false,
            speakers: false,
            heard: 0,
            items: 0,
            ends: None,
            spoken: false,
            silence: 0.0,
        };
        let _ = session.run().await;
    })
}

struct Session {
    outbox: Outbox,
    entry: Entry,
    manners: Manners,
    ready: bool,
    /// Whether the model tells who speaks.
    speakers: bool,
    /// Bytes since the last commit.
    heard: usize,
    items: usize,
    /// After so many milliseconds of silence it commits by itself.
    ends: Option<f64>,
    /// Somebody has spoken since the last commit, and was silent for so many milliseconds.
    spoken: bool,
    silence: f64,
}

/// Quieter than this, nobody speaks.
const QUIET: f32 = 0.004;

/// Whether the service takes this way of detecting turns.
fn detects(input: &Value) -> bool {
    let detection = &input["turn_detection"];
    let live = ["gpt-live-transcribe", "gpt-realtime-whisper"];
    let model = input["transcription"]["model"].as_str().unwrap_or_default();
    let noise = &input["noise_reduction"];
    let quiet = noise.is_null() || noise["type"] == "near_field" || noise["type"] == "far_field";
    quiet
        && match detection["type"].as_str() {
            None => detection.is_null(),
            Some("server_vad") => {
                (0.0..=1.0).contains(&detection["threshold"].as_f64().unwrap_or(0.5))
                    && !live.contains(&model)
            }
            Some("semantic_vad") => {
                let eagerness = detection["eagerness"].as_str().unwrap_or("auto");
                ["low", "medium", "high", "auto"].contains(&eagerness) && !live.contains(&model)
            }
            Some(_) => false,
        }
}

/// Whether the model takes the hints that it is given.
fn hinted(transcription: &Value) -> bool {
    let model = transcription["model"].as_str().unwrap_or_default();
    let has = |name: &str| transcription.get(name).is_some();
    let delay = transcription["delay"].as_str().unwrap_or("low");
    let lists = model == "gpt-transcribe" || model == "gpt-live-transcribe";
    let prompted = model != "gpt-realtime-whisper" && !model.contains("diarize");
    (lists || !(has("languages") || has("keywords")))
        && (prompted || !has("prompt"))
        && (model == "gpt-realtime-whisper" || !has("delay"))
        && ["minimal", "low", "medium", "high", "xhigh"].contains(&delay)
}

impl Session {
    async fn run(&mut self) -> Result<(), Gone> {
        let prefix = if self.manners.session == Realtime::Beta {
            "transcription_session"
        } else {
            "session"
        };
        let created = json!({"type": format!("{prefix}.created"), "session": {"expires_at": 1_750_000_000}});
        self.tell(&created).await?;
        loop {
            let message: Value = match self.outbox.recv().await {
                Some(Message::Text(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => continue,
            };
            match message["type"].as_str().unwrap_or_default() {
                "session.update" => {
                    self.entry.message(message.clone());
                    let input = &message["session"]["audio"]["input"];
                    let format = json!({"type": "audio/pcm", "rate": 24_000});
                    if message["session"]["type"] != "transcription"
                        || input["format"] != format
                        || !input["transcription"]["model"].is_string()
                        || !detects(input)
                        || !hinted(&input["transcription"])
                    {
                        return self.fail("invalid_value", "Invalid value: 'session'.").await;
                    }
                    self.ready = true;
                    let model = input["transcription"]["model"].as_str().unwrap_or_default();
                    self.speakers = model.contains("diarize");
                    self.ends = match input["turn_detection"]["type"].as_str() {
                        Some("server_vad") => input["turn_detection"]["silence_duration_ms"].as_f64(),
                        Some(_) => Some(500.0),
                        None => None,
                    };
                    let updated = json!({"type": format!("{prefix}.updated"), "session": message["session"]});
                    self.tell(&updated).await?;
                }
                "input_audio_buffer.append" if self.ready => {
                    let audio = message["audio"].as_str().unwrap_or_default();
                    let bytes = BASE64.decode(audio).unwrap_or_default();
                    if bytes.is_empty() || bytes.len() > MOST {
                        self.fail("invalid_value", "Invalid value: 'audio'.").await?;
                    }
                    self.heard += bytes.len();
                    self.detect(&Audio::from_pcm16(SampleRate::VOICE, &bytes)).await?;
                }
                "input_audio_buffer.commit" if self.ready => {
                    self.entry.message(message.clone());
                    self.commit().await?;
                }
                _ => self.fail("invalid_value", "Invalid value: 'type'.").await?,
            }
        }
    }

    /// Ends an utterance by itself, where it was told to.
    async fn detect(&mut self, audio: &Audio) -> Result<(), Gone> {
        let Some(ends) = self.ends else { return Ok(()) };
        let item = format!("item_{}", self.items + 1);
        if audio.rms() >= QUIET {
            self.silence = 0.0;
            if !std::mem::replace(&mut self.spoken, true) {
                self.tell(&json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": item}))
                    .await?;
            }
        } else if self.spoken {
            self.silence += audio.duration().as_secs_f64() * 1_000.0;
            if self.silence >= ends {
                self.tell(
                    &json!({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 0, "item_id": item}),
                )
                .await?;
                self.spoken = false;
                self.heard = 0;
                self.committed().await?;
                let hears = self.manners.hears.clone();
                self.transcribe(self.items, &hears).await?;
            }
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Gone> {
        if self.heard < SHORTEST {
            return self
                .fail("input_audio_buffer_commit_empty", "buffer too small")
                .await;
        }
        if self.manners.empty {
            self.committed().await?;
            let failed = json!({"type": "conversation.item.input_audio_transcription.failed", "item_id": "item_1",
                "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "m"}});
            return self.tell(&failed).await;
        }
        self.heard = 0;
        // Where it commits by itself, what is left may be silence.
        let silent = self.ends.is_some() && !self.spoken;
        let hears = if silent {
            String::new()
        } else {
            self.manners.hears.clone()
        };
        if self.manners.session != Realtime::Cuts {
            self.committed().await?;
            return self.transcribe(self.items, &hears).await;
        }
        let middle = hears.find(' ').map_or(hears.len(), |at| at + 1);
        let (one, two) = hears.split_at(middle);
        self.committed().await?;
        self.committed().await?;
        self.transcribe(2, two).await?;
        self.transcribe(1, one).await?;
        self.fail("input_audio_buffer_commit_empty", "buffer too small")
            .await
    }

    async fn committed(&mut self) -> Result<(), Gone> {
        let previous = (self.items > 0).then(|| format!("item_{}", self.items));
        self.items += 1;
        let item = format!("item_{}", self.items);
        self.tell(
            &json!({"type": "input_audio_buffer.committed", "item_id": item, "previous_item_id": previous}),
        )
        .await?;
        // Its older name, its newer ones, and what has nothing to do with words.
        for what in ["created", "added", "done"] {
            self.tell(&json!({"type": format!("conversation.item.{what}"), "item": {"id": item}}))
                .await?;
        }
        self.tell(&json!({"type": "rate_limits.updated", "rate_limits": [{"name": "requests", "limit": 9}]}))
            .await
    }

    async fn transcribe(&mut self, item: usize, text: &str) -> Result<(), Gone> {
        let item = format!("item_{item}");
        let event = |what: &str| format!("conversation.item.input_audio_transcription.{what}");
        for word in text.split_inclusive(' ') {
            let word = if self.speakers {
                json!({"type": event("segment"), "item_id": item, "content_index": 0, "id": "seg_1", "speaker": "A",
                    "text": word.trim(), "start": 0.0, "end": 0.1})
            } else {
                json!({"type": event("delta"), "item_id": item, "content_index": 0, "delta": word})
            };
            self.tell(&word).await?;
        }
        let done = json!({"type": event("completed"), "item_id": item, "content_index": 0, "transcript": text.trim(),
            "usage": {"type": "tokens", "total_tokens": 35}});
        self.tell(&done).await
    }

    async fn fail(&mut self, code: &str, said: &str) -> Result<(), Gone> {
        let error = json!({"type": "invalid_request_error", "code": code, "message": said, "event_id": null});
        self.tell(&json!({"type": "error", "error": error})).await
    }

    async fn tell(&mut self, event: &Value) -> Result<(), Gone> {
        self.outbox.text(event.to_string()).await
    }
}
