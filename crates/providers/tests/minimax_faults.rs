//! What goes wrong with MiniMax, its keys and lists, and its language models, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use common::{access, answer, closed, failing_at, fails, network, question, said, speak};
use libretto_providers::minimax::{MiniMax, Region, Settings, Transport};
use libretto_providers::{Access, Account, Credit, Fault as Failed, Key, Retry};
use libretto_testkit::fakes::minimax::{self, KEY, Standing, error, failing, refusal};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::chat::FinishReason;
use libretto_voice::{ChatEvent, Kind, SpeakOptions};

/// The waits that the service asks for are longer than a test.
fn hasty(access: Access) -> Access {
    Access {
        retry: Retry {
            longest: std::time::Duration::from_secs(5),
            ..access.retry
        },
        ..access
    }
}

fn settings(fake: &minimax::MiniMax, transport: Transport) -> Settings {
    Settings {
        transport,
        ..Settings::new(hasty(access(fake.url(), KEY)))
    }
}

fn account(fake: &minimax::MiniMax) -> MiniMax {
    MiniMax::new(network(), settings(fake, Transport::Socket)).unwrap()
}

/// A message that says that the task failed.
fn failed(at: usize, code: i64) -> Fault {
    let mut message = error(code);
    message["event"] = "task_failed".into();
    Fault::Say(at, message.to_string())
}

#[tokio::test]
async fn failures_in_plain_words() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in [Transport::Socket, Transport::BothWays, Transport::Http] {
        let mut cases = vec![
            (Fault::Status(401), Kind::Unauthorised, 1),
            (Fault::Status(402), Kind::Quota, 1),
            (Fault::Status(403), Kind::Unauthorised, 1),
            (Fault::Status(413), Kind::BadInput, 1),
            (Fault::Status(422), Kind::BadInput, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Status(504), Kind::Unavailable, 3),
            (Fault::Silence, Kind::Timeout, 3),
            (Fault::StallAfter(0), Kind::Timeout, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            // In mid-word.
            (Fault::BreakAfter(6), Kind::Unavailable, 1),
            (Fault::StallAfter(6), Kind::Timeout, 1),
            (Fault::Garble(6), Kind::Unavailable, 1),
        ];
        if transport == Transport::Http {
            cases.extend([
                (refusal(1004), Kind::Unauthorised, 1),
                (refusal(1008), Kind::Quota, 1),
                (refusal(1002), Kind::RateLimited, 1),
                (refusal(1000), Kind::Unavailable, 3),
                (refusal(1026), Kind::BadInput, 1),
                (refusal(2061), Kind::Quota, 1),
                (Fault::Say(2, failing(1026)), Kind::BadInput, 1),
                (Fault::TruncateAfter(2), Kind::Unavailable, 1),
                (Fault::Garble(0), Kind::Unavailable, 1),
            ]);
        } else {
            cases.extend([
                (failed(0, 1004), Kind::Unauthorised, 1),
                (failed(1, 1008), Kind::Quota, 1),
                (failed(1, 1002), Kind::RateLimited, 1),
                (failed(1, 1033), Kind::Unavailable, 3),
                (failed(1, 2054), Kind::BadInput, 1),
                (failed(6, 1026), Kind::BadInput, 1),
                (failed(2, 2201), Kind::Unavailable, 3),
                (Fault::CloseAfter(0, 1_000, ""), Kind::Unavailable, 3),
                (Fault::CloseAfter(6, 1_011, ""), Kind::Unavailable, 1),
                (Fault::Garble(0), Kind::Unavailable, 1),
            ]);
        }
        for (fault, kind, calls) in cases {
            let settings = Settings {
                access: hasty(failing_at(fake.url(), KEY, kind, calls)),
                ..settings(&fake, transport)
            };
            let voice = MiniMax::new(network(), settings).unwrap().voice();
            let case = (&fault, kind, calls);
            let error = fails(&fake.script, case, async {
                let spoken = speak(voice.speak(SpeakOptions::default()), &[speech::SENTENCE]).await;
                assert!(!spoken.finished, "{transport:?} {fault:?}");
                spoken.error
            })
            .await;
            assert_eq!(error.origin(), Some("minimax"));
        }
        // Two failures and a success; and a slow drip is none.
        for fault in [Fault::Status(429), Fault::BreakAfter(0)] {
            fake.script.fail(fault);
        }
        let voice = MiniMax::new(network(), settings(&fake, transport))
            .unwrap()
            .voice();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[speech::SENTENCE]).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        closed(&fake.script).await;
    }
}

