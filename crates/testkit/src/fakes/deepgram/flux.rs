//! Flux's socket: turns.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use libretto_voice::{Audio, SampleRate};
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::{Call, Entry};
use super::{Desk, REQUEST, errors, identified};

/// Quieter than this, nobody speaks.
const QUIET: f32 = 0.004;
/// An update comes for so much sound, in silence too.
const UPDATE: f64 = 0.25;
/// After so much silence a turn ends early, and after so much for good.
const EAGER: f64 = 0.1;
const END: f64 = 0.6;
/// What Nova has and Flux has not.
const NOVA: &[&str] = &[
    "interim_results",
    "endpointing",
    "utterance_end_ms",
    "vad_events",
    "smart_format",
    "punctuate",
    "language",
    "channels",
];

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    let checked = check(&call);
    let eager = call.query("eager_eot_threshold").is_some();
    let model = call.query("model").unwrap_or_default().to_owned();
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let rate = match checked {
        Ok(rate) => rate,
        Err(said) => return errors::refuse(400, "INVALID_QUERY_PARAMETER", said),
    };
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut session = Session {
            outbox,
            entry,
            rate,
            eager,
            model,
            old: manners.old_flux,
            patience: manners.patience,
            hears: manners.hears,
            sequence: 0,
            turn: 0,
            total: 0.0,
            shown: 0.0,
            speech: None,
            promised: false,
        };
        let _ = session.run().await;
    })
}

fn check(call: &Call) -> Result<SampleRate, &'static str> {
    let number = |name: &str| {
        call.query(name)
            .map(|value| value.parse::<f64>().unwrap_or(f64::NAN))
    };
    let within = |name: &str, from: f64, to: f64| number(name).is_none_or(|n| (from..=to).contains(&n));
    if !matches!(
        call.query("model"),
        Some("flux-general-en" | "flux-general-multi")
    ) {
        return Err("No such model/version combination found.");
    }
    if NOVA.iter().any(|name| call.query(name).is_some()) {
        return Err("This option does not exist here.");
    }
    if call.query("language_hint").is_some() && call.query("model") != Some("flux-general-multi") {
        return Err("language_hint is for the multi model only.");
    }
    let mut redacted = call.query.iter().filter(|(name, _)| name == "redact");
    if !redacted.all(|(_, value)| ["numbers", "aggressive_numbers"].contains(&value.as_str())) {
        return Err("redact knows numbers and aggressive_numbers here.");
    }
    if call.query("keyterm").is_some_and(|term| term.contains(':')) {
        return Err("keyterm takes plain terms only.");
    }
    if !within("eot_threshold", 0.5, 1.0)
        || !within("eager_eot_threshold", 0.3, 0.9)
        || !within("eot_timeout_ms", 500.0, 60_000.0)
    {
        return Err("A threshold is out of range.");
    }
    let rate = call.query("sample_rate").and_then(|rate| rate.parse().ok());
    let known = rate.filter(|rate| [8_000, 16_000, 24_000, 44_100, 48_000].contains(rate));
    let known = known.filter(|_| call.query("encoding") == Some("linear16"));
    known
        .and_then(SampleRate::new)
        .ok_or("encoding and sample_rate are required.")
}

struct Session {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    eager: bool,
    model: String,
    /// Its words have no times, and a stream that closes leaves its turn open.
    old: bool,
    patience: Duration,
    hears: String,
    sequence: u64,
    turn: u64,
    /// Seconds of sound so far, up to where updates have been told, and when the open speech began and ended.
    total: f64,
    shown: f64,
    speech: Option<(f64, f64)>,
    /// It has said early that the turn ends.
    promised: bool,
}

impl Session {
    async fn run(&mut self) -> Result<(), Gone> {
        self.tell(json!({"type": "Connected"})).await?;
        loop {
            let Ok(message) = tokio::time::timeout(self.patience, self.outbox.recv()).await else {
                self.outbox.close(1_011, "NET-0001").await;
                return Ok(());
            };
            match message {
                Some(Message::Binary(bytes)) => {
                    self.entry.message(json!({"sound": bytes.len()}));
                    self.hear(&Audio::from_pcm16(self.rate, &bytes)).await?;
                }
                Some(Message::Text(text)) => {
                    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                    self.entry.message(value.clone());
                    match value["type"].as_str() {
                        Some("ForceEndTurn") => self.end("manual").await?,
                        Some("Configure") => self.configure(&value).await?,
                        Some("CloseStream") => {
                            if !self.old {
                                self.end("manual").await?;
                            } else if self.speech.is_some() {
                                self.info("Update", 1.0).await?;
                            }
                            self.outbox.close(1_000, "").await;
                            return Ok(());
                        }
                        // There is no KeepAlive here.
                        _ => {
                            let said = "The message cannot be read.";
                            self.tell(json!({"type": "Error", "code": "MESSAGE-0000", "description": said}))
                                .await?;
                            self.outbox.close(1_003, "MESSAGE-0000").await;
                            return Ok(());
                        }
                    }
                }
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => {}
            }
        }
    }

