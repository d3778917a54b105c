//! The live recogniser's socket.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::Message;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::{Audio, SampleRate};
use serde_json::{Value, json};

use super::super::outbox::{self, Gone, Opening, Outbox};
use super::super::script::{Call, Entry};
use super::scribe::{edited, redacted, scribed};
use super::{Desk, Manners, estrange, identified};

/// Quieter than this, nobody speaks.
const QUIET: f32 = 0.004;
/// A word is recognised for so much sound.
const WORD: f64 = 0.3;
/// So much silence commits, where silence does.
const SILENCE: f64 = 0.5;

pub(super) async fn open(State(desk): State<Arc<Desk>>, opening: Opening) -> Response {
    let Opening {
        call,
        headers,
        upgrade,
    } = opening;
    let query = |name: &str| call.query(name).unwrap_or_default().to_owned();
    let rate = query("audio_format")
        .strip_prefix("pcm_")
        .and_then(|rate| rate.parse().ok());
    let good = good(&call);
    let asked = Asked {
        commits: ["vad", "turn_prediction"].contains(&query("commit_strategy").as_str()),
        patience: query("vad_silence_threshold_secs").parse().unwrap_or(SILENCE),
        timestamps: query("include_timestamps") == "true",
        language: query("include_language_detection") == "true",
        redacts: call.query("entity_redaction").is_some(),
        looks: call.query("entity_detection").is_some(),
        edits: call.query("transcript_edit").is_some(),
    };
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    let manners = desk.manners().clone();
    outbox::serve(upgrade, fault, identified(), async move |outbox| {
        let mut session = Session {
            outbox,
            entry,
            rate: SampleRate::new(rate.unwrap_or(16_000)).unwrap_or(SampleRate::SPEECH),
            asked,
            manners,
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
        && (["manual", "vad", ""].contains(&one("commit_strategy"))
            || (one("commit_strategy") == "turn_prediction" && one("model_id") == "scribe_v3_live"))
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
            "include_language_detection",
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
        && (looked.is_empty() || call.query("transcript_edit").is_none())
        && one("transcript_edit").chars().count() <= 2_000
}

/// What an address asks for.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the service's")]
struct Asked {
    /// Whether it commits by itself, and after how many seconds of silence.
    commits: bool,
    patience: f64,
    timestamps: bool,
    language: bool,
    redacts: bool,
    looks: bool,
    edits: bool,
}

struct Session {
    outbox: Outbox,
    entry: Entry,
    rate: SampleRate,
    asked: Asked,
    manners: Manners,
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
        let config = json!({"sample_rate": self.rate.hertz(), "include_timestamps": self.asked.timestamps});
        let started = json!({"message_type": "session_started", "session_id": "ses_fake", "config": config});
        self.say(started).await?;
        if self.manners.strange {
            self.say(json!({"message_type": "warning", "warning": "Not what you think."}))
                .await?;
        }
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
            } else if self.asked.commits && self.spoken > 0.0 && self.silence >= self.asked.patience {
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
        let words: Vec<&str> = self.manners.hears.split_whitespace().collect();
        let heard = ((self.spoken / WORD) as usize).min(words.len());
        if heard > self.told {
            self.told = heard;
            let text = words[..heard].join(" ");
            self.say(json!({"message_type": "partial_transcript", "text": text}))
                .await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Gone> {
        if !self.manners.thinks.is_zero() {
            tokio::time::sleep(self.manners.thinks).await;
        }
        let (from, to) = (self.committed, self.total);
        let mut said = String::new();
        let mut words = json!([]);
        if self.spoken > 0.0 {
            said.clone_from(&self.manners.hears);
            words = scribed(&said, from, to);
        }
        if let (true, Some(items)) = (self.manners.music, words.as_array_mut()) {
            said = format!("(music) {said}");
            for (text, kind) in [(" ", "spacing"), ("(music)", "audio_event")] {
                items.insert(
                    0,
                    json!({"text": text, "start": from, "end": from, "type": kind, "speaker_id": null, "logprob": 0.0}),
                );
            }
        }
        self.committed = to;
        (self.spoken, self.silence, self.told) = (0.0, 0.0, 0);
        let (timestamps, detects) = (self.asked.timestamps, self.asked.language);
        let twin = |kind: &str| {
            json!({"message_type": kind, "text": said, "language_code": detects.then_some("en"),
                "words": timestamps.then_some(&words)})
        };
        if self.manners.strange {
            self.say(json!({"message_type": "final_transcript", "text": said}))
                .await?;
            if timestamps || detects {
                self.say(twin("final_transcript_with_timestamps")).await?;
            }
        }
        self.say(json!({"message_type": "committed_transcript", "text": said}))
            .await?;
        if self.manners.strange {
            // What comes next has begun before all is told of this.
            self.say(json!({"message_type": "partial_transcript", "text": ""}))
                .await?;
            self.say(
                json!({"message_type": "speakers_merged", "from_speaker_id": "a", "to_speaker_id": "b"}),
            )
            .await?;
            self.say(json!({"message_type": "never_heard_of", "text": 7, "words": {"a": 1}}))
                .await?;
        }
        if timestamps || detects {
            self.say(twin("committed_transcript_with_timestamps")).await?;
        }
        if self.asked.looks {
            self.say(json!({"message_type": "committed_transcript_entities", "text": said, "entities": []}))
                .await?;
        }
        if self.asked.redacts {
            let without = redacted(&said);
            self.say(json!({"message_type": "redacted_transcript", "text": said, "redacted_text": without}))
                .await?;
        }
        if self.asked.edits {
            let changed = edited(&said);
            self.say(json!({"message_type": "edited_transcript", "text": said, "edited_text": changed}))
                .await?;
        }
        if self.manners.strange {
            self.say(json!({"message_type": "diarized_transcript", "segment_index": 0, "text": said, "words": words}))
                .await?;
        }
        Ok(())
    }

    async fn say(&mut self, mut message: Value) -> Result<(), Gone> {
        if self.manners.strange {
            estrange(&mut message);
        }
        self.outbox.text(message.to_string()).await
    }

    async fn error(&mut self, kind: &str, said: &str) -> Result<(), Gone> {
        self.say(json!({"message_type": kind, "error": said})).await
    }

    async fn fail(&mut self, kind: &str, said: &str) -> Result<(), Gone> {
        self.error(kind, said).await?;
        self.outbox.close(1_008, kind).await;
        Ok(())
    }
}
