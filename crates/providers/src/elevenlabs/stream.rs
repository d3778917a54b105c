//! Voices over a socket: text goes in as it is written, sound and times come out.

use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

use super::heard::Heard;
use super::pace::{self, Pace, Step};
use super::shared::{Context, Said};
use super::surface::Surface;
use super::{Transport, Voice};
use crate::failure::{Failure, Fault};
use crate::retry::{self, Work};
use crate::socket::{Frame, Socket};
use crate::timed::Stop;

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
}

async fn speak(voice: Voice, ends: Ends<SpeakInput, SpeakEvent>) -> Result<()> {
    let service = voice.account.service.clone();
    let _place = service.limit.enter().await;
    let mut stream = Stream {
        heard: Heard::new(&voice, ends.events),
        input: ends.input,
        voice,
        phrases: Vec::new(),
        finished: false,
        ready: false,
    };
    retry::through(service.retry, &mut stream).await?;
    let finished = stream.heard.speech.tell(SpeakEvent::Finished).await;
    finished.map_err(|_| Error::cancelled())
}

/// A socket, or a part of one.
enum Line {
    Own(Box<Socket>),
    Shared(Box<Context>),
}

impl Line {
    async fn text(&mut self, text: String) -> Result<(), Failure> {
        match self {
            Self::Own(socket) => socket.text(text).await,
            Self::Shared(context) => context.text(text).await,
        }
    }

    /// The last text.
    async fn end(&mut self, text: String) -> Result<(), Failure> {
        match self {
            Self::Own(socket) => socket.text(text).await,
            Self::Shared(context) => context.end(text).await,
        }
    }

    /// What comes next. Safe to drop.
    async fn next(&mut self) -> Said {
        match self {
            Self::Own(socket) => match socket.next().await {
                Ok(Frame::Text(text)) => Said::Text(text.to_string()),
                Ok(Frame::Binary(_)) => Said::Failed(socket.failure(Fault::Garbled)),
                Ok(Frame::Closed { code, reason }) => Said::Closed { code, reason },
                Err(failure) => Said::Failed(failure),
            },
            Self::Shared(context) => context.next().await,
        }
    }

    fn request(&self) -> Option<String> {
        match self {
            Self::Own(socket) => socket.request(),
            Self::Shared(context) => context.request(),
        }
    }

    /// The work is done: a shared one stays open for others.
    async fn close(&mut self) {
        if let Self::Own(socket) = self {
            socket.close().await;
        }
    }
}

struct Stream {
    voice: Voice,
    heard: Heard,
    input: Receiver<SpeakInput>,
    /// All text so far: until something has been heard it can be sent again.
    phrases: Vec<String>,
    finished: bool,
    ready: bool,
}

impl Work for Stream {
    type Done = ();

    async fn attempt(&mut self) -> Result<(), Stop> {
        let service = self.voice.account.service.clone();
        let (mut line, surface) = if self.voice.account.settings.transport == Transport::Shared {
            let url = Surface::url(&self.voice, true);
            let context = self.voice.account.lines.join(&service, url).await?;
            let surface = Surface::shared(&self.voice, context.name());
            (Line::Shared(Box::new(context)), surface)
        } else {
            let socket = Socket::open(&service, Surface::url(&self.voice, false)).await?;
            (Line::Own(Box::new(socket)), Surface::own(&self.voice))
        };
        let done = self.converse(&mut line, &surface).await;
        if let (Err(Stop::Failed(_)), Line::Shared(context)) = (&done, &line) {
            context.spoil();
        }
        done
    }

    fn begun(&self) -> bool {
        self.heard.speech.told() > 0
    }

    fn renew(&mut self) {
        self.heard.again();
    }
}

impl Stream {
    async fn converse(&mut self, line: &mut Line, surface: &Surface) -> Result<(), Stop> {
        line.text(surface.hello(&self.voice)).await?;
        if !std::mem::replace(&mut self.ready, true) {
            self.heard.speech.tell(SpeakEvent::Ready).await?;
        }
        for phrase in self.phrases.iter().filter(|phrase| text::speaks(phrase)) {
            line.text(surface.phrase(&self.voice, phrase)).await?;
        }
        let paced = pace::Line {
            deadlines: self.voice.account.service.deadlines,
            holds_back: surface.holds_back(),
            shared: matches!(line, Line::Shared(_)),
        };
        let mut pace = Pace::new(paced, Instant::now(), !self.is_silent(), self.finished);
        loop {
            let ends = || pace.is_calm(Instant::now()) || self.is_silent() || surface.ends_at_once();
            if self.finished && !pace.has_ended() && ends() {
                line.end(surface.end()).await?;
                if self.is_silent() {
                    line.close().await;
                    return Ok(());
                }
                pace.end(Instant::now());
            }
            tokio::select! {
                biased;
                said = line.next() => match said {
                    Said::Text(message) => {
                        let taken = self.heard.take(&message, line.request()).await?;
                        if taken.last {
                            if !self.finished {
                                return Err(self.failure(line, Fault::BrokeOff).into());
                            }
                            self.heard.ended(line.request()).await?;
                            line.close().await;
                            return Ok(());
                        }
                        pace.answered(Instant::now(), taken.sounded);
                    }
                    Said::Closed { code, reason } => return self.closed(line, code, &reason).await,
                    Said::Failed(failure) => return Err(failure.into()),
                },
                input = self.input.recv(), if !self.finished => match input {
                    Some(SpeakInput::Text(phrase)) => {
                        self.heard.speech.sent(&phrase);
                        self.phrases.push(phrase.clone());
                        if text::speaks(&phrase) {
                            line.text(surface.phrase(&self.voice, &phrase)).await?;
                            pace.phrase(Instant::now(), self.heard.speech.told() > 0);
                        }
                        pace.stirred(Instant::now());
                    }
                    // Whoever says nothing more has finished.
                    Some(SpeakInput::Finish) | None => {
                        self.finished = true;
                        pace.finish(Instant::now());
                    }
                },
                () = sleep_until(pace.wakes()) => match pace.step(Instant::now()) {
                    Some(Step::Flush) => {
                        line.text(surface.flush()).await?;
                        pace.flushed(Instant::now());
                    }
                    Some(Step::Alive) => {
                        line.text(surface.alive()).await?;
                        pace.stirred(Instant::now());
                    }
                    Some(Step::Late) if pace.has_ended() && paced.shared && self.is_whole() => {
                        return self.heard.ended(line.request()).await;
                    }
                    Some(Step::Late) => return Err(self.failure(line, Fault::Late).into()),
                    Some(Step::Look) | None => {}
                },
            }
        }
    }

    /// Whether there is nothing to be spoken at all.
    fn is_silent(&self) -> bool {
        !self.phrases.iter().any(|phrase| text::speaks(phrase))
    }

    fn is_whole(&self) -> bool {
        self.heard.speech.told() > 0 && self.heard.speech.is_whole()
    }

    /// The service closed the socket before it said that it was finished.
    async fn closed(&mut self, line: &mut Line, code: Option<u16>, reason: &str) -> Result<(), Stop> {
        if self.finished && code == Some(1_000) && self.is_whole() {
            return self.heard.ended(line.request()).await;
        }
        Err(self.failure(line, Fault::BrokeOff).said(reason).into())
    }

    fn failure(&self, line: &Line, fault: Fault) -> Failure {
        let service = &self.voice.account.service;
        service.failure(fault).request(line.request())
    }
}
