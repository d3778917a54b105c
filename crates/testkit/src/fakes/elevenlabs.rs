//! ElevenLabs as its reference page describes it: voices over HTTP and over sockets (for one reply or several, for
//! speech or dialogue) with the time of every character, the Scribe recognisers, tokens, voices, models, the account.

mod coding;
mod contexts;
mod dialogue;
mod errors;
mod lists;
mod live;
mod scribe;
mod sounding;
mod speech;
mod stream;
mod tokens;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::{get, head, post};
use serde_json::json;

use super::body;
use super::script::{Call, Entry, Fault, Script};
use super::server::Server;

/// The key that the fake knows.
pub const KEY: &str = "sk_fake_eleven_0123456789";
/// A key that may speak and listen, but not read about the account.
pub const LIMITED: &str = "sk_fake_eleven_limited_01";

/// What the times of the socket count from: all three have been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Each message begins at zero.
    Message,
    /// The first message of what was sent has the times of all of it, the others have none.
    Segment,
    /// The connection's first sample.
    Stream,
}

/// What is wrong with the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Every second message has none.
    Missing,
    /// Each comes twice.
    Doubled,
    /// Each begins a little before the one before it ends.
    Overlapping,
    /// Each comes with the message after its own.
    Late,
    /// One array is shorter than the others.
    Unequal,
    /// The field is spelt as it was in 2025.
    OldSpelling,
    /// Only the normalised text has times, and begins with a space that nobody sent.
    OnlyNormalised,
}

/// How the fake behaves, besides its script.
#[derive(Clone, Debug)]
pub struct Manners {
    /// What the times count from.
    pub base: Base,
    /// What is wrong with them.
    pub flaw: Option<Flaw>,
    /// Whether a socket with a wrong key is accepted and then told, instead of refused.
    pub tells_in_band: bool,
    /// What the recognisers hear.
    pub hears: String,
    /// Characters used, of 10,000.
    pub used: u32,
    /// After how long without a message a socket is closed; `None` goes by `inactivity_timeout`.
    pub patience: Option<std::time::Duration>,
    /// Whether the socket for several replies spells its fields `context_id` and `is_final`.
    pub snake: bool,
    /// Whether it never says that a context is over.
    pub forgets_final: bool,
    /// The shape of a transcription.
    pub shape: Shape,
}

/// The shape of a transcription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One for all.
    Plain,
    /// One for each of two channels.
    Channels,
    /// A promise of one.
    Later,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            base: Base::Message,
            flaw: None,
            tells_in_band: false,
            hears: "Go forward ten meters.".into(),
            used: 1_200,
            patience: None,
            snake: false,
            forgets_final: false,
            shape: Shape::Plain,
        }
    }
}

/// A running fake.
#[derive(Debug)]
pub struct ElevenLabs {
    server: Server,
    /// What goes wrong, and what came in.
    pub script: Script,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    script: Script,
    manners: Mutex<Manners>,
    /// Tokens that have not been used: kind and token.
    tokens: Mutex<Vec<(String, String)>>,
    /// Ids of calls that spoke: a later one may follow them.
    spoken: Mutex<Vec<String>>,
}

