//! The `stream-input` socket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::super::outbox::{Gone, Outbox};
use super::super::script::{Call, Entry};
use super::super::speech::{self, Character};
use super::{Base, Caller, Desk, Flaw, KEY, Manners, caller, errors, format, identified};

/// Sound in one message.
const PIECE: f64 = 0.25;
/// When buffered text is spoken, without `auto_mode`.
const SCHEDULE: [usize; 4] = [120, 160, 250, 290];

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Path(voice): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let call = Call::of("SOCKET", &uri, json!([]));
    let query = |name: &str| call.query(name).map(str::to_owned);
    let (model, output) = (query("model_id").unwrap_or_default(), query("output_format"));
    let language = query("language_code");
    let auto = query("auto_mode").as_deref() == Some("true");
    let idle = query("inactivity_timeout")
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_u64)
        .min(180);
    let manners = desk.manners().clone();
    let known = caller(&headers);
    let (entry, fault) = if manners.tells_in_band && known != Caller::Known {
        desk.script.begin(call)
    } else {
        match desk.begin(call, &headers).await {
            Ok(begun) => begun,
            Err(refusal) => return refusal,
        }
    };
    let body = json!({"model_id": model, "language_code": language});
    if let Err(refusal) = super::speech::check(&voice, &body) {
        return refusal;
    }
    let Some(("pcm", rate)) = format(output.as_deref()) else {
        return errors::refuse(400, "invalid_parameters", "This fake's socket speaks pcm only.");
    };
    let mut response = upgrade.on_upgrade(async move |mut socket: WebSocket| {
        let mut talk = Talk {
            outbox: Outbox::new(&mut socket, fault),
            entry,
            patience: manners.patience.unwrap_or(Duration::from_secs(idle)),
            manners,
            auto,
            rate,
            buffer: String::new(),
            generations: 0,
            seconds: 0.0,
            late: Value::Null,
        };
        let _ = talk.run(known, model.starts_with("eleven_v")).await;
    });
    response.headers_mut().extend(identified());
    response
}

struct Talk<'a> {
    outbox: Outbox<'a>,
    entry: Entry,
    patience: Duration,
    manners: Manners,
    auto: bool,
    rate: libretto_voice::SampleRate,
    buffer: String,
    generations: usize,
    /// Sound that has been sent.
    seconds: f64,
    /// Times that come with the next message.
    late: Value,
}

