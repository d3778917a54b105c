//! What there is: models, voices, the state of a key and of a server, and keys for clients.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::body;
use super::chat::{MODELS, read};
use super::{Desk, Flavour, KEY, Oddity, call, errors};

/// Models that speak and that transcribe, as OpenRouter tells them apart.
const SPEAKING: &[&str] = &["openai/gpt-4o-mini-tts-2025-12-15", "x-ai/grok-voice"];
const TRANSCRIBING: &[&str] = &["openai/whisper-1"];

pub(super) async fn models(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let call = call(&request, Value::Null);
    let gives = call.query("output_modalities").map(str::to_owned);
    let (entry, fault) = desk.script.begin(call);
    let own_words = |status| errors::own_words(desk.flavour, status);
    if let Some(refusal) = body::refusal(fault.as_ref(), own_words).await {
        return refusal;
    }
    // One of them shows its list to everybody.
    if desk.flavour != Flavour::OpenRouter
        && let Err(refusal) = desk.authorised(request.headers(), KEY)
    {
        return refusal;
    }
    if desk.manners().oddity == Some(Oddity::Loading) {
        return loading();
    }
    let ids = match gives.as_deref().filter(|_| desk.flavour == Flavour::OpenRouter) {
        Some("speech") => SPEAKING,
        Some("transcription") => TRANSCRIBING,
        _ => MODELS,
    };
    let owner = if desk.flavour == Flavour::LlamaCpp {
        "llamacpp"
    } else {
        "org"
    };
    let model = |id: &&str| json!({"id": id, "object": "model", "created": 1_750_000_000, "owned_by": owner});
    let list = json!({"object": "list", "data": ids.iter().map(model).collect::<Vec<_>>()});
    body::answer(
        entry,
        fault.as_ref(),
        "application/json",
        vec![list.to_string().into()],
    )
}

/// OpenRouter's.
pub(super) async fn key(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let begun = desk.begin(call(&request, Value::Null), request.headers()).await;
    if let Err(refusal) = begun {
        return refusal;
    }
    let left = if desk.manners().empty { 0.0 } else { 7.5 };
    let data = json!({"label": "sk-or-v1-…", "limit": 10, "limit_remaining": left, "usage": 2.5, "is_free_tier": false});
    Json(json!({ "data": data })).into_response()
}

/// llama.cpp's, which needs no key.
pub(super) async fn health(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let _ = desk.script.begin(call(&request, Value::Null));
    if desk.manners().oddity == Some(Oddity::Loading) {
        return loading();
    }
    Json(json!({"status": "ok"})).into_response()
}

/// Its codes are numbers.
fn loading() -> Response {
    let error = json!({"code": 503, "message": "Loading model", "type": "unavailable_error"});
    errors::plain(503, &json!({ "error": error }))
}

/// LM Studio's, which tells models that answer from others.
pub(super) async fn studio(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    if let Err(refusal) = desk.begin(call(&request, Value::Null), request.headers()).await {
        return refusal;
    }
    if desk.flavour != Flavour::LmStudio {
        return errors::unknown_route(request).await;
    }
    let model = |kind: &str, key: &str, name: &str| json!({"type": kind, "key": key, "display_name": name, "loaded_instances": [], "capabilities": {}});
    Json(
        json!({"models": [model("llm", "qwen3:8b", "Qwen3 8B"), model("vlm", "gemma-3-4b", "Gemma 3 4B"),
        model("embedding", "nomic-embed-text", "Nomic Embed")]}),
    )
    .into_response()
}

/// xAI's.
pub(super) async fn voices(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    if let Err(refusal) = desk.begin(call(&request, Value::Null), request.headers()).await {
        return refusal;
    }
    let voices = desk.manners().voices.clone();
    match voices {
        Some(voices) => Json(voices).into_response(),
        None => errors::unknown_route(request).await,
    }
}

/// The key that a client is given. It opens realtime sessions, and nothing else.
pub(super) const SECRET: &str = "ek_fake_0123456789";

pub(super) async fn secret(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let expires = &body["expires_after"];
    let lives = expires["seconds"]
        .as_u64()
        .filter(|seconds| (10..=7_200).contains(seconds));
    let (Some(lives), "created_at", Some("transcription" | "realtime")) = (
        lives,
        expires["anchor"].as_str().unwrap_or_default(),
        body["session"]["type"].as_str(),
    ) else {
        return errors::refuse(
            400,
            "Invalid value.",
            "invalid_request_error",
            Some("invalid_value"),
        );
    };
    let answer = json!({"value": SECRET, "expires_at": 1_750_000_000 + lives, "session": body["session"]});
    let pieces = vec![answer.to_string().into()];
    body::answer(entry, fault.as_ref(), "application/json", pieces)
}
