//! Ink, which listens while it is spoken to. It says words as differences: white space at their beginnings counts.

use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenEvent, ListenOptions, SampleRate, Transcript};
use reqwest::Url;
use serde::Deserialize;

use super::recorded::timed;
use super::{ENTRY, Inner, VERSION};
use crate::live::{self, Out, Protocol, Wrong};
use crate::sound::Gather;

/// Most key terms, and most characters of them together.
const KEYTERMS: usize = 100;
const CHARACTERS: usize = 1_200;

/// Begins an utterance.
pub(super) fn session(account: &Inner, options: &ListenOptions) -> ListenSession {
    live::session(
        account.service.clone(),
        url(account, options),
        Ink::new(options.rate),
    )
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    #[serde(default)]
    is_final: bool,
    language: Option<String>,
    words: Option<Vec<Word>>,
}

#[derive(Deserialize)]
pub(super) struct Word {
    #[serde(rename = "word")]
    pub(super) text: String,
    pub(super) start: f64,
    pub(super) end: f64,
}

fn url(account: &Inner, options: &ListenOptions) -> Url {
    let own = ENTRY.recogniser.map_or("", |ability| ability.model);
    let model = options.model.as_deref().unwrap_or(own);
    let mut query = vec![
        ("model", model.to_owned()),
        ("encoding", "pcm_s16le".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
        ("cartesia_version", VERSION.to_owned()),
    ];
    let code = options.language.as_deref().and_then(|tag| tag.split('-').next());
    query.extend(code.map(|code| ("language", code.to_ascii_lowercase())));
    if model.starts_with("ink-whisper") {
        let settings = account.settings.borrow();
        let volume = settings.min_volume.map(|volume| volume.clamp(0.0, 1.0));
        let silence = settings.max_silence.map(|seconds| seconds.max(0.0));
        query.extend(volume.map(|volume| ("min_volume", volume.to_string())));
        query.extend(silence.map(|seconds| ("max_silence_duration_secs", seconds.to_string())));
    }
    query.extend(keyterms(&options.vocabulary).map(|term| ("keyterm", term)));
    account.service.url(&["stt", "websocket"], query)
}

/// The terms that the service takes.
pub(super) fn keyterms(terms: &[String]) -> impl Iterator<Item = String> {
    let terms = terms.iter().map(|term| term.trim());
    let mut left = CHARACTERS;
    let fits = move |term: &&str| {
        let rest = left.checked_sub(term.chars().count());
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let terms = terms.filter(|term| !term.is_empty()).take(KEYTERMS);
    terms.take_while(fits).map(str::to_owned)
}

/// Where an utterance stands.
pub(super) struct Ink {
    gather: Gather,
    /// The last final: what comes next may go on in the middle of its last word.
    held: Transcript,
}

impl Protocol for Ink {
    fn sound(&mut self, samples: &[f32]) -> Vec<Out> {
        self.gather.push(samples).map(Out::Bytes).into_iter().collect()
    }

    fn pause(&mut self) -> Vec<Out> {
        let rest = self.gather.rest().map(Out::Bytes);
        // A plain word, no JSON.
        rest.into_iter()
            .chain([Out::Text("finalize".to_owned())])
            .collect()
    }

    fn finish(&mut self) -> Vec<Out> {
        let rest = self.gather.rest().map(Out::Bytes);
        // A plain word, no JSON.
        rest.into_iter().chain([Out::Text("close".to_owned())]).collect()
    }

    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong> {
        let message: Message = serde_json::from_str(text)?;
        match message.kind.as_str() {
            "transcript" => self.transcript(message, told),
            // What was asked for at a pause has been said.
            "flush_done" => told.extend(self.settle().into_iter().chain([ListenEvent::Paused])),
            "done" => {
                told.extend(self.settle());
                return Ok(true);
            }
            "error" => return Err(Wrong::Complaint),
            _ => {}
        }
        Ok(false)
    }
}

impl Ink {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            gather: Gather::new(rate),
            held: Transcript::default(),
        }
    }

    fn transcript(&mut self, message: Message, told: &mut Vec<ListenEvent>) {
        let text = message.text.unwrap_or_default();
        if !message.is_final {
            let so_far = format!("{}{text}", self.held.text);
            let partial = Transcript::text(so_far.trim());
            told.extend((!partial.is_blank()).then_some(ListenEvent::Partial(partial)));
            return;
        }
        if text.starts_with(char::is_whitespace) {
            told.extend(self.settle());
        }
        self.held.text.push_str(&text);
        let words = timed(message.words.unwrap_or_default());
        self.held.words.extend(words);
        self.held.language = message.language.or(self.held.language.take());
    }

    /// What is held: nothing can be added to it any more.
    fn settle(&mut self) -> Option<ListenEvent> {
        let mut held = std::mem::take(&mut self.held);
        let text = held.text.trim().to_owned();
        held.text = text;
        (!held.is_blank()).then_some(ListenEvent::Segment(held))
    }
}
