//! `POST /v1/audio/speech` and `POST /v1/audio/transcriptions`, and xAI's `POST /v1/tts` and `POST /v1/stt`.

use std::sync::Arc;

use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{body, form, speech};
use super::chat::read;
use super::{Desk, Flavour, Oddity, call, errors};

const VOICES: &[&str] = &[
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar", "fable", "onyx",
    "nova",
];
const GROQ_VOICES: &[&str] = &["autumn", "diana", "hannah", "austin", "daniel", "troy"];
/// Samples never come in even pieces.
const ODD: usize = 1_001;
/// Largest upload that is taken.
const MOST: usize = 26 << 20;

pub(super) async fn speech(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let request = Request::from_parts(parts, axum::body::Body::empty());
    let (entry, fault) = match desk.begin(call(&request, body.clone()), request.headers()).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let groq = desk.flavour == Flavour::Groq;
    let formats: &[&str] = if groq {
        &["wav", "mp3", "flac", "mulaw", "ogg"]
    } else {
        &["mp3", "opus", "aac", "flac", "wav", "pcm"]
    };
    let speed = body["speed"].as_f64().unwrap_or(1.0);
    // A voice of the account's own is an object.
    let own = body["voice"]["id"]
        .as_str()
        .is_some_and(|id| id.starts_with("voice_"));
    let own = own && desk.flavour == Flavour::OpenAi;
    let bad = if text("input").is_empty() || text("input").chars().count() > 4_096 {
        Some("input")
    } else if !own && !(if groq { GROQ_VOICES } else { VOICES }).contains(&text("voice")) {
        Some("voice")
    } else if !formats.contains(&text("response_format")) {
        Some("response_format")
    } else if !(0.25..=4.0).contains(&speed) {
        Some("speed")
    } else if (text("model").starts_with("tts-1") || desk.flavour == Flavour::OpenRouter)
        && body.get("instructions").is_some()
    {
        Some("instructions")
    } else {
        None
    };
    if let Some(field) = bad {
        let said = format!("Invalid value for '{field}'.");
        return errors::refuse(400, &said, "invalid_request_error", Some("invalid_value"));
    }
    let in_events = body["stream_format"] == "sse";
    if in_events && (text("model").starts_with("tts-1") || desk.flavour != Flavour::OpenAi) {
        return errors::refuse(400, "Unsupported stream_format.", "invalid_request_error", None);
    }
    let (kind, bytes) = match text("response_format") {
        "mp3" => ("audio/mpeg", speech::mp3().to_vec()),
        "wav" => ("audio/wav", speech::wav(&speech::speak(text("input")).audio)),
        _ => ("audio/pcm", speech::speak(text("input")).audio.to_pcm16()),
    };
    let pieces = bytes.chunks(ODD).map(Bytes::copy_from_slice).collect();
    let (kind, pieces) = if in_events && desk.manners().oddity != Some(Oddity::PlainSpeech) {
        ("text/event-stream", events(pieces))
    } else {
        (kind, pieces)
    };
    let mut response = body::answer(entry, fault.as_ref(), kind, pieces);
    response.headers_mut().extend(errors::identified());
    response
}

/// Pieces of sound as events. The sound has two names.
fn events(pieces: Vec<Bytes>) -> Vec<Bytes> {
    let names = ["audio", "delta"].into_iter().cycle();
    let delta =
        |(piece, name): (Bytes, &str)| json!({"type": "speech.audio.delta", name: BASE64.encode(piece)});
    let usage = json!({"input_tokens": 14, "output_tokens": 101, "total_tokens": 115});
    let done = json!({"type": "speech.audio.done", "usage": usage});
    let all = pieces.into_iter().zip(names).map(delta).chain([done]);
    all.map(|event| format!("data: {event}\n\n").into()).collect()
}

