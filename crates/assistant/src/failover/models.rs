//! Language models: one that fails before its first token is followed by the next.

use std::sync::Arc;

use libretto_conversation::Choice;
use libretto_voice::chat::ChatSession;
use libretto_voice::{ChatEvent, ChatRequest, LanguageModel, Message, Session};

use super::{List, Tell, fell_silent, nobody};

/// Several language models, each with its own request: the one that is given to [`LanguageModel::reply`] is for its
/// messages only.
pub struct Models(Arc<List<dyn LanguageModel, ChatRequest>>);

impl Models {
    /// In this order; `tell` hears of each switch.
    pub fn new(choices: Vec<Choice<dyn LanguageModel, ChatRequest>>, tell: Tell) -> Self {
        Self(Arc::new(List { choices, tell }))
    }
}

impl LanguageModel for Models {
    fn name(&self) -> &str {
        self.0.first().map_or("", |first| first.name())
    }

    fn warm(&self, ahead: &[Message]) {
        if let Some(first) = self.0.first() {
            first.warm(ahead);
        }
    }

    fn reply(&self, request: ChatRequest) -> ChatSession {
        let list = Arc::clone(&self.0);
        Session::spawn(move |ends| async move {
            for (at, choice) in list.choices.iter().enumerate() {
                let mut session = choice.provider.reply(ChatRequest {
                    messages: request.messages.clone(),
                    tools: request.tools.clone(),
                    ..choice.options.clone()
                });
                let mut begun = false;
                let why = loop {
                    match session.next().await {
                        Some(Ok(event)) => {
                            let over = matches!(event, ChatEvent::Finished(_));
                            begun |= !matches!(event, ChatEvent::Reasoning(_));
                            if ends.events.send(Ok(event)).await.is_err() || over {
                                return Ok(());
                            }
                        }
                        Some(Err(error)) => break error,
                        None => break fell_silent(choice.provider.name()),
                    }
                };
                if begun {
                    return Err(why);
                }
                list.next(at, |model| model.name(), why)?;
            }
            Err(nobody())
        })
    }
}
