//! One shape for all providers: what the settings say goes in, and recogniser, language model, voice, lists and the
//! test of the key come out. Each folder builds its own; this table only knows their names.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{LanguageModel, SpeechToText, TextToSpeech};
use serde_json::{Map, Value};

use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::catalogue::Entry;
use crate::failure::Failure;
use crate::key::Key;
use crate::limit::Limit;
use crate::network::{Deadlines, Network};
use crate::retry::Retry;
use crate::service::Access;
use crate::{cartesia, deepgram, elevenlabs, minimax, openai};

/// What a provider can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Speech to text.
    Recogniser,
    /// Language model.
    Model,
    /// Text to speech.
    Voice,
}

/// How an account is used, as the settings say it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The connections that all share.
    pub network: Network,
    /// The key.
    pub key: Option<Key>,
    /// How failed calls are repeated.
    pub retry: Retry,
    /// How many calls for speech run at once.
    pub limit: Limit,
    /// The provider's own table in the settings: `base_url`, and what its folder's `Settings` know by these names.
    pub table: Map<String, Value>,
}

impl Setup {
    /// Text of the table; empty text counts as not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        let text = self.table.get(name)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// A number of the table.
    pub fn number<T: TryFrom<u64>>(&self, name: &str) -> Option<T> {
        self.table.get(name)?.as_u64()?.try_into().ok()
    }

    /// A number of the table that need not be whole.
    pub fn fraction(&self, name: &str) -> Option<f32> {
        self.table.get(name)?.as_f64().map(|number| number as f32)
    }

