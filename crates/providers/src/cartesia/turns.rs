//! Ink where it decides itself when a turn ends.

use std::future::pending;

use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate, Transcript};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::live::keyterms;
use super::{ENTRY, Inner, Listening, Settings, VERSION};
use crate::live::{self, End, Out, Protocol, Wrong};
use crate::number::hundredths;
use crate::sound::Gather;

/// How sure it is that somebody speaks when a turn begins and ends: a turn ends when it is *less* sure than this.
/// `None` is the service's own value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turns {
    /// From 0.5 to 0.9, and above the others.
    pub start: Option<f32>,
    /// From 0.3 to 0.6: below it a turn may have ended.
    pub eager_end: Option<f32>,
    /// From 0.05 to 0.5, and below the others.
    pub end: Option<f32>,
    /// Milliseconds of silence that end a turn in any case, from 640 to 11,200.
    pub timeout_ms: Option<u32>,
}

impl Turns {
    /// The service's own values.
    const OWN: (f32, f32, f32) = (0.8, 0.4, 0.2);

    /// As they are named, within what the service takes: each below the one before.
    fn fields(self) -> impl Iterator<Item = (&'static str, Value)> {
        let (start, eager, _) = Self::OWN;
        let hundredths = |share: f32| Value::from(hundredths(share));
        let below = |share: f32, other: f32| share.min(other - 0.01);
        let start = self.start.unwrap_or(start).clamp(0.5, 0.9);
        let eager = below(self.eager_end.unwrap_or(eager).clamp(0.3, 0.6), start);
        let end = self.end.map(|end| below(end.clamp(0.05, 0.5), eager));
        [
            self.start.map(|_| ("start_threshold", hundredths(start))),
            self.eager_end.map(|_| ("eager_end_threshold", hundredths(eager))),
            end.map(|end| ("end_threshold", hundredths(end))),
            self.timeout_ms
                .map(|ms| ("end_timeout_ms", ms.clamp(640, 11_200).into())),
        ]
        .into_iter()
        .flatten()
    }
}

/// It does not say how sure it is that a turn may have ended.
const PERHAPS: f32 = 0.5;

/// Begins an utterance.
pub(super) fn session(account: &Inner, turns: Turns, options: &ListenOptions) -> ListenSession {
    let changes = account.settings.subscribe();
    let url = url(account, turns, options);
    live::session(
        account.service.clone(),
        url,
        Ink::new(options.rate, turns, changes),
    )
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type")]
    kind: String,
    transcript: Option<String>,
}

/// Where the turns stand. Pure: the socket is elsewhere.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// What has been said in the open turn: each message has all of it.
    open: String,
    /// It said that the turn may have ended.
    eager: bool,
}

impl Standing {
    /// What a message says.
    pub(super) fn take(&mut self, message: Message) -> Vec<ListenEvent> {
        let mut events = Vec::new();
        let said = message.transcript.map(|said| said.trim().to_owned());
        if let Some(said) = said.filter(|said| !said.is_empty() && *said != self.open) {
            if message.kind != "turn.end" {
                events.push(ListenEvent::Partial(Transcript::text(said.as_str())));
            }
            self.open = said;
        }
        match message.kind.as_str() {
            "turn.start" => events.insert(0, ListenEvent::SpeechStarted),
            "turn.eager_end" => {
                self.eager = true;
                events.push(ListenEvent::EndOfTurn(PERHAPS));
            }
            "turn.resume" if std::mem::take(&mut self.eager) => events.push(ListenEvent::TurnResumed),
            "turn.end" => {
                self.eager = false;
                events.extend(self.rest());
                events.push(ListenEvent::EndOfTurn(1.0));
            }
            _ => {}
        }
        events
    }

    /// What has been said in a turn that nobody has ended.
    pub(super) fn rest(&mut self) -> Option<ListenEvent> {
        let open = std::mem::take(&mut self.open);
        (!open.is_empty()).then(|| ListenEvent::Segment(Transcript::text(open)))
    }
}

fn url(account: &Inner, turns: Turns, options: &ListenOptions) -> Url {
    let own = ENTRY.recogniser.map_or("", |ability| ability.model);
    let mut query = vec![
        ("model", options.model.as_deref().unwrap_or(own).to_owned()),
        ("encoding", "pcm_s16le".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
        ("cartesia_version", VERSION.to_owned()),
    ];
    let named = |(name, value): (&str, Value)| (format!("turn_{name}"), value.to_string());
    let turns: Vec<(String, String)> = turns.fields().map(named).collect();
    query.extend(turns.iter().map(|(name, value)| (name.as_str(), value.clone())));
    query.extend(keyterms(&options.vocabulary).map(|term| ("keyterm", term)));
    account.service.url(&["stt", "turns", "websocket"], query)
}

/// Where an utterance stands.
pub(super) struct Ink {
    gather: Gather,
    standing: Standing,
    /// As it knows them, and how they change.
    turns: Turns,
    changes: watch::Receiver<Settings>,
}

impl Ink {
    pub(super) fn new(rate: SampleRate, turns: Turns, changes: watch::Receiver<Settings>) -> Self {
        Self {
            gather: Gather::new(rate),
            standing: Standing::default(),
            turns,
            changes,
        }
    }
}

impl Protocol for Ink {
    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        self.gather.push(samples).map(Out::Bytes).into_iter().collect()
    }

    async fn wish(&mut self) -> Out {
        while self.changes.changed().await.is_ok() {
            let Listening::Turns(turns) = self.changes.borrow_and_update().listening else {
                continue;
            };
            let changed = std::mem::replace(&mut self.turns, turns) != turns;
            let named = |(name, value): (&str, Value)| (name.to_owned(), value);
            let turn: Map<String, Value> = turns.fields().map(named).collect();
            if changed && !turn.is_empty() {
                return Out::Text(json!({"type": "config", "turn": turn}).to_string());
            }
        }
        pending().await
    }

    fn finish(&mut self) -> Vec<Out> {
        let rest = self.gather.rest().map(Out::Bytes);
        // JSON here, where the other socket takes a plain word.
        let close = Out::Text(json!({"type": "close"}).to_string());
        rest.into_iter().chain([close]).collect()
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        let message: Message = serde_json::from_str(text)?;
        if message.kind == "error" {
            return Err(Wrong::Complaint);
        }
        told.extend(self.standing.take(message));
        Ok(false)
    }

    fn ended(&mut self, end: End, told: &mut Vec<ListenEvent>) -> bool {
        // It says nothing when it is done: it closes.
        if !matches!(end, End::Closed(Some(1_000) | None)) {
            return false;
        }
        told.extend(self.standing.rest());
        true
    }
}
