//! Models, voices, and whether a key is good.

use serde::Deserialize;

use super::Deepgram;
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::{Failure, Fault};
use crate::provider::listed;

/// Those that its documentation names besides, in case that its list leaves them out: they have addresses of their own.
const FLUX: &[&str] = &["flux-general-en", "flux-general-multi"];
const FLUX_VOICES: &[&str] = &[
    "alexis", "bruce", "cole", "drew", "haley", "heather", "jack", "marcus", "priya", "renee", "rufus",
    "sharon",
];

#[derive(Deserialize)]
struct Models {
    #[serde(default)]
    stt: Vec<Model>,
    #[serde(default)]
    tts: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    name: String,
    canonical_name: Option<String>,
    #[serde(default)]
    languages: Vec<String>,
    metadata: Option<Metadata>,
    streaming: Option<bool>,
}

#[derive(Deserialize)]
struct Metadata {
    accent: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    sample: Option<String>,
}

impl Deepgram {
    async fn all(&self) -> Result<Models, Failure> {
        self.0
            .service
            .get(&self.0.service.url(&["v1", "models"], []))
            .await
    }

    /// Recognisers that listen while they are spoken to.
    pub async fn models(&self) -> Result<Vec<ModelInfo>, Failure> {
        let live = self
            .all()
            .await?
            .stt
            .into_iter()
            .filter(|model| model.streaming != Some(false));
        let info = |model: Model| ModelInfo {
            id: model.canonical_name.unwrap_or_else(|| model.name.clone()),
            name: model.name,
        };
        let mut models: Vec<ModelInfo> = live.map(info).chain(listed(FLUX)).collect();
        models.sort_by(|a, b| a.id.cmp(&b.id));
        models.dedup_by(|a, b| a.id == b.id);
        Ok(models)
    }

    /// Voices.
    pub async fn voices(&self) -> Result<Vec<VoiceInfo>, Failure> {
        let info = |model: Model| {
            let metadata = model.metadata.unwrap_or(Metadata {
                accent: None,
                tags: Vec::new(),
                sample: None,
            });
            let words: Vec<String> = metadata.accent.into_iter().chain(metadata.tags).collect();
            VoiceInfo {
                id: model.canonical_name.unwrap_or_else(|| model.name.clone()),
                name: model.name,
                description: (!words.is_empty()).then(|| words.join(", ")),
                languages: model.languages,
                preview: metadata.sample,
            }
        };
        let mut voices: Vec<VoiceInfo> = self.all().await?.tts.into_iter().map(info).collect();
        for name in FLUX_VOICES {
            let id = format!("flux-{name}-en");
            if voices.iter().all(|voice| voice.id != id) {
                voices.push(VoiceInfo {
                    id,
                    name: format!("{name} (Flux)"),
                    description: None,
                    languages: vec!["en".to_owned()],
                    preview: None,
                });
            }
        }
        Ok(voices)
    }

    /// Tests the key. Whether there is money shows only when it is used.
    ///
    /// # Errors
    /// `WrongKey` for a wrong one, or one that may do nothing.
    pub async fn check(&self) -> Result<Account, Failure> {
        // What the answers tell is not documented, or needs a scope that few keys have: that there is one is enough.
        match self.knock(&["v1", "auth", "token"]).await {
            Ok(()) => Ok(Account::default()),
            Err(failure) if failure.fault() == &Fault::Forbidden => {
                Err(self.0.service.failure(Fault::WrongKey))
            }
            // A server that stands in for it: it may know no call but this.
            Err(failure) if failure.fault() == &Fault::Unknown => match self.knock(&["v1", "projects"]).await
            {
                Ok(()) => Ok(Account::default()),
                Err(failure) if failure.fault() == &Fault::Forbidden => Ok(Account {
                    limited: true,
                    ..Account::default()
                }),
                Err(failure) => Err(failure),
            },
            Err(failure) => Err(failure),
        }
    }

    async fn knock(&self, parts: &[&str]) -> Result<(), Failure> {
        let service = &self.0.service;
        let url = service.url(parts, []);
        let call = || service.request(reqwest::Method::GET, url.clone());
        service.call(call).await.map(drop)
    }
}
