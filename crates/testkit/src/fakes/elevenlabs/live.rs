//! The live recogniser's socket.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::{Audio, SampleRate};
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Outbox};
use super::super::script::{Call, Entry};
use super::scribe::{redacted, scribed};
use super::{Desk, identified};

/// Quieter than this, nobody speaks.
const QUIET: f32 = 0.004;
/// A word is recognised for so much sound.
const WORD: f64 = 0.3;
/// So much silence commits, where silence does.
const SILENCE: f64 = 0.5;

pub(super) async fn open(
    State(desk): State<Arc<Desk>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let call = Call::of("SOCKET", &uri, json!([]));
    let query = |name: &str| call.query(name).unwrap_or_default().to_owned();
    let rate = query("audio_format")
        .strip_prefix("pcm_")
        .and_then(|rate| rate.parse().ok());
    let strategy = query("commit_strategy");
    let good = good(&call);
    let redacts = call.query("entity_redaction").is_some();
    let silence = query("vad_silence_threshold_secs").parse().unwrap_or(SILENCE);
    let timestamps = query("include_timestamps") == "true";
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let hears = desk.manners().hears.clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut session = Session {
            outbox,
            entry,
            rate: SampleRate::new(rate.unwrap_or(16_000)).unwrap_or(SampleRate::SPEECH),
            vad: strategy == "vad",
            timestamps,
            redacts,
            patience: silence,
            hears,
            total: 0.0,
            committed: 0.0,
            spoken: 0.0,
            silence: 0.0,
            told: 0,
        };
        let _ = session.run(good).await;
    })
}

/// Whether the service would take the address.
fn good(call: &Call) -> bool {
    let all = |name: &str| -> Vec<&str> {
        let named = call.query.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    };
    let one = |name: &str| call.query(name).unwrap_or_default();
    let number = |name: &str, least: f64, most: f64| {
        let fits = |value: &str| {
            value
                .parse()
                .is_ok_and(|value: f64| (least..=most).contains(&value))
        };
        // They are for silence that commits.
        call.query(name)
            .is_none_or(|value| one("commit_strategy") == "vad" && fits(value))
    };
    let switch = |name: &str| ["", "true", "false"].contains(&one(name));
    let language =
        |code: &&str| (2..=3).contains(&code.len()) && code.chars().all(|c| c.is_ascii_lowercase());
    let (looked, taken) = (all("entity_detection"), all("entity_redaction"));
    ["scribe_v2_realtime", "scribe_v3_live"].contains(&one("model_id"))
        && ["manual", "vad", ""].contains(&one("commit_strategy"))
        && all("language_code").iter().all(language)
        && all("secondary_languages").iter().all(language)
        && [
            "pcm_8000",
            "pcm_16000",
            "pcm_22050",
            "pcm_24000",
            "pcm_44100",
            "pcm_48000",
        ]
        .contains(&one("audio_format"))
        && number("vad_threshold", 0.1, 0.9)
        && number("vad_silence_threshold_secs", 0.3, 3.0)
        && number("min_speech_duration_ms", 50.0, 2_000.0)
        && number("min_silence_duration_ms", 50.0, 2_000.0)
        && [
            "include_timestamps",
            "no_verbatim",
            "filter_background_audio",
            "enable_logging",
        ]
        .iter()
        .all(|name| switch(name))
        && !(one("include_timestamps") == "true" && one("filter_background_audio") == "true")
        && all("keyterms").len() <= 50
        && all("keyterms").iter().all(|term| term.chars().count() <= 20)
        && taken.iter().all(|kind| looked.contains(kind))
}

struct Session {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    vad: bool,
    timestamps: bool,
    redacts: bool,
    /// Seconds of silence that commit.
    patience: f64,
    hears: String,
    /// Seconds of sound in all, up to the last commit, of speech since then, and of silence behind it.
    total: f64,
    committed: f64,
    spoken: f64,
    silence: f64,
    /// Words that have been told as partial.
    told: usize,
}

