//! How the recognisers are to listen.

use common::hear;
use libretto_providers::elevenlabs::{Commit, Hearing};
use libretto_testkit::fakes::elevenlabs::Shape;
use libretto_voice::{Kind, ListenEvent, ListenOptions};
use serde_json::json;

use crate::*;

fn everything() -> Hearing {
    Hearing {
        vad_threshold: Some(0.95),
        vad_silence: Some(9.0),
        min_speech: Some(10),
        min_silence: Some(250),
        previous_text: Some("We speak of wheels and of what they do.".into()),
        filters_background: false,
        secondary_languages: vec!["de-AT".into(), "fr".into()],
        cleans: true,
        redacts: vec!["pii".into()],
        redaction_mode: Some("redacted".into()),
        edit: None,
        diarises: true,
        speakers: Some(2),
        diarisation_threshold: Some(0.2),
        tags_events: true,
        temperature: Some(0.5),
        numbers: Some("digits".into()),
        forgets: true,
    }
}

fn hearing(fake: &elevenlabs::ElevenLabs, commit: Commit, hearing: Hearing) -> ElevenLabs {
    let settings = Settings {
        commit,
        hearing,
        ..settings(fake, KEY)
    };
    ElevenLabs::new(network(), settings).unwrap()
}

fn with(model: &str) -> ListenOptions {
    ListenOptions {
        model: Some(model.to_owned()),
        ..ListenOptions::default()
    }
}

#[tokio::test]
async fn all_of_it_for_whole_utterances() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let utterance = utterance(SampleRate::SPEECH);
    for model in ["scribe_v3", "scribe_v2", "scribe_v1"] {
        let recogniser = hearing(&fake, Commit::Manual, everything()).recogniser();
        let heard = hear(recogniser.listen(with(model)), &utterance).await;
        assert!(heard.error.is_none(), "{model}: {:?}", heard.error);
        assert_eq!(
            heard.text(),
            "1: Go forward\n2: ten [redacted](laughter)",
            "{model}"
        );
        assert_eq!(heard.words().len(), 4, "laughter is no word");
        let call = fake.script.last().unwrap();
        assert_eq!(call.query("enable_logging"), Some("false"));
        let body = &call.body;
        let one = |name: &str| body[name][0].as_str().map(str::to_owned);
        assert_eq!(one("num_speakers").as_deref(), Some("2"));
        assert_eq!(body.get("diarization_threshold"), None, "not with a number");
        assert_eq!(one("entity_detection").as_deref(), Some(r#"["pii"]"#));
        assert_eq!(one("entity_redaction"), one("entity_detection"));
        assert_eq!(one("temperature").as_deref(), Some("0.5"));
        let third = (model == "scribe_v3").then_some(json!(["de", "fr"]));
        assert_eq!(body.get("secondary_language_codes").cloned(), third, "{model}");
        assert_eq!(body.get("numbers_format").is_some(), model == "scribe_v3");
        assert_eq!(body.get("no_verbatim").is_some(), model != "scribe_v1");
    }
}

#[tokio::test]
async fn each_shape_of_a_transcription() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let utterance = utterance(SampleRate::SPEECH);
    fake.manners(|m| m.shape = Shape::Channels);
    let heard = hear(recogniser.listen(with("scribe_v2")), &utterance).await;
    assert_eq!(heard.text(), "Go forward ten meters.\nGo forward ten meters.");
    assert_eq!(heard.words().len(), 8);
    fake.manners(|m| m.shape = Shape::Later);
    let heard = hear(recogniser.listen(with("scribe_v2")), &utterance).await;
    assert_eq!(
        heard.error.unwrap().kind(),
        Kind::Unavailable,
        "nobody waits for it"
    );
}

#[tokio::test]
async fn all_of_it_while_it_is_spoken_to() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let utterance = utterance(SampleRate::SPEECH);
    for commit in [Commit::Vad, Commit::Manual] {
        let recogniser = hearing(&fake, commit, everything()).recogniser();
        let heard = hear(recogniser.listen(ListenOptions::default()), &utterance).await;
        assert!(heard.error.is_none(), "{commit:?}: {:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten [redacted]", "{commit:?}");
        let partial = |event: &ListenEvent| matches!(event, ListenEvent::Partial(_));
        assert!(
            !heard.events.iter().any(partial),
            "nothing that is to be taken out is shown"
        );
        let call = fake.script.last().unwrap();
        let all = |name: &str| -> Vec<&str> {
            let named = call.query.iter().filter(|(known, _)| known == name);
            named.map(|(_, value)| value.as_str()).collect()
        };
        assert_eq!(all("secondary_languages"), ["de", "fr"]);
        assert_eq!(
            (all("entity_detection"), all("entity_redaction")),
            (vec!["pii"], vec!["pii"])
        );
        assert_eq!(
            (call.query("no_verbatim"), call.query("enable_logging")),
            (Some("true"), Some("false"))
        );
        let vad = [
            "vad_threshold",
            "vad_silence_threshold_secs",
            "min_speech_duration_ms",
            "min_silence_duration_ms",
        ];
        let vad = vad.map(|name| call.query(name));
        let expected = [Some("0.9"), Some("3"), Some("50"), Some("250")];
        assert_eq!(
            vad,
            if commit == Commit::Vad {
                expected
            } else {
                [None; 4]
            }
        );
        let said = call.body.as_array().unwrap();
        assert_eq!(
            said[0]["previous_text"],
            "We speak of wheels and of what they do."
        );
        assert!(
            said[1..]
                .iter()
                .all(|message| message.get("previous_text").is_none())
        );
    }
}

#[tokio::test]
async fn others_are_passed_over_and_words_have_no_times() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let alone = Hearing {
        filters_background: true,
        ..Hearing::default()
    };
    let recogniser = hearing(&fake, Commit::Manual, alone).recogniser();
    let heard = hear(
        recogniser.listen(with("scribe_v3_live")),
        &utterance(SampleRate::SPEECH),
    )
    .await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!(
        (heard.text().as_str(), heard.words().len()),
        ("Go forward ten meters.", 0)
    );
    let call = fake.script.last().unwrap();
    assert_eq!(
        (
            call.query("filter_background_audio"),
            call.query("include_timestamps")
        ),
        (Some("true"), None)
    );
}