    async fn configure(&mut self, change: &Value) -> Result<(), Gone> {
        let terms = change["keyterms"].as_array().map_or(0, Vec::len);
        let within = |name: &str, from: f64, to: f64| {
            let number = &change["thresholds"][name];
            number.is_null()
                || number
                    .as_f64()
                    .is_some_and(|number| (from..=to).contains(&number))
        };
        let good = within("eot_threshold", 0.5, 1.0)
            && within("eager_eot_threshold", 0.3, 0.9)
            && within("eot_timeout_ms", 500.0, 60_000.0);
        let answer = if terms > 100 {
            json!({"type": "ConfigureFailure", "code": "CONFIGURE_KEYTERM_LIMIT_EXCEEDED",
                "description": "Too many terms."})
        } else if !good {
            json!({"type": "ConfigureFailure", "description": "A threshold is out of range."})
        } else if change["language_hints"].is_array() && self.model != "flux-general-multi" {
            json!({"type": "ConfigureFailure", "description": "language_hints is for the multi model only."})
        } else {
            self.eager |= change["thresholds"]["eager_eot_threshold"].is_number();
            json!({"type": "ConfigureSuccess", "thresholds": change["thresholds"], "keyterms": change["keyterms"],
                "language_hints": change["language_hints"], "numerals": change["numerals"]})
        };
        self.tell(answer).await
    }

    async fn hear(&mut self, audio: &Audio) -> Result<(), Gone> {
        let from = self.total;
        self.total += audio.duration().as_secs_f64();
        if audio.rms() >= QUIET {
            let begins = self.speech.is_none();
            let start = self.speech.map_or(from, |(start, _)| start);
            self.speech = Some((start, self.total));
            if begins {
                self.info("StartOfTurn", 0.2).await?;
            }
            if std::mem::take(&mut self.promised) {
                self.info("TurnResumed", 0.5).await?;
            }
        }
        if self.total - self.shown >= UPDATE {
            self.shown = self.total;
            self.info("Update", 0.6).await?;
        }
        let silence = self.speech.map_or(0.0, |(_, end)| self.total - end);
        if silence >= END {
            self.end("model").await?;
        } else if silence >= EAGER && self.eager && !self.promised {
            self.promised = true;
            self.info("EagerEndOfTurn", 1.0).await?;
        }
        Ok(())
    }

    async fn end(&mut self, trigger: &str) -> Result<(), Gone> {
        // Without an open turn it means nothing.
        if self.speech.is_none() {
            return Ok(());
        }
        let mut info = self.turn_info("EndOfTurn", 1.0);
        if !self.old {
            info["trigger"] = trigger.into();
        }
        self.tell(info).await?;
        self.speech = None;
        self.promised = false;
        self.turn += 1;
        Ok(())
    }

    async fn info(&mut self, event: &str, share: f64) -> Result<(), Gone> {
        let info = self.turn_info(event, share);
        self.tell(info).await
    }

    /// This share of what is heard.
    fn turn_info(&self, event: &str, share: f64) -> Value {
        let words: Vec<&str> = self.hears.split_whitespace().collect();
        let count = (words.len() as f64 * share).ceil() as usize;
        let (from, to) = self.speech.unwrap_or((self.total, self.total));
        let heard = if self.speech.is_some() {
            &words[..count.min(words.len())]
        } else {
            &[]
        };
        let each = (to - from) / words.len().max(1) as f64;
        let word = |(n, word): (usize, &&str)| {
            let start = from + each * n as f64;
            let mut word = json!({"word": word, "confidence": 0.97});
            if !self.old {
                word["start"] = start.into();
                word["end"] = (start + each * 0.9).into();
            }
            word
        };
        let timed: Vec<Value> = heard.iter().enumerate().map(word).collect();
        json!({"type": "TurnInfo", "event": event, "turn_index": self.turn, "audio_window_start": from,
            "audio_window_end": self.total, "transcript": heard.join(" "), "words": timed, "end_of_turn_confidence": 0.6})
    }

    async fn tell(&mut self, mut message: Value) -> Result<(), Gone> {
        message["request_id"] = REQUEST.into();
        message["sequence_id"] = self.sequence.into();
        self.sequence += 1;
        self.outbox.text(message.to_string()).await
    }
}
