//! Voices and recognisers of OpenAI and those like it, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use std::time::Duration;

use common::{PATIENCE, access, failing_at, hear, network, speak};

use libretto_providers::openai::{GROQ, OPENAI, OPENROUTER, OpenAi, Preset, Settings, XAI};
use libretto_providers::{Access, Deadlines};
use libretto_testkit::fakes::openai::{self, Flavour, KEY};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{Kind, ListenEvent, ListenOptions, SpeakEvent, SpeakInput, SpeakOptions};
use serde_json::json;

fn account(fake: &openai::OpenAi, preset: &'static Preset) -> OpenAi {
    through(preset, access(fake.url(), KEY))
}

fn through(preset: &'static Preset, access: Access) -> OpenAi {
    OpenAi::new(network(), Settings::new(preset, access)).unwrap()
}

#[tokio::test]
async fn a_voice_streams_samples_cut_anywhere() {
    for (flavour, preset) in [
        (Flavour::OpenAi, &OPENAI),
        (Flavour::Groq, &GROQ),
        (Flavour::OpenRouter, &OPENROUTER),
        (Flavour::Xai, &XAI),
    ] {
        let fake = openai::OpenAi::start(flavour).await.unwrap();
        let voice = account(&fake, preset).voice().unwrap();
        assert!(!voice.timed());
        let options = SpeakOptions {
            speed: 1.1,
            instructions: Some("Calm.".into()),
            ..SpeakOptions::default()
        };
        let spoken = speak(voice.speak(options), &[speech::SENTENCE, " … ", "Tea? "]).await;
        assert!(spoken.finished && spoken.error.is_none(), "{:?}", spoken.error);
        let expected = [speech::SENTENCE, "Tea? "]
            .map(|text| speech::speak(text).audio.samples)
            .concat();
        let alike = spoken
            .samples()
            .iter()
            .zip(&expected)
            .all(|(a, b)| (a - b).abs() < 1e-4);
        assert!(alike && spoken.samples().len() == expected.len(), "{flavour:?}");
        let calls = fake.script.calls();
        assert_eq!(calls.len(), 2, "lone punctuation is not sent");
        assert_eq!(calls[0].body["speed"], 1.1);
        assert_eq!(
            calls[0].body["instructions"],
            if flavour == Flavour::OpenAi {
                json!("Calm.")
            } else {
                json!(null)
            }
        );
        if flavour == Flavour::OpenRouter {
            let own = json!({"options": {"openai": {"instructions": "Calm."}}});
            assert_eq!(calls[0].body["provider"], own);
        }
    }
}

#[tokio::test]
async fn a_voice_that_sends_mp3_against_its_orders_is_understood() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let mp3 = Fault::Refusal {
        status: 200,
        headers: vec![],
        body: "<html>".into(),
    };
    fake.script.fail(mp3);
    let voice = account(&fake, &OPENAI).voice().unwrap();
    let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea?"]).await;
    assert_eq!(spoken.failed().kind(), Kind::Unavailable, "a page is no sound");
    // Announced as MP3, the samples are noise: that is an error, and no noise is played.
    fake.script.fail(Fault::ContentType("audio/mpeg"));
    let long = "word ".repeat(200);
    let spoken = speak(voice.speak(SpeakOptions::default()), &[&long]).await;
    assert_eq!(
        (spoken.failed().kind(), spoken.samples().len()),
        (Kind::Unavailable, 0)
    );
}

#[tokio::test]
async fn a_voice_that_fails_before_and_after_its_first_sound() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let access = failing_at(fake.url(), KEY, Kind::Timeout, 1);
    let voice = through(&OPENAI, access).voice().unwrap();
    fake.script.fail(Fault::Status(429));
    fake.script.fail(Fault::BreakAfter(0));
    let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea?"]).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    for fault in [Fault::BreakAfter(5), Fault::StallAfter(5)] {
        fake.script.fail(fault.clone());
        let before = fake.script.calls().len();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[speech::SENTENCE]).await;
        assert!(
            !spoken.failed().can_retry() && !spoken.samples().is_empty(),
            "{fault:?}"
        );
        assert_eq!(fake.script.calls().len() - before, 1);
    }
}

#[tokio::test]
async fn three_phrases_at_once_and_the_rest_wait() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let voice = account(&fake, &OPENAI).voice().unwrap();
    let all = (0..8).map(|_| speak(voice.speak(SpeakOptions::default()), &["Tea?"]));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(|spoken| spoken.finished));
    assert!(
        (1..=3).contains(&fake.script.most_at_once()),
        "{}",
        fake.script.most_at_once()
    );
    assert_eq!(fake.script.calls().len(), 8);
}

#[tokio::test]
async fn cancelled_speech_frees_its_place() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    // Those that stall hold their places until they are let go.
    let access = Access {
        deadlines: Deadlines {
            first: PATIENCE,
            idle: PATIENCE,
        },
        ..access(fake.url(), KEY)
    };
    let voice = through(&OPENAI, access).voice().unwrap();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        fake.script.fail(Fault::StallAfter(1));
        let mut session = voice.speak(SpeakOptions::default());
        session.send(SpeakInput::Text("Tea?".into())).await.unwrap();
        while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
        sessions.push(session);
    }
    let waiting = speak(voice.speak(SpeakOptions::default()), &["Tea?"]);
    let (spoken, ()) = tokio::join!(waiting, async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(fake.script.calls().len(), 3, "the fourth waits");
        sessions.pop();
    });
    assert!(spoken.finished, "{:?}", spoken.error);
}

#[tokio::test]
async fn an_utterance_is_transcribed() {
    let utterance = &speech::sentence().audio;
    for (flavour, preset) in [
        (Flavour::OpenAi, &OPENAI),
        (Flavour::Groq, &GROQ),
        (Flavour::OpenRouter, &OPENROUTER),
        (Flavour::Xai, &XAI),
    ] {
        let fake = openai::OpenAi::start(flavour).await.unwrap();
        let recogniser = account(&fake, preset).recogniser().unwrap();
        let options = ListenOptions {
            rate: utterance.rate,
            language: Some("en-GB".into()),
            vocabulary: vec!["Oslo".into()],
            ..ListenOptions::default()
        };
        fake.script.fail(Fault::Status(503));
        let heard = hear(recogniser.listen(options), utterance).await;
        assert!(heard.error.is_none(), "{:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.");
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        let body = fake.script.last().unwrap().body;
        let language = if flavour == Flavour::OpenRouter {
            &body["language"]
        } else {
            &body["language"][0]
        };
        assert_eq!(language, "en");
        if matches!(flavour, Flavour::OpenAi | Flavour::Groq) {
            assert_eq!(body["prompt"][0], "Oslo");
        }
        let partials = heard
            .events
            .iter()
            .filter(|e| matches!(e, ListenEvent::Partial(_)))
            .count();
        let words = heard.words();
        if flavour == Flavour::OpenAi {
            assert_eq!((partials, words.len()), (4, 0));
        } else {
            assert_eq!((partials, words.len()), (0, 4));
            let end = words[3].2;
            assert!((end - utterance.duration().as_secs_f64()).abs() < 0.01, "{end}");
        }
    }
}
