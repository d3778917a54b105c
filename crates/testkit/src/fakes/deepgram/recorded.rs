//! Nova for whole recordings.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::{body, script::Call, speech};
use super::{Desk, alternative, check, errors, identified};

/// Largest upload that the fake takes.
const MOST: usize = 64 << 20;

pub(super) async fn transcribe(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let call = Call::of("POST", &parts.uri, Value::Null);
    let checked = check(&call, false);
    let (entry, fault) = match desk.begin(call, &parts.headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if let Err(said) = checked {
        return errors::refuse(400, "INVALID_QUERY_PARAMETER", said);
    }
    let kind = parts
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("audio/")) {
        return errors::refuse(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "The content type is not supported.",
        );
    }
    let Some(seconds) = speech::wav_seconds(&bytes).filter(|seconds| *seconds > 0.0) else {
        return errors::refuse(400, "PAYLOAD_ERROR", "The payload cannot be decoded.");
    };
    let hears = desk.manners().hears.clone();
    let words: Vec<&str> = hears.split_whitespace().collect();
    let answer = json!({
        "metadata": {"request_id": super::REQUEST, "duration": seconds, "channels": 1},
        "results": {"channels": [{"alternatives": [alternative(&words, 0.0, seconds)], "detected_language": "en"}]},
    });
    let pieces = vec![answer.to_string().into()];
    let mut response = body::answer(entry, fault.as_ref(), "application/json", pieces);
    response.headers_mut().extend(identified());
    response
}
