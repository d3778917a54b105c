//! The recognisers.

use common::{failing_at, fails, hear};
use libretto_providers::elevenlabs::Commit;
use libretto_testkit::fakes::Fault;
use libretto_voice::{Kind, ListenEvent, ListenInput, ListenOptions};
use serde_json::json;

use crate::*;

#[tokio::test]
async fn scribe_hears_a_whole_utterance() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    for rate in [16_000, 24_000].map(|rate| SampleRate::new(rate).unwrap()) {
        fake.script.fail(Fault::Status(429));
        let options = ListenOptions {
            rate,
            model: Some("scribe_v2".into()),
            language: Some("en-GB".into()),
            vocabulary: vec!["Oslo".into(), "no <tags>".into()],
        };
        let utterance = utterance(rate);
        let heard = hear(recogniser.listen(options), &utterance).await;
        assert!(heard.error.is_none(), "{:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.");
        assert_eq!(heard.words().len(), 4, "spaces are no words");
        assert!(heard.words()[3].2 <= utterance.duration().as_secs_f64());
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        let body = fake.script.last().unwrap().body;
        assert_eq!(body["keyterms"], json!(["Oslo"]));
        assert_eq!(
            (&body["language_code"][0], &body["tag_audio_events"][0]),
            (&json!("en"), &json!("false"))
        );
    }
}

#[tokio::test]
async fn scribe_hears_while_it_is_spoken_to() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let utterance = utterance(SampleRate::SPEECH);
    for commit in [Commit::Manual, Commit::Vad] {
        let settings = Settings {
            commit,
            ..settings(&fake, KEY)
        };
        let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
        fake.script.fail(Fault::Status(503));
        let heard = hear(recogniser.listen(ListenOptions::default()), &utterance).await;
        assert!(heard.error.is_none(), "{commit:?}: {:?}", heard.error);
        assert_eq!(
            heard.text(),
            "Go forward ten meters.",
            "{commit:?}: once, though it is committed twice"
        );
        assert_eq!(heard.words().len(), 4);
        assert_eq!(heard.events.first(), Some(&ListenEvent::Ready));
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        assert!(
            heard
                .events
                .iter()
                .any(|event| matches!(event, ListenEvent::Partial(_)))
        );
    }
    // Silence commits, where it is asked to, before anybody says that the utterance is over.
    let vad = Settings {
        commit: Commit::Vad,
        ..settings(&fake, KEY)
    };
    let recogniser = ElevenLabs::new(network(), vad).unwrap().recogniser();
    let mut session = recogniser.listen(ListenOptions::default());
    for piece in utterance.samples.chunks(1_600) {
        let piece = Audio::new(SampleRate::SPEECH, piece.to_vec());
        session.send(ListenInput::Audio(piece)).await.unwrap();
    }
    let mut segments = 0;
    while let Some(Ok(event)) = session.next().await {
        match event {
            ListenEvent::Segment(_) => segments += 1,
            ListenEvent::EndOfTurn(_) => session.send(ListenInput::Finish).await.unwrap(),
            ListenEvent::Finished => break,
            _ => {}
        }
    }
    assert_eq!(segments, 1);
    // Too little to be committed: silence is put behind it.
    let short = Audio::new(SampleRate::SPEECH, utterance.samples[2_000..4_000].to_vec());
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let heard = hear(recogniser.listen(ListenOptions::default()), &short).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    // Nothing at all.
    let heard = hear(
        recogniser.listen(ListenOptions::default()),
        &Audio::empty(SampleRate::SPEECH),
    )
    .await;
    assert_eq!(heard.events, [ListenEvent::Ready, ListenEvent::Finished]);
}

#[tokio::test]
async fn the_live_recogniser_fails_in_plain_words() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let utterance = utterance(SampleRate::SPEECH);
    let says = |kind: &str| json!({"message_type": kind, "error": "in its own words"}).to_string();
    for (fault, times, kind) in [
        (Fault::Status(401), 1, Kind::Unauthorised),
        (Fault::Status(429), 3, Kind::RateLimited),
        (Fault::Silence, 3, Kind::Timeout),
        (Fault::Say(0, says("auth_error")), 1, Kind::Unauthorised),
        (Fault::Say(1, says("quota_exceeded")), 1, Kind::Quota),
        (
            Fault::Say(1, says("session_time_limit_exceeded")),
            1,
            Kind::Unavailable,
        ),
        (Fault::Say(1, says("never_heard_of")), 1, Kind::Unavailable),
        (
            Fault::CloseAfter(2, 1_000, "commit_throttled"),
            1,
            Kind::Unavailable,
        ),
        (Fault::CloseAfter(2, 1_011, ""), 1, Kind::Unavailable),
        (Fault::BreakAfter(2), 1, Kind::Unavailable),
        (Fault::Garble(2), 1, Kind::Unavailable),
        (Fault::StallAfter(2), 1, Kind::Timeout),
    ] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, times),
            transport: Transport::Socket,
            ..settings(&fake, KEY)
        };
        let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
        let heard = async {
            hear(recogniser.listen(ListenOptions::default()), &utterance)
                .await
                .error
        };
        fails(&fake.script, (&fault, kind, times), heard).await;
    }
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let odd = ListenOptions {
        rate: SampleRate::new(12_345).unwrap(),
        ..ListenOptions::default()
    };
    let heard = hear(recogniser.listen(odd), &Audio::empty(SampleRate::SPEECH)).await;
    assert_eq!(heard.error.unwrap().kind(), Kind::Unsupported);
}
