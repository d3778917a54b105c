//! Phrases that are fetched one by one, and sound as if they were one reply.

use libretto_providers::elevenlabs::Reading;
use libretto_testkit::fakes::Fault;
use serde_json::{Value, json};

use crate::*;

async fn bodies(fake: &elevenlabs::ElevenLabs, settings: Settings, model: Option<&str>) -> Vec<Value> {
    let before = fake.script.calls().len();
    let voice = ElevenLabs::new(network(), settings).unwrap().voice();
    let options = SpeakOptions {
        model: model.map(str::to_owned),
        ..SpeakOptions::default()
    };
    let spoken = speak(
        voice.speak(options),
        &["One. ", "Two? ", " … ", "Three. ", "Four. ", "Five. "],
    )
    .await;
    assert!(spoken.finished, "{:?}", spoken.error);
    let calls = fake.script.calls();
    calls[before..].iter().map(|call| call.body.clone()).collect()
}

#[tokio::test]
async fn each_phrase_goes_on_from_the_one_before() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for (round, transport) in [Transport::HttpTimed, Transport::Http].into_iter().enumerate() {
        let settings = Settings {
            transport,
            ..settings(&fake, KEY)
        };
        // What is refused at first names the same calls when it is made again.
        fake.script.pass();
        fake.script.fail(Fault::Status(429));
        let bodies = bodies(&fake, settings, None).await;
        assert_eq!(bodies.len(), 6);
        assert_eq!(bodies[1], bodies[2]);
        let ids = |ids: &[usize]| -> Value {
            ids.iter()
                .map(|id| format!("req_fake_{}", round * 5 + id))
                .collect()
        };
        let first = &bodies[0];
        assert!(first.get("previous_text").is_none() && first.get("previous_request_ids").is_none());
        assert_eq!(first["next_text"], "Two? ");
        assert_eq!(bodies[1]["previous_text"], "One. ");
        assert_eq!(bodies[1]["previous_request_ids"], ids(&[0]));
        assert_eq!(bodies[1]["next_text"], "Three. ");
        let last = &bodies[5];
        assert_eq!(last["previous_text"], "One. Two?  … Three. Four. ");
        assert_eq!(last["previous_request_ids"], ids(&[1, 2, 3]));
        assert!(last.get("next_text").is_none());
    }
}

#[tokio::test]
async fn what_may_not_be_remembered_is_not_named() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let settings = Settings {
        transport: Transport::Http,
        reading: Reading {
            forgets: true,
            normalises_language: true,
            ..Reading::default()
        },
        ..settings(&fake, KEY)
    };
    let forgotten = bodies(&fake, settings.clone(), None).await;
    assert_eq!(forgotten[4]["previous_text"], "One. Two?  … Three. Four. ");
    assert!(
        forgotten
            .iter()
            .all(|body| body.get("previous_request_ids").is_none())
    );
    assert_eq!(forgotten[0]["apply_language_text_normalization"], json!(true));
    // Later models are told nothing of it.
    for body in bodies(&fake, settings, Some("eleven_v3")).await {
        let fields = body.as_object().unwrap();
        assert!(
            fields
                .keys()
                .all(|name| !name.contains("previous") && !name.contains("next"))
        );
    }
}
