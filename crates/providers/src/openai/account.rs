//! Which models there are, and whether a key is good.

use serde::Deserialize;
use serde_json::{Value, json};

use super::preset::{KeyTest, Listing, SoundInterface};
use super::{OpenAi, ollama, xai};
use crate::account::{Account, Credit, ModelInfo, VoiceInfo};
use crate::failure::{Failure, Fault};
use crate::provider::Part;

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    name: Option<String>,
}

/// What Ollama has.
#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: Option<String>,
    model: Option<String>,
    capabilities: Option<Vec<String>>,
}

/// What LM Studio has.
#[derive(Deserialize)]
struct Studio {
    #[serde(default)]
    models: Vec<StudioModel>,
}

#[derive(Deserialize)]
struct StudioModel {
    #[serde(rename = "type")]
    kind: Option<String>,
    key: String,
    display_name: Option<String>,
}

#[derive(Deserialize)]
struct KeyAnswer {
    data: KeyData,
}

#[derive(Deserialize)]
struct KeyData {
    limit_remaining: Option<f64>,
    #[serde(default)]
    is_free_tier: bool,
}

impl OpenAi {
    /// All models that answer, by name.
    pub async fn models(&self) -> Result<Vec<ModelInfo>, Failure> {
        self.models_for(Part::Model).await
    }

    /// All models, by name; those that are for this part, where the service tells them apart.
    pub(super) async fn models_for(&self, part: Part) -> Result<Vec<ModelInfo>, Failure> {
        let mut models = match self.preset.listing {
            Listing::Models => self.plain_models(None).await?,
            Listing::OpenRouter => {
                let gives = match part {
                    Part::Model => None,
                    Part::Recogniser => Some("transcription"),
                    Part::Voice => Some("speech"),
                };
                self.plain_models(gives).await?
            }
            Listing::Ollama => self.ollama_models().await?,
            Listing::LmStudio => self.studio_models().await?,
        };
        models.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(models)
    }

    async fn plain_models(&self, gives: Option<&str>) -> Result<Vec<ModelInfo>, Failure> {
        let query = gives.map(|gives| ("output_modalities", gives.to_owned()));
        let list: Models = self.service.get(&self.service.url(&["models"], query)).await?;
        let info = |model: Model| ModelInfo {
            name: model.name.unwrap_or_else(|| model.id.clone()),
            id: model.id,
        };
        Ok(list.data.into_iter().map(info).collect())
    }

    async fn ollama_models(&self) -> Result<Vec<ModelInfo>, Failure> {
        let list: Tags = self.service.get(&ollama::url(&self.service, "tags")).await?;
        // Older versions do not say what a model can do.
        let answers = |tag: &Tag| {
            let abilities = tag
                .capabilities
                .as_ref()
                .filter(|abilities| !abilities.is_empty());
            abilities.is_none_or(|abilities| abilities.iter().any(|ability| ability == "completion"))
        };
        let info = |tag: Tag| {
            let id = tag.model.or(tag.name.clone())?;
            let name = tag.name.unwrap_or_else(|| id.clone());
            Some(ModelInfo { id, name })
        };
        Ok(list.models.into_iter().filter(answers).filter_map(info).collect())
    }

    async fn studio_models(&self) -> Result<Vec<ModelInfo>, Failure> {
        let mut url = self.service.url(&[], []);
        url.set_path("/api/v1/models");
        let list: Studio = match self.service.get(&url).await {
            Ok(list) => list,
            // Older versions, and others that look like it.
            Err(failure) if matches!(failure.fault(), Fault::Unknown | Fault::Garbled) => {
                return self.plain_models(None).await;
            }
            Err(failure) => return Err(failure),
        };
        let answers = |model: &StudioModel| {
            model
                .kind
                .as_deref()
                .is_none_or(|kind| kind == "llm" || kind == "vlm")
        };
        let info = |model: StudioModel| ModelInfo {
            name: model.display_name.unwrap_or_else(|| model.key.clone()),
            id: model.key,
        };
        Ok(list.models.into_iter().filter(answers).map(info).collect())
    }

    /// All voices. Where the service has no list of them, these are the ones that its documentation names.
    pub async fn voices(&self) -> Result<Vec<VoiceInfo>, Failure> {
        if self.preset.sound == SoundInterface::Xai {
            match self.service.get(&self.service.url(&["tts", "voices"], [])).await {
                Ok(list) => return Ok(xai::voices(&list)),
                // What is known of the list comes from other clients.
                Err(failure) if matches!(failure.fault(), Fault::Unknown | Fault::Garbled) => {}
                Err(failure) => return Err(failure),
            }
        }
        let names = self.preset.speech.map_or(&[][..], |speech| speech.voices);
        let info = |name: &&str| VoiceInfo {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            ..VoiceInfo::default()
        };
        Ok(names.iter().map(info).collect())
    }

    /// Tests the key.
    ///
    /// # Errors
    /// `WrongKey` for a wrong one; an empty account is no error ([`Credit::Empty`]).
    pub async fn check(&self) -> Result<Account, Failure> {
        match self.preset.key_test {
            KeyTest::KeyAndCredit => self.key_and_credit().await,
            KeyTest::Models => self.lists_models().await,
            KeyTest::HealthAndModels => {
                let mut url = self.service.url(&[], []);
                url.set_path("/health");
                match self.service.get::<Value>(&url).await {
                    // Others that look like it have no such address.
                    Ok(_) => {}
                    Err(failure) if matches!(failure.fault(), Fault::Unknown | Fault::Garbled) => {}
                    Err(failure) => return Err(failure),
                }
                self.lists_models().await
            }
            KeyTest::ModelsAndAnswer => {
                let mut account = self.lists_models().await?;
                // An empty account still lists models: only an answer shows that there is money for one.
                match self.short_answer().await {
                    Err(failure) if failure.fault() == &Fault::Empty => account.credit = Credit::Empty,
                    Err(failure) if failure.fault() == &Fault::WrongKey => return Err(failure),
                    _ => {}
                }
                Ok(account)
            }
        }
    }

    async fn lists_models(&self) -> Result<Account, Failure> {
        match self.models().await {
            Ok(_) => Ok(Account::default()),
            // A key may be good for other things and not for lists.
            Err(failure) if failure.fault() == &Fault::Forbidden => Ok(Account {
                limited: true,
                ..Account::default()
            }),
            Err(failure) => Err(failure),
        }
    }

    async fn key_and_credit(&self) -> Result<Account, Failure> {
        let KeyAnswer { data } = self.service.get(&self.service.url(&["key"], [])).await?;
        let credit = match data.limit_remaining {
            Some(left) if left <= 0.0 => Credit::Empty,
            Some(left) => Credit::Left(format!("{left:.2} credits")),
            None => Credit::Unknown,
        };
        Ok(Account {
            plan: data.is_free_tier.then(|| "free".to_owned()),
            credit,
            limited: false,
        })
    }

    async fn short_answer(&self) -> Result<(), Failure> {
        let model = self.preset.entry.model.map_or("", |ability| ability.model);
        // The least that is taken everywhere.
        let body = json!({
            "model": model, self.preset.limit: 16, "messages": [{"role": "user", "content": "Say yes."}],
        });
        let url = self.service.url(&["chat", "completions"], []);
        self.service
            .send(self.service.post(url, body.to_string())?)
            .await?;
        Ok(())
    }
}
