//! Replies that share a socket, and models that speak dialogue.

use std::time::Instant;

use common::{failing_at, listen_to, stalled};
use libretto_testkit::fakes::{Fault, Script};
use libretto_voice::{Kind, SpeakEvent, SpeakInput};
use serde_json::{Value, json};

use crate::*;

fn late(model: &str) -> SpeakOptions {
    SpeakOptions {
        model: Some(model.to_owned()),
        language: Some("nb-NO".into()),
        speed: 1.1,
        ..SpeakOptions::default()
    }
}

fn sockets(script: &Script) -> usize {
    let calls = script.calls();
    calls.iter().filter(|call| call.method == "SOCKET").count()
}

/// All messages with this field that the last socket was sent.
fn sent(script: &Script, field: &str) -> Vec<Value> {
    let body = script.last().unwrap().body;
    let messages = body.as_array().unwrap().iter();
    messages
        .filter(|message| message.get(field).is_some())
        .cloned()
        .collect()
}

#[tokio::test]
async fn replies_share_a_socket() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for snake in [false, true] {
        fake.manners(|m| m.snake = snake);
        let before = sockets(&fake.script);
        let voice = account(&fake, Transport::Shared).voice();
        // One after the other, and then three at once.
        for _ in 0..2 {
            let spoken = say(voice.as_ref(), &phrases()).await;
            same_sound(&spoken, &phrases());
            assert!(worst(&spoken, &phrases()) < 0.03);
        }
        let [one, two] = phrases();
        let two_phrases = [one.as_str(), two.as_str()];
        let all = (0..3).map(|_| speak(voice.speak(SpeakOptions::default()), &two_phrases));
        for spoken in futures::future::join_all(all).await {
            assert!(spoken.finished, "{:?}", spoken.error);
            same_sound(&spoken, &phrases());
        }
        assert_eq!(sockets(&fake.script) - before, 1);
    }
    let call = fake.script.last().unwrap();
    assert_eq!(
        call.path,
        "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/multi-stream-input"
    );
    let ends = sent(&fake.script, "close_context");
    let names: Vec<&str> = ends.iter().filter_map(|end| end["context_id"].as_str()).collect();
    assert_eq!(names.len(), 5, "each context is closed once: {names:?}");
    let flushes = sent(&fake.script, "flush");
    assert!(flushes.iter().all(|message| message["context_id"].is_string()));
}

#[tokio::test]
async fn a_context_that_never_says_it_is_over_is_over_when_nothing_is_missing() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    fake.manners(|m| m.forgets_final = true);
    let voice = account(&fake, Transport::Shared).voice();
    let spoken = say(voice.as_ref(), &phrases()).await;
    same_sound(&spoken, &phrases());
    // Named once more, it would be a new one for the service, and there is room for five.
    drop(voice);
    common::closed(&fake.script).await;
    assert_eq!(sent(&fake.script, "close_context").len(), 1);
}

