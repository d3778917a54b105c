//! Ollama's own interface: `POST /api/chat`, a JSON object a line; what it has, and whether it is there.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::body;
use super::chat::{MODELS, calls, read};
use super::{Desk, Manners};

fn refuse(status: StatusCode, said: &str) -> Response {
    (status, Json(json!({ "error": said }))).into_response()
}

pub(super) async fn version() -> Response {
    Json(json!({"version": "0.12.3"})).into_response()
}

pub(super) async fn tags(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, _, _) = read(request).await;
    let (entry, fault) = desk.script.begin(call);
    if let Some(refusal) = body::refusal(fault.as_ref(), own_words).await {
        return refusal;
    }
    let model = |name: &str, abilities: &[&str]| {
        json!({"name": name, "model": name, "size": 5_200_000_000_u64, "digest": "0", "details": {},
            "capabilities": abilities})
    };
    let list = json!({"models": [model("qwen3:8b", &["completion", "tools", "thinking"]),
        model("nomic-embed-text:latest", &["embedding"]), {"name": "old:1b", "model": "old:1b"}]});
    body::answer(
        entry,
        fault.as_ref(),
        "application/json",
        vec![list.to_string().into()],
    )
}

fn own_words(status: u16) -> (HeaderMap, String) {
    (
        HeaderMap::new(),
        json!({"error": format!("Refused with {status}.")}).to_string(),
    )
}

pub(super) async fn chat(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, _, body) = read(request).await;
    let (entry, fault) = desk.script.begin(call);
    if let Some(refusal) = body::refusal(fault.as_ref(), own_words).await {
        return refusal;
    }
    let model = body["model"].as_str().unwrap_or_default();
    if !MODELS.contains(&model) {
        return refuse(StatusCode::NOT_FOUND, &format!("model '{model}' not found"));
    }
    for message in body["messages"].as_array().into_iter().flatten() {
        let calls = message["tool_calls"].as_array().map_or(&[][..], Vec::as_slice);
        let objects = calls.iter().all(|call| call["function"]["arguments"].is_object());
        let named = message["role"] != "tool" || message["tool_name"].is_string();
        if !message["content"].is_string() || !objects || !named {
            return refuse(StatusCode::BAD_REQUEST, "json: cannot unmarshal");
        }
    }
    if body["think"] == true && model.starts_with("gpt") {
        return refuse(StatusCode::BAD_REQUEST, "\"gpt\" does not support thinking");
    }
    let manners = desk.manners().clone();
    body::answer(
        entry,
        fault.as_ref(),
        "application/x-ndjson",
        lines(model, &manners),
    )
}

fn lines(model: &str, manners: &Manners) -> Vec<Bytes> {
    let line = |message: Value| json!({"model": model, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": false});
    let mut lines: Vec<Value> = Vec::new();
    for delta in &manners.deltas {
        if let Some(thought) = delta["reasoning"].as_str() {
            lines.push(line(
                json!({"role": "assistant", "content": "", "thinking": thought}),
            ));
        }
        if let Some(text) = delta["content"].as_str() {
            lines.push(line(json!({"role": "assistant", "content": text})));
        }
    }
    let calls: Vec<Value> = calls(manners)
        .iter()
        .map(|call| {
            let arguments: Value =
                serde_json::from_str(call["arguments"].as_str().unwrap_or_default()).unwrap_or_default();
            json!({"id": call["id"], "function": {"index": 0, "name": call["name"], "arguments": arguments}})
        })
        .collect();
    if !calls.is_empty() {
        lines.push(line(
            json!({"role": "assistant", "content": "", "tool_calls": calls}),
        ));
    }
    if let Some(finish) = manners.finish {
        let mut last = line(json!({"role": "assistant", "content": ""}));
        last["done"] = true.into();
        last["done_reason"] = if finish == "length" { "length" } else { "stop" }.into();
        last["eval_count"] = 4.into();
        lines.push(last);
    }
    let pieces: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    body::cut(pieces, manners.cut)
}
