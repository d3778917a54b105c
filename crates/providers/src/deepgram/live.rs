//! Nova, which listens while it is spoken to.

use std::time::Duration;

use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate};
use serde_json::{Map, Value, json};

use super::dialect::closed;
use super::results::{Message, Utterance};
use super::settings::{asked, is_newest, model};
use super::tuning::Wishes;
use super::{Inner, Settings};
use crate::failure::Fault;
use crate::live::{self, End, Out, Protocol, Wrong};
use crate::sound::Gather;

/// The service closes a socket that is sent nothing for 10 s.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// The first of a session must be sound: one that has had none is closed, whatever else it was sent. So little of it
/// moves no word's time by more than the service rounds them.
const FIRST: Duration = Duration::from_millis(20);
/// The service takes no less silence than this for the end of an utterance, in milliseconds.
const UTTERANCE_END: u32 = 1_000;
/// What it can be asked for only here.
const FEATURES: &[&str] = &["no_delay"];

/// Begins an utterance.
pub(super) fn session(account: &Inner, options: &ListenOptions) -> ListenSession {
    let told = options.clone();
    let tell = move |was: &Settings, is: &Settings| change(&told, was, is);
    let wishes = Wishes::new(account.settings.subscribe(), Box::new(tell));
    let query = query(wishes.known(), options);
    let url = account.service.url(&["v1", "listen"], query);
    live::session(account.service.clone(), url, Nova::new(options.rate, wishes))
}

/// What it is told in the middle.
fn change(options: &ListenOptions, was: &Settings, is: &Settings) -> Map<String, Value> {
    let mut message = Map::new();
    let terms = is.terms("keyterm", options);
    // Older generations refuse them.
    if is_newest(model(options)) && terms != was.terms("keyterm", options) {
        message.insert("keyterms".into(), terms.into());
    }
    let numerals = is.wants("numerals");
    if numerals != was.wants("numerals") {
        message.insert("features".into(), json!({ "numerals": numerals }));
    }
    message
}

fn query<'a>(settings: &'a Settings, options: &ListenOptions) -> Vec<(&'a str, String)> {
    let mut query = asked(settings, options);
    let endpointing = settings.endpointing.map(|ms| ms.to_string());
    let utterance_end = settings.utterance_end.max(UTTERANCE_END);
    query.extend([
        ("interim_results", "true".to_owned()),
        ("endpointing", endpointing.unwrap_or_else(|| "false".to_owned())),
        ("utterance_end_ms", utterance_end.to_string()),
        ("vad_events", "true".to_owned()),
    ]);
    query.extend(settings.featured(FEATURES));
    query
}

/// Where an utterance stands.
pub(super) struct Nova {
    rate: SampleRate,
    gather: Gather,
    utterance: Utterance,
    /// It has said something about what it heard, and whether words of that are not final yet.
    answered: bool,
    shown: bool,
    /// It has been sent sound.
    begun: bool,
    wishes: Wishes,
}

impl Nova {
    pub(super) fn new(rate: SampleRate, wishes: Wishes) -> Self {
        Self {
            rate,
            gather: Gather::new(rate),
            utterance: Utterance::default(),
            answered: false,
            shown: false,
            begun: false,
            wishes,
        }
    }

    fn piece(&mut self, piece: Vec<u8>) -> Out {
        self.begun = true;
        Out::Bytes(piece)
    }
}

fn command(name: &str) -> Out {
    Out::Text(super::stream::command(name))
}

impl Protocol for Nova {
    const KEEP_ALIVE: Option<Duration> = Some(KEEP_ALIVE);

    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        let piece = self.gather.push(samples);
        piece.map(|piece| self.piece(piece)).into_iter().collect()
    }

    fn alive(&mut self) -> Option<Out> {
        // As text: as bytes it would be taken for sound.
        Some(if self.begun {
            command("KeepAlive")
        } else {
            self.piece(vec![0; self.rate.samples(FIRST) as usize * 2])
        })
    }

    fn pause(&mut self) -> Vec<Out> {
        let rest = self.gather.rest().map(Out::Bytes);
        rest.into_iter().chain([command("Finalize")]).collect()
    }

    async fn wish(&mut self) -> Out {
        Out::Text(self.wishes.next().await)
    }

    fn finish(&mut self) -> Vec<Out> {
        // An empty frame would end the stream there and then.
        let rest = self.gather.rest().map(Out::Bytes);
        // The rest of the words comes before the metadata and the close.
        rest.into_iter().chain([command("CloseStream")]).collect()
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        let value: Value = serde_json::from_str(text)?;
        match serde_json::from_value(value)? {
            Message::Results(results) => {
                self.answered = true;
                for event in self.utterance.results(results) {
                    match &event {
                        ListenEvent::Partial(_) => self.shown = true,
                        ListenEvent::Segment(_) => self.shown = false,
                        _ => {}
                    }
                    told.push(event);
                }
            }
            Message::UtteranceEnd { last_word_end } => {
                told.extend(self.utterance.utterance_end(last_word_end));
            }
            Message::SpeechStarted {} => told.push(ListenEvent::SpeechStarted),
            // One may come before a close for idleness too; then the close says what happened.
            Message::Metadata {} => return Ok(true),
            Message::ConfigureSuccess {} => self.wishes.answered(None),
            Message::ConfigureFailure { code, description } => {
                self.wishes.answered(Some((&code, &description)));
            }
            Message::Error {} => return Err(Wrong::Complaint),
            Message::Other => {}
        }
        Ok(false)
    }

    fn ended(&mut self, end: End, _told: &mut Vec<ListenEvent>) -> bool {
        // Before it closes it says that it is done. Without that, nothing may be missing at least.
        end == End::Closed(Some(1_000)) && self.answered && !self.shown
    }

    fn closed(&self, code: Option<u16>, reason: &str) -> Fault {
        closed(code, reason)
    }
}
