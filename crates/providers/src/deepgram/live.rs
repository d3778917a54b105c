//! Nova, which listens while it is spoken to.

use std::future::pending;
use std::time::Duration;

use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate};
use reqwest::Url;
use serde_json::Value;

use super::Inner;
use super::dialect::closed;
use super::results::{Message, Utterance};
use super::settings::{asked, is_newest, model};
use super::tuning::{Wishes, nova};
use crate::failure::Fault;
use crate::live::{self, End, Out, Protocol, Wrong};
use crate::sound::Gather;

/// The service closes a socket that is sent nothing for 10 s.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// The service takes no less silence than this for the end of an utterance, in milliseconds.
const UTTERANCE_END: u32 = 1_000;
/// What it can be asked for only here.
const FEATURES: &[&str] = &["no_delay"];

/// Begins an utterance.
pub(super) fn session(account: &Inner, options: &ListenOptions) -> ListenSession {
    let wishes = is_newest(model(options)).then(|| Wishes::of(&account.tuning));
    live::session(
        account.service.clone(),
        url(account, options),
        Nova::new(options.rate, wishes),
    )
}

fn url(account: &Inner, options: &ListenOptions) -> Url {
    let settings = &account.settings;
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
    account.service.url(&["v1", "listen"], query)
}

/// Where an utterance stands.
pub(super) struct Nova {
    gather: Gather,
    utterance: Utterance,
    /// It has said something about what it heard, and whether words of that are not final yet.
    answered: bool,
    shown: bool,
    /// Older generations cannot be told anything in the middle.
    wishes: Option<Wishes>,
}

impl Nova {
    pub(super) fn new(rate: SampleRate, wishes: Option<Wishes>) -> Self {
        Self {
            gather: Gather::new(rate),
            utterance: Utterance::default(),
            answered: false,
            shown: false,
            wishes,
        }
    }
}

impl Nova {
    fn answered(&mut self, refused: Option<(&str, &str)>) {
        if let Some(wishes) = &mut self.wishes {
            wishes.answered(refused);
        }
    }
}

fn command(name: &str) -> Out {
    Out::Text(super::stream::command(name))
}

impl Protocol for Nova {
    const KEEP_ALIVE: Option<Duration> = Some(KEEP_ALIVE);

    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        self.gather.push(samples).map(Out::Bytes).into_iter().collect()
    }

    fn alive(&mut self) -> Option<Out> {
        // As text: as bytes it would be taken for sound.
        Some(command("KeepAlive"))
    }

    fn pause(&mut self) -> Vec<Out> {
        let rest = self.gather.rest().map(Out::Bytes);
        rest.into_iter().chain([command("Finalize")]).collect()
    }

    async fn wish(&mut self) -> Out {
        match &mut self.wishes {
            Some(wishes) => Out::Text(wishes.next(nova).await),
            None => pending().await,
        }
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
            Message::ConfigureSuccess {} => self.answered(None),
            Message::ConfigureFailure { code, description } => self.answered(Some((&code, &description))),
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
