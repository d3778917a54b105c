//! Voices, models, and whether a key is good.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::ElevenLabs;
use crate::account::{Account, Credit, ModelInfo, VoiceInfo};
use crate::failure::{Failure, Fault};

/// Voices on one page, and most pages that are read.
const PAGE: usize = 100;
const PAGES: usize = 50;

#[derive(Deserialize)]
struct Page {
    voices: Option<Vec<VoiceEntry>>,
    has_more: Option<bool>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct VoiceEntry {
    voice_id: String,
    name: Option<String>,
    description: Option<String>,
    preview_url: Option<String>,
    labels: Option<BTreeMap<String, Value>>,
    verified_languages: Option<Vec<VerifiedLanguage>>,
}

#[derive(Deserialize)]
struct VerifiedLanguage {
    language: Option<String>,
}

#[derive(Deserialize)]
struct ModelEntry {
    model_id: String,
    name: Option<String>,
    can_do_text_to_speech: Option<bool>,
}

#[derive(Deserialize)]
struct Subscription {
    tier: Option<String>,
    character_count: Option<i64>,
    character_limit: Option<i64>,
    max_credit_limit_extension: Option<Value>,
}

impl ElevenLabs {
    /// Voices whose name, description or labels fit `search`; all of them without.
    pub async fn voices(&self, search: Option<&str>) -> Result<Vec<VoiceInfo>, Failure> {
        let service = &self.0.service;
        let (mut voices, mut token) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let mut query = vec![
                ("page_size", PAGE.to_string()),
                ("include_total_count", "false".to_owned()),
            ];
            query.extend(search.map(|search| ("search", search.to_owned())));
            query.extend(token.take().map(|token| ("next_page_token", token)));
            let page: Page = service.get(&service.url(&["v2", "voices"], query)).await?;
            voices.extend(page.voices.into_iter().flatten().map(info));
            token = page.next_page_token.filter(|_| page.has_more != Some(false));
            if token.is_none() {
                break;
            }
        }
        Ok(voices)
    }

    /// Models that speak.
    pub async fn models(&self) -> Result<Vec<ModelInfo>, Failure> {
        let service = &self.0.service;
        let models: Vec<ModelEntry> = service.get(&service.url(&["v1", "models"], [])).await?;
        let speaking = models
            .into_iter()
            .filter(|model| model.can_do_text_to_speech == Some(true));
        let info = |model: ModelEntry| ModelInfo {
            name: model.name.unwrap_or_else(|| model.model_id.clone()),
            id: model.model_id,
        };
        Ok(speaking.map(info).collect())
    }

    /// Tests the key.
    ///
    /// # Errors
    /// `WrongKey` for a wrong one. A key that may not tell about the account is no error ([`Account::limited`]), nor is
    /// an empty account ([`Credit::Empty`]).
    pub async fn check(&self) -> Result<Account, Failure> {
        let service = &self.0.service;
        let url = service.url(&["v1", "user", "subscription"], []);
        match service.get::<Subscription>(&url).await {
            Ok(subscription) => Ok(account(subscription)),
            Err(failure) if failure.fault() == &Fault::Empty => Ok(Account {
                credit: Credit::Empty,
                ..Account::default()
            }),
            Err(failure) if failure.fault() == &Fault::Forbidden => {
                // Good, but for other things: a list that needs nothing shows that it is not just any text.
                match self.models().await {
                    Err(failure) if failure.fault() == &Fault::WrongKey => Err(failure),
                    _ => Ok(Account {
                        limited: true,
                        ..Account::default()
                    }),
                }
            }
            Err(failure) => Err(failure),
        }
    }
}

fn account(subscription: Subscription) -> Account {
    let used = subscription.character_count.zip(subscription.character_limit);
    // Above the limit more can be bought as it is used, if the account allows it.
    let extends = match subscription.max_credit_limit_extension {
        Some(Value::Number(more)) => more.as_f64().is_some_and(|more| more > 0.0),
        Some(Value::String(_)) => true,
        _ => false,
    };
    let credit = match used {
        Some((used, limit)) if used >= limit && !extends => Credit::Empty,
        Some((used, limit)) => Credit::Left(format!("{} of {limit} characters", (limit - used).max(0))),
        None => Credit::Unknown,
    };
    Account {
        plan: subscription.tier,
        credit,
        limited: false,
    }
}

fn info(voice: VoiceEntry) -> VoiceInfo {
    let labels = voice.labels.unwrap_or_default();
    let label = |name: &str| labels.get(name).and_then(Value::as_str).map(str::to_owned);
    let verified = voice.verified_languages.unwrap_or_default();
    let mut languages: Vec<String> = verified.into_iter().filter_map(|l| l.language).collect();
    languages.extend(label("language"));
    languages.sort();
    languages.dedup();
    let words: Vec<String> = ["gender", "age", "accent", "descriptive"]
        .iter()
        .filter_map(|n| label(n))
        .collect();
    let described = voice.description.filter(|text| !text.trim().is_empty());
    VoiceInfo {
        name: voice.name.unwrap_or_else(|| voice.voice_id.clone()),
        id: voice.voice_id,
        description: described.or_else(|| (!words.is_empty()).then(|| words.join(", "))),
        languages,
        preview: voice.preview_url,
    }
}
