//! The recogniser that listens while it is spoken to.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate, Session, Transcript};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::scribe::{Word, bare_code, keyterms, timed, two_letters, without_events};
use super::{Commit, ENTRY, Settings};
use crate::failure::Fault;
use crate::live::{self, End, Greeting, Out, Protocol, Wrong};
use crate::service::Service;
use crate::sound::Gather;

/// Pings do not keep a session; a piece without sound does.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Committing less sound than this ends the session: silence is put behind it.
const LEAST: Duration = Duration::from_millis(320);
/// After so much sound it is committed: left alone, the service does it at a time of its own.
const MOST: Duration = Duration::from_secs(25);
/// How long what belongs to a committed text may come behind it.
const TWIN: Duration = Duration::from_secs(2);
/// Most key terms, and their longest.
const KEYTERMS: usize = 50;
const KEYTERM: usize = 20;

/// Begins an utterance.
pub(super) fn session(
    service: Service,
    model: &str,
    settings: &Settings,
    options: &ListenOptions,
) -> ListenSession {
    let rates = ENTRY.recogniser.map_or(&[][..], |ability| ability.rates);
    if !rates.contains(&options.rate.hertz()) {
        let what = format!(
            "its recogniser takes no sound at {} Hz. Convert it first",
            options.rate.hertz()
        );
        return Session::failed(service.failure(Fault::Unsupported(what)).into());
    }
    let url = url(&service, model, settings, options);
    live::session(service, url, Scribe::new(settings, options))
}

/// What every message has.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "message_type")]
    kind: String,
    error: Option<String>,
}

/// What a message of a kind that is known has besides.
#[derive(Deserialize)]
struct Message {
    text: Option<String>,
    redacted_text: Option<String>,
    edited_text: Option<String>,
    words: Option<Vec<Word>>,
    language_code: Option<String>,
}

fn url(service: &Service, model: &str, settings: &Settings, options: &ListenOptions) -> Url {
    let strategy = match settings.commit {
        Commit::Manual => "manual",
        Commit::Vad => "vad",
        Commit::Turns => "turn_prediction",
    };
    let mut query = vec![
        ("model_id", model.to_owned()),
        ("audio_format", format!("pcm_{}", options.rate.hertz())),
        ("commit_strategy", strategy.to_owned()),
    ];
    query.extend(settings.hearing.query(settings.commit == Commit::Vad));
    query.push(match &options.language {
        Some(tag) => ("language_code", bare_code(tag)),
        None => ("include_language_detection", "true".to_owned()),
    });
    query.extend(keyterms(&options.vocabulary, KEYTERMS, KEYTERM).map(|term| ("keyterms", term)));
    service.url(&["v1", "speech-to-text", "realtime"], query)
}

/// Where an utterance stands.
pub(super) struct Scribe {
    commit: Commit,
    rate: SampleRate,
    gather: Gather,
    /// Samples since the last commit.
    uncommitted: u64,
    /// Commits of ours that have not been answered in full.
    owed: usize,
    /// A committed text that is not complete yet.
    open: Option<Committed>,
    /// What comes behind each committed text and completes it.
    last: Last,
    /// Whether “(laughter)” stands in the text.
    tags_events: bool,
    /// What was said before, until it has been told with the first sound.
    previous: Option<String>,
}

/// The last message of each committed text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Itself.
    Text,
    /// The same with times and language: one of the two counts.
    Twin,
    /// What is left when that is taken out which is to be; nothing is told that still has it.
    Redacted,
    /// What was made of it.
    Edited,
}

#[derive(Default)]
struct Committed {
    text: String,
    words: Vec<Word>,
    language: Option<String>,
}

impl Protocol for Scribe {
    const GREETS: bool = true;
    const KEEP_ALIVE: Option<Duration> = Some(KEEP_ALIVE);

