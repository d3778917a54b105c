//! ElevenLabs, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod account;
mod commits;
#[path = "../common/mod.rs"]
mod common;
mod failing;
mod formats;
mod hearing;
mod joining;
mod reading;
mod scribe;
mod sharing;
mod speaking;

use std::time::Duration;

use common::{Spoken, access, network, same_sound, speak, worst};

use libretto_providers::elevenlabs::{ElevenLabs, Settings, Transport};
use libretto_testkit::fakes::elevenlabs::{self, KEY};
use libretto_testkit::fakes::speech;
use libretto_voice::{Audio, SampleRate, SpeakOptions, TextToSpeech};

pub(crate) fn settings(fake: &elevenlabs::ElevenLabs, key: &str) -> Settings {
    Settings::new(access(fake.url(), key))
}

pub(crate) fn account(fake: &elevenlabs::ElevenLabs, transport: Transport) -> ElevenLabs {
    let settings = Settings {
        transport,
        ..settings(fake, KEY)
    };
    ElevenLabs::new(network(), settings).unwrap()
}

pub(crate) const MORE: &str = "Then we sit, and drink it slowly. ";

/// Two phrases, as the fake speaks them.
pub(crate) fn phrases() -> [String; 2] {
    [format!("{} ", speech::SENTENCE), MORE.to_owned()]
}

pub(crate) async fn say(voice: &dyn TextToSpeech, phrases: &[String]) -> Spoken {
    let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
    let spoken = speak(voice.speak(SpeakOptions::default()), &phrases).await;
    assert!(spoken.finished && spoken.error.is_none(), "{:?}", spoken.error);
    spoken
}

/// The sentence and some silence.
pub(crate) fn utterance(rate: SampleRate) -> Audio {
    let mut audio = speech::sentence().clone().at(rate).audio;
    audio
        .samples
        .extend(Audio::silence(rate, Duration::from_millis(700)).samples);
    audio
}

/// Each way of fetching speech.
pub(crate) const EACH: [Transport; 4] = [
    Transport::Socket,
    Transport::Shared,
    Transport::HttpTimed,
    Transport::Http,
];

pub(crate) fn on_socket(transport: Transport) -> bool {
    matches!(transport, Transport::Socket | Transport::Shared)
}
