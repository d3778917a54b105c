//! Providers in the cloud, as the pages see them.

use libretto_assistant::choose::Field;
use libretto_assistant::providers::account;
use libretto_assistant::providers::catalogue::{self, Cancel, Languages, Timings};
use libretto_assistant::providers::{self, ModelInfo, VoiceInfo};
use serde::{Deserialize, Serialize};
use specta::Type;

/// What a provider can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ProviderPart {
    /// Speech to text.
    Recogniser,
    /// Language model.
    Model,
    /// Text to speech.
    Voice,
}

impl From<ProviderPart> for providers::Part {
    fn from(part: ProviderPart) -> Self {
        match part {
            ProviderPart::Recogniser => Self::Recogniser,
            ProviderPart::Model => Self::Model,
            ProviderPart::Voice => Self::Voice,
        }
    }
}

/// What can be chosen of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ProviderField {
    /// The recogniser's model.
    RecogniserModel,
    /// The language model.
    Model,
    /// The voice's model.
    VoiceModel,
    /// The voice.
    Voice,
    /// Another address than its own.
    BaseUrl,
}

impl From<ProviderField> for Field {
    fn from(field: ProviderField) -> Self {
        match field {
            ProviderField::RecogniserModel => Self::Model(providers::Part::Recogniser),
            ProviderField::Model => Self::Model(providers::Part::Model),
            ProviderField::VoiceModel => Self::Model(providers::Part::Voice),
            ProviderField::Voice => Self::Voice,
            ProviderField::BaseUrl => Self::Base,
        }
    }
}

/// Something that a provider can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Ability {
    /// What.
    pub part: ProviderPart,
    /// The model that is used when none is chosen; may be empty.
    pub model: String,
    /// Whether results come while the input is still being given.
    pub streaming: bool,
    /// Whether it tells when each word sounds; otherwise that is estimated.
    pub timings: bool,
    /// Whether it is called off by a message, and the connection stays.
    pub cancel: bool,
    /// BCP 47 tags of the languages that it knows; `null` for nearly all of them.
    pub languages: Option<Vec<String>>,
    /// Rates of its sound in Hz.
    pub rates: Vec<u32>,
}

impl Ability {
    /// Of this part, from the catalogue.
    pub fn of(part: ProviderPart, ability: &catalogue::Ability) -> Self {
        Self {
            part,
            model: ability.model.to_owned(),
            streaming: ability.streaming,
            timings: ability.timings != Timings::None,
            cancel: ability.cancel == Cancel::Message,
            languages: match ability.languages {
                Languages::These(tags) => Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
                Languages::Many => None,
            },
            rates: ability.rates.to_vec(),
        }
    }
}

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Stable name.
    pub name: String,
    /// As people write it.
    pub title: String,
    /// Where it is, unless the settings say otherwise.
    pub base: String,
    /// Whether nothing can be had without a key.
    pub needs_key: bool,
    /// Whether there is a key.
    pub has_key: bool,
    /// What it can do.
    pub abilities: Vec<Ability>,
    /// How it fared when it was last used; `null` when it was not.
    pub health: Option<ProviderHealth>,
    /// What was chosen.
    pub chosen: ProviderChoices,
}

/// How a provider fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ProviderHealth {
    /// What went wrong and what to do; `null` when all was well.
    pub problem: Option<String>,
}

/// What was chosen of a provider; `null` is its own default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProviderChoices {
    /// The recogniser's model.
    pub recogniser_model: Option<String>,
    /// The language model.
    pub model: Option<String>,
    /// The voice's model.
    pub voice_model: Option<String>,
    /// The voice.
    pub voice: Option<String>,
    /// The address.
    pub base_url: Option<String>,
}

/// All providers, and who is tried in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Providers {
    /// In the order in which they are shown.
    pub providers: Vec<Provider>,
    /// Names of those that are tried for understanding speech; `on-device` is this machine.
    pub recogniser: Vec<String>,
    /// For answering.
    pub model: Vec<String>,
    /// For speaking.
    pub voice: Vec<String>,
}

/// What the test of a key found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ProviderAccount {
    /// The plan's name.
    pub plan: Option<String>,
    /// What is left, in the service's own unit.
    pub left: Option<String>,
    /// Nothing is left: calls will be refused.
    pub empty: bool,
    /// The key is good but may not do everything.
    pub limited: bool,
}

impl From<account::Account> for ProviderAccount {
    fn from(account: account::Account) -> Self {
        let (left, empty) = match account.credit {
            account::Credit::Unknown => (None, false),
            account::Credit::Left(left) => (Some(left), false),
            account::Credit::Empty => (None, true),
        };
        Self {
            plan: account.plan,
            left,
            empty,
            limited: account.limited,
        }
    }
}

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ProviderModel {
    /// What is sent.
    pub id: String,
    /// What is shown.
    pub name: String,
}

impl From<ModelInfo> for ProviderModel {
    fn from(model: ModelInfo) -> Self {
        Self {
            id: model.id,
            name: model.name,
        }
    }
}

/// A voice that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ProviderVoice {
    /// What is sent.
    pub id: String,
    /// What is shown.
    pub name: String,
    /// How it sounds, in a few words.
    pub description: Option<String>,
    /// BCP 47 tags of the languages it is said to speak.
    pub languages: Vec<String>,
    /// Address of a sample of it.
    pub preview: Option<String>,
}

impl From<VoiceInfo> for ProviderVoice {
    fn from(voice: VoiceInfo) -> Self {
        Self {
            id: voice.id,
            name: voice.name,
            description: voice.description,
            languages: voice.languages,
            preview: voice.preview,
        }
    }
}
