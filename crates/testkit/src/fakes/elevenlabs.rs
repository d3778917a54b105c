//! ElevenLabs as its reference page describes it: voices over HTTP and over sockets (for one reply or several, for
//! speech or dialogue) with the time of every character, the Scribe recognisers, tokens, voices, models, the account.

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
use libretto_voice::SampleRate;
use serde_json::{Value, json};

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
        });
        let routes = Router::new()
            .route("/", head(|| async {}))
            .route("/v1/models", get(lists::models))
            .route("/v2/voices", get(lists::voices))
            .route("/v1/user/subscription", get(lists::subscription))
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

/// Codec and rate of an `output_format`.
fn format(name: Option<&str>) -> Option<(&str, SampleRate)> {
    let mut parts = name.unwrap_or("mp3_44100_128").split('_');
    let (codec, rate) = (parts.next()?, parts.next()?.parse().ok()?);
    let known = match codec {
        "pcm" => [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000].contains(&rate),
        "mp3" => matches!(rate, 22_050 | 24_000 | 44_100) && parts.next().is_some(),
        _ => false,
    };
    known.then(|| SampleRate::new(rate).map(|rate| (codec, rate)))?
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

/// A word, the space behind it, and so on: as Scribe gives them.
fn scribed(hears: &str, from: f64, to: f64) -> Value {
    let words: Vec<&str> = hears.split_whitespace().collect();
    let each = (to - from) / words.len().max(1) as f64;
    let mut items = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let start = from + each * n as f64;
        let end = start + each * 0.9;
        if n > 0 {
            items.push(
                json!({"text": " ", "start": start - each * 0.1, "end": start, "type": "spacing",
                "speaker_id": null, "logprob": 0.0, "characters": null}),
            );
        }
        items.push(
            json!({"text": word, "start": start, "end": end, "type": "word", "speaker_id": "speaker_0",
            "logprob": -0.02, "characters": ["a", "b"]}),
        );
    }
    items.into()
}
