//! What was said before.

use libretto_assistant::store::history::{Cursor, Exchange, SessionId, export};
use libretto_assistant::voice::{Error, Kind};
use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt;

use super::App;
use crate::libretto::Libretto;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::history::{Format, Hit, SessionPage, WholeSession};

/// Most rows that a page asks for at once.
const PAGE: u32 = 500;
/// Hits that are shown.
const HITS: usize = 100;
/// Characters of a title that a file is called by: systems take 255 bytes, and a character has up to four.
const LONGEST_NAME: usize = 60;

/// Sessions, the latest first; `after` is the page before this one's `next`.
#[tauri::command]
#[specta::specta]
pub async fn history_sessions(app: App<'_>, after: Option<String>, limit: u32) -> Answer<SessionPage> {
    let after: Option<Cursor> = match after {
        None => None,
        Some(text) => Some(serde_json::from_str(&text).map_err(|_| {
            Failure::new(
                FailureKind::BadInput,
                "That page doesn’t exist. Start with the first one.",
            )
        })?),
    };
    let page = app
        .foundation
        .history
        .sessions(after, limit.min(PAGE) as usize)
        .await?;
    Ok(SessionPage {
        sessions: page.sessions.into_iter().map(Into::into).collect(),
        next: page.next.and_then(|next| serde_json::to_string(&next).ok()),
    })
}

/// Finds words in titles, in what was said and in replies. The latest first.
#[tauri::command]
#[specta::specta]
pub async fn history_search(app: App<'_>, query: String) -> Answer<Vec<Hit>> {
    let hits = app.foundation.history.search(&query, HITS).await?;
    Ok(hits.into_iter().map(Into::into).collect())
}

/// A session with all that was said.
#[tauri::command]
#[specta::specta]
pub async fn history_open(app: App<'_>, session: String) -> Answer<WholeSession> {
    let (session, exchanges) = whole(&app, &session).await?;
    Ok(WholeSession {
        session: session.into(),
        exchanges: exchanges.into_iter().map(Into::into).collect(),
    })
}

/// Gives a session another title.
#[tauri::command]
#[specta::specta]
pub async fn history_rename(app: App<'_>, session: String, title: String) -> Answer<()> {
    Ok(app.foundation.history.rename(session.parse()?, title).await?)
}

/// A session as text, and what its file should be called.
async fn written(app: &App<'_>, session: &str, format: Format) -> Answer<(String, String)> {
    let (session, exchanges) = whole(app, session).await?;
    let text = match format {
        Format::Markdown => export::markdown(&session, &exchanges, &jiff::tz::TimeZone::system()),
        Format::Json => export::json(&session, &exchanges)?,
        Format::Srt => export::srt(&exchanges)?,
        Format::Vtt => export::vtt(&exchanges)?,
    };
    Ok((text, file_name(&session.title, format)))
}

/// A title as a file may be called on every system.
fn file_name(title: &str, format: Format) -> String {
    let allowed = |c: char| !c.is_control() && !r#"\/:*?"<>|"#.contains(c);
    let kept: String = title.chars().filter(|c| allowed(*c)).take(LONGEST_NAME).collect();
    let name = kept.trim_matches(['.', ' ']);
    let name = if name.is_empty() { "Libretto" } else { name };
    format!("{name}.{}", format.ending())
}

/// Writes a session to a file that the user names; answers where, `null` when they thought better of it.
#[tauri::command]
#[specta::specta]
pub async fn history_save(
    app: App<'_>,
    handle: AppHandle,
    session: String,
    format: Format,
) -> Answer<Option<String>> {
    let (text, name) = written(&app, &session, format).await?;
    let (answer, chosen) = tokio::sync::oneshot::channel();
    handle
        .dialog()
        .file()
        .set_file_name(name)
        .save_file(move |path| drop(answer.send(path)));
    let Some(path) = chosen.await.ok().flatten() else {
        return Ok(None);
    };
    let failed = |error: String| {
        let message = format!("The file couldn’t be saved ({error}). Choose another folder.");
        Failure::new(FailureKind::BadInput, message)
    };
    let path = path.into_path().map_err(|error| failed(error.to_string()))?;
    tokio::fs::write(&path, text)
        .await
        .map_err(|error| failed(error.to_string()))?;
    Ok(Some(path.display().to_string()))
}

/// Deletes a session with all that was said in it. If it is the present one, a new one begins.
#[tauri::command]
#[specta::specta]
pub async fn history_delete(app: App<'_>, handle: AppHandle, session: String) -> Answer<()> {
    app.delete(handle, Some(session.parse()?)).await
}

/// Deletes everything that was ever said, and begins a new session.
#[tauri::command]
#[specta::specta]
pub async fn history_delete_all(app: App<'_>, handle: AppHandle) -> Answer<()> {
    app.delete(handle, None).await
}

/// Goes on with an earlier session; without one, begins a new one. Answers its id. What is going on is given up.
#[tauri::command]
#[specta::specta]
pub async fn session_resume(app: App<'_>, handle: AppHandle, session: Option<String>) -> Answer<String> {
    app.turn_to(handle, session.map(|text| text.parse()).transpose()?)
        .await
}

/// A session and all its exchanges.
async fn whole(
    app: &Libretto,
    session: &str,
) -> Answer<(libretto_assistant::store::history::Session, Vec<Exchange>)> {
    /// Exchanges that are read at once.
    const CHUNK: usize = 500;
    let history = &app.foundation.history;
    let id: SessionId = session.parse()?;
    let Some(session) = history.session(id).await? else {
        let message = "That conversation can’t be found. It may have been deleted.";
        return Err(Error::new(Kind::BadInput, message).into());
    };
    let mut all: Vec<Exchange> = Vec::new();
    loop {
        let page = history
            .exchanges(id, all.last().map(|exchange| exchange.id), CHUNK)
            .await?;
        let last = page.len() < CHUNK;
        all.extend(page);
        if last {
            return Ok((session, all));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_a_file_name_on_every_system() {
        let name = |title: &str| file_name(title, Format::Markdown);
        assert_eq!(name("Why is the sea salty?"), "Why is the sea salty.md");
        assert_eq!(name("../etc/passwd: \n a|b."), "etcpasswd  ab.md");
        assert_eq!(name("…"), "….md");
        assert_eq!(name(" ?. "), "Libretto.md");
        assert!(name(&"𝄞".repeat(300)).len() < 255);
    }
}
