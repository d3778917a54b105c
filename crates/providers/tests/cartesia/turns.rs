//! Ink with turns and for whole utterances, Sonic as events, the times of sounds, tokens.

use common::{same_sound, speak, worst};
use libretto_providers::cartesia::{EMOTIONS, Grants, Listening, Turns};
use libretto_voice::SpeakOptions;
use tokio::sync::mpsc;

use crate::*;

fn listening(fake: &cartesia::Cartesia, listening: Listening) -> Cartesia {
    let settings = Settings {
        listening,
        ..settings(fake, Transport::Socket)
    };
    Cartesia::new(network(), settings).unwrap()
}

fn options() -> ListenOptions {
    ListenOptions {
        language: Some("en-US".into()),
        vocabulary: vec![" kettle".into(), String::new()],
        ..ListenOptions::default()
    }
}

/// The sentence, and so much silence.
fn utterance(silence: u64) -> Audio {
    let rate = SampleRate::SPEECH;
    let mut audio = speech::sentence().clone().at(rate).audio;
    audio
        .samples
        .extend(Audio::silence(rate, Duration::from_millis(silence)).samples);
    audio
}

#[tokio::test]
async fn ink_ends_turns_by_itself() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let turns = Turns {
        start: Some(0.1),
        eager_end: Some(0.4),
        end: None,
        timeout_ms: Some(60_000),
    };
    let recogniser = listening(&fake, Listening::Turns(turns)).recogniser();
    fake.script.fail(Fault::Status(429));
    let heard = common::hear_turn(recogniser.listen(options()), &utterance(1_500)).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!(
        heard.text(),
        "The kettle is on.",
        "once, though it is said in each message"
    );
    let at = |wanted: fn(&ListenEvent) -> bool| heard.events.iter().position(wanted).unwrap_or(usize::MAX);
    let started = at(|event| matches!(event, ListenEvent::SpeechStarted));
    let early = at(|event| matches!(event, ListenEvent::EndOfTurn(sure) if *sure < 1.0));
    let resumed = at(|event| matches!(event, ListenEvent::TurnResumed));
    let segment = at(|event| matches!(event, ListenEvent::Segment(_)));
    assert!(started < early && early < resumed && resumed < segment && segment < usize::MAX);
    assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));

    // An end that was asked for is no news.
    let heard = hear(recogniser.listen(options()), &utterance(0)).await;
    assert_eq!(
        (heard.text().as_str(), heard.events.last()),
        ("The kettle is on.", Some(&ListenEvent::Finished))
    );
    let ends = |event: &ListenEvent| matches!(event, ListenEvent::EndOfTurn(sure) if *sure >= 1.0);
    assert!(!heard.events.iter().any(ends));
    let call = fake.script.last().unwrap();
    assert_eq!(
        (
            call.path.as_str(),
            call.query("turn_start_threshold"),
            call.query("turn_end_timeout_ms")
        ),
        ("/stt/turns/websocket", Some("0.5"), Some("11200"))
    );
    assert_eq!(
        (call.query("keyterm"), &call.body),
        (Some("kettle"), &json!([{"type": "close"}]))
    );
}

#[tokio::test]
async fn ink_hears_a_recording() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let recogniser = listening(&fake, Listening::Recorded).recogniser();
    fake.script.fail(Fault::Status(503));
    let heard = hear(recogniser.listen(options()), &utterance(0)).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    assert_eq!(
        (heard.text().as_str(), heard.words().len()),
        ("The kettle is on.", 4)
    );
    let body = fake.script.last().unwrap().body;
    assert_eq!(
        (&body["language"], &body["model"]),
        (&json!(["en"]), &json!(["ink-whisper"]))
    );
}

