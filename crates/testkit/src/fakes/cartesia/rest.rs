//! Sonic as events, Ink for files, tokens.

use std::sync::Arc;

use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{body, form, script::Call, speech};
use super::sonic::{check, outputs};
use super::{Desk, REQUEST, TOKEN, identified, refuse};

/// Longest body.
const MOST: usize = 1 << 20;

pub(super) async fn events(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let asked: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let call = Call::of("POST", &parts.uri, asked.clone());
    let (entry, fault) = match desk.begin(call, &parts.headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let rate = match check(&asked) {
        Ok(rate) => rate,
        Err((status, code, said)) => return refuse(status, code, said),
    };
    let manners = desk.manners().clone();
    let spoken = speech::speak(asked["transcript"].as_str().unwrap_or_default()).at(rate);
    let phonemes = asked["add_phoneme_timestamps"] == true;
    let mut messages = outputs(&manners, &spoken, 0.0, phonemes);
    if asked["add_timestamps"] != true {
        messages.retain(|message| message["type"] != "timestamps");
    }
    messages.push(json!({"type": "done", "done": true, "status_code": 206}));
    let event = |message: &Value| {
        let name = message["type"].as_str().unwrap_or_default();
        Bytes::from(format!("event: {name}\ndata: {message}\n\n"))
    };
    let pieces = messages.iter().map(event).collect();
    let mut response = body::answer(entry, fault.as_ref(), "text/event-stream", pieces);
    response.headers_mut().extend(identified());
    response
}

pub(super) async fn transcribe(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let read = match Multipart::from_request(request, &()).await {
        Ok(read) => form::read(read).await,
        Err(_) => None,
    };
    let Some((fields, file)) = read else {
        return refuse(400, None, "file is required.");
    };
    let (entry, fault) = match desk.begin(Call::of("POST", &uri, json!(fields)), &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let field = |name: &str| fields.get(name).and_then(|values| values.first());
    let known = ["ink-whisper", "ink-whisper-2025-06-04"];
    if !field("model").is_some_and(|model| known.contains(&model.as_str())) {
        return refuse(404, Some("model_not_found"), "Model not found.");
    }
    let Some(seconds) = speech::wav_seconds(&file).filter(|seconds| *seconds > 0.0) else {
        return refuse(
            400,
            Some("unsupported_audio_format"),
            "The file cannot be decoded.",
        );
    };
    let hears = desk.manners().hears.clone();
    let mut answer = json!({"type": "transcript", "request_id": REQUEST, "text": hears, "language": "en",
        "duration": seconds, "is_final": true});
    if field("timestamp_granularities[]").is_some_and(|what| what == "word") {
        let count = hears.split_whitespace().count().max(1) as f64;
        let word = |(n, word): (usize, &str)| {
            let time = |n: usize| seconds * n as f64 / count;
            json!({"word": word, "start": time(n), "end": time(n + 1)})
        };
        let words: Vec<Value> = hears.split_whitespace().enumerate().map(word).collect();
        answer["words"] = words.into();
    }
    let pieces = vec![answer.to_string().into()];
    let mut response = body::answer(entry, fault.as_ref(), "application/json", pieces);
    response.headers_mut().extend(identified());
    response
}

pub(super) async fn token(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let asked: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let seconds = asked["expires_in"].as_u64().unwrap_or(60);
    let (entry, fault) = match desk
        .begin(Call::of("POST", &parts.uri, asked), &parts.headers)
        .await
    {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if seconds > 3_600 {
        return refuse(400, None, "expires_in must be at most 3600.");
    }
    let pieces = vec![json!({ "token": TOKEN }).to_string().into()];
    let mut response = body::answer(entry, fault.as_ref(), "application/json", pieces);
    response.headers_mut().extend(identified());
    response
}
