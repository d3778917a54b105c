//! Sonic: the socket with its contexts, and bytes.

use std::sync::Arc;

use axum::extract::ws::Message;
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use libretto_voice::SampleRate;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::{Call, Entry};
use super::super::{body, speech, speech::Spoken};
use super::{Desk, Manners, error, identified, refuse};

/// Longest body.
const MOST: usize = 1 << 20;
/// Chunks end in the middle of a sample.
const ODD: usize = 9_601;

pub(super) async fn bytes(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let call = Call::of("POST", &parts.uri, body.clone());
    let (entry, fault) = match desk.begin(call, &parts.headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let rate = match check(&body) {
        Ok(rate) => rate,
        Err((status, code, said)) => return refuse(status, code, said),
    };
    let audio = speech::speak(body["transcript"].as_str().unwrap_or_default())
        .at(rate)
        .audio;
    let pieces = audio.to_pcm16().chunks(ODD).map(Bytes::copy_from_slice).collect();
    let mut response = body::answer(entry, fault.as_ref(), "audio/pcm", pieces);
    response.headers_mut().extend(identified());
    response
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) type Refused = (u16, Option<&'static str>, &'static str);

/// The rate, or what the service refuses.
pub(super) fn check(body: &Value) -> Result<SampleRate, Refused> {
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    if !text("model_id").starts_with("sonic-") || matches!(text("model_id"), "sonic-2" | "sonic-turbo") {
        return Err((404, Some("model_not_found"), "Model not found."));
    }
    if !body["transcript"].is_string() {
        return Err((400, None, "transcript is required."));
    }
    match text("voice") {
        "" => return Err((400, None, "voice is required.")),
        "nobody" => return Err((404, Some("voice_not_found"), "Voice not found.")),
        _ => {}
    }
    let emotion = text_of(&body["generation_config"]["emotion"]);
    if !emotion.is_empty() && !["calm", "content", "sad"].contains(&emotion) {
        return Err((400, None, "This fake knows no such emotion."));
    }
    if text("language").contains('-') {
        return Err((400, Some("language_not_supported"), "Language not supported."));
    }
    let newest = ["sonic-3.6", "sonic-latest"].contains(&text("model_id"));
    if !text("locale").is_empty() && (!newest || !text("language").is_empty()) {
        return Err((
            400,
            None,
            "locale is for sonic-3.6 and newer, and without language.",
        ));
    }
    let volume = body["generation_config"]["volume"].as_f64().unwrap_or(1.0);
    if !(0.5..=2.0).contains(&volume) {
        return Err((400, None, "volume must be between 0.5 and 2."));
    }
    let speed = body["generation_config"]["speed"].as_f64().unwrap_or(1.0);
    if !(0.6..=1.5).contains(&speed) {
        return Err((400, None, "speed must be between 0.6 and 1.5."));
    }
    let format = &body["output_format"];
    let rate = format["sample_rate"]
        .as_u64()
        .and_then(|rate| u32::try_from(rate).ok());
    let good = format["container"] == "raw" && format["encoding"] == "pcm_s16le";
    let rate = rate.filter(|rate| [8_000, 16_000, 22_050, 24_000, 44_100, 48_000].contains(rate) && good);
    rate.and_then(SampleRate::new).ok_or((
        400,
        Some("unsupported_audio_format"),
        "Unsupported output format.",
    ))
}

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    Opening {
        call,
        headers,
        upgrade,
    }: Opening,
) -> Response {
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut talk = Talk {
            outbox,
            entry,
            manners,
            context: None,
            over: Vec::new(),
        };
        let _ = talk.run().await;
    })
}

/// The context that is open; this fake has one at a time.
struct Context {
    id: String,
    fields: Value,
    seconds: f64,
    flush: u32,
    expires: Instant,
}

struct Talk {
    outbox: Outbox,
    entry: Entry,
    manners: Manners,
    context: Option<Context>,
    over: Vec<String>,
}

