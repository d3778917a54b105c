//! Speech over a socket. On the older one each message is spoken for itself and ends with `is_final`; on the newer one
//! the service cuts sentences, and a phrase is flushed and ends with `task_flushed`. Phrases are sent ahead; their times
//! are counted one by one.

use std::collections::VecDeque;
use std::time::Duration;

use libretto_voice::session::Ends;
use libretto_voice::shapes::TimeBase;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Result, Session, SpeakEvent, SpeakInput, text};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::phrase::Phrase;
use super::times::Times;
use super::wire::Message;
use super::{LONGEST, Voice};
use crate::failure::{Failure, Fault};
use crate::phrases;
use crate::socket::{Frame, Socket};
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
        waiting: VecDeque::new(),
        tickets: VecDeque::new(),
        issued: 0,
        pause: None,
        finished: false,
        ready: false,
    };
    let mut tries = service.retry.begin();
    loop {
        match stream.attempt().await {
            Ok(End::Spoken) => return stream.say(SpeakEvent::Finished).await,
            // Nothing is owed: the next phrase opens another.
            Ok(End::Idle) => {
                if !stream.wait_for_more().await {
                    return stream.say(SpeakEvent::Finished).await;
                }
                continue;
            }
            Err(Stop::Gone) => return Err(Error::cancelled()),
            Err(Stop::Failed(failure)) if stream.speech.told() > 0 => {
                return Err(failure.again(false).into());
            }
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
        stream.speech.again();
        (stream.times, stream.timed) = (Times::default(), false);
    }
}

/// How a connection ends without a failure.
enum End {
    Spoken,
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
    /// Whether the first phrase that waits has any times.
    timed: bool,
    /// Only the first of them is known to `speech`.
    waiting: VecDeque<Phrase>,
    /// Numbers of the flushes that have not been acknowledged.
    tickets: VecDeque<u64>,
    issued: u64,
    /// Nothing is sent before this moment.
    pause: Option<Instant>,
    finished: bool,
    ready: bool,
}

