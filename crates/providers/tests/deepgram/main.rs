//! Deepgram, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod account;
#[path = "../common/mod.rs"]
mod common;
mod flux;
mod settings;
mod tuning;

use std::time::{Duration, Instant};

use common::{Spoken, access, failing_at, fails, hear, network, speak};

use libretto_providers::deepgram::{Deepgram, Settings, Transport};
use libretto_testkit::fakes::deepgram::{self, KEY};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{
    Audio, Kind, ListenEvent, ListenInput, ListenOptions, SampleRate, SpeakEvent, SpeakInput, SpeakOptions,
    TextToSpeech,
};
use serde_json::json;

fn settings(fake: &deepgram::Deepgram, transport: Transport) -> Settings {
    Settings {
        speaking: transport,
        listening: transport,
        ..Settings::new(access(fake.url(), KEY))
    }
}

fn account(fake: &deepgram::Deepgram, transport: Transport) -> Deepgram {
    Deepgram::new(network(), settings(fake, transport)).unwrap()
}

const HEARS: &str = "Turn the lights off, please.";

/// The sentence and a second and a half of silence.
fn utterance() -> Audio {
    let rate = SampleRate::SPEECH;
    let mut audio = speech::sentence().clone().at(rate).audio;
    audio
        .samples
        .extend(Audio::silence(rate, Duration::from_millis(1_500)).samples);
    audio
}

fn options() -> ListenOptions {
    ListenOptions {
        vocabulary: vec!["Libretto".into(), " ".into()],
        ..ListenOptions::default()
    }
}

#[tokio::test]
async fn nova_hears_while_it_is_spoken_to() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    fake.script.fail(Fault::Status(429));
    let heard = hear(recogniser.listen(options()), &utterance()).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    // The sentence has a pause in which the fake ends an utterance: whatever is final is told once, in order.
    let times = heard.text().matches(HEARS).count();
    assert!(
        times >= 1 && heard.text() == vec![HEARS; times].join(" "),
        "{}",
        heard.text()
    );
    assert!(
        heard
            .events
            .iter()
            .any(|event| matches!(event, ListenEvent::Partial(_)))
    );
    assert!(
        heard
            .events
            .iter()
            .any(|event| matches!(event, ListenEvent::SpeechStarted))
    );
    assert_eq!(
        (heard.events.first(), heard.events.last()),
        (Some(&ListenEvent::Ready), Some(&ListenEvent::Finished))
    );
    let words = heard.words();
    assert!(
        words.windows(2).all(|pair| pair[0].2 <= pair[1].1 + 1e-9),
        "{words:?}"
    );
    assert_eq!(words[0].0, "Turn");
    let call = fake.script.last().unwrap();
    assert_eq!(
        (
            call.query("model"),
            call.query("language"),
            call.query("keyterm"),
            call.query("endpointing")
        ),
        (Some("nova-3"), Some("multi"), Some("Libretto"), Some("300"))
    );
    assert_eq!(
        call.body.as_array().unwrap().last().unwrap(),
        &json!({"type": "CloseStream"})
    );
}

#[tokio::test]
async fn silence_ends_a_turn_before_anybody_says_so() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let mut session = recogniser.listen(ListenOptions {
        model: Some("nova-2-general".into()),
        language: Some("en".into()),
        ..options()
    });
    for piece in utterance().samples.chunks(800) {
        let piece = Audio::new(SampleRate::SPEECH, piece.to_vec());
        session.send(ListenInput::Audio(piece)).await.unwrap();
    }
    let mut said = String::new();
    loop {
        match session.next().await.unwrap().unwrap() {
            ListenEvent::Segment(transcript) => said += &transcript.text,
            ListenEvent::EndOfTurn(confidence) => {
                assert!(confidence > 0.9 && !said.is_empty());
                break;
            }
            _ => {}
        }
    }
    assert_eq!(fake.script.last().unwrap().query("keywords"), Some("Libretto"));
}

#[tokio::test]
async fn in_noise_that_no_silence_follows_the_words_end_the_turn() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let settings = Settings {
        endpointing: None,
        ..settings(&fake, Transport::Socket)
    };
    let recogniser = Deepgram::new(network(), settings).unwrap().recogniser();
    let heard = common::hear_turn(recogniser.listen(options()), &utterance()).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!(heard.text(), HEARS);
    let ends = heard
        .events
        .iter()
        .filter(|event| matches!(event, ListenEvent::EndOfTurn(_)));
    assert_eq!(ends.count(), 1);
}

