//! Voices, and whether a key is good.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ENTRY, MiniMax, VOICE, dialect, language};
use crate::account::{Account, Credit, ModelInfo, VoiceInfo};
use crate::failure::{Failure, Fault};
use crate::provider::listed;

#[derive(Deserialize)]
struct Lists {
    system_voice: Option<Vec<Voice>>,
    voice_cloning: Option<Vec<Voice>>,
    voice_generation: Option<Vec<Voice>>,
}

#[derive(Deserialize)]
struct Voice {
    #[serde(rename = "voice_id")]
    id: String,
    #[serde(rename = "voice_name")]
    name: Option<String>,
    description: Option<Vec<String>>,
}

/// The models that speak: there is no list of them to be had.
const MODELS: &[&str] = &[
    "speech-2.8-turbo",
    "speech-2.8-hd",
    "speech-2.6-turbo",
    "speech-2.6-hd",
    "speech-02-turbo",
    "speech-02-hd",
    "speech-01-turbo",
    "speech-01-hd",
];

impl MiniMax {
    /// All voices: the service's own, cloned ones, and designed ones.
    pub async fn voices(&self) -> Result<Vec<VoiceInfo>, Failure> {
        let lists = self.ask("get_voice", &json!({"voice_type": "all"})).await?;
        let garbled = self.0.service.failure(Fault::Garbled);
        let lists: Lists = serde_json::from_value(lists).map_err(|error| garbled.because(error))?;
        let all = [lists.system_voice, lists.voice_cloning, lists.voice_generation];
        Ok(all.into_iter().flatten().flatten().map(info).collect())
    }

    /// The models that speak.
    pub fn speech_models(&self) -> Vec<ModelInfo> {
        listed(MODELS)
    }

    /// The models that answer.
    pub async fn models(&self) -> Result<Vec<ModelInfo>, Failure> {
        self.0.chat.models().await
    }

    /// Tests the key, and with one spoken word whether there is money.
    ///
    /// # Errors
    /// `KeyOrRegion` for a wrong key, or one of the other region; an empty account is no error ([`Credit::Empty`]).
    pub async fn check(&self) -> Result<Account, Failure> {
        let empty = |failure: &Failure| failure.fault() == &Fault::Empty;
        let mut account = Account::default();
        match self.ask("get_voice", &json!({"voice_type": "system"})).await {
            Err(failure) if empty(&failure) => account.credit = Credit::Empty,
            Err(failure) if failure.fault() == &Fault::Forbidden => account.limited = true,
            Err(failure) => return Err(failure),
            Ok(_) => {}
        }
        let model = ENTRY.voice.map_or("", |ability| ability.model);
        let word =
            json!({"model": model, "text": "Yes.", "stream": false, "voice_setting": {"voice_id": VOICE}});
        match self.ask("t2a_v2", &word).await {
            Err(failure) if empty(&failure) => account.credit = Credit::Empty,
            Err(failure) if failure.fault() == &Fault::Plan => account.limited = true,
            _ => {}
        }
        Ok(account)
    }

    /// An answer, once it says that nothing failed.
    async fn ask(&self, what: &str, body: &Value) -> Result<Value, Failure> {
        let service = &self.0.service;
        let url = service.url(&["v1", what], self.0.query());
        let build = || service.post(url.clone(), body.to_string());
        let mut tries = service.retry.begin();
        loop {
            let reply = service.call(build).await?;
            let request = reply.request.clone();
            let answer: Value = reply.json().await?;
            if dialect::code(&answer).is_none() {
                return Ok(answer);
            }
            tries
                .again(service.complaint(&answer.to_string(), request))
                .await?;
        }
    }
}

fn info(voice: Voice) -> VoiceInfo {
    let description = voice.description.unwrap_or_default().join(" ");
    VoiceInfo {
        name: voice.name.unwrap_or_else(|| voice.id.clone()),
        description: Some(description).filter(|text| !text.trim().is_empty()),
        languages: language::of_voice(&voice.id)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        id: voice.id,
        preview: None,
    }
}
