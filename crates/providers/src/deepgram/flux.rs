//! Flux, which knows by itself when a turn ends.

use std::time::Duration;

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{Error, ListenEvent, ListenInput, ListenOptions, Result, SampleRate, Session};
use reqwest::Url;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::dialect::closed;
use super::turns::{Message, Turns};
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::socket::{Frame, Socket};
use crate::sound::Gather;

/// It asks for pieces of 80 ms.
const PIECE: Duration = Duration::from_millis(80);
/// It has no keep-alive message, and closes a socket that is sent nothing for 10 s: silence keeps it.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
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
pub(super) fn session(service: Service, model: String, flux: Flux, options: ListenOptions) -> ListenSession {
    Session::spawn(move |ends| listen(service, model, flux, options, ends))
}

async fn listen(
    service: Service,
    model: String,
    flux: Flux,
    options: ListenOptions,
    ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let url = url(&service, &model, flux, &options);
    let mut tries = service.retry.begin();
    // Only opening is tried again: what was said since is held by whoever speaks to us.
    let socket = loop {
        match open(&service, &url).await {
            Ok(socket) => break socket,
            Err(failure) => tries.again(failure).await?,
        }
    };
    let live = Live {
        service,
        socket,
        ends,
        rate: options.rate,
        gather: Gather::every(options.rate, PIECE),
        turns: Turns::default(),
        sent: 0,
        finishing: false,
    };
    live.run().await
}

/// Opens a session: it is open when the service says so.
async fn open(service: &Service, url: &Url) -> Result<Socket, Failure> {
    let mut socket = Socket::open(service, url.clone()).await?;
    let first = tokio::time::timeout(service.deadlines.first, socket.next()).await;
    match first.map_err(|_| socket.failure(Fault::Late))?? {
        Frame::Text(text) => match serde_json::from_str::<Message>(&text) {
            Ok(Message::Error {}) => Err(service.complaint(&text).request(socket.request())),
            Ok(Message::Connected {}) => Ok(socket),
            _ => Err(socket.failure(Fault::Garbled)),
        },
        Frame::Closed { code, reason } => Err(socket.failure(closed(code, &reason)).said(&reason)),
        Frame::Binary(_) => Err(socket.failure(Fault::Garbled)),
    }
}

fn url(service: &Service, model: &str, flux: Flux, options: &ListenOptions) -> Url {
    let mut query = vec![
        ("model", model.to_owned()),
        ("encoding", "linear16".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
    ];
    let share = |share: f32, from: f32, to: f32| format!("{:.2}", share.clamp(from, to));
    query.extend(
        flux.threshold
            .map(|sure| ("eot_threshold", share(sure, 0.5, 1.0))),
    );
    query.extend(
        flux.eager
            .map(|sure| ("eager_eot_threshold", share(sure, 0.3, 0.9))),
    );
    query.extend(
        flux.timeout_ms
            .map(|ms| ("eot_timeout_ms", ms.clamp(500, 60_000).to_string())),
    );
    let code = options.language.as_deref().and_then(|tag| tag.split('-').next());
    if let Some(code) = code
        .filter(|code| model.contains("multi") && HINTS.contains(code))
        .map(str::to_owned)
    {
        query.push(("language_hint", code));
    }
    // A weight behind a colon is refused here.
    let terms = options.vocabulary.iter().map(|term| term.trim());
    let terms = terms.filter(|term| !term.is_empty() && !term.contains(':'));
    query.extend(terms.take(100).map(|term| ("keyterm", term.to_owned())));
    service.url(&["v2", "listen"], query)
}

struct Live {
    service: Service,
    socket: Socket,
    ends: Ends<ListenInput, ListenEvent>,
    rate: SampleRate,
    gather: Gather,
    turns: Turns,
    /// Samples that it was sent.
    sent: u64,
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
                        self.take(&text).await?;
                        due = self.finishing.then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Binary(_) => return Err(self.socket.failure(Fault::Garbled).into()),
                    Frame::Closed { code: Some(1_000), .. } if self.finishing => {
                        // Nobody promised that an open turn is ended first.
                        if let Some(rest) = self.turns.rest() {
                            self.say(rest).await?;
                        }
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
                                self.send(piece).await?;
                            }
                        }
                        Some(ListenInput::Silence(_) | ListenInput::Hurry) => {}
                        // Whoever says nothing more has finished.
                        Some(ListenInput::Finish) | None => {
                            self.finishing = true;
                            let rest = self.gather.take();
                            // An empty frame could end the stream there and then.
                            if !rest.is_empty() {
                                self.send(rest).await?;
                            }
                            self.socket.text(json!({"type": "CloseStream"}).to_string()).await?;
                            due = Some(Instant::now() + deadlines.first);
                        }
                    }
                    alive_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(alive_until), if !self.finishing => {
                    let silence = self.rate.samples(PIECE);
                    self.turns.insert(self.seconds(self.sent), self.seconds(silence));
                    self.send(vec![0; silence as usize * 2]).await?;
                    alive_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(due.unwrap_or(alive_until)), if due.is_some() => {
                    return Err(self.socket.failure(Fault::Late).into());
                }
            }
        }
    }

    fn seconds(&self, samples: u64) -> f64 {
        samples as f64 / f64::from(self.rate.hertz())
    }

    async fn send(&mut self, piece: Vec<u8>) -> Result<(), Failure> {
        self.sent += piece.len() as u64 / 2;
        self.socket.binary(piece).await
    }

    async fn take(&mut self, text: &str) -> Result<()> {
        let garbled = self.socket.failure(Fault::Garbled);
        let message: Message = serde_json::from_str(text).map_err(|error| garbled.because(error))?;
        match message {
            Message::TurnInfo(info) => {
                for event in self.turns.take(info) {
                    // The end that we asked for is no news.
                    if !(self.finishing && matches!(event, ListenEvent::EndOfTurn(_))) {
                        self.say(event).await?;
                    }
                }
            }
            Message::Error {} => {
                return Err(self.service.complaint(text).request(self.socket.request()).into());
            }
            Message::Connected {} | Message::Other => {}
        }
        Ok(())
    }

    async fn say(&mut self, event: ListenEvent) -> Result<()> {
        let told = self.ends.events.send(Ok(event)).await;
        told.map_err(|_| Error::cancelled())
    }
}
