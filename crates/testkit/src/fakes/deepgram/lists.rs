//! Models, the test of a key, and tokens.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::{body, script::Call};
use super::{Desk, EARS, GRANTED, LIMITED, VOICES, errors, identified};

pub(super) async fn token(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    if desk.manners().stands_in {
        return errors::refuse(404, "NOT_FOUND", "Not found.");
    }
    give(
        &desk,
        &uri,
        &headers,
        &json!({"api_key_id": "k", "scopes": ["usage:write"]}),
    )
    .await
}

pub(super) async fn projects(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let with = headers.get("authorization").and_then(|with| with.to_str().ok());
    if with.is_some_and(|with| with.ends_with(LIMITED) || with.ends_with(GRANTED)) {
        return errors::refuse(
            403,
            "INSUFFICIENT_PERMISSIONS",
            "User does not have sufficient permissions.",
        );
    }
    let list = json!({"projects": [{"project_id": "p", "name": "A project"}]});
    give(&desk, &uri, &headers, &list).await
}

pub(super) async fn models(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let ear = |name: &&str| {
        json!({"name": name, "canonical_name": name, "architecture": "nova", "languages": ["en", "multi"],
            "version": "2025-04-17.21547", "uuid": "40bd3654", "batch": true, "streaming": *name != "nova-2"})
    };
    let voice = |name: &&str| {
        json!({"name": name.split('-').nth(2), "canonical_name": name, "languages": ["en"], "uuid": "bbdd2f58",
            "metadata": {"accent": "American", "tags": ["feminine"], "sample": "http://127.0.0.1/a.wav"}})
    };
    let list = json!({"stt": EARS.iter().map(ear).collect::<Vec<_>>(), "tts": VOICES.iter().map(voice).collect::<Vec<_>>()});
    give(&desk, &uri, &headers, &list).await
}

async fn give(desk: &Desk, uri: &Uri, headers: &HeaderMap, list: &Value) -> Response {
    match desk.begin(Call::of("GET", uri, Value::Null), headers).await {
        Ok((entry, fault)) => {
            let pieces = vec![list.to_string().into()];
            let mut response = body::answer(entry, fault.as_ref(), "application/json", pieces);
            response.headers_mut().extend(identified());
            response
        }
        Err(refusal) => refusal,
    }
}

pub(super) async fn grant(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, 1 << 10).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let seconds = body["ttl_seconds"].as_f64().unwrap_or(30.0);
    let call = Call::of("POST", &parts.uri, body);
    let (entry, fault) = match desk.begin(call, &parts.headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let with = parts
        .headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // Nor does a token grant another.
    if with.ends_with(LIMITED) || with.ends_with(GRANTED) {
        return errors::refuse(403, "FORBIDDEN", "Insufficient permissions.");
    }
    if !(1.0..=3_600.0).contains(&seconds) {
        return errors::refuse(400, "INVALID_QUERY_PARAMETER", "ttl_seconds is out of range.");
    }
    let answer = json!({"access_token": GRANTED, "expires_in": seconds});
    let pieces = vec![answer.to_string().into()];
    let mut response = body::answer(entry, fault.as_ref(), "application/json", pieces);
    response.headers_mut().extend(identified());
    response
}
