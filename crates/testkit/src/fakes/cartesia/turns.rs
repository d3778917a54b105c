//! Ink's socket that knows turns.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use libretto_voice::{Audio, SampleRate};
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::{Desk, REQUEST, fitting, identified, refuse};

/// Quieter than this, nobody speaks.
const QUIET: f32 = 0.004;
/// An update comes for so much speech.
const UPDATE: f64 = 0.4;
/// After so much silence a turn may have ended, and after so much it has.
const EAGER: f64 = 0.1;
const END: f64 = 0.6;

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    let rate = call.query("sample_rate").and_then(|rate| rate.parse().ok());
    let good = call.query("encoding") == Some("pcm_s16le");
    let known = call.query("model") == Some("ink-2");
    let number = |name: &str| {
        let value = call.query(&format!("turn_{name}"));
        value.map(|value| value.parse::<f64>().unwrap_or(f64::NAN))
    };
    let fits = fits(number) && fitting(&call) && call.query("language").is_none();
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if !known {
        return refuse(404, Some("model_not_found"), "Model not found.");
    }
    let Some(rate) = rate.and_then(SampleRate::new).filter(|_| good && fits) else {
        return refuse(400, None, "A parameter is missing or out of range.");
    };
    let hears = desk.manners().hears.clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut session = Session {
            outbox,
            entry,
            rate,
            hears,
            spoken: 0.0,
            shown: 0.0,
            silence: 0.0,
            eager: false,
        };
        let _ = session.run().await;
    })
}

/// Whether these thresholds are what the service takes.
fn fits(number: impl Fn(&str) -> Option<f64>) -> bool {
    let within = |name: &str, from: f64, to: f64| number(name).is_none_or(|n| (from..=to).contains(&n));
    let or = |name: &str, own: f64| number(name).unwrap_or(own);
    let eager = or("eager_end_threshold", 0.4);
    within("start_threshold", 0.5, 0.9)
        && within("eager_end_threshold", 0.3, 0.6)
        && within("end_threshold", 0.05, 0.5)
        && within("end_timeout_ms", 640.0, 11_200.0)
        && or("start_threshold", 0.8) > eager
        && eager > or("end_threshold", 0.2)
}

struct Session {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    hears: String,
    /// Seconds of speech in the open turn, of those that have been told, and of silence behind it.
    spoken: f64,
    shown: f64,
    silence: f64,
    eager: bool,
}

impl Session {
    async fn run(&mut self) -> Result<(), Gone> {
        self.tell("connected", None).await?;
        loop {
            match self.outbox.recv().await {
                Some(Message::Binary(bytes)) => self.hear(&Audio::from_pcm16(self.rate, &bytes)).await?,
                Some(Message::Text(text)) => {
                    // JSON, no plain words.
                    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                    self.entry.message(value.clone());
                    match value["type"].as_str() {
                        Some("config") if fits(|name| value["turn"][name].as_f64()) => {}
                        Some("close") => {
                            if self.spoken > 0.0 {
                                self.end().await?;
                            }
                            self.outbox.close(1_000, "").await;
                            return Ok(());
                        }
                        _ => {
                            let said = json!({"type": "error", "title": "Bad Request", "message": "Unknown command.",
                                "status_code": 400, "error_code": null, "request_id": REQUEST});
                            self.outbox.text(said.to_string()).await?;
                        }
                    }
                }
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => {}
            }
        }
    }

    async fn hear(&mut self, audio: &Audio) -> Result<(), Gone> {
        let seconds = audio.duration().as_secs_f64();
        if audio.rms() < QUIET {
            if self.spoken == 0.0 {
                return Ok(());
            }
            self.silence += seconds;
            if self.silence >= END {
                return self.end().await;
            }
            if self.silence >= EAGER && !self.eager {
                self.eager = true;
                return self.tell("turn.eager_end", Some(self.heard())).await;
            }
            return Ok(());
        }
        if self.spoken == 0.0 {
            self.tell("turn.start", None).await?;
        }
        self.spoken += seconds;
        self.silence = 0.0;
        if std::mem::take(&mut self.eager) {
            self.tell("turn.resume", None).await?;
        }
        if self.spoken - self.shown >= UPDATE {
            self.shown = self.spoken;
            self.tell("turn.update", Some(self.heard())).await?;
        }
        Ok(())
    }

    /// All of the turn so far.
    fn heard(&self) -> String {
        let count = (self.spoken / UPDATE).ceil() as usize;
        let words: Vec<&str> = self.hears.split_whitespace().take(count).collect();
        words.join(" ")
    }

    async fn end(&mut self) -> Result<(), Gone> {
        (self.spoken, self.shown, self.silence, self.eager) = (0.0, 0.0, 0.0, false);
        self.tell("turn.end", Some(self.hears.clone())).await
    }

    async fn tell(&mut self, kind: &str, transcript: Option<String>) -> Result<(), Gone> {
        let mut message = json!({"type": kind, "request_id": REQUEST});
        if let Some(transcript) = transcript {
            message["transcript"] = transcript.into();
        }
        self.outbox.text(message.to_string()).await
    }
}