impl Session {
    async fn run(&mut self, good: bool) -> Result<(), Gone> {
        if !good {
            // The socket is accepted, and then told.
            self.error("invalid_request", "Invalid parameters.").await?;
            self.outbox.close(1_008, "invalid_request").await;
            return Ok(());
        }
        let config = json!({"sample_rate": self.rate.hertz(), "include_timestamps": self.timestamps});
        let started = json!({"message_type": "session_started", "session_id": "ses_fake", "config": config});
        self.outbox.text(started.to_string()).await?;
        let mut first = true;
        while let Some(message) = self.outbox.recv().await {
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            let mut noted = message.clone();
            noted["audio_base_64"] = message["audio_base_64"].as_str().map_or(0, str::len).into();
            self.entry.message(noted);
            let audio = message["audio_base_64"]
                .as_str()
                .and_then(|audio| BASE64.decode(audio).ok());
            let rate = message["sample_rate"].as_u64() == Some(u64::from(self.rate.hertz()));
            let (Some(audio), Some(commit), true) = (audio, message["commit"].as_bool(), rate) else {
                return self.fail("input_error", "The message cannot be read.").await;
            };
            if message["message_type"] != "input_audio_chunk"
                || (!first && message["previous_text"].is_string())
            {
                return self
                    .fail("input_error", "previous_text comes with the first chunk only.")
                    .await;
            }
            first = false;
            self.hear(&Audio::from_pcm16(self.rate, &audio)).await?;
            if commit {
                if self.total - self.committed < 0.3 {
                    let said = "You need at least 0.3s of uncommitted audio before committing.";
                    self.error("commit_throttled", said).await?;
                    self.outbox.close(1_000, "commit_throttled").await;
                    return Ok(());
                }
                self.commit().await?;
            } else if self.vad && self.spoken > 0.0 && self.silence >= self.patience {
                self.commit().await?;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, audio: &Audio) -> Result<(), Gone> {
        let seconds = audio.duration().as_secs_f64();
        self.total += seconds;
        if audio.rms() < QUIET {
            self.silence += seconds;
            return Ok(());
        }
        self.spoken += seconds;
        self.silence = 0.0;
        let words: Vec<&str> = self.hears.split_whitespace().collect();
        let heard = ((self.spoken / WORD) as usize).min(words.len());
        if heard > self.told {
            self.told = heard;
            let partial = json!({"message_type": "partial_transcript", "text": words[..heard].join(" ")});
            self.outbox.text(partial.to_string()).await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Gone> {
        let (from, to) = (self.committed, self.total);
        let said = if self.spoken > 0.0 {
            self.hears.clone()
        } else {
            String::new()
        };
        self.committed = to;
        (self.spoken, self.silence, self.told) = (0.0, 0.0, 0);
        let text = json!({"message_type": "committed_transcript", "text": said});
        self.outbox.text(text.to_string()).await?;
        if self.timestamps {
            let words = scribed(&said, from, to);
            let twin = json!({"message_type": "committed_transcript_with_timestamps", "text": said,
                "language_code": "en", "words": words});
            self.outbox.text(twin.to_string()).await?;
        }
        if self.redacts {
            let entities =
                json!({"message_type": "committed_transcript_entities", "text": said, "entities": []});
            self.outbox.text(entities.to_string()).await?;
            let without = json!({"message_type": "redacted_transcript", "text": said, "redacted_text": redacted(&said)});
            self.outbox.text(without.to_string()).await?;
        }
        Ok(())
    }

    async fn error(&mut self, kind: &str, said: &str) -> Result<(), Gone> {
        self.outbox
            .text(json!({"message_type": kind, "error": said}).to_string())
            .await
    }

    async fn fail(&mut self, kind: &str, said: &str) -> Result<(), Gone> {
        self.error(kind, said).await?;
        self.outbox.close(1_008, kind).await;
        Ok(())
    }
}
