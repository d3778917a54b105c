//! The `stream-input` socket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Message;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::coding::format;
use super::sounding::Sounding;
use super::{Desk, errors, estrange, has_key, identified};

/// When buffered text is spoken, without `auto_mode`.
const SCHEDULE: [usize; 4] = [120, 160, 250, 290];
/// With less than this, a wish to be spoken is passed over.
const LEAST: usize = 50;

/// When buffered text is spoken, as a first message asks for it; `None` where the service would not take that.
pub(super) fn schedule(first: &Value) -> Option<Vec<usize>> {
    let Some(asked) = first["generation_config"].get("chunk_length_schedule") else {
        return Some(SCHEDULE.to_vec());
    };
    let length = |length: &Value| {
        length
            .as_f64()
            .filter(|n| (50.0..=500.0).contains(n))
            .map(|n| n as usize)
    };
    let lengths: Option<Vec<usize>> = asked.as_array()?.iter().map(length).collect();
    lengths.filter(|lengths| !lengths.is_empty())
}

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Path(voice): Path<String>,
    opening: Opening,
) -> Response {
    let Opening {
        call,
        headers,
        upgrade,
    } = opening;
    let query = |name: &str| call.query(name).map(str::to_owned);
    let (model, output) = (query("model_id").unwrap_or_default(), query("output_format"));
    let language = query("language_code");
    let auto = query("auto_mode").as_deref() == Some("true");
    let idle = query("inactivity_timeout")
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_u64)
        .min(180);
    let (entry, fault, wants_key) = match desk.open(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let body = json!({"model_id": model, "language_code": language});
    if let Err(refusal) = super::speech::check(&voice, &body) {
        return refusal;
    }
    let Some(format) = format(output.as_deref()).filter(|format| format.fits_sockets()) else {
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
            patience: manners.patience.unwrap_or(Duration::from_secs(idle)),
            auto,
            strange: manners.strange,
            sounding: Sounding::new(manners, format),
            buffer: String::new(),
            generations: 0,
        };
        let _ = talk.run(wants_key, model.starts_with("eleven_v")).await;
    })
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    patience: Duration,
    auto: bool,
    strange: bool,
    sounding: Sounding,
    buffer: String,
    generations: usize,
}

impl Talk {
    async fn run(&mut self, wants_key: bool, too_new: bool) -> Result<(), Gone> {
        let Some(first) = self.message().await? else {
            return Ok(());
        };
        if wants_key && !has_key(&first) {
            return self.fail("invalid_api_key", "Invalid API key").await;
        }
        if too_new {
            return self
                .fail("model_not_found", "This model cannot be used over this socket")
                .await;
        }
        let locators = &first["pronunciation_dictionary_locators"];
        let wrong = if first["text"] != " " {
            Some("The first message must have a single space as its text")
        } else if super::speech::dictionaries(locators) {
            None
        } else {
            Some("pronunciation_dictionary_locators: at most three, each with an id")
        };
        let schedule = match (wrong, schedule(&first)) {
            (None, Some(schedule)) => schedule,
            (wrong, _) => {
                let said = wrong.unwrap_or("chunk_length_schedule: numbers from 50 to 500");
                return self.fail("invalid_message", said).await;
            }
        };
        self.sounding.respelt = locators.is_array();
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
            let waiting = self.buffer.chars().count();
            let enough = waiting >= schedule[self.generations.min(schedule.len() - 1)]
                || (waiting >= LEAST && message["try_trigger_generation"] == true);
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
        for mut message in self.sounding.messages(&text) {
            if self.strange {
                estrange(&mut message);
            }
            self.outbox.text(message.to_string()).await?;
        }
        Ok(())
    }
}
