//! Voices, over HTTP and their sockets.

use common::Spoken;

use crate::*;

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
    fake.manners(|m| m.unspeakable = Some("Tea"));
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
    fake.manners(|m| m.idle = Duration::from_secs(1));
    for name in SOCKETS {
        let before = fake.script.calls().len();
        let session = voice.speak(spoken_by(name));
        for sockets in 1..=2 {
            session.send(SpeakInput::Text("Tea? ".into())).await.unwrap();
            common::closed_after(&fake.script, before + sockets).await;
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
    for (name, farewell) in SOCKETS.into_iter().zip(["Clear", "Interrupt"]) {
        let session = voice.speak(spoken_by(name));
        session.send(SpeakInput::Text("Tea? ".into())).await.unwrap();
        let said = common::last_message_when_dropped(session, &fake.script).await;
        assert_eq!(said, json!({ "type": farewell }));
    }
}