#[tokio::test]
async fn keys_and_regions() {
    let fake = minimax::MiniMax::start().await.unwrap();
    assert_eq!(account(&fake).check().await.unwrap(), Account::default());
    for (key, fault) in [
        (Some("planted-0123456789"), Failed::KeyOrRegion),
        (None, Failed::NoKey),
    ] {
        let settings = Settings {
            access: Access {
                key: key.map(Key::new),
                ..access(fake.url(), KEY)
            },
            ..settings(&fake, Transport::Socket)
        };
        let failure = MiniMax::new(network(), settings)
            .unwrap()
            .check()
            .await
            .unwrap_err();
        assert_eq!(failure.fault(), &fault);
        assert!(!format!("{failure} {failure:?}").contains("planted"));
    }
    fake.manners(|m| m.standing = Standing::Foreign);
    let failure = account(&fake).check().await.unwrap_err();
    assert!(failure.to_string().contains("region"), "{failure}");
    assert_eq!(failure.request_id(), Some("04ee3794fake"));
    fake.manners(|m| m.standing = Standing::Empty);
    assert_eq!(account(&fake).check().await.unwrap().credit, Credit::Empty);
    assert!(Region::China.base().contains("minimaxi.com") && Region::GlobalFast.base().contains("api-uw"));
}

#[tokio::test]
async fn lists() {
    let fake = minimax::MiniMax::start().await.unwrap();
    let voices = account(&fake).voices().await.unwrap();
    let ids: Vec<&str> = voices.iter().map(|voice| voice.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "English_radiant_girl",
            "Chinese (Mandarin)_Lyrical_Voice",
            "my-clone-1"
        ]
    );
    assert_eq!(
        (voices[0].name.as_str(), voices[2].name.as_str()),
        ("Radiant Girl", "my-clone-1")
    );
    assert_eq!(
        (&voices[0].languages[0], &voices[1].languages[0]),
        (&"en".into(), &"zh".into())
    );
    let models = account(&fake).models().await.unwrap();
    assert!(models.iter().any(|model| model.id == "MiniMax-M2.7"));
    assert_eq!(account(&fake).speech_models()[0].id, "speech-2.8-turbo");
}

#[tokio::test]
async fn answers_and_what_is_not_spoken_of_them() {
    let fake = minimax::MiniMax::start().await.unwrap();
    let model = account(&fake).language_model();
    let mut request = question("Weather?");
    request.max_tokens = Some(50);
    let (events, error) = answer(model.reply(request)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(said(&events), "It rains in Oslo.");
    assert_eq!(events[0], ChatEvent::Reasoning("hm".into()));
    assert_eq!(events.last(), Some(&ChatEvent::Finished(FinishReason::Stop)));
    let body = fake.script.last().unwrap().body;
    assert_eq!(
        (&body["model"], &body["max_completion_tokens"]),
        (&"MiniMax-M2.7".into(), &50.into())
    );

    for (fault, kind, calls) in [
        (refusal(2049), Kind::Unauthorised, 1),
        (refusal(1008), Kind::Quota, 1),
        (refusal(1039), Kind::RateLimited, 1),
        (refusal(1033), Kind::Unavailable, 3),
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::Say(4, failing(1027)), Kind::BadInput, 1),
        (Fault::Say(4, failing(1000)), Kind::Unavailable, 1),
    ] {
        let before = fake.script.calls().len();
        for _ in 0..calls {
            fake.script.fail(fault.clone());
        }
        let (_, error) = answer(model.reply(question("Weather?"))).await;
        let error = error.unwrap_or_else(|| panic!("{fault:?} went well"));
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert_eq!(fake.script.calls().len() - before, calls, "{fault:?}");
    }
}