    /// Texts of a list of the table.
    pub fn list(&self, name: &str) -> Vec<String> {
        let list = self.table.get(name).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Numbers of a list of the table.
    pub fn numbers<T: TryFrom<u64>>(&self, name: &str) -> Vec<T> {
        let list = self.table.get(name).and_then(Value::as_array);
        let numbers = list.into_iter().flatten().filter_map(Value::as_u64);
        numbers.filter_map(|number| number.try_into().ok()).collect()
    }

    /// A switch of the table; off where it is not there.
    pub fn is_on(&self, name: &str) -> bool {
        self.table.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Where the account is, and how it is used.
    pub fn access(&self) -> Access {
        Access {
            base: self.text("base_url").map(str::to_owned),
            key: self.key.clone(),
            headers: Vec::new(),
            retry: self.retry,
            limit: self.limit.clone(),
            deadlines: Deadlines::default(),
        }
    }
}

/// An account at a provider.
pub trait Provider: fmt::Debug + Send + Sync {
    /// Its recogniser; `None` where it has none.
    fn recogniser(&self) -> Option<Arc<dyn SpeechToText>> {
        None
    }

    /// Its language model; `None` where it has none.
    fn model(&self) -> Option<Arc<dyn LanguageModel>> {
        None
    }

    /// Its voice; `None` where it has none.
    fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        None
    }

    /// Goes on with another table of settings, in which these names have changed: sessions that run are told of it,
    /// and those that begin later have it. False where it cannot, and has to be opened anew.
    fn tune(&self, _setup: &Setup, _changed: &[&str]) -> bool {
        false
    }

    /// Tests the key by one call that costs nothing, or next to it.
    fn check(&self) -> BoxFuture<'_, Result<Account, Failure>>;

    /// The models that can be chosen for a part.
    fn models(&self, part: Part) -> BoxFuture<'_, Result<Vec<ModelInfo>, Failure>>;

    /// The voices that can be chosen.
    fn voices(&self) -> BoxFuture<'_, Result<Vec<VoiceInfo>, Failure>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// An account as it comes out of its folder.
pub type Opened = Result<Arc<dyn Provider>, Failure>;

/// The account at the provider of this entry.
///
/// # Errors
/// Where the address is none, or the provider's own table has what it cannot use.
pub fn open(entry: &'static Entry, setup: Setup) -> Opened {
    match entry.name {
        "elevenlabs" => elevenlabs::open(setup),
        "deepgram" => deepgram::open(setup),
        "cartesia" => cartesia::open(setup),
        "minimax" => minimax::open(setup),
        name => openai::open(name, setup),
    }
}

/// The providers that a name in the settings or the environment stands for, in the order in which they are tried: the
/// name itself, or what people call it.
pub fn meant(name: &str) -> Vec<&'static Entry> {
    // Grok is a model; one of the five systems reaches it through OpenRouter.
    let names = match name {
        "grok" => vec!["openrouter", "xai"],
        "eleven" | "11labs" => vec!["elevenlabs"],
        name => vec![name],
    };
    names.into_iter().filter_map(crate::catalogue::named).collect()
}

/// Models of a list that is known without asking.
pub(crate) fn listed(ids: &[&str]) -> Vec<ModelInfo> {
    let info = |id: &&str| ModelInfo {
        id: (*id).to_owned(),
        name: (*id).to_owned(),
    };
    ids.iter().map(info).collect()
}

/// The example in a folder's `settings.md` as a setup. It shows whatever the page's table names, and the folder's code
/// asks for each of that.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "only tests use it")]
pub(crate) fn documented(page: &str, source: &str) -> Setup {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let names: Vec<&str> = first
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let example = page
        .split("```toml")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let example: toml::Table = example.parse().unwrap();
    let providers = serde_json::to_value(&example["providers"]).unwrap();
    let tables = providers.as_object().unwrap().values();
    let table: Map<String, Value> = tables
        .flat_map(|table| table.as_object().unwrap().clone())
        .collect();
    for name in table.keys() {
        assert!(names.contains(&name.as_str()), "{name} is not in the table");
    }
    // These are asked for outside of the folders.
    let shared = ["base_url", "voice", "voice_model", "recogniser_model", "model"];
    for name in &names {
        assert!(table.contains_key(*name), "{name} is not in the example");
        let asked = source.contains(&format!("\"{name}\"")) || shared.contains(name);
        assert!(asked, "nobody asks for {name}");
    }
    Setup {
        network: Network::new().unwrap(),
        key: None,
        retry: Retry::default(),
        limit: Limit::default(),
        table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    fn setup(table: &Value) -> Setup {
        Setup {
            network: Network::new().unwrap(),
            key: Some(Key::new("sk-planted-0123456789")),
            retry: Retry::default(),
            limit: Limit::default(),
            table: table.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn every_documented_setting_is_understood() {
        for (entry, page, source) in [
            (
                &cartesia::ENTRY,
                include_str!("cartesia/settings.md"),
                include_str!("cartesia/provider.rs"),
            ),
            (
                &deepgram::ENTRY,
                include_str!("deepgram/settings.md"),
                include_str!("deepgram/provider.rs"),
            ),
            (
                &openai::OPENAI.entry,
                include_str!("openai/settings.md"),
                include_str!("openai/provider.rs"),
            ),
        ] {
            open(entry, documented(page, source)).unwrap();
        }
    }

    #[test]
    fn every_entry_opens_and_has_what_it_says() {
        for entry in catalogue::all() {
            let provider = open(entry, setup(&serde_json::json!({}))).unwrap();
            for (part, is_there) in [
                (Part::Recogniser, provider.recogniser().is_some()),
                (Part::Model, provider.model().is_some()),
                (Part::Voice, provider.voice().is_some()),
            ] {
                assert_eq!(is_there, entry.ability(part).is_some(), "{part:?} {entry:?}");
            }
            let named = provider
                .voice()
                .map_or(entry.name.to_owned(), |v| v.name().to_owned());
            assert_eq!(named, entry.name);
            assert!(!format!("{provider:?}").contains("planted"));
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_with_the_provider() {
        for (name, table) in [
            ("openai", serde_json::json!({"base_url": "nowhere"})),
            ("elevenlabs", serde_json::json!({"output_format": "ogg"})),
            ("deepgram", serde_json::json!({"base_url": "mailto:you"})),
        ] {
            let entry = catalogue::named(name).unwrap();
            let failure = open(entry, setup(&table)).unwrap_err();
            assert!(failure.to_string().starts_with(entry.title), "{failure}");
        }
    }

    #[test]
    fn names_that_people_use_are_known() {
        let names = |name| meant(name).iter().map(|entry| entry.name).collect::<Vec<_>>();
        assert_eq!(names("grok"), ["openrouter", "xai"]);
        assert_eq!(names("deepgram"), ["deepgram"]);
        assert!(names("on-device").is_empty());
    }
}
