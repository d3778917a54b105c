//! MiniMax's voices, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

#[path = "../common/mod.rs"]
mod common;
mod manner;

use std::time::Duration;

use common::{
    Spoken, access, closed, last_message_when_dropped, listen_to, network, same_sound, speak, worst,
    worst_within,
};

use libretto_providers::minimax::{Format, MiniMax, Settings, Transport};
use libretto_testkit::fakes::minimax::{self, KEY, Origin, Subtitles};
use libretto_testkit::fakes::speech;
use libretto_voice::{Kind, SpeakInput, SpeakOptions};
use serde_json::json;

fn settings(fake: &minimax::MiniMax, transport: Transport) -> Settings {
    Settings {
        transport,
        ..Settings::new(access(fake.url(), KEY))
    }
}

fn account(fake: &minimax::MiniMax, transport: Transport) -> MiniMax {
    MiniMax::new(network(), settings(fake, transport)).unwrap()
}

const TRANSPORTS: [Transport; 3] = [Transport::Socket, Transport::BothWays, Transport::Http];
const MORE: &str = "Then we sit, and drink it slowly. Is it good? ";

fn phrases() -> [String; 2] {
    [format!("{} ", speech::SENTENCE), MORE.to_owned()]
}

/// What a transport speaks at once.
fn parts(transport: Transport) -> Vec<String> {
    sentences(transport, &phrases())
}

/// The service cuts sentences on one of them.
fn sentences(transport: Transport, texts: &[String]) -> Vec<String> {
    if transport != Transport::BothWays {
        return texts.to_vec();
    }
    let sentences = texts.iter().flat_map(|text| text.split_inclusive(['.', '?']));
    sentences.map(str::to_owned).collect()
}

/// The texts that a socket was sent, without those that it refused.
fn taken(said: &serde_json::Value, refuses: &[i64]) -> Vec<String> {
    let said = said.as_array().unwrap().iter();
    let texts = said.filter_map(|message| message["text"].as_str());
    let refused = |number: usize| refuses.get(number).is_some_and(|code| *code != 0);
    let taken = texts.enumerate().filter(|(number, _)| !refused(*number));
    taken.map(|(_, text)| text.to_owned()).collect()
}

