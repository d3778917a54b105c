//! How a text is to be read, in each place where the service wants to be told.

use libretto_providers::elevenlabs::{Dictionary, Reading};
use serde_json::json;

use crate::*;

#[tokio::test]
async fn dictionaries_and_what_else_changes_the_reading() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::Shared, Transport::HttpTimed] {
        let settings = Settings {
            transport,
            output_format: Some("pcm_24000".into()),
            reading: Reading {
                dictionaries: ["d1:v7", "d2", "d3", "d4"].map(Dictionary::of).into(),
                ssml: true,
                normalisation: Some("on".into()),
                normalises_language: true,
                seed: Some(7),
                forgets: true,
            },
            ..settings(&fake, KEY)
        };
        let voice = ElevenLabs::new(network(), settings).unwrap().voice();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[&phrases()[0]]).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        // The text as it was sent comes in disorder; the words have their times all the same.
        let words = spoken.words(&phrases()[0]);
        assert!(words.iter().all(|word| word.3), "{transport:?} {words:?}");
        let call = fake.script.last().unwrap();
        let locators = json!([{"pronunciation_dictionary_id": "d1", "version_id": "v7"},
            {"pronunciation_dictionary_id": "d2"}, {"pronunciation_dictionary_id": "d3"}]);
        assert_eq!(call.query("enable_logging"), Some("false"));
        if transport == Transport::HttpTimed {
            let asked = [
                "pronunciation_dictionary_locators",
                "apply_text_normalization",
                "seed",
            ];
            let asked = asked.map(|field| call.body[field].clone());
            assert_eq!(asked, [locators, json!("on"), json!(7)]);
            continue;
        }
        assert_eq!(call.body[0]["pronunciation_dictionary_locators"], locators);
        let asked = [
            "enable_ssml_parsing",
            "apply_text_normalization",
            "apply_language_text_normalization",
            "seed",
        ];
        let asked = asked.map(|name| call.query(name));
        assert_eq!(asked, [Some("true"), Some("on"), Some("true"), Some("7")]);
    }
}
