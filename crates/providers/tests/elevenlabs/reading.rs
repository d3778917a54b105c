//! How a text is to be read, in each place where the service wants to be told.

use libretto_providers::elevenlabs::{Dictionary, Reading};
use libretto_voice::{SpeakEvent, SpeakInput};
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
                schedule: Vec::new(),
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

#[tokio::test]
async fn what_is_read_in_other_letters_is_lit_as_it_is_written() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::Shared, Transport::HttpTimed] {
        for text in [
            "مرحبا بك كيف حالك؟ ",
            "שלום לכם. ",
            "안녕하세요 여러분. ",
            "你好 世界。 ",
        ] {
            let settings = Settings {
                transport,
                output_format: Some("pcm_24000".into()),
                reading: Reading {
                    dictionaries: vec![Dictionary::of("d1")],
                    ..Reading::default()
                },
                ..settings(&fake, KEY)
            };
            let voice = ElevenLabs::new(network(), settings).unwrap().voice();
            let phrases = [text.to_owned()];
            let spoken = say(voice.as_ref(), &phrases).await;
            let words = spoken.words(text);
            assert!(words.iter().all(|word| word.3), "{transport:?} {words:?}");
        }
    }
}

fn scheduled(fake: &elevenlabs::ElevenLabs, transport: Transport) -> ElevenLabs {
    let settings = Settings {
        transport,
        reading: Reading {
            schedule: vec![20, 160],
            ..Reading::default()
        },
        ..settings(fake, KEY)
    };
    ElevenLabs::new(network(), settings).unwrap()
}

#[tokio::test]
async fn phrases_are_put_together_where_that_is_wanted() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::Shared] {
        let voice = scheduled(&fake, transport).voice();
        let spoken = say(voice.as_ref(), &phrases()).await;
        same_sound(&spoken, &phrases());
        assert!(worst(&spoken, &phrases()) < 0.03, "{transport:?}");
        let call = fake.script.last().unwrap();
        assert_eq!(call.query("auto_mode"), None);
        let said = call.body.as_array().unwrap().clone();
        assert_eq!(
            said[0]["generation_config"],
            json!({"chunk_length_schedule": [50, 160]})
        );
        let flushes = said.iter().filter(|message| message["flush"] == true).count();
        assert_eq!(flushes, usize::from(transport == Transport::Shared), "{said:?}");

        // Nobody waits for more than comes.
        let mut session = voice.speak(SpeakOptions::default());
        session.send(SpeakInput::Text("Tea? ".into())).await.unwrap();
        while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
        session.send(SpeakInput::Text(MORE.into())).await.unwrap();
        session.send(SpeakInput::Finish).await.unwrap();
        let spoken = common::listen_to(session).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        let least = speech::speak(MORE).audio.samples.len();
        assert!(spoken.samples().len() >= least, "{transport:?}");
    }
}