#[tokio::test]
async fn recognisers_fail_in_plain_words() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let error = json!({"type": "error", "status_code": 429, "error_code": "quota_exceeded", "title": "t", "message": "m"});
    let turns = Listening::Turns(Turns::default());
    for (way, fault, kind, calls) in [
        (turns, Fault::Status(401), Kind::Unauthorised, 1),
        (turns, Fault::Silence, Kind::Timeout, 3),
        (turns, Fault::Say(1, error.to_string()), Kind::Quota, 1),
        (turns, Fault::Garble(1), Kind::Unavailable, 1),
        (turns, Fault::StallAfter(1), Kind::Timeout, 1),
        (turns, Fault::BreakAfter(1), Kind::Unavailable, 1),
        (turns, Fault::CloseAfter(1, 1_011, ""), Kind::Unavailable, 1),
        (Listening::Recorded, Fault::Status(413), Kind::BadInput, 1),
        (Listening::Recorded, Fault::Status(402), Kind::Quota, 1),
        (Listening::Recorded, Fault::Garble(0), Kind::Unavailable, 1),
        (Listening::Recorded, Fault::Silence, Kind::Timeout, 3),
    ] {
        let settings = Settings {
            access: failing_at(fake.url(), KEY, kind, calls),
            listening: way,
            ..settings(&fake, Transport::Socket)
        };
        let recogniser = Cartesia::new(network(), settings).unwrap().recogniser();
        let case = (&fault, kind, calls);
        let heard = async { hear(recogniser.listen(options()), &utterance(1_500)).await.error };
        fails(&fake.script, case, heard).await;
    }
}

#[tokio::test]
async fn sounds_and_words_have_times_over_both_ways() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    for transport in [Transport::Socket, Transport::Sse] {
        let (told, mut phonemes) = mpsc::channel(64);
        let settings = Settings {
            phonemes: Some(told),
            dictionary: Some("d1".into()),
            normalisation: Some("off".into()),
            volume: Some(9.0),
            ..settings(&fake, transport)
        };
        let voice = Cartesia::new(network(), settings).unwrap().voice();
        assert!(voice.timed());
        fake.script.fail(Fault::Status(429));
        let [one, two] = phrases();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[&one, &two]).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        same_sound(&spoken, &phrases());
        let off = worst(&spoken, &phrases());
        assert!(off < 0.03, "{transport:?}: {off} s");
        // The fake gives each word one sound.
        let words = spoken.words(&phrases().concat());
        for word in &words {
            let phoneme = phonemes.recv().await.unwrap();
            assert!(
                (phoneme.seconds.start - word.1).abs() < 0.03,
                "{transport:?}: {phoneme:?} {word:?}"
            );
        }
        let body = fake.script.last().unwrap().body;
        let asked = if transport == Transport::Sse {
            &body
        } else {
            &body[0]
        };
        assert_eq!(
            (&asked["pronunciation_dict_id"], &asked["normalization"]),
            (&json!("d1"), &json!("off"))
        );
        assert_eq!(
            (
                &asked["add_phoneme_timestamps"],
                &asked["generation_config"]["volume"]
            ),
            (&json!(true), &json!(2.0))
        );
    }
    let angry = Settings {
        emotion: Some("hangry".into()),
        ..settings(&fake, Transport::Sse)
    };
    let failure = Cartesia::new(network(), angry).unwrap_err();
    assert_eq!(failure.fault().kind(), Kind::Unsupported);
    assert!(EMOTIONS.contains(&"calm"));
}

#[tokio::test]
async fn tokens_for_clients_without_the_key() {
    let fake = cartesia::Cartesia::start().await.unwrap();
    let grants = Grants {
        tts: true,
        stt: false,
    };
    let token = account(&fake, Transport::Socket)
        .access_token(grants, Duration::from_hours(24))
        .await
        .unwrap();
    let asked = fake.script.last().unwrap().body;
    assert_eq!(
        asked,
        json!({"grants": {"tts": true, "stt": false, "agent": false}, "expires_in": 3_600})
    );
    let guest = Settings {
        access: Access {
            key: Some(token),
            ..access(fake.url(), KEY)
        },
        ..settings(&fake, Transport::Socket)
    };
    let guest = Cartesia::new(network(), guest).unwrap().voice();
    assert!(
        speak(guest.speak(SpeakOptions::default()), &["Tea? "])
            .await
            .finished
    );
}
