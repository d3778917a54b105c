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
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::{get, head, post};
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
    /// One array is shorter than the others, or missing.
    Unequal,
    /// The field is spelt as it was in 2025. Dialogue is younger.
    OldSpelling,
    /// Only the normalised text has times, and begins with a space that nobody sent.
    OnlyNormalised,
    /// Two characters stand in one place.
    Joined,
    /// All of a message's are said to begin at once.
    AtOnce,
}

/// Every flaw.
pub const FLAWS: [Flaw; 9] = [
    Flaw::Missing,
    Flaw::Doubled,
    Flaw::Overlapping,
    Flaw::Late,
    Flaw::Unequal,
    Flaw::OldSpelling,
    Flaw::OnlyNormalised,
    Flaw::Joined,
    Flaw::AtOnce,
];

/// How the fake behaves, besides its script.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of a test's")]
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
    pub patience: Option<Duration>,
    /// Whether the socket for several replies spells its fields `context_id` and `is_final`.
    pub snake: bool,
    /// Whether it never says that a context is over.
    pub forgets_final: bool,
    /// The shape of a transcription.
    pub shape: Shape,
    /// Whether fields and messages that no client knows stand in what it says, and nulls in what it may leave out.
    pub strange: bool,
    /// Whether the recognisers hear music behind the words.
    pub music: bool,
    /// How long the live recogniser thinks before it answers a commit.
    pub thinks: Duration,
    /// How long a token for one use is good.
    pub token_life: Duration,
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
            strange: false,
            music: false,
            thinks: Duration::ZERO,
            token_life: Duration::from_mins(15),
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
    /// Tokens for one use, used ones too.
    tokens: Mutex<Vec<tokens::Token>>,
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
        let mut routes = Router::new();
        for what in ["/v1/text-to-speech/{voice}", "/v1/text-to-dialogue"] {
            for how in ["", "/stream", "/with-timestamps", "/stream/with-timestamps"] {
                routes = routes.route(&format!("{what}{how}"), post(speech::speak));
            }
        }
        let routes = routes
            .route("/", head(|| async {}))
            .route("/v1/models", get(lists::models))
            .route("/v2/voices", get(lists::voices))
            .route("/v1/user", get(lists::user))
            .route("/v1/user/subscription", get(lists::subscription))
            .route("/v1/text-to-speech/{voice}/stream-input", get(stream::open))
            .route(
                "/v1/text-to-speech/{voice}/multi-stream-input",
                get(contexts::open),
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

    /// [`Desk::begin`] for a socket that speaks. The last tells whether its first message must have the key.
    async fn open(&self, call: Call, headers: &HeaderMap) -> Result<(Entry, Option<Fault>, bool), Response> {
        let known = matches!(caller(headers), Caller::Known | Caller::Limited);
        if self.manners().tells_in_band && !known && call.query("single_use_token").is_none() {
            let (entry, fault) = self.script.begin(call);
            return Ok((entry, fault, true));
        }
        let (entry, fault) = self.begin(call, headers).await?;
        Ok((entry, fault, false))
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

/// Whether a socket's first message has the key, however it spells it.
fn has_key(first: &Value) -> bool {
    let names = ["xi_api_key", "xi-api-key"];
    names
        .iter()
        .any(|name| first[name] == KEY || first[name] == LIMITED)
}

/// Puts into a message what no client knows, and nulls where it has nothing.
fn estrange(message: &mut Value) {
    message["new_field"] = json!({"of": ["another", 1]});
    for name in ["alignment", "normalizedAlignment", "error", "message", "param"] {
        if message.get(name).is_none() {
            message[name] = Value::Null;
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
