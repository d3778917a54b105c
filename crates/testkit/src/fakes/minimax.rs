//! MiniMax as its reference page describes it: speech over HTTP and both sockets, subtitles with it or in a file, voices,
//! and language models that speak OpenAI's protocol. Most of its refusals come with status 200.

mod chat;
mod check;
mod http;
mod live;
mod subtitles;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::body;
use super::script::{Call, Entry, Fault, Script};
use super::server::Server;
use check::{Sound, check};
pub use http::failing;
pub use subtitles::{Origin, Subtitles};

/// The key that the fake knows.
pub const KEY: &str = "eyJ-fake-minimax-0123456789";
/// The id that every answer bears.
const TRACE: &str = "04ee3794fake";
/// Longest body.
const MOST: usize = 1 << 20;

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Well.
    Good,
    /// In the other region.
    Foreign,
    /// Without money.
    Empty,
}

/// How the fake behaves, besides its script.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Whether and how it tells times.
    pub subtitles: Subtitles,
    /// What its times count from.
    pub origin: Origin,
    /// Whether the last event says all of the sound again, though it was asked not to.
    pub repeats: bool,
    /// No space behind `data:`, and nothing behind the last event.
    pub tight: bool,
    /// Network chunks of this many bytes, cut anywhere; `None` sends event by event.
    pub cut: Option<usize>,
    /// How long a socket may be idle.
    pub idle: Duration,
    /// Codes with which the next messages on a socket are not taken, one each; 0 takes one.
    pub refuses: Vec<i64>,
    /// How the account stands.
    pub standing: Standing,
    /// The pieces of an answer.
    pub deltas: Vec<&'static str>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            subtitles: Subtitles::Inline,
            origin: Origin::Phrase,
            repeats: false,
            tight: false,
            cut: None,
            idle: Duration::from_mins(2),
            refuses: Vec::new(),
            standing: Standing::Good,
            deltas: vec!["<think>", "hm", "</think>\n\n", "It rains ", "in Oslo."],
        }
    }
}

/// A running fake.
#[derive(Debug)]
pub struct MiniMax {
    server: Server,
    /// What goes wrong, and what came in.
    pub script: Script,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    script: Script,
    manners: Mutex<Manners>,
    /// Subtitles that can be fetched.
    files: Mutex<Vec<String>>,
}

impl MiniMax {
    /// On a free port.
    pub async fn start() -> Result<Self> {
        Self::on(0).await
    }

    /// On this port.
    pub async fn on(port: u16) -> Result<Self> {
        let script = Script::default();
        let desk = Arc::new(Desk {
            script: script.clone(),
            manners: Mutex::default(),
            files: Mutex::default(),
        });
        let routes = Router::new()
            .route("/v1/get_voice", post(voices))
            .route("/v1/t2a_v2", post(http::speak))
            .route("/ws/v1/t2a_v2", get(live::phrases))
            .route("/ws/v1/t2a_v2_bidi", get(live::sentences))
            .route("/files/{number}", get(subtitles::file))
            .route("/v1/models", get(chat::models))
            .route("/v1/chat/completions", post(chat::completions))
            .with_state(Arc::clone(&desk));
        let server = Server::on(port, routes).await?;
        Ok(Self { server, script, desk })
    }

    /// Its base address.
    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// Changes how it behaves.
    pub fn manners(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.desk.manners());
    }
}

impl Desk {
    fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the call; refuses where the script or the key says so.
    async fn begin(&self, call: Call, headers: &HeaderMap) -> Result<(Entry, Option<Fault>), Response> {
        let (entry, fault) = self.script.begin(call);
        if let Some(refusal) = body::refusal(fault.as_ref(), own_words).await {
            return Err(refusal);
        }
        match self.key(headers) {
            Some(code) => Err(refuse(code)),
            None => Ok((entry, fault)),
        }
    }

    /// What is wrong with the key.
    fn key(&self, headers: &HeaderMap) -> Option<i64> {
        let given = headers.get("authorization").and_then(|value| value.to_str().ok());
        if given != Some(format!("Bearer {KEY}").as_str()) {
            return Some(2049);
        }
        (self.manners().standing == Standing::Foreign).then_some(1004)
    }
}

/// A refusal as the service writes it: with status 200.
pub fn refusal(code: i64) -> Fault {
    Fault::Refusal {
        status: 200,
        headers: vec![("trace-id", TRACE.into())],
        body: error(code).to_string(),
    }
}

/// An object that says that something failed.
pub fn error(code: i64) -> Value {
    let said = match code {
        1002 => "rate limit",
        1004 => "login fail",
        1008 => "insufficient balance",
        2013 => "invalid params",
        2049 => "invalid api key",
        2201 => "timeout",
        2203 => "empty text",
        _ => "failed",
    };
    json!({"data": null, "trace_id": TRACE, "base_resp": {"status_code": code, "status_msg": said}})
}

fn identified() -> HeaderMap {
    HeaderMap::from_iter([(
        HeaderName::from_static("trace-id"),
        HeaderValue::from_static(TRACE),
    )])
}

fn refuse(code: i64) -> Response {
    (StatusCode::OK, identified(), axum::Json(error(code))).into_response()
}

/// The body that belongs to a status: what stands before the service need not speak JSON.
fn own_words(status: u16) -> (HeaderMap, String) {
    (identified(), format!("<html>{status}</html>"))
}

/// The head of a request, and its JSON, which counts as such only where it says so.
async fn read(request: Request) -> (Call, HeaderMap, Value) {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let json = parts.headers.get("content-type");
    let json = json.is_some_and(|kind| kind.as_bytes() == b"application/json");
    let body: Value = serde_json::from_slice(if json { &bytes } else { &[] }).unwrap_or(Value::Null);
    (
        Call::of(parts.method.as_str(), &parts.uri, body.clone()),
        parts.headers,
        body,
    )
}

async fn voices(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let own = json!([
        {"voice_id": "English_radiant_girl", "voice_name": "Radiant Girl", "description": ["bright young voice"],
            "created_time": "1970-01-01"},
        {"voice_id": "Chinese (Mandarin)_Lyrical_Voice", "voice_name": "Lyrical Voice", "description": [],
            "created_time": "1970-01-01"},
    ]);
    let cloned = json!([{"voice_id": "my-clone-1", "description": [], "created_time": "2026-05-01"}]);
    let fine = json!({"status_code": 0, "status_msg": "success"});
    let list = match body["voice_type"].as_str() {
        Some("system") => json!({"system_voice": own, "base_resp": fine}),
        Some("voice_cloning") => json!({"voice_cloning": cloned, "base_resp": fine}),
        // A list may be null, or missing.
        Some("all") => {
            json!({"system_voice": own, "voice_cloning": cloned, "voice_generation": null, "base_resp": fine})
        }
        _ => error(2013),
    };
    body::answer(
        entry,
        fault.as_ref(),
        "application/json",
        vec![list.to_string().into()],
    )
}
