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

use common::{Spoken, access, network, speak};

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

/// How far the words' starts are from the truth, in seconds; every word must be there.
pub(crate) fn worst(spoken: &Spoken, phrases: &[String]) -> f64 {
    let text = phrases.concat();
    let words = spoken.words(&text);
    let (mut truth, mut from) = (Vec::new(), 0.0);
    for phrase in phrases {
        let said = speech::speak(phrase);
        let word = |(bytes, seconds): &(std::ops::Range<usize>, std::ops::Range<f64>)| {
            (phrase[bytes.clone()].to_owned(), from + seconds.start)
        };
        truth.extend(said.words.iter().map(word));
        from += said.audio.duration().as_secs_f64();
    }
    let got: Vec<&str> = words.iter().map(|word| word.0.as_str()).collect();
    let wanted: Vec<&str> = truth.iter().map(|word| word.0.as_str()).collect();
    assert_eq!(got, wanted);
    let off = words
        .iter()
        .zip(&truth)
        .map(|(got, truth)| (got.1 - truth.1).abs());
    off.fold(0.0, f64::max)
}

pub(crate) fn same_sound(spoken: &Spoken, phrases: &[String]) {
    let expected: Vec<f32> = phrases
        .iter()
        .flat_map(|phrase| speech::speak(phrase).audio.samples)
        .collect();
    assert_eq!(spoken.samples().len(), expected.len());
    assert!(
        spoken
            .samples()
            .iter()
            .zip(&expected)
            .all(|(a, b)| (a - b).abs() < 1e-4)
    );
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
