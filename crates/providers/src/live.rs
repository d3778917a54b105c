//! Recognisers that listen over a socket while they are spoken to. When to read, to send, to stay awake and to give up
//! is the same for all of them; what a service says and wants to be told is its [`Protocol`].

use std::future::pending;
use std::time::Duration;

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{Error, ListenEvent, ListenInput, Result, Session};
use reqwest::Url;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::failure::{Failure, Fault};
use crate::network::Deadlines;
use crate::service::Service;
pub(crate) use crate::socket::Wrong;
use crate::socket::{Frame, Socket};

/// What a service is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Out {
    /// A message of text.
    Text(String),
    /// A message of bytes.
    Bytes(Vec<u8>),
}

/// What the first messages of a service lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// The session is open.
    Open,
    /// It is told this, and will say more.
    Say(String),
    /// It will say more.
    Wait,
}

/// How a connection ends without a last message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The service closed it, with this code.
    Closed(Option<u16>),
    /// Nothing came any more.
    Late,
}

/// How long what was asked for at a pause may take: services do not answer where they have nothing to say
/// (Deepgram's pages advise a second).
const SETTLED: Duration = Duration::from_secs(1);

/// What is special about a service's socket. It holds where the utterance stands, and no connection.
pub(crate) trait Protocol: Send + 'static {
    /// Whether the service says that a session is open.
    const GREETS: bool = false;
    /// A socket that is given nothing for so long is given [`Protocol::alive`].
    const KEEP_ALIVE: Option<Duration> = None;

    /// A message before the session is open.
    fn greet(&mut self, _text: &str) -> Result<Greeting, Wrong> {
        Ok(Greeting::Open)
    }

    /// What the service is sent for these samples.
    fn sound(&mut self, samples: &[f32]) -> Vec<Out>;

    /// What keeps the socket open.
    fn alive(&mut self) -> Option<Out> {
        None
    }

    /// The speaker pauses: what has the words so far become final, for recognisers that are told of pauses. Nothing where
    /// it has no such message. The answer is told as [`ListenEvent::Paused`].
    fn pause(&mut self) -> Vec<Out> {
        Vec::new()
    }

    /// What the account wants to be said in the middle of a session, whenever it does. Safe to drop.
    fn wish(&mut self) -> impl Future<Output = Out> + Send {
        pending()
    }

    /// Everything has been said: the rest of the sound, and the wish for the rest of the words. Nothing where none can
    /// be missing.
    fn finish(&mut self) -> Vec<Out>;

    /// A message, and what it says. True where the service owes nothing any more; it counts when all has been said.
    fn take(&mut self, text: &str, told: &mut Vec<ListenEvent>) -> Result<bool, Wrong>;

    /// How long the next message may take, where that is less than usual.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Whether all that was said has been told, when the connection ends in this way; and what is left to tell.
    fn ended(&mut self, _end: End, _told: &mut Vec<ListenEvent>) -> bool {
        false
    }

    /// What it means that the service closed the socket.
    fn closed(&self, _code: Option<u16>, _reason: &str) -> Fault {
        Fault::BrokeOff
    }
}

/// Begins an utterance at this address.
pub(crate) fn session<P: Protocol>(service: Service, url: Url, protocol: P) -> ListenSession {
    Session::spawn(move |ends| listen(service, url, protocol, ends))
}

async fn listen<P: Protocol>(
    service: Service,
    url: Url,
    mut protocol: P,
    ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let mut tries = service.retry.begin();
    // Only opening is tried again: what was said since is held by whoever speaks to us.
    let socket = loop {
        match open(&service, &url, &mut protocol).await {
            Ok(socket) => break socket,
            Err(failure) => tries.again(failure).await?,
        }
    };
    let live = Live {
        deadlines: service.deadlines,
        socket,
        ends,
        protocol,
        finishing: false,
        pausing: None,
    };
    live.run().await
}

async fn open<P: Protocol>(service: &Service, url: &Url, protocol: &mut P) -> Result<Socket, Failure> {
    let deadline = Instant::now() + service.deadlines.first;
    let mut socket = Socket::open(service, url.clone()).await?;
    if P::GREETS {
        let greeted = timeout_at(deadline, greeted(&mut socket, protocol)).await;
        greeted.map_err(|_| socket.failure(Fault::Late))??;
    }
    Ok(socket)
}

/// Waits until the service says that the session is open.
async fn greeted(socket: &mut Socket, protocol: &mut impl Protocol) -> Result<(), Failure> {
    loop {
        let text = match socket.next().await? {
            Frame::Text(text) => text,
            Frame::Binary(_) => return Err(socket.failure(Fault::Garbled)),
            Frame::Closed { code, reason } => {
                return Err(socket.failure(protocol.closed(code, &reason)).said(&reason));
            }
        };
        match protocol.greet(&text) {
            Ok(Greeting::Open) => return Ok(()),
            Ok(Greeting::Say(message)) => socket.text(message).await?,
            Ok(Greeting::Wait) => {}
            Err(wrong) => return Err(socket.wrong(wrong, &text)),
        }
    }
}

