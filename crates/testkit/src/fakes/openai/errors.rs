//! Refusals in the service's own words.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::script::Fault;
use super::Flavour;

/// The id that every answer bears.
pub(super) const REQUEST_ID: &str = "req_fake0001";

/// A refusal as the service writes it.
pub(super) fn refuse(status: u16, said: &str, kind: &str, code: Option<&str>) -> Response {
    plain(
        status,
        &json!({"error": {"message": said, "type": kind, "param": null, "code": code}}),
    )
}

/// Any JSON with a status.
pub(super) fn plain(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, identified(), axum::Json(body.clone())).into_response()
}

pub(super) fn identified() -> HeaderMap {
    HeaderMap::from_iter([(
        axum::http::HeaderName::from_static("x-request-id"),
        HeaderValue::from_static(REQUEST_ID),
    )])
}

/// A refusal as xAI writes it.
pub(super) fn xai(status: u16, said: &str) -> Response {
    plain(
        status,
        &json!({"code": "Client specified an invalid argument", "error": said}),
    )
}

/// A refusal as OpenRouter writes it: the code is the status.
pub(super) fn numbered(status: u16, said: &str, kind: &str) -> Value {
    json!({"error": {"code": status, "message": said, "metadata": {"error_type": kind}}})
}

/// The body that belongs to a status.
pub(super) fn own_words(flavour: Flavour, status: u16) -> (HeaderMap, String) {
    let said = format!("Refused with {status}.");
    let body = match flavour {
        Flavour::OpenAi | Flavour::LmStudio => {
            let (kind, code) = match status {
                401 => ("invalid_request_error", "invalid_api_key"),
                402 => ("payment_required", "payment_required"),
                404 => ("invalid_request_error", "model_not_found"),
                429 => ("requests", "rate_limit_exceeded"),
                500.. => ("server_error", "server_error"),
                _ => ("invalid_request_error", "invalid_value"),
            };
            json!({"error": {"message": said, "type": kind, "param": null, "code": code}})
        }
        Flavour::OpenRouter => {
            let kind = match status {
                401 => "authentication",
                402 => "payment_required",
                403 => "permission_denied",
                404 => "not_found",
                408 => "timeout",
                413 => "context_length_exceeded",
                429 => "rate_limit_exceeded",
                502 => "provider_unavailable",
                503 => "provider_overloaded",
                500.. => "server",
                _ => "invalid_request",
            };
            numbered(status, &said, kind)
        }
        Flavour::Xai => json!({"code": "Some code", "error": said}),
        Flavour::Groq => json!({"error": {"message": said, "type": "invalid_request_error"}}),
        Flavour::Ollama | Flavour::LlamaCpp => {
            let kind = match status {
                404 => "not_found_error",
                503 => "unavailable_error",
                500.. => "api_error",
                _ => "invalid_request_error",
            };
            let code = (flavour == Flavour::LlamaCpp).then_some(status);
            json!({"error": {"message": said, "type": kind, "param": null, "code": code}})
        }
    };
    (identified(), body.to_string())
}

pub(super) async fn unknown_route(request: Request) -> Response {
    let said = format!("Invalid URL ({} {})", request.method(), request.uri().path());
    refuse(404, &said, "invalid_request_error", None)
}

/// The refusal of an account without money: a 429 that no waiting helps against.
pub fn no_quota() -> Fault {
    let body = json!({"error": {
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "type": "insufficient_quota", "param": null, "code": "insufficient_quota",
    }});
    Fault::Refusal {
        status: 429,
        headers: vec![("x-request-id", REQUEST_ID.into())],
        body: body.to_string(),
    }
}

/// A 429 that asks to wait.
pub fn wait(header: &'static str, value: &str) -> Fault {
    let (_, body) = own_words(Flavour::OpenAi, 429);
    Fault::Refusal {
        status: 429,
        headers: vec![(header, value.into())],
        body,
    }
}
