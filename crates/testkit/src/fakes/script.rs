//! What a fake does wrong, and what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use serde_json::Value;

/// Something that goes wrong in one call.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Refuses with this status, in the service's own words; a socket's handshake too.
    Status(u16),
    /// Refuses with this status, these headers and this body.
    Refusal {
        /// HTTP status.
        status: u16,
        /// More headers.
        headers: Vec<(&'static str, String)>,
        /// The body as it is.
        body: String,
    },
    /// Takes the call and never answers.
    Silence,
    /// Gives so many pieces of the answer and then nothing more, holding the connection.
    StallAfter(usize),
    /// Ends the answer in good order after so many pieces.
    TruncateAfter(usize),
    /// Breaks the connection after so many pieces.
    BreakAfter(usize),
    /// Closes a socket with this code and reason after so many messages.
    CloseAfter(usize, u16, &'static str),
    /// Spoils this piece of the answer: what should be JSON is none.
    Garble(usize),
    /// Puts this text instead of the piece with this number, and ends.
    Say(usize, String),
    /// Announces another kind of content.
    ContentType(&'static str),
    /// Sends the answer byte by byte, each so long after the one before.
    Drip(Duration),
}

/// A call as it came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST`, or `SOCKET`.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query pairs in their order.
    pub query: Vec<(String, String)>,
    /// The body where it is JSON; the fields of a form; the messages of a socket so far.
    pub body: Value,
}

impl Call {
    /// The head of a call, with this body.
    pub(crate) fn of(method: &str, uri: &Uri, body: Value) -> Self {
        let query = Query::try_from_uri(uri).map(|Query(pairs)| pairs);
        Self {
            method: method.to_owned(),
            path: uri.path().to_owned(),
            query: query.unwrap_or_default(),
            body,
        }
    }

    /// The first query value of this name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

/// The faults to come, and the calls that came. Clones are the same script.
#[derive(Clone, Debug, Default)]
pub struct Script(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    faults: VecDeque<Option<Fault>>,
    calls: Vec<Call>,
    open: usize,
    most_open: usize,
}

impl Script {
    /// The next call that has none yet goes wrong in this way.
    pub fn fail(&self, fault: Fault) {
        self.pages().faults.push_back(Some(fault));
    }

    /// The next call that has no fault yet goes well.
    pub fn pass(&self) {
        self.pages().faults.push_back(None);
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.pages().calls.clone()
    }

    /// The last call so far.
    pub fn last(&self) -> Option<Call> {
        self.pages().calls.last().cloned()
    }

    /// How many calls ran at once at most.
    pub fn most_at_once(&self) -> usize {
        self.pages().most_open
    }

    /// How many run now.
    pub fn open(&self) -> usize {
        self.pages().open
    }

    /// Notes a call, and gives what goes wrong in it.
    pub(crate) fn begin(&self, call: Call) -> (Entry, Option<Fault>) {
        let mut pages = self.pages();
        pages.calls.push(call);
        pages.open += 1;
        pages.most_open = pages.most_open.max(pages.open);
        let entry = Entry {
            script: self.clone(),
            number: pages.calls.len() - 1,
        };
        (entry, pages.faults.pop_front().flatten())
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is being answered; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    script: Script,
    number: usize,
}

impl Entry {
    /// Notes a message that came through the call's socket.
    pub(crate) fn message(&self, message: Value) {
        let mut pages = self.script.pages();
        if let Value::Array(messages) = &mut pages.calls[self.number].body {
            messages.push(message);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.script.pages().open -= 1;
    }
}
