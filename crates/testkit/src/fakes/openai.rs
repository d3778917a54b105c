//! OpenAI as its reference page describes it, and the dialects of OpenRouter, xAI, Groq, Ollama, llama.cpp and LM Studio:
//! models, keys, chat completions, responses, speech and transcriptions over HTTP, and what the local ones have of their
//! own.

mod audio;
mod chat;
mod errors;
mod lists;
mod ollama;
mod realtime;
mod responses;
mod xai;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, head, post};
use serde_json::{Value, json};

use super::body;
use super::script::{Call, Entry, Fault, Script};
use super::server::Server;
pub use errors::{no_quota, wait};

/// Whose dialect the fake speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// OpenAI itself.
    OpenAi,
    /// `GET /key`, public models, comments in streams, usage always.
    OpenRouter,
    /// A wrong key is a 400, a missing one a 401.
    Xai,
    /// No raw samples from its voices.
    Groq,
    /// No keys; tool calls whole.
    Ollama,
    /// No keys; comments in streams, and codes that are numbers.
    LlamaCpp,
    /// No keys; a list of models of its own.
    LmStudio,
}

impl Flavour {
    /// Whether it runs on one's own machine, and needs no key.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Ollama | Self::LlamaCpp | Self::LmStudio)
    }
}

/// How a realtime session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realtime {
    /// As the page has it.
    Plain,
    /// With the names of the beta.
    Beta,
    /// It cuts by itself, in the middle, and is done with the later part first.
    Cuts,
}

/// What xAI's recogniser says again in the last message of a turn, and in its very last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finals {
    /// All of it.
    Whole,
    /// All of it, with the times of its words.
    Timed,
    /// Only what is new.
    Rest,
}

/// What some servers do, and the others do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A model is being loaded: llama.cpp says so.
    Loading,
    /// Speech is sent as bytes, whatever was asked for.
    PlainSpeech,
}

/// What the fake is asked to say and hear.
#[derive(Clone, Debug)]
pub struct Manners {
    /// The deltas of an answer, each as it stands in `choices[0].delta`.
    pub deltas: Vec<Value>,
    /// The `finish_reason` behind them; `None` sends none.
    pub finish: Option<&'static str>,
    /// Whether `[DONE]` ends a stream.
    pub done: bool,
    /// Lines end with CRLF.
    pub crlf: bool,
    /// Network chunks of this many bytes, cut anywhere; `None` sends event by event.
    pub cut: Option<usize>,
    /// What the recogniser hears.
    pub hears: String,
    /// Whether the account has no money.
    pub empty: bool,
    /// The organisation and the project that pay; `None` goes by the key.
    pub pays: Option<[&'static str; 2]>,
    /// What a realtime session does in its own way.
    pub session: Realtime,
    /// What xAI's recogniser says again.
    pub finals: Finals,
    /// xAI's list of voices; `None` where it has none.
    pub voices: Option<Value>,
    /// What it does unlike the others.
    pub oddity: Option<Oddity>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            deltas: ["It rains ", "a little, ", "in Oslo."]
                .map(|text| json!({ "content": text }))
                .into(),
            finish: Some("stop"),
            done: true,
            crlf: false,
            cut: None,
            hears: "Go forward ten meters.".into(),
            empty: false,
            pays: None,
            session: Realtime::Plain,
            finals: Finals::Whole,
            voices: Some(
                json!({"voices": [{"voice_id": "eve", "name": "Eve", "language": "multilingual"},
                {"voice_id": "carl", "name": "Carl", "description": "Calm", "language": "de"}]}),
            ),
            oddity: None,
        }
    }
}

/// The key that the fake knows.
pub const KEY: &str = "sk-fake-0123456789abcdef";

/// A running fake. Clones of its script and manners stay connected with it.
#[derive(Debug)]
pub struct OpenAi {
    server: Server,
    /// What goes wrong, and what came in.
    pub script: Script,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    flavour: Flavour,
    script: Script,
    manners: Mutex<Manners>,
}

impl OpenAi {
    /// On a free port.
    pub async fn start(flavour: Flavour) -> Result<Self> {
        Self::on(0, flavour).await
    }

