//! What may change while a session listens.

use std::future::pending;

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::{Deepgram, Flux, flux, settings};

/// What may change while a session listens; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuning {
    /// When Flux thinks that a turn has ended.
    pub flux: Flux,
    /// Words that are likely, instead of those so far; for Flux and Nova-3.
    pub keyterms: Option<Vec<String>>,
    /// Whether numbers are written as figures.
    pub numerals: Option<bool>,
}

impl Deepgram {
    /// Changes how it listens: the sessions that run are told, and those that begin later.
    pub fn tune(&self, tuning: Tuning) {
        self.0.tuning.send_replace(tuning);
    }
}

/// The changes that a session has not been told. One is told at a time: the service wants each answered before the next.
pub(super) struct Wishes {
    changes: watch::Receiver<Tuning>,
    /// The last one has not been answered.
    open: bool,
}

impl Wishes {
    /// Those of an account.
    pub(super) fn of(changes: &watch::Sender<Tuning>) -> Self {
        let mut changes = changes.subscribe();
        if *changes.borrow() != Tuning::default() {
            changes.mark_changed();
        }
        Self { changes, open: false }
    }

    /// None, ever.
    #[cfg(any(test, fuzzing))]
    pub(super) fn none() -> Self {
        Self::of(&watch::Sender::default())
    }

    /// The message that tells the next change, of those that `tell` knows how to tell. Safe to drop.
    pub(super) async fn next(&mut self, tell: fn(&Tuning) -> Map<String, Value>) -> String {
        while !self.open && self.changes.changed().await.is_ok() {
            let mut message = tell(&self.changes.borrow_and_update());
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
            tracing::warn!(code, description, "Deepgram does not change how it listens");
        }
    }
}

/// What Nova-3 is told.
pub(super) fn nova(tuning: &Tuning) -> Map<String, Value> {
    let mut message = Map::new();
    if let Some(terms) = &tuning.keyterms {
        message.insert("keyterms".into(), settings::terms(terms).collect());
    }
    if let Some(numerals) = tuning.numerals {
        message.insert("features".into(), json!({ "numerals": numerals }));
    }
    message
}

/// What Flux is told.
pub(super) fn turning(tuning: &Tuning) -> Map<String, Value> {
    let mut message = Map::new();
    let thresholds: Map<String, Value> = flux::thresholds(tuning.flux)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    if !thresholds.is_empty() {
        message.insert("thresholds".into(), thresholds.into());
    }
    if let Some(terms) = &tuning.keyterms {
        message.insert("keyterms".into(), flux::keyterms(terms).into());
    }
    if let Some(numerals) = tuning.numerals {
        message.insert("numerals".into(), numerals.into());
    }
    message
}