pub(super) async fn transcriptions(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    if desk.flavour == Flavour::OpenRouter {
        return object(desk, request).await;
    }
    let (method, uri, headers) = (
        request.method().clone(),
        request.uri().clone(),
        request.headers().clone(),
    );
    let form = match Multipart::from_request(request, &()).await {
        Ok(form) => form::read(form).await,
        Err(_) => None,
    };
    let Some((fields, file)) = form else {
        return errors::refuse(
            400,
            "Could not parse multipart form",
            "invalid_request_error",
            None,
        );
    };
    let noted = super::Call::of(method.as_str(), &uri, json!(fields));
    let (entry, fault) = match desk.begin(noted, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let field = |name: &str| {
        fields
            .get(name)
            .and_then(|values| values.first())
            .map(String::as_str)
    };
    let refuse = |said: &str| errors::refuse(400, said, "invalid_request_error", Some("invalid_value"));
    let Some(model) = field("model") else {
        return refuse("you must provide a model parameter");
    };
    let whisper = model.contains("whisper");
    let speakers = model.contains("diarize");
    if speakers && (field("prompt").is_some() || field("chunking_strategy").is_none()) {
        return refuse("chunking_strategy is required for diarization models, and prompt is not supported");
    }
    let lists = fields.contains_key("languages[]") || fields.contains_key("keywords[]");
    if lists && model != "gpt-transcribe" {
        return refuse("languages and keywords are not supported with this model");
    }
    let format = field("response_format").unwrap_or("json");
    if !whisper && format != "json" {
        return refuse("response_format is not compatible with this model");
    }
    if fields.contains_key("timestamp_granularities[]") && format != "verbose_json" {
        return refuse("timestamp_granularities needs verbose_json");
    }
    let wav = field("file").is_some_and(|name| name.rsplit('.').next() == Some("wav"));
    let Some(seconds) = speech::wav_seconds(&file).filter(|_| wav) else {
        return refuse("Invalid file format.");
    };
    let hears = desk.manners().hears.clone();
    let (kind, pieces) = match (field("stream"), format) {
        (Some("true"), _) if !whisper => ("text/event-stream", stream(&hears, speakers)),
        (_, "verbose_json") => ("application/json", vec![verbose(&hears, seconds)]),
        _ => (
            "application/json",
            vec![json!({"text": hears}).to_string().into()],
        ),
    };
    let mut response = body::answer(entry, fault.as_ref(), kind, pieces);
    response.headers_mut().extend(errors::identified());
    response
}

/// OpenRouter's: a JSON object.
async fn object(desk: Arc<Desk>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let file = BASE64.decode(body["input_audio"]["data"].as_str().unwrap_or_default());
    let seconds = speech::wav_seconds(&file.unwrap_or_default());
    let Some(seconds) =
        seconds.filter(|_| body["input_audio"]["format"] == "wav" && body["model"].is_string())
    else {
        return errors::refuse(400, "Invalid input_audio", "invalid_request_error", None);
    };
    let hears = desk.manners().hears.clone();
    let whole = if body["response_format"] == "verbose_json" {
        verbose(&hears, seconds)
    } else {
        json!({"text": hears, "usage": {"seconds": seconds, "cost": 0.0001}})
            .to_string()
            .into()
    };
    body::answer(entry, fault.as_ref(), "application/json", vec![whole])
}

/// xAI's `POST /v1/tts`.
pub(super) async fn xai_speech(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let text = body["text"].as_str().unwrap_or_default();
    let known = ["eve", "ara", "rex", "sal", "leo"];
    let voice = body["voice_id"].as_str().unwrap_or_default().to_ascii_lowercase();
    let speed = body["speed"].as_f64().unwrap_or(1.0);
    let format = json!({"codec": "pcm", "sample_rate": 24_000});
    let good = known.contains(&voice.as_str())
        && body["language"].is_string()
        && (0.7..=1.5).contains(&speed)
        && body.get("text_normalization").is_none_or(Value::is_boolean);
    if text.is_empty() || !good || body["output_format"] != format {
        return errors::xai(400, "Invalid argument.");
    }
    let bytes = speech::speak(text).audio.to_pcm16();
    let pieces = bytes.chunks(ODD).map(Bytes::copy_from_slice).collect();
    body::answer(entry, fault.as_ref(), "audio/pcm", pieces)
}

/// xAI's `POST /v1/stt`.
pub(super) async fn xai_transcription(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, headers) = (
        (request.method().clone(), request.uri().clone()),
        request.headers().clone(),
    );
    let form = match Multipart::from_request(request, &()).await {
        Ok(form) => form::read(form).await,
        Err(_) => None,
    };
    let (fields, file) = form.unwrap_or_default();
    let call = super::Call::of(parts.0.as_str(), &parts.1, json!(fields));
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let Some(seconds) = speech::wav_seconds(&file) else {
        return errors::xai(400, "Invalid file.");
    };
    let hears = desk.manners().hears.clone();
    let count = hears.split_whitespace().count().max(1) as f64;
    let at = |n: usize| seconds * n as f64 / count;
    let words = hears.split_whitespace().enumerate();
    let words: Vec<Value> = words
        .map(|(n, word)| json!({"text": word, "start": at(n), "end": at(n + 1), "speaker": 0}))
        .collect();
    let whole = json!({"text": hears, "words": words, "language": "en"});
    body::answer(
        entry,
        fault.as_ref(),
        "application/json",
        vec![whole.to_string().into()],
    )
}

fn stream(hears: &str, speakers: bool) -> Vec<Bytes> {
    let delta = |word: &str| json!({"type": "transcript.text.delta", "delta": word});
    let segment = |(n, word): (usize, &str)| {
        json!({"type": "transcript.text.segment", "id": format!("seg_{n}"), "speaker": "A", "text": word,
            "start": n, "end": n + 1})
    };
    let words = hears.split_inclusive(' ');
    let mut events: Vec<Value> = if speakers {
        words.enumerate().map(segment).collect()
    } else {
        words.map(delta).collect()
    };
    events.push(json!({"type": "transcript.text.done", "text": hears, "usage": {"type": "tokens", "total_tokens": 35}}));
    events
        .iter()
        .map(|event| format!("data: {event}\n\n").into())
        .collect()
}

fn verbose(hears: &str, seconds: f64) -> Bytes {
    let count = hears.split_whitespace().count().max(1) as f64;
    let word = |(n, word): (usize, &str)| {
        let at = |n: usize| seconds * n as f64 / count;
        json!({"word": word.trim_end_matches(['.', ',']), "start": at(n), "end": at(n + 1)})
    };
    let words: Vec<Value> = hears.split_whitespace().enumerate().map(word).collect();
    json!({"task": "transcribe", "language": "english", "duration": seconds, "text": hears, "words": words,
        "segments": [{"id": 0, "start": 0.0, "end": seconds, "text": hears, "avg_logprob": -0.2,
            "compression_ratio": 0.8, "no_speech_prob": 0.01}]})
    .to_string()
    .into()
}
