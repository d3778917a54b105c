//! The recogniser that knows turns.

use common::{failing_at, fails};
use libretto_providers::deepgram::Flux;

use crate::*;

fn flux(model: &str) -> ListenOptions {
    ListenOptions {
        model: Some(model.to_owned()),
        language: Some("en-GB".into()),
        ..options()
    }
}

fn turning(fake: &deepgram::Deepgram, eager: Option<f32>) -> Deepgram {
    let flux = Flux {
        eager,
        threshold: Some(0.2),
        timeout_ms: Some(90_000),
    };
    Deepgram::new(
        network(),
        Settings {
            flux,
            ..settings(fake, Transport::Http)
        },
    )
    .unwrap()
}

#[tokio::test]
async fn flux_ends_turns_early_and_for_good() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    for (old, eager) in [(false, Some(0.5)), (true, None)] {
        fake.manners(|m| m.old_flux = old);
        fake.script.fail(Fault::Status(429));
        let recogniser = turning(&fake, eager).recogniser();
        let session = recogniser.listen(flux("flux-general-multi"));
        let heard = common::hear_turn(session, &utterance()).await;
        assert!(heard.error.is_none(), "{:?}", heard.error);
        assert_eq!(heard.text(), HEARS, "once, though it is said in each message");
        assert_eq!(heard.words().len(), if old { 0 } else { 5 });
        let at =
            |wanted: fn(&ListenEvent) -> bool| heard.events.iter().position(wanted).unwrap_or(usize::MAX);
        let started = at(|event| matches!(event, ListenEvent::SpeechStarted));
        let segment = at(|event| matches!(event, ListenEvent::Segment(_)));
        let early = at(|event| matches!(event, ListenEvent::EndOfTurn(sure) if *sure < 1.0));
        let last = at(|event| matches!(event, ListenEvent::EndOfTurn(sure) if *sure >= 1.0));
        assert!(started < segment && segment < last && last < usize::MAX);
        // The sentence has a pause in it, after which the speaker goes on.
        let resumed = at(|event| matches!(event, ListenEvent::TurnResumed));
        assert_eq!(early < resumed && resumed < segment, eager.is_some());
        assert_eq!(
            (heard.events.first(), heard.events.last()),
            (Some(&ListenEvent::Ready), Some(&ListenEvent::Finished))
        );
        let call = fake.script.last().unwrap();
        assert_eq!(call.path, "/v2/listen");
        assert_eq!(
            (
                call.query("language_hint"),
                call.query("keyterm"),
                call.query("eot_threshold"),
                call.query("eot_timeout_ms")
            ),
            (Some("en"), Some("Libretto"), Some("0.5"), Some("60000"))
        );
        assert_eq!(call.body[0], json!({"sound": 3_200}));
    }
}

#[tokio::test]
async fn a_turn_that_nobody_ended_is_told_at_the_end() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let recogniser = turning(&fake, None).recogniser();
    // Cut off in mid-word: there is no silence that could end it.
    let mut cut = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    cut.samples.truncate(20_000);
    for old in [false, true] {
        fake.manners(|m| m.old_flux = old);
        let heard = hear(recogniser.listen(flux("flux-general-en")), &cut).await;
        assert_eq!(
            (heard.text().as_str(), heard.events.last()),
            (HEARS, Some(&ListenEvent::Finished))
        );
    }
    let nothing = hear(
        recogniser.listen(flux("flux-general-en")),
        &Audio::empty(SampleRate::SPEECH),
    )
    .await;
    assert_eq!(nothing.events, [ListenEvent::Ready, ListenEvent::Finished]);
}

#[tokio::test]
async fn silence_keeps_flux() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    fake.manners(|m| m.patience = Duration::from_secs(6));
    let recogniser = turning(&fake, None).recogniser();
    let mut session = recogniser.listen(flux("flux-general-en"));
    assert!(matches!(session.next().await, Some(Ok(ListenEvent::Ready))));
    tokio::time::sleep(Duration::from_secs(7)).await;
    session.send(ListenInput::Finish).await.unwrap();
    assert!(matches!(session.next().await, Some(Ok(ListenEvent::Finished))));
    assert_eq!(fake.script.last().unwrap().body[0], json!({"sound": 2_560}));
}

