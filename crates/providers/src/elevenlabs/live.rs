//! The recogniser that listens while it is spoken to.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate, Session, Transcript};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::scribe::{Word, bare_code, keyterms, timed, two_letters};
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
/// How long the times of a committed text may come behind it.
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
    live::session(service, url, Scribe::new(settings, options.rate))
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message_type")]
    kind: String,
    text: Option<String>,
    redacted_text: Option<String>,
    words: Option<Vec<Word>>,
    language_code: Option<String>,
    error: Option<String>,
}

fn url(service: &Service, model: &str, settings: &Settings, options: &ListenOptions) -> Url {
    let strategy = match settings.commit {
        Commit::Manual => "manual",
        Commit::Vad => "vad",
    };
    let mut query = vec![
        ("model_id", model.to_owned()),
        ("audio_format", format!("pcm_{}", options.rate.hertz())),
        ("commit_strategy", strategy.to_owned()),
    ];
    query.extend(settings.hearing.query(settings.commit == Commit::Vad));
    query.extend(
        options
            .language
            .as_deref()
            .map(|tag| ("language_code", bare_code(tag))),
    );
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
    /// A committed text whose times have not come yet.
    open: Option<String>,
    /// Whether times come at all.
    timed: bool,
    /// What was said before, until it has been told with the first sound.
    previous: Option<String>,
    /// Where something is taken out of the text: how many committed texts have not come without it.
    redacted: Option<usize>,
}

impl Protocol for Scribe {
    const GREETS: bool = true;
    const KEEP_ALIVE: Option<Duration> = Some(KEEP_ALIVE);

    fn greet(&mut self, text: &str) -> Result<Greeting, Wrong> {
        let message: Message = serde_json::from_str(text)?;
        match message.kind.as_str() {
            "session_started" => Ok(Greeting::Open),
            _ if message.error.is_some() => Err(Wrong::Complaint),
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
            return Vec::new();
        }
        vec![self.commit()]
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        let message: Message = serde_json::from_str(text)?;
        if message.error.is_some() {
            return Err(Wrong::Complaint);
        }
        if let Some(owed) = &mut self.redacted {
            // Nothing is told that still has in it what is to be taken out.
            match message.kind.as_str() {
                "committed_transcript" => *owed += 1,
                "redacted_transcript" => {
                    *owed = owed.saturating_sub(1);
                    let whole = *owed == 0;
                    self.open = message.redacted_text;
                    self.settle(Vec::new(), None, told);
                    return Ok(whole);
                }
                _ => {}
            }
            return Ok(false);
        }
        match message.kind.as_str() {
            "partial_transcript" | "final_transcript" => {
                self.settle(Vec::new(), None, told);
                let partial = message.text.map(|text| Transcript::text(text.trim()));
                told.extend(partial.map(ListenEvent::Partial));
            }
            "committed_transcript" => {
                self.settle(Vec::new(), None, told);
                self.open = message.text;
                if !self.timed {
                    self.settle(Vec::new(), None, told);
                    return Ok(true);
                }
            }
            // The same again with its times: one of the two counts.
            "committed_transcript_with_timestamps" => {
                self.open = message.text.or(self.open.take());
                let language = message.language_code.as_deref();
                self.settle(message.words.unwrap_or_default(), language, told);
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    }

    fn patience(&self) -> Option<Duration> {
        self.open.is_some().then_some(TWIN)
    }

    fn ended(&mut self, end: End, told: &mut Vec<ListenEvent>) -> bool {
        let whole = end == End::Late && self.open.is_some();
        if whole {
            self.settle(Vec::new(), None, told);
        }
        whole
    }
}

impl Scribe {
    pub(super) fn new(settings: &Settings, rate: SampleRate) -> Self {
        let hearing = &settings.hearing;
        Self {
            commit: settings.commit,
            rate,
            gather: Gather::new(rate),
            uncommitted: 0,
            open: None,
            timed: !hearing.filters_background,
            previous: hearing.previous().map(str::to_owned),
            redacted: (!hearing.redacts.is_empty()).then_some(0),
        }
    }

    /// Commits what was heard. Where the service may have committed on its own, nobody knows how much is left: then
    /// silence is put behind it in any case.
    fn commit(&mut self) -> Out {
        let least = self.rate.samples(LEAST);
        let missing = match self.commit {
            Commit::Manual => least.saturating_sub(self.uncommitted),
            Commit::Vad => least,
        };
        let mut piece = self.gather.take();
        piece.resize(piece.len() + missing as usize * 2, 0);
        self.uncommitted = 0;
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

    /// Tells the committed text, with its times if they came.
    fn settle(&mut self, words: Vec<Word>, language: Option<&str>, told: &mut Vec<ListenEvent>) {
        let Some(text) = self.open.take() else {
            return;
        };
        let transcript = Transcript {
            words: timed(words),
            language: language.map(two_letters),
            ..Transcript::text(text.trim())
        };
        if transcript.is_blank() {
            return;
        }
        told.push(ListenEvent::Segment(transcript));
        if self.commit == Commit::Vad {
            // It was silence that committed it.
            told.push(ListenEvent::EndOfTurn(1.0));
        }
    }
}
