//! xAI's sockets, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use common::{access, failing_at, fails, hear, last_message_when_dropped, network, speak};

use libretto_providers::openai::{OpenAi, Settings, Speaking, XAI};
use libretto_testkit::fakes::openai::{self, Finals, Flavour, KEY};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{Audio, Kind, ListenEvent, ListenOptions, SampleRate, SpeakInput, SpeakOptions};
use serde_json::json;

fn settings(fake: &openai::OpenAi) -> Settings {
    Settings {
        realtime: true,
        speaking: Speaking::Socket,
        ..Settings::new(&XAI, access(fake.url(), KEY))
    }
}

fn account(fake: &openai::OpenAi) -> OpenAi {
    OpenAi::new(network(), settings(fake)).unwrap()
}

fn utterance() -> Audio {
    speech::sentence().clone().at(SampleRate::SPEECH).audio
}

#[tokio::test]
async fn it_listens_while_it_is_spoken_to() {
    let fake = openai::OpenAi::start(Flavour::Xai).await.unwrap();
    let recogniser = account(&fake).recogniser().unwrap();
    for finals in [Finals::Whole, Finals::Timed, Finals::Rest] {
        fake.manners(|m| m.finals = finals);
        fake.script.fail(Fault::Status(429));
        let options = ListenOptions {
            language: Some("en-GB".into()),
            vocabulary: vec!["Oslo".into()],
            ..ListenOptions::default()
        };
        let heard = hear(recogniser.listen(options), &utterance()).await;
        assert!(heard.error.is_none(), "{finals:?}: {:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.", "{finals:?}");
        assert_eq!(heard.words().len(), if finals == Finals::Timed { 4 } else { 0 });
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        assert!(
            heard
                .events
                .iter()
                .any(|event| matches!(event, ListenEvent::Partial(_)))
        );
        let call = fake.script.last().unwrap();
        let asked = ["encoding", "sample_rate", "language", "keyterm"].map(|name| call.query(name));
        assert_eq!(asked, [Some("pcm"), Some("16000"), Some("en"), Some("Oslo")]);
        assert_eq!(call.body, json!([{"type": "audio.done"}]));
    }
    let nothing = Audio::empty(SampleRate::SPEECH);
    let heard = hear(recogniser.listen(ListenOptions::default()), &nothing).await;
    assert_eq!(heard.events, [ListenEvent::Ready, ListenEvent::Finished]);
}

#[tokio::test]
async fn it_speaks_what_it_is_given_bit_by_bit() {
    let fake = openai::OpenAi::start(Flavour::Xai).await.unwrap();
    let voice = account(&fake).voice().unwrap();
    assert!(!voice.timed());
    fake.script.fail(Fault::BreakAfter(0));
    let options = SpeakOptions {
        speed: 3.0,
        language: Some("en-GB".into()),
        ..SpeakOptions::default()
    };
    let spoken = speak(voice.speak(options), &["Tea? ", " … ", "Yes. "]).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    let expected = ["Tea? ", "Yes. "].map(|phrase| speech::speak(phrase).audio.samples.len());
    assert_eq!(spoken.samples().len(), expected.iter().sum::<usize>());
    let call = fake.script.last().unwrap();
    let asked = ["voice", "language", "codec", "speed"].map(|name| call.query(name));
    assert_eq!(asked, [Some("eve"), Some("en"), Some("pcm"), Some("1.5")]);
    assert_eq!(call.body.as_array().unwrap().len(), 4, "lone signs are not sent");

    let session = voice.speak(SpeakOptions::default());
    session
        .send(SpeakInput::Text(speech::SENTENCE.into()))
        .await
        .unwrap();
    let said = last_message_when_dropped(session, &fake.script).await;
    assert_eq!(said["type"], "text.clear");
}

#[tokio::test]
async fn failures_in_plain_words() {
    let fake = openai::OpenAi::start(Flavour::Xai).await.unwrap();
    let error = |said: &str| json!({"type": "error", "message": said}).to_string();
    for speaks in [false, true] {
        for (fault, kind, calls) in [
            (Fault::Status(401), Kind::Unauthorised, 1),
            (Fault::Status(403), Kind::Unauthorised, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Silence, Kind::Timeout, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            (Fault::Garble(0), Kind::Unavailable, 1),
            (
                Fault::Say(0, error("Incorrect API key provided.")),
                Kind::Unauthorised,
                1,
            ),
            (Fault::Say(2, error("Overloaded.")), Kind::Unavailable, 1),
            (Fault::BreakAfter(3), Kind::Unavailable, 1),
            (Fault::StallAfter(3), Kind::Timeout, 1),
            (Fault::CloseAfter(3, 1_011, "trouble"), Kind::Unavailable, 1),
        ] {
            let settings = Settings {
                access: failing_at(fake.url(), KEY, kind, calls),
                ..settings(&fake)
            };
            let account = OpenAi::new(network(), settings).unwrap();
            let error = fails(&fake.script, (&fault, kind, calls), async {
                if speaks {
                    let session = account.voice().unwrap().speak(SpeakOptions::default());
                    speak(session, &[speech::SENTENCE]).await.error
                } else {
                    let session = account.recogniser().unwrap().listen(ListenOptions::default());
                    hear(session, &utterance()).await.error
                }
            });
            assert_eq!(error.await.origin(), Some("xai"));
        }
    }
}
