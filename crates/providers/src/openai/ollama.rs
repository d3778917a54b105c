//! Ollama's own interface: answers as a JSON object a line, and what it has.

use libretto_voice::chat::FinishReason;
use libretto_voice::{ChatEvent, ChatRequest, Message, Role};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::OpenAi;
use super::calls::{Arguments, Calls, News};
use super::chat::Reading;
use super::completion::{Broken, event};
use super::request::{parameters, written};
use super::thinking::Thinking;
use crate::service::Service;

/// How long a model stays in memory after an answer: people pause longer than the five minutes that it takes by itself.
const KEPT: &str = "30m";

/// An address of its own interface, from the one of any: with `/v1` behind it, with `/api`, or with nothing.
pub(super) fn url(service: &Service, what: &str) -> Url {
    let mut url = service.url(&[], []);
    let parts: Vec<String> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let root = match parts.last().map(String::as_str) {
        Some("v1" | "api") => &parts[..parts.len() - 1],
        _ => &parts[..],
    };
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(root).extend(["api", what]);
    }
    url
}

pub(super) fn body(account: &OpenAi, model: &str, request: &ChatRequest) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("stream".into(), true.into());
    body.insert("keep_alive".into(), KEPT.into());
    // Thinking aloud is not for voices: it is asked for, or left out.
    let think = match account.effort(model) {
        None | Some("none" | "minimal") => Value::Bool(false),
        Some(effort) => effort.into(),
    };
    body.insert("think".into(), think);
    let messages = request.messages.iter();
    body.insert(
        "messages".into(),
        messages.map(|message| wire(message, &request.messages)).collect(),
    );
    let mut options = Map::new();
    if let Some(limit) = request.max_tokens {
        options.insert("num_predict".into(), limit.into());
    }
    if let Some(temperature) = request.temperature {
        options.insert("temperature".into(), written(temperature));
    }
    if let Some(context) = account.settings.context {
        options.insert("num_ctx".into(), context.into());
    }
    if !options.is_empty() {
        body.insert("options".into(), options.into());
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            json!({"type": "function", "function": {
                "name": tool.name, "description": tool.description, "parameters": parameters(tool),
            }})
        });
        body.insert("tools".into(), tools.collect());
    }
    body.extend(account.extra(model));
    Value::Object(body)
}

fn wire(message: &Message, all: &[Message]) -> Value {
    match message.role {
        Role::System => json!({"role": "system", "content": message.text}),
        Role::User => json!({"role": "user", "content": message.text}),
        Role::Tool => {
            // It knows results by the name of their tool.
            let mut calls = all.iter().flat_map(|message| &message.calls);
            let name = calls.find(|call| Some(&call.id) == message.answers.as_ref());
            json!({"role": "tool", "tool_name": name.map(|call| &call.name), "content": message.text})
        }
        Role::Assistant => {
            let mut wire = json!({"role": "assistant", "content": message.text});
            if !message.calls.is_empty() {
                let calls = message.calls.iter().map(|call| {
                    let arguments: Value =
                        serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
                    json!({"id": call.id, "function": {"name": call.name, "arguments": arguments}})
                });
                wire["tool_calls"] = calls.collect();
            }
            wire
        }
    }
}

#[derive(Deserialize)]
struct Line {
    message: Option<Piece>,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<String>,
    thinking: Option<String>,
    tool_calls: Option<Vec<Call>>,
}

#[derive(Deserialize)]
struct Call {
    id: Option<String>,
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    /// An object; text from servers that only look like it.
    arguments: Option<Value>,
}

/// An answer that is being given.
#[derive(Debug)]
pub(super) struct Answer {
    thinking: Thinking,
    calls: Calls<()>,
    reason: Option<FinishReason>,
}

impl Answer {
    /// An answer of this model.
    pub(super) fn of(model: &str) -> Self {
        Self {
            thinking: Thinking::of(model),
            calls: Calls::new(),
            reason: None,
        }
    }

    fn call(&mut self, call: Call) -> Result<(), Broken> {
        let news = News {
            id: call.id,
            name: Some(call.function.name),
            arguments: call
                .function
                .arguments
                .filter(|arguments| !arguments.is_null())
                .map(|arguments| match arguments {
                    Value::String(text) => Arguments::All(text),
                    object => Arguments::All(object.to_string()),
                }),
        };
        self.calls.add((), news)
    }
}

impl Reading for Answer {
    fn push(&mut self, data: &str) -> Result<Vec<ChatEvent>, Broken> {
        if self.is_done() || data.trim().is_empty() {
            return Ok(Vec::new());
        }
        let line: Line = serde_json::from_str(data).map_err(|_| Broken::Garbled)?;
        if line.error.is_some_and(|error| !error.is_null()) {
            return Err(Broken::Error(data.to_owned()));
        }
        let mut events = Vec::new();
        if let Some(piece) = line.message {
            let thought = piece.thinking.filter(|text| !text.is_empty());
            events.extend(thought.map(ChatEvent::Reasoning));
            let said = piece.content.unwrap_or_default();
            events.extend(self.thinking.push(&said).into_iter().map(event));
            for call in piece.tool_calls.unwrap_or_default() {
                self.call(call)?;
            }
        }
        if line.done {
            self.reason = Some(match line.done_reason.as_deref() {
                Some("length") => FinishReason::Length,
                _ => FinishReason::Stop,
            });
        }
        Ok(events)
    }

    fn is_done(&self) -> bool {
        self.reason.is_some()
    }

    fn finish(mut self: Box<Self>) -> Option<Vec<ChatEvent>> {
        let reason = self.reason?;
        let mut events: Vec<ChatEvent> = self.thinking.finish().into_iter().map(event).collect();
        let reason = if self.calls.is_empty() {
            reason
        } else {
            FinishReason::Tools
        };
        events.extend(self.calls.finish(None));
        events.push(ChatEvent::Finished(reason));
        Some(events)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn anything_is_survived(text in "\\PC{0,80}") {
            let _ = Answer::of("m").push(&text);
            let _ = Answer::of("m").push(&json!({"message": {"content": text, "tool_calls": [{"function": text}]}}).to_string());
        }
    }
}