    /// On this port.
    pub async fn on(port: u16, flavour: Flavour) -> Result<Self> {
        let script = Script::default();
        let desk = Arc::new(Desk {
            flavour,
            script: script.clone(),
            manners: Mutex::default(),
        });
        let routes = Router::new()
            .route("/v1", head(|| async {}))
            .route("/v1/models", get(lists::models))
            .route("/v1/key", get(lists::key))
            .route("/health", get(lists::health))
            .route("/api/v1/models", get(lists::studio))
            .route("/v1/tts/voices", get(lists::voices))
            .route("/v1/realtime/client_secrets", post(lists::secret))
            .route("/v1/chat/completions", post(chat::completions))
            .route("/v1/responses", post(responses::create))
            .route("/", get(|| async { "Ollama is running" }))
            .route("/api/version", get(ollama::version))
            .route("/api/tags", get(ollama::tags))
            .route("/api/chat", post(ollama::chat))
            .route("/v1/realtime", get(realtime::open))
            .route("/v1/tts", post(audio::xai_speech).get(xai::speak))
            .route("/v1/stt", post(audio::xai_transcription).get(xai::listen))
            .route("/v1/audio/speech", post(audio::speech))
            .route("/v1/audio/transcriptions", post(audio::transcriptions))
            .fallback(errors::unknown_route)
            .with_state(Arc::clone(&desk));
        let server = Server::on(port, routes).await?;
        Ok(Self { server, script, desk })
    }

    /// Its base address.
    pub fn url(&self) -> String {
        self.server.url("/v1")
    }

    /// Changes what it says and hears.
    pub fn manners(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.desk.manners());
    }
}

impl Desk {
    fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the call and checks its key; refuses where the script says so.
    async fn begin(&self, call: Call, headers: &HeaderMap) -> Result<(Entry, Option<Fault>), Response> {
        self.begin_with(call, headers, KEY).await
    }

    /// The same for a call that this key is good for as well.
    async fn begin_with(
        &self,
        call: Call,
        headers: &HeaderMap,
        key: &str,
    ) -> Result<(Entry, Option<Fault>), Response> {
        let (entry, fault) = self.script.begin(call);
        let own_words = |status| errors::own_words(self.flavour, status);
        if let Some(refusal) = body::refusal(fault.as_ref(), own_words).await {
            return Err(refusal);
        }
        self.authorised(headers, key)?;
        Ok((entry, fault))
    }

    #[expect(
        clippy::result_large_err,
        reason = "the refusal is what is wanted, and nothing is fast here"
    )]
    fn authorised(&self, headers: &HeaderMap, key: &str) -> Result<(), Response> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let given = header("authorization");
        if let Some([organization, project]) = self.manners().pays
            && (header("openai-organization"), header("openai-project"))
                != (Some(organization), Some(project))
        {
            let said = "You must be a member of an organization to use the API.";
            return Err(errors::refuse(401, said, "invalid_request_error", None));
        }
        let good = [KEY, key].map(|key| format!("Bearer {key}"));
        match (self.flavour, given) {
            (flavour, _) if flavour.is_local() => Ok(()),
            (_, Some(given)) if good.iter().any(|good| good == given) => Ok(()),
            (Flavour::Xai, Some(given)) => {
                let said = format!("Incorrect API key provided: {given}.");
                Err(errors::xai(400, &said))
            }
            (_, given) => {
                let said = format!("Incorrect API key provided: {}.", given.unwrap_or("none"));
                Err(errors::refuse(
                    401,
                    &said,
                    "invalid_request_error",
                    Some("invalid_api_key"),
                ))
            }
        }
    }

    /// The refusal of an account without money.
    fn empty(&self) -> Option<Response> {
        if !self.manners().empty {
            return None;
        }
        let said = "You exceeded your current quota.";
        Some(match self.flavour {
            Flavour::Xai => errors::xai(403, "Your team doesn't have any credits yet."),
            Flavour::OpenRouter => errors::plain(402, &errors::numbered(402, said, "payment_required")),
            _ => errors::refuse(429, said, "insufficient_quota", Some("insufficient_quota")),
        })
    }
}

fn call(request: &Request, body: Value) -> Call {
    Call::of(request.method().as_str(), request.uri(), body)
}
