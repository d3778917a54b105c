//! Voices that fail, and sessions that end early.

use common::{closed, failing_at, fails, listen_to, stalled};
use libretto_testkit::fakes::Fault;
use libretto_voice::{Kind, SpeakEvent, SpeakInput};
use serde_json::json;

use crate::*;

#[tokio::test]
async fn refusals_and_breaks_before_the_first_sound() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in EACH {
        let voice = account(&fake, transport).voice();
        let hasty = Settings {
            access: failing_at(fake.url(), KEY, Kind::Timeout, 3),
            transport,
            ..settings(&fake, KEY)
        };
        let hasty = ElevenLabs::new(network(), hasty).unwrap().voice();
        let mut faults = vec![
            (Fault::Status(400), Kind::BadInput, 1),
            (Fault::Status(401), Kind::Unauthorised, 1),
            (Fault::Status(402), Kind::Quota, 1),
            (Fault::Status(403), Kind::Quota, 1),
            (Fault::Status(404), Kind::BadInput, 1),
            (Fault::Status(413), Kind::BadInput, 1),
            (Fault::Status(422), Kind::BadInput, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Status(503), Kind::Unavailable, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            (Fault::Silence, Kind::Timeout, 3),
            (Fault::StallAfter(0), Kind::Timeout, 3),
        ];
        if transport != Transport::Http {
            faults.push((Fault::Garble(0), Kind::Unavailable, 1));
        }
        if on_socket(transport) {
            let quota = json!({"message": "none left", "error": "quota_exceeded", "code": 1008}).to_string();
            faults.push((Fault::Say(0, quota), Kind::Quota, 1));
            faults.push((Fault::CloseAfter(0, 1008, "a policy"), Kind::Unavailable, 3));
            faults.push((Fault::CloseAfter(0, 1011, "internal"), Kind::Unavailable, 3));
            faults.push((Fault::CloseAfter(0, 1000, ""), Kind::Unavailable, 3));
        }
        if transport == Transport::Http {
            faults.push((Fault::ContentType("text/html"), Kind::Unavailable, 1));
        }
        for (fault, kind, calls) in faults {
            let voice = match kind {
                Kind::Timeout => &hasty,
                _ => &voice,
            };
            fails(&fake.script, (&fault, kind, calls), async {
                let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? "]).await;
                assert!(spoken.samples().is_empty(), "{transport:?} {fault:?}");
                spoken.error
            })
            .await;
        }
        // Twice in vain, then well: nothing is lost and nothing comes twice.
        fake.script.fail(Fault::Status(503));
        fake.script.fail(Fault::BreakAfter(0));
        let spoken = say(voice.as_ref(), &[speech::SENTENCE.to_owned()]).await;
        if transport != Transport::Http {
            let off = worst(&spoken, &[speech::SENTENCE.to_owned()]);
            assert!(off < 0.08, "{transport:?}: {off} s");
        }
    }
}

#[tokio::test]
async fn in_mid_word_it_fails_at_once_and_what_was_heard_is_kept() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in EACH {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, Kind::Timeout, 1),
            transport,
            ..settings(&fake, KEY)
        };
        let voice = ElevenLabs::new(network(), settings).unwrap().voice();
        let mut faults = vec![Fault::BreakAfter(9), Fault::StallAfter(9)];
        if on_socket(transport) {
            faults.extend([1_000, 1_008, 1_009, 1_011].map(|code| Fault::CloseAfter(9, code, "in mid-word")));
            faults.push(Fault::Garble(9));
        }
        for fault in faults {
            let before = fake.script.calls().len();
            fake.script.fail(fault.clone());
            let phrase = format!("{} ", speech::SENTENCE);
            let spoken = speak(voice.speak(SpeakOptions::default()), &[&phrase]).await;
            let error = spoken.failed();
            assert!(!error.can_retry(), "{transport:?} {fault:?}");
            assert!(
                !spoken.samples().is_empty() && !spoken.finished,
                "{transport:?} {fault:?}"
            );
            assert_eq!(fake.script.calls().len() - before, 1, "{transport:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_or_told_in_band() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for tells_in_band in [false, true] {
        fake.manners(|m| m.tells_in_band = tells_in_band);
        for transport in EACH {
            let settings = Settings {
                transport,
                ..settings(&fake, "sk_planted_wrong")
            };
            let voice = ElevenLabs::new(network(), settings).unwrap().voice();
            for model in ["eleven_flash_v2_5", "eleven_v3"] {
                let before = fake.script.calls().len();
                let options = SpeakOptions {
                    model: Some(model.into()),
                    ..SpeakOptions::default()
                };
                let spoken = speak(voice.speak(options), &["Tea? "]).await;
                let error = spoken.failed();
                assert_eq!(error.kind(), Kind::Unauthorised, "{transport:?} {model}: {error}");
                assert!(!format!("{error} {error:?}").contains("planted"));
                assert_eq!(fake.script.calls().len() - before, 1, "{transport:?} {model}");
            }
        }
    }
}

#[tokio::test]
async fn a_silent_conversation_keeps_its_socket_and_cancelling_ends_it() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let settings = Settings {
        access: failing_at(fake.url(), KEY, Kind::Timeout, 1),
        transport: Transport::Socket,
        ..settings(&fake, KEY)
    };
    let voice = ElevenLabs::new(network(), settings).unwrap().voice();
    let mut session = voice.speak(SpeakOptions::default());
    assert!(matches!(session.next().await, Some(Ok(SpeakEvent::Ready))));
    session.send(SpeakInput::Text("Tea? ".into())).await.unwrap();
    while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
    // Longer than the deadline within an answer: while nothing is asked, nothing is due.
    tokio::time::sleep(stalled().idle * 2).await;
    session.send(SpeakInput::Text(MORE.into())).await.unwrap();
    session.send(SpeakInput::Finish).await.unwrap();
    assert!(listen_to(session).await.finished);

    // A socket that the service closes for silence is an error, in plain words.
    fake.manners(|m| m.patience = Some(Duration::from_millis(300)));
    let spoken = listen_to(voice.speak(SpeakOptions::default())).await;
    assert_eq!(spoken.failed().kind(), Kind::Unavailable);
    fake.manners(|m| m.patience = None);

    fake.script.fail(Fault::StallAfter(2));
    let mut session = voice.speak(SpeakOptions::default());
    session.send(SpeakInput::Text(MORE.into())).await.unwrap();
    while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
    drop(session);
    closed(&fake.script).await;
}
