//! Ink's manual socket.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use libretto_voice::{Audio, SampleRate};
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::Entry;
use super::{Desk, REQUEST, fitting, identified, refuse};

/// Quieter than this, nobody speaks.
const QUIET: f32 = 0.004;
/// A partial comes for so much speech.
const PARTIAL: f64 = 0.4;

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    let rate = call
        .query("sample_rate")
        .and_then(|rate| rate.parse().ok())
        .and_then(SampleRate::new);
    let good = call.query("encoding") == Some("pcm_s16le");
    let known = matches!(call.query("model"), Some("ink-2" | "ink-whisper"));
    let whisper = call.query("model") == Some("ink-whisper");
    let number = |name: &str| {
        call.query(name)
            .map(|value| value.parse::<f64>().unwrap_or(f64::NAN))
    };
    let own = ["min_volume", "max_silence_duration_secs"].map(number);
    let fits = own.iter().flatten().all(|number| whisper && *number >= 0.0);
    let spoken = call.query("language");
    let fits = fits && fitting(&call) && (whisper || spoken.is_none_or(|language| language == "en"));
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if !known {
        return refuse(404, Some("model_not_found"), "Model not found.");
    }
    if !fits {
        return refuse(400, None, "A parameter does not fit the model.");
    }
    let Some(rate) = rate.filter(|_| good) else {
        return refuse(
            400,
            Some("unsupported_audio_format"),
            "encoding and sample_rate are required.",
        );
    };
    let hears = desk.manners().hears.clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut session = Session {
            outbox,
            entry,
            rate,
            hears,
            spoken: 0.0,
            total: 0.0,
            shown: 0.0,
        };
        let _ = session.run().await;
    })
}

struct Session {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    hears: String,
    /// Seconds of speech since the last finals, and of sound in all.
    spoken: f64,
    total: f64,
    shown: f64,
}

impl Session {
    async fn run(&mut self) -> Result<(), Gone> {
        loop {
            match self.outbox.recv().await {
                Some(Message::Binary(bytes)) => self.hear(&Audio::from_pcm16(self.rate, &bytes)).await?,
                // Plain words, no JSON.
                Some(Message::Text(text)) => {
                    self.entry.message(text.as_str().into());
                    match text.as_str() {
                        "finalize" => {
                            self.finals().await?;
                            self.tell(&json!({"type": "flush_done", "request_id": REQUEST}))
                                .await?;
                        }
                        "close" | "done" => {
                            self.finals().await?;
                            self.tell(&json!({"type": "done", "request_id": REQUEST})).await?;
                            self.outbox.close(1_000, "").await;
                            return Ok(());
                        }
                        _ => {
                            let said = json!({"type": "error", "title": "Bad Request", "message": "Unknown command.",
                                "status_code": 400, "error_code": null, "request_id": REQUEST});
                            self.tell(&said).await?;
                        }
                    }
                }
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => {}
            }
        }
    }

    async fn hear(&mut self, audio: &Audio) -> Result<(), Gone> {
        self.total += audio.duration().as_secs_f64();
        if audio.rms() < QUIET {
            return Ok(());
        }
        self.spoken += audio.duration().as_secs_f64();
        if self.spoken - self.shown < PARTIAL {
            return Ok(());
        }
        self.shown = self.spoken;
        let count = (self.spoken / PARTIAL) as usize;
        let words: Vec<&str> = self.hears.split_whitespace().take(count).collect();
        self.tell(
            &json!({"type": "transcript", "request_id": REQUEST, "text": words.join(" "), "is_final": false}),
        )
        .await
    }

    /// The text in three finals. The first is cut in the middle of a word, where whoever reads them must not put a space;
    /// the last begins with one.
    async fn finals(&mut self) -> Result<(), Gone> {
        if self.spoken == 0.0 {
            return Ok(());
        }
        let end = self.hears.len();
        let cut = self.hears.char_indices().nth(6).map_or(end, |(at, _)| at);
        let space = self.hears[cut..].find(' ').map_or(end, |at| cut + at);
        let pieces = [&self.hears[..cut], &self.hears[cut..space], &self.hears[space..]];
        let count = self.hears.split_whitespace().count().max(1) as f64;
        let word = |(n, word): (usize, &str)| {
            let time = |n: usize| self.total * n as f64 / count;
            json!({"word": word, "start": time(n), "end": time(n + 1)})
        };
        let words: Vec<Value> = self.hears.split_whitespace().enumerate().map(word).collect();
        let known = self.hears[..space].split_whitespace().count();
        let (early, late) = words.split_at(known);
        let finals = [(pieces[0], &[][..]), (pieces[1], early), (pieces[2], late)].map(|(text, words)| {
            json!({"type": "transcript", "request_id": REQUEST, "text": text, "is_final": true, "language": "en",
                "duration": self.total, "words": words})
        });
        (self.spoken, self.shown) = (0.0, 0.0);
        for message in &finals {
            self.tell(message).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, message: &Value) -> Result<(), Gone> {
        self.outbox.text(message.to_string()).await
    }
}