struct Live<P> {
    deadlines: Deadlines,
    socket: Socket,
    ends: Ends<ListenInput, ListenEvent>,
    protocol: P,
    /// Everything has been said.
    finishing: bool,
    /// The words before a pause have been asked for: until when they are waited for.
    pausing: Option<Instant>,
}

impl<P: Protocol> Live<P> {
    async fn run(mut self) -> Result<()> {
        self.tell([ListenEvent::Ready]).await?;
        let deadlines = self.deadlines;
        let awake = || P::KEEP_ALIVE.map(|wait| Instant::now() + wait);
        let mut alive_until = awake();
        let mut due = None;
        loop {
            tokio::select! {
                biased;
                frame = self.socket.next() => match frame? {
                    Frame::Text(text) => {
                        if self.take(&text).await? && self.finishing {
                            return self.finished().await;
                        }
                        let wait = self.protocol.patience().unwrap_or(deadlines.idle);
                        due = self.finishing.then(|| Instant::now() + wait);
                    }
                    Frame::Binary(_) => return Err(self.socket.failure(Fault::Garbled).into()),
                    Frame::Closed { code, reason } => {
                        if self.finishing && self.ended(End::Closed(code)).await? {
                            return self.finished().await;
                        }
                        let fault = self.protocol.closed(code, &reason);
                        return Err(self.socket.failure(fault).said(&reason).into());
                    }
                },
                input = self.ends.input.recv(), if !self.finishing => {
                    match input {
                        Some(ListenInput::Audio(audio)) => {
                            let pieces = self.protocol.sound(&audio.samples);
                            self.send(pieces).await?;
                        }
                        Some(ListenInput::Silence(true)) => {
                            let asked = self.protocol.pause();
                            if !asked.is_empty() {
                                self.send(asked).await?;
                                self.pausing = Some(Instant::now() + SETTLED);
                            }
                        }
                        // In mid-word: what is final then is half a word.
                        Some(ListenInput::Silence(false) | ListenInput::Hurry) => {}
                        // Whoever says nothing more has finished.
                        Some(ListenInput::Finish) | None => {
                            self.finishing = true;
                            self.pausing = None;
                            let rest = self.protocol.finish();
                            if rest.is_empty() {
                                return self.finished().await;
                            }
                            self.send(rest).await?;
                            due = Some(Instant::now() + deadlines.first);
                        }
                    }
                    alive_until = awake();
                }
                () = at(alive_until), if !self.finishing => {
                    let alive = self.protocol.alive();
                    self.send(alive).await?;
                    alive_until = awake();
                }
                wish = self.protocol.wish(), if !self.finishing => self.send([wish]).await?,
                // Nothing was left to become final.
                () = at(self.pausing) => self.tell([ListenEvent::Paused]).await?,
                () = at(due) => {
                    if self.ended(End::Late).await? {
                        return self.finished().await;
                    }
                    return Err(self.socket.failure(Fault::Late).into());
                }
            }
        }
    }

    async fn send(&mut self, messages: impl IntoIterator<Item = Out>) -> Result<(), Failure> {
        for message in messages {
            match message {
                Out::Text(text) => self.socket.text(text).await?,
                Out::Bytes(bytes) => self.socket.binary(bytes).await?,
            }
        }
        Ok(())
    }

    async fn take(&mut self, text: &str) -> Result<bool> {
        let mut told = Vec::new();
        let taken = self.protocol.take(text, &mut told);
        self.tell(told).await?;
        Ok(taken.map_err(|wrong| self.socket.wrong(wrong, text))?)
    }

    async fn ended(&mut self, end: End) -> Result<bool> {
        let mut told = Vec::new();
        let whole = self.protocol.ended(end, &mut told);
        self.tell(told).await?;
        Ok(whole)
    }

    async fn finished(&mut self) -> Result<()> {
        self.socket.close().await;
        self.tell([ListenEvent::Finished]).await
    }

    async fn tell(&mut self, events: impl IntoIterator<Item = ListenEvent>) -> Result<()> {
        for event in events {
            let news = match event {
                // The end that we asked for is no news.
                ListenEvent::EndOfTurn(_) => !self.finishing,
                ListenEvent::Paused => self.pausing.take().is_some(),
                _ => true,
            };
            if news {
                let told = self.ends.events.send(Ok(event)).await;
                told.map_err(|_| Error::cancelled())?;
            }
        }
        Ok(())
    }
}

/// At this moment; never where there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// Has a protocol read these messages, one a line, as a session would; for fuzzers.
#[cfg(any(test, fuzzing))]
pub(crate) fn drive(mut protocol: impl Protocol, bytes: &[u8]) {
    let mut told = Vec::new();
    let messages: Vec<_> = crate::fuzz::messages(bytes).collect();
    let (first, rest) = messages.split_at(messages.len() / 2);
    for (messages, last) in [(first, false), (rest, true)] {
        protocol.sound(&[0.1; 4_000]);
        protocol.alive();
        if last {
            protocol.finish();
        } else {
            protocol.pause();
        }
        for message in messages {
            let _ = protocol.greet(message);
            if protocol.take(message, &mut told).is_err() {
                break;
            }
        }
    }
    protocol.ended(End::Closed(Some(1_000)), &mut told);
    protocol.ended(End::Late, &mut told);
}
