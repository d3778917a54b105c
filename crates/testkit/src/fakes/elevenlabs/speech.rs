//! Speech and dialogue over HTTP: the sound alone, or a JSON object a line with times.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::speech::{self as real, Character, Spoken};
use super::super::{body, script::Call, script::Entry, script::Fault};
use super::coding::{Format, format};
use super::sounding::respelt;
use super::{Desk, errors, estrange, identified};

/// Longest body.
const MOST: usize = 1 << 20;
/// What the models of the 2.5 generation speak.
const LANGUAGES: &[&str] = &[
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "fi", "fil", "fr", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "tr", "uk", "vi", "zh",
];
/// Samples never come in even pieces.
const ODD: usize = 1_001;
/// Seconds of a line.
const PIECE: f64 = 0.25;

/// What was asked for: the call, its fault, the sound's format, and the words.
struct Asked {
    entry: Entry,
    fault: Option<Fault>,
    format: Format,
    spoken: Spoken,
    /// The id by which a later call may name it.
    id: String,
    /// Dictionaries change the text.
    respelt: bool,
    strange: bool,
}

/// What each of the eight addresses gives: a voice or a dialogue, whole or in a stream, with times or without.
pub(super) async fn speak(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let voice = match parts[..] {
        ["text-to-speech", voice, ..] => Some(voice),
        _ => None,
    };
    let streamed = parts.contains(&"stream");
    let asked = match ask(&desk, voice, request, streamed).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let id = asked.id.clone();
    let response = match (parts.last(), streamed) {
        (Some(&"with-timestamps"), true) => lines(asked, PIECE),
        (Some(&"with-timestamps"), false) => lines(asked, f64::MAX),
        _ => sound(asked),
    };
    numbered(response, &id)
}

fn sound(asked: Asked) -> Response {
    let bytes = asked.format.bytes(&asked.spoken.audio);
    let pieces = bytes.chunks(ODD).map(Bytes::copy_from_slice).collect();
    let kind = asked.format.content_type();
    body::answer(asked.entry, asked.fault.as_ref(), kind, pieces)
}

/// With the headers of every answer, and an id of its own.
fn numbered(mut response: Response, id: &str) -> Response {
    response.headers_mut().extend(identified());
    if let Ok(id) = id.parse() {
        response.headers_mut().insert("request-id", id);
    }
    response
}

/// A JSON object for so many seconds, one a line.
fn lines(asked: Asked, seconds: f64) -> Response {
    let rate = asked.format.rate;
    let total = asked.spoken.audio.duration().as_secs_f64();
    let characters = asked.spoken.characters();
    let mut lines = Vec::new();
    let pieces = asked.format.pieces(&asked.spoken.audio, seconds.min(total + 1.0));
    let last = pieces.len().saturating_sub(1);
    let mut from = 0.0;
    for (n, (piece, time)) in pieces.into_iter().enumerate() {
        // Every third line has sound and no times; they come with the next.
        let silent = n % 3 == 2 && n < last;
        let to = if silent { from } else { time.end };
        let here: Vec<&Character> = characters
            .iter()
            .filter(|c| (from..to).contains(&c.seconds.start))
            .collect();
        from = to;
        let text = |c: &&Character| c.text.clone();
        let mut alignment = (!here.is_empty()).then(|| {
            json!({"characters": here.iter().map(text).collect::<Vec<_>>(),
                "character_start_times_seconds": here.iter().map(|c| c.seconds.start).collect::<Vec<_>>(),
                "character_end_times_seconds": here.iter().map(|c| c.seconds.end).collect::<Vec<_>>()})
        });
        let normalised = alignment.as_mut().filter(|_| asked.respelt);
        let normalised = normalised.map(|alignment| respelt(alignment, "characters"));
        let mut line = json!({"audio_base64": BASE64.encode(piece), "alignment": alignment,
            "normalized_alignment": normalised, "sample_rate": rate.hertz()});
        if asked.strange {
            estrange(&mut line);
        }
        lines.push(line.to_string());
    }
    // An empty line between, and no end of the last.
    let whole = lines.join("\n\n");
    let pieces = whole
        .as_bytes()
        .chunks(3_001)
        .map(Bytes::copy_from_slice)
        .collect();
    body::answer(asked.entry, asked.fault.as_ref(), "application/json", pieces)
}

