//! Sonic over its socket. A reply is a context; where one ends before the text does, the next goes on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::session::Ends;
use libretto_voice::shapes::{TimeBase, Timed, start_end_seconds};
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{RATE, VERSION, Voice};
use crate::failure::{Failure, Fault};
use crate::socket::{Frame, Socket};
use crate::sound::Encoding;
use crate::timed::{Gone, Speech};

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    context_id: Option<String>,
    data: Option<String>,
    word_timestamps: Option<Words>,
}

#[derive(Deserialize)]
struct Words {
    #[serde(default, rename = "words")]
    texts: Vec<String>,
    #[serde(default)]
    start: Vec<f64>,
    #[serde(default)]
    end: Vec<f64>,
}

impl Words {
    /// Without the tags that the text may carry: they are spoken, not read.
    fn times(&self) -> Vec<Timed<'_>> {
        let mut timed = start_end_seconds(&self.texts, &self.start, &self.end);
        timed.retain(|timed| !(timed.text.starts_with('<') && timed.text.ends_with('>')));
        timed
    }
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

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

async fn speak(voice: Voice, mut ends: Ends<SpeakInput, SpeakEvent>) -> Result<()> {
    let service = voice.service.clone();
    let _place = service.limit.enter().await;
    let speech = Speech::new(
        ends.events.clone(),
        Encoding::Pcm16(RATE),
        RATE,
        TimeBase::Unknown,
    );
    let mut stream = Stream {
        voice,
        speech,
        phrases: Vec::new(),
        finished: false,
        ready: false,
        context: 0,
        open: false,
        unheard: Vec::new(),
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
            Err(Stop::Failed(failure)) if stream.speech.told() > 0 => {
                return Err(failure.again(false).into());
            }
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
        stream.speech.again();
    }
}

struct Stream {
    voice: Voice,
    speech: Speech,
    /// All text so far: until something has been heard it can be sent again.
    phrases: Vec<String>,
    finished: bool,
    ready: bool,
    /// The number of the last context that was opened: an old one's name is never used again.
    context: u32,
    /// Whether it has not been done yet.
    open: bool,
    /// What was sent since the last sound.
    unheard: Vec<String>,
}

impl Stream {
    async fn attempt(&mut self, ends: &mut Ends<SpeakInput, SpeakEvent>) -> Result<(), Stop> {
        let service = self.voice.service.clone();
        let deadlines = service.deadlines;
        let url = service.url(&["tts", "websocket"], [("cartesia_version", VERSION.to_owned())]);
        let mut socket = Socket::open(&service, url).await?;
        if !std::mem::replace(&mut self.ready, true) {
            self.speech.tell(SpeakEvent::Ready).await?;
        }
        self.open = false;
        self.unheard.clear();
        for phrase in self.phrases.clone() {
            self.send(&mut socket, &phrase).await?;
        }
        if self.finished && self.open {
            self.finish(&mut socket).await?;
        }
        // While a context is open, something is due; the first of it later than the rest.
        let mut due = Instant::now() + deadlines.first;
        loop {
            if self.finished && !self.open {
                socket.close().await;
                return Ok(());
            }
            tokio::select! {
                biased;
                frame = socket.next() => match frame? {
                    Frame::Text(message) => {
                        self.take(&mut socket, &message).await?;
                        due = Instant::now() + deadlines.idle;
                    }
                    Frame::Binary(_) => return Err(socket.failure(Fault::Garbled).into()),
                    Frame::Closed { reason, .. } => {
                        return Err(socket.failure(Fault::BrokeOff).said(&reason).into());
                    }
                },
                input = ends.input.recv(), if !self.finished => match input {
                    Some(SpeakInput::Text(phrase)) => {
                        if !self.open {
                            due = Instant::now() + deadlines.first;
                        }
                        self.speech.sent(&phrase);
                        self.phrases.push(phrase.clone());
                        self.send(&mut socket, &phrase).await?;
                    }
                    // Whoever says nothing more has finished.
                    Some(SpeakInput::Finish) | None => {
                        self.finished = true;
                        if self.open {
                            self.finish(&mut socket).await?;
                        }
                    }
                },
                () = sleep_until(due), if self.open => return Err(socket.failure(Fault::Late).into()),
            }
        }
    }

    fn name(&self) -> String {
        format!("reply-{}", self.context)
    }

    /// A message of the open context: all fields each time, and all the same but for the text.
    fn message(&self, transcript: &str, goes_on: bool) -> String {
        let mut message = self.voice.fields.clone();
        message.insert("transcript".into(), transcript.into());
        message.insert("continue".into(), goes_on.into());
        message.insert("context_id".into(), self.name().into());
        message.insert("add_timestamps".into(), true.into());
        // Phrases come whole: nothing is gained by waiting for more.
        message.insert("max_buffer_delay_ms".into(), 0.into());
        Value::Object(message).to_string()
    }

    async fn send(&mut self, socket: &mut Socket, phrase: &str) -> Result<(), Failure> {
        if !text::speaks(phrase) {
            return Ok(());
        }
        if !std::mem::replace(&mut self.open, true) {
            self.context += 1;
            let cancel = json!({"context_id": self.name(), "cancel": true});
            socket.farewell(cancel.to_string());
        }
        self.unheard.push(phrase.to_owned());
        socket.text(self.message(phrase, true)).await
    }

    async fn finish(&mut self, socket: &mut Socket) -> Result<(), Failure> {
        socket.text(self.message("", false)).await
    }

    async fn take(&mut self, socket: &mut Socket, text: &str) -> Result<(), Stop> {
        let garbled = socket.failure(Fault::Garbled);
        let message: Message = serde_json::from_str(text).map_err(|error| garbled.clone().because(error))?;
        // Late output of a context that is over.
        if message.context_id.is_some_and(|id| id != self.name()) {
            return Ok(());
        }
        match message.kind.as_str() {
            "chunk" => {
                let data = message.data.unwrap_or_default();
                let bytes = BASE64
                    .decode(data)
                    .map_err(|error| garbled.clone().because(error))?;
                self.unheard.clear();
                let heard = self.speech.sound(&bytes).await?;
                heard.map_err(|error| garbled.because(error))?;
            }
            "timestamps" => {
                let times = message
                    .word_timestamps
                    .as_ref()
                    .map(Words::times)
                    .unwrap_or_default();
                self.speech.times(&times).await?;
            }
            "done" => self.done(socket).await?,
            "error" => {
                let failure = self.voice.service.complaint(text);
                let id = failure.request_id().map(str::to_owned).or(socket.request());
                return Err(failure.request(id).into());
            }
            _ => {}
        }
        Ok(())
    }

    /// A context is done: because it was finished, or because nothing came for a second. What was sent in that moment
    /// and not followed by any sound was not spoken; it opens the next.
    async fn done(&mut self, socket: &mut Socket) -> Result<(), Stop> {
        let garbled = socket.failure(Fault::Garbled);
        self.open = false;
        if self.speech.told() == 0 {
            // It was given words, and nothing sounded.
            return Err(socket.failure(Fault::BrokeOff).into());
        }
        let rest = std::mem::take(&mut self.unheard).concat();
        if !text::speaks(&rest) {
            let ended = self.speech.ended().await?;
            return Ok(ended.map_err(|error| garbled.because(error))?);
        }
        let ended = self.speech.ended_before(&rest).await?;
        ended.map_err(|error| garbled.because(error))?;
        self.send(socket, &rest).await?;
        if self.finished {
            self.finish(socket).await?;
        }
        Ok(())
    }
}
