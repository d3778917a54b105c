//! The thread that owns the database. `SQLite` blocks, and nobody who speaks waits for a disk.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use libretto_voice::Kind;
use rusqlite::Connection;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::notice::{Notice, Subject};

use super::database::{self, Unopened};
use super::exchange::{ExchangeId, NewExchange, SessionId, State, Stored};
use super::rows;

/// What could not be written is tried again after so long.
const RETRY: Duration = Duration::from_secs(5);
/// Exchanges that are kept in memory while they cannot be written, and their bytes: hours of talking.
const MAX_WAITING: usize = 1000;
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;
/// Notices that are kept for whoever asks.
const MAX_NOTICES: usize = 20;

pub(super) type Job = Box<dyn FnOnce(&mut Keeper) + Send>;

/// The database, and what could not be put into it yet.
pub(super) struct Keeper {
    /// `None` is in memory.
    path: Option<PathBuf>,
    /// Where there is no file, one is made. Without, there is none until something is to be kept.
    make: bool,
    db: Option<Connection>,
    waiting: VecDeque<Waiting>,
    bytes: usize,
    state: watch::Sender<State>,
}

struct Waiting {
    session: SessionId,
    exchange: NewExchange,
    since: Timestamp,
    bytes: usize,
}

/// Runs until nobody holds a [`super::History`] any longer.
pub(super) fn serve(
    path: Option<PathBuf>,
    make: bool,
    mut jobs: mpsc::Receiver<Job>,
    state: watch::Sender<State>,
) {
    let mut keeper = Keeper {
        path,
        make,
        db: None,
        waiting: VecDeque::new(),
        bytes: 0,
        state,
    };
    // Opening early brings problems to light before the first word is said.
    let opened = keeper.with(|_| Ok(()));
    keeper.state.send_modify(|state| {
        state.opened = true;
        state.problem = opened.err().map(|error| error.to_string());
    });
    // Only a timer is needed: the thread may wait for jobs and for the time of the next try at once.
    let Ok(clock) = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
    else {
        return;
    };
    loop {
        let job = if keeper.waiting.is_empty() {
            clock.block_on(jobs.recv())
        } else if let Ok(job) = clock.block_on(async { timeout(RETRY, jobs.recv()).await }) {
            job
        } else {
            keeper.write_waiting();
            continue;
        };
        match job {
            Some(job) => job(&mut keeper),
            None => break,
        }
    }
    keeper.write_waiting();
    if !keeper.waiting.is_empty() {
        tracing::error!(exchanges = keeper.waiting.len(), "history_not_written");
    }
}

impl Keeper {
    /// Does something with the database. A broken one is put aside and done without.
    pub(super) fn with<T>(&mut self, work: impl Fn(&mut Connection) -> rusqlite::Result<T>) -> Result<T> {
        match self.attempt(&work) {
            Err(error) if database::is_broken(&error) => {
                self.put_aside(&error.to_string());
                self.attempt(&work).map_err(|error| database::told(&error))
            }
            result => result.map_err(|error| database::told(&error)),
        }
    }

