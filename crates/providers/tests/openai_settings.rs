//! What stands in the settings' tables of those who speak OpenAI's protocol, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use common::{access, answer, failing_at, fails, hear, hear_turn, network, question, said, speak};
use libretto_providers::openai::{LLAMA_CPP, OPENAI, OpenAi, Settings, Speaking};
use libretto_providers::{Access, Fault as Failed, Part, Provider};
use libretto_testkit::fakes::openai::{self, Flavour, KEY, Oddity};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{Audio, ChatRequest, Kind, ListenEvent, ListenOptions, SampleRate, SpeakOptions};
use serde_json::{Value, json};

async fn start(flavour: Flavour) -> openai::OpenAi {
    openai::OpenAi::start(flavour).await.unwrap()
}

fn open(fake: &openai::OpenAi, name: &str, table: Value) -> Arc<dyn Provider> {
    common::opened(name, fake.url(), KEY, table)
}

/// The sentence, and so many milliseconds of silence.
fn utterance(silence: u64) -> Audio {
    let rate = SampleRate::SPEECH;
    let mut audio = speech::sentence().clone().at(rate).audio;
    let silence = Audio::silence(rate, Duration::from_millis(silence));
    audio.samples.extend(silence.samples);
    audio
}

#[tokio::test]
async fn speech_comes_as_events_where_they_are_wanted_and_known() {
    let fake = start(Flavour::OpenAi).await;
    let voice = open(&fake, "openai", json!({"stream_format": "sse"}))
        .voice()
        .unwrap();
    let expected = speech::speak(speech::SENTENCE).audio.samples.len();
    for (model, plain) in [
        ("gpt-4o-mini-tts", false),
        ("gpt-4o-mini-tts", true),
        ("tts-1", false),
    ] {
        fake.manners(|m| m.oddity = plain.then_some(Oddity::PlainSpeech));
        let options = SpeakOptions {
            model: Some(model.to_owned()),
            ..SpeakOptions::default()
        };
        let spoken = speak(voice.speak(options), &[speech::SENTENCE]).await;
        assert!(spoken.finished, "{model} {plain}: {:?}", spoken.error);
        assert_eq!(spoken.samples().len(), expected, "{model} {plain}");
        let asked = &fake.script.last().unwrap().body["stream_format"];
        assert_eq!(asked == "sse", model != "tts-1", "the first models know none");
    }
    fake.manners(|m| m.oddity = None);
    let error =
        json!({"error": {"message": "m", "type": "insufficient_quota", "code": "insufficient_quota"}});
    let error = format!("data: {error}\n\n");
    for (fault, kind, calls) in [
        (Fault::Status(429), Kind::RateLimited, 3),
        (Fault::Say(0, error.clone()), Kind::Quota, 1),
        (Fault::Say(2, error), Kind::Quota, 1),
        (Fault::Garble(2), Kind::Unavailable, 1),
        // Without the last event, something is missing.
        (Fault::TruncateAfter(0), Kind::Unavailable, 3),
        (Fault::TruncateAfter(5), Kind::Unavailable, 1),
        (Fault::BreakAfter(5), Kind::Unavailable, 1),
        (Fault::StallAfter(5), Kind::Timeout, 1),
    ] {
        let settings = Settings {
            speaking: Speaking::Events,
            ..Settings::new(&OPENAI, failing_at(fake.url(), KEY, kind, calls))
        };
        let voice = OpenAi::new(network(), settings).unwrap().voice().unwrap();
        let call = async {
            let spoken = speak(voice.speak(SpeakOptions::default()), &[speech::SENTENCE]).await;
            spoken.error
        };
        fails(&fake.script, (&fault, kind, calls), call).await;
    }
}

