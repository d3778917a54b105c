//! Tokens for one use, and the ways into a conversation with an agent.

use std::sync::{Arc, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::script::Call;
use super::{Desk, errors};

/// A token for one use.
#[derive(Debug)]
pub(super) struct Token {
    kind: String,
    text: String,
    since: Instant,
    used: bool,
}

impl Desk {
    /// A new token for one use.
    fn issue(&self, kind: &str) -> String {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("sutkn_{}_{}", tokens.len(), kind.len());
        tokens.push(Token {
            kind: kind.to_owned(),
            text: text.clone(),
            since: Instant::now(),
            used: false,
        });
        text
    }

    /// Uses a token; false where there is none like it that is still good.
    pub(super) fn spend(&self, kind: &str, text: &str) -> bool {
        let life = self.manners().token_life;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let good = |token: &&mut Token| {
            token.kind == kind && token.text == text && !token.used && token.since.elapsed() < life
        };
        tokens
            .iter_mut()
            .find(good)
            .map(|token| token.used = true)
            .is_some()
    }
}

/// Which tokens a path takes.
pub(super) fn kind_for(path: &str) -> Option<&'static str> {
    Some(match path {
        "/v1/speech-to-text" => "batch_scribe",
        "/v1/speech-to-text/realtime" => "realtime_scribe",
        path if path.ends_with("stream-input") => "tts_websocket",
        _ => return None,
    })
}

pub(super) async fn single_use(
    State(desk): State<Arc<Desk>>,
    Path(kind): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = desk.begin(Call::of("POST", &uri, Value::Null), &headers).await {
        return refusal;
    }
    if !["realtime_scribe", "batch_scribe", "tts_websocket"].contains(&kind.as_str()) {
        return errors::invalid("type", "Unknown token type");
    }
    let token = desk.issue(&kind);
    axum::Json(json!({ "token": token })).into_response()
}

pub(super) async fn signed_url(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let call = Call::of("GET", &uri, Value::Null);
    let agent = call.query("agent_id").map(str::to_owned);
    let once = call.query("include_conversation_id") == Some("true");
    if let Err(refusal) = desk.begin(call, &headers).await {
        return refusal;
    }
    match agent {
        Some(agent) => {
            let id = if once { "&conversation_id=conv_1" } else { "" };
            let url = format!(
                "wss://127.0.0.1/v1/convai/conversation?agent_id={agent}&conversation_signature=cvtkn_1{id}"
            );
            axum::Json(json!({ "signed_url": url })).into_response()
        }
        None => errors::invalid("agent_id", "Field required"),
    }
}

pub(super) async fn room(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let call = Call::of("GET", &uri, Value::Null);
    let agent = call.query("agent_id").is_some();
    if let Err(refusal) = desk.begin(call, &headers).await {
        return refusal;
    }
    if !agent {
        return errors::invalid("agent_id", "Field required");
    }
    axum::Json(json!({"token": "eyJhbGciOiJIUzI1NiJ9.fake.room", "conversation_id": "conv_1"}))
        .into_response()
}
