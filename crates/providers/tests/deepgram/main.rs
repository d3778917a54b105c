//! Deepgram, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod account;
#[path = "../common/mod.rs"]
mod common;
mod flux;
mod settings;
mod tuning;
mod voices;

use std::time::{Duration, Instant};

use common::{access, failing_at, fails, hear, network, speak};

use libretto_providers::deepgram::{Deepgram, Settings, Transport};
use libretto_testkit::fakes::deepgram::{self, KEY};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{
    Audio, Kind, ListenEvent, ListenInput, ListenOptions, SampleRate, SpeakInput, SpeakOptions, TextToSpeech,
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
    // A moment of silence and a message, one after the other: the second when it would have been closed without them.
    let told = || fake.script.last().unwrap().body.as_array().unwrap().len();
    common::until(|| told() == 2, "nothing keeps the session").await;
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
