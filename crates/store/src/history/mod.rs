//! History: what was said, answered and heard. One `SQLite` file, searched in full text, on a thread of its own.
//!
//! Calls wait in a bounded queue and never block the caller's thread. What cannot be written (disk full, read-only) is
//! kept in memory and tried again; what is broken is put aside and begun anew; both are told in [`History::state`].

mod database;
mod exchange;
pub mod export;
mod fold;
mod rows;
mod thread;

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::{Error, Result};

pub use exchange::{
    Cursor, Exchange, ExchangeId, Hit, NewExchange, Session, SessionId, SessionPage, Side, State, Stored,
};

use rows::Which;
use thread::{Job, Keeper};

/// Calls that wait for the database before the next caller has to.
const QUEUE: usize = 256;
/// The longest exchange, in bytes of all its texts. An hour of speech is about 60 kB.
const MAX_EXCHANGE: usize = 4 * 1024 * 1024;
/// Most rows that one call gives.
const MAX_ROWS: usize = 10_000;

/// The history. A clone is the same one; the database is closed when the last one goes.
#[derive(Clone, Debug)]
pub struct History {
    jobs: mpsc::Sender<Job>,
    state: watch::Receiver<State>,
}

impl History {
    /// Opens the database at a path, which is made where there is none. Returns at once: what goes wrong is in
    /// [`History::state`].
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self::start(Some(path.into()), true)
    }

    /// The same for those who keep nothing for now: what was kept before can be read and deleted, but where there is
    /// no database none is made until something is appended.
    pub fn open_if_any(path: impl Into<PathBuf>) -> Self {
        Self::start(Some(path.into()), false)
    }

    /// A history that is gone when Libretto ends.
    pub fn in_memory() -> Self {
        Self::start(None, true)
    }

    fn start(path: Option<PathBuf>, make: bool) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (sender, state) = watch::channel(State::default());
        let work = move || thread::serve(path, make, queue, sender);
        if let Err(error) = std::thread::Builder::new().name("history".into()).spawn(work) {
            // Every call will find the queue closed, and say so.
            tracing::error!(%error, "no_thread_for_history");
        }
        Self { jobs, state }
    }

    /// How the history is, from now on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Waits until the database was opened, or could not be.
    pub async fn ready(&self) -> State {
        let mut state = self.state.clone();
        let ready = state
            .wait_for(|state| state.opened)
            .await
            .map(|state| state.clone());
        ready.unwrap_or_else(|_| self.state.borrow().clone())
    }

    /// Keeps an exchange. The session appears with its first one.
    ///
    /// # Errors
    /// [`Error::TooLong`]; nothing that has to do with the disk, see [`Stored::Waiting`].
    pub async fn append(&self, session: SessionId, exchange: NewExchange) -> Result<Stored> {
        let marks = exchange
            .alignment
            .as_ref()
            .map_or(0, |a| std::mem::size_of_val(a.marks()));
        let bytes = exchange.user.len() + exchange.reply.len();
        if bytes > MAX_EXCHANGE {
            return Err(Error::TooLong(bytes, MAX_EXCHANGE));
        }
        self.ask(move |keeper| keeper.append(session, exchange, bytes + marks))
            .await
    }

    /// Sessions, the latest first; `after` is the page before this one's `next`.
    ///
    /// # Errors
    /// [`Error::History`], here and in all calls below.
    pub async fn sessions(&self, after: Option<Cursor>, limit: usize) -> Result<SessionPage> {
        self.with(move |db| rows::sessions(db, after, limit.min(MAX_ROWS)))
            .await
    }

    /// One session; `None` when there is none by this id.
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>> {
        self.with(move |db| rows::one_session(db, Some(id))).await
    }

    /// The session in which something was said last.
    pub async fn latest(&self) -> Result<Option<Session>> {
        self.with(move |db| rows::one_session(db, None)).await
    }

    /// Exchanges of a session after one of them, the oldest first.
    pub async fn exchanges(
        &self,
        id: SessionId,
        after: Option<ExchangeId>,
        limit: usize,
    ) -> Result<Vec<Exchange>> {
        self.with(move |db| rows::exchanges(db, id, after, limit.min(MAX_ROWS)))
            .await
    }

    /// The last exchanges of a session, the oldest first: what is needed to resume it.
    pub async fn recent(&self, id: SessionId, count: usize) -> Result<Vec<Exchange>> {
        self.with(move |db| rows::recent(db, id, count.min(MAX_ROWS)))
            .await
    }

    /// Finds words in titles, in what was said and in replies, without regard to case, accents and vowel points. Every
    /// word must be there, in any order, and may be unfinished. The latest first.
    pub async fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>> {
        let Some(query) = fold::Query::of(query) else {
            return Ok(Vec::new());
        };
        self.with(move |db| rows::search(db, &query, limit.min(MAX_ROWS)))
            .await
    }

    /// Gives a session another title; it is cut to one short line.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for an empty title's session.
    pub async fn rename(&self, id: SessionId, title: impl Into<String>) -> Result<()> {
        let title = title.into();
        let renamed = self.with(move |db| rows::rename(db, id, &title)).await?;
        if renamed {
            Ok(())
        } else {
            Err(Error::NotFound("session"))
        }
    }

    /// Deletes a session with all its exchanges, from the files too.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn delete(&self, id: SessionId) -> Result<()> {
        self.forget_which(Which::Session(id))
            .await?
            .map(drop)
            .ok_or(Error::NotFound("session"))
    }

    /// Deletes one exchange, and its session when it was the only one.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn delete_exchange(&self, id: ExchangeId) -> Result<()> {
        self.forget_which(Which::One(id))
            .await?
            .map(drop)
            .ok_or(Error::NotFound("exchange"))
    }

    /// Deletes everything, from the files too.
    pub async fn delete_all(&self) -> Result<()> {
        self.forget_which(Which::All).await.map(drop)
    }

    /// Deletes what is older than so many days, as `history.keep_days` says; 0 deletes nothing. Says how many
    /// exchanges went.
    pub async fn forget(&self, keep_days: u32) -> Result<usize> {
        if keep_days == 0 {
            return Ok(0);
        }
        let age = SignedDuration::from_hours(24 * i64::from(keep_days));
        let Ok(before) = Timestamp::now().checked_sub(age) else {
            return Ok(0);
        };
        Ok(self.forget_which(Which::Before(before)).await?.unwrap_or(0))
    }

    /// Forgets what could not be written yet: from now on nothing that was given before is.
    pub async fn forget_waiting(&self) -> Result<()> {
        self.ask(|keeper| {
            keeper.drop_waiting(|_| true);
            Ok(())
        })
        .await
    }

    /// Waits until everything that was given before is written, or cannot be. Call it before the end.
    pub async fn flush(&self) -> State {
        let _ = self.ask(|keeper| Ok(keeper.write_waiting().is_some())).await;
        self.state.borrow().clone()
    }

    async fn forget_which(&self, which: Which) -> Result<Option<usize>> {
        self.ask(move |keeper| {
            match which {
                Which::All => keeper.drop_waiting(|_| true),
                Which::Session(id) => keeper.drop_waiting(|session| session == id),
                Which::One(_) | Which::Before(_) => {}
            }
            let gone = keeper.with(|db| rows::delete(db, &which))?;
            if gone > 0 || matches!(which, Which::All) {
                keeper.with(|db| rows::scrub(db, matches!(which, Which::All)))?;
            }
            Ok(Some(gone).filter(|gone| *gone > 0))
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.ask(move |keeper| keeper.with(work)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Keeper) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, receiver) = oneshot::channel();
        let job: Job = Box::new(move |keeper| {
            // Whoever asked may have gone; what was to be done is done all the same.
            let _ = answer.send(work(keeper));
        });
        let gone = || Error::Internal("the history's thread has ended".into());
        self.jobs.send(job).await.map_err(|_| gone())?;
        receiver.await.map_err(|_| gone())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path().join("history.sqlite3"));
        let session = SessionId::new();
        let long = |n: usize| NewExchange {
            user: n.to_string(),
            reply: "word ".repeat(20_000),
            ..NewExchange::default()
        };
        assert!(matches!(
            history.append(session, long(0)).await.unwrap(),
            Stored::Written(_)
        ));
        // SQLite itself says that the disk is full, until the file is opened anew.
        history
            .with(|db| {
                let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            })
            .await
            .unwrap();
        let Stored::Waiting(sentence) = history.append(session, long(1)).await.unwrap() else {
            panic!("written")
        };
        assert!(
            sentence.contains("disk is full") && sentence.contains("Free some space"),
            "{sentence}"
        );
        assert_eq!(history.state().borrow().waiting, 1);
        assert!(matches!(
            history.append(session, long(2)).await.unwrap(),
            Stored::Written(_)
        ));
        let users: Vec<_> = history
            .recent(session, 9)
            .await
            .unwrap()
            .into_iter()
            .map(|e| e.user)
            .collect();
        assert_eq!(users, ["0", "1", "2"]);
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_a_loss_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("data"), "in the way").unwrap();
        let history = History::open(folder.path().join("data/history.sqlite3"));
        let session = SessionId::new();
        for n in 0..12 {
            let exchange = NewExchange {
                user: n.to_string(),
                reply: "x".repeat(4_000_000),
                ..NewExchange::default()
            };
            assert!(matches!(
                history.append(session, exchange).await.unwrap(),
                Stored::Waiting(_)
            ));
        }
        let state = history.state().borrow().clone();
        assert_eq!(state.waiting, 8);
        assert_eq!(state.notices.len(), 4);
        assert!(state.notices[0].sentence.contains("oldest exchange was dropped"));
        history.delete_all().await.unwrap_err();
        assert_eq!(history.state().borrow().waiting, 0, "what waits is forgotten too");
    }
}
