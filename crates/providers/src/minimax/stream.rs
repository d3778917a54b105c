//! Speech over a socket. On the older one each message is spoken for itself and ends with `is_final`; on the newer one
//! the service cuts sentences, and a phrase is flushed and ends with `task_flushed`. Phrases are sent ahead; their times
//! are counted one by one.

use std::time::Duration;

use libretto_voice::session::Ends;
use libretto_voice::shapes::TimeBase;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::phrase::Queue;
use super::times::Times;
use super::wire::Message;
use super::{LONGEST, Voice};
use crate::failure::{Failure, Fault};
use crate::phrases;
use crate::retry::{self, Work};
use crate::socket::{Frame, Socket, Wrong};
use crate::timed::{Speech, Stop};

/// Which of the two sockets it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Each message is spoken for itself.
    Phrases,
    /// The service cuts sentences.
    Sentences,
}

/// How long its queue is left alone when it was full.
const PAUSE: Duration = Duration::from_millis(300);

/// What the service says of the newest message, and is no end.
const EMPTY: i64 = 2203;
const TOO_LONG: i64 = 2204;
const FULL: i64 = 2205;
/// Nothing was said for too long.
const IDLE: i64 = 2201;

/// Begins to speak.
pub(super) fn session(voice: Voice, flow: Flow) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, flow, ends))
}

async fn speak(voice: Voice, flow: Flow, ends: Ends<SpeakInput, SpeakEvent>) -> Result<()> {
    let service = voice.service().clone();
    let _place = service.limit.enter().await;
    let speech = Speech::new(ends.events.clone(), voice.encoding, voice.rate, TimeBase::Stream);
    let mut stream = Stream {
        voice,
        flow,
        ends,
        speech,
        times: Times::default(),
        opened: 0.0,
        timed: false,
        waiting: Queue::default(),
        pause: None,
        finished: false,
        ready: false,
    };
    loop {
        let end = retry::through(service.retry, &mut stream).await?;
        // Nothing is owed: the next phrase opens another.
        if matches!(end, End::Spoken) || !stream.wait_for_more().await {
            let told = stream.speech.tell(SpeakEvent::Finished).await;
            return told.map_err(|_| Error::cancelled());
        }
    }
}

/// How a connection ends without a failure.
enum End {
    Spoken,
    Idle,
}

/// What a message leads to.
enum Taken {
    /// It goes on.
    News,
    /// It does not: what was sent was not taken, and will be sent again.
    Nothing,
    /// The service has ended a connection that nothing was owed on.
    Idle,
}

struct Stream {
    voice: Voice,
    flow: Flow,
    ends: Ends<SpeakInput, SpeakEvent>,
    speech: Speech,
    times: Times,
    /// Seconds of sound before this connection.
    opened: f64,
    /// Whether what is spoken now has any times: the first phrase that waits, or the sentence.
    timed: bool,
    waiting: Queue,
    /// Nothing is sent before this moment.
    pause: Option<Instant>,
    finished: bool,
    ready: bool,
}

impl Work for Stream {
    type Done = End;

    async fn attempt(&mut self) -> Result<End, Stop> {
        let deadlines = self.voice.service().deadlines;
        let mut socket = self.open().await?;
        let mut due = Instant::now() + deadlines.first;
        // All that came lately is that nothing is taken.
        let mut full = false;
        loop {
            self.send(&mut socket).await?;
            if self.finished && self.waiting.is_empty() {
                socket.text(event("task_finish")).await?;
                socket.close().await;
                return Ok(End::Spoken);
            }
            let owed = !self.waiting.is_empty();
            tokio::select! {
                biased;
                frame = socket.next() => match frame? {
                    Frame::Text(message) => match self.take(&mut socket, &message).await? {
                        Taken::News => (due, full) = (Instant::now() + deadlines.idle, false),
                        Taken::Nothing => full = true,
                        Taken::Idle => return Ok(End::Idle),
                    },
                    Frame::Binary(_) => return Err(socket.failure(Fault::Garbled).into()),
                    Frame::Closed { .. } if !owed => return Ok(End::Idle),
                    Frame::Closed { reason, .. } => {
                        return Err(socket.failure(Fault::BrokeOff).said(&reason).into());
                    }
                },
                input = self.ends.input.recv(), if !self.finished => {
                    if !owed {
                        due = Instant::now() + deadlines.first;
                    }
                    self.hear(input);
                }
                () = sleep_until(self.pause.unwrap_or_else(Instant::now)), if self.pause.is_some() => self.pause = None,
                () = sleep_until(due), if owed => {
                    let fault = if full { Fault::Busy } else { Fault::Late };
                    return Err(socket.failure(fault).into());
                }
            }
        }
    }

    fn begun(&self) -> bool {
        self.speech.told() > 0
    }

    fn renew(&mut self) {
        self.speech.again();
        (self.times, self.timed) = (Times::default(), false);
    }
}

impl Stream {
    /// Opens the socket and its task.
    async fn open(&mut self) -> Result<Socket, Stop> {
        let service = self.voice.service().clone();
        let deadline = Instant::now() + service.deadlines.first;
        let path = match self.flow {
            Flow::Phrases => "t2a_v2",
            Flow::Sentences => "t2a_v2_bidi",
        };
        let url = service.url(&["ws", "v1", path], self.voice.account.query());
        let mut socket = Socket::open(&service, url).await?;
        let mut start = self.voice.fields.clone();
        start.insert("event".into(), "task_start".into());
        let start = Value::Object(start).to_string();
        let mut started = false;
        while !started {
            let frame = tokio::select! {
                frame = socket.next() => frame?,
                () = sleep_until(deadline) => return Err(socket.failure(Fault::Late).into()),
            };
            let text = match frame {
                Frame::Text(text) => text,
                Frame::Binary(_) => return Err(socket.failure(Fault::Garbled).into()),
                Frame::Closed { reason, .. } => {
                    return Err(socket.failure(Fault::BrokeOff).said(&reason).into());
                }
            };
            let message = read(&socket, &text)?;
            if message.code() != 0 {
                return Err(socket.wrong(Wrong::Complaint, &text).into());
            }
            match message.event() {
                "connected_success" => socket.text(start.clone()).await?,
                "task_started" => started = true,
                _ => {}
            }
        }
        if self.flow == Flow::Sentences {
            socket.farewell(event("task_cancel"));
        }
        self.waiting.unsend();
        self.pause = None;
        self.opened = self.speech.total();
        self.times.phrase(0.0);
        if !std::mem::replace(&mut self.ready, true) {
            self.speech.tell(SpeakEvent::Ready).await?;
        }
        Ok(socket)
    }

