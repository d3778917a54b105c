//! The `multi-stream-input` socket: up to five replies at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Message;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::coding::{Format, format};
use super::sounding::Sounding;
use super::stream::schedule;
use super::{Desk, Manners, errors, estrange, has_key, identified};

/// Most contexts at once.
const MOST: usize = 5;
/// How long it thinks before it speaks: a context that is closed in this time has said nothing.
const THINKS: Duration = Duration::from_millis(5);
/// Nothing is to be done so soon.
const NEVER: Duration = Duration::from_hours(1);

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
    let body =
        json!({"model_id": query("model_id").unwrap_or_default(), "language_code": query("language_code")});
    let (output, auto) = (
        query("output_format"),
        query("auto_mode").as_deref() == Some("true"),
    );
    let idle = query("inactivity_timeout").and_then(|s| s.parse().ok());
    let (entry, fault, wants_key) = match desk.open(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if let Err(refusal) = super::speech::check(&voice, &body) {
        return refusal;
    }
    let late = body["model_id"]
        .as_str()
        .is_some_and(|model| model.starts_with("eleven_v"));
    let format = format(output.as_deref()).filter(|format| format.fits_sockets() && !late);
    let Some(format) = format else {
        return errors::refuse(
            400,
            "invalid_parameters",
            "This fake's socket speaks neither this format nor dialogue.",
        );
    };
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut talk = Talk {
            outbox,
            entry,
            auto,
            wants_key,
            format,
            patience: manners
                .patience
                .unwrap_or(Duration::from_secs(idle.unwrap_or(20_u64).min(180))),
            manners,
            contexts: BTreeMap::new(),
        };
        let _ = talk.run().await;
    })
}

struct Context {
    settings: Value,
    schedule: Vec<usize>,
    sounding: Sounding,
    /// How often it began to speak.
    generations: usize,
    /// Text that has not been flushed, and text that has, with the time when it is spoken.
    waiting: String,
    flushed: Vec<(Instant, String)>,
    idle: Instant,
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    auto: bool,
    /// A context's first message must have the key.
    wants_key: bool,
    format: Format,
    patience: Duration,
    manners: Manners,
    contexts: BTreeMap<String, Context>,
}

impl Talk {
    async fn run(&mut self) -> Result<(), Gone> {
        loop {
            let wakes = self.contexts.values();
            let wakes = wakes.filter_map(|c| {
                c.flushed
                    .iter()
                    .map(|(at, _)| *at)
                    .chain([c.idle + self.patience])
                    .min()
            });
            let next = wakes.min().unwrap_or_else(|| Instant::now() + NEVER);
            let message = tokio::select! {
                biased;
                message = self.outbox.recv() => message,
                () = sleep_until(next) => {
                    self.wake().await?;
                    continue;
                }
            };
            match message {
                Some(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                    self.entry.message(message.clone());
                    if self.take(&message).await? {
                        return Ok(());
                    }
                }
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// True when the socket is closed.
    async fn take(&mut self, message: &Value) -> Result<bool, Gone> {
        if message["close_socket"] == true {
            for name in self.contexts.keys().cloned().collect::<Vec<_>>() {
                self.speak(&name, Instant::now() + THINKS).await?;
                self.over(&name).await?;
            }
            self.outbox.close(1_000, "").await;
            return Ok(true);
        }
        let name = message["context_id"].as_str().unwrap_or("default").to_owned();
        if message["close_context"] == true {
            // What it has not begun to speak is lost, as has been seen.
            self.over(&name).await?;
            return Ok(false);
        }
        if !self.contexts.contains_key(&name) {
            if self.contexts.len() >= MOST {
                let said = "Maximum simultaneous contexts per WebSocket connection exceeded (5). Please close an existing context before opening a new one.";
                return self.fail("too_many_contexts", said).await;
            }
            if self.wants_key && !has_key(message) {
                return self.fail("invalid_api_key", "Invalid API key").await;
            }
            let Some(schedule) = schedule(message) else {
                let said = "chunk_length_schedule: numbers from 50 to 500";
                return self.fail("invalid_message", said).await;
            };
            let mut sounding = Sounding::new(self.manners.clone(), self.format);
            sounding.respelt = message["pronunciation_dictionary_locators"].is_array();
            let context = Context {
                settings: message["voice_settings"].clone(),
                schedule,
                sounding,
                generations: 0,
                waiting: String::new(),
                flushed: Vec::new(),
                idle: Instant::now(),
            };
            self.contexts.insert(name.clone(), context);
        }
        let auto = self.auto;
        let Some(context) = self.contexts.get_mut(&name) else {
            return Ok(false);
        };
        let later = &message["voice_settings"];
        if !later.is_null() && *later != context.settings {
            return self
                .fail("invalid_message", "voice_settings must not change.")
                .await;
        }
        context.idle = Instant::now();
        let text = message["text"].as_str().unwrap_or_default();
        context.waiting.push_str(text);
        let last = context.schedule.len() - 1;
        let enough = context.waiting.chars().count() >= context.schedule[context.generations.min(last)];
        if !context.waiting.trim().is_empty() && (auto || enough || message["flush"] == true) {
            context.generations += 1;
            let text = std::mem::take(&mut context.waiting);
            context.flushed.push((Instant::now() + THINKS, text));
        }
        Ok(false)
    }

    async fn wake(&mut self) -> Result<(), Gone> {
        let now = Instant::now();
        for name in self.contexts.keys().cloned().collect::<Vec<_>>() {
            self.speak(&name, now).await?;
        }
        let idle = |c: &Context| c.idle + self.patience <= now;
        let idle: Vec<String> = self
            .contexts
            .iter()
            .filter(|(_, c)| idle(c))
            .map(|(n, _)| n.clone())
            .collect();
        for name in idle {
            self.over(&name).await?;
        }
        Ok(())
    }

    /// Says what was to be said until now.
    async fn speak(&mut self, name: &str, now: Instant) -> Result<(), Gone> {
        let Some(context) = self.contexts.get_mut(name) else {
            return Ok(());
        };
        let due = context.flushed.iter().take_while(|(at, _)| *at <= now).count();
        let mut messages = Vec::new();
        for (_, text) in context.flushed.drain(..due) {
            messages.extend(context.sounding.messages(&text));
        }
        for message in messages {
            self.tell(name, message).await?;
        }
        Ok(())
    }

    async fn over(&mut self, name: &str) -> Result<(), Gone> {
        if self.contexts.remove(name).is_none() {
            return Ok(());
        }
        if self.manners.forgets_final {
            return Ok(());
        }
        self.tell(name, json!({"isFinal": true})).await?;
        // Late sound of a context that is over.
        self.tell(name, json!({"audio": "AAAA", "isFinal": null, "alignment": null}))
            .await
    }

    async fn tell(&mut self, name: &str, mut message: Value) -> Result<(), Gone> {
        let (context, last) = if self.manners.snake {
            ("context_id", "is_final")
        } else {
            ("contextId", "isFinal")
        };
        message[context] = name.into();
        if self.manners.strange {
            estrange(&mut message);
        }
        if let Some(said) = message
            .as_object_mut()
            .and_then(|fields| fields.remove("isFinal"))
        {
            message[last] = said;
        }
        self.outbox.text(message.to_string()).await
    }

    async fn fail(&mut self, code: &str, said: &str) -> Result<bool, Gone> {
        let error = json!({"message": said, "error": code, "code": 1_008});
        self.outbox.text(error.to_string()).await?;
        let cut: String = said.chars().take(120).collect();
        self.outbox.close(1_008, &cut).await;
        Ok(true)
    }
}
