//! `history`: what was said before.

use libretto_assistant::Foundation;
use libretto_assistant::store::history::{Exchange, ExchangeId, Session, SessionId, export};
use libretto_assistant::voice::{Error, Kind};
use serde::Serialize;

use crate::args::{Format, History};
use crate::output::{self, Output};

pub(crate) async fn run(command: History, foundation: &Foundation, output: Output) -> Result<(), Error> {
    let history = &foundation.history;
    match command {
        History::List { limit } => {
            let page = history.sessions(None, limit as usize).await?;
            output.print(&page.sessions, |sessions| list(sessions))
        }
        History::Show { session } => {
            let session = find(foundation, &session).await?;
            let exchanges = all(foundation, session.id).await?;
            let whole = Whole { session, exchanges };
            output.print(&whole, |whole| {
                export::markdown(&whole.session, &whole.exchanges, &zone())
            })
        }
        History::Search { words } => {
            let hits = history.search(&words.join(" "), HITS).await?;
            // Only people are told the numbers.
            let sessions = if output.json {
                Vec::new()
            } else {
                history.sessions(None, NUMBERED).await?.sessions
            };
            output.print(&hits, |hits| {
                let rows = hits.iter().map(|hit| {
                    // As in the list, so that what was found can be shown.
                    let number = sessions.iter().position(|session| session.id == hit.session);
                    let name = number.map_or_else(|| hit.session.to_string(), |at| (at + 1).to_string());
                    let time = hit
                        .created
                        .to_zoned(zone())
                        .strftime("%Y-%m-%d %H:%M")
                        .to_string();
                    vec![name, time, hit.title.clone(), hit.snippet.clone()]
                });
                let rows: Vec<_> = rows.collect();
                if rows.is_empty() {
                    "Nothing was found.".into()
                } else {
                    output::table(&rows)
                }
            })
        }
        History::Rename { session, title } => {
            let session = find(foundation, &session).await?;
            history.rename(session.id, title.clone()).await?;
            output.print(&session.id, |_| format!("It is called {title} now."))
        }
        History::Export { session, format } => {
            let session = find(foundation, &session).await?;
            let exchanges = all(foundation, session.id).await?;
            let text = match format {
                Format::Markdown => export::markdown(&session, &exchanges, &zone()),
                Format::Json => export::json(&session, &exchanges)?,
                Format::Srt => export::srt(&exchanges)?,
                Format::Vtt => export::vtt(&exchanges)?,
            };
            output::line(text.trim_end())
        }
        History::Delete { all: true, .. } => {
            history.delete_all().await?;
            output.print(&serde_json::json!({ "deleted": "all" }), |_| {
                "Everything was deleted.".into()
            })
        }
        History::Delete { session, .. } => {
            let session = find(foundation, session.as_deref().unwrap_or("last")).await?;
            history.delete(session.id).await?;
            output.print(&session.id, |_| format!("{} was deleted.", session.title))
        }
    }
}

/// Hits that are shown.
const HITS: usize = 50;
/// Sessions with a number; older ones go by their id.
const NUMBERED: usize = 10_000;

#[derive(Serialize)]
struct Whole {
    session: Session,
    exchanges: Vec<Exchange>,
}

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::system()
}

fn list(sessions: &[Session]) -> String {
    if sessions.is_empty() {
        return "Nothing has been said yet.".into();
    }
    let rows = sessions.iter().enumerate().map(|(index, session)| {
        let time = session
            .updated
            .to_zoned(zone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string();
        vec![
            (index + 1).to_string(),
            time,
            session.exchanges.to_string(),
            session.title.clone(),
        ]
    });
    output::table(&rows.collect::<Vec<_>>())
}

/// A session by its number in the list, its id, or `last`.
pub(crate) async fn find(foundation: &Foundation, name: &str) -> Result<Session, Error> {
    let history = &foundation.history;
    let found = match (name, name.parse::<usize>()) {
        ("last", _) => history.latest().await?,
        (_, Ok(number @ 1..=NUMBERED)) => history
            .sessions(None, number)
            .await?
            .sessions
            .into_iter()
            .nth(number - 1),
        _ => match name.parse::<SessionId>() {
            Ok(id) => history.session(id).await?,
            Err(_) => None,
        },
    };
    found.ok_or_else(|| {
        let message =
            format!("There is no session {name}; `libretto-cli history list` shows those that there are.");
        Error::new(Kind::BadInput, message)
    })
}

async fn all(foundation: &Foundation, session: SessionId) -> Result<Vec<Exchange>, Error> {
    let mut all: Vec<Exchange> = Vec::new();
    loop {
        let after: Option<ExchangeId> = all.last().map(|exchange| exchange.id);
        let page = foundation.history.exchanges(session, after, 500).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
