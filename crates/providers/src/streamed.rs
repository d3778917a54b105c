//! Voices over a socket that tell no times: text goes in phrase by phrase, samples come out.

use std::sync::Arc;

use libretto_voice::audio::PcmDecoder;
use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, SampleRate, Session, SpeakEvent, SpeakInput, text};
use reqwest::Url;
use tokio::time::{Instant, sleep_until};

use crate::failure::{Failure, Fault};
use crate::phrases::pieces;
use crate::retry::{self, Work};
use crate::service::Service;
use crate::socket::{Frame, Socket, Wrong};
use crate::timed::Stop;

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Samples.
    Sound(Vec<u8>),
    /// All sound of the phrase has come that was sent first of those that still wait for this.
    Spoken,
    /// Nothing that matters here.
    Other,
}

/// Reads a message.
pub(crate) type Read = fn(&str) -> Result<Said, Wrong>;

/// How a voice of this kind is spoken to.
pub(crate) trait Speaker: Send + Sync + 'static {
    /// Who is asked.
    fn service(&self) -> &Service;
    /// Where.
    fn url(&self) -> Url;
    /// Rate of its samples, which are 16-bit.
    fn rate(&self) -> SampleRate;
    /// Most characters in one message.
    fn longest(&self) -> usize;
    /// The message with this text.
    fn say(&self, text: &str) -> String;
    /// What has the text so far spoken, and is answered when that has been done.
    fn flush(&self) -> String;
    /// What ends a session that has been spoken to its end, where there is such a message.
    fn close(&self) -> Option<String>;
    /// What stops the work for a session that is called off.
    fn farewell(&self) -> String;
    /// What a message of text says.
    fn take(&self, text: &str) -> Result<Said, Wrong>;
    /// What it means that the service closed the socket.
    fn closed(&self, _code: Option<u16>, _reason: &str) -> Fault {
        Fault::BrokeOff
    }
}

/// Begins to speak.
pub(crate) fn session(speaker: Arc<dyn Speaker>) -> SpeakSession {
    Session::spawn(move |ends| speak(speaker, ends))
}

async fn speak(speaker: Arc<dyn Speaker>, ends: Ends<SpeakInput, SpeakEvent>) -> Result<()> {
    let service = speaker.service().clone();
    let _place = service.limit.enter().await;
    let mut stream = Stream {
        speaker,
        ends,
        phrases: Vec::new(),
        finished: false,
        ready: false,
        begun: false,
    };
    // Where the service closed a socket, whatever comes next opens another.
    while !retry::through(service.retry, &mut stream).await? {}
    let told = stream.tell(SpeakEvent::Finished).await;
    told.map_err(|_| Error::cancelled())
}

struct Stream {
    speaker: Arc<dyn Speaker>,
    ends: Ends<SpeakInput, SpeakEvent>,
    /// What has been sent and not been spoken: until something of it has been heard it can be sent again.
    phrases: Vec<String>,
    finished: bool,
    ready: bool,
    /// Something of that has been heard.
    begun: bool,
}

impl Work for Stream {
    type Done = bool;

    /// Speaks over one socket. True when everything has been spoken; false where the service closed the socket when it
    /// owed nothing, as it does after a while, and there is more to say.
    async fn attempt(&mut self) -> Result<bool, Stop> {
        let speaker = Arc::clone(&self.speaker);
        let service = speaker.service();
        let deadlines = service.deadlines;
        let mut socket = Socket::open(service, speaker.url()).await?;
        // Left open, a session that nobody listens to any more counts for a while; told, it ends at once.
        socket.farewell(speaker.farewell());
        if !std::mem::replace(&mut self.ready, true) {
            self.tell(SpeakEvent::Ready).await?;
        }
        let mut pcm = PcmDecoder::default();
        // Flushes that have not been answered, and whether there was sound since the last answer.
        let (mut open, mut sounded) = (0, false);
        for phrase in &self.phrases {
            open += send(&mut socket, speaker.as_ref(), phrase).await?;
        }
        let mut due = Instant::now() + deadlines.first;
        loop {
            if self.finished && open == 0 {
                if let Some(close) = speaker.close() {
                    // It may stop at once or finish first: everything has been heard already.
                    socket.text(close).await?;
                }
                socket.close().await;
                return Ok(true);
            }
            tokio::select! {
                biased;
                frame = socket.next() => {
                    let said = match frame? {
                        Frame::Binary(bytes) => Said::Sound(bytes.into()),
                        Frame::Text(text) => speaker.take(&text).map_err(|wrong| socket.wrong(wrong, &text))?,
                        Frame::Closed { .. } if open == 0 => {
                            // Let go at once, not when there is more to say.
                            drop(socket);
                            self.hear().await;
                            return Ok(self.finished);
                        }
                        Frame::Closed { code, reason } => {
                            let fault = speaker.closed(code, &reason);
                            return Err(socket.failure(fault).said(&reason).into());
                        }
                    };
                    match said {
                        Said::Sound(bytes) => {
                            let audio = pcm.push(speaker.rate(), &bytes);
                            if !audio.is_empty() {
                                (self.begun, sounded) = (true, true);
                                self.tell(SpeakEvent::Audio(audio)).await?;
                            }
                        }
                        // It was given words.
                        Said::Spoken if !std::mem::take(&mut sounded) => {
                            return Err(socket.failure(Fault::BrokeOff).into());
                        }
                        Said::Spoken => {
                            open = open.saturating_sub(1);
                            if open == 0 {
                                self.phrases.clear();
                                self.begun = false;
                            }
                        }
                        Said::Other => {}
                    }
                    due = Instant::now() + deadlines.idle;
                }
                input = self.ends.input.recv(), if !self.finished => match input {
                    Some(SpeakInput::Text(phrase)) => {
                        if open == 0 {
                            due = Instant::now() + deadlines.first;
                        }
                        let sent = send(&mut socket, speaker.as_ref(), &phrase).await;
                        self.phrases.push(phrase);
                        open += sent?;
                    }
                    // Whoever says nothing more has finished.
                    Some(SpeakInput::Finish) | None => self.finished = true,
                },
                () = sleep_until(due), if open > 0 => return Err(socket.failure(Fault::Late).into()),
            }
        }
    }

    fn begun(&self) -> bool {
        self.begun
    }
}

impl Stream {
    /// Waits for more to say, or the end.
    async fn hear(&mut self) {
        match self.ends.input.recv().await {
            Some(SpeakInput::Text(phrase)) => self.phrases.push(phrase),
            Some(SpeakInput::Finish) | None => self.finished = true,
        }
    }

    async fn tell(&self, event: SpeakEvent) -> Result<(), Stop> {
        self.ends.events.send(Ok(event)).await.map_err(|_| Stop::Gone)
    }
}

/// Sends a phrase and has it spoken; gives how many answers that will have. Each phrase is flushed: whoever plays it
/// waits for it.
async fn send(socket: &mut Socket, speaker: &dyn Speaker, phrase: &str) -> Result<usize, Failure> {
    if !text::speaks(phrase) {
        return Ok(0);
    }
    for piece in pieces(phrase, speaker.longest()) {
        socket.text(speaker.say(piece)).await?;
    }
    socket.text(speaker.flush()).await?;
    Ok(1)
}
