//! Aura over its socket: text goes in phrase by phrase, samples come out. It tells no times.

use libretto_voice::audio::PcmDecoder;
use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::dialect::closed;
use super::{RATE, Voice};
use crate::failure::{Failure, Fault};
use crate::phrases::pieces;
use crate::socket::{Frame, Socket};

/// Most characters in one message.
const LONGEST: usize = 2_000;

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Message {
    Metadata {},
    Flushed {},
    Cleared {},
    Warning {
        #[serde(alias = "code")]
        warn_code: Option<String>,
        #[serde(alias = "description")]
        warn_msg: Option<String>,
    },
    Error {},
    #[serde(other)]
    Other,
}

enum Stop {
    Gone,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

async fn speak(voice: Voice, mut ends: Ends<SpeakInput, SpeakEvent>) -> Result<()> {
    let service = voice.service.clone();
    let _place = service.limit.enter().await;
    let mut stream = Stream {
        voice,
        phrases: Vec::new(),
        finished: false,
        ready: false,
        begun: false,
    };
    let mut tries = service.retry.begin();
    loop {
        match stream.attempt(&mut ends).await {
            Ok(()) => {
                return ends
                    .events
                    .send(Ok(SpeakEvent::Finished))
                    .await
                    .map_err(|_| Error::cancelled());
            }
            Err(Stop::Gone) => return Err(Error::cancelled()),
            Err(Stop::Failed(failure)) if stream.begun => return Err(failure.again(false).into()),
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
    }
}

struct Stream {
    voice: Voice,
    /// All text so far: until something has been heard it can be sent again.
    phrases: Vec<String>,
    finished: bool,
    ready: bool,
    begun: bool,
}

impl Stream {
    async fn attempt(&mut self, ends: &mut Ends<SpeakInput, SpeakEvent>) -> Result<(), Stop> {
        let service = self.voice.service.clone();
        let deadlines = service.deadlines;
        let url = service.url(&["v1", "speak"], self.voice.query());
        // Left open, a session that nobody listens to any more counts for a while; told, it ends at once.
        let farewell = json!({"type": "Clear"}).to_string();
        let mut socket = Socket::open(&service, url).await?;
        socket.farewell(farewell);
        if !std::mem::replace(&mut self.ready, true) {
            tell(ends, SpeakEvent::Ready).await?;
        }
        let mut pcm = PcmDecoder::default();
        // Flushes that have not been answered.
        let mut open = 0;
        for phrase in &self.phrases {
            open += send(&mut socket, phrase).await?;
        }
        let mut due = (open > 0).then(|| Instant::now() + deadlines.first);
        loop {
            if self.finished && open == 0 {
                // It may stop at once or finish first: everything has been heard already.
                socket.text(json!({"type": "Close"}).to_string()).await?;
                socket.close().await;
                return Ok(());
            }
            tokio::select! {
                biased;
                frame = socket.next() => match frame? {
                    Frame::Binary(bytes) => {
                        let audio = pcm.push(RATE, &bytes);
                        if !audio.is_empty() {
                            self.begun = true;
                            tell(ends, SpeakEvent::Audio(audio)).await?;
                        }
                        due = (open > 0).then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Text(text) => {
                        if flushed(&socket.failure(Fault::Garbled), &service, &text)? {
                            open = open.saturating_sub(1);
                        }
                        due = (open > 0).then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Closed { code, reason } => {
                        return Err(socket.failure(closed(code, &reason)).said(&reason).into());
                    }
                },
                input = ends.input.recv(), if !self.finished => match input {
                    Some(SpeakInput::Text(phrase)) => {
                        let sent = send(&mut socket, &phrase).await;
                        self.phrases.push(phrase);
                        open += sent?;
                        if open > 0 {
                            due.get_or_insert(Instant::now() + deadlines.first);
                        }
                    }
                    // Whoever says nothing more has finished.
                    Some(SpeakInput::Finish) | None => self.finished = true,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return Err(socket.failure(Fault::Late).into());
                }
            }
        }
    }
}

/// Sends a phrase and has it spoken; gives how many answers that will have. Each phrase is flushed: whoever plays it
/// waits for it, and there are 20 flushes a minute, which is more than there are phrases in a minute of speech.
async fn send(socket: &mut Socket, phrase: &str) -> Result<usize, Failure> {
    if !text::speaks(phrase) {
        return Ok(0);
    }
    for piece in pieces(phrase, LONGEST) {
        socket
            .text(json!({"type": "Speak", "text": piece}).to_string())
            .await?;
    }
    socket.text(json!({"type": "Flush"}).to_string()).await?;
    Ok(1)
}

/// Reads a message; true where a flush has been answered: all of its sound has come.
fn flushed(garbled: &Failure, service: &crate::service::Service, text: &str) -> Result<bool, Failure> {
    let message: Message = serde_json::from_str(text).map_err(|error| garbled.clone().because(error))?;
    match message {
        Message::Flushed {} => Ok(true),
        Message::Error {} => Err(service
            .complaint(text)
            .request(garbled.request_id().map(str::to_owned))),
        Message::Warning { warn_code, warn_msg } => {
            tracing::warn!(?warn_code, ?warn_msg, "Deepgram warns");
            // A flush too many is not answered: its text would never be heard.
            match warn_code.as_deref() {
                Some("EXCESSIVE_FLUSH") => Err(service.failure(Fault::Busy).again(false)),
                _ => Ok(false),
            }
        }
        Message::Metadata {} | Message::Cleared {} | Message::Other => Ok(false),
    }
}

/// Reads a message, for fuzzers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(text: &str) {
    let _ = serde_json::from_str::<Message>(text);
}

async fn tell(ends: &Ends<SpeakInput, SpeakEvent>, event: SpeakEvent) -> Result<(), Stop> {
    ends.events.send(Ok(event)).await.map_err(|_| Stop::Gone)
}
