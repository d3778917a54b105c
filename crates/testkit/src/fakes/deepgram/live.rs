//! Nova's live socket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use libretto_voice::{Audio, SampleRate};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::{Desk, REQUEST, alternative, check, errors, identified};

/// Quieter than this, nobody speaks.
const QUIET: f32 = 0.004;
/// Interim results come for so much sound.
const INTERIM: f64 = 0.5;

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    let checked = check(&call, true);
    let number = |name: &str| call.query(name).and_then(|value| value.parse::<u32>().ok());
    let rate = number("sample_rate")
        .and_then(SampleRate::new)
        .unwrap_or(SampleRate::SPEECH);
    let endpointing = match call.query("endpointing") {
        Some("false") => f64::INFINITY,
        _ => f64::from(number("endpointing").unwrap_or(10)) / 1_000.0,
    };
    let utterance_end = number("utterance_end_ms");
    let newest = call
        .query("model")
        .is_some_and(|model| model.starts_with("nova-3"));
    let interim = call.query("interim_results") == Some("true");
    let events = call.query("vad_events") == Some("true");
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if let Err(said) = checked {
        return errors::refuse(400, "INVALID_QUERY_PARAMETER", said);
    }
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut session = Session {
            outbox,
            entry,
            rate,
            patience: manners.patience,
            hears: manners.hears,
            endpointing,
            newest,
            configuring: None,
            utterance_end: utterance_end.map(|ms| f64::from(ms) / 1_000.0),
            interim,
            events,
            total: 0.0,
            speech: None,
            last_word_end: None,
            shown: 0.0,
        };
        let _ = session.run().await;
    })
}

/// Why words become final.
#[derive(Clone, Copy, PartialEq)]
enum Why {
    /// It was asked for.
    Asked,
    /// Silence.
    Endpoint,
    /// No word came for a while.
    Gap,
}

struct Session {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    patience: Duration,
    hears: String,
    /// Seconds; endless where it is switched off.
    endpointing: f64,
    utterance_end: Option<f64>,
    /// Whether it takes terms in the middle of a session.
    newest: bool,
    /// A change that has not been answered.
    configuring: Option<Value>,
    interim: bool,
    events: bool,
    /// Seconds of sound so far.
    total: f64,
    /// When the open speech began and ended so far.
    speech: Option<(f64, f64)>,
    /// When the last word ended, until the end of its utterance has been told.
    last_word_end: Option<f64>,
    /// Up to where interim results have been shown.
    shown: f64,
}

