//! Cartesia: Sonic speaks over a socket with the time of every word, or over HTTP; Ink listens while it is spoken to.

mod account;
mod bytes;
mod dialect;
mod live;
mod provider;
mod stream;

use std::sync::Arc;

use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{ListenOptions, SampleRate, SpeakOptions, SpeechToText, TextToSpeech};
use serde_json::{Map, Value, json};

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::failure::{Failure, Who};
use crate::key::Key;
use crate::limit::Limit;
use crate::network::{Deadlines, Network};
use crate::retry::Retry;
use crate::service::Service;
pub(crate) use provider::open;

/// The date of the interface that is spoken here.
const VERSION: &str = "2026-08-14";
/// The voice that its users' programs begin with.
const VOICE: &str = "f786b574-daa5-4673-aa0c-cbe3e8534c02";
/// All of its sound has this rate.
const RATE: SampleRate = SampleRate::VOICE;
/// What it speaks.
const LANGUAGES: &[&str] = &[
    "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "fi", "fr", "gu", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ka", "kn", "ko", "ml", "mr", "ms", "nl", "no", "or", "pa", "pl", "pt", "ro", "ru", "sk",
    "sv", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "zh",
];

/// What it can do.
pub static ENTRY: Entry = Entry {
    name: "cartesia",
    title: "Cartesia",
    base: "https://api.cartesia.ai",
    needs_key: true,
    recogniser: Some(Ability {
        model: "ink-2",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Close,
        languages: Languages::These(&["en"]),
        rates: &[8_000, 16_000, 24_000, 44_100, 48_000],
    }),
    model: None,
    voice: Some(Ability {
        model: "sonic-3.5",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Message,
        languages: Languages::These(LANGUAGES),
        rates: &[8_000, 16_000, 22_050, 24_000, 44_100, 48_000],
    }),
};

/// How speech is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The socket, with times.
    #[default]
    Socket,
    /// One HTTP call for each phrase; times are estimated.
    Bytes,
}

/// How an account is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Another address.
    pub base: Option<String>,
    /// The key.
    pub key: Option<Key>,
    /// How speech is fetched.
    pub transport: Transport,
    /// A feeling by the service's name for it: `calm`, `content`, ….
    pub emotion: Option<String>,
    /// How failed calls are repeated.
    pub retry: Retry,
    /// How many replies are spoken at once.
    pub limit: Limit,
    /// How long calls may take.
    pub deadlines: Deadlines,
}

impl Settings {
    /// The usual, with this key.
    pub fn new(key: Option<Key>) -> Self {
        Self {
            base: None,
            key,
            transport: Transport::default(),
            emotion: None,
            retry: Retry::default(),
            limit: Limit::default(),
            deadlines: Deadlines::default(),
        }
    }
}

/// An account at Cartesia.
#[derive(Clone, Debug)]
pub struct Cartesia(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    transport: Transport,
    emotion: Option<String>,
}

impl Cartesia {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let who = Who::new(ENTRY.name, ENTRY.title);
        let base = settings.base.as_deref().unwrap_or(ENTRY.base);
        let mut service = Service::new(who, base, settings.key, &dialect::DIALECT, network)?;
        service.retry = settings.retry;
        service.limit = settings.limit;
        service.deadlines = settings.deadlines;
        Ok(Self(Arc::new(Inner {
            service,
            transport: settings.transport,
            emotion: settings.emotion,
        })))
    }

    /// Its voices.
    pub fn voice(&self) -> Arc<dyn TextToSpeech> {
        Arc::new(self.clone())
    }

    /// Its recogniser.
    pub fn recogniser(&self) -> Arc<dyn SpeechToText> {
        Arc::new(self.clone())
    }
}

impl TextToSpeech for Cartesia {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.transport {
            Transport::Socket => self.0.service.open_socket(),
            Transport::Bytes => self.0.service.open(),
        }
    }

    fn timed(&self) -> bool {
        self.0.transport == Transport::Socket
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let voice = Voice {
            service: self.0.service.clone(),
            fields: self.fields(&options),
        };
        match self.0.transport {
            Transport::Socket => stream::session(voice),
            Transport::Bytes => bytes::session(voice),
        }
    }
}

impl SpeechToText for Cartesia {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        self.0.service.open_socket();
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        live::session(self.0.service.clone(), options)
    }
}

impl Cartesia {
    /// What every request for speech says.
    fn fields(&self, options: &SpeakOptions) -> Map<String, Value> {
        let own = ENTRY.voice.map_or("", |ability| ability.model);
        let mut fields = Map::new();
        fields.insert("model_id".into(), options.model.as_deref().unwrap_or(own).into());
        fields.insert("voice".into(), options.voice.as_deref().unwrap_or(VOICE).into());
        let format = json!({"container": "raw", "encoding": "pcm_s16le", "sample_rate": RATE.hertz()});
        fields.insert("output_format".into(), format);
        let code = options.language.as_deref().and_then(|tag| tag.split('-').next());
        if let Some(code) = code
            .map(str::to_ascii_lowercase)
            .filter(|code| LANGUAGES.contains(&code.as_str()))
        {
            fields.insert("language".into(), code.into());
        }
        let mut manner = Map::new();
        if (options.speed - 1.0).abs() > 0.005 {
            let speed = f64::from(options.speed.clamp(0.6, 1.5));
            manner.insert("speed".into(), ((speed * 100.0).round() / 100.0).into());
        }
        if let Some(emotion) = &self.0.emotion {
            manner.insert("emotion".into(), emotion.as_str().into());
        }
        if !manner.is_empty() {
            fields.insert("generation_config".into(), manner.into());
        }
        fields
    }
}

/// A voice and how it is to speak.
struct Voice {
    service: Service,
    /// Model, voice, format, language and manner; the text is missing.
    fields: Map<String, Value>,
}
