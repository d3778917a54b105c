//! The language model, from the app's side.

use std::sync::{Arc, Mutex, PoisonError};

use libretto_voice::chat::{ChatSession, FinishReason, Role};
use libretto_voice::session::Ends;
use libretto_voice::{ChatEvent, ChatRequest, Error, LanguageModel, Message, Result, Session};

use super::NAME;
use super::sentences::Sentences;
use super::settings::LanguageChoice;
use super::supervisor::Supervisor;
use crate::wire::{Answer, Ask, Chat, LanguageFile, Model, Sampling, Usage};

/// Models that run here are small, and soon babble when they are left more freedom than this, or their own
/// temperature where that is higher.
const WARMEST: f32 = 0.2;

pub(super) struct OnDeviceLanguage {
    engine: Arc<Supervisor>,
    /// This one, whichever is chosen.
    choice: Option<LanguageChoice>,
    /// What the last reply took.
    usage: Arc<Mutex<Option<Usage>>>,
}

impl OnDeviceLanguage {
    pub(super) fn new(engine: Arc<Supervisor>, choice: Option<LanguageChoice>) -> Self {
        Self {
            engine,
            choice,
            usage: Arc::default(),
        }
    }

    fn choice(&self) -> LanguageChoice {
        let chosen = || self.engine.settings().models.language;
        self.choice.clone().unwrap_or_else(chosen)
    }

    pub(super) fn last_usage(&self) -> Option<Usage> {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LanguageModel for OnDeviceLanguage {
    fn name(&self) -> &str {
        NAME
    }

    fn is_local(&self) -> bool {
        true
    }

    fn warm(&self, ahead: &[Message]) {
        let choice = self.choice();
        // As the request will be cut once the question stands behind it.
        let mut messages = ahead.to_vec();
        let asked = messages.last().is_some_and(|message| message.role == Role::User);
        if !asked {
            messages.push(Message::new(Role::User, ""));
        }
        let mut beginning = plain(&recent(&messages, choice.chat.history as usize));
        if !asked {
            beginning.pop();
        }
        self.engine.warm(if beginning.is_empty() {
            Ask::Warm(Model::Language(file(&choice)))
        } else {
            Ask::WarmPrompt(file(&choice), beginning)
        });
    }

    fn reply(&self, request: ChatRequest) -> ChatSession {
        let choice = self.choice();
        let (engine, usage) = (Arc::clone(&self.engine), Arc::clone(&self.usage));
        Session::spawn(move |ends| reply(engine, usage, choice, request, ends))
    }
}

async fn reply(
    engine: Arc<Supervisor>,
    last: Arc<Mutex<Option<Usage>>>,
    choice: LanguageChoice,
    request: ChatRequest,
    ends: Ends<(), ChatEvent>,
) -> Result<()> {
    let own = choice.chat;
    let limit = request
        .max_tokens
        .unwrap_or(own.max_tokens)
        .min(own.max_tokens)
        .max(1) as usize;
    let temperature = request
        .temperature
        .unwrap_or(own.temperature)
        .min(own.temperature.max(WARMEST));
    let chat = Chat {
        model: file(&choice),
        messages: plain(&recent(&request.messages, own.history as usize)),
        sampling: Sampling {
            max_tokens: Sentences::most(limit) as u32,
            temperature,
            repeat_penalty: own.repeat_penalty,
            repeat_window: own.repeat_window,
        },
    };
    let mut call = engine.call(Ask::Reply(chat), Sentences::most(limit) + 2).await?;
    let mut sentences = Sentences::new(limit);
    let cut = loop {
        match call.next().await? {
            Answer::Text(text) => {
                let (text, over) = sentences.push(&text);
                say(&ends, text).await?;
                if over {
                    break true;
                }
            }
            Answer::Replied(usage) => {
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(usage);
                break usage.cut;
            }
            other => tracing::warn!(?other, "answer_to_no_reply"),
        }
    };
    // The engine need not write what nobody will hear.
    drop(call);
    say(&ends, sentences.finish(cut)).await?;
    let reason = if cut {
        FinishReason::Length
    } else {
        FinishReason::Stop
    };
    ends.events
        .send(Ok(ChatEvent::Finished(reason)))
        .await
        .map_err(|_| Error::cancelled())
}

async fn say(ends: &Ends<(), ChatEvent>, text: String) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    ends.events
        .send(Ok(ChatEvent::Text(text)))
        .await
        .map_err(|_| Error::cancelled())
}

fn file(choice: &LanguageChoice) -> LanguageFile {
    LanguageFile {
        path: choice.file.clone(),
        context: choice.chat.context,
    }
}

fn plain(messages: &[&Message]) -> Vec<(Role, String)> {
    messages
        .iter()
        .map(|message| (message.role, message.text.clone()))
        .collect()
}

/// The instructions, and of what was said the last question with so many exchanges before it. With more than one the
/// smallest models answer every question with their first answer.
fn recent(messages: &[Message], exchanges: usize) -> Vec<&Message> {
    let instructions = messages
        .iter()
        .take_while(|message| message.role == Role::System)
        .count();
    let (instructions, said) = messages.split_at(instructions);
    let questions = said
        .iter()
        .enumerate()
        .filter(|(_, message)| message.role == Role::User);
    let start = questions.rev().nth(exchanges).map_or(0, |(at, _)| at);
    instructions.iter().chain(&said[start..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(messages: &[Message], exchanges: usize) -> Vec<&str> {
        recent(messages, exchanges)
            .into_iter()
            .map(|message| message.text.as_str())
            .collect()
    }

    #[test]
    fn so_many_exchanges_are_kept() {
        let messages = [
            Message::new(Role::System, "be brief"),
            Message::new(Role::User, "1?"),
            Message::new(Role::Assistant, "1!"),
            Message::new(Role::User, "2?"),
            Message::new(Role::Assistant, "2!"),
            Message::new(Role::User, "3?"),
        ];
        assert_eq!(texts(&messages, 0), ["be brief", "3?"]);
        assert_eq!(texts(&messages, 1), ["be brief", "2?", "2!", "3?"]);
        assert_eq!(texts(&messages, 9).len(), 6);
        assert_eq!(texts(&messages[..1], 1), ["be brief"]);
        assert_eq!(texts(&messages[5..], 1), ["3?"]);
        assert_eq!(texts(&[], 1), Vec::<&str>::new());
    }
}
