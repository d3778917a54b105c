//! Flux, which knows by itself when a turn ends.

use std::time::Duration;

use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate};
use serde_json::{Map, Value, json};

use super::dialect::closed;
use super::tuning::Wishes;
use super::turns::{Message, Turns};
use super::{Inner, Settings};
use crate::failure::Fault;
use crate::live::{self, End, Greeting, Out, Protocol, Wrong};
use crate::number::hundredths;
use crate::sound::Gather;

/// It asks for pieces of 80 ms.
const PIECE: Duration = Duration::from_millis(80);
/// It has no keep-alive message, and closes a socket that is sent nothing for 10 s: silence keeps it.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Most characters of key terms in an address: longer ones are refused by what stands before the service.
const ADDRESS: usize = 1_000;
/// What it can be asked for besides.
const FEATURES: &[&str] = &["mip_opt_out", "numerals", "profanity_filter", "redact", "tag"];
/// What the model for several languages takes as hints.
const HINTS: &[&str] = &["en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl"];

/// When it thinks that a turn has ended. `None` is the service's own value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flux {
    /// How sure it must be that a turn has ended, from 0.5 to 1.
    pub threshold: Option<f32>,
    /// How sure it must be to say so early, from 0.3 to 0.9: a reply can be prepared then, and thrown away if the
    /// speaker goes on. It never says so where this is `None`.
    pub eager: Option<f32>,
    /// Silence in milliseconds that ends a turn in any case, from 500 to 60,000.
    pub timeout_ms: Option<u32>,
}

/// Whether it is one of these models, which have a socket of their own.
pub(super) fn knows(model: &str) -> bool {
    model.starts_with("flux-")
}

/// Begins an utterance.
pub(super) fn session(account: &Inner, model: &str, options: &ListenOptions) -> ListenSession {
    let asked = Asked {
        model: model.to_owned(),
        options: options.clone(),
    };
    let told = asked.clone();
    let tell = move |was: &Settings, is: &Settings| told.change(was, is);
    let wishes = Wishes::new(account.settings.subscribe(), Box::new(tell));
    let settings = wishes.known();
    let url = account.service.url(&["v2", "listen"], asked.query(settings));
    let ear = Ear::new(options.rate, asked.terms(settings), wishes);
    live::session(account.service.clone(), url, ear)
}

/// When a turn ends, as it is told in an address and in a message: within what it takes.
fn thresholds(flux: Flux) -> impl Iterator<Item = (&'static str, Value)> {
    let threshold = flux
        .threshold
        .map(|sure| ("eot_threshold", hundredths(sure.clamp(0.5, 1.0)).into()));
    let eager = flux
        .eager
        .map(|sure| ("eager_eot_threshold", hundredths(sure.clamp(0.3, 0.9)).into()));
    let timeout = flux
        .timeout_ms
        .map(|ms| ("eot_timeout_ms", ms.clamp(500, 60_000).into()));
    [threshold, eager, timeout].into_iter().flatten()
}

/// Whether the terms are so many that they are said in a message, instead of in the address.
fn are_many(terms: &[String]) -> bool {
    terms.iter().map(String::len).sum::<usize>() > ADDRESS
}

/// What a session is asked for, whatever the settings are.
#[derive(Clone)]
struct Asked {
    model: String,
    options: ListenOptions,
}

impl Asked {
    /// The terms that it takes: a weight behind a colon is refused here.
    fn terms(&self, settings: &Settings) -> Vec<String> {
        let mut terms = settings.terms("keyterm", &self.options);
        terms.retain(|term| !term.contains(':'));
        terms
    }

    /// The languages that may be spoken, for the model that knows several.
    fn hints(&self, settings: &Settings) -> Vec<String> {
        if !self.model.contains("multi") {
            return Vec::new();
        }
        let code = self
            .options
            .language
            .as_deref()
            .and_then(|tag| tag.split('-').next());
        let code = code.filter(|code| HINTS.contains(code)).map(str::to_owned);
        let more = settings.featured(&["language_hint"]).map(|(_, hint)| hint);
        code.into_iter().chain(more).collect()
    }

