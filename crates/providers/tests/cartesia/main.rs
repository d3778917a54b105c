//! Cartesia, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

#[path = "../common/mod.rs"]
mod common;
mod settings;
mod turns;

use std::time::{Duration, Instant};

use common::{Spoken, access, failing_at, fails, hear, listen_to, network, speak};
use libretto_providers::cartesia::{Cartesia, Settings, Transport};
use libretto_providers::{Access, Fault as Failed, Key};
use libretto_testkit::fakes::cartesia::{self, KEY};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{
    Audio, Kind, ListenEvent, ListenOptions, SampleRate, SpeakEvent, SpeakInput, SpeakOptions,
};
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

/// How far the words' starts are from the truth, in seconds; every word must be there, in its place.
fn worst(spoken: &Spoken, phrases: &[String]) -> f64 {
    let (mut truth, mut from) = (Vec::new(), 0.0);
    for phrase in phrases {
        let said = speech::speak(phrase);
        truth.extend(
            said.words
                .iter()
                .map(|(bytes, time)| (phrase[bytes.clone()].to_owned(), from + time.start)),
        );
        from += said.audio.duration().as_secs_f64();
    }
    let words = spoken.words(&phrases.concat());
    let got: Vec<&str> = words.iter().map(|word| word.0.as_str()).collect();
    assert_eq!(got, truth.iter().map(|word| word.0.as_str()).collect::<Vec<_>>());
    words
        .iter()
        .zip(&truth)
        .map(|(got, truth)| (got.1 - truth.1).abs())
        .fold(0.0, f64::max)
}

fn same_sound(spoken: &Spoken, phrases: &[String]) {
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

#[tokio::test]
async fn words_light_when_they_sound() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let settings = Settings {
        emotion: Some("calm".into()),
        ..settings(&fake, Transport::Socket)
    };
    let voice = Cartesia::new(network(), settings).unwrap().voice();
    assert!(voice.timed());
    for (early, restarts, tags) in [
        (true, false, false),
        (false, false, false),
        (true, true, false),
        (true, false, true),
    ] {
        fake.manners(|m| (m.early, m.restarts, m.tags) = (early, restarts, tags));
        let options = SpeakOptions {
            language: Some("en-GB".into()),
            speed: 2.0,
            ..SpeakOptions::default()
        };
        let [one, two] = phrases();
        let spoken = speak(voice.speak(options), &[&one, &two]).await;
        assert!(spoken.finished, "{:?}", spoken.error);
        same_sound(&spoken, &phrases());
        if early {
            let off = worst(&spoken, &phrases());
            assert!(off < 0.03, "restarts {restarts}, tags {tags}: {off} s");
        }
    }
    let said = fake.script.last().unwrap().body;
    assert_eq!(
        (&said[0]["language"], &said[0]["generation_config"]),
        (&json!("en"), &json!({"speed": 1.5, "emotion": "calm"}))
    );
    assert_eq!(
        (&said[2]["transcript"], &said[2]["continue"]),
        (&json!(""), &json!(false))
    );
}

#[tokio::test]
async fn a_slow_language_model_outlives_a_context() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    fake.manners(|m| m.expiry = Duration::from_millis(100));
    let voice = account(&fake, Transport::Socket).voice();
    let session = voice.speak(SpeakOptions::default());
    let [one, two] = phrases();
    session.send(SpeakInput::Text(one)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    session.send(SpeakInput::Text(two)).await.unwrap();
    session.send(SpeakInput::Finish).await.unwrap();
    let spoken = listen_to(session).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    same_sound(&spoken, &phrases());
    assert!(worst(&spoken, &phrases()) < 0.03);
    let said = fake.script.last().unwrap().body;
    assert_eq!(
        (&said[0]["context_id"], &said[1]["context_id"]),
        (&json!("reply-1"), &json!("reply-2"))
    );
}

