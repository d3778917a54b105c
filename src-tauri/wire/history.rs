//! What was said before.

use libretto_assistant::store::history;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::notice::{Passed, Span};
use crate::units;

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Session {
    /// Which.
    pub id: String,
    /// Its first words, or what it was renamed to.
    pub title: String,
    /// When it began: milliseconds since 1970.
    pub created: i64,
    /// When something was said last: milliseconds since 1970.
    pub updated: i64,
    /// How many exchanges it has.
    pub exchanges: u64,
    /// Whether times of words are stored for any of them: subtitles need those.
    pub timed: bool,
}

impl From<history::Session> for Session {
    fn from(session: history::Session) -> Self {
        Self {
            id: session.id.to_string(),
            title: session.title,
            created: session.created.as_millisecond(),
            updated: session.updated.as_millisecond(),
            exchanges: session.exchanges as u64,
            timed: session.timed,
        }
    }
}

/// Some sessions, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SessionPage {
    /// The sessions.
    pub sessions: Vec<Session>,
    /// Give it back for the next page; `null` on the last one.
    pub next: Option<String>,
}

/// A session with all that was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WholeSession {
    /// Which.
    pub session: Session,
    /// What was said, oldest first.
    pub exchanges: Vec<PastExchange>,
}

/// What was said and answered, as it stands in the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PastExchange {
    /// Its number.
    pub id: i64,
    /// When the turn began: milliseconds since 1970.
    pub created: i64,
    /// What the user said.
    pub said: String,
    /// The whole reply as it was written.
    pub reply: String,
    /// It was heard up to here: UTF-16 code units of the reply.
    pub heard: u64,
    /// Whether the user cut it.
    pub cut: bool,
    /// When each milestone was passed; none where it is not known.
    pub milestones: Vec<Passed>,
}

impl From<history::Exchange> for PastExchange {
    fn from(exchange: history::Exchange) -> Self {
        Self {
            id: exchange.id.0,
            created: exchange.created.as_millisecond(),
            heard: units::of(exchange.heard_text()),
            milestones: exchange.ledger.as_ref().map(Passed::all).unwrap_or_default(),
            said: exchange.user,
            reply: exchange.reply,
            cut: exchange.cut,
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Hit {
    /// The session.
    pub session: String,
    /// The session's title.
    pub title: String,
    /// The exchange; `null` when the title was found.
    pub exchange: Option<i64>,
    /// When it was said: milliseconds since 1970.
    pub created: i64,
    /// The words around it, in one line.
    pub snippet: String,
    /// What was searched for: UTF-16 code units of the snippet.
    pub marked: Vec<Span>,
}

impl From<history::Hit> for Hit {
    fn from(hit: history::Hit) -> Self {
        let unit = |byte: usize| units::of(hit.snippet.get(..byte).unwrap_or(&hit.snippet));
        let marked = hit.marked.iter().map(|bytes| Span {
            start: unit(bytes.start),
            end: unit(bytes.end),
        });
        Self {
            session: hit.session.to_string(),
            exchange: hit.exchange.map(|id| id.0),
            created: hit.created.as_millisecond(),
            marked: marked.collect(),
            title: hit.title,
            snippet: hit.snippet,
        }
    }
}

/// What a session is exported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// To read.
    Markdown,
    /// To process.
    Json,
    /// Subtitles; needs the setting `history.store_alignment`.
    Srt,
    /// Subtitles for the web; needs the setting `history.store_alignment`.
    Vtt,
}

impl Format {
    /// How its files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
        }
    }
}
