//! Refusals in the service's own words, which have four shapes.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::identified;

/// The older shape.
pub(super) fn refuse(status: u16, code: &str, said: &str) -> Response {
    plain(status, &json!({"detail": {"status": code, "message": said}}))
}

/// What was invalid, as a list.
pub(super) fn invalid(field: &str, said: &str) -> Response {
    plain(
        422,
        &json!({"detail": [{"loc": ["body", field], "msg": said, "type": "value_error"}]}),
    )
}

pub(super) fn plain(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, identified(), axum::Json(body.clone())).into_response()
}

/// The body that belongs to a status. The newer shape and the older one take turns.
pub(super) fn own_words(status: u16) -> (HeaderMap, String) {
    let said = format!("Refused with {status}.");
    let newer = |kind: &str, code: &str| {
        json!({"detail": {"type": kind, "code": code, "message": said, "status": code,
            "request_id": "req_fake_eleven", "param": null}})
    };
    let older = |code: &str| json!({"detail": {"status": code, "message": said}});
    let body = match status {
        400 => older("max_character_limit_exceeded"),
        401 => newer("authentication_error", "invalid_api_key"),
        402 => newer("payment_required", "paid_plan_required"),
        403 => older("only_for_creator+"),
        404 => older("voice_not_found"),
        422 => json!({"detail": [{"loc": ["body", "text"], "msg": "Field required", "type": "missing"}]}),
        429 => older("too_many_concurrent_requests"),
        _ => json!({ "detail": said }),
    };
    (identified(), body.to_string())
}
