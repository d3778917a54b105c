//! How its voices read a text: dictionaries, marks in the text, and what is spelt out. Each surface wants it in another
//! place.

use serde_json::{Map, Value, json};

/// How a text is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Dictionaries of pronunciation in the order in which they count, at most three. With them, times are those of the
    /// text as it is read.
    pub dictionaries: Vec<Dictionary>,
    /// Whether `<break time="1s"/>` is a pause, and `<phoneme>` is said as it is written where the model can. Dialogue
    /// and HTTP know no such switch.
    pub ssml: bool,
    /// `apply_text_normalization`: `auto`, `on` or `off`. `None` is the service's choice.
    pub normalisation: Option<String>,
    /// Whether a language's own rules of reading are applied too: only Japanese has any, and speech begins much later.
    pub normalises_language: bool,
    /// The same seed makes much the same speech.
    pub seed: Option<u32>,
    /// After how many characters, from 50 to 500, sockets speak what they have: the first time, the second, and so on, and
    /// then always as at last. Longer pieces sound more of a piece, and begin later. Empty: each phrase at once. Dialogue
    /// and HTTP know no such thing.
    pub schedule: Vec<u16>,
    /// Whether the service keeps nothing of what is spoken, which enterprises may ask for.
    pub forgets: bool,
}

/// A dictionary of the account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dictionary {
    /// Its id.
    pub id: String,
    /// One of its versions; `None` is the newest.
    pub version: Option<String>,
}

impl Dictionary {
    /// Of `id` or `id:version`.
    pub fn of(text: &str) -> Self {
        let (id, version) = text.split_once(':').unwrap_or((text, ""));
        Self {
            id: id.trim().to_owned(),
            version: (!version.trim().is_empty()).then(|| version.trim().to_owned()),
        }
    }
}

/// Most dictionaries in one request.
const DICTIONARIES: usize = 3;
/// The field that names them.
const LOCATORS: &str = "pronunciation_dictionary_locators";

impl Reading {
    /// Of this, what stands in the first message of a socket.
    pub(super) fn hello(&self, hello: &mut Map<String, Value>) {
        let locator = |dictionary: &Dictionary| match &dictionary.version {
            Some(version) => json!({"pronunciation_dictionary_id": dictionary.id, "version_id": version}),
            None => json!({"pronunciation_dictionary_id": dictionary.id}),
        };
        let locators: Vec<Value> = self.dictionaries.iter().take(DICTIONARIES).map(locator).collect();
        if !locators.is_empty() {
            hello.insert(LOCATORS.into(), locators.into());
        }
    }

    /// When a socket is to speak, as its first message says it.
    pub(super) fn schedule(&self) -> Value {
        let lengths = self.schedule.iter().map(|length| (*length).clamp(50, 500));
        json!({"chunk_length_schedule": lengths.collect::<Vec<_>>()})
    }

    /// Of this, what stands in the address of a socket.
    pub(super) fn query(&self, dialogue: bool, query: &mut Vec<(&'static str, String)>) {
        self.address(query);
        if self.ssml && !dialogue {
            query.push(("enable_ssml_parsing", "true".to_owned()));
        }
        // Dialogue knows no `auto`.
        let normalisation = self.normalisation.clone();
        let normalisation = normalisation.filter(|how| !dialogue || how != "auto");
        query.extend(normalisation.map(|how| ("apply_text_normalization", how)));
        if self.normalises_language && !dialogue {
            query.push(("apply_language_text_normalization", "true".to_owned()));
        }
        query.extend(self.seed.map(|seed| ("seed", seed.to_string())));
    }

    /// Of this, what stands in the address of a call.
    pub(super) fn address(&self, query: &mut Vec<(&'static str, String)>) {
        if self.forgets {
            query.push(("enable_logging", "false".to_owned()));
        }
    }

    /// Of this, what stands in the body of a call.
    pub(super) fn body(&self, dialogue: bool, body: &mut Map<String, Value>) {
        self.hello(body);
        if self.normalises_language && !dialogue {
            body.insert("apply_language_text_normalization".into(), true.into());
        }
        if let Some(how) = &self.normalisation {
            body.insert("apply_text_normalization".into(), how.as_str().into());
        }
        if let Some(seed) = self.seed {
            body.insert("seed".into(), seed.into());
        }
    }
}
