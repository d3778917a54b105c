//! What stands in its table of the settings.

use libretto_providers::Provider;
use libretto_voice::SpeechToText;
use serde_json::Value;

use crate::*;

fn open(fake: &deepgram::Deepgram, table: Value) -> std::sync::Arc<dyn Provider> {
    common::opened("deepgram", fake.url(), KEY, table)
}

async fn heard(recogniser: &dyn SpeechToText, model: &str) {
    let options = ListenOptions {
        model: Some(model.to_owned()),
        ..ListenOptions::default()
    };
    let heard = hear(recogniser.listen(options), &utterance()).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert!(heard.text().contains(HEARS));
}

#[tokio::test]
async fn recognisers_are_asked_for_what_the_settings_say() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let table = json!({"endpointing": 450, "utterance_end_ms": 400, "finalize": true, "eot_threshold": 0.85,
        "eager_eot_threshold": 0.55, "eot_timeout_ms": 7_000,
        "features": {"smart_format": false, "punctuate": true, "numerals": true, "redact": ["pci", "ssn"], "no_delay": true,
            "keyterm": ["Bach"], "keywords": ["Brahms:2"], "measurements": true, "language_hint": ["de"]}});
    let recogniser = open(&fake, table.clone()).recogniser().unwrap();
    assert!(recogniser.wants_pauses());
    let all = |name: &str| -> Vec<String> {
        let query = fake.script.last().unwrap().query;
        let named = query.into_iter().filter(|(given, _)| given == name);
        named.map(|(_, value)| value).collect()
    };
    heard(recogniser.as_ref(), "nova-3").await;
    for (name, value) in [
        ("endpointing", "450"),
        ("utterance_end_ms", "1000"),
        ("smart_format", "false"),
        ("punctuate", "true"),
        ("numerals", "true"),
        ("no_delay", "true"),
        ("keyterm", "Bach"),
        ("language", "multi"),
        ("language_hint", "de"),
    ] {
        assert_eq!(all(name), [value], "{name}");
    }
    assert_eq!(all("redact"), ["pci", "ssn"]);
    heard(recogniser.as_ref(), "nova-2-general").await;
    assert_eq!(
        (all("keyterm").len(), all("keywords")),
        (0, vec!["Brahms:2".into()])
    );
    assert!(all("language_hint").is_empty());
    // What it does not take is not left out in silence: the user counts on it.
    let options = ListenOptions {
        model: Some("flux-general-en".into()),
        ..ListenOptions::default()
    };
    let refused = hear(recogniser.listen(options), &utterance()).await;
    assert!(refused.error.unwrap().message().contains("redact"));
    let mut other = table.clone();
    other["features"]["redact"] = "numbers".into();
    let recogniser = open(&fake, other).recogniser().unwrap();
    heard(recogniser.as_ref(), "flux-general-en").await;
    assert_eq!(all("redact"), ["numbers"]);
    for (name, value) in [
        ("eot_threshold", "0.85"),
        ("eager_eot_threshold", "0.55"),
        ("eot_timeout_ms", "7000"),
        ("keyterm", "Bach"),
    ] {
        assert_eq!(all(name), [value], "{name}");
    }
    let mut whole = table;
    whole["listening"] = "http".into();
    let recogniser = open(&fake, whole).recogniser().unwrap();
    assert!(!recogniser.wants_pauses());
    heard(recogniser.as_ref(), "nova-2-general").await;
    assert_eq!(
        (all("detect_language"), all("measurements")),
        (vec!["true".into()], vec!["true".into()])
    );
    assert!(all("no_delay").is_empty());
}

#[tokio::test]
async fn flux_speaks_as_the_settings_say() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    for (speaking, method) in [("http", "POST"), ("socket", "SOCKET"), ("", "SOCKET")] {
        let table = json!({"speaking": speaking, "expressivity": 1.5,
            "features": {"mip_opt_out": true, "tag": "home", "numerals": true}});
        let voice = open(&fake, table).voice().unwrap();
        let options = SpeakOptions {
            voice: Some("flux-jack-en".into()),
            speed: 9.0,
            ..SpeakOptions::default()
        };
        let spoken = speak(voice.speak(options), &["Tea? ", "Yes. "]).await;
        assert!(spoken.finished, "{:?}", spoken.error);
        let expected = ["Tea? ", "Yes. "].map(|phrase| speech::speak(phrase).audio.samples.len());
        assert_eq!(spoken.samples().len(), expected.iter().sum::<usize>(), "{method}");
        let call = fake.script.last().unwrap();
        assert_eq!((call.method.as_str(), call.path.as_str()), (method, "/v2/speak"));
        assert_eq!(
            (call.query("expressivity"), call.query("speed")),
            (Some("1.5"), Some("1.50"))
        );
        let asked = ["mip_opt_out", "tag", "numerals"].map(|name| call.query(name));
        assert_eq!(asked, [Some("true"), Some("home"), None]);
    }
}

#[tokio::test]
async fn aura_does_not_teach_who_does_not_want_it() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    // Its socket knows no tags.
    for (speaking, tag) in [("http", Some("home")), ("socket", None)] {
        let table = json!({"speaking": speaking, "features": {"mip_opt_out": true, "tag": "home"}});
        let voice = open(&fake, table).voice().unwrap();
        let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? "]).await;
        assert!(spoken.finished, "{:?}", spoken.error);
        let call = fake.script.last().unwrap();
        assert_eq!(
            (call.query("mip_opt_out"), call.query("tag")),
            (Some("true"), tag)
        );
    }
}
