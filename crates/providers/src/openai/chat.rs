//! Language models: `POST chat/completions`, streamed.

use libretto_voice::chat::ChatSession;
use libretto_voice::session::Ends;
use libretto_voice::{ChatEvent, ChatRequest, Error, LanguageModel, Message, Result, Role, Session};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::OpenAi;
use super::completion::{Broken, Completion};
use crate::failure::{Failure, Fault};
use crate::service::Reply;
use crate::sse::Events;

/// Longest answer that comes as a whole.
const WHOLE: usize = 4 << 20;

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
    let body = body(&account, &model, &request).to_string();
    let mut tries = account.service.retry.begin();
    loop {
        let mut begun = false;
        match attempt(&account, &model, &body, &ends, &mut begun).await {
            Ok(()) => return Ok(()),
            Err(Stop::Gone) => return Err(Error::cancelled()),
            Err(Stop::Failed(failure)) if begun => return Err(failure.again(false).into()),
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
    }
}

enum Stop {
    Gone,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

async fn attempt(
    account: &OpenAi,
    model: &str,
    body: &str,
    ends: &Ends<(), ChatEvent>,
    begun: &mut bool,
) -> Result<(), Stop> {
    let mut reply = account
        .service
        .send(account.post("chat/completions", body)?)
        .await?;
    let mut completion = Completion::of(model);
    let garbled = reply.garbled();
    match reply.content_type().as_str() {
        "text/event-stream" | "application/octet-stream" | "text/plain" | "" => {}
        "application/json" => {
            // A server that does not stream. Its answer is one chunk with a message instead of a delta.
            let whole = reply.bytes(WHOLE).await?;
            let events = completion.push(&String::from_utf8_lossy(&whole));
            tell(
                ends,
                events.map_err(|broken| account.broken(broken, garbled.clone()))?,
                begun,
            )
            .await?;
            let rest = completion.finish().ok_or(garbled)?;
            return tell(ends, rest, begun).await;
        }
        _ => return Err(garbled.into()),
    }
    let mut events = Events::new();
    while !completion.is_done() {
        let Some(chunk) = reply.chunk().await? else { break };
        let ready = events
            .push(&chunk)
            .map_err(|error| garbled.clone().because(error))?;
        for event in ready {
            take(account, &mut completion, &event.data, &garbled, ends, begun).await?;
        }
    }
    if let Some(event) = events.finish().map_err(|error| garbled.clone().because(error))? {
        take(account, &mut completion, &event.data, &garbled, ends, begun).await?;
    }
    let Some(rest) = completion.finish() else {
        return Err(broke_off(account, &reply).into());
    };
    tell(ends, rest, begun).await
}

async fn take(
    account: &OpenAi,
    completion: &mut Completion,
    data: &str,
    garbled: &Failure,
    ends: &Ends<(), ChatEvent>,
    begun: &mut bool,
) -> Result<(), Stop> {
    let events = completion
        .push(data)
        .map_err(|broken| account.broken(broken, garbled.clone()))?;
    tell(ends, events, begun).await
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

    /// A request with a JSON body.
    pub(super) fn post(&self, path: &str, body: &str) -> Result<RequestBuilder, Failure> {
        let parts: Vec<&str> = path.split('/').collect();
        let mut request = self
            .service
            .request(Method::POST, self.service.url(&parts, []))?
            .header("content-type", "application/json");
        for (name, value) in self.preset.headers {
            request = request.header(*name, *value);
        }
        Ok(request.body(body.to_owned()))
    }
}

/// The body of a request for an answer.
fn body(account: &OpenAi, model: &str, request: &ChatRequest) -> Value {
    let preset = account.preset;
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("stream".into(), true.into());
    let messages = request
        .messages
        .iter()
        .map(|message| wire(message, preset.instructions));
    body.insert("messages".into(), messages.collect());
    if let Some(limit) = request.max_tokens {
        body.insert(preset.limit.into(), limit.into());
    }
    if let Some(temperature) = request.temperature {
        // As it was written: the nearest double of 0.7 is not a number that people send.
        let written = temperature
            .to_string()
            .parse::<f64>()
            .unwrap_or(f64::from(temperature));
        body.insert("temperature".into(), written.into());
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            let parameters =
                serde_json::from_str(&tool.parameters).unwrap_or_else(|_| json!({"type": "object"}));
            json!({"type": "function", "function": {
                "name": tool.name, "description": tool.description, "parameters": parameters,
            }})
        });
        body.insert("tools".into(), tools.collect());
    }
    let own = preset.entry.model.is_some_and(|ability| ability.model == model);
    let effort = account.effort.as_deref().or(preset.effort.filter(|_| own));
    if let Some(effort) = effort {
        if preset.entry.name == super::OPENROUTER.entry.name {
            body.insert("reasoning".into(), json!({ "effort": effort }));
        } else {
            body.insert("reasoning_effort".into(), effort.into());
        }
    }
    if !account.fallbacks.is_empty() {
        let models = std::iter::once(model).chain(account.fallbacks.iter().map(String::as_str));
        body.insert("models".into(), models.map(Value::from).collect());
    }
    if let Ok(Value::Object(extra)) = serde_json::from_str(preset.extra) {
        body.extend(extra);
    }
    Value::Object(body)
}

fn wire(message: &Message, instructions: &str) -> Value {
    match message.role {
        Role::System => json!({"role": instructions, "content": message.text}),
        Role::User => json!({"role": "user", "content": message.text}),
        Role::Tool => json!({"role": "tool", "tool_call_id": message.answers, "content": message.text}),
        Role::Assistant if message.calls.is_empty() => json!({"role": "assistant", "content": message.text}),
        Role::Assistant => {
            let calls = message.calls.iter().map(|call| {
                json!({"id": call.id, "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments}})
            });
            let content = Some(&message.text).filter(|text| !text.is_empty());
            json!({"role": "assistant", "content": content, "tool_calls": calls.collect::<Vec<_>>()})
        }
    }
}
