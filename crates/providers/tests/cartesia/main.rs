//! Cartesia, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

#[path = "../common/mod.rs"]
mod common;
mod ink;
mod settings;
mod turns;
mod voices;

use std::time::{Duration, Instant};

use common::{access, failing_at, fails, hear, network};
use libretto_providers::cartesia::{Cartesia, Settings, Transport};
use libretto_providers::{Access, Fault as Failed, Key};
use libretto_testkit::fakes::cartesia::{self, KEY};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{Audio, Kind, ListenEvent, ListenOptions, SampleRate};
use serde_json::json;

fn settings(fake: &cartesia::Cartesia, transport: Transport) -> Settings {
    Settings {
        transport,
        ..Settings::new(access(fake.url(), KEY))
    }
}

fn account(fake: &cartesia::Cartesia, transport: Transport) -> Cartesia {
    Cartesia::new(network(), settings(fake, transport)).unwrap()
}

const MORE: &str = "Then we sit, and drink it slowly. ";

fn phrases() -> [String; 2] {
    [format!("{} ", speech::SENTENCE), MORE.to_owned()]
}

#[tokio::test]
async fn the_key_goes_nowhere_without_encryption() {
    let settings = |base: &str| Settings::new(access(base.to_owned(), KEY));
    for (base, refused) in [
        ("http://api.cartesia.ai", true),
        ("https://api.cartesia.ai", false),
        ("http://cartesia.ai.test", false),
    ] {
        let opened = Cartesia::new(network(), settings(base));
        assert_eq!(
            opened.is_err_and(|failure| failure.to_string().contains("https")),
            refused,
            "{base}"
        );
    }
}

#[tokio::test]
async fn keys_and_voices() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let good = account(&fake, Transport::Socket);
    good.check().await.unwrap();
    let voices = good.voices(None).await.unwrap();
    assert_eq!((voices.len(), voices[129].id.as_str()), (130, "voice-129"));
    assert_eq!(voices[0].languages, ["en-US"]);
    let one = good.named("voice-7").await.unwrap();
    assert_eq!(
        (one.voice.name.as_str(), one.accents),
        ("Voice 7", vec!["scottish".into(), "welsh".into()])
    );
    assert_eq!(good.named("nobody").await.unwrap_err().fault(), &Failed::Unknown);
    let wrong = Settings {
        access: Access {
            key: Some(Key::new("sk_car_planted")),
            ..access(fake.url(), KEY)
        },
        ..settings(&fake, Transport::Socket)
    };
    let failure = Cartesia::new(network(), wrong)
        .unwrap()
        .check()
        .await
        .unwrap_err();
    assert_eq!(failure.fault(), &Failed::WrongKey);
    assert!(!format!("{failure} {failure:?}").contains("planted"));
}
