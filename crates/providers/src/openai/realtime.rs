//! The recogniser over its socket: a realtime session that only transcribes. The utterance is sent while it is spoken
//! and committed when it is over: who has finished is decided here, not there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{
    Error, ListenEvent, ListenInput, ListenOptions, Result, SampleRate, Session, Transcript,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::rate::Converter;
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::socket::{Frame, Socket};
use crate::sound::Gather;

/// The one rate that it takes.
const RATE: SampleRate = SampleRate::VOICE;
/// It refuses to be given less than this many samples as an utterance.
const SHORTEST: u64 = RATE.hertz() as u64 / 10;
/// Most utterances of one session: one, unless the server cuts by itself.
const ITEMS: usize = 1_000;

/// Begins an utterance.
pub(super) fn session(service: Service, model: String, options: ListenOptions) -> ListenSession {
    Session::spawn(move |ends| listen(service, model, options, ends))
}

async fn listen(
    service: Service,
    model: String,
    options: ListenOptions,
    ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let converter = Converter::new(options.rate, RATE).map_err(|_| {
        let what = format!("it takes no sound of {} Hz", options.rate.hertz());
        service.failure(Fault::Unsupported(what))
    })?;
    let update = update(&model, &options);
    let mut tries = service.retry.begin();
    let socket = loop {
        match open(&service, &update).await {
            Ok(socket) => break socket,
            Err(failure) => tries.again(failure).await?,
        }
    };
    let live = Live {
        service,
        socket,
        ends,
        converter,
        gather: Gather::new(RATE),
        samples: 0,
        items: Items::default(),
        committing: false,
        finishing: false,
    };
    live.run().await
}

/// What the session is to be.
fn update(model: &str, options: &ListenOptions) -> String {
    let mut transcription = json!({ "model": model });
    if let Some(language) = &options.language {
        transcription["language"] = language.split('-').next().unwrap_or_default().into();
    }
    // It takes them as a hint; the live models do not take any.
    if !options.vocabulary.is_empty() && !is_live(model) {
        transcription["prompt"] = options.vocabulary.join(", ").into();
    }
    json!({"type": "session.update", "session": {"type": "transcription", "audio": {"input": {
        "format": {"type": "audio/pcm", "rate": RATE.hertz()},
        "transcription": transcription,
        "turn_detection": null,
    }}}})
    .to_string()
}

/// Whether a model only listens while it is spoken to.
pub(super) fn is_live(model: &str) -> bool {
    model.contains("realtime") || model.contains("live")
}

/// Opens a session and waits until it is what it is to be.
async fn open(service: &Service, update: &str) -> Result<Socket, Failure> {
    let deadline = Instant::now() + service.deadlines.first;
    let url = service.url(&["realtime"], [("intent", "transcription".to_owned())]);
    let mut socket = Socket::open(service, url).await?;
    loop {
        let frame = tokio::select! {
            frame = socket.next() => frame?,
            () = sleep_until(deadline) => return Err(socket.failure(Fault::Late)),
        };
        let text = match frame {
            Frame::Text(text) => text,
            Frame::Binary(_) => return Err(socket.failure(Fault::Garbled)),
            Frame::Closed { reason, .. } => return Err(socket.failure(Fault::BrokeOff).said(&reason)),
        };
        let event: Value =
            serde_json::from_str(&text).map_err(|error| socket.failure(Fault::Garbled).because(error))?;
        match event["type"].as_str().unwrap_or_default() {
            "session.created" | "transcription_session.created" => socket.text(update.to_owned()).await?,
            "session.updated" | "transcription_session.updated" => return Ok(socket),
            "error" => return Err(service.complaint(&text).request(socket.request())),
            _ => {}
        }
    }
}

/// Utterances in the order in which they were said, though they may be done in another.
#[derive(Debug, Default)]
struct Items(Vec<Item>);

#[derive(Debug)]
struct Item {
    id: String,
    text: String,
    done: bool,
}

impl Items {
    /// The item of this id, behind the one before it; `None` where there are too many.
    fn item(&mut self, id: &str, previous: Option<&str>) -> Option<&mut Item> {
        let at = match self.0.iter().position(|item| item.id == id) {
            Some(at) => at,
            None if self.0.len() == ITEMS => return None,
            None => {
                let before = previous.and_then(|id| self.0.iter().position(|item| item.id == id));
                let at = before.map_or(self.0.len(), |before| before + 1);
                self.0.insert(
                    at,
                    Item {
                        id: id.to_owned(),
                        text: String::new(),
                        done: false,
                    },
                );
                at
            }
        };
        self.0.get_mut(at)
    }

    /// Utterances that are done, as far as all before them are.
    fn take(&mut self) -> Vec<String> {
        let done = self.0.iter().take_while(|item| item.done).count();
        self.0.drain(..done).map(|item| item.text).collect()
    }

    /// The words so far of what is not done.
    fn open(&self) -> String {
        let texts: Vec<&str> = self.0.iter().map(|item| item.text.trim()).collect();
        texts.join(" ").trim().to_owned()
    }
}