#[tokio::test]
async fn words_light_when_they_sound() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in TRANSPORTS {
        let voice = account(&fake, transport).voice();
        assert!(voice.timed());
        let origins: &[Origin] = match transport {
            Transport::Http => &[Origin::Phrase],
            _ => &[Origin::Connection, Origin::Phrase, Origin::Sentence],
        };
        for origin in origins {
            for subtitles in [Subtitles::Inline, Subtitles::File, Subtitles::None] {
                fake.manners(|m| (m.subtitles, m.origin) = (subtitles, *origin));
                let [one, two] = phrases();
                let spoken = speak(voice.speak(SpeakOptions::default()), &[&one, &two]).await;
                assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
                same_sound(&spoken, &parts(transport));
                let words = spoken.words(&phrases().concat());
                let measured = subtitles != Subtitles::None;
                if measured {
                    let off = worst(&spoken, &parts(transport));
                    assert!(off < 0.03, "{transport:?} {origin:?} {subtitles:?}: {off} s");
                }
                assert!(
                    words.iter().all(|word| word.3 == measured),
                    "{transport:?} {subtitles:?}: {words:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn sentences_without_words_are_timed_as_sentences() {
    let fake = minimax::MiniMax::start().await.unwrap();
    fake.manners(|m| m.subtitles = Subtitles::Sentences);
    for transport in [Transport::Socket, Transport::Http] {
        let voice = account(&fake, transport).voice();
        let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea is good."]).await;
        assert!(spoken.finished, "{:?}", spoken.error);
        assert_eq!(spoken.words("Tea is good.").len(), 3);
    }
}

#[tokio::test]
async fn what_is_said_is_what_the_page_says() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in TRANSPORTS {
        let settings = Settings {
            emotion: Some("calm".into()),
            volume: Some(99.0),
            pitch: -3,
            pronunciations: vec!["Oslo/(ˈʊ̂ʂlʊ)".into()],
            normalises: true,
            continuous: true,
            group: Some("17".into()),
            ..settings(&fake, transport)
        };
        let voice = MiniMax::new(network(), settings).unwrap().voice();
        let options = SpeakOptions {
            language: Some("en-GB".into()),
            speed: 3.0,
            ..SpeakOptions::default()
        };
        let spoken = speak(voice.speak(options), &["Tea? ", " … ", "Yes. "]).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        closed(&fake.script).await;
        let call = fake.script.last().unwrap();
        assert_eq!(call.query("GroupId"), Some("17"));
        let start = if transport == Transport::Http {
            &call.body
        } else {
            &call.body[0]
        };
        let by_socket = transport != Transport::Http;
        let normalisation = if by_socket {
            "english_normalization"
        } else {
            "text_normalization"
        };
        assert_eq!(
            start["voice_setting"],
            json!({"voice_id": "English_expressive_narrator", "speed": 2.0, "vol": 10.0, "pitch": -3,
                "emotion": "calm", normalisation: true})
        );
        assert_eq!(start["pronunciation_dict"], json!({"tone": ["Oslo/(ˈʊ̂ʂlʊ)"]}));
        assert_eq!(start["continuous_sound"] == true, by_socket);
        assert_eq!(
            (&start["language_boost"], &start["audio_setting"]),
            (
                &json!("English"),
                &json!({"sample_rate": 24_000, "format": "pcm", "channel": 1})
            )
        );
        if transport == Transport::Http {
            assert_eq!(start["stream_options"], json!({"exclude_aggregated_audio": true}));
            continue;
        }
        let said = call.body.as_array().unwrap();
        let events: Vec<&str> = said.iter().map(|m| m["event"].as_str().unwrap()).collect();
        let expected: &[&str] = if transport == Transport::Socket {
            &["task_start", "task_continue", "task_continue", "task_finish"]
        } else {
            &[
                "task_start",
                "task_continue",
                "task_flush",
                "task_continue",
                "task_flush",
                "task_finish",
            ]
        };
        assert_eq!(events, expected, "lone signs are not sent");
    }
}

#[tokio::test]
async fn events_however_they_are_cut() {
    let fake = minimax::MiniMax::start().await.unwrap();
    let voice = account(&fake, Transport::Http).voice();
    for (repeats, tight, cut) in [
        (true, false, None),
        (false, true, None),
        (true, true, Some(1_001)),
    ] {
        fake.manners(|m| (m.repeats, m.tight, m.cut) = (repeats, tight, cut));
        let [one, two] = phrases();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[&one, &two]).await;
        assert!(spoken.finished, "{:?}", spoken.error);
        same_sound(&spoken, &phrases());
        assert!(worst(&spoken, &phrases()) < 0.03);
    }
}

#[tokio::test]
async fn compressed_sound() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in TRANSPORTS {
        let settings = Settings {
            format: Format::Mp3,
            ..settings(&fake, transport)
        };
        let voice = MiniMax::new(network(), settings).unwrap().voice();
        let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? "]).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        let audio = spoken.audio.unwrap();
        let seconds = audio.duration().as_secs_f64() - speech::sentence().audio.duration().as_secs_f64();
        assert!(
            audio.rate.hertz() == 44_100 && (0.0..0.2).contains(&seconds),
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn a_slow_language_model_outlives_a_connection() {
    let fake = minimax::MiniMax::start().await.unwrap();
    fake.manners(|m| (m.idle, m.origin) = (Duration::from_secs(1), Origin::Connection));
    for transport in [Transport::Socket, Transport::BothWays] {
        let before = fake.script.calls().len();
        let session = account(&fake, transport).voice().speak(SpeakOptions::default());
        let [one, two] = phrases();
        session.send(SpeakInput::Text(one)).await.unwrap();
        common::closed_after(&fake.script, before + 1).await;
        session.send(SpeakInput::Text(two)).await.unwrap();
        session.send(SpeakInput::Finish).await.unwrap();
        let spoken = listen_to(session).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        same_sound(&spoken, &parts(transport));
        assert!(worst(&spoken, &parts(transport)) < 0.03);
        assert_eq!(fake.script.calls().len() - before, 2);
    }
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_or_left_out() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in [Transport::Socket, Transport::BothWays] {
        let voice = account(&fake, transport).voice();
        fake.manners(|m| m.refuses = vec![2205, 2205]);
        let [one, two] = phrases();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[&one, &two]).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        assert!(worst(&spoken, &parts(transport)) < 0.03);
        // Too long, and one half of it still is: the pieces are spoken one by one.
        for refuses in [vec![2204, 0, 2204], vec![0, 2204]] {
            fake.manners(|m| m.refuses.clone_from(&refuses));
            let spoken = speak(voice.speak(SpeakOptions::default()), &[&one, &two]).await;
            assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
            closed(&fake.script).await;
            let taken = taken(&fake.script.last().unwrap().body, &refuses);
            assert_eq!(taken.concat(), phrases().concat());
            let off = worst_within(&spoken, &phrases().concat(), &sentences(transport, &taken));
            assert!(off < 0.03, "{transport:?} {refuses:?}: {off} s");
        }
        // A queue that stays full is left, in words that say so.
        fake.manners(|m| m.refuses = vec![2205; 1_000]);
        let settings = Settings {
            access: common::failing_at(fake.url(), KEY, Kind::Timeout, 2),
            ..settings(&fake, transport)
        };
        let busy = MiniMax::new(network(), settings).unwrap().voice();
        let spoken = speak(busy.speak(SpeakOptions::default()), &[&one]).await;
        assert_eq!(spoken.failed().kind(), Kind::RateLimited, "{transport:?}");
        // Nothing to speak in the one: the other is spoken.
        fake.manners(|m| m.refuses = vec![2203]);
        let session = voice.speak(SpeakOptions::default());
        session.send(SpeakInput::Text("Hm. ".into())).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        session.send(SpeakInput::Text(MORE.into())).await.unwrap();
        session.send(SpeakInput::Finish).await.unwrap();
        let spoken = listen_to(session).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        let seconds = speech::speak(MORE).audio.duration().as_secs_f64();
        let got = spoken.audio.unwrap().duration().as_secs_f64();
        assert!((got - seconds).abs() < 0.6, "{got} s, not {seconds}");
    }
}

#[tokio::test]
async fn cancelling_tells_the_service() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for (transport, last) in [
        (Transport::Socket, "task_continue"),
        (Transport::BothWays, "task_cancel"),
    ] {
        let session = account(&fake, transport).voice().speak(SpeakOptions::default());
        session.send(SpeakInput::Text(MORE.into())).await.unwrap();
        let said = last_message_when_dropped(session, &fake.script).await;
        assert_eq!(said["event"], last);
    }
}