    fn query<'a>(&self, settings: &'a Settings) -> Vec<(&'a str, String)> {
        let mut query = vec![
            ("model", self.model.clone()),
            ("encoding", "linear16".to_owned()),
            ("sample_rate", self.options.rate.hertz().to_string()),
        ];
        query.extend(thresholds(settings.flux).map(|(name, value)| (name, value.to_string())));
        query.extend(
            self.hints(settings)
                .into_iter()
                .map(|hint| ("language_hint", hint)),
        );
        let terms = self.terms(settings);
        if !are_many(&terms) {
            query.extend(terms.into_iter().map(|term| ("keyterm", term)));
        }
        query.extend(settings.featured(FEATURES));
        query
    }

    /// What it is told in the middle. What is taken out of the settings stays as it is until the next session.
    fn change(&self, was: &Settings, is: &Settings) -> Map<String, Value> {
        let mut message = Map::new();
        let named = |(name, value): (&str, Value)| (name.to_owned(), value);
        let thresholds: Map<String, Value> = thresholds(is.flux).map(named).collect();
        if is.flux != was.flux && !thresholds.is_empty() {
            message.insert("thresholds".into(), thresholds.into());
        }
        for (name, was, is) in [
            ("keyterms", self.terms(was), self.terms(is)),
            ("language_hints", self.hints(was), self.hints(is)),
        ] {
            if was != is {
                message.insert(name.into(), is.into());
            }
        }
        let numerals = is.wants("numerals");
        if numerals != was.wants("numerals") {
            message.insert("numerals".into(), numerals.into());
        }
        message
    }
}

/// Where an utterance stands.
pub(super) struct Ear {
    rate: SampleRate,
    gather: Gather,
    turns: Turns,
    /// Samples that it was sent.
    sent: u64,
    terms: Vec<String>,
    wishes: Wishes,
}

impl Ear {
    /// With terms that it should know.
    pub(super) fn new(rate: SampleRate, terms: Vec<String>, wishes: Wishes) -> Self {
        Self {
            rate,
            gather: Gather::every(rate, PIECE),
            turns: Turns::default(),
            sent: 0,
            terms,
            wishes,
        }
    }

    fn seconds(&self, samples: u64) -> f64 {
        samples as f64 / f64::from(self.rate.hertz())
    }

    fn piece(&mut self, piece: Vec<u8>) -> Out {
        self.sent += piece.len() as u64 / 2;
        Out::Bytes(piece)
    }
}

fn command(name: &str) -> Out {
    Out::Text(super::stream::command(name))
}

impl Protocol for Ear {
    const GREETS: bool = true;
    const KEEP_ALIVE: Option<Duration> = Some(KEEP_ALIVE);

    fn greet(&mut self, text: &str) -> Result<Greeting, Wrong> {
        match serde_json::from_str(text)? {
            Message::Connected {} if are_many(&self.terms) => {
                let configure = json!({"type": "Configure", "keyterms": self.terms});
                Ok(Greeting::Say(configure.to_string()))
            }
            // Without its terms it hears all the same.
            Message::Connected {} | Message::ConfigureSuccess {} | Message::ConfigureFailure { .. } => {
                Ok(Greeting::Open)
            }
            Message::Error {} => Err(Wrong::Complaint),
            _ => Err(Wrong::Garbled(None)),
        }
    }

    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        let piece = self.gather.push(samples);
        piece.map(|piece| self.piece(piece)).into_iter().collect()
    }

    fn alive(&mut self) -> Option<Out> {
        let silence = self.rate.samples(PIECE);
        self.turns.insert(self.seconds(self.sent), self.seconds(silence));
        Some(self.piece(vec![0; silence as usize * 2]))
    }

    async fn wish(&mut self) -> Out {
        Out::Text(self.wishes.next().await)
    }

    fn finish(&mut self) -> Vec<Out> {
        // An empty frame could end the stream there and then.
        let rest = self.gather.rest().map(|rest| self.piece(rest));
        // Nobody promised that closing ends an open turn first.
        let commands = [command("ForceEndTurn"), command("CloseStream")];
        rest.into_iter().chain(commands).collect()
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        match serde_json::from_str(text)? {
            Message::TurnInfo(info) => told.extend(self.turns.take(info)),
            Message::ConfigureSuccess {} => self.wishes.answered(None),
            Message::ConfigureFailure { code, description } => {
                self.wishes.answered(Some((&code, &description)));
            }
            Message::Warning { code, description } => {
                tracing::warn!(provider = "deepgram", code, description, "provider_warns");
            }
            Message::Error {} => return Err(Wrong::Complaint),
            _ => {}
        }
        Ok(false)
    }

    fn ended(&mut self, end: End, told: &mut Vec<ListenEvent>) -> bool {
        if end != End::Closed(Some(1_000)) {
            return false;
        }
        told.extend(self.turns.rest());
        true
    }

    fn closed(&self, code: Option<u16>, reason: &str) -> Fault {
        closed(code, reason)
    }
}
