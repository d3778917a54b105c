//! `POST /v1/chat/completions`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::body;
use super::super::script::Call;
use super::{Desk, Flavour, Manners, errors};

/// The models that the fake has.
pub(super) const MODELS: &[&str] = &[
    "gpt-5.4-mini",
    "gpt-4o-mini",
    "deepseek-r1:8b",
    "llama-3.3-70b-versatile",
    "qwen3:8b",
    "x-ai/grok-4.1-fast",
    "grok-4.1-fast",
    "gpt-oss-20b",
];
/// What OpenRouter can be told of those it passes calls on to.
const ROUTING: &[&str] = &[
    "order",
    "allow_fallbacks",
    "require_parameters",
    "data_collection",
    "zdr",
    "only",
    "ignore",
    "quantizations",
    "sort",
    "preferred_min_throughput",
    "preferred_max_latency",
    "max_price",
];
/// Longest body.
const MOST: usize = 4 << 20;

/// The head of a request, and its JSON.
pub(super) async fn read(request: Request) -> (Call, HeaderMap, Value) {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let call = Call::of(parts.method.as_str(), &parts.uri, body.clone());
    (call, parts.headers, body)
}

/// The calls that the deltas of an answer make, whole: `id`, `name`, `arguments`.
pub(super) fn calls(manners: &Manners) -> Vec<Value> {
    let mut calls: Vec<Value> = Vec::new();
    let fragments = manners
        .deltas
        .iter()
        .filter_map(|delta| delta["tool_calls"].as_array());
    for fragment in fragments.flatten() {
        let at = fragment["index"].as_u64().unwrap_or(0) as usize;
        if calls.len() <= at {
            calls.resize(at + 1, json!({"arguments": ""}));
        }
        if fragment["id"].is_string() {
            calls[at]["id"] = fragment["id"].clone();
            calls[at]["name"] = fragment["function"]["name"].clone();
        }
        let more = fragment["function"]["arguments"].as_str().unwrap_or_default();
        calls[at]["arguments"] =
            (calls[at]["arguments"].as_str().unwrap_or_default().to_owned() + more).into();
    }
    calls
}

pub(super) async fn completions(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if let Err(said) = check(desk.flavour, &body) {
        return errors::refuse(400, &said, "invalid_request_error", Some("invalid_value"));
    }
    let model = body["model"].as_str().unwrap_or_default();
    if !MODELS.contains(&model) {
        let said = format!("The model `{model}` does not exist or you do not have access to it.");
        return errors::refuse(404, &said, "invalid_request_error", Some("model_not_found"));
    }
    if let Some(refusal) = desk.empty() {
        return refusal;
    }
    let manners = desk.manners().clone();
    let (kind, pieces) = if body["stream"] == true {
        ("text/event-stream", stream(desk.flavour, model, &body, &manners))
    } else {
        ("application/json", vec![whole(model, &manners)])
    };
    let mut response = body::answer(entry, fault.as_ref(), kind, pieces);
    response.headers_mut().extend(errors::identified());
    response
}

/// What the service would refuse.
fn check(flavour: Flavour, body: &Value) -> Result<(), String> {
    if !body["model"].is_string() {
        return Err("you must provide a model parameter".into());
    }
    let messages = body["messages"]
        .as_array()
        .filter(|messages| !messages.is_empty());
    let messages = messages.ok_or("'messages' is a required property")?;
    let mut asked: Vec<&str> = Vec::new();
    for message in messages {
        match message["role"].as_str() {
            Some("system" | "user") => asked.clear(),
            Some("developer") if flavour == Flavour::OpenAi => asked.clear(),
            Some("assistant") => {
                // What goes back of its thinking, one of them knows.
                if message.get("reasoning_details").is_some() && flavour != Flavour::OpenRouter {
                    return Err("Unrecognized key(s) in object: 'reasoning_details'".into());
                }
                let calls = message["tool_calls"].as_array().map_or(&[][..], Vec::as_slice);
                asked = calls.iter().filter_map(|call| call["id"].as_str()).collect();
                if calls
                    .iter()
                    .any(|call| !call["function"]["arguments"].is_string())
                {
                    return Err(
                        "Invalid type for 'tool_calls[0].function.arguments': expected a string".into(),
                    );
                }
            }
            Some("tool") => {
                let id = message["tool_call_id"].as_str().unwrap_or_default();
                if !asked.contains(&id) {
                    return Err("messages with role 'tool' must be a response to a preceding message with 'tool_calls'.".into());
                }
            }
            role => return Err(format!("Invalid value: {role:?}")),
        }
    }
    let limit = match flavour {
        Flavour::OpenAi => "max_tokens",
        flavour if flavour.is_local() => "max_completion_tokens",
        _ => "",
    };
    let template = match flavour {
        Flavour::LlamaCpp => "",
        _ => "chat_template_kwargs",
    };
    for forbidden in [limit, template] {
        if body.get(forbidden).is_some() {
            return Err(format!(
                "Unsupported parameter: '{forbidden}' is not supported with this model."
            ));
        }
    }
    if let Some(routing) = body.get("provider") {
        let known = |routing: &Value| {
            let mut names = routing.as_object()?.keys();
            Some(names.all(|name| ROUTING.contains(&name.as_str())))
        };
        if flavour != Flavour::OpenRouter || known(routing) != Some(true) {
            return Err("Unrecognized key(s) in object: 'provider'".into());
        }
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        let name = tool["function"]["name"].as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if tool["type"] != "function" || name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err("Invalid 'tools[0].function.name'".into());
        }
    }
    Ok(())
}

fn stream(flavour: Flavour, model: &str, body: &Value, manners: &Manners) -> Vec<Bytes> {
    let chunk = |choices: Value, usage: Value| {
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices,
            "usage": usage, "system_fingerprint": "fp_fake"})
    };
    let choice = |delta: &Value, finish: Value| {
        chunk(
            json!([{"index": 0, "delta": delta, "finish_reason": finish}]),
            Value::Null,
        )
    };
    let mut events = vec![choice(&json!({"role": "assistant", "content": ""}), Value::Null)];
    let quiet = body["chat_template_kwargs"]["enable_thinking"] == false;
    let deltas = manners.deltas.iter();
    let deltas = deltas.filter(|delta| !quiet || delta.get("reasoning_content").is_none());
    events.extend(deltas.map(|delta| choice(delta, Value::Null)));
    if let Some(finish) = manners.finish {
        events.push(choice(&json!({}), finish.into()));
    }
    if flavour == Flavour::OpenRouter || body["stream_options"]["include_usage"] == true {
        let usage = json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12});
        events.push(chunk(json!([]), usage));
    }
    let mut pieces: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    match flavour {
        Flavour::OpenRouter => pieces.insert(0, ": OPENROUTER PROCESSING\n\n".repeat(3)),
        // Its pings, anywhere.
        Flavour::LlamaCpp => pieces = pieces.into_iter().map(|piece| format!(":\n\n{piece}")).collect(),
        _ => {}
    }
    if manners.done {
        pieces.push("data: [DONE]\n\n".into());
    }
    if manners.crlf {
        for piece in &mut pieces {
            *piece = piece.replace('\n', "\r\n");
        }
    }
    body::cut(pieces, manners.cut)
}

fn whole(model: &str, manners: &Manners) -> Bytes {
    let said: String = manners
        .deltas
        .iter()
        .filter_map(|delta| delta["content"].as_str())
        .collect();
    let message = json!({"role": "assistant", "content": said, "refusal": null});
    let whole = json!({"id": "c1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": manners.finish}]});
    whole.to_string().into()
}
