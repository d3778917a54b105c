//! How an account is used, and what the recognisers are asked for because of it.

use libretto_voice::ListenOptions;

use super::{ENTRY, Flux};
use crate::service::Access;

/// Most terms: 500 tokens, about a hundred of them.
pub(super) const KEYTERMS: usize = 100;

/// How speech and utterances travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Sockets.
    #[default]
    Socket,
    /// One HTTP call for each phrase or utterance.
    Http,
}

/// How an account is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address, key, attempts, limit and patience.
    pub access: Access,
    /// How Aura's speech travels.
    pub speaking: Transport,
    /// How Flux's speech travels. Of its HTTP way little more is known than that there is one.
    pub flux_speaking: Transport,
    /// How utterances travel.
    pub listening: Transport,
    /// Silence in milliseconds after which the live recogniser thinks that the speaker has finished; the service's
    /// own 10 ms cut sentences into pieces. `None` switches it off: others decide that.
    pub endpointing: Option<u32>,
    /// Milliseconds without a word that end an utterance whatever the background sounds like; the service takes no
    /// less than a second.
    pub utterance_end: u32,
    /// At each pause that is heard here, Nova is asked to commit what it has heard (`Finalize`).
    pub finalize: bool,
    /// When Flux thinks that a turn has ended. Its models are `flux-general-en` and `flux-general-multi`.
    pub flux: Flux,
    /// How lively Flux's voices speak, from -2 to 2; `None` is the voice's own way.
    pub expressivity: Option<f32>,
    /// What else it is asked for: `numerals`, `redact`, `profanity_filter`, …, with their values as they stand in an
    /// address. A name may come more than once. Voices take `mip_opt_out` and `tag`.
    pub features: Vec<(String, String)>,
    /// The key is a token that was granted ([`Deepgram::grant`](super::Deepgram::grant)).
    pub granted: bool,
}

impl Settings {
    /// The usual, with this access.
    pub fn new(access: Access) -> Self {
        Self {
            access,
            // A voice without times is given each phrase in a session of its own: over HTTP they share a connection.
            speaking: Transport::Http,
            flux_speaking: Transport::default(),
            listening: Transport::default(),
            endpointing: Some(300),
            utterance_end: 1_000,
            finalize: false,
            flux: Flux::default(),
            expressivity: None,
            features: Vec::new(),
            granted: false,
        }
    }

    /// Of the features, those with these names.
    pub(super) fn featured<'a>(&'a self, known: &[&str]) -> impl Iterator<Item = (&'a str, String)> {
        let features = self.features.iter();
        let known = features.filter(move |(name, _)| known.contains(&name.as_str()));
        known.map(|(name, value)| (name.as_str(), value.clone()))
    }

    /// Whether a feature is asked for or ruled out.
    pub(super) fn says(&self, feature: &str) -> bool {
        self.features.iter().any(|(name, _)| name == feature)
    }

    /// Whether a feature is asked for.
    pub(super) fn wants(&self, feature: &str) -> bool {
        self.featured(&[feature]).any(|(_, value)| value == "true")
    }

    /// Words that are likely: those of a vocabulary, and those of the feature that takes them.
    pub(super) fn terms(&self, feature: &str, options: &ListenOptions) -> Vec<String> {
        let terms = options.vocabulary.iter().map(|term| term.trim().to_owned());
        let more = [feature];
        let more = self.featured(&more).map(|(_, term)| term);
        let terms = terms.chain(more).filter(|term| !term.is_empty());
        terms.take(KEYTERMS).collect()
    }
}

/// What Nova can be asked for besides, however the utterance travels.
const FEATURES: &[&str] = &[
    "detect_entities",
    "diarize",
    "diarize_model",
    "dictation",
    "extra",
    "filler_words",
    "mip_opt_out",
    "numerals",
    "profanity_filter",
    "punctuate",
    "redact",
    "replace",
    "search",
    "smart_format",
    "tag",
    "version",
];

/// The recogniser's model.
pub(super) fn model(options: &ListenOptions) -> &str {
    let own = ENTRY.recogniser.map_or("", |ability| ability.model);
    options.model.as_deref().unwrap_or(own)
}

/// Whether it is of the newest generation, which knows several languages at once and takes terms.
pub(super) fn is_newest(model: &str) -> bool {
    model.starts_with("nova-3")
}

/// What is asked of Nova however the utterance travels.
pub(super) fn asked<'a>(settings: &'a Settings, options: &ListenOptions) -> Vec<(&'a str, String)> {
    let model = model(options);
    let mut query = vec![
        ("model", model.to_owned()),
        ("encoding", "linear16".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
        ("channels", "1".to_owned()),
    ];
    if !settings.says("smart_format") {
        query.push(("smart_format", "true".to_owned()));
    }
    match &options.language {
        Some(language) => query.push(("language", language.clone())),
        // It does not find out by itself, but the newest knows several at once.
        None if is_newest(model) => {
            query.push(("language", "multi".to_owned()));
            query.extend(settings.featured(&["language_hint"]));
        }
        None => {}
    }
    // Each generation refuses the other's.
    let name = if is_newest(model) { "keyterm" } else { "keywords" };
    query.extend(settings.terms(name, options).into_iter().map(|term| (name, term)));
    query.extend(settings.featured(FEATURES));
    query
}
