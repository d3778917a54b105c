//! What is asked of a language model in `POST chat/completions`.

use libretto_voice::chat::Tool;
use libretto_voice::{ChatRequest, Message, Role};
use serde_json::{Map, Value, json};

use super::{OPENROUTER, OpenAi, Preset};

/// The body of a request for an answer.
pub(super) fn body(account: &OpenAi, model: &str, request: &ChatRequest) -> Value {
    let preset = account.preset;
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("stream".into(), true.into());
    let messages = request.messages.iter().map(|message| wire(message, preset));
    body.insert("messages".into(), messages.collect());
    if let Some(limit) = request.max_tokens {
        body.insert(preset.limit.into(), limit.into());
    }
    if let Some(temperature) = request.temperature {
        body.insert("temperature".into(), written(temperature));
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            json!({"type": "function", "function": {
                "name": tool.name, "description": tool.description, "parameters": parameters(tool),
            }})
        });
        body.insert("tools".into(), tools.collect());
    }
    if let Some(effort) = account.effort(model) {
        if is_openrouter(preset) {
            body.insert("reasoning".into(), json!({ "effort": effort }));
        } else {
            body.insert("reasoning_effort".into(), effort.into());
        }
    }
    let settings = &account.settings;
    if !settings.fallbacks.is_empty() {
        let models = std::iter::once(model).chain(settings.fallbacks.iter().map(String::as_str));
        body.insert("models".into(), models.map(Value::from).collect());
    }
    if !settings.routing.is_empty() {
        body.insert("provider".into(), settings.routing.clone().into());
    }
    body.extend(account.extra(model));
    Value::Object(body)
}

/// As it was written: the nearest double of 0.7 is not a number that people send.
pub(super) fn written(number: f32) -> Value {
    number
        .to_string()
        .parse::<f64>()
        .unwrap_or(f64::from(number))
        .into()
}

/// The schema of a tool's arguments.
pub(super) fn parameters(tool: &Tool) -> Value {
    serde_json::from_str(&tool.parameters).unwrap_or_else(|_| json!({"type": "object"}))
}

/// Whose fields the others do not know.
fn is_openrouter(preset: &Preset) -> bool {
    preset.entry.name == OPENROUTER.entry.name
}

fn wire(message: &Message, preset: &Preset) -> Value {
    match message.role {
        Role::System => json!({"role": preset.instructions, "content": message.text}),
        Role::User => json!({"role": "user", "content": message.text}),
        Role::Tool => json!({"role": "tool", "tool_call_id": message.answers, "content": message.text}),
        Role::Assistant if message.calls.is_empty() => json!({"role": "assistant", "content": message.text}),
        Role::Assistant => {
            let calls = message.calls.iter().map(|call| {
                json!({"id": call.id, "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments}})
            });
            let content = Some(&message.text).filter(|text| !text.is_empty());
            let mut wire =
                json!({"role": "assistant", "content": content, "tool_calls": calls.collect::<Vec<_>>()});
            let mut thoughts = message.calls.iter().filter_map(|call| call.thoughts.as_deref());
            if let Some(thoughts) = thoughts.next().filter(|_| is_openrouter(preset)) {
                wire["reasoning_details"] = serde_json::from_str(thoughts).unwrap_or_default();
            }
            wire
        }
    }
}
