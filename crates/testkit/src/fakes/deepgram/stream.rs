//! Aura's socket.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use bytes::Bytes;
use libretto_voice::SampleRate;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::super::speech;
use super::{Desk, Manners, REQUEST, errors, identified};

/// Most characters in one message.
const MOST: usize = 2_000;
/// With so much text it does not wait for a flush.
const EAGER: usize = 80;
/// Frames end in the middle of a sample.
const ODD: usize = 4_801;

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    let checked = super::speech::check(&call);
    let tagged = call.query("tag").is_some();
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let rate = match checked {
        Ok(_) if tagged => return errors::refuse(400, "INVALID_QUERY_PARAMETER", "tag does not exist here."),
        Ok(rate) => rate,
        Err(said) => return errors::refuse(400, "INVALID_QUERY_PARAMETER", said),
    };
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut talk = Talk {
            outbox,
            entry,
            rate,
            manners,
            buffer: String::new(),
            sequence: 0,
        };
        let _ = talk.run().await;
    })
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    manners: Manners,
    buffer: String,
    sequence: usize,
}

impl Talk {
    async fn run(&mut self) -> Result<(), Gone> {
        let metadata = json!({"type": "Metadata", "request_id": REQUEST, "model_name": "aura-2-thalia-en",
            "model_version": "2025-04-07.0", "model_uuid": "bbdd2f58"});
        self.outbox.text(metadata.to_string()).await?;
        let (mut flushes, mut characters) = (0, 0);
        loop {
            let Ok(message) = timeout(self.manners.idle, self.outbox.recv()).await else {
                self.outbox.close(1_011, "NET-0000").await;
                return Ok(());
            };
            let value: Value = match message {
                Some(Message::Text(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
                Some(Message::Close(_)) | None => return Ok(()),
                Some(Message::Binary(_)) => Value::Null,
                Some(_) => continue,
            };
            self.entry.message(value.clone());
            match value["type"].as_str() {
                Some("Speak") => {
                    let text = value["text"].as_str().unwrap_or_default();
                    if text.is_empty() {
                        self.outbox.close(1_008, "DATA-0000").await;
                        return Ok(());
                    }
                    if text.chars().count() > MOST {
                        self.outbox.close(1_009, "BIG-0001").await;
                        return Ok(());
                    }
                    // Who speaks for longer than a minute is not tested against it.
                    characters += text.chars().count();
                    if characters > self.manners.characters {
                        self.outbox.close(1_008, "DATA-0001").await;
                        return Ok(());
                    }
                    self.buffer.push_str(text);
                    if self.buffer.len() > EAGER {
                        self.speak().await?;
                    }
                }
                Some("Flush") if flushes >= self.manners.flushes => {
                    let (code, said) = if self.manners.specified {
                        ("code", "description")
                    } else {
                        ("warn_code", "warn_msg")
                    };
                    let warning = json!({"type": "Warning", code: "EXCESSIVE_FLUSH", said: "Rate limit exceeded for flushes."});
                    self.outbox.text(warning.to_string()).await?;
                }
                Some("Flush") => {
                    flushes += 1;
                    self.speak().await?;
                    self.answer("Flushed").await?;
                }
                Some("Clear") => {
                    // What was on its way comes still.
                    self.buffer.clear();
                    self.outbox.binary(Bytes::from_static(&[0; 96])).await?;
                    self.answer("Cleared").await?;
                }
                Some("Close") => {
                    self.outbox.close(1_000, "").await;
                    return Ok(());
                }
                _ => {
                    self.outbox.close(1_003, "MESSAGE-0000").await;
                    return Ok(());
                }
            }
        }
    }

    async fn answer(&mut self, kind: &str) -> Result<(), Gone> {
        let answer = json!({"type": kind, "sequence_id": self.sequence});
        self.sequence += 1;
        self.outbox.text(answer.to_string()).await
    }

    async fn speak(&mut self) -> Result<(), Gone> {
        let text = std::mem::take(&mut self.buffer);
        if !self.manners.speaks(&text) {
            return Ok(());
        }
        let audio = speech::speak(&text).at(self.rate).audio;
        for piece in audio.to_pcm16().chunks(ODD) {
            self.outbox.binary(Bytes::copy_from_slice(piece)).await?;
        }
        Ok(())
    }
}
