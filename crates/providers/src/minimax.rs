//! MiniMax: speech over HTTP, a socket, or a socket that cuts sentences itself, with the times of its words; language
//! models that speak OpenAI's protocol.

mod account;
mod chat;
mod dialect;
mod http;
mod language;
mod provider;
mod stream;
mod times;
mod wire;

use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use libretto_voice::{LanguageModel, SampleRate, SpeakOptions, TextToSpeech};
use serde_json::{Map, Value, json};

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::failure::Failure;
use crate::key::Key;
use crate::limit::Limit;
use crate::network::{Deadlines, Network};
use crate::openai;
use crate::retry::Retry;
use crate::service::{Access, Service};
use crate::sound::Encoding;
pub(crate) use provider::open;

/// The voice that its documentation begins with.
const VOICE: &str = "English_expressive_narrator";
/// Most characters in one call. It takes ten thousand; this much is a minute of speech, whose sound fits into one
/// message where the service sends it whole.
const LONGEST: usize = 1_000;

/// What it can do.
pub static ENTRY: Entry = Entry {
    name: "minimax",
    title: "MiniMax",
    base: Region::Global.base(),
    needs_key: true,
    recogniser: None,
    model: Some(Ability {
        model: "MiniMax-M2.7",
        streaming: true,
        timings: Timings::None,
        cancel: Cancel::Close,
        languages: Languages::Many,
        rates: &[],
    }),
    voice: Some(Ability {
        model: "speech-2.8-turbo",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Close,
        languages: Languages::These(&language::TAGS),
        rates: &[8_000, 16_000, 22_050, 24_000, 32_000, 44_100],
    }),
};

/// Where an account lives. A key of one region is refused in the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// Everywhere but mainland China.
    #[default]
    Global,
    /// The same accounts, on servers that give their first sound sooner.
    GlobalFast,
    /// Mainland China.
    China,
}

impl Region {
    /// Its address.
    pub const fn base(self) -> &'static str {
        match self {
            Self::Global => "https://api.minimax.io",
            Self::GlobalFast => "https://api-uw.minimax.io",
            Self::China => "https://api.minimaxi.com",
        }
    }
}

/// How speech is fetched. All of them tell times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// One socket for a reply; each phrase is spoken for itself.
    #[default]
    Socket,
    /// One socket for a reply, on which the service cuts the sentences; it can be told to stop.
    BothWays,
    /// One HTTP call for each phrase.
    Http,
}

/// How an account is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the account lives.
    pub region: Region,
    /// Another address than the region's.
    pub base: Option<String>,
    /// The key.
    pub key: Option<Key>,
    /// `GroupId`, which old accounts need.
    pub group: Option<String>,
    /// How speech is fetched.
    pub transport: Transport,
    /// Compressed sound: for accounts or networks that samples are too much for.
    pub mp3: bool,
    /// A feeling by the service's name for it: `calm`, `happy`, ….
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
            region: Region::default(),
            base: None,
            key,
            group: None,
            transport: Transport::default(),
            mp3: false,
            emotion: None,
            retry: Retry::default(),
            limit: Limit::default(),
            deadlines: Deadlines::default(),
        }
    }
}

/// An account at MiniMax.
#[derive(Clone, Debug)]
pub struct MiniMax(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    network: Network,
    chat: openai::OpenAi,
    group: Option<String>,
    transport: Transport,
    mp3: bool,
    emotion: Option<String>,
}

impl MiniMax {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let base = settings.base.as_deref().unwrap_or(settings.region.base());
        let base = base.trim().trim_end_matches('/').trim_end_matches("/v1");
        let chat = openai::Settings {
            base: Some(format!("{base}/v1")),
            retry: settings.retry,
            limit: settings.limit.clone(),
            deadlines: settings.deadlines,
            ..openai::Settings::new(&chat::PRESET, settings.key.clone())
        };
        let access = Access {
            base: Some(base.to_owned()),
            key: settings.key,
            retry: settings.retry,
            limit: settings.limit,
            deadlines: settings.deadlines,
        };
        Ok(Self(Arc::new(Inner {
            service: Service::new(&ENTRY, access, &dialect::DIALECT, network.clone())?,
            chat: openai::OpenAi::new(network.clone(), chat)?,
            network,
            group: settings.group,
            transport: settings.transport,
            mp3: settings.mp3,
            emotion: settings.emotion,
        })))
    }

    /// Its voices.
    pub fn voice(&self) -> Arc<dyn TextToSpeech> {
        Arc::new(self.clone())
    }

    /// Its language models.
    pub fn language_model(&self) -> Arc<dyn LanguageModel> {
        self.0.chat.language_model()
    }
}

impl TextToSpeech for MiniMax {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.transport {
            Transport::Socket | Transport::BothWays => self.0.service.open_socket(),
            Transport::Http => self.0.service.open(),
        }
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let voice = Voice::new(Arc::clone(&self.0), &options);
        match self.0.transport {
            Transport::Socket => stream::session(voice, stream::Flow::Phrases),
            Transport::BothWays => stream::session(voice, stream::Flow::Sentences),
            Transport::Http => http::session(voice),
        }
    }
}

/// A voice and how it is to speak.
struct Voice {
    account: Arc<Inner>,
    /// Model, voice, format, language and manner; the text is missing.
    fields: Map<String, Value>,
    encoding: Encoding,
    rate: SampleRate,
}

/// Rate in Hz and bits per second of compressed sound.
const MP3: (u32, u32) = (44_100, 128_000);

impl Voice {
    fn new(account: Arc<Inner>, options: &SpeakOptions) -> Self {
        let own = ENTRY.voice.map_or("", |ability| ability.model);
        let model = options.model.as_deref().unwrap_or(own);
        let speed = f64::from(options.speed.clamp(0.5, 2.0));
        let mut manner = json!({
            "voice_id": options.voice.as_deref().unwrap_or(VOICE),
            "speed": (speed * 100.0).round() / 100.0, "vol": 1.0, "pitch": 0,
        });
        if let Some(emotion) = &account.emotion {
            manner["emotion"] = emotion.as_str().into();
        }
        let mp3_rate = SampleRate::new(MP3.0).filter(|_| account.mp3);
        let rate = mp3_rate.unwrap_or(SampleRate::VOICE);
        let sound = match mp3_rate {
            Some(_) => json!({"sample_rate": MP3.0, "bitrate": MP3.1, "format": "mp3", "channel": 1}),
            None => json!({"sample_rate": rate.hertz(), "format": "pcm", "channel": 1}),
        };
        let mut fields = Map::new();
        fields.insert("model".into(), model.into());
        fields.insert("voice_setting".into(), manner);
        fields.insert("audio_setting".into(), sound);
        if let Some(name) = options
            .language
            .as_deref()
            .and_then(|tag| language::name(tag, model))
        {
            fields.insert("language_boost".into(), name.into());
        }
        fields.insert("subtitle_enable".into(), true.into());
        fields.insert("subtitle_type".into(), "word_streaming".into());
        Self {
            encoding: mp3_rate.map_or(Encoding::Pcm16(rate), |_| Encoding::Mp3),
            account,
            fields,
            rate,
        }
    }

    fn service(&self) -> &Service {
        &self.account.service
    }
}

impl Inner {
    /// What every address ends with.
    fn query(&self) -> Option<(&'static str, String)> {
        self.group.as_ref().map(|group| ("GroupId", group.clone()))
    }
}
