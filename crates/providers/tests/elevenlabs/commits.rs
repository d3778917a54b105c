//! What the live recogniser says about an utterance besides its words, and when it says it.

use common::hear;
use libretto_providers::elevenlabs::{Commit, Hearing};
use libretto_testkit::fakes::Fault;
use libretto_voice::{Kind, ListenEvent, ListenOptions, SpeechToText, Transcript};

use crate::*;

const HEARD: &str = "Go forward ten meters.";

fn segments(heard: &common::Heard) -> Vec<&Transcript> {
    let events = heard.events.iter();
    events
        .filter_map(|event| match event {
            ListenEvent::Segment(transcript) => Some(transcript),
            _ => None,
        })
        .collect()
}

async fn heard(recogniser: &dyn SpeechToText, options: ListenOptions, utterance: &Audio) -> common::Heard {
    let heard = hear(recogniser.listen(options), utterance).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    heard
}

/// The sentence, silence up to `seconds`, and the sentence once more where it is `twice`.
fn long(seconds: u64, twice: bool) -> Audio {
    let rate = SampleRate::SPEECH;
    let sentence = speech::sentence().clone().at(rate).audio;
    let mut audio = sentence.clone();
    audio
        .samples
        .resize(rate.samples(Duration::from_secs(seconds)) as usize, 0.0);
    if twice {
        audio.samples.extend(sentence.samples);
    }
    audio
}

#[tokio::test]
async fn what_was_committed_on_the_way_is_waited_for() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    fake.manners(|m| m.thinks = Duration::from_millis(300));
    let redacting = Hearing {
        redacts: vec!["pii".into()],
        ..Hearing::default()
    };
    for hearing in [Hearing::default(), redacting] {
        let settings = Settings {
            hearing,
            ..settings(&fake, KEY)
        };
        let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
        // The first part is committed by itself, and its answer comes when all has been said.
        let options = ListenOptions::default();
        let both = heard(recogniser.as_ref(), options.clone(), &long(25, true)).await;
        assert_eq!(segments(&both).len(), 2, "{:?}", both.text());
        let one = heard(recogniser.as_ref(), options, &long(25, false)).await;
        assert_eq!(segments(&one).len(), 1, "{:?}", one.text());
    }
}

#[tokio::test]
async fn a_socket_that_is_closed_in_order_behind_the_words_has_lost_none() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    // The session's beginning, a partial for each word, the committed text; not its times.
    fake.script.fail(Fault::CloseAfter(6, 1_000, ""));
    let said = heard(
        recogniser.as_ref(),
        ListenOptions::default(),
        &utterance(SampleRate::SPEECH),
    )
    .await;
    assert_eq!((said.text().as_str(), said.words().len()), (HEARD, 0));
}

#[tokio::test]
async fn what_nobody_knows_is_passed_over_and_nothing_is_said_twice() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    fake.manners(|m| m.strange = true);
    let utterance = utterance(SampleRate::SPEECH);
    let edit = || Hearing {
        edit: Some("Digits.".into()),
        ..Hearing::default()
    };
    for (commit, hearing, text) in [
        (Commit::Manual, Hearing::default(), HEARD),
        (Commit::Vad, Hearing::default(), HEARD),
        (Commit::Manual, edit(), "Go forward 10 meters."),
    ] {
        let settings = Settings {
            commit,
            hearing,
            ..settings(&fake, KEY)
        };
        let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
        let said = heard(recogniser.as_ref(), ListenOptions::default(), &utterance).await;
        assert_eq!(
            (said.text().as_str(), said.words().len()),
            (text, 4),
            "{commit:?}"
        );
        let mut partials = said.events.iter().filter_map(|event| match event {
            ListenEvent::Partial(words) => Some(words.text.as_str()),
            _ => None,
        });
        assert_eq!(
            partials.next_back(),
            Some(HEARD),
            "what is committed is not gone until it is told"
        );
        let whole = ListenOptions {
            model: Some("scribe_v2".into()),
            ..ListenOptions::default()
        };
        assert!(
            !heard(recogniser.as_ref(), whole, &utterance)
                .await
                .text()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn music_is_no_word() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    fake.manners(|m| m.music = true);
    let utterance = utterance(SampleRate::SPEECH);
    for (tags_events, text) in [(false, HEARD), (true, "(music) Go forward ten meters.")] {
        let settings = Settings {
            hearing: Hearing {
                tags_events,
                ..Hearing::default()
            },
            ..settings(&fake, KEY)
        };
        let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
        let said = heard(recogniser.as_ref(), ListenOptions::default(), &utterance).await;
        assert_eq!((said.text().as_str(), said.words().len()), (text, 4));
    }
    let silence = Audio::silence(SampleRate::SPEECH, Duration::from_secs(1));
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let nothing = heard(recogniser.as_ref(), ListenOptions::default(), &silence).await;
    assert!(segments(&nothing).is_empty());
}

#[tokio::test]
async fn the_language_is_told_where_nobody_knows_it() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let utterance = utterance(SampleRate::SPEECH);
    for (filters_background, language) in [
        (false, None),
        (true, None),
        (false, Some("en-GB")),
        (true, Some("en")),
    ] {
        let settings = Settings {
            hearing: Hearing {
                filters_background,
                ..Hearing::default()
            },
            ..settings(&fake, KEY)
        };
        let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
        let options = ListenOptions {
            language: language.map(str::to_owned),
            ..ListenOptions::default()
        };
        let said = heard(recogniser.as_ref(), options, &utterance).await;
        let segments = segments(&said);
        let told = segments[0].language.as_deref();
        assert_eq!((segments.len(), told.is_some()), (1, language.is_none()));
        assert_eq!(segments[0].words.is_empty(), filters_background);
        let call = fake.script.last().unwrap();
        assert_eq!(
            call.query("include_language_detection").is_some(),
            language.is_none()
        );
    }
}

#[tokio::test]
async fn a_text_can_be_changed_by_the_service() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let edit = |redacts: &[&str]| Hearing {
        edit: Some("Digits, please. ".repeat(200)),
        redacts: redacts.iter().map(|kind| (*kind).to_owned()).collect(),
        ..Hearing::default()
    };
    for model in ["scribe_v2_realtime", "scribe_v2"] {
        for (hearing, text) in [
            (edit(&[]), "Go forward 10 meters."),
            (edit(&["pii"]), "Go forward ten [redacted]"),
        ] {
            let settings = Settings {
                hearing,
                ..settings(&fake, KEY)
            };
            let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
            let options = ListenOptions {
                model: Some(model.into()),
                ..ListenOptions::default()
            };
            let said = heard(recogniser.as_ref(), options, &utterance(SampleRate::SPEECH)).await;
            assert_eq!(said.text(), text, "{model}");
        }
    }
}

#[tokio::test]
async fn a_model_may_think_that_the_speaker_is_done() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let settings = Settings {
        commit: Commit::Turns,
        ..settings(&fake, KEY)
    };
    let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
    let utterance = utterance(SampleRate::SPEECH);
    let with = |model: &str| ListenOptions {
        model: Some(model.into()),
        ..ListenOptions::default()
    };
    let said = common::hear_turn(recogniser.listen(with("scribe_v3_live")), &utterance).await;
    assert!(
        said.events.contains(&ListenEvent::EndOfTurn(1.0)),
        "{:?}",
        said.error
    );
    assert_eq!(said.text(), HEARD);
    let refused = hear(recogniser.listen(with("scribe_v2_realtime")), &utterance).await;
    assert_eq!(refused.error.unwrap().kind(), Kind::BadInput);
}