struct Live {
    service: Service,
    socket: Socket,
    ends: Ends<ListenInput, ListenEvent>,
    converter: Converter,
    gather: Gather,
    /// Samples that were sent.
    samples: u64,
    items: Items,
    /// A commit has not been answered.
    committing: bool,
    /// Everything has been said.
    finishing: bool,
}

impl Live {
    async fn run(mut self) -> Result<()> {
        self.say(ListenEvent::Ready).await?;
        let deadlines = self.service.deadlines;
        let mut due: Option<Instant> = None;
        loop {
            if self.finishing && !self.committing && self.items.0.is_empty() {
                self.socket.close().await;
                return self.say(ListenEvent::Finished).await;
            }
            tokio::select! {
                biased;
                frame = self.socket.next() => match frame? {
                    Frame::Text(text) => {
                        self.take(&text).await?;
                        due = self.finishing.then(|| Instant::now() + deadlines.idle);
                    }
                    Frame::Binary(_) => return Err(self.socket.failure(Fault::Garbled).into()),
                    Frame::Closed { reason, .. } => {
                        return Err(self.socket.failure(Fault::BrokeOff).said(&reason).into());
                    }
                },
                input = self.ends.input.recv(), if !self.finishing => match input {
                    Some(ListenInput::Audio(audio)) => {
                        let samples = self.converter.push(&audio.samples);
                        if let Some(piece) = self.gather.push(&samples) {
                            self.send(piece).await?;
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

    async fn send(&mut self, piece: Vec<u8>) -> Result<(), Failure> {
        self.samples += piece.len() as u64 / 2;
        let message = json!({"type": "input_audio_buffer.append", "audio": BASE64.encode(piece)});
        self.socket.text(message.to_string()).await
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        self.finishing = true;
        let rest = self.converter.finish();
        let piece = self.gather.push(&rest).unwrap_or_else(|| self.gather.take());
        if !piece.is_empty() {
            self.send(piece).await?;
        }
        if self.samples < SHORTEST {
            // Nothing that anybody could have said.
            return Ok(());
        }
        self.committing = true;
        let commit = json!({"type": "input_audio_buffer.commit"});
        self.socket.text(commit.to_string()).await
    }

    async fn take(&mut self, text: &str) -> Result<()> {
        let event: Value =
            serde_json::from_str(text).map_err(|error| self.socket.failure(Fault::Garbled).because(error))?;
        let field = |name: &str| event[name].as_str().unwrap_or_default();
        let kind = field("type");
        let garbled = self.socket.failure(Fault::Garbled);
        match kind {
            "input_audio_buffer.committed" => {
                self.committing = false;
                let previous = event["previous_item_id"].as_str();
                self.items.item(field("item_id"), previous).ok_or(garbled)?;
            }
            "input_audio_buffer.speech_started" => self.say(ListenEvent::SpeechStarted).await?,
            "conversation.item.input_audio_transcription.delta" => {
                let item = self.items.item(field("item_id"), None).ok_or(garbled)?;
                item.text.push_str(field("delta"));
                self.partial().await?;
            }
            // All words so far, from those who say them so.
            "conversation.item.input_audio_transcription.updated" => {
                let item = self.items.item(field("item_id"), None).ok_or(garbled)?;
                field("transcript").clone_into(&mut item.text);
                self.partial().await?;
            }
            "conversation.item.input_audio_transcription.completed" => {
                let item = self.items.item(field("item_id"), None).ok_or(garbled)?;
                field("transcript").clone_into(&mut item.text);
                item.done = true;
                for text in self.items.take() {
                    let transcript = Transcript::text(text.trim());
                    if !transcript.is_blank() {
                        self.say(ListenEvent::Segment(transcript)).await?;
                    }
                }
            }
            // Words would be lost: whoever replays them needs to know.
            "conversation.item.input_audio_transcription.failed" => return Err(self.complaint(text).into()),
            "error" => {
                // Nothing was left to commit: a server that cuts by itself had it already.
                if event.pointer("/error/code").and_then(Value::as_str)
                    == Some("input_audio_buffer_commit_empty")
                {
                    self.committing = false;
                    return Ok(());
                }
                return Err(self.complaint(text).into());
            }
            _ => {}
        }
        Ok(())
    }

    fn complaint(&self, text: &str) -> Failure {
        self.service
            .complaint(text)
            .request(self.socket.request())
            .again(false)
    }

    async fn partial(&mut self) -> Result<()> {
        let partial = Transcript::text(self.items.open());
        if partial.is_blank() {
            return Ok(());
        }
        self.say(ListenEvent::Partial(partial)).await
    }

    async fn say(&mut self, event: ListenEvent) -> Result<()> {
        self.ends
            .events
            .send(Ok(event))
            .await
            .map_err(|_| Error::cancelled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_first_is_told_first() {
        let mut items = Items::default();
        for (id, previous) in [("a", None), ("c", Some("b")), ("b", Some("a"))] {
            items.item(id, previous).unwrap();
        }
        let mut done = |id: &str| {
            let item = items.item(id, None).unwrap();
            (item.text, item.done) = (id.to_owned(), true);
            items.take()
        };
        // The third came before the second was known.
        assert!(done("b").is_empty());
        assert_eq!(done("a"), ["a", "b"]);
        assert_eq!(done("c"), ["c"]);
    }
}