    fn attempt<T>(&mut self, work: &impl Fn(&mut Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let result = match &mut self.db {
            Some(db) => work(db),
            None => work(self.open()?),
        };
        if let Err(error) = &result
            && database::may_pass(error)
        {
            // What stands in the way may be gone when it is opened next.
            self.db = self.path.is_none().then(|| self.db.take()).flatten();
        }
        result
    }

    /// The file; `None` while there is none and none is wanted.
    fn place(&self) -> Option<&Path> {
        self.path.as_deref().filter(|path| self.make || path.exists())
    }

    fn open(&mut self) -> rusqlite::Result<&mut Connection> {
        let db = match database::open(self.place()) {
            Ok(db) => db,
            Err(Unopened::Sql(error)) => return Err(error),
            Err(Unopened::Broken(reason)) => {
                self.put_aside(&reason);
                self.open_again()?
            }
            Err(Unopened::Newer(version)) => {
                self.tell(format!(
                    "The history was made by a newer Libretto (layout {version}) and is left alone. What is said now \
                     is kept until Libretto ends; update it to go on with the history."
                ));
                self.path = None;
                self.open_again()?
            }
        };
        Ok(self.db.insert(db))
    }

    fn open_again(&self) -> rusqlite::Result<Connection> {
        database::open(self.place()).map_err(|error| match error {
            Unopened::Sql(error) => error,
            Unopened::Broken(reason) => rusqlite::Error::InvalidParameterName(reason),
            Unopened::Newer(version) => rusqlite::Error::InvalidParameterName(format!("layout {version}")),
        })
    }

    fn put_aside(&mut self, reason: &str) {
        self.db = None;
        let Some(path) = &self.path else { return };
        let told = match database::put_aside(path) {
            Ok(aside) => format!(
                "The history could not be read ({reason}), and a new one was begun. The old one is kept as {}: repair \
                 or delete it.",
                aside.display()
            ),
            Err(error) => {
                let told = format!(
                    "The history could not be read ({reason}), nor put aside ({error}). What is said now is kept until \
                     Libretto ends; move {} away, then start Libretto again.",
                    path.display()
                );
                self.path = None;
                told
            }
        };
        self.tell(told);
    }

    fn tell(&self, sentence: String) {
        tracing::warn!(sentence, "history_told");
        self.state.send_modify(|state| {
            state.notices.push(Notice::new(Subject::History, sentence));
            let over = state.notices.len().saturating_sub(MAX_NOTICES);
            state.notices.drain(..over);
        });
    }

    /// Writes an exchange behind those that wait, or lets it wait too.
    pub(super) fn append(
        &mut self,
        session: SessionId,
        exchange: NewExchange,
        bytes: usize,
    ) -> Result<Stored> {
        if !std::mem::replace(&mut self.make, true) {
            // What stood in for a file holds nothing.
            self.db = None;
        }
        while self.waiting.len() >= MAX_WAITING || self.bytes + bytes > MAX_WAITING_BYTES {
            let Some(lost) = self.waiting.pop_front() else {
                break;
            };
            self.bytes -= lost.bytes;
            self.tell(
                "The history has not been writable for so long that its oldest exchange was dropped. Free some space \
                 on the disk, or make the history's folder writable."
                    .into(),
            );
        }
        self.bytes += bytes;
        self.waiting.push_back(Waiting {
            session,
            exchange,
            since: Timestamp::now(),
            bytes,
        });
        match self.write_waiting() {
            Some(Ok(id)) => Ok(Stored::Written(id)),
            Some(Err(error)) if self.waiting.is_empty() => Err(error),
            Some(Err(error)) => Ok(Stored::Waiting(error.to_string())),
            None => Err(Error::Internal("an exchange vanished".into())),
        }
    }

    /// Writes what waits, in order. Says what became of the last one that it tried.
    pub(super) fn write_waiting(&mut self) -> Option<Result<ExchangeId>> {
        let mut last = None;
        while let Some(next) = self.waiting.pop_front() {
            let result = self.with(|db| {
                let transaction = db.transaction()?;
                let id = rows::insert(&transaction, next.session, &next.exchange, next.since)?;
                transaction.commit()?;
                Ok(id)
            });
            let later = result
                .as_ref()
                .is_err_and(|error| error.kind() == Kind::Unavailable);
            if later {
                self.waiting.push_front(next);
            } else {
                self.bytes -= next.bytes;
                if let Err(error) = &result {
                    self.tell(format!("An exchange could not be kept. {error}"));
                }
            }
            last = Some(result);
            if later {
                break;
            }
        }
        let problem = last
            .as_ref()
            .and_then(|r| r.as_ref().err())
            .map(ToString::to_string);
        let waiting = self.waiting.len();
        self.state.send_if_modified(|state| {
            let changed = state.waiting != waiting || state.problem != problem;
            (state.waiting, state.problem) = (waiting, problem);
            changed
        });
        last
    }

    /// Forgets what waits.
    pub(super) fn drop_waiting(&mut self, which: impl Fn(SessionId) -> bool) {
        self.waiting.retain(|waiting| !which(waiting.session));
        self.bytes = self.waiting.iter().map(|waiting| waiting.bytes).sum();
        let waiting = self.waiting.len();
        self.state.send_modify(|state| state.waiting = waiting);
    }
}
