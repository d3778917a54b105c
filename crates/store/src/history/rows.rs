//! Exchanges and sessions to rows and back.

use std::collections::HashSet;

use jiff::Timestamp;
use libretto_voice::TurnId;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::exchange::{
    Cursor, Exchange, ExchangeId, Hit, NewExchange, Session, SessionId, SessionPage, Side,
};
use super::fold::{self, Query};

/// A session's title is its first words, up to so many grapheme clusters.
const TITLE: usize = 60;

const EXCHANGE: &str = "id, session, turn, created, user, reply, heard, cut, recogniser, model, voice, language, \
                        ledger, alignment";
const SESSION: &str = "id, title, created, updated, (SELECT count(*) FROM exchanges WHERE session = sessions.id), \
                       EXISTS (SELECT 1 FROM exchanges WHERE session = sessions.id AND alignment IS NOT NULL)";

/// Writes an exchange, and its session when this is the first one.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    session: SessionId,
    exchange: &NewExchange,
    now: Timestamp,
) -> rusqlite::Result<ExchangeId> {
    let created = exchange.created.unwrap_or(now).as_millisecond();
    let first = if exchange.user.trim().is_empty() {
        &exchange.reply
    } else {
        &exchange.user
    };
    transaction
        .prepare_cached(
            "INSERT INTO sessions (id, title, created, updated) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (id) DO UPDATE SET updated = max(updated, excluded.updated)",
        )?
        .execute(params![session.to_string(), title(first), created])?;
    transaction.prepare_cached(
        "INSERT INTO exchanges (session, turn, created, user, reply, heard, cut, recogniser, model, voice, language,
             ledger, alignment)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        session.to_string(),
        exchange.turn.0.cast_signed(),
        created,
        exchange.user,
        exchange.reply,
        exchange.heard,
        exchange.cut,
        exchange.recogniser,
        exchange.model,
        exchange.voice,
        exchange.language,
        json(exchange.ledger.as_ref()),
        json(exchange.alignment.as_ref()),
    ])?;
    let id = transaction.last_insert_rowid();
    transaction
        .prepare_cached("INSERT INTO search (rowid, user, reply) VALUES (?1, ?2, ?3)")?
        .execute(params![
            id,
            fold::indexed(&exchange.user),
            fold::indexed(&exchange.reply)
        ])?;
    Ok(ExchangeId(id))
}

/// What cannot be written as JSON is left out: it is a measurement, not what was said.
fn json<T: serde::Serialize>(value: Option<&T>) -> Option<String> {
    serde_json::to_string(value?).ok()
}

/// One line of a text's first words.
pub(super) fn title(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let graphemes = libretto_voice::text::Graphemes::of(&line);
    if graphemes.len() <= TITLE {
        return line;
    }
    let short = &line[..graphemes.byte(TITLE)];
    let whole = short
        .rfind(' ')
        .filter(|at| *at > short.len() / 2)
        .map_or(short, |at| &short[..at]);
    format!("{whole}…")
}

fn exchange(row: &Row<'_>) -> rusqlite::Result<Exchange> {
    Ok(Exchange {
        id: ExchangeId(row.get(0)?),
        session: session_id(row, 1)?,
        turn: TurnId(row.get::<_, i64>(2)?.cast_unsigned()),
        created: timestamp(row, 3)?,
        user: row.get(4)?,
        reply: row.get(5)?,
        heard: usize::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
        cut: row.get(7)?,
        recogniser: row.get(8)?,
        model: row.get(9)?,
        voice: row.get(10)?,
        language: row.get(11)?,
        ledger: row
            .get::<_, Option<String>>(12)?
            .and_then(|text| serde_json::from_str(&text).ok()),
        alignment: row
            .get::<_, Option<String>>(13)?
            .and_then(|text| serde_json::from_str(&text).ok()),
    })
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: session_id(row, 0)?,
        title: row.get(1)?,
        created: timestamp(row, 2)?,
        updated: timestamp(row, 3)?,
        exchanges: usize::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
        timed: row.get(5)?,
    })
}

fn session_id(row: &Row<'_>, column: usize) -> rusqlite::Result<SessionId> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}

fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    // Outside of what a calendar knows is no reason to lose what was said.
    Ok(Timestamp::from_millisecond(row.get(column)?).unwrap_or_default())
}

fn all<T>(rows: impl Iterator<Item = rusqlite::Result<T>>) -> rusqlite::Result<Vec<T>> {
    rows.collect()
}

/// A page of sessions, the latest first.
pub(super) fn sessions(
    db: &Connection,
    after: Option<Cursor>,
    limit: usize,
) -> rusqlite::Result<SessionPage> {
    let (updated, id) = after.map_or((i64::MAX, String::new()), |c| {
        (c.updated.as_millisecond(), c.id.to_string())
    });
    let mut statement = db.prepare_cached(&format!(
        "SELECT {SESSION} FROM sessions WHERE (updated, id) < (?1, ?2) ORDER BY updated DESC, id DESC LIMIT ?3"
    ))?;
    let mut sessions = all(statement.query_map(params![updated, id, limit + 1], session)?)?;
    let more = sessions.len() > limit;
    sessions.truncate(limit);
    let next = sessions.last().filter(|_| more).map(|last| Cursor {
        updated: last.updated,
        id: last.id,
    });
    Ok(SessionPage { sessions, next })
}