impl Talk {
    async fn run(&mut self) -> Result<(), Gone> {
        loop {
            let expires = self
                .context
                .as_ref()
                .map_or_else(|| Instant::now() + self.manners.idle, |context| context.expires);
            let message = tokio::select! {
                biased;
                message = self.outbox.recv() => message,
                () = sleep_until(expires) => {
                    if self.context.is_none() {
                        self.outbox.close(1_000, "connection idle timeout").await;
                        return Ok(());
                    }
                    self.done().await?;
                    continue;
                }
            };
            let message: Value = match message {
                Some(Message::Text(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => Value::Null,
            };
            self.entry.message(message.clone());
            self.take(message).await?;
        }
    }

    async fn take(&mut self, message: Value) -> Result<(), Gone> {
        let Some(id) = message["context_id"].as_str().map(str::to_owned) else {
            return self.fail((400, None, "context_id is required."), None).await;
        };
        if message["cancel"] == true {
            // What is being made comes still.
            self.context = None;
            let late =
                json!({"type": "chunk", "data": "AAAA", "done": false, "status_code": 206, "context_id": id});
            self.over.push(id);
            return self.outbox.text(late.to_string()).await;
        }
        let rate = match check(&message) {
            Ok(rate) => rate,
            Err(refused) => return self.fail(refused, Some(&id)).await,
        };
        if self.over.contains(&id) {
            return self
                .fail((400, None, "This context has expired."), Some(&id))
                .await;
        }
        let mut fields = message.clone();
        for name in ["transcript", "continue", "flush"] {
            fields.as_object_mut().map(|fields| fields.remove(name));
        }
        let context = self.context.get_or_insert_with(|| Context {
            id: id.clone(),
            fields: fields.clone(),
            seconds: 0.0,
            flush: 0,
            expires: Instant::now(),
        });
        if context.fields != fields {
            return self
                .fail(
                    (400, None, "Only the transcript may change within a context."),
                    Some(&id),
                )
                .await;
        }
        self.speak(message["transcript"].as_str().unwrap_or_default(), rate)
            .await?;
        if message["continue"] != true {
            self.done().await?;
        }
        Ok(())
    }

    async fn speak(&mut self, text: &str, rate: SampleRate) -> Result<(), Gone> {
        let Some(context) = &mut self.context else {
            return Ok(());
        };
        let spoken = speech::speak(text).at(rate);
        let id = context.id.clone();
        if text.chars().any(char::is_alphanumeric) {
            let (base, phonemes) = (context.seconds, context.fields["add_phoneme_timestamps"] == true);
            let of = |id: &str, mut messages: Vec<Value>| {
                for message in &mut messages {
                    message["context_id"] = id.into();
                }
                messages
            };
            let own = of(&id, outputs(&self.manners, &spoken, base, phonemes));
            // In between comes another context, of which nobody knows any more.
            let other = speech::speak("Tea? ").at(rate);
            let mut other = outputs(&self.manners, &other, 0.0, phonemes);
            other.push(json!({"type": "done", "done": true, "status_code": 206}));
            let mut other = of("old", other).into_iter();
            for message in own {
                for message in [Some(message), other.next()].into_iter().flatten() {
                    self.outbox.text(message.to_string()).await?;
                }
            }
            if let Some(context) = &mut self.context {
                context.seconds = base + spoken.audio.duration().as_secs_f64();
            }
        }
        let Some(context) = &mut self.context else {
            return Ok(());
        };
        context.flush += 1;
        context.expires = Instant::now() + self.manners.expiry;
        // Without a delay, every message is a flush.
        let flushed = json!({"type": "flush_done", "done": false, "flush_done": true, "flush_id": context.flush,
            "status_code": 206, "context_id": id});
        self.outbox.text(flushed.to_string()).await
    }

    async fn done(&mut self) -> Result<(), Gone> {
        let Some(context) = self.context.take() else {
            return Ok(());
        };
        let done = json!({"type": "done", "done": true, "status_code": 206, "context_id": context.id});
        self.over.push(context.id);
        self.outbox.text(done.to_string()).await
    }

    async fn fail(&mut self, (status, code, said): Refused, context: Option<&str>) -> Result<(), Gone> {
        let mut body = error(code, said);
        body["type"] = "error".into();
        body["done"] = true.into();
        body["status_code"] = status.into();
        if let Some(context) = context {
            body["context_id"] = context.into();
        }
        self.outbox.text(body.to_string()).await
    }
}

/// The messages of a text that begins at `base` seconds of its context.
pub(super) fn outputs(manners: &Manners, spoken: &Spoken, base: f64, phonemes: bool) -> Vec<Value> {
    let shift = if manners.restarts { 0.0 } else { base };
    let text = |bytes: &std::ops::Range<usize>| spoken.text[bytes.clone()].to_owned();
    let mut words: Vec<String> = spoken.words.iter().map(|(bytes, _)| text(bytes)).collect();
    let mut starts: Vec<f64> = spoken.words.iter().map(|(_, time)| time.start + shift).collect();
    let mut ends: Vec<f64> = spoken.words.iter().map(|(_, time)| time.end + shift).collect();
    let sounds = json!({"type": "phoneme_timestamps", "done": false, "status_code": 206,
        "phoneme_timestamps": {"phonemes": vec!["ə"; starts.len()], "start": starts, "end": ends}});
    if manners.tags {
        words.insert(1, "<emotion value=\"calm\"/>".into());
        starts.insert(1, ends[0]);
        ends.insert(1, ends[0]);
    }
    let times = json!({"type": "timestamps", "done": false, "status_code": 206,
        "word_timestamps": {"words": words, "start": starts, "end": ends}});
    let chunk = |piece: &[u8]| json!({"type": "chunk", "data": BASE64.encode(piece), "done": false, "status_code": 206, "step_time": 41.2});
    let bytes = spoken.audio.to_pcm16();
    let mut messages: Vec<Value> = bytes.chunks(ODD).map(chunk).collect();
    let at = if manners.early { 0 } else { messages.len() };
    messages.insert(at, times);
    if phonemes {
        messages.insert(at, sounds);
    }
    messages
}