impl Session {
    async fn run(&mut self) -> Result<(), Gone> {
        let opened = Instant::now();
        loop {
            let Ok(message) = timeout(self.patience, self.outbox.recv()).await else {
                self.metadata().await?;
                let said = "Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001";
                self.outbox.close(1_011, said).await;
                return Ok(());
            };
            match message {
                Some(Message::Binary(bytes)) if bytes.is_empty() => return self.end().await,
                Some(Message::Binary(bytes)) => {
                    if serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes).is_ok() {
                        // A command as bytes is sound that nobody can decode.
                        self.outbox.close(1_008, "DATA-0000").await;
                        return Ok(());
                    }
                    let audio = Audio::from_pcm16(self.rate, &bytes);
                    self.entry.message(json!({"sound": bytes.len()}));
                    self.configured().await?;
                    self.hear(&audio).await?;
                }
                Some(Message::Text(text)) => {
                    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                    self.entry.message(value.clone());
                    match value["type"].as_str() {
                        Some("KeepAlive") if self.total == 0.0 && opened.elapsed() >= self.patience => {
                            let said = "Deepgram did not provide a response message within the timeout window. See https://dpgr.am/net0000";
                            self.outbox.close(1_011, said).await;
                            return Ok(());
                        }
                        Some("KeepAlive") => {}
                        Some("Finalize") => self.finals(Why::Asked).await?,
                        Some("Configure") => self.configure(value).await?,
                        Some("CloseStream") => return self.end().await,
                        _ => {
                            let error = json!({"type": "Error", "variant": "SchemaError", "description": "Could not deserialize last text message."});
                            self.outbox.text(error.to_string()).await?;
                        }
                    }
                }
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// Notes a change. It is answered with the next sound, and another before that is refused.
    async fn configure(&mut self, change: Value) -> Result<(), Gone> {
        let terms = change["keyterms"].as_array().map_or(0, Vec::len);
        let refused = if self.configuring.is_some() {
            "CONFIGURE_ALREADY_PENDING"
        } else if change.get("keyterms").is_some() && !self.newest {
            "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
        } else if terms > 100 {
            "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"
        } else {
            self.configuring = Some(change);
            return Ok(());
        };
        let refusal =
            json!({"type": "ConfigureFailure", "request_id": REQUEST, "code": refused, "description": "No."});
        self.outbox.text(refusal.to_string()).await
    }

    async fn configured(&mut self) -> Result<(), Gone> {
        let Some(change) = self.configuring.take() else {
            return Ok(());
        };
        let done = json!({"type": "ConfigureSuccess", "request_id": REQUEST, "keyterms": change["keyterms"]});
        self.outbox.text(done.to_string()).await
    }

    async fn hear(&mut self, audio: &Audio) -> Result<(), Gone> {
        let from = self.total;
        self.total += audio.duration().as_secs_f64();
        if audio.rms() >= QUIET {
            let begins = self.speech.is_none();
            let start = self.speech.map_or(from, |(start, _)| start);
            self.speech = Some((start, self.total));
            if begins && self.events {
                let started = json!({"type": "SpeechStarted", "channel": [0, 1], "timestamp": from});
                self.outbox.text(started.to_string()).await?;
            }
        }
        if self.total - self.shown >= INTERIM {
            self.shown = self.total;
            if self.interim {
                self.show().await?;
            }
        }
        if let Some((_, end)) = self.speech
            && self.total - end >= self.endpointing.max(0.2)
        {
            self.finals(Why::Endpoint).await?;
        }
        if let (Some(wait), Some((_, end))) = (self.utterance_end, self.speech)
            && self.total - end >= wait
        {
            // Where no silence was noticed, its end is told without one.
            self.finals(Why::Gap).await?;
        }
        if let (Some(wait), Some(end)) = (self.utterance_end, self.last_word_end)
            && self.total - end >= wait
        {
            self.last_word_end = None;
            let ended = json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": end});
            self.outbox.text(ended.to_string()).await?;
        }
        Ok(())
    }

    /// What has been heard so far of the open speech; nothing in silence.
    async fn show(&mut self) -> Result<(), Gone> {
        let hears = self.hears.clone();
        let words: Vec<&str> = hears.split_whitespace().collect();
        let (from, to) = self.speech.unwrap_or((self.total, self.total));
        let count = (((to - from) / INTERIM) as usize).min(words.len());
        self.results(&words[..count], (from, to), [false, false, false])
            .await
    }

    /// Two finals, and one without words that says that the speaker has finished.
    async fn finals(&mut self, why: Why) -> Result<(), Gone> {
        // Without speech, nothing is promised.
        let Some((from, to)) = self.speech.take() else {
            return Ok(());
        };
        let hears = self.hears.clone();
        let words: Vec<&str> = hears.split_whitespace().collect();
        let (first, second) = words.split_at(words.len() / 2);
        let middle = from + (to - from) / 2.0;
        self.results(first, (from, middle), [true, false, false]).await?;
        self.results(second, (middle, to), [true, false, why == Why::Asked])
            .await?;
        if why == Why::Endpoint {
            self.results(&[], (to, self.total), [true, true, false]).await?;
        }
        self.last_word_end = Some(to);
        Ok(())
    }

    async fn results(
        &mut self,
        words: &[&str],
        time: (f64, f64),
        [is_final, speech_final, asked]: [bool; 3],
    ) -> Result<(), Gone> {
        let results = json!({
            "type": "Results", "channel_index": [0, 1], "start": time.0, "duration": time.1 - time.0,
            "is_final": is_final, "speech_final": speech_final, "from_finalize": asked,
            "channel": {"alternatives": [alternative(words, time.0, time.1)]},
            "metadata": {"request_id": REQUEST, "model_uuid": "40bd3654", "model_info": {"name": "general-nova-3"}},
        });
        self.outbox.text(results.to_string()).await
    }

    async fn end(&mut self) -> Result<(), Gone> {
        self.finals(Why::Asked).await?;
        self.metadata().await?;
        self.outbox.close(1_000, "").await;
        Ok(())
    }

    async fn metadata(&mut self) -> Result<(), Gone> {
        let metadata = json!({"type": "Metadata", "transaction_key": "deprecated", "request_id": REQUEST,
            "sha256": "9f86d081", "created": "2026-10-01T10:00:00.000Z", "duration": self.total, "channels": 1});
        self.outbox.text(metadata.to_string()).await
    }
}