    /// Waits until there is something to speak; false when there will not be.
    async fn wait_for_more(&mut self) -> bool {
        while self.waiting.is_empty() && !self.finished {
            let input = self.ends.input.recv().await;
            self.hear(input);
        }
        !self.waiting.is_empty()
    }

    /// Notes what is to be spoken.
    fn hear(&mut self, input: Option<SpeakInput>) {
        let Some(SpeakInput::Text(phrase)) = input else {
            // Whoever says nothing more has finished.
            self.finished = true;
            return;
        };
        for piece in phrases::pieces(&phrase, LONGEST) {
            self.waiting.push(piece, &mut self.speech);
        }
    }

    /// Sends what may be sent.
    async fn send(&mut self, socket: &mut Socket) -> Result<(), Failure> {
        while self.pause.is_none() {
            let Some(text) = self.waiting.send(self.speech.seconds() > 0.0) else {
                break;
            };
            let message = json!({"event": "task_continue", "text": text});
            socket.text(message.to_string()).await?;
            if self.flow == Flow::Sentences {
                self.waiting.flush();
                socket.text(event("task_flush")).await?;
            }
        }
        Ok(())
    }

    /// Takes a message.
    async fn take(&mut self, socket: &mut Socket, text: &str) -> Result<Taken, Stop> {
        let message = read(socket, text)?;
        let code = message.code();
        let soft = message.event() != "task_failed";
        match code {
            0 => {}
            IDLE if self.waiting.is_empty() => return Ok(Taken::Idle),
            // These are about the newest message, and are no end.
            EMPTY if soft => self.waiting.skip(),
            TOO_LONG if soft && self.waiting.halve(&mut self.speech) => {}
            FULL if soft => {
                self.waiting.resend();
                self.pause = Some(Instant::now() + PAUSE);
            }
            _ => return Err(socket.wrong(Wrong::Complaint, text).into()),
        }
        let mut news = code != FULL;
        match message.event() {
            "task_continued" if code == 0 => {
                self.sound(socket, &message).await?;
                if message.is_final() {
                    self.fetch_times(&message).await?;
                    if self.flow == Flow::Phrases {
                        self.ended(socket).await?;
                    }
                }
            }
            "sentence_start" => {
                self.times.sentence(self.speech.seconds());
                self.timed = false;
            }
            "task_flushed" => {
                if self.waiting.acknowledged() {
                    self.ended(socket).await?;
                } else {
                    news = false;
                }
            }
            "task_finished" | "task_failed" => return Err(socket.failure(Fault::BrokeOff).into()),
            // What a later version says besides.
            _ => {}
        }
        while self.waiting.is_skipped() {
            self.next_phrase(socket).await?;
        }
        Ok(if news { Taken::News } else { Taken::Nothing })
    }

    async fn sound(&mut self, socket: &mut Socket, message: &Message) -> Result<(), Stop> {
        if self.waiting.is_empty() {
            // Nobody asked for it.
            return Ok(());
        }
        if let Some(subtitle) = message.subtitle() {
            let times = self.times.read(subtitle);
            self.timed |= !times.is_empty();
            self.speech.times(&times).await?;
        }
        let garbled = socket.failure(Fault::Garbled);
        let sound = message.sound().map_err(|error| garbled.clone().because(error))?;
        if !sound.is_empty() {
            let heard = self.speech.sound(&sound).await?;
            heard.map_err(|error| garbled.because(error))?;
        }
        Ok(())
    }

    /// The times of what has just been spoken, where they did not come with its sound.
    async fn fetch_times(&mut self, message: &Message) -> Result<(), Stop> {
        let address = message.subtitle_file().filter(|_| !self.timed);
        let Some(address) = address.filter(|_| !self.waiting.is_empty()) else {
            return Ok(());
        };
        if let Some(subtitle) = self.voice.subtitles(address).await {
            let times = self.times.read(&subtitle);
            self.speech.times(&times).await?;
        }
        Ok(())
    }

    /// The first phrase has been spoken.
    async fn ended(&mut self, socket: &mut Socket) -> Result<(), Stop> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.speech.seconds() == 0.0 {
            // It was given words, and nothing sounded.
            return Err(socket.failure(Fault::BrokeOff).into());
        }
        self.next_phrase(socket).await
    }

    async fn next_phrase(&mut self, socket: &mut Socket) -> Result<(), Stop> {
        let ended = self.speech.ended().await?;
        ended.map_err(|error| socket.failure(Fault::Garbled).because(error))?;
        self.times.phrase(self.speech.total() - self.opened);
        self.timed = false;
        self.waiting.pop(&mut self.speech);
        Ok(())
    }
}

fn event(name: &str) -> String {
    json!({ "event": name }).to_string()
}

fn read(socket: &Socket, text: &str) -> Result<Message, Failure> {
    serde_json::from_str(text).map_err(|error| socket.failure(Fault::Garbled).because(error))
}
