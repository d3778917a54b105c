//! Refusals in the service's own words, which have three shapes.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{REQUEST, identified};

/// The usual shape, with its text in a header too.
pub(super) fn refuse(status: u16, code: &str, said: &str) -> Response {
    let body = json!({"err_code": code, "err_msg": said, "request_id": REQUEST});
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, headers(said), axum::Json(body)).into_response()
}

fn headers(said: &str) -> HeaderMap {
    let mut headers = identified();
    if let Ok(said) = HeaderValue::from_str(said) {
        headers.insert(HeaderName::from_static("dg-error"), said);
    }
    headers
}

/// The body that belongs to a status. Each shape has its turn.
pub(super) fn own_words(status: u16) -> (HeaderMap, String) {
    let said = format!("Refused with {status}.");
    let legacy = |code: &str| json!({"err_code": code, "err_msg": said, "request_id": REQUEST}).to_string();
    let body = match status {
        400 => json!({"category": "INVALID_QUERY_PARAMETER", "message": said, "details": "", "request_id": REQUEST})
            .to_string(),
        401 => legacy("INVALID_AUTH"),
        402 => legacy("ASR_PAYMENT_REQUIRED"),
        403 => legacy("INSUFFICIENT_PERMISSIONS"),
        413 => legacy("PAYLOAD_TOO_LARGE"),
        429 => legacy("TOO_MANY_REQUESTS"),
        503 => json!({"error_code": "overloaded", "err_msg": said}).to_string(),
        _ => said.clone(),
    };
    (headers(&said), body)
}