#[tokio::test]
async fn flux_fails_in_plain_words() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let error =
        json!({"type": "Error", "sequence_id": 1, "code": "INTERNAL_SERVER_ERROR", "description": "d"});
    for (fault, kind, calls) in [
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::Status(402), Kind::Quota, 1),
        (Fault::Status(503), Kind::Unavailable, 3),
        (Fault::Silence, Kind::Timeout, 3),
        (Fault::StallAfter(0), Kind::Timeout, 3),
        (Fault::Say(0, error.to_string()), Kind::Unavailable, 3),
        (Fault::Say(2, error.to_string()), Kind::Unavailable, 1),
        (Fault::CloseAfter(2, 1_011, "NET-0001"), Kind::Unavailable, 1),
        (Fault::CloseAfter(2, 1_008, "DATA-0000"), Kind::BadInput, 1),
        (Fault::CloseAfter(2, 1_000, ""), Kind::Unavailable, 1),
        (Fault::BreakAfter(2), Kind::Unavailable, 1),
        (Fault::Garble(2), Kind::Unavailable, 1),
        (Fault::StallAfter(2), Kind::Timeout, 1),
    ] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, calls),
            ..settings(&fake, Transport::Socket)
        };
        let recogniser = Deepgram::new(network(), settings).unwrap().recogniser();
        let heard = async {
            // Without an end: a socket that is closed before one was asked for has broken off.
            let session = recogniser.listen(flux("flux-general-en"));
            let heard = if matches!(fault, Fault::CloseAfter(..)) {
                common::hear_turn(session, &utterance()).await
            } else {
                hear(session, &utterance()).await
            };
            heard.error
        };
        fails(&fake.script, (&fault, kind, calls), heard).await;
    }
}

#[tokio::test]
async fn terms_that_are_many_are_said_in_a_message() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let recogniser = turning(&fake, None).recogniser();
    let options = ListenOptions {
        vocabulary: (0..90).map(|n| format!("Libretto the {n}th")).collect(),
        ..flux("flux-general-en")
    };
    fake.script.fail(Fault::BreakAfter(1));
    let heard = hear(recogniser.listen(options.clone()), &utterance()).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!(heard.text(), HEARS);
    let call = fake.script.last().unwrap();
    assert_eq!(call.query("keyterm"), None);
    let said = call.body.as_array().unwrap();
    assert_eq!(
        said[0],
        json!({"type": "Configure", "keyterms": options.vocabulary})
    );
    let last: Vec<_> = said[said.len() - 2..]
        .iter()
        .map(|message| &message["type"])
        .collect();
    assert_eq!(last, ["ForceEndTurn", "CloseStream"]);
}

#[tokio::test]
async fn flux_speaks() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let voice = account(&fake, Transport::Http).voice();
    assert!(!voice.timed());
    let options = SpeakOptions {
        voice: Some("flux-priya-en".into()),
        speed: 1.12,
        ..SpeakOptions::default()
    };
    fake.script.fail(Fault::Status(429));
    let spoken = speak(voice.speak(options.clone()), &["Tea? ", " … ", "Yes. "]).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    let expected = ["Tea? ", "Yes. "].map(|phrase| speech::speak(phrase).audio.samples.len());
    assert_eq!(spoken.samples().len(), expected.iter().sum::<usize>());
    let call = fake.script.last().unwrap();
    assert_eq!(
        (call.path.as_str(), call.query("speed")),
        ("/v2/speak", Some("1.10"))
    );

    for (fault, kind, calls) in [
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::BreakAfter(0), Kind::Unavailable, 3),
        (Fault::StallAfter(5), Kind::Timeout, 1),
        (Fault::CloseAfter(5, 1_011, "NET-0003"), Kind::Unavailable, 1),
        (
            Fault::Say(
                1,
                json!({"type": "Error", "code": "DATA-0000", "description": "m"}).to_string(),
            ),
            Kind::BadInput,
            1,
        ),
    ] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, calls),
            ..settings(&fake, Transport::Http)
        };
        let voice = Deepgram::new(network(), settings).unwrap().voice();
        let spoken = async {
            speak(voice.speak(options.clone()), &[speech::SENTENCE])
                .await
                .error
        };
        fails(&fake.script, (&fault, kind, calls), spoken).await;
    }
}