impl ElevenLabs {
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
            tokens: Mutex::default(),
            spoken: Mutex::default(),
        });
        let routes = Router::new()
            .route("/", head(|| async {}))
            .route("/v1/models", get(lists::models))
            .route("/v2/voices", get(lists::voices))
            .route("/v1/user/subscription", get(lists::subscription))
            .route("/v1/text-to-speech/{voice}", post(speech::whole))
            .route(
                "/v1/text-to-speech/{voice}/with-timestamps",
                post(speech::whole_with_timestamps),
            )
            .route("/v1/text-to-speech/{voice}/stream", post(speech::stream))
            .route(
                "/v1/text-to-speech/{voice}/stream/with-timestamps",
                post(speech::with_timestamps),
            )
            .route("/v1/text-to-speech/{voice}/stream-input", get(stream::open))
            .route(
                "/v1/text-to-speech/{voice}/multi-stream-input",
                get(contexts::open),
            )
            .route("/v1/text-to-dialogue", post(speech::whole_dialogue))
            .route(
                "/v1/text-to-dialogue/with-timestamps",
                post(speech::whole_dialogue_with_timestamps),
            )
            .route("/v1/text-to-dialogue/stream", post(speech::dialogue))
            .route(
                "/v1/text-to-dialogue/stream/with-timestamps",
                post(speech::dialogue_with_timestamps),
            )
            .route("/v1/text-to-dialogue/stream-input", get(dialogue::open))
            .route(
                "/v1/text-to-dialogue/multi-stream-input",
                get(dialogue::open_several),
            )
            .route("/v1/speech-to-text", post(scribe::transcribe))
            .route("/v1/speech-to-text/realtime", get(live::open))
            .route("/v1/single-use-token/{kind}", post(tokens::single_use))
            .route("/v1/convai/conversation/get-signed-url", get(tokens::signed_url))
            .route("/v1/convai/conversation/token", get(tokens::room))
            .fallback(|| async { errors::plain(404, &json!({"detail": "Not Found"})) })
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

/// Whose key came with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Known,
    Limited,
    Wrong,
    Nobody,
}

impl Desk {
    fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new id for a call that speaks.
    fn number(&self) -> String {
        let mut spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("req_fake_{}", spoken.len());
        spoken.push(id.clone());
        id
    }

    /// Whether a call with this id has spoken.
    fn has_spoken(&self, id: &str) -> bool {
        let spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        spoken.iter().any(|known| known == id)
    }

    /// A new token for one use.
    fn issue(&self, kind: &str) -> String {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let token = format!("sutkn_{}_{}", tokens.len(), kind.len());
        tokens.push((kind.to_owned(), token.clone()));
        token
    }

    /// Uses a token; false where there is none like it.
    fn spend(&self, kind: &str, token: &str) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let found = tokens
            .iter()
            .position(|(known, issued)| known == kind && issued == token);
        found.map(|at| tokens[at].1.clear()).is_some()
    }

    /// Notes the call; refuses where the script or the key says so.
    async fn begin(&self, call: Call, headers: &HeaderMap) -> Result<(Entry, Option<Fault>), Response> {
        let token = call
            .query("token")
            .or(call.query("single_use_token"))
            .map(str::to_owned);
        let kind = tokens::kind_for(&call.path);
        let (entry, fault) = self.script.begin(call);
        if let Some(refusal) = body::refusal(fault.as_ref(), errors::own_words).await {
            return Err(refusal);
        }
        // A token wins over a key, and is good once.
        if let (Some(token), Some(kind)) = (token, kind) {
            return if self.spend(kind, &token) {
                Ok((entry, fault))
            } else {
                let said = "The token is not valid any more.";
                Err(errors::refuse(401, "invalid_api_key", said))
            };
        }
        match caller(headers) {
            Caller::Known | Caller::Limited => Ok((entry, fault)),
            Caller::Wrong => Err(errors::refuse(401, "invalid_api_key", "Invalid API key")),
            Caller::Nobody => Err(errors::refuse(
                401,
                "needs_authorization",
                "Neither authorization header nor key.",
            )),
        }
    }
}

fn caller(headers: &HeaderMap) -> Caller {
    match headers.get("xi-api-key").and_then(|value| value.to_str().ok()) {
        Some(KEY) => Caller::Known,
        Some(LIMITED) => Caller::Limited,
        Some(_) => Caller::Wrong,
        None => Caller::Nobody,
    }
}

fn identified() -> HeaderMap {
    let pair = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    let headers = [
        ("request-id", "req_fake_eleven"),
        ("x-trace-id", "trace_fake_eleven"),
        ("current-concurrent-requests", "1"),
        ("maximum-concurrent-requests", "10"),
        ("character-cost", "12"),
    ];
    headers.map(pair).into_iter().collect()
}
