//! Ink while it is spoken to.

use crate::*;

#[tokio::test]
async fn ink_hears_while_it_is_spoken_to() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let utterance = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    let options = ListenOptions {
        language: Some("en-US".into()),
        vocabulary: vec!["kettle".into()],
        ..ListenOptions::default()
    };
    fake.script.fail(Fault::Status(429));
    let heard = hear(recogniser.listen(options.clone()), &utterance).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!(
        heard.text(),
        "The kettle is on.",
        "though it comes in three pieces, the first cut in a word"
    );
    assert_eq!(heard.words().len(), 4);
    assert!(
        heard
            .events
            .iter()
            .any(|event| matches!(event, ListenEvent::Partial(_)))
    );
    assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
    let call = fake.script.last().unwrap();
    assert_eq!(
        (call.query("language"), call.query("keyterm"), &call.body),
        (Some("en"), Some("kettle"), &json!(["close"]))
    );

    let nothing = hear(
        recogniser.listen(options.clone()),
        &Audio::empty(SampleRate::SPEECH),
    )
    .await;
    assert_eq!(nothing.events, [ListenEvent::Ready, ListenEvent::Finished]);

    for (fault, kind, calls) in [
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::Status(402), Kind::Quota, 1),
        (Fault::Status(503), Kind::Unavailable, 3),
        (
            Fault::CloseAfter(1, 1_000, "connection idle timeout"),
            Kind::Unavailable,
            1,
        ),
        (Fault::BreakAfter(1), Kind::Unavailable, 1),
        (Fault::StallAfter(1), Kind::Timeout, 1),
        (Fault::Garble(1), Kind::Unavailable, 1),
    ] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, calls),
            ..settings(&fake, Transport::Socket)
        };
        let recogniser = Cartesia::new(network(), settings).unwrap().recogniser();
        let case = (&fault, kind, calls);
        let heard = async { hear(recogniser.listen(options.clone()), &utterance).await.error };
        fails(&fake.script, case, heard).await;
    }
}
