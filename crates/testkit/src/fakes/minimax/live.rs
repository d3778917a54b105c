//! Both sockets: the one on which each message is spoken for itself, and the one that cuts sentences.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::super::body;
use super::super::outbox::{self, Gone, Outbox};
use super::super::script::{Call, Entry};
use super::super::speech;
use super::http::{extra, hex};
use super::subtitles::{Origin, Subtitles, item};
use super::{Desk, Manners, Sound, Standing, TRACE, check, error, identified, own_words};

/// Chunks end in the middle of a sample.
const ODD: usize = 9_601;

pub(super) async fn phrases(
    State(desk): State<Arc<Desk>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    open(desk, &uri, headers, upgrade, false).await
}

pub(super) async fn sentences(
    State(desk): State<Arc<Desk>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    open(desk, &uri, headers, upgrade, true).await
}

async fn open(
    desk: Arc<Desk>,
    uri: &Uri,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
    cuts: bool,
) -> Response {
    let (entry, fault) = desk.script.begin(Call::of("SOCKET", uri, json!([])));
    if let Some(refusal) = body::refusal(fault.as_ref(), own_words).await {
        return refusal;
    }
    // A wrong key is refused on the open socket.
    let wrong = desk.key(&headers);
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default().to_owned();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let manners = desk.manners().clone();
        let mut talk = Talk {
            outbox,
            entry,
            manners,
            desk,
            host,
            cuts,
            task: None,
            buffer: String::new(),
            seconds: 0.0,
            phrase: 0.0,
            frames: 0,
        };
        let _ = talk.run(wrong).await;
    })
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    manners: Manners,
    desk: Arc<Desk>,
    host: String,
    cuts: bool,
    /// The sound of the task, and whether it has subtitles.
    task: Option<(Sound, bool)>,
    /// Text that is no sentence yet.
    buffer: String,
    /// Seconds spoken on this connection, and before this phrase.
    seconds: f64,
    phrase: f64,
    frames: usize,
}

