//! OpenAI's recogniser over its socket, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use common::{access, closed, failing_at, fails, hear, network};

use libretto_providers::openai::{OPENAI, OpenAi, Settings};
use libretto_testkit::fakes::openai::{self, Flavour, KEY, Realtime, no_quota};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{Audio, Kind, ListenEvent, ListenInput, ListenOptions, SampleRate, SpeechToText};
use serde_json::json;

fn settings(fake: &openai::OpenAi) -> Settings {
    Settings {
        realtime: true,
        ..Settings::new(&OPENAI, access(fake.url(), KEY))
    }
}

fn recogniser(settings: Settings) -> std::sync::Arc<dyn SpeechToText> {
    OpenAi::new(network(), settings).unwrap().recogniser().unwrap()
}

#[tokio::test]
async fn it_listens_while_it_is_spoken_to() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let recogniser = recogniser(settings(&fake));
    for (session, rate) in [
        (Realtime::Plain, SampleRate::SPEECH),
        (Realtime::Beta, SampleRate::VOICE),
        (Realtime::Cuts, SampleRate::SPEECH),
    ] {
        fake.manners(|m| m.session = session);
        fake.script.fail(Fault::Status(503));
        let utterance = speech::sentence().clone().at(rate).audio;
        let options = ListenOptions {
            rate,
            language: Some("en-GB".into()),
            vocabulary: vec!["Oslo".into()],
            ..ListenOptions::default()
        };
        let heard = hear(recogniser.listen(options), &utterance).await;
        assert!(heard.error.is_none(), "{session:?}: {:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.", "{session:?}");
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        let partials = heard
            .events
            .iter()
            .filter(|event| matches!(event, ListenEvent::Partial(_)));
        assert_eq!(partials.count(), 4);
        let call = fake.script.last().unwrap();
        assert_eq!(
            call.body[0]["session"]["audio"]["input"],
            json!({"format": {"type": "audio/pcm", "rate": 24_000}, "turn_detection": null,
                "transcription": {"model": "gpt-4o-mini-transcribe", "language": "en", "prompt": "Oslo"}})
        );
        assert_eq!(call.query("intent"), Some("transcription"));
    }
}

#[tokio::test]
async fn models_that_only_listen_live_do_so_unasked() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let settings = Settings {
        realtime: false,
        ..settings(&fake)
    };
    let options = ListenOptions {
        model: Some("gpt-realtime-whisper".into()),
        ..ListenOptions::default()
    };
    let utterance = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    let heard = hear(recogniser(settings).listen(options), &utterance).await;
    assert_eq!(heard.text(), "Go forward ten meters.", "{:?}", heard.error);
    assert_eq!(fake.script.last().unwrap().method, "SOCKET");
}

#[tokio::test]
async fn each_model_is_given_the_hints_that_it_takes() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let settings = Settings {
        delay: Some("low".into()),
        ..settings(&fake)
    };
    let recogniser = recogniser(settings);
    let utterance = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    for (model, hints) in [
        ("gpt-realtime-whisper", json!({"language": "en", "delay": "low"})),
        (
            "gpt-live-transcribe",
            json!({"languages": ["en"], "keywords": ["Oslo", "Bergen"]}),
        ),
        (
            "gpt-transcribe",
            json!({"languages": ["en"], "keywords": ["Oslo", "Bergen"]}),
        ),
        (
            "gpt-4o-transcribe",
            json!({"language": "en", "prompt": "Oslo, Bergen"}),
        ),
        // This one tells its words in segments.
        ("gpt-4o-transcribe-diarize", json!({"language": "en"})),
    ] {
        let options = ListenOptions {
            model: Some(model.into()),
            language: Some("en-GB".into()),
            vocabulary: vec!["Oslo".into(), "Bergen".into()],
            ..ListenOptions::default()
        };
        let heard = hear(recogniser.listen(options), &utterance).await;
        assert!(heard.error.is_none(), "{model}: {:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.", "{model}");
        let partials = heard.events.iter().filter_map(|event| match event {
            ListenEvent::Partial(said) => Some(said.text.as_str()),
            _ => None,
        });
        let expected = ["Go", "Go forward", "Go forward ten", "Go forward ten meters."];
        assert_eq!(partials.collect::<Vec<_>>(), expected, "{model}");
        let mut asked =
            fake.script.last().unwrap().body[0]["session"]["audio"]["input"]["transcription"].clone();
        asked.as_object_mut().unwrap().remove("model");
        assert_eq!(asked, hints, "{model}");
    }
}

#[tokio::test]
async fn nothing_said_is_nothing_heard() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let recogniser = recogniser(settings(&fake));
    for samples in [0, 100] {
        let utterance = Audio::new(SampleRate::VOICE, vec![0.0; samples]);
        let options = ListenOptions {
            rate: SampleRate::VOICE,
            ..ListenOptions::default()
        };
        let heard = hear(recogniser.listen(options), &utterance).await;
        assert_eq!(
            heard.events,
            [ListenEvent::Ready, ListenEvent::Finished],
            "{samples}"
        );
    }
}

#[tokio::test]
async fn failures_in_plain_words() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let utterance = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    let expired = json!({"type": "error", "error": {"type": "invalid_request_error", "code": "session_expired",
        "message": "Your session hit the maximum duration of 60 minutes."}});
    let invalid = json!({"type": "error", "error": {"type": "invalid_request_error", "code": "invalid_value",
        "message": "Invalid value: 'session.audio'."}});
    for (fault, kind, calls) in [
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::Status(403), Kind::Unauthorised, 1),
        (Fault::Status(404), Kind::BadInput, 1),
        (no_quota(), Kind::Quota, 1),
        (Fault::Status(429), Kind::RateLimited, 3),
        (Fault::Silence, Kind::Timeout, 3),
        (Fault::BreakAfter(0), Kind::Unavailable, 3),
        (Fault::StallAfter(1), Kind::Timeout, 3),
        (Fault::CloseAfter(1, 1_013, ""), Kind::Unavailable, 3),
        (Fault::Garble(0), Kind::Unavailable, 1),
        // It does not take what the session is to be: nobody needs to say it again.
        (Fault::Say(1, invalid.to_string()), Kind::BadInput, 1),
        // In mid-utterance.
        (
            Fault::CloseAfter(3, 1_001, "hit the maximum duration"),
            Kind::Unavailable,
            1,
        ),
        (Fault::BreakAfter(4), Kind::Unavailable, 1),
        (Fault::StallAfter(4), Kind::Timeout, 1),
        (Fault::Say(3, expired.to_string()), Kind::Unavailable, 1),
    ] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, calls),
            ..settings(&fake)
        };
        let recogniser = recogniser(settings);
        let heard = async {
            hear(recogniser.listen(ListenOptions::default()), &utterance)
                .await
                .error
        };
        fails(&fake.script, (&fault, kind, calls), heard).await;
    }
    // An account without money connects all the same.
    fake.manners(|m| m.empty = true);
    let heard = hear(
        recogniser(settings(&fake)).listen(ListenOptions::default()),
        &utterance,
    )
    .await;
    assert_eq!(heard.error.unwrap().kind(), Kind::Quota);
}

#[tokio::test]
async fn cancelling_closes_the_socket() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let mut session = recogniser(settings(&fake)).listen(ListenOptions::default());
    assert_eq!(session.next().await.unwrap().unwrap(), ListenEvent::Ready);
    let silence = Audio::new(SampleRate::SPEECH, vec![0.0; 3_200]);
    session.send(ListenInput::Audio(silence)).await.unwrap();
    drop(session);
    closed(&fake.script).await;
}
