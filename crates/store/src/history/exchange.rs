//! What the history is made of.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use jiff::Timestamp;
use libretto_voice::text::Graphemes;
use libretto_voice::{Alignment, Ledger, TurnId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;

/// A conversation that can be resumed. It is made without the database: a session appears in the history with its
/// first exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A new one; later ones are greater.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SessionId {
    type Err = Error;

    /// Any UUID: other programs bring their own.
    fn from_str(text: &str) -> Result<Self, Error> {
        Uuid::parse_str(text.trim())
            .map(Self)
            .map_err(|_| Error::NotFound("session"))
    }
}

/// The database's number of an exchange; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExchangeId(pub i64);

/// What was said and answered, as it happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewExchange {
    /// Which turn of its run.
    pub turn: TurnId,
    /// What the user said.
    pub user: String,
    /// The whole reply as it was written.
    pub reply: String,
    /// How many grapheme clusters of the reply were heard.
    pub heard: usize,
    /// Whether the user cut it.
    pub cut: bool,
    /// Who recognised it.
    pub recogniser: Option<String>,
    /// Who answered.
    pub model: Option<String>,
    /// Who spoke.
    pub voice: Option<String>,
    /// Its language, where it is known: a BCP 47 tag.
    pub language: Option<String>,
    /// When each milestone was passed.
    pub ledger: Option<Ledger>,
    /// When each word sounded. Give it only where `history.store_alignment` asks for it.
    pub alignment: Option<Alignment>,
    /// When the turn began; `None` is now.
    pub created: Option<Timestamp>,
}

/// What was said and answered, as it stands in the history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchange {
    /// Its number.
    pub id: ExchangeId,
    /// The conversation that it belongs to.
    pub session: SessionId,
    /// Which turn of its run.
    pub turn: TurnId,
    /// When the turn began.
    pub created: Timestamp,
    /// What the user said.
    pub user: String,
    /// The whole reply as it was written.
    pub reply: String,
    /// How many grapheme clusters of the reply were heard.
    pub heard: usize,
    /// Whether the user cut it.
    pub cut: bool,
    /// Who recognised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recogniser: Option<String>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Who spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Its language, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When each milestone was passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Ledger>,
    /// When each word sounded, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment: Option<Alignment>,
}

impl Exchange {
    /// The part of the reply that was heard.
    pub fn heard_text(&self) -> &str {
        &self.reply[..Graphemes::of(&self.reply).byte(self.heard)]
    }

    /// The part of the reply that nobody heard.
    pub fn unheard_text(&self) -> &str {
        &self.reply[Graphemes::of(&self.reply).byte(self.heard)..]
    }
}

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Its first words, or what it was renamed to.
    pub title: String,
    /// When it began.
    pub created: Timestamp,
    /// When something was said last.
    pub updated: Timestamp,
    /// How many exchanges it has.
    pub exchanges: usize,
    /// Whether it is known of any reply when each of its words sounded: subtitles need that.
    pub timed: bool,
}

/// Where a page of sessions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub(super) updated: Timestamp,
    pub(super) id: SessionId,
}

/// Some sessions, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionPage {
    /// The sessions.
    pub sessions: Vec<Session>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// In the session's title.
    Title,
    /// In what the user said.
    User,
    /// In the reply.
    Reply,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The session.
    pub session: SessionId,
    /// The session's title.
    pub title: String,
    /// The exchange; `None` when the title was found.
    pub exchange: Option<ExchangeId>,
    /// When it was said.
    pub created: Timestamp,
    /// Where in it.
    pub side: Side,
    /// The words around it, in one line.
    pub snippet: String,
    /// Bytes of the snippet that were searched for.
    pub marked: Vec<Range<usize>>,
}

/// Where an exchange went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is in the database, under this number.
    Written(ExchangeId),
    /// It is kept in memory and will be tried again. The sentence says why.
    Waiting(String),
}

/// How the history is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// True when the database was opened or could not be.
    pub opened: bool,
    /// What the user is to be told.
    pub notices: Vec<crate::Notice>,
    /// Exchanges that are kept in memory because they could not be written.
    pub waiting: usize,
    /// Why they could not.
    pub problem: Option<String>,
}
