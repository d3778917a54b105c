//! Transcription of whole files.

use std::sync::Arc;

use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::Response;
use serde_json::json;

use super::super::{body, form, script::Call, speech};
use super::{Desk, errors, identified, scribed};

const MODELS: &[&str] = &["scribe_v1", "scribe_v2", "scribe_v2_medical", "scribe_v3"];

pub(super) async fn transcribe(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let read = match Multipart::from_request(request, &()).await {
        Ok(read) => form::read(read).await,
        Err(_) => None,
    };
    let Some((fields, file)) = read else {
        return errors::invalid("file", "Field required");
    };
    let call = Call::of("POST", &uri, json!(fields));
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let field = |name: &str| {
        fields
            .get(name)
            .and_then(|values| values.first())
            .map(String::as_str)
    };
    if !field("model_id").is_some_and(|model| MODELS.contains(&model)) {
        return errors::refuse(400, "model_not_found", "The model was not found.");
    }
    if field("language_code").is_some_and(|code| !(2..=3).contains(&code.len())) {
        return errors::invalid("language_code", "Unknown language");
    }
    let terms = fields.get("keyterms").map_or(&[][..], Vec::as_slice);
    if terms
        .iter()
        .any(|term| term.len() > 50 || term.contains(['<', '>', '{', '}', '[', ']', '\\']))
    {
        return errors::plain(
            422,
            &json!({"detail": {"type": "validation_error", "code": "invalid_parameters",
            "message": "keyterms: not allowed", "status": "invalid_parameters", "param": "keyterms"}}),
        );
    }
    let seconds = match field("file_format") {
        Some("pcm_s16le_16") => Some(file.len() as f64 / 32_000.0),
        _ => speech::wav_seconds(&file),
    };
    let Some(seconds) = seconds.filter(|seconds| *seconds > 0.0) else {
        return errors::refuse(400, "invalid_parameters", "The file cannot be decoded.");
    };
    let hears = desk.manners().hears.clone();
    let answer = json!({"language_code": "eng", "language_probability": 0.98, "text": hears,
        "words": scribed(&hears, 0.0, seconds), "transcription_id": "tr_1", "audio_duration_secs": seconds});
    let mut response = body::answer(
        entry,
        fault.as_ref(),
        "application/json",
        vec![answer.to_string().into()],
    );
    response.headers_mut().extend(identified());
    response
}
