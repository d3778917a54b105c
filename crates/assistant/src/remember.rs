//! What the conversation remembers: the last exchanges for the model, all of them for the history.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use libretto_conversation::memory::{Exchange, Memory};
use libretto_store::SettingsFile;
use libretto_store::history::{Exchange as Kept, History, NewExchange, SessionId, Stored};
use libretto_voice::text;
use libretto_voice::{Error, Kind, Message, Result};

use crate::desk::Desk;

/// One session's memory. What the model is shown is kept here too: it does not depend on a database that may be
/// broken or full.
pub struct Remember {
    session: SessionId,
    history: History,
    settings: Arc<SettingsFile>,
    desk: Arc<Desk>,
    recent: Mutex<VecDeque<Vec<Message>>>,
    /// What was said was deleted.
    forgotten: tokio::sync::Mutex<bool>,
    /// The user knows that what is said cannot be written.
    waits: AtomicBool,
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
                let exchanges: Vec<Exchange> = exchanges.into_iter().map(lived).collect();
                for exchange in &exchanges {
                    desk.said(told(exchange));
                }
                exchanges.iter().map(Exchange::messages).collect()
            }
        };
        let session = session.unwrap_or_else(SessionId::new);
        Ok(Self {
            session,
            history,
            settings,
            desk,
            recent: Mutex::new(recent),
            forgotten: tokio::sync::Mutex::new(false),
            waits: AtomicBool::new(false),
        })
    }

    /// Which session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// What was said here is to be deleted: it is forgotten, and nothing more of it is kept. Returns when nothing is
    /// being written any longer.
    pub async fn forget(&self) {
        *self.forgotten.lock().await = true;
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Vec<Message>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep(&self, exchange: Exchange) -> Result<()> {
        // Held to the end: what was begun before is written before it is deleted.
        let forgotten = self.forgotten.lock().await;
        if *forgotten {
            return Ok(());
        }
        let settings = self.settings.get();
        self.desk.said(told(&exchange));
        {
            let mut recent = self.lock();
            recent.push_back(exchange.messages());
            while recent.len() > settings.conversation.memory as usize {
                recent.pop_front();
            }
        }
        if !settings.history.on {
            return Ok(());
        }
        let new = NewExchange {
            turn: exchange.turn,
            user: exchange.said.unwrap_or_default(),
            reply: format!("{}{}", exchange.heard, exchange.unheard),
            heard: text::count(&exchange.heard),
            cut: exchange.cut,
            alignment: exchange.alignment.filter(|_| settings.history.store_alignment),
            ..NewExchange::default()
        };
        match self.history.append(self.session, new).await? {
            Stored::Written(_) => self.waits.store(false, Ordering::Relaxed),
            // Once is enough to say so: it is tried again and again.
            Stored::Waiting(sentence) => {
                if !self.waits.swap(true, Ordering::Relaxed) {
                    let message = format!("What was said is not kept yet. {sentence}");
                    return Err(Error::new(Kind::Unavailable, message));
                }
            }
        }
        Ok(())
    }
}

/// What of a reply can be said again.
fn told(exchange: &Exchange) -> &str {
    if exchange.heard.trim().is_empty() {
        &exchange.unheard
    } else {
        &exchange.heard
    }
}

/// An exchange from the history, as it was when it was lived: a session that is gone on with is remembered as it would
/// be had it never ended.
fn lived(kept: Kept) -> Exchange {
    Exchange {
        turn: kept.turn,
        heard: kept.heard_text().to_owned(),
        unheard: kept.unheard_text().to_owned(),
        said: Some(kept.user).filter(|said| !said.is_empty()),
        cut: kept.cut,
        alignment: kept.alignment,
    }
}

impl Memory for Remember {
    fn recent(&self) -> BoxFuture<'_, Result<Vec<Message>>> {
        let messages = self.lock().iter().flatten().cloned().collect();
        Box::pin(std::future::ready(Ok(messages)))
    }

    fn record(&self, exchange: Exchange) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.keep(exchange))
    }
}

#[cfg(test)]
mod tests {
    use libretto_store::{Environment, Places};
    use libretto_voice::TurnId;

    use super::*;

    fn exchange(turn: u64, said: Option<&str>, heard: &str, unheard: &str, cut: bool) -> Exchange {
        Exchange {
            turn: TurnId(turn),
            said: said.map(str::to_owned),
            heard: heard.to_owned(),
            unheard: unheard.to_owned(),
            cut,
            alignment: None,
        }
    }

    #[tokio::test]
    async fn a_resumed_session_is_remembered_as_the_one_that_never_ended() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::within(folder.path());
        let history = History::open(places.history());
        let settings = Arc::new(SettingsFile::open(Environment::of([], &[], places)));
        let remember = async |session| {
            let desk = Arc::new(Desk::new(Arc::default()));
            let (history, settings) = (history.clone(), Arc::clone(&settings));
            let memory = Remember::new(session, history, settings, Arc::clone(&desk)).await;
            (memory.unwrap(), desk)
        };
        let (live, live_desk) = remember(None).await;
        let family = "Hëllo 👨‍👩‍👧 and ";
        for lived in [
            exchange(1, Some("Hello."), "Hello yourself.", "", false),
            exchange(2, Some("  What is long? "), family, "a thousand more.", true),
            // No voice spoke it: it was read.
            exchange(3, Some("Write it."), "", "It is written.", false),
            exchange(4, None, "Your timer is over.", "", false),
            exchange(5, Some("Never answered."), "", "", true),
            exchange(6, Some("Called off before a word."), "", "Not a word.", true),
            exchange(7, Some("And half of it unspoken?"), "One. ", "Two.", false),
        ] {
            live.record(lived).await.unwrap();
            history.flush().await;
            let (resumed, desk) = remember(Some(live.session())).await;
            assert_eq!(resumed.recent().await.unwrap(), live.recent().await.unwrap());
            assert_eq!(desk.last_said(), live_desk.last_said());
        }
        assert_eq!(live.recent().await.unwrap().len(), 11);
    }
}
