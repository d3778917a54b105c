//! Language models: an answer as it streams, in whichever of the three shapes it was asked for.

use libretto_voice::chat::ChatSession;
use libretto_voice::session::Ends;
use libretto_voice::{ChatEvent, ChatRequest, LanguageModel, Message, Result, Session};
use reqwest::Url;
use serde_json::{Map, Value};
use tokio::sync::mpsc::Sender;

use super::completion::{Broken, Completion};
use super::preset::Interface;
use super::response::Response;
use super::{OpenAi, ollama, request, responses};
use crate::failure::{Failure, Fault};
use crate::lines::Lines;
use crate::retry::{self, Work};
use crate::sse::Events;
use crate::timed::Stop;

/// Longest answer that comes as a whole, and longest line of one that streams.
const WHOLE: usize = 4 << 20;
const LINE: usize = 1 << 20;

/// The language models of an account.
pub(super) struct Chat {
    account: OpenAi,
}

impl Chat {
    pub(super) fn new(account: OpenAi) -> Self {
        Self { account }
    }
}

impl LanguageModel for Chat {
    fn name(&self) -> &str {
        self.account.preset.entry.name
    }

    fn warm(&self, _ahead: &[Message]) {
        self.account.service.open();
    }

    fn reply(&self, request: ChatRequest) -> ChatSession {
        let account = self.account.clone();
        Session::spawn(move |ends| reply(account, request, ends))
    }
}

async fn reply(account: OpenAi, request: ChatRequest, ends: Ends<(), ChatEvent>) -> Result<()> {
    let model = account.model(&request)?.to_owned();
    let (url, body) = account.asks(&model, &request);
    let retry = account.service.retry;
    let mut asking = Asking {
        account,
        model,
        url,
        body: body.to_string(),
        events: ends.events,
        begun: false,
    };
    retry::through(retry, &mut asking).await
}

/// An answer that is being given.
pub(super) trait Reading: Send {
    /// What the next piece of it says: an event's data, a line, or all of it.
    fn push(&mut self, data: &str) -> Result<Vec<ChatEvent>, Broken>;
    /// Whether nothing more will come.
    fn is_done(&self) -> bool;
    /// What is left when the stream has ended; `None` when it ended before the answer did.
    fn finish(self: Box<Self>) -> Option<Vec<ChatEvent>>;
}

/// A question that is being asked.
struct Asking {
    account: OpenAi,
    model: String,
    url: Url,
    body: String,
    events: Sender<Result<ChatEvent>>,
    /// Something of the answer has been told.
    begun: bool,
}

impl Work for Asking {
    type Done = ();

    async fn attempt(&mut self) -> Result<(), Stop> {
        let service = &self.account.service;
        let request = service.post(self.url.clone(), self.body.clone())?;
        let reply = service.send(request).await?;
        let mut reading = self.account.reading(&self.model);
        let garbled = reply.garbled();
        let mut pieces = match reply.content_type().as_str() {
            "application/x-ndjson" => reply.lines(Lines::new(LINE)),
            "text/event-stream" | "application/octet-stream" | "text/plain" | "" => {
                match self.account.interface {
                    Interface::Ollama => reply.lines(Lines::new(LINE)),
                    _ => reply.events(Events::new()),
                }
            }
            "application/json" => {
                // A server that does not stream. Its answer is one piece.
                let whole = reply.bytes(WHOLE).await?;
                let events = reading.push(&String::from_utf8_lossy(&whole));
                let events = events.map_err(|broken| self.account.broken(broken, garbled.clone()))?;
                self.tell(events).await?;
                let rest = reading.finish().ok_or(garbled)?;
                return self.tell(rest).await;
            }
            _ => return Err(garbled.into()),
        };
        while !reading.is_done()
            && let Some(ready) = pieces.next().await?
        {
            for data in ready {
                let events = reading.push(&data);
                let events = events.map_err(|broken| self.account.broken(broken, garbled.clone()))?;
                self.tell(events).await?;
            }
        }
        match reading.finish() {
            Some(rest) => self.tell(rest).await,
            None => Err(pieces.reply.failure(Fault::BrokeOff).into()),
        }
    }

    fn begun(&self) -> bool {
        self.begun
    }
}

impl Asking {
    async fn tell(&mut self, events: Vec<ChatEvent>) -> Result<(), Stop> {
        for event in events {
            self.begun = true;
            self.events.send(Ok(event)).await.map_err(|_| Stop::Gone)?;
        }
        Ok(())
    }
}

impl OpenAi {
    fn broken(&self, broken: Broken, garbled: Failure) -> Failure {
        match broken {
            Broken::Error(error) => {
                let id = garbled.request_id().map(str::to_owned);
                self.service.complaint(&error, id)
            }
            Broken::Garbled => garbled,
        }
    }

    /// The model of a request.
    fn model<'a>(&self, request: &'a ChatRequest) -> Result<&'a str, Failure> {
        let own = self.preset.entry.model.map_or("", |ability| ability.model);
        match request.model.as_deref().unwrap_or(own) {
            "" => {
                let what = "no model was chosen. Choose one in the settings".to_owned();
                Err(self.service.failure(Fault::Unsupported(what)))
            }
            model => Ok(model),
        }
    }

    /// Where a request goes, and what it says.
    fn asks(&self, model: &str, request: &ChatRequest) -> (Url, Value) {
        let below = |parts: &[&str]| self.service.url(parts, []);
        match self.interface {
            Interface::Chat => (
                below(&["chat", "completions"]),
                request::body(self, model, request),
            ),
            Interface::Responses => (below(&["responses"]), responses::body(self, model, request)),
            Interface::Ollama => (
                ollama::url(&self.service, "chat"),
                ollama::body(self, model, request),
            ),
        }
    }

    /// Fields that a request for an answer of this model has besides: the preset's, and those that the settings name.
    /// What makes the answer is not theirs to change.
    pub(super) fn extra(&self, model: &str) -> impl Iterator<Item = (String, Value)> {
        let fields = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
        let unthinking = match self.effort(model) {
            None | Some("none") => fields(self.preset.unthinking),
            Some(_) => Map::new(),
        };
        let taken = ["model", "messages", "input", "stream", "tools"];
        let named = self.settings.extra.clone().into_iter();
        let named = named.filter(move |(name, _)| !taken.contains(&name.as_str()));
        fields(self.preset.extra)
            .into_iter()
            .chain(unthinking)
            .chain(named)
    }

    /// What reads the answer.
    fn reading(&self, model: &str) -> Box<dyn Reading> {
        match self.interface {
            Interface::Chat => Box::new(Completion::of(model, self.preset.failed)),
            Interface::Responses => Box::new(Response::of(model)),
            Interface::Ollama => Box::new(ollama::Answer::of(model)),
        }
    }

    /// How much the model is to think, where that is said at all.
    pub(super) fn effort(&self, model: &str) -> Option<&str> {
        let own = self
            .preset
            .entry
            .model
            .is_some_and(|ability| ability.model == model);
        self.settings
            .effort
            .as_deref()
            .or(self.preset.effort.filter(|_| own))
    }
}
