//! What stands in its table of the settings, and what is asked of a recogniser in the middle of an utterance.

use common::speak;
use libretto_providers::Provider;
use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenInput, SpeakOptions};
use serde_json::Value;

use crate::*;

fn open(fake: &cartesia::Cartesia, table: Value) -> std::sync::Arc<dyn Provider> {
    common::opened("cartesia", fake.url(), KEY, table)
}

/// The next event that is no partial.
async fn next(session: &mut ListenSession) -> ListenEvent {
    loop {
        let event = tokio::time::timeout(common::PATIENCE, session.next())
            .await
            .unwrap();
        match event.unwrap().unwrap() {
            ListenEvent::Partial(_) => {}
            event => return event,
        }
    }
}

#[tokio::test]
async fn voices_speak_as_the_settings_say() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let table = json!({"locale": "en-GB", "accent": "scottish", "emotion": "calm", "volume": 1.2,
        "pronunciation_dict_id": "d1", "normalization": "off"});
    let voice = open(&fake, table).voice().unwrap();
    for (model, tag, locale, language) in [
        ("sonic-3.5", "en-US", json!(null), json!("en")),
        ("sonic-3.5", "nb-NO", json!(null), json!("no")),
        ("sonic-3.6", "en-US", json!("en-GB"), json!(null)),
    ] {
        let options = SpeakOptions {
            model: Some(model.to_owned()),
            language: Some(tag.into()),
            ..SpeakOptions::default()
        };
        let spoken = speak(voice.speak(options), &["Tea? "]).await;
        assert!(spoken.finished, "{:?}", spoken.error);
        let asked = fake.script.last().unwrap().body[0].clone();
        assert_eq!(
            (&asked["locale"], &asked["language"]),
            (&locale, &language),
            "{model}"
        );
        assert_eq!(asked["accent"], "scottish");
        assert_eq!(
            asked["generation_config"],
            json!({"volume": 1.2, "emotion": "calm"})
        );
    }
}

#[tokio::test]
async fn recognisers_are_asked_for_what_the_settings_say() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let utterance = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    let table = json!({"finalize": true, "min_volume": 0.2, "max_silence_duration_secs": 1.5});
    let recogniser = open(&fake, table).recogniser().unwrap();
    for (model, own) in [
        ("ink-2", [None, None]),
        ("ink-whisper", [Some("0.2"), Some("1.5")]),
    ] {
        let options = ListenOptions {
            model: Some(model.to_owned()),
            ..ListenOptions::default()
        };
        let heard = hear(recogniser.listen(options), &utterance).await;
        assert!(heard.error.is_none(), "{:?}", heard.error);
        let call = fake.script.last().unwrap();
        let asked = ["min_volume", "max_silence_duration_secs"].map(|name| call.query(name));
        assert_eq!(asked, own, "{model}");
    }
    // Thresholds that would not be taken are put in order.
    let table = json!({"listening": "turns", "turn_start_threshold": 0.55, "turn_eager_end_threshold": 0.6,
        "turn_end_threshold": 0.9, "turn_end_timeout_ms": 700});
    let recogniser = open(&fake, table).recogniser().unwrap();
    assert!(!recogniser.wants_pauses());
    let heard = hear(recogniser.listen(ListenOptions::default()), &utterance).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    let call = fake.script.last().unwrap();
    for (name, value) in [
        ("turn_start_threshold", "0.55"),
        ("turn_eager_end_threshold", "0.54"),
        ("turn_end_threshold", "0.5"),
        ("turn_end_timeout_ms", "700"),
    ] {
        assert_eq!(call.query(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn at_a_pause_the_words_become_final() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let recogniser = open(&fake, json!({"finalize": true})).recogniser().unwrap();
    assert!(recogniser.wants_pauses());
    let mut session = recogniser.listen(ListenOptions::default());
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    let spoken = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    session.send(ListenInput::Audio(spoken)).await.unwrap();
    session.send(ListenInput::Silence(true)).await.unwrap();
    let mut said = Vec::new();
    loop {
        match next(&mut session).await {
            ListenEvent::Segment(transcript) => said.push(transcript.text),
            ListenEvent::Paused => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(said.join(" "), "The kettle is on.");
    session.send(ListenInput::Finish).await.unwrap();
    assert_eq!(next(&mut session).await, ListenEvent::Finished);
    assert_eq!(fake.script.last().unwrap().body, json!(["finalize", "close"]));
    assert!(!open(&fake, json!({})).recogniser().unwrap().wants_pauses());
}

#[tokio::test]
async fn turns_end_at_other_thresholds_from_now_on() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let account = open(&fake, json!({"listening": "turns"}));
    let recogniser = account.recogniser().unwrap();
    let mut session = recogniser.listen(ListenOptions::default());
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    let table = json!({"listening": "turns", "turn_start_threshold": 2.0, "turn_end_threshold": 0.01,
        "turn_end_timeout_ms": 4_000});
    let setup = common::setup(fake.url(), KEY, table);
    let names = [
        "turn_start_threshold",
        "turn_end_threshold",
        "turn_end_timeout_ms",
    ];
    assert!(account.tune(&setup, &names));
    let config = json!({"type": "config", "turn": {"start_threshold": 0.9, "end_threshold": 0.05, "end_timeout_ms": 4_000}});
    let start = Instant::now();
    while fake.script.last().unwrap().body != json!([config]) {
        assert!(start.elapsed() < common::PATIENCE, "{:?}", fake.script.last());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    session.send(ListenInput::Finish).await.unwrap();
    assert_eq!(next(&mut session).await, ListenEvent::Finished);
    // A session that begins later knows it from the beginning.
    let mut later = recogniser.listen(ListenOptions::default());
    assert_eq!(next(&mut later).await, ListenEvent::Ready);
    let call = fake.script.last().unwrap();
    assert_eq!(call.query("turn_end_timeout_ms"), Some("4000"));
    // What no session can be told of needs another account.
    assert!(!account.tune(&setup, &["turn_start_threshold", "emotion"]));
}
