//! Ink where it decides itself when a turn ends.

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{Error, ListenEvent, ListenInput, ListenOptions, Result, Session, Transcript};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::live::keyterms;
use super::{ENTRY, VERSION};
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::socket::{Frame, Socket};
use crate::sound::Gather;

/// How sure it is that somebody speaks when a turn begins and ends: a turn ends when it is *less* sure than this.
/// `None` is the service's own value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turns {
    /// From 0.5 to 0.9, and above the others.
    pub start: Option<f32>,
    /// From 0.3 to 0.6: below it a turn may have ended.
    pub eager_end: Option<f32>,
    /// From 0.05 to 0.5, and below the others.
    pub end: Option<f32>,
    /// Milliseconds of silence that end a turn in any case, from 640 to 11,200.
    pub timeout_ms: Option<u32>,
}

/// It does not say how sure it is that a turn may have ended.
const PERHAPS: f32 = 0.5;

/// Begins an utterance.
pub(super) fn session(service: Service, turns: Turns, options: ListenOptions) -> ListenSession {
    Session::spawn(move |ends| listen(service, turns, options, ends))
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type")]
    kind: String,
    transcript: Option<String>,
}

/// Where the turns stand. Pure: the socket is elsewhere.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// What has been said in the open turn: each message has all of it.
    open: String,
    /// It said that the turn may have ended.
    eager: bool,
}

impl Standing {
    /// What a message says.
    pub(super) fn take(&mut self, message: Message) -> Vec<ListenEvent> {
        let mut events = Vec::new();
        let said = message.transcript.map(|said| said.trim().to_owned());
        if let Some(said) = said.filter(|said| !said.is_empty() && *said != self.open) {
            if message.kind != "turn.end" {
                events.push(ListenEvent::Partial(Transcript::text(said.as_str())));
            }
            self.open = said;
        }
        match message.kind.as_str() {
            "turn.start" => events.insert(0, ListenEvent::SpeechStarted),
            "turn.eager_end" => {
                self.eager = true;
                events.push(ListenEvent::EndOfTurn(PERHAPS));
            }
            "turn.resume" if std::mem::take(&mut self.eager) => events.push(ListenEvent::TurnResumed),
            "turn.end" => {
                self.eager = false;
                events.extend(self.rest());
                events.push(ListenEvent::EndOfTurn(1.0));
            }
            _ => {}
        }
        events
    }

    /// What has been said in a turn that nobody has ended.
    pub(super) fn rest(&mut self) -> Option<ListenEvent> {
        let open = std::mem::take(&mut self.open);
        (!open.is_empty()).then(|| ListenEvent::Segment(Transcript::text(open)))
    }
}

async fn listen(
    service: Service,
    turns: Turns,
    options: ListenOptions,
    ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let url = url(&service, turns, &options);
    let mut tries = service.retry.begin();
    // Only opening is tried again: what was said since is held by whoever speaks to us.
    let socket = loop {
        match Socket::open(&service, url.clone()).await {
            Ok(socket) => break socket,
            Err(failure) => tries.again(failure).await?,
        }
    };
    let live = Live {
        service,
        socket,
        ends,
        gather: Gather::new(options.rate),
        standing: Standing::default(),
        finishing: false,
    };
    live.run().await
}

fn url(service: &Service, turns: Turns, options: &ListenOptions) -> Url {
    let own = ENTRY.recogniser.map_or("", |ability| ability.model);
    let mut query = vec![
        ("model", options.model.as_deref().unwrap_or(own).to_owned()),
        ("encoding", "pcm_s16le".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
        ("cartesia_version", VERSION.to_owned()),
    ];
    let thresholds = [
        ("turn_start_threshold", turns.start, 0.5, 0.9),
        ("turn_eager_end_threshold", turns.eager_end, 0.3, 0.6),
        ("turn_end_threshold", turns.end, 0.05, 0.5),
    ];
    for (name, value, from, to) in thresholds {
        query.extend(value.map(|value| (name, format!("{:.2}", value.clamp(from, to)))));
    }
    let timeout = turns.timeout_ms.map(|ms| ms.clamp(640, 11_200).to_string());
    query.extend(timeout.map(|ms| ("turn_end_timeout_ms", ms)));
    query.extend(keyterms(&options.vocabulary).map(|term| ("keyterm", term)));
    service.url(&["stt", "turns", "websocket"], query)
}

struct Live {
    service: Service,
    socket: Socket,
    ends: Ends<ListenInput, ListenEvent>,
    gather: Gather,
    standing: Standing,
    /// `close` has been sent.
    finishing: bool,
}

impl Live {
    async fn run(mut self) -> Result<()> {
        self.say(ListenEvent::Ready).await?;
        let deadlines = self.service.deadlines;
        let mut due: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                frame = self.socket.next() => match frame? {
                    Frame::Text(text) => {
                        self.take(&text).await?;
                        due = self.finishing.then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Binary(_) => return Err(self.socket.failure(Fault::Garbled).into()),
                    // It says nothing when it is done: it closes.
                    Frame::Closed { code: Some(1_000) | None, .. } if self.finishing => {
                        if let Some(rest) = self.standing.rest() {
                            self.say(rest).await?;
                        }
                        return self.say(ListenEvent::Finished).await;
                    }
                    Frame::Closed { reason, .. } => {
                        return Err(self.socket.failure(Fault::BrokeOff).said(&reason).into());
                    }
                },
                input = self.ends.input.recv(), if !self.finishing => match input {
                    Some(ListenInput::Audio(audio)) => {
                        if let Some(piece) = self.gather.push(&audio.samples) {
                            self.socket.binary(piece).await?;
                        }
                    }
                    Some(ListenInput::Silence(_) | ListenInput::Hurry) => {}
                    // Whoever says nothing more has finished.
                    Some(ListenInput::Finish) | None => {
                        self.finish().await?;
                        due = Some(Instant::now() + deadlines.first);
                    }
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return Err(self.socket.failure(Fault::Late).into());
                }
            }
        }
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        self.finishing = true;
        let rest = self.gather.take();
        if !rest.is_empty() {
            self.socket.binary(rest).await?;
        }
        // JSON here, where the other socket takes a plain word.
        self.socket.text(json!({"type": "close"}).to_string()).await
    }

    async fn take(&mut self, text: &str) -> Result<()> {
        let garbled = self.socket.failure(Fault::Garbled);
        let message: Message = serde_json::from_str(text).map_err(|error| garbled.because(error))?;
        if message.kind == "error" {
            return Err(self.service.complaint(text).into());
        }
        for event in self.standing.take(message) {
            // The end that we asked for is no news.
            if !(self.finishing && matches!(event, ListenEvent::EndOfTurn(_))) {
                self.say(event).await?;
            }
        }
        Ok(())
    }

    async fn say(&mut self, event: ListenEvent) -> Result<()> {
        let told = self.ends.events.send(Ok(event)).await;
        told.map_err(|_| Error::cancelled())
    }
}
