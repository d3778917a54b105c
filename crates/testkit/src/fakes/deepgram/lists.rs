//! Models, and the test of a key.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::{body, script::Call};
use super::{Desk, EARS, VOICES, identified};

pub(super) async fn token(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    give(
        &desk,
        &uri,
        &headers,
        &json!({"api_key_id": "k", "scopes": ["usage:write"]}),
    )
    .await
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
