//! Settings that change while a session listens: what it can be told of them, it is told.

use std::future::pending;

use serde_json::{Map, Value};
use tokio::sync::watch;

use super::Settings;

/// What a session is told when its account's settings change from the first to the second; nothing where they are the
/// same to it.
pub(super) type Tell = Box<dyn Fn(&Settings, &Settings) -> Map<String, Value> + Send>;

/// The changes that a session has not been told. One is told at a time: the service wants each answered before the next.
pub(super) struct Wishes {
    changes: watch::Receiver<Settings>,
    /// As the session knows them.
    known: Settings,
    tell: Tell,
    /// The last one has not been answered.
    open: bool,
}

impl Wishes {
    /// For a session that begins with the settings as they are now.
    pub(super) fn new(changes: watch::Receiver<Settings>, tell: Tell) -> Self {
        let known = changes.borrow().clone();
        Self {
            changes,
            known,
            tell,
            open: false,
        }
    }

    /// The settings that the session began with, or has been told since.
    pub(super) fn known(&self) -> &Settings {
        &self.known
    }

    /// The message that tells the next change. Safe to drop.
    pub(super) async fn next(&mut self) -> String {
        while !self.open && self.changes.changed().await.is_ok() {
            let now = self.changes.borrow_and_update().clone();
            let mut message = (self.tell)(&self.known, &now);
            self.known = now;
            if !message.is_empty() {
                self.open = true;
                message.insert("type".into(), "Configure".into());
                return Value::Object(message).to_string();
            }
        }
        pending().await
    }

    /// It was answered: with a refusal where there is a code.
    pub(super) fn answered(&mut self, refused: Option<(&str, &str)>) {
        self.open = false;
        if let Some((code, description)) = refused {
            tracing::warn!(provider = "deepgram", code, description, "tuning_refused");
        }
    }
}
