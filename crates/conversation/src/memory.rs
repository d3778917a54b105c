//! What the model remembers of the conversation, and what is kept of it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use libretto_voice::{Alignment, Message, Result, Role, TurnId};
use serde::{Deserialize, Serialize};

/// One turn as it went: what was said, and what was heard of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Which.
    pub turn: TurnId,
    /// What the person said or typed; `None` when Libretto spoke unasked.
    pub said: Option<String>,
    /// What was heard of the reply, as written, to the whole word.
    pub heard: String,
    /// The rest of it: `heard` and `unheard` together are the reply.
    pub unheard: String,
    /// True when the reply was cut, and `heard` ends where the person cut in.
    pub cut: bool,
    /// When each word of the reply sounded.
    pub alignment: Option<Alignment>,
}

/// Where exchanges are kept.
pub trait Memory: Send + Sync {
    /// What the model is to know of the exchanges so far, oldest first, without instructions and without the
    /// question that is about to be asked.
    fn recent(&self) -> BoxFuture<'_, Result<Vec<Message>>>;

    /// Keeps an exchange. Called in the order in which exchanges ended.
    fn record(&self, exchange: Exchange) -> BoxFuture<'_, Result<()>>;
}

/// The last exchanges, forgotten when the program ends.
#[derive(Debug)]
pub struct ShortMemory {
    length: usize,
    exchanges: Mutex<VecDeque<Exchange>>,
}

impl ShortMemory {
    /// Keeps so many exchanges.
    pub fn new(length: usize) -> Self {
        Self {
            length,
            exchanges: Mutex::default(),
        }
    }

    /// What is remembered, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

impl Exchange {
    /// The reply as written.
    pub fn reply(&self) -> String {
        format!("{}{}", self.heard, self.unheard)
    }

    /// The messages that tell a model of it. Of a reply that the person cut it learns what was heard, no more; one
    /// that was not cut stood there to be read even where no voice spoke it.
    pub fn messages(&self) -> Vec<Message> {
        let said = self.said.iter().map(|text| Message::new(Role::User, text));
        let known = if self.cut {
            self.heard.clone()
        } else {
            self.reply()
        };
        let known = known.trim();
        let reply = match (known.is_empty(), self.cut) {
            (true, _) => None,
            (false, true) => Some(format!("{known} …")),
            (false, false) => Some(known.to_owned()),
        };
        said.chain(reply.map(|text| Message::new(Role::Assistant, text)))
            .collect()
    }
}

impl Memory for ShortMemory {
    fn recent(&self) -> BoxFuture<'_, Result<Vec<Message>>> {
        let messages = self.exchanges().iter().flat_map(Exchange::messages).collect();
        Box::pin(std::future::ready(Ok(messages)))
    }

    fn record(&self, exchange: Exchange) -> BoxFuture<'_, Result<()>> {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.push_back(exchange);
        while exchanges.len() > self.length {
            exchanges.pop_front();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
