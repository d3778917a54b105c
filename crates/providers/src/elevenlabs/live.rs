//! The recogniser that listens while it is spoken to.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{
    Error, ListenEvent, ListenInput, ListenOptions, Result, SampleRate, Session, Transcript,
};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::scribe::{Word, bare_code, keyterms, timed, two_letters};
use super::{Commit, ENTRY};
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::socket::{Frame, Socket};
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
    model: String,
    commit: Commit,
    options: ListenOptions,
) -> ListenSession {
    let rates = ENTRY.recogniser.map_or(&[][..], |ability| ability.rates);
    if !rates.contains(&options.rate.hertz()) {
        let what = format!(
            "its recogniser takes no sound at {} Hz. Convert it first",
            options.rate.hertz()
        );
        return Session::failed(service.failure(Fault::Unsupported(what)).into());
    }
    Session::spawn(move |ends| listen(service, model, commit, options, ends))
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message_type")]
    kind: String,
    text: Option<String>,
    words: Option<Vec<Word>>,
    language_code: Option<String>,
    error: Option<String>,
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
    model: String,
    commit: Commit,
    options: ListenOptions,
    ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let url = url(&service, &model, commit, &options);
    let mut tries = service.retry.begin();
    // Only opening is tried again: what was said since is held by whoever speaks to us.
    let socket = loop {
        match open(&service, &url).await {
            Ok(socket) => break socket,
            Err(failure) => tries.again(failure).await?,
        }
    };
    let rate = options.rate;
    let live = Live {
        service,
        socket,
        ends,
        commit,
        rate,
        gather: Gather::new(rate),
        uncommitted: 0,
        finishing: false,
        open: None,
    };
    live.run().await
}

/// Opens a session: it is open when the service says so.
async fn open(service: &Service, url: &Url) -> Result<Socket, Failure> {
    let mut socket = Socket::open(service, url.clone()).await?;
    let first = tokio::time::timeout(service.deadlines.first, socket.next()).await;
    match first.map_err(|_| socket.failure(Fault::Late))?? {
        Frame::Text(text) => match serde_json::from_str::<Message>(&text) {
            Ok(message) if message.kind == "session_started" => Ok(socket),
            Ok(message) if message.error.is_some() => Err(service.complaint(&text).request(socket.request())),
            _ => Err(socket.failure(Fault::Garbled)),
        },
        Frame::Closed { reason, .. } => Err(socket.failure(Fault::BrokeOff).said(&reason)),
        Frame::Binary(_) => Err(socket.failure(Fault::Garbled)),
    }
}

fn url(service: &Service, model: &str, commit: Commit, options: &ListenOptions) -> Url {
    let mut query = vec![
        ("model_id", model.to_owned()),
        ("audio_format", format!("pcm_{}", options.rate.hertz())),
        ("include_timestamps", "true".to_owned()),
    ];
    let strategy = match commit {
        Commit::Manual => "manual",
        Commit::Vad => "vad",
    };
    query.push(("commit_strategy", strategy.to_owned()));
    query.extend(
        options
            .language
            .as_deref()
            .map(|tag| ("language_code", bare_code(tag))),
    );
    query.extend(keyterms(&options.vocabulary, KEYTERMS, KEYTERM).map(|term| ("keyterms", term)));
    service.url(&["v1", "speech-to-text", "realtime"], query)
}

struct Live {
    service: Service,
    socket: Socket,
    ends: Ends<ListenInput, ListenEvent>,
    commit: Commit,
    rate: SampleRate,
    gather: Gather,
    /// Samples since the last commit.
    uncommitted: u64,
    /// The last commit has been sent.
    finishing: bool,
    /// A committed text whose times have not come yet.
    open: Option<String>,
}

