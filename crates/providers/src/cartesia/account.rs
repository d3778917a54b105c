//! Voices, and whether a key is good.

use serde::Deserialize;
use serde_json::Value;

use super::Cartesia;
use crate::account::{Account, VoiceInfo};
use crate::failure::Failure;

/// Voices on one page, and most pages that are read.
const PAGE: usize = 100;
const PAGES: usize = 50;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    data: Vec<Voice>,
    has_more: Option<bool>,
}

#[derive(Deserialize)]
struct Voice {
    id: String,
    name: Option<String>,
    tagline: Option<String>,
    description: Option<String>,
    language: Option<String>,
    locales: Option<Vec<Locale>>,
}

#[derive(Deserialize)]
struct Locale {
    locale: String,
}

/// A voice as it is told when it is asked for by its id.
#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    voice: Voice,
    accents: Option<Vec<Value>>,
}

/// A voice, and what is told of it only when it is asked for by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceDetails {
    /// What the list tells of it.
    pub voice: VoiceInfo,
    /// Accents that it can take up, by their ids ([`Settings::accent`](super::Settings::accent)).
    pub accents: Vec<String>,
}

impl Cartesia {
    /// Voices that fit `search`; all of them without. Their previews need the key, so that none are given.
    pub async fn voices(&self, search: Option<&str>) -> Result<Vec<VoiceInfo>, Failure> {
        let (mut voices, mut after) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let mut query = vec![("limit", PAGE.to_string())];
            query.extend(search.map(|search| ("q", search.to_owned())));
            query.extend(after.take().map(|after| ("starting_after", after)));
            let page: Page = self
                .0
                .service
                .get(&self.0.service.url(&["voices"], query))
                .await?;
            let short = page.data.len() < PAGE;
            after = page.data.last().map(|voice| voice.id.clone());
            voices.extend(page.data.into_iter().map(info));
            if short || page.has_more == Some(false) {
                break;
            }
        }
        Ok(voices)
    }

    /// The voice with this id, of whoever's making.
    ///
    /// # Errors
    /// `Unknown` where there is none.
    pub async fn named(&self, id: &str) -> Result<VoiceDetails, Failure> {
        let url = self.0.service.url(&["voices", id], []);
        let Whole { voice, accents } = self.0.service.get(&url).await?;
        // Ids, or objects with one: that is not documented.
        let accent = |accent: Value| Some(accent.as_str().or(accent["id"].as_str())?.to_owned());
        Ok(VoiceDetails {
            voice: info(voice),
            accents: accents
                .unwrap_or_default()
                .into_iter()
                .filter_map(accent)
                .collect(),
        })
    }

    /// Tests the key. Whether there is money shows only when it is used.
    ///
    /// # Errors
    /// `WrongKey` for a wrong one.
    pub async fn check(&self) -> Result<Account, Failure> {
        let url = self.0.service.url(&["voices"], [("limit", "1".to_owned())]);
        let _: Page = self.0.service.get(&url).await?;
        Ok(Account::default())
    }
}

fn info(voice: Voice) -> VoiceInfo {
    let locales = voice
        .locales
        .unwrap_or_default()
        .into_iter()
        .map(|locale| locale.locale);
    let mut languages: Vec<String> = locales.collect();
    if languages.is_empty() {
        languages.extend(voice.language);
    }
    VoiceInfo {
        name: voice.name.unwrap_or_else(|| voice.id.clone()),
        id: voice.id,
        description: voice.tagline.or(voice.description),
        languages,
        preview: None,
    }
}