#[tokio::test]
async fn a_pause_in_speaking_keeps_the_session() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    fake.manners(|m| m.patience = Duration::from_secs(6));
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let mut session = recogniser.listen(options());
    assert!(matches!(session.next().await, Some(Ok(ListenEvent::Ready))));
    tokio::time::sleep(Duration::from_secs(9)).await;
    session.send(ListenInput::Finish).await.unwrap();
    assert!(matches!(session.next().await, Some(Ok(ListenEvent::Finished))));
    // Without any sound, messages alone do not keep it.
    let kept = json!([{"sound": 640}, {"type": "KeepAlive"}, {"type": "CloseStream"}]);
    assert_eq!(fake.script.last().unwrap().body, kept);
    // Where it is closed for silence all the same, it says so.
    fake.manners(|m| m.patience = Duration::from_millis(200));
    let mut session = recogniser.listen(options());
    let error = loop {
        match session.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("broke off"), "{error}");
}

#[tokio::test]
async fn nova_hears_a_recording() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let recogniser = account(&fake, Transport::Http).recogniser();
    fake.script.fail(Fault::Status(503));
    let heard = hear(recogniser.listen(options()), &utterance()).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!((heard.text().as_str(), heard.words().len()), (HEARS, 5));
    let call = fake.script.last().unwrap();
    assert_eq!(
        (call.query("smart_format"), call.query("encoding")),
        (Some("true"), None)
    );
}

#[tokio::test]
async fn recognisers_fail_in_plain_words() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let both = [Transport::Socket, Transport::Http];
    let any = [
        (Fault::Status(400), Kind::BadInput, 1),
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::Status(402), Kind::Quota, 1),
        (Fault::Status(403), Kind::Unauthorised, 1),
        (Fault::Status(413), Kind::BadInput, 1),
        (Fault::Status(422), Kind::BadInput, 1),
        (Fault::Status(429), Kind::RateLimited, 3),
        (Fault::Status(500), Kind::Unavailable, 3),
        (Fault::Status(503), Kind::Unavailable, 3),
        (Fault::Silence, Kind::Timeout, 3),
    ];
    let socket = [
        (Fault::CloseAfter(2, 1_008, "DATA-0000"), Kind::BadInput, 1),
        (Fault::CloseAfter(2, 1_011, "NET-0000"), Kind::Unavailable, 1),
        (
            Fault::CloseAfter(2, 1_011, "See https://dpgr.am/net0001"),
            Kind::Unavailable,
            1,
        ),
        (Fault::BreakAfter(2), Kind::Unavailable, 1),
        (Fault::StallAfter(2), Kind::Timeout, 1),
        (Fault::Garble(2), Kind::Unavailable, 1),
        (
            Fault::Say(
                2,
                json!({"type": "Error", "description": "d", "variant": "SchemaError"}).to_string(),
            ),
            Kind::Unavailable,
            1,
        ),
    ];
    let cases = both
        .into_iter()
        .flat_map(|transport| any.clone().map(|case| (transport, case)));
    for (transport, (fault, kind, calls)) in cases.chain(socket.map(|case| (Transport::Socket, case))) {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, calls),
            ..settings(&fake, transport)
        };
        let recogniser = Deepgram::new(network(), settings).unwrap().recogniser();
        let case = (&fault, kind, calls);
        let heard = async { hear(recogniser.listen(options()), &utterance()).await.error };
        let error = fails(&fake.script, case, heard).await;
        if matches!(fault, Fault::Status(status) if status < 500) {
            assert_eq!(error.request_id(), Some("0b1c6a1e-6f0c-4a4e-9a54-0f8a5d9f7c11"));
        }
    }
}

async fn say(voice: &dyn TextToSpeech, phrases: &[&str]) -> Spoken {
    let spoken = speak(voice.speak(SpeakOptions::default()), phrases).await;
    assert!(spoken.finished && spoken.error.is_none(), "{:?}", spoken.error);
    spoken
}

#[tokio::test]
async fn aura_speaks() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let long = format!("{} ", speech::SENTENCE).repeat(2);
    let phrases = ["Tea? ", " … ", long.as_str()];
    let expected = ["Tea? ", long.as_str()]
        .map(|text| speech::speak(text).audio.samples)
        .concat();
    for transport in [Transport::Http, Transport::Socket] {
        let voice = account(&fake, transport).voice();
        assert!(!voice.timed());
        fake.script.fail(Fault::Status(429));
        let spoken = say(voice.as_ref(), &phrases).await;
        assert_eq!(spoken.samples().len(), expected.len(), "{transport:?}");
        assert!(
            spoken
                .samples()
                .iter()
                .zip(&expected)
                .all(|(a, b)| (a - b).abs() < 1e-4),
            "{transport:?}"
        );
        let call = fake.script.last().unwrap();
        assert_eq!(
            (call.query("model"), call.query("container")),
            (Some("aura-2-thalia-en"), Some("none"))
        );
        assert!(
            say(voice.as_ref(), &[" ", "…"]).await.samples().is_empty(),
            "nothing to say is said quickly"
        );
    }
    // More than one call takes.
    let novel = "Once upon a time there was a kettle. ".repeat(80);
    let spoken = say(account(&fake, Transport::Http).voice().as_ref(), &[&novel]).await;
    assert!(spoken.samples().len() > 24_000 * 60);
}