#[tokio::test]
async fn each_transcribing_model_is_asked_as_it_wants() {
    let fake = start(Flavour::OpenAi).await;
    let recogniser = open(&fake, "openai", json!({})).recogniser().unwrap();
    for (model, asked, not) in [
        (
            "gpt-4o-transcribe-diarize",
            ["chunking_strategy", "language"],
            "prompt",
        ),
        ("gpt-transcribe", ["languages[]", "keywords[]"], "prompt"),
        ("gpt-4o-transcribe", ["language", "prompt"], "keywords[]"),
    ] {
        let options = ListenOptions {
            model: Some(model.to_owned()),
            language: Some("en-GB".into()),
            vocabulary: vec!["Oslo".into(), "Bergen".into()],
            ..ListenOptions::default()
        };
        let heard = hear(recogniser.listen(options), &utterance(0)).await;
        assert!(heard.error.is_none(), "{model}: {:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.", "{model}");
        let partials = heard
            .events
            .iter()
            .filter(|event| matches!(event, ListenEvent::Partial(_)));
        assert_eq!(partials.count(), 4, "{model}");
        let body = fake.script.last().unwrap().body;
        assert!(
            asked.iter().all(|name| body.get(name).is_some()),
            "{model}: {body}"
        );
        assert!(body.get(not).is_none(), "{model}: {body}");
    }
}

#[tokio::test]
async fn the_service_ends_utterances_where_it_is_asked_to() {
    let fake = start(Flavour::OpenAi).await;
    let server =
        json!({"type": "server_vad", "threshold": 0.6, "prefix_padding_ms": 300, "silence_duration_ms": 700});
    let semantic = json!({"type": "semantic_vad", "eagerness": "high"});
    for (table, detection) in [
        (
            json!({"turn_detection": "server_vad", "vad_threshold": 0.6, "silence_duration_ms": 700}),
            server,
        ),
        (
            json!({"turn_detection": "semantic_vad", "eagerness": "high"}),
            semantic,
        ),
    ] {
        let mut table = table;
        table["realtime"] = true.into();
        table["noise_reduction"] = "far_field".into();
        let recogniser = open(&fake, "openai", table).recogniser().unwrap();
        let heard = hear_turn(recogniser.listen(ListenOptions::default()), &utterance(1_500)).await;
        assert!(heard.error.is_none(), "{:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.", "once");
        let ends = |event: &ListenEvent| matches!(event, ListenEvent::EndOfTurn(sure) if *sure >= 1.0);
        assert!(heard.events.iter().any(ends), "{:?}", heard.events);
        assert!(heard.events.contains(&ListenEvent::SpeechStarted));
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        let input = fake.script.last().unwrap().body[0]["session"]["audio"]["input"].clone();
        assert_eq!(input["turn_detection"], detection);
        assert_eq!(input["noise_reduction"], json!({"type": "far_field"}));
    }
    // Models that only listen live leave it to us.
    let table = json!({"turn_detection": "server_vad"});
    let recogniser = open(&fake, "openai", table).recogniser().unwrap();
    let options = ListenOptions {
        model: Some("gpt-live-transcribe".into()),
        ..ListenOptions::default()
    };
    let heard = hear(recogniser.listen(options), &utterance(0)).await;
    assert_eq!(heard.text(), "Go forward ten meters.", "{:?}", heard.error);
}

#[tokio::test]
async fn clients_get_keys_of_their_own() {
    let fake = start(Flavour::OpenAi).await;
    let account = OpenAi::new(network(), Settings::new(&OPENAI, access(fake.url(), KEY))).unwrap();
    let secret = account
        .secret("gpt-4o-transcribe", Duration::from_hours(24))
        .await
        .unwrap();
    assert!(!format!("{secret:?}").contains("ek_fake"), "{secret:?}");
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000 + 7_200);
    assert_eq!(secret.until, Some(until));
    let asked = fake.script.last().unwrap().body;
    assert_eq!(
        asked["expires_after"],
        json!({"anchor": "created_at", "seconds": 7_200})
    );
    assert_eq!(asked["session"]["type"], "transcription");
    // They listen, and do nothing else.
    let settings = Settings {
        realtime: true,
        access: Access {
            key: Some(secret.key),
            ..access(fake.url(), KEY)
        },
        ..Settings::new(&OPENAI, access(fake.url(), KEY))
    };
    let client = OpenAi::new(network(), settings).unwrap();
    let session = client.recogniser().unwrap().listen(ListenOptions::default());
    let heard = hear(session, &utterance(0)).await;
    assert_eq!(heard.text(), "Go forward ten meters.", "{:?}", heard.error);
    assert_eq!(client.check().await.unwrap_err().fault(), &Failed::WrongKey);
    fake.script.fail(Fault::Status(401));
    let failure = account
        .secret("gpt-4o-transcribe", Duration::ZERO)
        .await
        .unwrap_err();
    assert_eq!(failure.fault(), &Failed::WrongKey);
}

