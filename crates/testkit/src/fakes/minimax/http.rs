//! `POST /v1/t2a_v2`, whole or as events.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{body, speech};
use super::subtitles::{Subtitles, item};
use super::{Desk, Manners, Standing, TRACE, check, error, identified, read, refuse};

/// Chunks end in the middle of a sample.
const ODD: usize = 9_601;

/// Bytes as the service writes them.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// What is told at the end.
pub(super) fn extra(bytes: usize, seconds: f64, text: &str) -> Value {
    json!({"audio_length": (seconds * 1_000.0).round(), "audio_size": bytes, "audio_sample_rate": 24_000,
        "bitrate": 128_000, "audio_channel": 1, "word_count": text.split_whitespace().count(),
        "invisible_character_ratio": 0, "usage_characters": text.chars().count()})
}

pub(super) async fn speak(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let text = body["text"].as_str().unwrap_or_default();
    let streamed = body["stream"] == true;
    let sound = match check(&body, streamed) {
        Ok(_) if text.is_empty() || text.chars().count() >= 10_000 => return refuse(2013),
        Ok(sound) => sound,
        Err(code) => return refuse(code),
    };
    let manners = desk.manners().clone();
    if manners.standing == Standing::Empty {
        return refuse(1008);
    }
    let spoken = speech::speak(text).at(sound.rate);
    let bytes = sound.bytes(&spoken);
    let possible = streamed || body["subtitle_type"] != "word_streaming";
    let wants = body["subtitle_enable"] == true && possible;
    let how = manners.subtitles.asked(&body);
    let file = match how {
        Subtitles::File | Subtitles::Sentences if wants => {
            let words = how == Subtitles::File;
            Some(desk.keep(&json!([item(&spoken, 0.0, words)])))
        }
        _ => None,
    };
    let host = headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let file = file.map(|path| format!("http://{host}{path}"));
    let excluded = body["stream_options"]["exclude_aggregated_audio"] == true && !manners.repeats;
    let mut last = json!({
        "data": {"audio": if streamed && excluded { String::new() } else { hex(&bytes) }, "status": 2, "ced": ""},
        "extra_info": extra(bytes.len(), spoken.audio.duration().as_secs_f64(), text), "trace_id": TRACE,
        "base_resp": {"status_code": 0, "status_msg": "success"},
    });
    if let Some(file) = file {
        last["data"]["subtitle_file"] = file.into();
    }
    let (kind, pieces) = if streamed {
        let inline = wants && how == Subtitles::Inline;
        (
            "text/event-stream",
            events(&manners, &spoken, &bytes, inline, &last),
        )
    } else {
        ("application/json", vec![last.to_string().into()])
    };
    answered(body::answer(entry, fault.as_ref(), kind, pieces), identified())
}

fn answered(mut response: Response, headers: HeaderMap) -> Response {
    response.headers_mut().extend(headers);
    response
}

fn events(
    manners: &Manners,
    spoken: &speech::Spoken,
    bytes: &[u8],
    inline: bool,
    last: &Value,
) -> Vec<Bytes> {
    let fine = json!({"status_code": 0, "status_msg": ""});
    let mut events: Vec<Value> = bytes
        .chunks(ODD)
        .map(
            |chunk| json!({"data": {"audio": hex(chunk), "status": 1}, "trace_id": TRACE, "base_resp": fine}),
        )
        .collect();
    if let (true, Some(first)) = (inline, events.first_mut()) {
        first["data"]["subtitle"] = item(spoken, 0.0, true);
    }
    events.push(last.clone());
    let space = if manners.tight { "" } else { " " };
    let mut pieces: Vec<String> = events
        .iter()
        .map(|event| format!("data:{space}{event}\n\n"))
        .collect();
    if let (true, Some(last)) = (manners.tight, pieces.last_mut()) {
        last.truncate(last.trim_end().len());
    }
    body::cut(pieces, manners.cut)
}

/// An event that says that it failed.
pub fn failing(code: i64) -> String {
    format!("data: {}\n\n", error(code))
}