impl Live {
    async fn run(mut self) -> Result<()> {
        self.say(ListenEvent::Ready).await?;
        let deadlines = self.service.deadlines;
        let mut alive_until = Instant::now() + KEEP_ALIVE;
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
                        let wait = if self.open.is_some() { TWIN } else { deadlines.first };
                        due = self.finishing.then(|| Instant::now() + wait);
                    }
                    Frame::Binary(_) => return Err(self.socket.failure(Fault::Garbled).into()),
                    Frame::Closed { reason, .. } => {
                        return Err(self.socket.failure(Fault::BrokeOff).said(&reason).into());
                    }
                },
                input = self.ends.input.recv(), if !self.finishing => {
                    match input {
                        Some(ListenInput::Audio(audio)) => self.hear(&audio.samples).await?,
                        Some(ListenInput::Silence(_) | ListenInput::Hurry) => {}
                        // Whoever says nothing more has finished.
                        Some(ListenInput::Finish) | None => {
                            if self.uncommitted == 0 && self.commit == Commit::Manual {
                                self.socket.close().await;
                                return self.say(ListenEvent::Finished).await;
                            }
                            self.finishing = true;
                            self.commit(true).await?;
                            due = Some(Instant::now() + deadlines.first);
                        }
                    }
                    alive_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(alive_until), if !self.finishing => {
                    self.send(&[], false).await?;
                    alive_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(due.unwrap_or(alive_until)), if due.is_some() => {
                    if self.open.is_none() {
                        return Err(self.socket.failure(Fault::Late).into());
                    }
                    self.settle(Vec::new(), None).await?;
                    return self.say(ListenEvent::Finished).await;
                }
            }
        }
    }

    async fn hear(&mut self, samples: &[f32]) -> Result<()> {
        self.uncommitted += samples.len() as u64;
        if let Some(piece) = self.gather.push(samples) {
            self.send(&piece, false).await?;
        }
        if self.commit == Commit::Manual && self.uncommitted >= self.rate.samples(MOST) {
            self.commit(false).await?;
        }
        Ok(())
    }

    /// Commits what was heard. Where the service may have committed on its own, nobody knows how much is left: then
    /// silence is put behind it in any case.
    async fn commit(&mut self, last: bool) -> Result<()> {
        let least = self.rate.samples(LEAST);
        let missing = match self.commit {
            Commit::Manual => least.saturating_sub(self.uncommitted),
            Commit::Vad if last => least,
            Commit::Vad => 0,
        };
        let mut piece = self.gather.take();
        piece.resize(piece.len() + missing as usize * 2, 0);
        self.uncommitted = 0;
        Ok(self.send(&piece, true).await?)
    }

    async fn send(&mut self, piece: &[u8], commit: bool) -> Result<(), Failure> {
        let message = json!({
            "message_type": "input_audio_chunk", "audio_base_64": BASE64.encode(piece), "commit": commit,
            "sample_rate": self.rate.hertz(),
        });
        self.socket.text(message.to_string()).await
    }

    /// Takes a message; true when all has been said that will be.
    async fn take(&mut self, text: &str) -> Result<bool> {
        let message: Message =
            serde_json::from_str(text).map_err(|error| self.socket.failure(Fault::Garbled).because(error))?;
        if message.error.is_some() {
            return Err(self.service.complaint(text).request(self.socket.request()).into());
        }
        match message.kind.as_str() {
            "partial_transcript" | "final_transcript" => {
                self.settle(Vec::new(), None).await?;
                if let Some(text) = message.text {
                    self.say(ListenEvent::Partial(Transcript::text(text.trim())))
                        .await?;
                }
            }
            "committed_transcript" => {
                self.settle(Vec::new(), None).await?;
                self.open = message.text;
            }
            // The same again with its times: one of the two counts.
            "committed_transcript_with_timestamps" => {
                self.open = message.text.or(self.open.take());
                self.settle(message.words.unwrap_or_default(), message.language_code)
                    .await?;
                return Ok(self.finishing);
            }
            _ => {}
        }
        Ok(false)
    }

    /// Tells the committed text, with its times if they came.
    async fn settle(&mut self, words: Vec<Word>, language: Option<String>) -> Result<()> {
        let Some(text) = self.open.take() else {
            return Ok(());
        };
        let transcript = Transcript {
            words: timed(words),
            language: language.as_deref().map(two_letters),
            ..Transcript::text(text.trim())
        };
        if transcript.is_blank() {
            return Ok(());
        }
        self.say(ListenEvent::Segment(transcript)).await?;
        if self.commit == Commit::Vad && !self.finishing {
            // It was silence that committed it.
            self.say(ListenEvent::EndOfTurn(1.0)).await?;
        }
        Ok(())
    }

    async fn say(&mut self, event: ListenEvent) -> Result<()> {
        self.ends
            .events
            .send(Ok(event))
            .await
            .map_err(|_| Error::cancelled())
    }
}