#[tokio::test]
async fn a_reply_that_is_called_off_leaves_the_socket_to_the_others() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let voice = account(&fake, Transport::Shared).voice();
    for _ in 0..4 {
        let mut session = voice.speak(SpeakOptions::default());
        session.send(SpeakInput::Text(MORE.into())).await.unwrap();
        while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
        drop(session);
    }
    let spoken = say(voice.as_ref(), &phrases()).await;
    same_sound(&spoken, &phrases());
    assert_eq!(sockets(&fake.script), 1);
    let start = Instant::now();
    while sent(&fake.script, "close_context").len() < 5 {
        assert!(
            start.elapsed() < common::PATIENCE,
            "the service still works for nobody"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // All of the account's users have gone: so does the socket.
    drop(voice);
    while fake.script.open() > 0 {
        assert!(start.elapsed() < common::PATIENCE, "nobody needs the socket");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(sent(&fake.script, "close_socket").len(), 1);
}

#[tokio::test]
async fn a_socket_that_broke_is_opened_anew() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let account = account(&fake, Transport::Shared);
    let voice = account.voice();
    fake.script.fail(Fault::BreakAfter(0));
    fake.script.fail(Fault::CloseAfter(0, 1_011, "internal"));
    same_sound(&say(voice.as_ref(), &phrases()).await, &phrases());
    assert_eq!(sockets(&fake.script), 3);
    // An open one is warm already.
    voice.warm();
    same_sound(&say(voice.as_ref(), &phrases()).await, &phrases());
    assert_eq!(sockets(&fake.script), 3);
    // One that is gone is opened before it is needed, where the last reply was.
    fake.script.fail(Fault::CloseAfter(1, 1_011, "internal"));
    let elsewhere = SpeakOptions {
        voice: Some("another".into()),
        ..SpeakOptions::default()
    };
    let broken = speak(voice.speak(elsewhere), &[MORE]).await;
    assert!(broken.error.is_some());
    voice.warm();
    let start = Instant::now();
    while sockets(&fake.script) < 5 {
        assert!(start.elapsed() < common::PATIENCE, "nobody opens it");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(fake.script.last().unwrap().path.contains("another"));
}

#[tokio::test]
async fn late_models_speak_dialogue() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for (transport, path) in [
        (Transport::Socket, "/v1/text-to-dialogue/stream-input"),
        (Transport::Shared, "/v1/text-to-dialogue/multi-stream-input"),
        (
            Transport::HttpTimed,
            "/v1/text-to-dialogue/stream/with-timestamps",
        ),
        (Transport::Http, "/v1/text-to-dialogue/stream"),
    ] {
        let mut settings = Settings {
            transport,
            output_format: Some("pcm_24000".into()),
            latency: Some(9),
            ..settings(&fake, KEY)
        };
        settings.voice_settings.insert("stability".into(), 0.5.into());
        settings.voice_settings.insert("style".into(), 0.1.into());
        let voice = ElevenLabs::new(network(), settings).unwrap().voice();
        for model in ["eleven_v3", "eleven_v3_conversational", "eleven_v4_turbo"] {
            let [one, two] = phrases();
            let spoken = speak(voice.speak(late(model)), &[&one, " … ", &two]).await;
            assert!(spoken.finished, "{transport:?} {model}: {:?}", spoken.error);
            same_sound(&spoken, &phrases());
            if voice.timed() {
                let words = spoken.words(&[one.as_str(), " … ", &two].concat());
                let measured = words.iter().filter(|word| word.3).count();
                let spoken = phrases().concat().split_whitespace().count();
                assert_eq!(measured, spoken, "{transport:?}");
            }
        }
        let call = fake.script.last().unwrap();
        assert_eq!(call.path, path);
        assert_eq!(call.query("optimize_streaming_latency"), None);
        let settings = json!({"stability": 0.5});
        if on_socket(transport) {
            assert_eq!(call.query("language_code"), Some("no"));
            let hello = &sent(&fake.script, "voices")[0];
            assert_eq!(hello["voice_settings"], settings);
            assert_eq!(hello["voices"], json!(["JBFqnCBsd6RMkjVDRZzb"]));
        } else {
            assert_eq!(
                (&call.body["language_code"], &call.body["settings"]),
                (&json!("no"), &settings)
            );
        }
    }
}

#[tokio::test]
async fn dialogue_waits_for_as_long_as_nothing_is_asked() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::Shared] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, Kind::Timeout, 1),
            transport,
            ..settings(&fake, KEY)
        };
        let voice = ElevenLabs::new(network(), settings).unwrap().voice();
        let mut session = voice.speak(late("eleven_v3"));
        session.send(SpeakInput::Text(MORE.into())).await.unwrap();
        while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
        tokio::time::sleep(stalled().idle * 2).await;
        session.send(SpeakInput::Finish).await.unwrap();
        let spoken = listen_to(session).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        let empty = speak(voice.speak(late("eleven_v3")), &[" "]).await;
        assert!(empty.finished && empty.samples().is_empty());
    }
}