    fn greet(&mut self, text: &str) -> Result<Greeting, Wrong> {
        let head: Head = serde_json::from_str(text)?;
        match head.kind.as_str() {
            "session_started" => Ok(Greeting::Open),
            _ if head.error.is_some() => Err(Wrong::Complaint),
            "warning" => Ok(Greeting::Wait),
            _ => Err(Wrong::Garbled(None)),
        }
    }

    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        self.uncommitted += samples.len() as u64;
        let piece = self.gather.push(samples);
        let mut pieces: Vec<Out> = piece.map(|piece| self.piece(&piece, false)).into_iter().collect();
        if self.commit == Commit::Manual && self.uncommitted >= self.rate.samples(MOST) {
            pieces.push(self.commit());
        }
        pieces
    }

    fn alive(&mut self) -> Option<Out> {
        Some(self.piece(&[], false))
    }

    fn finish(&mut self) -> Vec<Out> {
        if self.uncommitted == 0 && self.commit == Commit::Manual {
            // What was committed last may still be on its way.
            return self.alive().filter(|_| self.owed > 0).into_iter().collect();
        }
        vec![self.commit()]
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        let head: Head = serde_json::from_str(text)?;
        if head.error.is_some() {
            return Err(Wrong::Complaint);
        }
        let known = || serde_json::from_str::<Message>(text);
        let last = match head.kind.as_str() {
            "partial_transcript" | "final_transcript" | "final_transcript_with_timestamps" => {
                if self.last != Last::Redacted {
                    // What is committed has not been told yet: it stands before this.
                    let open = self.open.as_ref().map_or("", |open| open.text.trim());
                    let mut words = Transcript::text(open);
                    words.append(Transcript::text(known()?.text.unwrap_or_default().trim()));
                    told.push(ListenEvent::Partial(words));
                }
                return Ok(false);
            }
            "committed_transcript" => {
                self.settle(told);
                self.hold(known()?);
                Last::Text
            }
            "committed_transcript_with_timestamps" => {
                self.hold(known()?);
                Last::Twin
            }
            "redacted_transcript" if self.last == Last::Redacted => {
                self.open = known()?.redacted_text.map(Committed::of);
                Last::Redacted
            }
            "edited_transcript" => {
                if let (Some(text), Some(open)) = (known()?.edited_text, &mut self.open) {
                    open.text = text;
                }
                Last::Edited
            }
            _ => return Ok(false),
        };
        if last != self.last {
            return Ok(false);
        }
        self.settle(told);
        self.owed = self.owed.saturating_sub(1);
        Ok(self.owed == 0)
    }

    fn patience(&self) -> Option<Duration> {
        (self.open.is_some() && self.owed <= 1).then_some(TWIN)
    }

    fn ended(&mut self, end: End, told: &mut Vec<ListenEvent>) -> bool {
        let orderly = matches!(end, End::Late | End::Closed(Some(1_000)));
        let whole = orderly && self.open.is_some() && self.owed <= 1;
        if whole {
            self.settle(told);
        }
        whole
    }
}

impl Scribe {
    pub(super) fn new(settings: &Settings, options: &ListenOptions) -> Self {
        let hearing = &settings.hearing;
        let last = if !hearing.redacts.is_empty() {
            Last::Redacted
        } else if hearing.edit().is_some() {
            Last::Edited
        } else if !hearing.filters_background || options.language.is_none() {
            Last::Twin
        } else {
            Last::Text
        };
        Self {
            commit: settings.commit,
            rate: options.rate,
            gather: Gather::new(options.rate),
            uncommitted: 0,
            owed: 0,
            open: None,
            last,
            tags_events: hearing.tags_events,
            previous: hearing.previous().map(str::to_owned),
        }
    }

    /// Commits what was heard. Where the service may have committed on its own, nobody knows how much is left: then
    /// silence is put behind it in any case.
    fn commit(&mut self) -> Out {
        let least = self.rate.samples(LEAST);
        let missing = match self.commit {
            Commit::Manual => least.saturating_sub(self.uncommitted),
            Commit::Vad | Commit::Turns => least,
        };
        let mut piece = self.gather.take();
        piece.resize(piece.len() + missing as usize * 2, 0);
        self.uncommitted = 0;
        self.owed += 1;
        self.piece(&piece, true)
    }

    fn piece(&mut self, piece: &[u8], commit: bool) -> Out {
        let mut message = json!({
            "message_type": "input_audio_chunk", "audio_base_64": BASE64.encode(piece), "commit": commit,
            "sample_rate": self.rate.hertz(),
        });
        // Later it would be refused.
        if let Some(previous) = self.previous.take() {
            message["previous_text"] = previous.into();
        }
        Out::Text(message.to_string())
    }

    /// Keeps a committed text until it is complete.
    fn hold(&mut self, message: Message) {
        if self.last == Last::Redacted {
            return;
        }
        let open = self.open.take().unwrap_or_default();
        self.open = Some(Committed {
            text: message.text.unwrap_or(open.text),
            words: message.words.unwrap_or_default(),
            language: message.language_code,
        });
    }

    /// Tells the committed text, with its times if they came.
    fn settle(&mut self, told: &mut Vec<ListenEvent>) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        if !self.tags_events && self.last != Last::Edited {
            open.text = without_events(&open.words).unwrap_or(open.text);
        }
        let transcript = Transcript {
            words: timed(open.words),
            language: open.language.as_deref().map(two_letters),
            ..Transcript::text(open.text.trim())
        };
        if transcript.is_blank() {
            return;
        }
        told.push(ListenEvent::Segment(transcript));
        if self.commit != Commit::Manual {
            // It was the service that committed it.
            told.push(ListenEvent::EndOfTurn(1.0));
        }
    }
}

impl Committed {
    fn of(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}