impl Talk {
    async fn run(&mut self, wrong: Option<i64>) -> Result<(), Gone> {
        if let Some(code) = wrong {
            return self.fail(code).await;
        }
        self.tell("connected_success").await?;
        loop {
            let Ok(message) = timeout(self.manners.idle, self.outbox.recv()).await else {
                return self.fail(2201).await;
            };
            let message: Value = match message {
                Some(Message::Text(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => continue,
            };
            self.entry.message(message.clone());
            let text = message["text"].as_str().unwrap_or_default();
            match (message["event"].as_str().unwrap_or_default(), self.task.is_some()) {
                ("task_start", false) => match check(&message, true) {
                    Ok(sound) if self.manners.standing != Standing::Empty => {
                        self.task = Some((sound, message["subtitle_enable"] == true));
                        self.manners.subtitles = self.manners.subtitles.asked(&message);
                        self.tell("task_started").await?;
                    }
                    Ok(_) => return self.fail(1008).await,
                    Err(code) => return self.fail(code).await,
                },
                ("task_start", true) => return self.fail(2206).await,
                ("task_continue", true) => self.say(text).await?,
                ("task_flush", true) if self.cuts => {
                    self.flush().await?;
                    self.tell("task_flushed").await?;
                    self.phrase = self.seconds;
                }
                ("task_cancel", true) if self.cuts => {
                    self.buffer.clear();
                    // What was on its way.
                    self.frame("ffff7f", false, Value::Null).await?;
                    self.tell("task_canceled").await?;
                }
                ("task_finish", true) => {
                    self.flush().await?;
                    self.tell("task_finished").await?;
                    self.outbox.close(1_000, "").await;
                    return Ok(());
                }
                _ => return self.fail(2202).await,
            }
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Gone> {
        let refused = if self.manners.refuses.is_empty() {
            0
        } else {
            self.manners.refuses.remove(0)
        };
        let empty = !self.cuts && text.trim().is_empty();
        let code = if empty { 2203 } else { refused };
        if code != 0 {
            let mut soft = error(code);
            soft["event"] = "task_continued".into();
            return self.outbox.text(soft.to_string()).await;
        }
        if !self.cuts {
            self.phrase = self.seconds;
            return self.speak(text).await;
        }
        self.buffer.push_str(text);
        while let Some(end) = self.buffer.find(['.', '!', '?', '…', '。', '\n']) {
            let end = end + self.buffer[end..].chars().next().map_or(1, char::len_utf8);
            let sentence: String = self.buffer.drain(..end).collect();
            self.sentence(&sentence).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let rest = std::mem::take(&mut self.buffer);
        self.sentence(&rest).await
    }

    async fn sentence(&mut self, text: &str) -> Result<(), Gone> {
        // White space is dropped without a word.
        if text.trim().is_empty() {
            return Ok(());
        }
        self.tell("sentence_start").await?;
        self.speak(text).await?;
        self.tell("sentence_end").await
    }

    async fn speak(&mut self, text: &str) -> Result<(), Gone> {
        let Some((sound, subtitles)) = self.task else {
            return Ok(());
        };
        let spoken = speech::speak(text).at(sound.rate);
        let shift = match self.manners.origin {
            Origin::Connection => self.seconds,
            Origin::Phrase => self.seconds - self.phrase,
            Origin::Sentence => 0.0,
        };
        let inline = subtitles && self.manners.subtitles == Subtitles::Inline;
        let times = if inline {
            item(&spoken, shift, true)
        } else {
            Value::Null
        };
        let bytes = sound.bytes(&spoken);
        for (number, chunk) in bytes.chunks(ODD).enumerate() {
            let times = if number == 0 { times.clone() } else { Value::Null };
            self.frame(&hex(chunk), false, times).await?;
        }
        let seconds = spoken.audio.duration().as_secs_f64();
        self.seconds += seconds;
        // The last frame has no sound of its own.
        let mut last = json!({"data": {"audio": ""}, "is_final": true, "event": "task_continued", "trace_id": TRACE,
            "extra_info": extra(bytes.len(), seconds, text), "base_resp": {"status_code": 0, "status_msg": "success"}});
        match self.manners.subtitles {
            Subtitles::Inline if inline => last["data"]["subtitle"] = json!([times]),
            Subtitles::File | Subtitles::Sentences if subtitles => {
                let words = self.manners.subtitles == Subtitles::File;
                let path = self.desk.keep(&json!([item(&spoken, shift, words)]));
                last["data"]["subtitle_file"] = format!("http://{}{path}", self.host).into();
            }
            _ => last["data"] = Value::Null,
        }
        self.outbox.text(last.to_string()).await
    }

    async fn frame(&mut self, audio: &str, is_final: bool, subtitle: Value) -> Result<(), Gone> {
        let mut frame = json!({"data": {"audio": audio}, "is_final": is_final, "session_id": "301871346491491",
            "trace_id": TRACE, "base_resp": {"status_code": 0, "status_msg": "success"}});
        if !subtitle.is_null() {
            frame["data"]["subtitle"] = subtitle;
        }
        // Every second one does not say what it is.
        if self.frames.is_multiple_of(2) {
            frame["event"] = "task_continued".into();
        }
        self.frames += 1;
        self.outbox.text(frame.to_string()).await
    }

    async fn tell(&mut self, event: &str) -> Result<(), Gone> {
        let mut message = json!({"event": event, "session_id": "301871346491491", "trace_id": TRACE,
            "base_resp": {"status_code": 0, "status_msg": "success"}});
        if self.cuts {
            message["connect_id"] = "301871346491491".into();
        }
        self.outbox.text(message.to_string()).await
    }

    async fn fail(&mut self, code: i64) -> Result<(), Gone> {
        let mut failed = error(code);
        failed["event"] = "task_failed".into();
        self.outbox.text(failed.to_string()).await?;
        self.outbox.close(1_000, "").await;
        Ok(())
    }
}
