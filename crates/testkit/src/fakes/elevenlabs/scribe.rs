//! Transcription of whole files.

use std::sync::Arc;

use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::form::{self, Fields};
use super::super::{body, script::Call, speech};
use super::{Desk, Shape, errors, estrange, identified};

const MODELS: &[&str] = &["scribe_v1", "scribe_v2", "scribe_v2_medical", "scribe_v3"];
/// What may be looked for in a text.
const ENTITIES: [&str; 6] = ["all", "pii", "phi", "pci", "other", "offensive_language"];

pub(super) async fn transcribe(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let read = match Multipart::from_request(request, &()).await {
        Ok(read) => form::read(read).await,
        Err(_) => None,
    };
    let Some((fields, file)) = read else {
        return errors::invalid("file", "Field required");
    };
    let call = Call::of("POST", &uri, json!(fields));
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let form = Asked(&fields);
    if !form.one("model_id").is_some_and(|model| MODELS.contains(&model)) {
        return errors::refuse(400, "model_not_found", "The model was not found.");
    }
    if let Some(wrong) = form.wrong() {
        return errors::plain(
            422,
            &json!({"detail": {"type": "validation_error", "code": "invalid_parameters",
            "message": format!("{wrong}: not allowed"), "status": "invalid_parameters", "param": wrong}}),
        );
    }
    let seconds = match form.one("file_format") {
        Some("pcm_s16le_16") => Some(file.len() as f64 / 32_000.0),
        _ => speech::wav_seconds(&file),
    };
    let Some(seconds) = seconds.filter(|seconds| *seconds > 0.0) else {
        return errors::refuse(400, "invalid_parameters", "The file cannot be decoded.");
    };
    let manners = desk.manners().clone();
    let answer = match manners.shape {
        Shape::Plain => {
            let mut heard = form.heard(&manners.hears, seconds);
            if manners.strange {
                estrange(&mut heard);
            }
            heard
        }
        Shape::Channels => {
            let heard = form.heard(&manners.hears, seconds);
            json!({"transcripts": [heard.clone(), heard], "transcription_id": "tr_1"})
        }
        Shape::Later => json!({"message": "Request received.", "request_id": "req_later"}),
    };
    let pieces = vec![answer.to_string().into()];
    let mut response = body::answer(entry, fault.as_ref(), "application/json", pieces);
    response.headers_mut().extend(identified());
    response
}

/// What a form asks for.
struct Asked<'a>(&'a Fields);

