//! Voices over a socket: text goes in as it is written, sound and times come out.

use std::time::Duration;

use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

use super::heard::Heard;
use super::shared::{Context, Said};
use super::surface::Surface;
use super::{Transport, Voice};
use crate::failure::{Failure, Fault};
use crate::retry::{self, Work};
use crate::socket::{Frame, Socket};
use crate::timed::Stop;

/// The service closes a socket that is sent nothing for 20 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// A context that is ended within a moment of its last text may lose it.
const HASTE: Duration = Duration::from_millis(100);
/// Where the service holds phrases back, they are asked for when no other has come for so long.
const HELD: Duration = Duration::from_millis(500);
/// A context that was ended may never say so: after so much silence it has, if nothing is missing.
const SILENCE: Duration = Duration::from_secs(3);

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
        let deadlines = self.voice.account.service.deadlines;
        line.text(surface.hello(&self.voice)).await?;
        if !std::mem::replace(&mut self.ready, true) {
            self.heard.speech.tell(SpeakEvent::Ready).await?;
        }
        // When the next answer is due, if one is.
        let mut due: Option<Instant> = None;
        // When it is asked for what it holds back, if it does.
        let mut held: Option<Instant> = None;
        for phrase in self.phrases.iter().filter(|phrase| text::speaks(phrase)) {
            line.text(surface.phrase(&self.voice, phrase)).await?;
            due = Some(Instant::now() + deadlines.first);
            held = surface.holds_back().then(Instant::now);
        }
        // Whether something sounded since the last text, and whether the end has been sent.
        let (mut sounded, mut ended) = (false, false);
        let mut silent_until = Instant::now() + KEEP_ALIVE;
        let mut calm_from = Instant::now() + HASTE;
        loop {
            let calm = sounded && calm_from <= Instant::now() && held.is_none();
            if self.finished && !ended && (calm || self.is_silent() || surface.ends_at_once()) {
                (ended, held) = (true, None);
                line.end(surface.end()).await?;
                if self.is_silent() {
                    line.close().await;
                    return Ok(());
                }
                due = Some(Instant::now() + deadlines.first);
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
                        sounded |= taken.sounded;
                        // Before the end there may be silence for as long as nothing is sent.
                        let patience = match line {
                            Line::Shared(_) if ended => deadlines.idle.min(SILENCE),
                            _ => deadlines.idle,
                        };
                        due = self.finished.then(|| Instant::now() + patience);
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
                            held = surface.holds_back().then(|| Instant::now() + HELD);
                            sounded = false;
                            calm_from = Instant::now() + HASTE;
                            if self.heard.speech.told() == 0 {
                                due.get_or_insert(Instant::now() + deadlines.first);
                            }
                        }
                        silent_until = Instant::now() + KEEP_ALIVE;
                    }
                    // Whoever says nothing more has finished.
                    Some(SpeakInput::Finish) | None => {
                        self.finished = true;
                        held = held.map(|_| Instant::now());
                        due = Some(Instant::now() + deadlines.first);
                    }
                },
                () = sleep_until(held.unwrap_or(silent_until)), if held.is_some() => {
                    line.text(surface.flush()).await?;
                    (held, sounded) = (None, false);
                    calm_from = Instant::now() + HASTE;
                    silent_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(calm_from), if self.finished && !ended && sounded => {}
                () = sleep_until(silent_until), if !ended => {
                    line.text(surface.alive()).await?;
                    silent_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(due.unwrap_or(silent_until)), if due.is_some() => {
                    if ended && matches!(line, Line::Shared(_)) && self.is_whole() {
                        return self.heard.ended(line.request()).await;
                    }
                    return Err(self.failure(line, Fault::Late).into());
                }
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
