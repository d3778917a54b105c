//! Recogniser, language model and voice: who is asked, in which order, and how.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The provider that needs no key and no network.
pub const ON_DEVICE: &str = "on-device";

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// What turns your speech into text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Recogniser {
    /// Providers in the order in which they are tried. Those without a key are passed over. What runs here
    /// (`on-device`) is tried last where it is not named before others; named alone, it leaves nobody else to be asked.
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub providers: Vec<String>,
    /// The first usable provider's own name of a model. When not set: as its own table says, or its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub model: Option<String>,
    /// The language you speak, such as "en" or "zh-HK". When not set: the recogniser finds out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub language: Option<String>,
    /// Names and terms that are likely to be said.
    #[schemars(length(max = 1000), inner(length(max = 200)))]
    pub vocabulary: Vec<String>,
}

impl Default for Recogniser {
    fn default() -> Self {
        let providers = list(&["deepgram", "elevenlabs", "openai", ON_DEVICE]);
        Self {
            providers,
            model: None,
            language: None,
            vocabulary: Vec::new(),
        }
    }
}

/// The language model that answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Model {
    /// Providers in the order in which they are tried. Those without a key are passed over. What runs here
    /// (`on-device`) is tried last where it is not named before others; named alone, it leaves nobody else to be asked.
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub providers: Vec<String>,
    /// The first usable provider's own name of a model. When not set: as its own table says, or its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub model: Option<String>,
    /// Randomness. When not set: the model's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: Option<f64>,
    /// Longest answer, in tokens. When not set: the model's own limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_tokens: Option<u32>,
}

impl Default for Model {
    fn default() -> Self {
        let providers = list(&["openrouter", "openai", ON_DEVICE]);
        Self {
            providers,
            model: None,
            temperature: None,
            max_tokens: None,
        }
    }
}

/// What answers are spoken with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Voice {
    /// Providers in the order in which they are tried. Those without a key are passed over. What runs here
    /// (`on-device`) is tried last where it is not named before others; named alone, it leaves nobody else to be asked.
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub providers: Vec<String>,
    /// The first usable provider's own name of a model. When not set: as its own table says, or its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub model: Option<String>,
    /// The first usable provider's own id of a voice. When not set: `providers.<name>.voice`, or its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub voice: Option<String>,
    /// The language it speaks, such as "de" or "ar". When not set: the voice finds out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub language: Option<String>,
    /// How fast it speaks; 1 is its own speed.
    #[schemars(range(min = 0.25, max = 4.0))]
    pub speed: f64,
    /// Manner of speaking, in words, for voices that take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub instructions: Option<String>,
}

impl Default for Voice {
    fn default() -> Self {
        let providers = list(&["cartesia", "openai", "elevenlabs", ON_DEVICE]);
        Self {
            providers,
            model: None,
            voice: None,
            language: None,
            speed: 1.0,
            instructions: None,
        }
    }
}

/// Models that run on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OnDevice {
    /// Models leave memory after so many minutes without use.
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub idle_minutes: f64,
    /// Processor threads that they may use. When not set: what suits this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub threads: Option<u32>,
    /// The recogniser, as `libretto-cli models list` calls it. When not set: the one that came with Libretto.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub recogniser: Option<String>,
    /// The language model. When not set: the one that came with Libretto.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub model: Option<String>,
    /// The voice. When not set: the one that came with Libretto.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub voice: Option<String>,
}

impl Default for OnDevice {
    fn default() -> Self {
        Self {
            idle_minutes: 10.0,
            threads: None,
            recogniser: None,
            model: None,
            voice: None,
        }
    }
}

/// How calls over the network are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Network {
    /// How often a call is tried before the next provider takes over.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: u32,
    /// Wait between two tries. Seconds.
    #[schemars(range(min = 0.0, max = 60.0))]
    pub wait: f64,
    /// Calls to one voice provider at the same time.
    #[schemars(range(min = 1, max = 100))]
    pub concurrency: u32,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            attempts: 3,
            wait: 0.6,
            concurrency: 3,
        }
    }
}

/// What is set for one provider: free keys with plain values. The provider's own folder says which it takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Provider(pub BTreeMap<String, Value>);

/// A plain value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(String),
    /// Several values.
    List(Vec<Value>),
    /// A table of values.
    Table(BTreeMap<String, Value>),
}

impl Provider {
    /// Text, such as `base_url`. Empty text counts as not set.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            Value::Text(text) => Some(text.trim()).filter(|t| !t.is_empty()),
            _ => None,
        }
    }

    /// A number, whole or not.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.0.get(key)? {
            Value::Integer(number) => Some(*number as f64),
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// True or false.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.0.get(key)? {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }
}