#[tokio::test]
async fn aura_fails_in_plain_words() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    for transport in [Transport::Http, Transport::Socket] {
        let mut cases = vec![
            (Fault::Status(400), Kind::BadInput, 1),
            (Fault::Status(401), Kind::Unauthorised, 1),
            (Fault::Status(402), Kind::Quota, 1),
            (Fault::Status(413), Kind::BadInput, 1),
            (Fault::Status(422), Kind::BadInput, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Status(503), Kind::Unavailable, 3),
            (Fault::Silence, Kind::Timeout, 3),
            (Fault::StallAfter(0), Kind::Timeout, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            // In mid-word.
            (Fault::BreakAfter(6), Kind::Unavailable, 1),
            (Fault::StallAfter(6), Kind::Timeout, 1),
        ];
        if transport == Transport::Socket {
            cases.extend([
                (Fault::CloseAfter(1, 1_011, "NET-0003"), Kind::Unavailable, 3),
                (Fault::CloseAfter(6, 1_008, "DATA-0000"), Kind::BadInput, 1),
                (Fault::CloseAfter(6, 1_008, "DATA-0001"), Kind::RateLimited, 1),
                (Fault::CloseAfter(6, 1_000, ""), Kind::Unavailable, 1),
                (Fault::Garble(0), Kind::Unavailable, 1),
            ]);
        }
        for (fault, kind, calls) in cases {
            let settings = Settings {
                access: failing_at(fake.url(), KEY, kind, calls),
                ..settings(&fake, transport)
            };
            let voice = Deepgram::new(network(), settings).unwrap().voice();
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
async fn too_many_flushes_are_no_silence() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    for specified in [false, true] {
        fake.manners(|m| (m.flushes, m.specified) = (1, specified));
        let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? ", "Tea! "]).await;
        assert_eq!(spoken.failed().kind(), Kind::RateLimited);
    }
    // Nor is too much text in a minute.
    fake.manners(|m| (m.flushes, m.characters) = (20, 8));
    let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? ", "Tea! "]).await;
    assert_eq!(spoken.failed().kind(), Kind::RateLimited);
}

/// The voices of both sockets.
const SOCKETS: [&str; 2] = ["aura-2-thalia-en", "flux-jack-en"];

fn spoken_by(voice: &str) -> SpeakOptions {
    SpeakOptions {
        voice: Some(voice.to_owned()),
        ..SpeakOptions::default()
    }
}

#[tokio::test]
async fn words_without_sound_are_no_success() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    fake.manners(|m| m.mute = true);
    for name in SOCKETS {
        let before = fake.script.calls().len();
        let spoken = speak(voice.speak(spoken_by(name)), &["Tea? "]).await;
        assert_eq!(spoken.failed().kind(), Kind::Unavailable, "{name}");
        assert_eq!(fake.script.calls().len() - before, 3, "{name}");
    }
}

#[tokio::test]
async fn a_voice_that_was_closed_for_silence_speaks_on() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    fake.manners(|m| m.idle = Duration::from_millis(150));
    for name in SOCKETS {
        let before = fake.script.calls().len();
        let session = voice.speak(spoken_by(name));
        for _ in 0..2 {
            session.send(SpeakInput::Text("Tea? ".into())).await.unwrap();
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        session.send(SpeakInput::Finish).await.unwrap();
        let spoken = common::listen_to(session).await;
        assert!(
            spoken.finished && spoken.error.is_none(),
            "{name}: {:?}",
            spoken.error
        );
        let once = speech::speak("Tea? ").audio.samples.len();
        assert_eq!(spoken.samples().len(), 2 * once, "{name}");
        assert_eq!(fake.script.calls().len() - before, 2, "{name}");
    }
}

#[tokio::test]
async fn cancelling_tells_the_service() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    let mut session = voice.speak(SpeakOptions::default());
    session.send(SpeakInput::Text("Tea? ".into())).await.unwrap();
    while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
    drop(session);
    let start = Instant::now();
    while fake.script.open() > 0 {
        assert!(
            start.elapsed() < common::PATIENCE,
            "the service still works for nobody"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let said = fake.script.last().unwrap().body;
    assert_eq!(
        said.as_array().unwrap().last().unwrap(),
        &json!({"type": "Clear"})
    );
}