impl Asked<'_> {
    fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// A switch; `None` where it is no switch.
    fn switch(&self, name: &str, own: bool) -> Option<bool> {
        self.one(name).map_or(Some(own), |value| value.parse().ok())
    }

    fn number(&self, name: &str, least: f64, most: f64) -> bool {
        let number = |value: &str| {
            value
                .parse()
                .is_ok_and(|value: f64| (least..=most).contains(&value))
        };
        self.one(name).is_none_or(number)
    }

    fn kinds(&self, name: &str) -> Option<Vec<String>> {
        match self.one(name) {
            Some(list) => serde_json::from_str(list).ok(),
            None => Some(Vec::new()),
        }
    }

    /// The first field that the service would refuse.
    fn wrong(&self) -> Option<&'static str> {
        let third = self.one("model_id") == Some("scribe_v3");
        let first = self.one("model_id") == Some("scribe_v1");
        let language =
            |code: &String| (2..=3).contains(&code.len()) && code.chars().all(|c| c.is_ascii_lowercase());
        let term = |term: &String| {
            term.chars().count() <= 50
                && term.split_whitespace().count() <= 5
                && !term.contains(['<', '>', '{', '}', '[', ']', '\\'])
        };
        let switches = ["diarize", "tag_audio_events", "no_verbatim"];
        let diarises = self.switch("diarize", false) == Some(true);
        let (looked, taken) = (self.kinds("entity_detection"), self.kinds("entity_redaction"));
        let known = |all: &Vec<String>| all.iter().all(|kind| ENTITIES.contains(&kind.as_str()));
        let inside = looked.as_ref().zip(taken.as_ref());
        let inside = inside.is_some_and(|(looked, taken)| taken.iter().all(|kind| looked.contains(kind)));
        let modes = ["redacted", "entity_type", "enumerated_entity_type"];
        let checks = [
            ("language_code", self.all("language_code").iter().all(language)),
            (
                "secondary_language_codes",
                self.all("secondary_language_codes")
                    .iter()
                    .all(|code| third && language(code)),
            ),
            (
                "keyterms",
                self.all("keyterms").len() <= 1_000 && self.all("keyterms").iter().all(term),
            ),
            (
                "diarize",
                switches.iter().all(|name| self.switch(name, false).is_some()),
            ),
            ("no_verbatim", !(first && self.one("no_verbatim").is_some())),
            ("num_speakers", self.number("num_speakers", 1.0, 32.0)),
            (
                "diarization_threshold",
                self.number("diarization_threshold", 0.1, 0.4)
                    && (self.one("diarization_threshold").is_none()
                        || (diarises && self.one("num_speakers").is_none())),
            ),
            ("temperature", self.number("temperature", 0.0, 2.0)),
            (
                "numbers_format",
                self.one("numbers_format")
                    .is_none_or(|how| third && ["digits", "words"].contains(&how)),
            ),
            (
                "timestamps_granularity",
                self.one("timestamps_granularity")
                    .is_none_or(|how| ["none", "word", "character"].contains(&how)),
            ),
            (
                "transcript_edit",
                self.one("transcript_edit").is_none_or(|edit| {
                    edit.chars().count() <= 2_000 && looked.as_ref().is_some_and(Vec::is_empty)
                }),
            ),
            ("entity_detection", looked.as_ref().is_some_and(known)),
            ("entity_redaction", inside),
            (
                "entity_redaction_mode",
                self.one("entity_redaction_mode")
                    .is_none_or(|mode| modes.contains(&mode)),
            ),
        ];
        checks.iter().find(|(_, good)| !good).map(|(name, _)| *name)
    }

    /// The answer.
    fn heard(&self, hears: &str, seconds: f64) -> Value {
        let mut text = hears.to_owned();
        let taken = self.kinds("entity_redaction").unwrap_or_default();
        if !taken.is_empty() {
            text = redacted(&text);
        }
        let mut words = scribed(&text, 0.0, seconds);
        if let (Some(true), Some(items)) = (self.switch("diarize", false), words.as_array_mut()) {
            // The second half is said by somebody else.
            let half = items.len() / 2;
            items
                .iter_mut()
                .skip(half)
                .for_each(|item| item["speaker_id"] = "speaker_1".into());
        }
        if let (Some(true), Some(items)) = (self.switch("tag_audio_events", true), words.as_array_mut()) {
            text.push_str(" (laughter)");
            items.push(
                json!({"text": "(laughter)", "start": seconds, "end": seconds, "type": "audio_event",
                "speaker_id": null, "logprob": 0.0, "characters": null}),
            );
        }
        let change = |_: &str| json!({"text": text, "edited_text": edited(&text)});
        let changed = self.one("transcript_edit").map(change);
        let looked = self.kinds("entity_detection").unwrap_or_default();
        let entities = (!looked.is_empty())
            .then(|| json!([{"text": "meters", "entity_type": looked[0], "start_char": 0, "end_char": 6}]));
        json!({"language_code": "eng", "language_probability": 0.98, "text": text, "words": words,
            "entities": entities, "channel_index": null, "additional_formats": null, "transcription_id": "tr_1",
            "audio_duration_secs": seconds, "edited_transcript": changed})
    }
}

/// A text from which its last word is taken out.
pub(super) fn redacted(text: &str) -> String {
    let (rest, _) = text.trim_end().rsplit_once(' ').unwrap_or(("", text));
    format!("{rest} [redacted]")
}

/// A text as somebody wished it to be.
pub(super) fn edited(text: &str) -> String {
    text.replace("ten", "10")
}

/// A word, the space behind it, and so on: as Scribe gives them.
pub(super) fn scribed(hears: &str, from: f64, to: f64) -> Value {
    let words: Vec<&str> = hears.split_whitespace().collect();
    let each = (to - from) / words.len().max(1) as f64;
    let mut items = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let start = from + each * n as f64;
        let end = start + each * 0.9;
        if n > 0 {
            items.push(
                json!({"text": " ", "start": start - each * 0.1, "end": start, "type": "spacing",
                "speaker_id": null, "logprob": 0.0, "characters": null}),
            );
        }
        items.push(
            json!({"text": word, "start": start, "end": end, "type": "word", "speaker_id": "speaker_0",
            "logprob": -0.02, "characters": ["a", "b"]}),
        );
    }
    items.into()
}