#[tokio::test]
async fn a_voice_that_was_closed_for_silence_speaks_on() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    fake.manners(|m| (m.expiry, m.idle) = (Duration::from_millis(100), Duration::from_millis(150)));
    let voice = account(&fake, Transport::Socket).voice();
    let session = voice.speak(SpeakOptions::default());
    for phrase in phrases() {
        session.send(SpeakInput::Text(phrase)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    session.send(SpeakInput::Finish).await.unwrap();
    let spoken = listen_to(session).await;
    assert!(spoken.finished && spoken.error.is_none(), "{:?}", spoken.error);
    same_sound(&spoken, &phrases());
    assert!(worst(&spoken, &phrases()) < 0.03);
    assert_eq!(fake.script.calls().len(), 2);
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
async fn phrases_over_http() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let voice = account(&fake, Transport::Bytes).voice();
    assert!(!voice.timed());
    fake.script.fail(Fault::Status(429));
    let [one, two] = phrases();
    let spoken = speak(voice.speak(SpeakOptions::default()), &[&one, " … ", &two]).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    same_sound(&spoken, &phrases());
}

#[tokio::test]
async fn failures_in_plain_words() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let in_band = |code: &str| {
        let error = json!({"type": "error", "done": true, "status_code": 429, "error_code": code, "title": "t", "message": "m"});
        Fault::Say(0, error.to_string())
    };
    let old =
        json!({"type": "error", "done": true, "error": "Bad Request: m", "status_code": 400}).to_string();
    let old_refusal = Fault::Refusal {
        status: 401,
        headers: Vec::new(),
        body: "Unauthorized: no such key".into(),
    };
    for transport in [Transport::Socket, Transport::Sse, Transport::Bytes] {
        let mut cases = vec![
            (Fault::Status(400), Kind::BadInput, 1),
            (Fault::Status(401), Kind::Unauthorised, 1),
            (old_refusal.clone(), Kind::Unauthorised, 1),
            (Fault::Status(402), Kind::Quota, 1),
            (Fault::Status(403), Kind::Quota, 1),
            (Fault::Status(404), Kind::BadInput, 1),
            (Fault::Status(422), Kind::BadInput, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Status(500), Kind::Unavailable, 3),
            (Fault::Silence, Kind::Timeout, 3),
            (Fault::StallAfter(0), Kind::Timeout, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            // In mid-word.
            (Fault::BreakAfter(6), Kind::Unavailable, 1),
            (Fault::StallAfter(6), Kind::Timeout, 1),
        ];
        if transport == Transport::Socket {
            cases.extend([
                (in_band("concurrency_limited"), Kind::RateLimited, 3),
                (in_band("quota_exceeded"), Kind::Quota, 1),
                // As it was said before March 2026.
                (Fault::Say(0, old.clone()), Kind::BadInput, 1),
                (
                    Fault::CloseAfter(0, 1_000, "connection idle timeout"),
                    Kind::Unavailable,
                    3,
                ),
                (
                    Fault::CloseAfter(6, 1_000, "connection idle timeout"),
                    Kind::Unavailable,
                    1,
                ),
                (Fault::CloseAfter(6, 1_011, ""), Kind::Unavailable, 1),
                (Fault::Garble(0), Kind::Unavailable, 1),
            ]);
        }
        for (fault, kind, calls) in cases {
            let settings = Settings {
                access: failing_at(fake.url(), KEY, kind, calls),
                ..settings(&fake, transport)
            };
            let voice = Cartesia::new(network(), settings).unwrap().voice();
            let case = (&fault, kind, calls);
            fails(&fake.script, case, async {
                let spoken = speak(voice.speak(SpeakOptions::default()), &[speech::SENTENCE]).await;
                assert!(!spoken.finished, "{transport:?} {fault:?}");
                spoken.error
            })
            .await;
        }
    }
}

#[tokio::test]
async fn cancelling_tells_the_service() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    let mut session = voice.speak(SpeakOptions::default());
    session.send(SpeakInput::Text(MORE.into())).await.unwrap();
    while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
    drop(session);
    common::closed(&fake.script).await;
    let said = fake.script.last().unwrap().body;
    assert_eq!(
        said.as_array().unwrap().last().unwrap(),
        &json!({"context_id": "reply-1", "cancel": true})
    );
}

#[tokio::test]
async fn ink_hears_while_it_is_spoken_to() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let utterance = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    let options = ListenOptions {
        language: Some("en-US".into()),
        vocabulary: vec!["kettle".into()],
        ..ListenOptions::default()
    };
    fake.script.fail(Fault::Status(429));
    let heard = hear(recogniser.listen(options.clone()), &utterance).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!(
        heard.text(),
        "The kettle is on.",
        "though it comes in three pieces, the first cut in a word"
    );
    assert_eq!(heard.words().len(), 4);
    assert!(
        heard
            .events
            .iter()
            .any(|event| matches!(event, ListenEvent::Partial(_)))
    );
    assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
    let call = fake.script.last().unwrap();
    assert_eq!(
        (call.query("language"), call.query("keyterm"), &call.body),
        (Some("en"), Some("kettle"), &json!(["close"]))
    );

    let nothing = hear(
        recogniser.listen(options.clone()),
        &Audio::empty(SampleRate::SPEECH),
    )
    .await;
    assert_eq!(nothing.events, [ListenEvent::Ready, ListenEvent::Finished]);

    for (fault, kind, calls) in [
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::Status(402), Kind::Quota, 1),
        (Fault::Status(503), Kind::Unavailable, 3),
        (
            Fault::CloseAfter(1, 1_000, "connection idle timeout"),
            Kind::Unavailable,
            1,
        ),
        (Fault::BreakAfter(1), Kind::Unavailable, 1),
        (Fault::StallAfter(1), Kind::Timeout, 1),
        (Fault::Garble(1), Kind::Unavailable, 1),
    ] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, calls),
            ..settings(&fake, Transport::Socket)
        };
        let recogniser = Cartesia::new(network(), settings).unwrap().recogniser();
        let case = (&fault, kind, calls);
        let heard = async { hear(recogniser.listen(options.clone()), &utterance).await.error };
        fails(&fake.script, case, heard).await;
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
