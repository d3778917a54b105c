//! Language models: an answer as it streams, in whichever of the three shapes it was asked for.

use libretto_voice::chat::ChatSession;
use libretto_voice::session::Ends;
use libretto_voice::{ChatEvent, ChatRequest, Error, LanguageModel, Message, Result, Session};
use reqwest::Url;
use serde_json::{Map, Value};

use super::completion::{Broken, Completion};
use super::preset::Interface;
use super::response::Response;
use super::{OpenAi, ollama, request, responses};
use crate::failure::{Failure, Fault};
use crate::lines::Lines;
use crate::service::Reply;
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
    let body = body.to_string();
    let mut tries = account.service.retry.begin();
    loop {
        let mut begun = false;
        match attempt(&account, &model, (&url, &body), &ends, &mut begun).await {
            Ok(()) => return Ok(()),
            Err(Stop::Gone) => return Err(Error::cancelled()),
            Err(Stop::Failed(failure)) if begun => return Err(failure.again(false).into()),
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
    }
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

/// What a stream is cut into.
enum Pieces {
    Events(Events),
    Lines(Lines),
}

impl Pieces {
    fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, crate::lines::TooLong> {
        match self {
            Self::Events(events) => Ok(events.push(bytes)?.into_iter().map(|event| event.data).collect()),
            Self::Lines(lines) => lines.push(bytes),
        }
    }

    fn finish(&mut self) -> Result<Option<String>, crate::lines::TooLong> {
        match self {
            Self::Events(events) => Ok(events.finish()?.map(|event| event.data)),
            Self::Lines(lines) => Ok(lines.finish()),
        }
    }
}

async fn attempt(
    account: &OpenAi,
    model: &str,
    (url, body): (&Url, &str),
    ends: &Ends<(), ChatEvent>,
    begun: &mut bool,
) -> Result<(), Stop> {
    let mut reply = account
        .service
        .send(account.service.post(url.clone(), body.to_owned())?)
        .await?;
    let mut reading = account.reading(model);
    let garbled = reply.garbled();
    let mut pieces = match reply.content_type().as_str() {
        "application/x-ndjson" => Pieces::Lines(Lines::new(LINE)),
        "text/event-stream" | "application/octet-stream" | "text/plain" | "" => match account.interface {
            Interface::Ollama => Pieces::Lines(Lines::new(LINE)),
            _ => Pieces::Events(Events::new()),
        },
        "application/json" => {
            // A server that does not stream. Its answer is one piece.
            let whole = reply.bytes(WHOLE).await?;
            let events = reading.push(&String::from_utf8_lossy(&whole));
            let events = events.map_err(|broken| account.broken(broken, garbled.clone()))?;
            tell(ends, events, begun).await?;
            let rest = reading.finish().ok_or(garbled)?;
            return tell(ends, rest, begun).await;
        }
        _ => return Err(garbled.into()),
    };
    let mut ended = false;
    while !ended && !reading.is_done() {
        let chunk = reply.chunk().await?;
        ended = chunk.is_none();
        let ready = match &chunk {
            Some(bytes) => pieces.push(bytes),
            None => pieces.finish().map(Vec::from_iter),
        };
        for data in ready.map_err(|error| garbled.clone().because(error))? {
            let events = reading.push(&data);
            let events = events.map_err(|broken| account.broken(broken, garbled.clone()))?;
            tell(ends, events, begun).await?;
        }
    }
    let Some(rest) = reading.finish() else {
        return Err(broke_off(account, &reply).into());
    };
    tell(ends, rest, begun).await
}

async fn tell(ends: &Ends<(), ChatEvent>, events: Vec<ChatEvent>, begun: &mut bool) -> Result<(), Stop> {
    for event in events {
        *begun = true;
        ends.events.send(Ok(event)).await.map_err(|_| Stop::Gone)?;
    }
    Ok(())
}

fn broke_off(account: &OpenAi, reply: &Reply) -> Failure {
    account
        .service
        .failure(Fault::BrokeOff)
        .request(reply.request.clone())
}

impl OpenAi {
    fn broken(&self, broken: Broken, garbled: Failure) -> Failure {
        match broken {
            Broken::Error(error) => {
                let id = garbled.request_id().map(str::to_owned);
                self.service.complaint(&error).request(id)
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
