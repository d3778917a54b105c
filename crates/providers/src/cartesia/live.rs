//! Ink, which listens while it is spoken to. It says words as differences: white space at their beginnings counts.

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{Error, ListenEvent, ListenInput, ListenOptions, Result, Session, Transcript};
use reqwest::Url;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::recorded::timed;
use super::{ENTRY, VERSION};
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::socket::{Frame, Socket};
use crate::sound::Gather;

/// Most key terms, and most characters of them together.
const KEYTERMS: usize = 100;
const CHARACTERS: usize = 1_200;

/// Begins an utterance.
pub(super) fn session(service: Service, options: ListenOptions) -> ListenSession {
    Session::spawn(move |ends| listen(service, options, ends))
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

/// Reads a message, for fuzzers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(text: &str) {
    if let Ok(message) = serde_json::from_str::<Message>(text) {
        let _ = timed(message.words.unwrap_or_default());
    }
}

async fn listen(
    service: Service,
    options: ListenOptions,
    ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let url = url(&service, &options);
    let mut tries = service.retry.begin();
    // Only opening is tried again: what was said since is held by whoever speaks to us.
    let socket = loop {
        match Socket::open(&service, url.clone()).await {
            Ok(socket) => break socket,
            Err(failure) => tries.again(failure).await?,
        }
    };
    let live = Live {
        service,
        socket,
        ends,
        gather: Gather::new(options.rate),
        held: Transcript::default(),
        finishing: false,
    };
    live.run().await
}

fn url(service: &Service, options: &ListenOptions) -> Url {
    let own = ENTRY.recogniser.map_or("", |ability| ability.model);
    let mut query = vec![
        ("model", options.model.as_deref().unwrap_or(own).to_owned()),
        ("encoding", "pcm_s16le".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
        ("cartesia_version", VERSION.to_owned()),
    ];
    let code = options.language.as_deref().and_then(|tag| tag.split('-').next());
    query.extend(code.map(|code| ("language", code.to_ascii_lowercase())));
    query.extend(keyterms(&options.vocabulary).map(|term| ("keyterm", term)));
    service.url(&["stt", "websocket"], query)
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

struct Live {
    service: Service,
    socket: Socket,
    ends: Ends<ListenInput, ListenEvent>,
    gather: Gather,
    /// The last final: what comes next may go on in the middle of its last word.
    held: Transcript,
    /// `close` has been sent.
    finishing: bool,
}

impl Live {
    async fn run(mut self) -> Result<()> {
        self.say(ListenEvent::Ready).await?;
        let deadlines = self.service.deadlines;
        let mut due: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                frame = self.socket.next() => match frame? {
                    Frame::Text(text) => {
                        if self.take(&text).await? {
                            self.socket.close().await;
                            return self.say(ListenEvent::Finished).await;
                        }
                        due = self.finishing.then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Binary(_) => return Err(self.socket.failure(Fault::Garbled).into()),
                    Frame::Closed { reason, .. } => {
                        return Err(self.socket.failure(Fault::BrokeOff).said(&reason).into());
                    }
                },
                input = self.ends.input.recv(), if !self.finishing => match input {
                    Some(ListenInput::Audio(audio)) => {
                        if let Some(piece) = self.gather.push(&audio.samples) {
                            self.socket.binary(piece).await?;
                        }
                    }
                    Some(ListenInput::Silence(_) | ListenInput::Hurry) => {}
                    // Whoever says nothing more has finished.
                        Some(ListenInput::Finish) | None => {
                        self.finish().await?;
                        due = Some(Instant::now() + deadlines.first);
                    }
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return Err(self.socket.failure(Fault::Late).into());
                }
            }
        }
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        self.finishing = true;
        let rest = self.gather.take();
        if !rest.is_empty() {
            self.socket.binary(rest).await?;
        }
        // A plain word, no JSON.
        self.socket.text("close".to_owned()).await
    }

    /// Takes a message; true for the last.
    async fn take(&mut self, text: &str) -> Result<bool> {
        let message: Message =
            serde_json::from_str(text).map_err(|error| self.socket.failure(Fault::Garbled).because(error))?;
        match message.kind.as_str() {
            "transcript" => self.transcript(message).await?,
            "flush_done" => self.settle().await?,
            "done" => {
                self.settle().await?;
                return Ok(true);
            }
            "error" => return Err(self.service.complaint(text).into()),
            _ => {}
        }
        Ok(false)
    }

    async fn transcript(&mut self, message: Message) -> Result<()> {
        let text = message.text.unwrap_or_default();
        if !message.is_final {
            let so_far = format!("{}{text}", self.held.text);
            let partial = Transcript::text(so_far.trim());
            return if partial.is_blank() {
                Ok(())
            } else {
                self.say(ListenEvent::Partial(partial)).await
            };
        }
        if text.starts_with(char::is_whitespace) {
            self.settle().await?;
        }
        self.held.text.push_str(&text);
        let words = timed(message.words.unwrap_or_default());
        self.held.words.extend(words);
        self.held.language = message.language.or(self.held.language.take());
        Ok(())
    }

    /// Tells what is held: nothing can be added to it any more.
    async fn settle(&mut self) -> Result<()> {
        let mut held = std::mem::take(&mut self.held);
        held.text = held.text.trim().to_owned();
        if held.is_blank() {
            Ok(())
        } else {
            self.say(ListenEvent::Segment(held)).await
        }
    }

    async fn say(&mut self, event: ListenEvent) -> Result<()> {
        self.ends
            .events
            .send(Ok(event))
            .await
            .map_err(|_| Error::cancelled())
    }
}
