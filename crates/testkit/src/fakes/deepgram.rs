//! Deepgram as its reference page describes it: Nova live and recorded, Flux, Aura over HTTP and its socket, models,
//! keys and tokens.

mod errors;
mod flux;
mod flux_voice;
mod lists;
mod live;
mod recorded;
mod speech;
mod stream;

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
pub const KEY: &str = "fake0deepgram0key0123456789abcdef01234567";
/// A key whose role may grant nothing.
pub const LIMITED: &str = "fake0deepgram0key0limited0123456789abcdef";
/// The token that is granted.
const GRANTED: &str = "eyJhbGciOiJIUzI1NiJ9.granted.c2lnbmF0dXJl";
/// The id that every answer bears.
const REQUEST: &str = "0b1c6a1e-6f0c-4a4e-9a54-0f8a5d9f7c11";

/// How the fake behaves, besides its script.
#[derive(Clone, Debug)]
pub struct Manners {
    /// What the recognisers hear.
    pub hears: String,
    /// After how long without sound or a message a live session is closed.
    pub patience: Duration,
    /// Whether warnings of the voice's socket are spelt as its specification says, and not as the service does.
    pub specified: bool,
    /// How many flushes a socket takes.
    pub flushes: usize,
    /// How many characters a socket takes in a minute.
    pub characters: usize,
    /// After how long without a message a socket that speaks is closed.
    pub idle: Duration,
    /// Where this stands in a text, voices find nothing to speak in it.
    pub unspeakable: Option<&'static str>,
    /// Whether Flux is of the older kind, which tells no times and leaves a turn open when the stream is closed.
    pub old_flux: bool,
    /// Whether it does not know the call that keys are tested with, like those that stand in for it.
    pub stands_in: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            hears: "Turn the lights off, please.".into(),
            patience: Duration::from_secs(10),
            specified: false,
            flushes: 20,
            characters: 2_400,
            idle: Duration::from_mins(1),
            unspeakable: None,
            old_flux: false,
            stands_in: false,
        }
    }
}

/// A running fake.
#[derive(Debug)]
pub struct Deepgram {
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

impl Deepgram {
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
            .route("/", head(|| async {}))
            .route("/v1/auth/token", get(lists::token))
            .route("/v1/auth/grant", post(lists::grant))
            .route("/v1/projects", get(lists::projects))
            .route("/v1/models", get(lists::models))
            .route("/v2/listen", get(flux::open))
            .route("/v2/speak", get(flux_voice::open).post(flux_voice::speak))
            .route("/v1/listen", get(live::open).post(recorded::transcribe))
            .route("/v1/speak", get(stream::open).post(speech::speak))
            .fallback(|| async { errors::refuse(404, "NOT_FOUND", "Not found.") })
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

impl Manners {
    /// Whether a text has something to speak in it.
    fn speaks(&self, text: &str) -> bool {
        text.chars().any(char::is_alphanumeric) && !self.unspeakable.is_some_and(|not| text.contains(not))
    }
}

impl Desk {
    fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the call; refuses where the script or the key says so.
    async fn begin(&self, call: Call, headers: &HeaderMap) -> Result<(Entry, Option<Fault>), Response> {
        let nameless = call.method == "SOCKET" && !headers.contains_key("user-agent");
        let (entry, fault) = self.script.begin(call);
        if let Some(refusal) = body::refusal(fault.as_ref(), errors::own_words).await {
            return Err(refusal);
        }
        let given = headers.get("authorization").and_then(|value| value.to_str().ok());
        let (scheme, key) = given.and_then(|given| given.split_once(' ')).unwrap_or_default();
        let known = match scheme.to_ascii_lowercase().as_str() {
            "token" => key == KEY || key == LIMITED,
            "bearer" => key == GRANTED,
            _ => false,
        };
        if !known {
            return Err(errors::refuse(401, "INVALID_AUTH", "Invalid credentials."));
        }
        if nameless {
            return Err(errors::refuse(403, "FORBIDDEN", "A user agent is needed."));
        }
        Ok((entry, fault))
    }
}

fn identified() -> HeaderMap {
    let id = HeaderName::from_static("dg-request-id");
    HeaderMap::from_iter([(id, HeaderValue::from_static(REQUEST))])
}

/// Models that recognise.
const EARS: &[&str] = &["nova-3", "nova-3-general", "nova-2", "nova-2-general"];
/// Models that speak.
const VOICES: &[&str] = &["aura-2-thalia-en", "aura-2-celeste-es", "aura-asteria-en"];

/// Options that are on or off.
const SWITCHES: &[&str] = &[
    "interim_results",
    "vad_events",
    "smart_format",
    "punctuate",
    "numerals",
    "profanity_filter",
    "dictation",
    "diarize",
    "detect_entities",
    "filler_words",
    "no_delay",
    "mip_opt_out",
];

/// What the recogniser refuses of its options.
fn check(call: &Call, live: bool) -> Result<(), &'static str> {
    let model = call.query("model").unwrap_or("base");
    if !EARS.contains(&model) {
        return Err("No such model/version combination found.");
    }
    if call.query("encoding").is_some() && call.query("sample_rate").is_none() {
        return Err("sample_rate is needed with encoding.");
    }
    if live && call.query("encoding") != Some("linear16") {
        return Err("This fake hears linear16 only.");
    }
    let asked = |name: &str| call.query(name).is_some();
    if asked("utterance_end_ms") && call.query("interim_results") != Some("true") {
        return Err("utterance_end_ms needs interim_results.");
    }
    let utterance_end = call
        .query("utterance_end_ms")
        .and_then(|ms| ms.parse::<u32>().ok());
    if utterance_end.is_some_and(|ms| ms < 1_000) {
        return Err("utterance_end_ms must be at least 1000.");
    }
    let endpointing = call.query("endpointing");
    if endpointing.is_some_and(|ms| ms != "false" && ms.parse::<u32>().is_err()) {
        return Err("endpointing must be milliseconds or false.");
    }
    let newest = model.starts_with("nova-3");
    if asked(if newest { "keywords" } else { "keyterm" }) {
        return Err("keyterm is for nova-3 only, and keywords for those before it.");
    }
    if asked("language_hint") && !(newest && call.query("language") == Some("multi")) {
        return Err("language_hint is for nova-3 in several languages only.");
    }
    if live && (asked("detect_language") || asked("measurements")) {
        return Err("This option does not exist for streaming.");
    }
    let mut switches = call
        .query
        .iter()
        .filter(|(name, _)| SWITCHES.contains(&name.as_str()));
    if switches.any(|(_, value)| value != "true" && value != "false") {
        return Err("A switch must be true or false.");
    }
    let hidden =
        |value: &str| ["true", "false", "pci", "numbers", "aggressive_numbers", "ssn"].contains(&value);
    let mut redacted = call.query.iter().filter(|(name, _)| name == "redact");
    if !redacted.all(|(_, value)| hidden(value)) {
        return Err("redact does not know this.");
    }
    Ok(())
}

/// An alternative with words over this time.
fn alternative(words: &[&str], from: f64, to: f64) -> Value {
    let each = (to - from) / words.len().max(1) as f64;
    let word = |(n, word): (usize, &&str)| {
        let start = from + each * n as f64;
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        json!({"word": bare, "start": start, "end": start + each * 0.9, "confidence": 0.98, "punctuated_word": word})
    };
    let timed: Vec<Value> = words.iter().enumerate().map(word).collect();
    let confidence = if words.is_empty() { 0.0 } else { 0.98 };
    json!({"transcript": words.join(" "), "confidence": confidence, "words": timed})
}
