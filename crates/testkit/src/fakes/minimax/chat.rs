//! `POST /v1/chat/completions`: OpenAI's protocol, with the service's own way to say that something failed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::body;
use super::{Desk, Standing, read, refuse};

const MODELS: &[&str] = &["MiniMax-M2.7", "MiniMax-M2.7-highspeed", "MiniMax-M2.5"];

pub(super) async fn models(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, _) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let data: Vec<Value> = MODELS
        .iter()
        .map(|id| json!({"id": id, "object": "model"}))
        .collect();
    let list = json!({"object": "list", "data": data});
    body::answer(
        entry,
        fault.as_ref(),
        "application/json",
        vec![list.to_string().into()],
    )
}

pub(super) async fn completions(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let model = body["model"].as_str().unwrap_or_default();
    let roles = ["system", "user", "assistant", "tool"];
    let known = |message: &Value| message["role"].as_str().is_some_and(|role| roles.contains(&role));
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    if !MODELS.contains(&model) || messages.is_empty() || !messages.iter().all(known) {
        return refuse(2013);
    }
    let manners = desk.manners().clone();
    if manners.standing == Standing::Empty {
        return refuse(1008);
    }
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            "base_resp": {"status_code": 0, "status_msg": ""}})
    };
    let mut chunks: Vec<Value> = manners
        .deltas
        .iter()
        .map(|text| chunk(json!({"role": "assistant", "content": text}), Value::Null))
        .collect();
    chunks.push(chunk(json!({}), "stop".into()));
    let mut pieces: Vec<Bytes> = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n").into())
        .collect();
    pieces.push("data: [DONE]\n\n".into());
    body::answer(entry, fault.as_ref(), "text/event-stream", pieces)
}
