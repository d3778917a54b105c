//! xAI's sockets: `GET /v1/stt`, which hears, and `GET /v1/tts`, which speaks.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::super::speech;
use super::{Desk, Finals, Manners, errors};

/// Samples never come in even pieces.
const ODD: usize = 4_801;

pub(super) async fn listen(State(desk): State<Arc<Desk>>, opening: Opening) -> Response {
    open(&desk, opening, false).await
}

pub(super) async fn speak(State(desk): State<Arc<Desk>>, opening: Opening) -> Response {
    open(&desk, opening, true).await
}

async fn open(desk: &Desk, opening: Opening, speaks: bool) -> Response {
    let Opening {
        call,
        headers,
        upgrade,
    } = opening;
    let number = |name: &str| call.query(name).and_then(|value| value.parse::<f64>().ok());
    let rate = number("sample_rate").unwrap_or_default();
    let good = if speaks {
        let voice = call.query("voice").unwrap_or_default().to_ascii_lowercase();
        ["eve", "ara", "rex", "sal", "leo"].contains(&voice.as_str())
            && call.query("language").is_some()
            && call.query("codec") == Some("pcm")
            && (rate - 24_000.0).abs() < 0.5
            && (0.7..=1.5).contains(&number("speed").unwrap_or(1.0))
            && call
                .query("text_normalization")
                .is_none_or(|on| on == "true" || on == "false")
    } else {
        call.query("encoding") == Some("pcm")
            && rate >= 8_000.0
            && (0.0..=5_000.0).contains(&number("endpointing").unwrap_or(10.0))
            && (0.0..=1.0).contains(&number("vad_threshold").unwrap_or(0.5))
            && (call.query("smart_turn_timeout").is_none() || call.query("smart_turn") == Some("true"))
    };
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if !good {
        return errors::xai(400, "Invalid argument.");
    }
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, errors::identified(), async move |outbox| {
        let mut talk = Talk {
            outbox,
            entry,
            manners,
        };
        let _ = if speaks {
            talk.speak().await
        } else {
            talk.listen(rate).await
        };
    })
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    manners: Manners,
}

impl Talk {
    async fn listen(&mut self, rate: f64) -> Result<(), Gone> {
        self.tell(json!({"type": "transcript.created"})).await?;
        let hears = self.manners.hears.clone();
        let (mut bytes, mut shown) = (0, 0);
        loop {
            let message = self.outbox.recv().await;
            let text = match message {
                Some(Message::Binary(sound)) => {
                    bytes += sound.len();
                    // A word more with each piece.
                    let words = hears.split_inclusive(' ').count();
                    shown = (shown + 1).min(words);
                    let partial: String = hears.split_inclusive(' ').take(shown).collect();
                    let partial = json!({"type": "transcript.partial", "text": partial.trim(), "is_final": false,
                        "speech_final": false, "words": []});
                    self.tell(partial).await?;
                    continue;
                }
                Some(Message::Text(text)) => text,
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => continue,
            };
            let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            self.entry.message(value.clone());
            if value["type"] != "audio.done" {
                self.tell(json!({"type": "error", "message": "Unknown message."}))
                    .await?;
                continue;
            }
            let seconds = bytes as f64 / 2.0 / rate;
            if shown > 0 {
                self.finals(&hears, seconds).await?;
            }
            let done = match self.manners.finals {
                Finals::Rest => String::new(),
                _ if shown == 0 => String::new(),
                Finals::Whole | Finals::Timed => hears,
            };
            self.tell(json!({"type": "transcript.done", "text": done}))
                .await?;
            self.outbox.close(1_000, "").await;
            return Ok(());
        }
    }

    /// Two finals, of which the last ends the turn: with all of it again, or with what is new only.
    async fn finals(&mut self, hears: &str, seconds: f64) -> Result<(), Gone> {
        let words: Vec<&str> = hears.split(' ').collect();
        let count = words.len();
        let each = seconds / count as f64;
        let timed = |from: usize, to: usize| -> Vec<Value> {
            let words = words[from..to].iter().enumerate();
            let at = |n: usize| each * n as f64;
            words
                .map(|(n, word)| json!({"text": word, "start": at(from + n), "end": at(from + n + 1), "speaker": 0}))
                .collect()
        };
        let half = count / 2;
        let second = if self.manners.finals == Finals::Rest {
            half
        } else {
            0
        };
        for (from, to, last) in [(0, half, false), (second, count, true)] {
            let mut partial = json!({"type": "transcript.partial", "text": words[from..to].join(" "), "is_final": true,
                "speech_final": last});
            if self.manners.finals == Finals::Timed {
                partial["words"] = timed(from, to).into();
            }
            self.tell(partial).await?;
        }
        Ok(())
    }

    async fn speak(&mut self) -> Result<(), Gone> {
        let mut waiting = String::new();
        loop {
            let text = match self.outbox.recv().await {
                Some(Message::Text(text)) => text,
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => continue,
            };
            let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            self.entry.message(value.clone());
            match value["type"].as_str() {
                Some("text.delta") => waiting.push_str(value["delta"].as_str().unwrap_or_default()),
                Some("text.done") => {
                    let audio = speech::speak(&std::mem::take(&mut waiting)).audio;
                    for piece in audio.to_pcm16().chunks(ODD) {
                        self.tell(json!({"type": "audio.delta", "delta": BASE64.encode(piece)}))
                            .await?;
                    }
                    self.tell(json!({"type": "audio.done"})).await?;
                }
                Some("text.clear") => {
                    waiting.clear();
                    self.tell(json!({"type": "audio.clear"})).await?;
                }
                _ => {
                    self.tell(json!({"type": "error", "message": "Unknown message."}))
                        .await?;
                }
            }
        }
    }

    async fn tell(&mut self, message: Value) -> Result<(), Gone> {
        self.outbox.text(message.to_string()).await
    }
}