/// One session; `None` for the latest.
pub(super) fn one_session(db: &Connection, id: Option<SessionId>) -> rusqlite::Result<Option<Session>> {
    match id {
        None => Ok(sessions(db, None, 1)?.sessions.pop()),
        Some(id) => db
            .prepare_cached(&format!("SELECT {SESSION} FROM sessions WHERE id = ?1"))?
            .query_row([id.to_string()], session)
            .optional(),
    }
}

/// Exchanges of a session after one of them, the oldest first.
pub(super) fn exchanges(
    db: &Connection,
    id: SessionId,
    after: Option<ExchangeId>,
    limit: usize,
) -> rusqlite::Result<Vec<Exchange>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {EXCHANGE} FROM exchanges WHERE session = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    ))?;
    let after = after.map_or(0, |id| id.0);
    all(statement.query_map(params![id.to_string(), after, limit], exchange)?)
}

/// The last exchanges of a session, the oldest first.
pub(super) fn recent(db: &Connection, id: SessionId, count: usize) -> rusqlite::Result<Vec<Exchange>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {EXCHANGE} FROM exchanges WHERE session = ?1 ORDER BY id DESC LIMIT ?2"
    ))?;
    let mut exchanges = all(statement.query_map(params![id.to_string(), count], exchange)?)?;
    exchanges.reverse();
    Ok(exchanges)
}

/// What is found, the latest first; titles before what was said in them. A title that is only the beginning of a
/// question which is found is not told beside it.
pub(super) fn search(db: &Connection, query: &Query, limit: usize) -> rusqlite::Result<Vec<Hit>> {
    let (mut said, mut twins) = (Vec::new(), HashSet::new());
    let mut statement = db.prepare_cached(
        "SELECT e.id, e.session, s.title, e.created, e.user, e.reply
         FROM search JOIN exchanges e ON e.id = search.rowid JOIN sessions s ON s.id = e.session
         WHERE search MATCH ?1 ORDER BY e.created DESC, e.id DESC LIMIT ?2",
    )?;
    // More than are told: a title is known by its question, however old that is.
    let mut rows = statement.query(params![query.fts(), super::MAX_ROWS])?;
    while let Some(row) = rows.next()? {
        let (user, reply): (String, String) = (row.get(4)?, row.get(5)?);
        let session = session_id(row, 1)?;
        let begun_with: String = row.get(2)?;
        if title(&user) == begun_with {
            twins.insert(session);
        }
        if said.len() >= limit {
            continue;
        }
        let (asked, answered) = (query.snippet(&user), query.snippet(&reply));
        let side = if asked.is_some() { Side::User } else { Side::Reply };
        // Without a place to show, its beginning does.
        let (snippet, marked) = asked.or(answered).unwrap_or_else(|| (title(&reply), Vec::new()));
        said.push(Hit {
            session,
            title: begun_with,
            exchange: Some(ExchangeId(row.get(0)?)),
            created: timestamp(row, 3)?,
            side,
            snippet,
            marked,
        });
    }
    let mut hits = Vec::new();
    let mut titles = db.prepare_cached("SELECT id, title, updated FROM sessions ORDER BY updated DESC")?;
    let mut rows = titles.query([])?;
    while hits.len() < limit
        && let Some(row) = rows.next()?
    {
        let title: String = row.get(1)?;
        let session = session_id(row, 0)?;
        if !query.is_in(&title) || twins.contains(&session) {
            continue;
        }
        if let Some((snippet, marked)) = query.snippet(&title) {
            hits.push(Hit {
                session,
                title,
                exchange: None,
                created: timestamp(row, 2)?,
                side: Side::Title,
                snippet,
                marked,
            });
        }
    }
    hits.append(&mut said);
    hits.truncate(limit);
    Ok(hits)
}

/// Renames a session; false when there is none.
pub(super) fn rename(db: &Connection, id: SessionId, to: &str) -> rusqlite::Result<bool> {
    Ok(db.execute(
        "UPDATE sessions SET title = ?2 WHERE id = ?1",
        params![id.to_string(), title(to)],
    )? > 0)
}

/// Which exchanges to forget.
pub(super) enum Which {
    All,
    Session(SessionId),
    One(ExchangeId),
    Before(Timestamp),
}

/// Deletes exchanges, and sessions that have none left. Says how many exchanges went.
pub(super) fn delete(db: &mut Connection, which: &Which) -> rusqlite::Result<usize> {
    let (condition, value) = match which {
        Which::All => ("?1 IS NULL", rusqlite::types::Value::Null),
        Which::Session(id) => ("session = ?1", id.to_string().into()),
        Which::One(id) => ("id = ?1", id.0.into()),
        Which::Before(time) => ("created < ?1", time.as_millisecond().into()),
    };
    let transaction = db.transaction()?;
    transaction.execute(
        &format!("DELETE FROM search WHERE rowid IN (SELECT id FROM exchanges WHERE {condition})"),
        [&value],
    )?;
    let gone = transaction.execute(&format!("DELETE FROM exchanges WHERE {condition}"), [&value])?;
    transaction.execute(
        "DELETE FROM sessions WHERE id NOT IN (SELECT session FROM exchanges)",
        [],
    )?;
    transaction.commit()?;
    Ok(gone)
}

/// Takes deleted text out of the files too: the index is written anew, and the journal is emptied.
pub(super) fn scrub(db: &Connection, everything: bool) -> rusqlite::Result<()> {
    if everything {
        db.execute_batch("VACUUM;")?;
    }
    // The answer is a row; that another program still reads is no fault.
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
