//! Nova, which listens while it is spoken to.

use std::time::Duration;

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{Error, ListenEvent, ListenInput, ListenOptions, Result, Session};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::dialect::closed;
use super::results::{Message, Utterance};
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::socket::{Frame, Socket};
use crate::sound::Gather;

/// The service closes a socket that is sent nothing for 10 s.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// So much silence ends an utterance whatever the background sounds like; the service takes no less.
const UTTERANCE_END_MS: u32 = 1_000;

/// Begins an utterance.
pub(super) fn session(service: Service, endpointing: u32, options: ListenOptions) -> ListenSession {
    Session::spawn(move |ends| listen(service, endpointing, options, ends))
}

async fn listen(
    service: Service,
    endpointing: u32,
    options: ListenOptions,
    ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let url = url(&service, endpointing, &options);
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
        utterance: Utterance::default(),
        answered: false,
        shown: false,
        finishing: false,
    };
    live.run().await
}

fn url(service: &Service, endpointing: u32, options: &ListenOptions) -> Url {
    let mut query = super::asked(options);
    query.extend([
        ("interim_results", "true".to_owned()),
        ("endpointing", endpointing.to_string()),
        ("utterance_end_ms", UTTERANCE_END_MS.to_string()),
        ("vad_events", "true".to_owned()),
    ]);
    service.url(&["v1", "listen"], query)
}

struct Live {
    service: Service,
    socket: Socket,
    ends: Ends<ListenInput, ListenEvent>,
    gather: Gather,
    utterance: Utterance,
    /// It has said something about what it heard, and whether words of that are not final yet.
    answered: bool,
    shown: bool,
    /// `CloseStream` has been sent.
    finishing: bool,
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
                        due = self.finishing.then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Binary(_) => return Err(self.socket.failure(Fault::Garbled).into()),
                    // Before it closes it says that it is done. Without that, nothing may be missing at least.
                    Frame::Closed { code: Some(1_000), .. }
                        if self.finishing && self.answered && !self.shown =>
                    {
                        return self.say(ListenEvent::Finished).await;
                    }
                    Frame::Closed { code, reason } => {
                        return Err(self.socket.failure(closed(code, &reason)).said(&reason).into());
                    }
                },
                input = self.ends.input.recv(), if !self.finishing => {
                    match input {
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
                    }
                    alive_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(alive_until), if !self.finishing => {
                    // As text: as bytes it would be taken for sound.
                    self.command("KeepAlive").await?;
                    alive_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(due.unwrap_or(alive_until)), if due.is_some() => {
                    return Err(self.socket.failure(Fault::Late).into());
                }
            }
        }
    }

    /// Everything has been said: the rest of the sound, and the wish for the rest of the words. They come before the
    /// metadata and the close.
    async fn finish(&mut self) -> Result<(), Failure> {
        self.finishing = true;
        let rest = self.gather.take();
        // An empty frame would end the stream there and then.
        if !rest.is_empty() {
            self.socket.binary(rest).await?;
        }
        self.command("CloseStream").await
    }

    async fn command(&mut self, name: &str) -> Result<(), Failure> {
        self.socket.text(json!({ "type": name }).to_string()).await
    }

    /// Takes a message; true for the last.
    async fn take(&mut self, text: &str) -> Result<bool> {
        let garbled = self.socket.failure(Fault::Garbled);
        let value: Value = serde_json::from_str(text).map_err(|error| garbled.clone().because(error))?;
        let message: Message = serde_json::from_value(value).map_err(|error| garbled.because(error))?;
        match message {
            Message::Results(results) => {
                self.answered = true;
                for event in self.utterance.results(results) {
                    self.tell(event).await?;
                }
            }
            Message::UtteranceEnd { last_word_end } => {
                if let Some(event) = self.utterance.utterance_end(last_word_end) {
                    self.tell(event).await?;
                }
            }
            Message::SpeechStarted {} => self.say(ListenEvent::SpeechStarted).await?,
            // One may come before a close for idleness too; then the close says what happened.
            Message::Metadata {} => return Ok(self.finishing),
            Message::Error {} => {
                return Err(self.service.complaint(text).request(self.socket.request()).into());
            }
            Message::Other => {}
        }
        Ok(false)
    }

    async fn tell(&mut self, event: ListenEvent) -> Result<()> {
        match &event {
            ListenEvent::Partial(_) => self.shown = true,
            ListenEvent::Segment(_) => self.shown = false,
            _ => {}
        }
        // The end that we asked for is no news.
        if self.finishing && matches!(event, ListenEvent::EndOfTurn(_)) {
            return Ok(());
        }
        self.say(event).await
    }

    async fn say(&mut self, event: ListenEvent) -> Result<()> {
        self.ends
            .events
            .send(Ok(event))
            .await
            .map_err(|_| Error::cancelled())
    }
}
