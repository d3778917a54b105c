//! The `stream-input` socket: text goes in as it is written, sound and times come out.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::session::Ends;
use libretto_voice::shapes::TimeBase;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use reqwest::Url;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until};

use super::Voice;
use super::wire::{StreamAlignment, StreamMessage};
use crate::failure::{Failure, Fault};
use crate::socket::{Frame, Socket};
use crate::timed::{Gone, Speech};

/// The service closes a socket that is sent nothing for 20 s; a single space keeps it.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Begins to speak.
pub(super) fn session(voice: Voice) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
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
    let service = voice.account.service.clone();
    let _place = service.limit.enter().await;
    let (encoding, rate) = (voice.format.encoding, voice.format.rate);
    let speech = Speech::new(ends.events.clone(), encoding, rate, TimeBase::Unknown).paced(voice.format.pace);
    let mut stream = Stream {
        voice,
        speech,
        phrases: Vec::new(),
        finished: false,
        ready: false,
        told: None,
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
        stream.told = None;
    }
}

struct Stream {
    voice: Voice,
    speech: Speech,
    /// All text so far: until something has been heard it can be sent again.
    phrases: Vec<String>,
    finished: bool,
    ready: bool,
    /// The times that came last.
    told: Option<StreamAlignment>,
}

impl Stream {
    async fn attempt(&mut self, ends: &mut Ends<SpeakInput, SpeakEvent>) -> Result<(), Stop> {
        let deadlines = self.voice.account.service.deadlines;
        let mut socket = Socket::open(&self.voice.account.service, self.url()).await?;
        socket.text(self.hello().to_string()).await?;
        if !std::mem::replace(&mut self.ready, true) {
            self.speech.tell(SpeakEvent::Ready).await?;
        }
        // When the next answer is due, if one is.
        let mut due: Option<Instant> = None;
        for phrase in &self.phrases {
            if send(&mut socket, phrase).await? {
                due = Some(Instant::now() + deadlines.first);
            }
        }
        if self.finished && self.close(&mut socket).await? {
            return Ok(());
        }
        let mut silent_until = Instant::now() + KEEP_ALIVE;
        loop {
            tokio::select! {
                biased;
                frame = socket.next() => match frame? {
                    Frame::Text(message) => {
                        if self.take(&mut socket, &message).await? {
                            socket.close().await;
                            return Ok(());
                        }
                        // Before the end there may be silence for as long as nothing is sent.
                        due = self.finished.then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Closed { code, reason } => return self.closed(&mut socket, code, &reason).await,
                    Frame::Binary(_) => return Err(socket.failure(Fault::Garbled).into()),
                },
                input = ends.input.recv(), if !self.finished => match input {
                    Some(SpeakInput::Text(phrase)) => {
                        self.speech.sent(&phrase);
                        let spoken = send(&mut socket, &phrase).await;
                        self.phrases.push(phrase);
                        if spoken? && self.speech.told() == 0 {
                            due.get_or_insert(Instant::now() + deadlines.first);
                        }
                        silent_until = Instant::now() + KEEP_ALIVE;
                    }
                    // Whoever says nothing more has finished.
                    Some(SpeakInput::Finish) | None => {
                        self.finished = true;
                        if self.close(&mut socket).await? {
                            return Ok(());
                        }
                        due = Some(Instant::now() + deadlines.first);
                    }
                },
                () = sleep_until(silent_until), if !self.finished => {
                    socket.text(json!({"text": " "}).to_string()).await?;
                    silent_until = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(due.unwrap_or(silent_until)), if due.is_some() => {
                    return Err(socket.failure(Fault::Late).into());
                }
            }
        }
    }

    fn url(&self) -> Url {
        let voice = &self.voice;
        let mut query = vec![
            ("model_id", voice.model.clone()),
            ("output_format", voice.format.name.clone()),
            // Phrases come whole: nothing is gained by waiting for more.
            ("auto_mode", "true".to_owned()),
            ("sync_alignment", "true".to_owned()),
        ];
        query.extend(voice.language.clone().map(|code| ("language_code", code)));
        let latency = voice.account.latency.map(|level| level.min(4).to_string());
        query.extend(latency.map(|level| ("optimize_streaming_latency", level)));
        let parts = ["v1", "text-to-speech", &voice.id, "stream-input"];
        voice.account.service.url(&parts, query)
    }

    fn hello(&self) -> Value {
        let mut hello = Map::new();
        hello.insert("text".into(), " ".into());
        if !self.voice.settings.is_empty() {
            hello.insert("voice_settings".into(), self.voice.settings.clone().into());
        }
        hello.into()
    }

    /// Says that nothing more will come; true where there was nothing to be spoken at all.
    async fn close(&self, socket: &mut Socket) -> Result<bool, Failure> {
        socket.text(json!({"text": ""}).to_string()).await?;
        let nothing = !self.phrases.iter().any(|phrase| text::speaks(phrase));
        if nothing {
            socket.close().await;
        }
        Ok(nothing)
    }

    /// Takes a message; true for the last.
    async fn take(&mut self, socket: &mut Socket, text: &str) -> Result<bool, Stop> {
        let garbled = socket.failure(Fault::Garbled);
        let mut message: StreamMessage =
            serde_json::from_str(text).map_err(|error| garbled.clone().because(error))?;
        if message.is_complaint() {
            return Err(self
                .voice
                .account
                .service
                .complaint(text)
                .request(socket.request())
                .into());
        }
        let silent = message.audio.as_deref().is_none_or(str::is_empty);
        if let Some(alignment) = message.take_alignment()
            // Said twice, it would be taken for the next words.
            && !(silent && self.told.as_ref() == Some(&alignment))
        {
            self.speech.times(&alignment.times()).await?;
            self.told = Some(alignment);
        }
        if let Some(audio) = message.audio.as_deref().filter(|audio| !audio.is_empty()) {
            let bytes = BASE64
                .decode(audio)
                .map_err(|error| garbled.clone().because(error))?;
            self.speech
                .sound(&bytes)
                .await?
                .map_err(|error| garbled.clone().because(error))?;
        }
        if message.is_last() {
            if !self.finished {
                return Err(socket.failure(Fault::BrokeOff).into());
            }
            self.ended(socket).await?;
        }
        Ok(message.is_last())
    }

    async fn ended(&mut self, socket: &mut Socket) -> Result<(), Stop> {
        if self.speech.told() == 0 {
            // It was given words, and nothing sounded.
            return Err(socket.failure(Fault::BrokeOff).into());
        }
        let garbled = socket.failure(Fault::Garbled);
        Ok(self
            .speech
            .ended()
            .await?
            .map_err(|error| garbled.because(error))?)
    }

    /// The service closed the socket before it said that it was finished.
    async fn closed(&mut self, socket: &mut Socket, code: Option<u16>, reason: &str) -> Result<(), Stop> {
        if self.finished && code == Some(1_000) && self.speech.told() > 0 && self.speech.is_whole() {
            return self.ended(socket).await;
        }
        Err(socket.failure(Fault::BrokeOff).said(reason).into())
    }
}

/// Sends a phrase; false where there is nothing in it to be spoken.
async fn send(socket: &mut Socket, phrase: &str) -> Result<bool, Failure> {
    let speaks = text::speaks(phrase);
    if speaks {
        // Without the space, a word could be glued to the next.
        let space = if phrase.ends_with(char::is_whitespace) {
            ""
        } else {
            " "
        };
        socket
            .text(json!({"text": format!("{phrase}{space}")}).to_string())
            .await?;
    }
    Ok(speaks)
}