impl Stream {
    async fn attempt(&mut self) -> Result<End, Stop> {
        let deadlines = self.voice.service().deadlines;
        let mut socket = self.open().await?;
        let mut due = Instant::now() + deadlines.first;
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
                    Frame::Text(message) => {
                        if self.take(&mut socket, &message).await? {
                            return Ok(End::Idle);
                        }
                        due = Instant::now() + deadlines.idle;
                    }
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
                () = sleep_until(due), if owed => return Err(socket.failure(Fault::Late).into()),
            }
        }
    }

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
                return Err(self.complaint(&socket, &text).into());
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
        self.tickets.clear();
        self.pause = None;
        self.opened = self.speech.total();
        self.times.phrase(0.0);
        for phrase in &mut self.waiting {
            phrase.ticket = None;
        }
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
            if text::speaks(piece) {
                self.waiting.push_back(Phrase::of(piece));
            } else if let Some(last) = self.waiting.back_mut() {
                // White space, and signs that are not spoken.
                last.text.push_str(piece);
            }
            if self.waiting.len() < 2 {
                self.speech.sent(piece);
            }
        }
    }

    /// Sends what may be sent.
    async fn send(&mut self, socket: &mut Socket) -> Result<(), Failure> {
        while self.pause.is_none() {
            let sent = self.waiting.iter().filter(|phrase| phrase.ticket.is_some());
            // One is sent ahead, as soon as the first sounds: then a refusal can only mean the newest.
            let room = sent.count() <= usize::from(self.speech.seconds() > 0.0);
            let next = self.waiting.iter_mut().find(|phrase| phrase.ticket.is_none());
            let Some(next) = next.filter(|_| room) else {
                break;
            };
            self.issued += 1;
            next.ticket = Some(self.issued);
            let message = json!({"event": "task_continue", "text": next.text});
            socket.text(message.to_string()).await?;
            if self.flow == Flow::Sentences {
                self.tickets.push_back(self.issued);
                socket.text(event("task_flush")).await?;
            }
        }
        Ok(())
    }

    /// Takes a message; true where the service has ended a connection that nothing was owed on.
    async fn take(&mut self, socket: &mut Socket, text: &str) -> Result<bool, Stop> {
        let message = read(socket, text)?;
        match message.code() {
            0 => {}
            IDLE if self.waiting.is_empty() => return Ok(true),
            code @ (EMPTY | TOO_LONG | FULL) if message.event() != "task_failed" => {
                if !self.refused(code) {
                    return Err(self.complaint(socket, text).into());
                }
            }
            _ => return Err(self.complaint(socket, text).into()),
        }
        match message.event() {
            "task_continued" if message.code() == 0 => {
                self.sound(socket, &message).await?;
                if message.is_final() && self.flow == Flow::Phrases {
                    self.ended(socket, message.subtitle_file()).await?;
                }
            }
            "sentence_start" => self.times.sentence(self.speech.seconds()),
            "task_flushed" => {
                let ticket = self.tickets.pop_front();
                if ticket.is_some() && self.waiting.front().and_then(|phrase| phrase.ticket) == ticket {
                    self.ended(socket, None).await?;
                }
            }
            "task_finished" | "task_failed" => return Err(socket.failure(Fault::BrokeOff).into()),
            // What a later version says besides.
            _ => {}
        }
        while self.waiting.front().is_some_and(|phrase| phrase.skipped) {
            self.next_phrase(socket).await?;
        }
        Ok(false)
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

    /// The service did not take the newest message. Whether that can be helped.
    fn refused(&mut self, code: i64) -> bool {
        let sent = self.waiting.iter().rposition(|phrase| phrase.ticket.is_some());
        let Some(newest) = sent else { return true };
        match code {
            EMPTY => self.waiting[newest].skipped = true,
            TOO_LONG => return self.halve(newest),
            _ => {
                self.waiting[newest].ticket = None;
                self.pause = Some(Instant::now() + PAUSE);
            }
        }
        true
    }

    /// Sends a phrase again in two pieces. False where its length cannot be what is wrong.
    fn halve(&mut self, at: usize) -> bool {
        let Some((first, rest)) = self.waiting[at].halves() else {
            return false;
        };
        if at == 0 {
            self.speech.unsent(&rest.text);
        }
        self.waiting[at] = first;
        self.waiting.insert(at + 1, rest);
        true
    }

    /// The first phrase has been spoken.
    async fn ended(&mut self, socket: &mut Socket, subtitles: Option<&str>) -> Result<(), Stop> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.speech.seconds() == 0.0 {
            // It was given words, and nothing sounded.
            return Err(socket.failure(Fault::BrokeOff).into());
        }
        if let (Some(address), false) = (subtitles, self.timed)
            && let Some(subtitle) = self.voice.subtitles(address).await
        {
            let times = self.times.read(&subtitle);
            self.speech.times(&times).await?;
        }
        self.next_phrase(socket).await
    }

    async fn next_phrase(&mut self, socket: &mut Socket) -> Result<(), Stop> {
        let ended = self.speech.ended().await?;
        ended.map_err(|error| socket.failure(Fault::Garbled).because(error))?;
        self.times.phrase(self.speech.total() - self.opened);
        self.timed = false;
        self.waiting.pop_front();
        if let Some(next) = self.waiting.front() {
            self.speech.sent(&next.text);
        }
        Ok(())
    }

    fn complaint(&self, socket: &Socket, text: &str) -> Failure {
        let failure = self.voice.service().complaint(text);
        let id = failure.request_id().map(str::to_owned).or(socket.request());
        failure.request(id)
    }

    async fn say(&self, event: SpeakEvent) -> Result<()> {
        self.speech.tell(event).await.map_err(|_| Error::cancelled())
    }
}

fn event(name: &str) -> String {
    json!({ "event": name }).to_string()
}

fn read(socket: &Socket, text: &str) -> Result<Message, Failure> {
    serde_json::from_str(text).map_err(|error| socket.failure(Fault::Garbled).because(error))
}
