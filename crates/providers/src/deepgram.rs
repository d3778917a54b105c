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
mod settings;
mod stream;
mod tuning;
mod turns;

use std::sync::Arc;

use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{ListenOptions, SampleRate, SpeakOptions, SpeechToText, TextToSpeech};
use reqwest::Url;
use tokio::sync::watch;

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::failure::Failure;
use crate::network::Network;
use crate::service::Service;
use crate::streamed;
pub use flux::Flux;
pub use grant::Grant;
pub(crate) use provider::open;
pub use settings::{Settings, Transport};

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

/// An account at Deepgram.
#[derive(Clone, Debug)]
pub struct Deepgram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    settings: watch::Sender<Settings>,
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
        let settings = watch::Sender::new(settings);
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
        match self.0.settings.borrow().speaking {
            Transport::Socket => self.0.service.open_socket(),
            Transport::Http => self.0.service.open(),
        }
    }

    fn timed(&self) -> bool {
        false
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let settings = self.0.settings.borrow();
        let mut voice = Voice {
            service: self.0.service.clone(),
            // Here a voice is a model.
            model: options
                .voice
                .or(options.model)
                .unwrap_or_else(|| ENTRY.voice.map_or("", |ability| ability.model).to_owned()),
            speed: options.speed,
            expressivity: settings.expressivity,
            features: Vec::new(),
        };
        let (transport, known): (_, &[&str]) = match (voice.is_flux(), settings.speaking) {
            (true, _) => (settings.flux_speaking, FEATURES),
            (false, Transport::Http) => (Transport::Http, FEATURES),
            (false, Transport::Socket) => (Transport::Socket, AURA_FEATURES),
        };
        let features = settings.featured(known);
        voice.features = features.map(|(name, value)| (name.to_owned(), value)).collect();
        match transport {
            Transport::Socket => streamed::session(Arc::new(stream::Mouth::new(voice))),
            Transport::Http => http::session(voice),
        }
    }
}

impl SpeechToText for Deepgram {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.settings.borrow().listening {
            Transport::Socket => self.0.service.open_socket(),
            Transport::Http => self.0.service.open(),
        }
    }

    fn wants_pauses(&self) -> bool {
        let settings = self.0.settings.borrow();
        settings.finalize && settings.listening == Transport::Socket
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let model = options.model.clone().filter(|model| flux::knows(model));
        let listening = self.0.settings.borrow().listening;
        match (listening, model) {
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
    expressivity: Option<f32>,
    /// What else it is asked for.
    features: Vec<(String, String)>,
}

/// What voices can be asked for besides; Aura's socket knows no tags.
const FEATURES: &[&str] = &["mip_opt_out", "tag"];
const AURA_FEATURES: &[&str] = &["mip_opt_out"];

/// All of its sound has this rate.
const RATE: SampleRate = SampleRate::VOICE;

impl Voice {
    /// Whether it is one of Flux's, which have an address of their own.
    fn is_flux(&self) -> bool {
        self.model.starts_with("flux-")
    }

    /// Where it is, and what both ways of speaking ask of it.
    fn url(&self) -> Url {
        let mut query = vec![
            ("model", self.model.clone()),
            ("encoding", "linear16".to_owned()),
            ("sample_rate", RATE.hertz().to_string()),
        ];
        let (version, slowest, step) = if self.is_flux() {
            let liveliness = self.expressivity.map(|most| most.clamp(-2.0, 2.0).to_string());
            query.extend(liveliness.map(|most| ("expressivity", most)));
            ("v2", 0.5, 20.0)
        } else {
            // Otherwise the sound begins with a header, which clicks.
            query.push(("container", "none".to_owned()));
            ("v1", 0.7, 100.0)
        };
        let speed = (self.speed.clamp(slowest, 1.5) * step).round() / step;
        if (speed - 1.0).abs() > 0.005 {
            query.push(("speed", format!("{speed:.2}")));
        }
        let features = self.features.iter();
        query.extend(features.map(|(name, value)| (name.as_str(), value.clone())));
        self.service.url(&[version, "speak"], query)
    }
}
