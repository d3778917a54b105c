//! Sonic over its socket. A reply is a context; where one ends before the text does, the next goes on.

use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

use super::heard::{Heard, Message, Taken};
use super::{VERSION, Voice};
use crate::failure::{Failure, Fault};
use crate::retry::{self, Work};
use crate::socket::{Frame, Socket, Wrong};
use crate::timed::Stop;

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
}

async fn speak(voice: Voice, ends: Ends<SpeakInput, SpeakEvent>) -> Result<()> {
    let service = voice.service.clone();
    let _place = service.limit.enter().await;
    let mut stream = Stream {
        heard: Heard::new(&voice, ends.events),
        input: ends.input,
        voice,
        phrases: Vec::new(),
        finished: false,
        ready: false,
        context: 0,
        open: false,
        unheard: Vec::new(),
        settled: 0,
    };
    // Where the service closed a socket, whatever comes next opens another.
    while !retry::through(service.retry, &mut stream).await? {
        stream.renew();
    }
    let told = stream.heard.speech.tell(SpeakEvent::Finished).await;
    told.map_err(|_| Error::cancelled())
}

struct Stream {
    voice: Voice,
    heard: Heard,
    input: Receiver<SpeakInput>,
    /// What has been sent and not been spoken: until something of it has been heard it can be sent again.
    phrases: Vec<String>,
    finished: bool,
    ready: bool,
    /// The number of the last context that was opened: an old one's name is never used again.
    context: u32,
    /// Whether it has not been done yet.
    open: bool,
    /// What was sent since the last sound.
    unheard: Vec<String>,
    /// How much had been told when the last context was done.
    settled: u64,
}

impl Work for Stream {
    type Done = bool;

    /// Speaks over one socket. True when everything has been spoken; false where the service closed the socket when it
    /// owed nothing, as it does after five minutes, and there is more to say.
    async fn attempt(&mut self) -> Result<bool, Stop> {
        let service = self.voice.service.clone();
        let deadlines = service.deadlines;
        let url = service.url(&["tts", "websocket"], [("cartesia_version", VERSION.to_owned())]);
        let mut socket = Socket::open(&service, url).await?;
        if !std::mem::replace(&mut self.ready, true) {
            self.heard.speech.tell(SpeakEvent::Ready).await?;
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
                return Ok(true);
            }
            tokio::select! {
                biased;
                frame = socket.next() => match frame? {
                    Frame::Text(message) => {
                        self.take(&mut socket, &message).await?;
                        due = Instant::now() + deadlines.idle;
                    }
                    Frame::Binary(_) => return Err(socket.failure(Fault::Garbled).into()),
                    Frame::Closed { .. } if !self.open => {
                        // Let go at once, not when there is more to say.
                        drop(socket);
                        match self.input.recv().await {
                            Some(SpeakInput::Text(phrase)) => self.note(phrase),
                            Some(SpeakInput::Finish) | None => self.finished = true,
                        }
                        return Ok(self.finished);
                    }
                    Frame::Closed { reason, .. } => {
                        return Err(socket.failure(Fault::BrokeOff).said(&reason).into());
                    }
                },
                input = self.input.recv(), if !self.finished => match input {
                    Some(SpeakInput::Text(phrase)) => {
                        if !self.open {
                            due = Instant::now() + deadlines.first;
                        }
                        self.note(phrase.clone());
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

    fn begun(&self) -> bool {
        self.heard.speech.told() > self.settled
    }

    fn renew(&mut self) {
        self.heard.speech.again();
    }
}

impl Stream {
    /// More to say.
    fn note(&mut self, phrase: String) {
        self.heard.speech.sent(&phrase);
        self.phrases.push(phrase);
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
        if self.voice.phonemes.is_some() {
            message.insert("add_phoneme_timestamps".into(), true.into());
        }
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
        if message.context_id.as_ref().is_some_and(|id| *id != self.name()) {
            return Ok(());
        }
        match self.heard.take(message, &garbled).await? {
            Taken::Sound => self.unheard.clear(),
            Taken::Done => self.done(socket).await?,
            Taken::Complaint => return Err(socket.wrong(Wrong::Complaint, text).into()),
            Taken::Other => {}
        }
        Ok(())
    }

    /// A context is done: because it was finished, or because nothing came for a second. What was sent in that moment
    /// and not followed by any sound was not spoken; it opens the next.
    async fn done(&mut self, socket: &mut Socket) -> Result<(), Stop> {
        let garbled = socket.failure(Fault::Garbled);
        self.open = false;
        if self.heard.speech.told() == self.settled {
            // It was given words, and nothing sounded.
            return Err(socket.failure(Fault::BrokeOff).into());
        }
        let rest = std::mem::take(&mut self.unheard).concat();
        if !text::speaks(&rest) {
            let ended = self.heard.speech.ended().await?;
            self.phrases.clear();
            self.settled = self.heard.speech.told();
            return Ok(ended.map_err(|error| garbled.because(error))?);
        }
        let ended = self.heard.speech.ended_before(&rest).await?;
        ended.map_err(|error| garbled.because(error))?;
        self.phrases = vec![rest.clone()];
        self.settled = self.heard.speech.told();
        self.send(socket, &rest).await?;
        if self.finished {
            self.finish(socket).await?;
        }
        Ok(())
    }
}
