//! Cartesia as its reference page describes it: Sonic over its socket, as events and as bytes, Ink's sockets and its
//! transcription of files, voices, tokens.

mod ink;
mod rest;
mod sonic;
mod turns;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::body;
use super::script::{Call, Entry, Fault, Script};
use super::server::Server;

/// The key that the fake knows.
pub const KEY: &str = "sk_car_fake_0123456789";
/// The token that it gives.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.access.c2lnbmF0dXJl";
/// The id that every answer bears.
const REQUEST: &str = "6f1c2a34-91bb-4b51-8d3e-2f6f0a3d9e10";

/// How the fake behaves, besides its script.
#[derive(Clone, Debug)]
pub struct Manners {
    /// What Ink hears.
    pub hears: String,
    /// How long a context lives after its last sound.
    pub expiry: Duration,
    /// After how long without a message a socket that speaks is closed, if no context is open.
    pub idle: Duration,
    /// Whether times come before their sound, and not after it.
    pub early: bool,
    /// Whether times count from the first sample of the last flush instead of the context's.
    pub restarts: bool,
    /// Whether tags and words that nobody sent come among the times.
    pub tags: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            hears: "The kettle is on.".into(),
            expiry: Duration::from_secs(1),
            idle: Duration::from_mins(5),
            early: true,
            restarts: false,
            tags: false,
        }
    }
}

/// A running fake.
#[derive(Debug)]
pub struct Cartesia {
    server: Server,
    /// What goes wrong, and what came in.
    pub script: Script,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    script: Script,
    manners: Mutex<Manners>,
}

impl Cartesia {
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
        });
        let routes = Router::new()
            // The one call that needs no key.
            .route(
                "/",
                get(|| async { axum::Json(json!({"ok": true, "version": "2026-08-14"})) }),
            )
            .route("/voices", get(voices))
            .route("/voices/{id}", get(named))
            .route("/tts/bytes", post(sonic::bytes))
            .route("/tts/websocket", get(sonic::open))
            .route("/tts/sse", post(rest::events))
            .route("/stt", post(rest::transcribe))
            .route("/stt/websocket", get(ink::open))
            .route("/stt/turns/websocket", get(turns::open))
            .route("/access-token", post(rest::token))
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

    /// Notes the call; refuses where the script, the key or the missing date says so.
    async fn begin(&self, call: Call, headers: &HeaderMap) -> Result<(Entry, Option<Fault>), Response> {
        let dated = headers.contains_key("cartesia-version") || call.query("cartesia_version").is_some();
        let asked = ["api_key", "access_token"].map(|name| call.query(name).map(str::to_owned));
        let (entry, fault) = self.script.begin(call);
        if let Some(refusal) = body::refusal(fault.as_ref(), own_words).await {
            return Err(refusal);
        }
        if !dated {
            // Without a date, errors come as they did of old.
            return Err((
                StatusCode::BAD_REQUEST,
                "Bad Request: cartesia-version is required",
            )
                .into_response());
        }
        let key = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = key("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let queried = asked.iter().flatten().map(String::as_str).next();
        if ![Some(KEY), Some(TOKEN)].contains(&bearer.or(key("x-api-key")).or(queried)) {
            return Err(refuse(401, None, "Invalid API key."));
        }
        Ok((entry, fault))
    }
}

/// Whether a recogniser takes the terms that a call names.
fn fitting(call: &Call) -> bool {
    let terms = call.query.iter().filter(|(name, _)| name == "keyterm");
    let lengths: Vec<usize> = terms.map(|(_, term)| term.chars().count()).collect();
    lengths.len() <= 100 && lengths.iter().sum::<usize>() <= 1_200
}

fn identified() -> HeaderMap {
    HeaderMap::from_iter([(
        HeaderName::from_static("x-request-id"),
        HeaderValue::from_static(REQUEST),
    )])
}

fn error(code: Option<&str>, said: &str) -> Value {
    json!({"error_code": code, "title": "Refused", "message": said, "request_id": REQUEST})
}

fn refuse(status: u16, code: Option<&str>, said: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, identified(), axum::Json(error(code, said))).into_response()
}

/// The body that belongs to a status.
fn own_words(status: u16) -> (HeaderMap, String) {
    let said = format!("Refused with {status}.");
    let code = match status {
        402 => Some("quota_exceeded"),
        403 => Some("plan_upgrade_required"),
        404 => Some("voice_not_found"),
        413 => Some("file_too_large"),
        429 => Some("concurrency_limited"),
        _ => None,
    };
    (identified(), error(code, &said).to_string())
}

async fn voices(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let call = Call::of("GET", &uri, Value::Null);
    let limit: usize = call
        .query("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(10)
        .min(100);
    let after = call
        .query("starting_after")
        .and_then(|id| id.strip_prefix("voice-")?.parse::<usize>().ok());
    let from = after.map_or(0, |after| after + 1);
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let page: Vec<Value> = (from..(from + limit).min(VOICES)).map(voice).collect();
    give(
        entry,
        fault.as_ref(),
        &json!({"data": page, "has_more": from + limit < VOICES}),
    )
}

/// How many voices there are.
const VOICES: usize = 130;

fn voice(n: usize) -> Value {
    json!({"id": format!("voice-{n}"), "name": format!("Voice {n}"), "tagline": "Calm narrator", "language": "en",
        "locales": [{"locale": "en-US", "is_native": true}], "gender": null, "access": "public"})
}

async fn named(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let (entry, fault) = match desk.begin(Call::of("GET", &uri, Value::Null), &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let known = id.strip_prefix("voice-").and_then(|n| n.parse().ok());
    let Some(known) = known.filter(|n| *n < VOICES) else {
        return refuse(404, Some("voice_not_found"), "Voice not found.");
    };
    let mut whole = voice(known);
    whole["accents"] = json!([{"id": "scottish"}, "welsh"]);
    give(entry, fault.as_ref(), &whole)
}

fn give(entry: Entry, fault: Option<&Fault>, what: &Value) -> Response {
    let pieces = vec![what.to_string().into()];
    body::answer(entry, fault, "application/json", pieces)
}
