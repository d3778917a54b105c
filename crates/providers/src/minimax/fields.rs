//! What a call or a task says of the voice and its sound: the same fields in all three ways, with few exceptions.

use std::sync::Arc;

use libretto_voice::{SampleRate, SpeakOptions};
use serde_json::{Map, Value, json};

use super::{ENTRY, Format, Inner, Modify, Settings, Subtitles, Transport, VOICE, Voice, language};
use crate::number::hundredths;
use crate::sound::{Encoding, Law};

/// Rate in Hz and bits per second of MP3.
const MP3: (u32, u32) = (44_100, 128_000);
/// What bits per second of MP3 may be.
const BITRATES: [u32; 4] = [32_000, 64_000, 128_000, 256_000];
/// Most voices in a mix.
const TIMBRES: usize = 4;

impl Voice {
    pub(super) fn new(account: Arc<Inner>, options: &SpeakOptions) -> Self {
        let settings = &account.settings;
        let own = ENTRY.voice.map_or("", |ability| ability.model);
        let model = options.model.as_deref().unwrap_or(own);
        let by_socket = settings.transport != Transport::Http;
        let tag = options.language.as_deref();
        let language = tag.and_then(|tag| language::name(tag, model));
        let language = language.or(settings.language.as_deref().filter(|_| tag.is_none()));
        let (sound, encoding, rate) = sound(settings);
        let mut fields = Map::new();
        let mut say = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        say("model", Some(model.into()));
        say("voice_setting", Some(manner(settings, options, language)));
        say("audio_setting", Some(sound));
        say("language_boost", language.map(Value::from));
        say("timbre_weights", timbres(settings));
        say("voice_modify", modify(&settings.modify));
        let tone = (!settings.pronunciations.is_empty()).then(|| json!({"tone": settings.pronunciations}));
        say("pronunciation_dict", tone);
        let continuous = settings.continuous && by_socket && model.starts_with("speech-2.8");
        say("continuous_sound", continuous.then_some(Value::Bool(true)));
        let subtitles = match settings.subtitles {
            Subtitles::Streamed => Some("word_streaming"),
            Subtitles::Words => Some("word"),
            Subtitles::Sentences => Some("sentence"),
            Subtitles::Off => None,
        };
        say("subtitle_enable", Some(subtitles.is_some().into()));
        say("subtitle_type", subtitles.map(Value::from));
        Self {
            account,
            fields,
            encoding,
            rate,
        }
    }
}

/// `voice_setting`.
fn manner(settings: &Settings, options: &SpeakOptions, language: Option<&str>) -> Value {
    // Where voices are mixed, it must be there and empty.
    let voice = options.voice.as_deref().unwrap_or(VOICE);
    let voice = if settings.timbres.is_empty() { voice } else { "" };
    let mut manner = json!({
        "voice_id": voice, "speed": hundredths(options.speed.clamp(0.5, 2.0)),
        "vol": hundredths(settings.volume.unwrap_or(1.0).clamp(0.01, 10.0)), "pitch": settings.pitch.clamp(-12, 12),
    });
    if let Some(emotion) = &settings.emotion {
        manner["emotion"] = emotion.as_str().into();
    }
    if settings.normalises {
        // The two spell it in their own way.
        let name = match settings.transport {
            Transport::Http => "text_normalization",
            Transport::Socket | Transport::BothWays => "english_normalization",
        };
        manner[name] = true.into();
    }
    if settings.reads_formulas && language.is_none_or(|name| matches!(name, "Chinese" | "auto")) {
        manner["latex_read"] = true.into();
    }
    manner
}

/// `audio_setting`, and what comes of it.
fn sound(settings: &Settings) -> (Value, Encoding, SampleRate) {
    let rates = ENTRY.voice.map_or(&[][..], |ability| ability.rates);
    let wanted = settings.rate.filter(|rate| rates.contains(rate));
    let hertz = |rate: u32| SampleRate::new(rate).unwrap_or(SampleRate::VOICE);
    // Streams have a changed voice as MP3 only.
    let format = if settings.modify == Modify::default() {
        settings.format
    } else {
        Format::Mp3
    };
    match format {
        Format::Mp3 => {
            let rate = wanted.unwrap_or(MP3.0);
            let bitrate = settings
                .bitrate
                .filter(|bits| BITRATES.contains(bits))
                .unwrap_or(MP3.1);
            let sound = json!({"sample_rate": rate, "bitrate": bitrate, "format": "mp3", "channel": 1});
            (sound, Encoding::Mp3, hertz(rate))
        }
        Format::Opus => {
            let rate = wanted.unwrap_or(SampleRate::VOICE.hertz());
            // Whatever it was made from, it is played at 48 kHz.
            let sound = json!({"sample_rate": rate, "format": "opus", "channel": 1});
            (sound, Encoding::Opus, hertz(48_000))
        }
        Format::Pcmu => {
            let rate = hertz(8_000);
            let sound = json!({"sample_rate": rate.hertz(), "format": "pcmu_raw", "channel": 1});
            (sound, Encoding::G711(Law::Mu, rate), rate)
        }
        Format::Pcm => {
            let rate = wanted.map_or(SampleRate::VOICE, hertz);
            let sound = json!({"sample_rate": rate.hertz(), "format": "pcm", "channel": 1});
            (sound, Encoding::Pcm16(rate), rate)
        }
    }
}

/// `timbre_weights`.
fn timbres(settings: &Settings) -> Option<Value> {
    let mixed = settings.timbres.iter().take(TIMBRES);
    let mixed = mixed.map(|(voice, weight)| json!({"voice_id": voice, "weight": (*weight).clamp(1, 100)}));
    let mixed: Vec<Value> = mixed.collect();
    (!mixed.is_empty()).then_some(mixed.into())
}

/// `voice_modify`.
fn modify(modify: &Modify) -> Option<Value> {
    let mut fields = Map::new();
    for (name, value) in [
        ("pitch", modify.pitch),
        ("intensity", modify.intensity),
        ("timbre", modify.timbre),
    ] {
        if value != 0 {
            fields.insert(name.into(), value.clamp(-100, 100).into());
        }
    }
    if let Some(effect) = &modify.effect {
        fields.insert("sound_effects".into(), effect.as_str().into());
    }
    (!fields.is_empty()).then_some(fields.into())
}
