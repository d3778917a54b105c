//! What the conversation remembers: the last exchanges for the model, all of them for the history.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use libretto_conversation::memory::{Exchange, Memory};
use libretto_store::SettingsFile;
use libretto_store::history::{History, NewExchange, SessionId, Stored};
use libretto_voice::text;
use libretto_voice::{Message, Result};

use crate::desk::Desk;

/// One session's memory. What the model is shown is kept here too: it does not depend on a database that may be
/// broken or full.
pub struct Remember {
    session: SessionId,
    history: History,
    settings: Arc<SettingsFile>,
    desk: Arc<Desk>,
    recent: Mutex<VecDeque<Vec<Message>>>,
}

impl Remember {
    /// Goes on with a session, or begins a new one.
    ///
    /// # Errors
    /// What the history says when the session's exchanges cannot be read.
    pub async fn new(
        session: Option<SessionId>,
        history: History,
        settings: Arc<SettingsFile>,
        desk: Arc<Desk>,
    ) -> Result<Self> {
        let recent = match session {
            None => VecDeque::new(),
            Some(session) => {
                let count = settings.get().conversation.memory as usize;
                let exchanges = history.recent(session, count).await?;
                if let Some(last) = exchanges.last() {
                    desk.said(&last.reply);
                }
                exchanges
                    .iter()
                    .map(libretto_store::history::Exchange::messages)
                    .collect()
            }
        };
        let session = session.unwrap_or_else(SessionId::new);
        Ok(Self {
            session,
            history,
            settings,
            desk,
            recent: Mutex::new(recent),
        })
    }

    /// Which session.
    pub fn session(&self) -> SessionId {
        self.session
    }
}

impl Memory for Remember {
    fn recent(&self) -> BoxFuture<'_, Result<Vec<Message>>> {
        let messages = self
            .recent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .flatten()
            .cloned()
            .collect();
        Box::pin(std::future::ready(Ok(messages)))
    }

    fn record(&self, exchange: Exchange) -> BoxFuture<'_, Result<()>> {
        let settings = self.settings.get();
        let heard = text::count(&exchange.heard);
        self.desk.said(if exchange.heard.trim().is_empty() {
            &exchange.unheard
        } else {
            &exchange.heard
        });
        {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.push_back(exchange.messages());
            while recent.len() > settings.conversation.memory as usize {
                recent.pop_front();
            }
        }
        let new = NewExchange {
            turn: exchange.turn,
            user: exchange.said.unwrap_or_default(),
            reply: format!("{}{}", exchange.heard, exchange.unheard),
            heard,
            cut: exchange.cut,
            alignment: exchange.alignment.filter(|_| settings.history.store_alignment),
            ..NewExchange::default()
        };
        Box::pin(async move {
            if let Stored::Waiting(sentence) = self.history.append(self.session, new).await? {
                tracing::warn!(sentence, "history_waits");
            }
            Ok(())
        })
    }
}
