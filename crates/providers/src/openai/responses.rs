//! What is asked of a language model in `POST responses`.

use libretto_voice::{ChatRequest, Message, Role};
use serde_json::{Map, Value, json};

use super::OpenAi;
use super::request::{parameters, written};

/// The least that `max_output_tokens` may be.
const LEAST: u32 = 16;

pub(super) fn body(account: &OpenAi, model: &str, request: &ChatRequest) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("stream".into(), true.into());
    // Nothing that was said is left with the service.
    body.insert("store".into(), false.into());
    let first = request
        .messages
        .iter()
        .take_while(|message| message.role == Role::System)
        .count();
    let instructions: Vec<&str> = request.messages[..first]
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    if !instructions.is_empty() {
        body.insert("instructions".into(), instructions.join("\n\n").into());
    }
    let items = request.messages[first..].iter();
    body.insert(
        "input".into(),
        items.flat_map(|message| items_of(message, account)).collect(),
    );
    if let Some(limit) = request.max_tokens {
        body.insert("max_output_tokens".into(), limit.max(LEAST).into());
    }
    if let Some(temperature) = request.temperature {
        body.insert("temperature".into(), written(temperature));
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            // Strict schemas have rules of their own, which not every tool's keeps to.
            json!({"type": "function", "name": tool.name, "description": tool.description,
                "parameters": parameters(tool), "strict": false})
        });
        body.insert("tools".into(), tools.collect());
    }
    if let Some(effort) = account.effort(model) {
        body.insert("reasoning".into(), json!({ "effort": effort }));
    }
    body.extend(account.extra(model));
    Value::Object(body)
}

/// The items that stand for a message: words and calls are items of their own.
fn items_of(message: &Message, account: &OpenAi) -> Vec<Value> {
    let said = |role: &str| json!({"type": "message", "role": role, "content": message.text});
    match message.role {
        Role::System => vec![said(account.preset.instructions)],
        Role::User => vec![said("user")],
        Role::Tool => {
            vec![json!({"type": "function_call_output", "call_id": message.answers, "output": message.text})]
        }
        Role::Assistant => {
            let calls = message.calls.iter().map(|call| {
                json!({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments})
            });
            let words = Some(said("assistant")).filter(|_| !message.text.is_empty());
            words.into_iter().chain(calls).collect()
        }
    }
}
