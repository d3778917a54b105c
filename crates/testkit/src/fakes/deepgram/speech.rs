//! Aura over HTTP.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use libretto_voice::SampleRate;
use serde_json::Value;

use super::super::{body, script::Call, speech};
use super::{Desk, VOICES, errors, identified};

/// Longest body, and most characters.
const MOST: usize = 2 << 20;
const CHARACTERS: usize = 2_000;
/// Samples never come in even pieces.
const ODD: usize = 1_001;

pub(super) async fn speak(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let call = Call::of("POST", &parts.uri, body.clone());
    let checked = check(&call);
    let bare = call.query("container") == Some("none");
    let (entry, fault) = match desk.begin(call, &parts.headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let rate = match checked {
        Ok(rate) => rate,
        Err(said) => return errors::refuse(400, "INVALID_QUERY_PARAMETER", said),
    };
    let text = body["text"].as_str().unwrap_or_default();
    if !text.chars().any(char::is_alphanumeric) {
        return errors::refuse(400, "PAYLOAD_ERROR", "Input text contains no characters.");
    }
    if text.chars().count() > CHARACTERS {
        return errors::refuse(
            413,
            "PAYLOAD_TOO_LARGE",
            "Input text exceeds maximum character limit of 2000.",
        );
    }
    let audio = speech::speak(text).at(rate).audio;
    let (kind, bytes) = if bare {
        ("audio/l16;rate=24000", audio.to_pcm16())
    } else {
        ("audio/wav", speech::wav(&audio))
    };
    let pieces = bytes.chunks(ODD).map(Bytes::copy_from_slice).collect();
    let mut response = body::answer(entry, fault.as_ref(), kind, pieces);
    response.headers_mut().extend(identified());
    response
}

/// The rate, or what the service refuses.
pub(super) fn check(call: &Call) -> Result<SampleRate, &'static str> {
    if !VOICES.contains(&call.query("model").unwrap_or("aura-asteria-en")) {
        return Err("No such model/version combination found.");
    }
    if call.query("encoding") != Some("linear16") {
        return Err("This fake speaks linear16 only.");
    }
    let rate = call
        .query("sample_rate")
        .map_or(Some(24_000), |rate| rate.parse().ok());
    let known = rate.filter(|rate| [8_000, 16_000, 24_000, 32_000, 48_000].contains(rate));
    known.and_then(SampleRate::new).ok_or("Unsupported sample rate.")
}
