//! Deepgram: Nova listens while it is spoken to or to whole utterances, Flux knows when a turn ends, Aura speaks over a
//! socket or HTTP.

mod account;
mod dialect;
mod flux;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod grant;
mod http;
mod live;
mod provider;
mod recorded;
mod results;
mod stream;
mod turns;

use std::sync::Arc;

use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{ListenOptions, SampleRate, SpeakOptions, SpeechToText, TextToSpeech};

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::failure::Failure;
use crate::network::Network;
use crate::service::{Access, Service};
use crate::streamed;
pub use flux::Flux;
pub use grant::Grant;
pub(crate) use provider::open;

/// What it can do.
pub static ENTRY: Entry = Entry {
    name: "deepgram",
    title: "Deepgram",
    base: "https://api.deepgram.com",
    needs_key: true,
    recogniser: Some(Ability {
        model: "nova-3",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Close,
        languages: Languages::Many,
        rates: &[8_000, 16_000, 24_000, 44_100, 48_000],
    }),
    model: None,
    voice: Some(Ability {
        model: "aura-2-thalia-en",
        streaming: true,
        timings: Timings::None,
        cancel: Cancel::Message,
        languages: Languages::These(&["de", "en", "es", "fr", "it", "ja", "nl"]),
        rates: &[8_000, 16_000, 24_000, 32_000, 48_000],
    }),
};

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
    /// How speech travels.
    pub speaking: Transport,
    /// How utterances travel.
    pub listening: Transport,
    /// Silence in milliseconds after which the live recogniser thinks that the speaker has finished; the service's
    /// own 10 ms cut sentences into pieces.
    pub endpointing: u32,
    /// When Flux thinks that a turn has ended. Its models are `flux-general-en` and `flux-general-multi`.
    pub flux: Flux,
    /// What else the recognisers are asked for: `numerals`, `redact`, `profanity_filter`, …, with their values as they
    /// stand in an address. A name may come more than once.
    pub features: Vec<(String, String)>,
    /// The key is a token that was granted ([`Deepgram::grant`]).
    pub granted: bool,
}

impl Settings {
    /// The usual, with this access.
    pub fn new(access: Access) -> Self {
        Self {
            access,
            // A voice without times is given each phrase in a session of its own: over HTTP they share a connection.
            speaking: Transport::Http,
            listening: Transport::default(),
            endpointing: 300,
            flux: Flux::default(),
            features: Vec::new(),
            granted: false,
        }
    }
}

/// An account at Deepgram.
#[derive(Clone, Debug)]
pub struct Deepgram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    settings: Settings,
}

impl Deepgram {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let dialect = if settings.granted {
            &dialect::GRANTED
        } else {
            &dialect::DIALECT
        };
        let service = Service::new(&ENTRY, settings.access.clone(), dialect, network)?;
        Ok(Self(Arc::new(Inner { service, settings })))
    }

    /// Its voices.
    pub fn voice(&self) -> Arc<dyn TextToSpeech> {
        Arc::new(self.clone())
    }

    /// Its recognisers.
    pub fn recogniser(&self) -> Arc<dyn SpeechToText> {
        Arc::new(self.clone())
    }
}

impl TextToSpeech for Deepgram {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.settings.speaking {
            Transport::Socket => self.0.service.open_socket(),
            Transport::Http => self.0.service.open(),
        }
    }

    fn timed(&self) -> bool {
        false
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let voice = Voice {
            service: self.0.service.clone(),
            // Here a voice is a model.
            model: options
                .voice
                .or(options.model)
                .unwrap_or_else(|| ENTRY.voice.map_or("", |ability| ability.model).to_owned()),
            speed: options.speed,
        };
        match self.0.settings.speaking {
            // Its voices know no other way.
            _ if stream::is_flux(&voice.model) => streamed::session(Arc::new(stream::Mouth::flux(voice))),
            Transport::Socket => streamed::session(Arc::new(stream::Mouth::aura(voice))),
            Transport::Http => http::session(voice),
        }
    }
}

impl SpeechToText for Deepgram {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.settings.listening {
            Transport::Socket => self.0.service.open_socket(),
            Transport::Http => self.0.service.open(),
        }
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let model = options.model.clone().filter(|model| flux::knows(model));
        match (self.0.settings.listening, model) {
            // Its models know no other way.
            (_, Some(model)) => flux::session(&self.0, &model, &options),
            (Transport::Socket, None) => live::session(&self.0, &options),
            (Transport::Http, None) => recorded::session(&self.0, &options),
        }
    }
}

/// A voice and how it is to speak.
struct Voice {
    service: Service,
    model: String,
    speed: f32,
}

/// All of its sound has this rate.
const RATE: SampleRate = SampleRate::VOICE;

impl Voice {
    /// What both ways of speaking ask for.
    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("model", self.model.clone()),
            ("encoding", "linear16".to_owned()),
            ("sample_rate", RATE.hertz().to_string()),
            // Otherwise the sound begins with a header, which clicks.
            ("container", "none".to_owned()),
        ];
        if (self.speed - 1.0).abs() > 0.005 {
            query.push(("speed", format!("{:.2}", self.speed.clamp(0.7, 1.5))));
        }
        query
    }
}

/// What Nova can be asked for besides.
const FEATURES: &[&str] = &[
    "detect_entities",
    "diarize",
    "diarize_model",
    "dictation",
    "extra",
    "filler_words",
    "measurements",
    "mip_opt_out",
    "no_delay",
    "numerals",
    "profanity_filter",
    "redact",
    "replace",
    "search",
    "tag",
    "version",
];

impl Settings {
    /// Of the features, those with these names.
    fn featured<'a>(&'a self, known: &[&str]) -> impl Iterator<Item = (&'a str, String)> {
        let features = self.features.iter();
        let known = features.filter(move |(name, _)| known.contains(&name.as_str()));
        known.map(|(name, value)| (name.as_str(), value.clone()))
    }
}

/// The recogniser's model, and what is asked of it however the utterance travels.
fn asked<'a>(settings: &'a Settings, options: &ListenOptions) -> Vec<(&'a str, String)> {
    let own = ENTRY.recogniser.map_or("", |ability| ability.model);
    let model = options.model.as_deref().unwrap_or(own);
    let mut query = vec![
        ("model", model.to_owned()),
        ("smart_format", "true".to_owned()),
        ("encoding", "linear16".to_owned()),
        ("sample_rate", options.rate.hertz().to_string()),
        ("channels", "1".to_owned()),
    ];
    match &options.language {
        Some(language) => query.push(("language", language.clone())),
        // It does not find out by itself, but the newest knows several at once.
        None if model.starts_with("nova-3") => query.push(("language", "multi".to_owned())),
        None => {}
    }
    let name = if model.starts_with("nova-3") {
        "keyterm"
    } else {
        "keywords"
    };
    // 500 tokens, about a hundred terms.
    let terms = options
        .vocabulary
        .iter()
        .filter(|term| !term.trim().is_empty())
        .take(100);
    query.extend(terms.map(|term| (name, term.trim().to_owned())));
    query.extend(settings.featured(FEATURES));
    query
}
