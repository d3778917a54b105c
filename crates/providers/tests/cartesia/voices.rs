//! Sonic over each way to it.

use common::{closed_after, last_message_when_dropped, listen_to, same_sound, speak, worst};
use libretto_voice::{SpeakInput, SpeakOptions};

use crate::*;

#[tokio::test]
async fn words_light_when_they_sound() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let settings = Settings {
        emotion: Some("calm".into()),
        ..settings(&fake, Transport::Socket)
    };
    let voice = Cartesia::new(network(), settings).unwrap().voice();
    assert!(voice.timed());
    for (early, restarts, tags) in [
        (true, false, false),
        (false, false, false),
        (true, true, false),
        (true, false, true),
    ] {
        fake.manners(|m| (m.early, m.restarts, m.tags) = (early, restarts, tags));
        let options = SpeakOptions {
            language: Some("en-GB".into()),
            speed: 2.0,
            ..SpeakOptions::default()
        };
        let [one, two] = phrases();
        let spoken = speak(voice.speak(options), &[&one, &two]).await;
        assert!(spoken.finished, "{:?}", spoken.error);
        same_sound(&spoken, &phrases());
        if early {
            let off = worst(&spoken, &phrases());
            assert!(off < 0.03, "restarts {restarts}, tags {tags}: {off} s");
        }
    }
    let said = fake.script.last().unwrap().body;
    assert_eq!(
        (&said[0]["language"], &said[0]["generation_config"]),
        (&json!("en"), &json!({"speed": 1.5, "emotion": "calm"}))
    );
    assert_eq!(
        (&said[2]["transcript"], &said[2]["continue"]),
        (&json!(""), &json!(false))
    );
}

#[tokio::test]
async fn a_slow_language_model_outlives_a_context() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    fake.manners(|m| m.expiry = Duration::from_millis(100));
    let voice = account(&fake, Transport::Socket).voice();
    let session = voice.speak(SpeakOptions::default());
    let [one, two] = phrases();
    session.send(SpeakInput::Text(one)).await.unwrap();
    // That a context is over cannot be seen from here.
    tokio::time::sleep(Duration::from_secs(2)).await;
    session.send(SpeakInput::Text(two)).await.unwrap();
    session.send(SpeakInput::Finish).await.unwrap();
    let spoken = listen_to(session).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    same_sound(&spoken, &phrases());
    assert!(worst(&spoken, &phrases()) < 0.03);
    let said = fake.script.last().unwrap().body;
    assert_eq!(
        (&said[0]["context_id"], &said[1]["context_id"]),
        (&json!("reply-1"), &json!("reply-2"))
    );
}

#[tokio::test]
async fn a_voice_that_was_closed_for_silence_speaks_on() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    fake.manners(|m| (m.expiry, m.idle) = (Duration::from_millis(100), Duration::from_secs(1)));
    let voice = account(&fake, Transport::Socket).voice();
    let session = voice.speak(SpeakOptions::default());
    for (phrase, sockets) in phrases().into_iter().zip(1..) {
        session.send(SpeakInput::Text(phrase)).await.unwrap();
        closed_after(&fake.script, sockets).await;
    }
    session.send(SpeakInput::Finish).await.unwrap();
    let spoken = listen_to(session).await;
    assert!(spoken.finished && spoken.error.is_none(), "{:?}", spoken.error);
    same_sound(&spoken, &phrases());
    assert!(worst(&spoken, &phrases()) < 0.03);
    assert_eq!(fake.script.calls().len(), 2);
}

#[tokio::test]
async fn phrases_over_http() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let voice = account(&fake, Transport::Bytes).voice();
    assert!(!voice.timed());
    fake.script.fail(Fault::Status(429));
    let [one, two] = phrases();
    let spoken = speak(voice.speak(SpeakOptions::default()), &[&one, " … ", &two]).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    same_sound(&spoken, &phrases());
}

#[tokio::test]
async fn failures_in_plain_words() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let in_band = |code: &str| {
        let error = json!({"type": "error", "done": true, "status_code": 429, "error_code": code, "title": "t", "message": "m"});
        Fault::Say(0, error.to_string())
    };
    let old =
        json!({"type": "error", "done": true, "error": "Bad Request: m", "status_code": 400}).to_string();
    let old_refusal = Fault::Refusal {
        status: 401,
        headers: Vec::new(),
        body: "Unauthorized: no such key".into(),
    };
    for transport in [Transport::Socket, Transport::Sse, Transport::Bytes] {
        let mut cases = vec![
            (Fault::Status(400), Kind::BadInput, 1),
            (Fault::Status(401), Kind::Unauthorised, 1),
            (old_refusal.clone(), Kind::Unauthorised, 1),
            (Fault::Status(402), Kind::Quota, 1),
            (Fault::Status(403), Kind::Quota, 1),
            (Fault::Status(404), Kind::BadInput, 1),
            (Fault::Status(422), Kind::BadInput, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Status(500), Kind::Unavailable, 3),
            (Fault::Silence, Kind::Timeout, 3),
            (Fault::StallAfter(0), Kind::Timeout, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            // In mid-word.
            (Fault::BreakAfter(6), Kind::Unavailable, 1),
            (Fault::StallAfter(6), Kind::Timeout, 1),
        ];
        if transport == Transport::Socket {
            cases.extend([
                (in_band("concurrency_limited"), Kind::RateLimited, 3),
                (in_band("quota_exceeded"), Kind::Quota, 1),
                // As it was said before March 2026.
                (Fault::Say(0, old.clone()), Kind::BadInput, 1),
                (
                    Fault::CloseAfter(0, 1_000, "connection idle timeout"),
                    Kind::Unavailable,
                    3,
                ),
                (
                    Fault::CloseAfter(6, 1_000, "connection idle timeout"),
                    Kind::Unavailable,
                    1,
                ),
                (Fault::CloseAfter(6, 1_011, ""), Kind::Unavailable, 1),
                (Fault::Garble(0), Kind::Unavailable, 1),
            ]);
        }
        for (fault, kind, calls) in cases {
            let settings = Settings {
                access: failing_at(fake.url(), KEY, kind, calls),
                ..settings(&fake, transport)
            };
            let voice = Cartesia::new(network(), settings).unwrap().voice();
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
async fn cancelling_tells_the_service() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    let session = voice.speak(SpeakOptions::default());
    session.send(SpeakInput::Text(MORE.into())).await.unwrap();
    assert_eq!(
        last_message_when_dropped(session, &fake.script).await,
        json!({"context_id": "reply-1", "cancel": true})
    );
}