#[tokio::test]
async fn who_pays_is_said_with_every_call() {
    let fake = start(Flavour::OpenAi).await;
    fake.manners(|m| m.pays = Some(["org-1", "proj-1"]));
    let table = json!({"organization": "org-1", "project": "proj-1", "realtime": true});
    for (table, fails) in [
        (table, None),
        (json!({"realtime": true}), Some(Kind::Unauthorised)),
        // What cannot stand in a header.
        (
            json!({"organization": "org\n1", "realtime": true}),
            Some(Kind::BadInput),
        ),
    ] {
        let account = open(&fake, "openai", table);
        let (_, error) = answer(account.model().unwrap().reply(question("Weather?"))).await;
        let voice = account.voice().unwrap();
        let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? "]).await;
        let session = account.recogniser().unwrap().listen(ListenOptions::default());
        let heard = hear(session, &utterance(0)).await;
        for error in [error, spoken.error, heard.error] {
            assert_eq!(
                error.as_ref().map(libretto_voice::Error::kind),
                fails,
                "{error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_voice_of_the_accounts_own_is_an_object() {
    let fake = start(Flavour::OpenAi).await;
    let voice = open(&fake, "openai", json!({})).voice().unwrap();
    for (id, sent) in [
        ("voice_123", json!({"id": "voice_123"})),
        ("coral", json!("coral")),
    ] {
        let options = SpeakOptions {
            voice: Some(id.to_owned()),
            ..SpeakOptions::default()
        };
        let spoken = speak(voice.speak(options), &["Tea? "]).await;
        assert!(spoken.finished, "{id}: {:?}", spoken.error);
        assert_eq!(fake.script.last().unwrap().body["voice"], sent);
    }
}

#[tokio::test]
async fn openrouter_is_told_who_may_answer() {
    let fake = start(Flavour::OpenRouter).await;
    let routing = json!({"sort": "latency", "allow_fallbacks": true, "data_collection": "deny",
        "max_price": {"prompt": 1, "completion": 3}});
    let table = json!({"provider": routing, "fallbacks": ["openai/gpt-5.4-mini"], "effort": "low"});
    let account = open(&fake, "openrouter", table);
    let (events, error) = answer(account.model().unwrap().reply(question("Weather?"))).await;
    assert!(error.is_none(), "{error:?}");
    assert!(!said(&events).is_empty());
    let body = fake.script.last().unwrap().body;
    assert_eq!(body["provider"], routing);
    assert_eq!(body["reasoning"], json!({"effort": "low"}));
    assert_eq!(
        body["models"],
        json!(["x-ai/grok-4.1-fast", "openai/gpt-5.4-mini"])
    );
    let strange = open(&fake, "openrouter", json!({"provider": {"nearest": true}}));
    let (_, error) = answer(strange.model().unwrap().reply(question("Weather?"))).await;
    assert_eq!(error.unwrap().kind(), Kind::BadInput);
    // What speaks and what transcribes is listed only where it is asked for.
    let ids = async |part| -> Vec<String> {
        let models = account.models(part).await.unwrap();
        models.into_iter().map(|model| model.id).collect()
    };
    assert_eq!(
        ids(Part::Voice).await,
        ["openai/gpt-4o-mini-tts-2025-12-15", "x-ai/grok-voice"]
    );
    assert_eq!(ids(Part::Recogniser).await, ["openai/whisper-1"]);
    assert!(ids(Part::Model).await.contains(&"x-ai/grok-4.1-fast".to_owned()));
}

#[tokio::test]
async fn requests_have_what_the_settings_name_besides() {
    for (name, flavour, interface) in [
        ("openai", Flavour::OpenAi, "chat"),
        ("openai", Flavour::OpenAi, "responses"),
        ("ollama", Flavour::Ollama, "ollama"),
    ] {
        let fake = start(flavour).await;
        let table = json!({"interface": interface, "extra": {"verbosity": "low", "messages": [], "input": "", "model": "x"}});
        let request = ChatRequest {
            model: (name == "ollama").then(|| "qwen3:8b".to_owned()),
            ..question("Weather?")
        };
        let (events, error) = answer(open(&fake, name, table).model().unwrap().reply(request)).await;
        assert!(error.is_none(), "{interface}: {error:?}");
        assert!(!said(&events).is_empty());
        let body = fake.script.last().unwrap().body;
        assert_eq!(body["verbosity"], "low", "{interface}");
        assert_ne!(body["model"], "x", "{interface}");
    }
}

#[tokio::test]
async fn a_model_that_is_still_loading_is_no_wrong_key() {
    let fake = start(Flavour::LlamaCpp).await;
    let account = OpenAi::new(network(), Settings::new(&LLAMA_CPP, access(fake.url(), KEY))).unwrap();
    account.check().await.unwrap();
    assert_eq!(fake.script.calls()[0].path, "/health");
    fake.manners(|m| m.oddity = Some(Oddity::Loading));
    let failure = account.check().await.unwrap_err();
    assert_eq!(failure.fault(), &Failed::Down);
    assert!(failure.to_string().contains("Loading model"), "{failure}");
}

#[tokio::test]
async fn xai_lists_its_voices_and_ends_turns_as_it_is_told() {
    let fake = start(Flavour::Xai).await;
    let table = json!({"realtime": true, "endpointing": 9_000, "smart_turn": true, "smart_turn_timeout": 2_000,
        "vad_threshold": 0.4});
    let account = open(&fake, "xai", table);
    let voices = account.voices().await.unwrap();
    let told: Vec<(&str, &str)> = voices
        .iter()
        .map(|voice| (voice.id.as_str(), voice.name.as_str()))
        .collect();
    assert_eq!(told, [("eve", "Eve"), ("carl", "Carl")]);
    assert_eq!(
        (voices[0].languages.len(), voices[1].languages.as_slice()),
        (0, &["de".to_owned()][..])
    );
    for list in [
        json!(["eve", "ara"]),
        json!({"data": [{"id": "eve"}, {"name": "ara"}, {}]}),
    ] {
        fake.manners(|m| m.voices = Some(list.clone()));
        let voices = account.voices().await.unwrap();
        assert_eq!(
            voices.iter().map(|voice| voice.id.as_str()).collect::<Vec<_>>(),
            ["eve", "ara"],
            "{list}"
        );
    }
    fake.manners(|m| m.voices = None);
    assert_eq!(
        account.voices().await.unwrap().len(),
        5,
        "those that its documentation names"
    );
    let heard = hear(
        account.recogniser().unwrap().listen(ListenOptions::default()),
        &utterance(0),
    )
    .await;
    assert_eq!(heard.text(), "Go forward ten meters.", "{:?}", heard.error);
    let call = fake.script.last().unwrap();
    let asked =
        ["endpointing", "smart_turn", "smart_turn_timeout", "vad_threshold"].map(|name| call.query(name));
    assert_eq!(asked, [Some("5000"), Some("true"), Some("2000"), Some("0.4")]);
}

#[tokio::test]
async fn xai_spells_out_numbers_where_it_is_asked_to() {
    let fake = start(Flavour::Xai).await;
    for normalises in [false, true] {
        for transport in ["http", "socket"] {
            let table = json!({"transport": transport, "normalise": normalises});
            let voice = open(&fake, "xai", table).voice().unwrap();
            let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? "]).await;
            assert!(spoken.finished, "{transport}: {:?}", spoken.error);
            let call = fake.script.last().unwrap();
            let asked =
                call.query("text_normalization") == Some("true") || call.body["text_normalization"] == true;
            assert_eq!(asked, normalises, "{transport}");
        }
    }
}