impl Talk<'_> {
    async fn run(&mut self, known: Caller, too_new: bool) -> Result<(), Gone> {
        let Some(first) = self.message().await? else {
            return Ok(());
        };
        let in_band = ["xi_api_key", "xi-api-key"].iter().any(|name| first[name] == KEY);
        if known != Caller::Known && known != Caller::Limited && !in_band {
            return self.fail("invalid_api_key", "Invalid API key").await;
        }
        if too_new {
            return self
                .fail("model_not_found", "This model cannot be used over this socket")
                .await;
        }
        if first["text"] != " " {
            return self
                .fail(
                    "invalid_message",
                    "The first message must have a single space as its text",
                )
                .await;
        }
        let settings = first["voice_settings"].clone();
        while let Some(message) = self.message().await? {
            let Some(text) = message["text"].as_str() else {
                return self.fail("invalid_message", "text: Field required").await;
            };
            let later = &message["voice_settings"];
            if !later.is_null() && *later != settings {
                return self.fail("invalid_message", "voice_settings field must be provided in the first message and then either be not provided or not change.").await;
            }
            if text.is_empty() {
                self.generate().await?;
                let last =
                    json!({"audio": null, "isFinal": true, "normalizedAlignment": null, "alignment": null});
                self.outbox.text(last.to_string()).await?;
                self.outbox.close(1_000, "").await;
                return Ok(());
            }
            // A single space keeps the socket and is not spoken.
            if text != " " {
                self.buffer.push_str(text);
            }
            let threshold = SCHEDULE[self.generations.min(SCHEDULE.len() - 1)];
            let enough = self.buffer.chars().count() >= threshold;
            if self.auto || enough || message["flush"] == true {
                self.generate().await?;
            }
        }
        Ok(())
    }

    /// The client's next message, within the time that it has for it.
    async fn message(&mut self) -> Result<Option<Value>, Gone> {
        let Ok(message) = tokio::time::timeout(self.patience, self.outbox.recv()).await else {
            let said = format!(
                "Have not received a new text input within the timeout of {:.1} seconds.",
                self.patience.as_secs_f64()
            );
            self.fail("input_timeout_exceeded", &said).await?;
            return Ok(None);
        };
        match message {
            Some(Message::Text(text)) => {
                let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                self.entry.message(value.clone());
                Ok(Some(value))
            }
            Some(Message::Close(_)) | None => Ok(None),
            Some(_) => Ok(Some(Value::Null)),
        }
    }

    async fn fail(&mut self, code: &str, said: &str) -> Result<(), Gone> {
        let error = json!({"message": said, "error": code, "code": 1_008});
        self.outbox.text(error.to_string()).await?;
        let cut: String = said.chars().take(120).collect();
        self.outbox.close(1_008, &cut).await;
        Ok(())
    }

    async fn generate(&mut self) -> Result<(), Gone> {
        let text = std::mem::take(&mut self.buffer);
        if text.trim().is_empty() {
            return Ok(());
        }
        self.generations += 1;
        let spoken = speech::speak(&text).at(self.rate);
        let characters = spoken.characters();
        let bytes = spoken.audio.to_pcm16();
        // Messages end in the middle of a sample.
        let size = (self.rate.sample_at(PIECE) as usize * 2) | 1;
        let at = |byte: usize| byte as f64 / 2.0 / f64::from(self.rate.hertz());
        let segment = self.seconds;
        for (n, piece) in bytes.chunks(size).enumerate() {
            let (from, to) = (at(n * size), at((n + 1) * size));
            let inside = |c: &&Character| {
                (from..to).contains(&c.seconds.start) || (to >= at(bytes.len()) && c.seconds.start >= to)
            };
            let here: Vec<&Character> = match self.manners.base {
                Base::Segment if n == 0 => characters.iter().collect(),
                Base::Segment => Vec::new(),
                _ => characters.iter().filter(inside).collect(),
            };
            let shift = match self.manners.base {
                Base::Message => -from,
                Base::Segment => 0.0,
                Base::Stream => segment,
            };
            let mut message = json!({"audio": BASE64.encode(piece), "isFinal": null, "alignment": null, "normalizedAlignment": null});
            let mut times = self.times(&here, shift, n);
            if self.manners.flaw == Some(Flaw::Late) {
                times = std::mem::replace(&mut self.late, times);
            }
            let normalised = self.manners.flaw == Some(Flaw::OnlyNormalised);
            message[if normalised {
                "normalizedAlignment"
            } else {
                "alignment"
            }] = times;
            self.outbox.text(message.to_string()).await?;
            if self.manners.flaw == Some(Flaw::Doubled) {
                message["audio"] = Value::Null;
                self.outbox.text(message.to_string()).await?;
            }
        }
        self.seconds += at(bytes.len());
        if !self.late.is_null() {
            let late = json!({"audio": "", "isFinal": null, "alignment": self.late.take(), "normalizedAlignment": null});
            self.outbox.text(late.to_string()).await?;
        }
        Ok(())
    }

    fn times(&self, characters: &[&Character], shift: f64, n: usize) -> Value {
        let flaw = self.manners.flaw;
        if characters.is_empty() || (flaw == Some(Flaw::Missing) && n % 2 == 1) {
            return Value::Null;
        }
        let early = if flaw == Some(Flaw::Overlapping) {
            0.03
        } else {
            0.0
        };
        let ms = |seconds: f64| (seconds * 1_000.0).round().max(0.0) as i64;
        let mut texts: Vec<String> = characters.iter().map(|c| c.text.clone()).collect();
        let mut starts: Vec<i64> = characters
            .iter()
            .map(|c| ms(c.seconds.start + shift - early))
            .collect();
        let mut lengths: Vec<i64> = characters
            .iter()
            .map(|c| ms(c.seconds.end - c.seconds.start + early))
            .collect();
        if flaw == Some(Flaw::OnlyNormalised) && n == 0 {
            texts.insert(0, " ".into());
            starts.insert(0, 0);
            lengths.insert(0, 0);
        }
        if flaw == Some(Flaw::Unequal) && n == 1 {
            lengths.pop();
        }
        let spelling = if flaw == Some(Flaw::OldSpelling) {
            "charsDurationsMs"
        } else {
            "charDurationsMs"
        };
        json!({"chars": texts, "charStartTimesMs": starts, spelling: lengths})
    }
}