async fn ask(desk: &Desk, voice: Option<&str>, request: Request, streamed: bool) -> Result<Asked, Response> {
    let (parts, bytes) = request.into_parts();
    let bytes = axum::body::to_bytes(bytes, MOST).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let call = Call::of("POST", &parts.uri, body.clone());
    let output = call.query("output_format").map(str::to_owned);
    let latency = call.query("optimize_streaming_latency").map(str::to_owned);
    let forgets = call.query("enable_logging") == Some("false");
    let (entry, fault) = desk.begin(call, &parts.headers).await?;
    // Without a voice in its path it is a dialogue, whose inputs have one each.
    let (voice, text) = match voice {
        Some(voice) => (voice, &body["text"]),
        None if body.get("voice_settings").is_some() || body.get("text").is_some() => {
            return Err(errors::invalid("inputs", "A dialogue has inputs and settings."));
        }
        None => {
            let input = &body["inputs"][0];
            (input["voice_id"].as_str().unwrap_or_default(), &input["text"])
        }
    };
    let Some(text) = text.as_str() else {
        return Err(errors::invalid("text", "Field required"));
    };
    check(voice, &body)?;
    follows(desk, &body, forgets)?;
    if latency.is_some_and(|level| !["0", "1", "2", "3", "4"].contains(&level.as_str())) {
        return Err(errors::invalid(
            "optimize_streaming_latency",
            "Input should be at most 4",
        ));
    }
    let format = format(output.as_deref()).filter(|format| format.streams() || !streamed);
    let Some(format) = format else {
        return Err(errors::invalid("output_format", "Unknown format"));
    };
    Ok(Asked {
        entry,
        fault,
        format,
        spoken: real::speak(text).at(format.rate),
        id: desk.number(),
        respelt: body["pronunciation_dictionary_locators"].is_array(),
        strange: desk.manners().strange,
    })
}

/// What the service would refuse of what stands around a text.
#[expect(
    clippy::result_large_err,
    reason = "the refusal is what is wanted, and nothing is fast here"
)]
fn follows(desk: &Desk, body: &Value, forgets: bool) -> Result<(), Response> {
    let names = [
        "previous_text",
        "next_text",
        "previous_request_ids",
        "next_request_ids",
    ];
    let model = body["model_id"].as_str().unwrap_or_default();
    let late = ["eleven_v3", "eleven_v4"]
        .iter()
        .any(|name| model.starts_with(name));
    let given = |name: &str| body.get(name).is_some();
    if late && names.iter().any(|name| given(name)) {
        let said = "This model does not take previous_text, next_text or ids of requests.";
        return Err(errors::refuse(400, "invalid_parameters", said));
    }
    for name in &names[..2] {
        if given(name) && !body[*name].is_string() {
            return Err(errors::invalid(name, "Input should be a valid string"));
        }
    }
    for name in &names[2..] {
        let ids = body[*name].as_array().map_or(&[][..], Vec::as_slice);
        let known = |id: &Value| id.as_str().is_some_and(|id| desk.has_spoken(id));
        if given(name) && (ids.is_empty() || ids.len() > 3 || forgets || !ids.iter().all(known)) {
            return Err(errors::invalid(
                name,
                "At most three, of requests that were logged",
            ));
        }
    }
    Ok(())
}

/// Whether dictionaries are named as they must be.
pub(super) fn dictionaries(locators: &Value) -> bool {
    let each = locators.as_array().map_or(&[][..], Vec::as_slice);
    let named = each
        .iter()
        .all(|one| one["pronunciation_dictionary_id"].is_string());
    named && each.len() <= 3 && (locators.is_array() || locators.is_null())
}

/// What the service would refuse of voice, model, language and settings.
#[expect(
    clippy::result_large_err,
    reason = "the refusal is what is wanted, and nothing is fast here"
)]
pub(super) fn check(voice: &str, body: &Value) -> Result<(), Response> {
    if voice == "nobody" {
        return Err(errors::refuse(
            404,
            "voice_not_found",
            "A voice with the voice_id nobody was not found.",
        ));
    }
    let model = body["model_id"].as_str().unwrap_or("eleven_multilingual_v2");
    if !model.starts_with("eleven_") {
        return Err(errors::refuse(
            400,
            "model_not_found",
            "A model with this id was not found.",
        ));
    }
    if body["language_code"]
        .as_str()
        .is_some_and(|code| !LANGUAGES.contains(&code) || model == "eleven_multilingual_v2")
    {
        return Err(errors::refuse(
            400,
            "unsupported_language",
            "This model does not take this language code.",
        ));
    }
    let clone = body["voice_settings"].get("clone_strength").is_some();
    if clone && !model.starts_with("eleven_v4") {
        return Err(errors::refuse(
            400,
            "invalid_voice_settings",
            "clone_strength: only with models of the fourth generation",
        ));
    }
    let locators = &body["pronunciation_dictionary_locators"];
    if !dictionaries(locators) {
        return Err(errors::invalid(
            "pronunciation_dictionary_locators",
            "At most three, each with an id",
        ));
    }
    let speed = body["voice_settings"]["speed"].as_f64().unwrap_or(1.0);
    if !(0.7..=1.2).contains(&speed) {
        return Err(errors::refuse(
            400,
            "invalid_voice_settings",
            "speed must be between 0.7 and 1.2",
        ));
    }
    Ok(())
}
