//! Flux's socket that speaks, and its way over HTTP.

use std::sync::Arc;

use axum::extract::ws::Message;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use libretto_voice::SampleRate;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::{Call, Entry};
use super::super::{body, speech};
use super::{Desk, Manners, REQUEST, errors, identified};

/// Frames end in the middle of a sample.
const ODD: usize = 4_801;
/// Of its voices.
const VOICES: &[&str] = &["flux-alexis-en", "flux-jack-en", "flux-priya-en"];

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    let checked = check(&call);
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let rate = match checked {
        Ok(rate) => rate,
        Err(code) => return errors::refuse(400, code, "The request cannot be served."),
    };
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut talk = Talk {
            outbox,
            entry,
            rate,
            manners,
            turns: 0,
        };
        let _ = talk.run().await;
    })
}

fn check(call: &Call) -> Result<SampleRate, &'static str> {
    if !call.query("model").is_some_and(|model| VOICES.contains(&model)) {
        return Err("INVALID_QUERY_PARAMETER");
    }
    let speed = call.query("speed").unwrap_or("1").parse();
    fitting(speed.map_err(|_| "SPEED_OUT_OF_RANGE")?)?;
    let liveliness = call
        .query("expressivity")
        .map_or(Some(0.0), |most| most.parse::<f64>().ok());
    if !liveliness.is_some_and(|most| (-2.0..=2.0).contains(&most)) {
        return Err("EXPRESSIVITY_OUT_OF_RANGE");
    }
    if call.query("container").is_some() {
        return Err("INVALID_QUERY_PARAMETER");
    }
    let rate = call.query("sample_rate").and_then(|rate| rate.parse().ok());
    let known = rate.filter(|rate| [8_000, 16_000, 24_000, 32_000, 44_100, 48_000].contains(rate));
    let known = known.filter(|_| call.query("encoding") == Some("linear16"));
    known.and_then(SampleRate::new).ok_or("INVALID_QUERY_PARAMETER")
}

/// A speed that it speaks with, or what is wrong with it.
fn fitting(speed: f64) -> Result<f64, &'static str> {
    if !(0.5..=1.5).contains(&speed) {
        return Err("SPEED_OUT_OF_RANGE");
    }
    let steps = speed * 20.0;
    if (steps.round() - steps).abs() > 1e-6 {
        return Err("SPEED_INCREMENT_INVALID");
    }
    Ok(speed)
}

/// Over HTTP: what a phrase sounds like, behind a header.
pub(super) async fn speak(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, 1 << 20).await.unwrap_or_default();
    let asked: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let call = Call::of("POST", &parts.uri, asked.clone());
    let checked = check(&call);
    let (entry, fault) = match desk.begin(call, &parts.headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let text = asked["text"].as_str().unwrap_or_default();
    let rate = match checked {
        Ok(rate) if !text.is_empty() => rate,
        Ok(_) => return errors::refuse(400, "PAYLOAD_ERROR", "Input text contains no characters."),
        Err(code) => return errors::refuse(400, code, "The request cannot be served."),
    };
    let sound = speech::wav(&speech::speak(text).at(rate).audio);
    let pieces = sound.chunks(ODD).map(Bytes::copy_from_slice).collect();
    let mut response = body::answer(entry, fault.as_ref(), "audio/wav", pieces);
    response.headers_mut().extend(identified());
    response
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    manners: Manners,
    turns: usize,
}

impl Talk {
    async fn run(&mut self) -> Result<(), Gone> {
        self.tell(
            json!({"type": "Connected", "request_id": REQUEST, "model_name": "flux", "model_version": "1",
            "model_uuids": ["bbdd2f58"]}),
        )
        .await?;
        let mut text = String::new();
        loop {
            let Ok(message) = timeout(self.manners.idle, self.outbox.recv()).await else {
                self.outbox.close(1_011, "NET-0004").await;
                return Ok(());
            };
            let value: Value = match message {
                Some(Message::Text(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => continue,
            };
            self.entry.message(value.clone());
            match value["type"].as_str() {
                Some("Speak") => text.push_str(value["text"].as_str().unwrap_or_default()),
                Some("Flush") => self.speak(&std::mem::take(&mut text)).await?,
                Some("Interrupt") => self.interrupt(&std::mem::take(&mut text)).await?,
                Some("Configure") => self.configure(&value).await?,
                Some("Close") => {
                    self.tell(json!({"type": "SessionMetadata", "total_audio_duration_ms": 0}))
                        .await?;
                    self.outbox.close(1_000, "").await;
                    return Ok(());
                }
                _ => {
                    self.tell(json!({"type": "Error", "code": "MESSAGE-0000", "description": "Unreadable."}))
                        .await?;
                    self.outbox.close(1_003, "MESSAGE-0000").await;
                    return Ok(());
                }
            }
        }
    }

    fn id(&self) -> String {
        format!("dg_sp_{:012x}", self.turns)
    }

    /// Where nothing waits to be spoken there is nothing to interrupt: all sound has gone out already.
    async fn interrupt(&mut self, rest: &str) -> Result<(), Gone> {
        let told = if rest.is_empty() {
            json!({"type": "Warning", "code": "NO_ACTIVE_SPEECH", "description": "Nothing is spoken."})
        } else {
            json!({"type": "SpeechInterrupted", "audio_played_ms": 0,
                "metadata": {"speech_id": self.id(), "audio_duration_ms": 0}})
        };
        self.tell(told).await
    }

    async fn configure(&mut self, asked: &Value) -> Result<(), Gone> {
        let speed = asked["speed"]
            .as_f64()
            .ok_or("SPEED_NOT_SUPPORTED")
            .and_then(fitting);
        let told = match speed {
            Ok(speed) => json!({"type": "ConfigureSuccess", "applied": {"speed": speed}}),
            Err(code) => {
                json!({"type": "ConfigureFailure", "code": code, "field": "speed", "value": asked["speed"],
                "description": "The speed cannot be changed to this."})
            }
        };
        self.tell(told).await
    }

    async fn speak(&mut self, text: &str) -> Result<(), Gone> {
        self.turns += 1;
        let id = self.id();
        // Understood; the sound is still to come.
        self.tell(json!({"type": "Flushed", "speech_id": id})).await?;
        let speaks = self.manners.speaks(text);
        let audio = speech::speak(if speaks { text } else { "" }).at(self.rate).audio;
        if speaks {
            self.tell(json!({"type": "SpeechStarted", "speech_id": id}))
                .await?;
            for piece in audio.to_pcm16().chunks(ODD) {
                self.outbox.binary(Bytes::copy_from_slice(piece)).await?;
            }
        } else {
            self.tell(json!({"type": "Warning", "code": "NO_SYNTHESIZABLE_TEXT", "description": "Nothing to speak."}))
                .await?;
        }
        let count = text.chars().count();
        self.tell(
            json!({"type": "SpeechMetadata", "speech_id": id, "audio_duration_ms": audio.duration().as_millis() as u64,
            "input_character_count": count, "billable_character_count": count,
            "controls_applied": {"pronunciations_applied": 0, "pronunciation_warnings": []}}),
        )
        .await
    }

    async fn tell(&mut self, message: Value) -> Result<(), Gone> {
        self.outbox.text(message.to_string()).await
    }
}
