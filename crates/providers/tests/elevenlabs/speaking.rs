//! Voices that speak as they should.

use libretto_providers::{Access, Deadlines};
use libretto_testkit::fakes::Fault;
use libretto_testkit::fakes::elevenlabs::{Base, FLAWS, Flaw};
use libretto_voice::Kind;
use serde_json::json;

use crate::*;

#[tokio::test]
async fn the_socket_tells_when_each_character_sounds_whatever_times_count_from() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    for base in [Base::Message, Base::Segment, Base::Stream] {
        fake.manners(|m| m.base = base);
        let shared = account(&fake, Transport::Shared).voice();
        assert!(voice.timed() && shared.timed());
        assert!(worst(&say(shared.as_ref(), &phrases()).await, &phrases()) < 0.03);
        let spoken = say(voice.as_ref(), &phrases()).await;
        same_sound(&spoken, &phrases());
        let off = worst(&spoken, &phrases());
        assert!(off < 0.03, "{base:?}: {off} s");
        let measured = spoken
            .words(&phrases().concat())
            .iter()
            .filter(|word| word.3)
            .count();
        assert_eq!(
            measured,
            phrases().concat().split_whitespace().count(),
            "{base:?}"
        );
    }
    let call = fake.script.last().unwrap();
    assert_eq!(call.path, "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/stream-input");
    assert_eq!(
        (call.query("model_id"), call.query("output_format")),
        (Some("eleven_flash_v2_5"), Some("pcm_24000"))
    );
    assert_eq!(
        (&call.body[0]["text"], &call.body[3]["text"]),
        (&json!(" "), &json!(""))
    );
}

/// How far a word may be from where it sounds, in seconds: as far as what is not told, or not told in time, lasts.
fn most(flaw: Flaw, base: Base) -> f64 {
    match (flaw, base) {
        (Flaw::Missing, Base::Message | Base::Stream) | (Flaw::AtOnce, Base::Segment) => 0.5,
        (Flaw::Late, _) => 0.3,
        // Where the two are a space and a letter, the pause between two sentences belongs to both.
        (Flaw::Joined, _) => 0.4,
        (Flaw::Unequal | Flaw::AtOnce, Base::Message | Base::Stream) => 0.2,
        (Flaw::Overlapping, _) => 0.06,
        _ => 0.03,
    }
}

#[tokio::test]
async fn flawed_times_never_go_back_and_leave_no_word_out() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::Shared] {
        for flaw in FLAWS {
            for base in [Base::Message, Base::Segment, Base::Stream] {
                fake.manners(|m| (m.flaw, m.base) = (Some(flaw), base));
                let voice = account(&fake, transport).voice();
                let spoken = say(voice.as_ref(), &phrases()).await;
                same_sound(&spoken, &phrases());
                let off = worst(&spoken, &phrases());
                assert!(off < most(flaw, base), "{transport:?} {flaw:?} {base:?}: {off} s");
                for pair in spoken.marks.windows(2) {
                    assert!(
                        pair[0].text.end <= pair[1].text.start && pair[0].audio.end <= pair[1].audio.start,
                        "{flaw:?}"
                    );
                }
                let words = spoken.words(&phrases().concat());
                assert!(
                    words.iter().all(|word| word.2 > word.1),
                    "{flaw:?} {base:?}: {words:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_nobody_knows_in_a_message_changes_nothing() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    fake.manners(|m| m.strange = true);
    for transport in [Transport::Socket, Transport::Shared, Transport::HttpTimed] {
        for model in ["eleven_flash_v2_5", "eleven_v3"] {
            let settings = Settings {
                transport,
                output_format: Some("pcm_24000".into()),
                ..settings(&fake, KEY)
            };
            let voice = ElevenLabs::new(network(), settings).unwrap().voice();
            let options = SpeakOptions {
                model: Some(model.into()),
                ..SpeakOptions::default()
            };
            let [one, two] = phrases();
            let spoken = speak(voice.speak(options), &[&one, &two]).await;
            assert!(spoken.finished, "{transport:?} {model}: {:?}", spoken.error);
            same_sound(&spoken, &phrases());
            assert!(worst(&spoken, &phrases()) < 0.03, "{transport:?} {model}");
        }
    }
}

#[tokio::test]
async fn arabic_is_lit_as_it_is_sent() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    let phrases = ["مَرْحَبًا بِكَ، كَيْفَ حَالُكَ؟ ".to_owned()];
    let options = SpeakOptions {
        language: Some("ar-EG".into()),
        speed: 3.0,
        ..SpeakOptions::default()
    };
    let spoken = speak(voice.speak(options), &[&phrases[0]]).await;
    assert!(spoken.finished, "{:?}", spoken.error);
    assert!(worst(&spoken, &phrases) < 0.03);
    let call = fake.script.last().unwrap();
    assert_eq!(call.query("language_code"), Some("ar"));
    assert_eq!(call.body[0]["voice_settings"]["speed"], 1.2);
}

#[tokio::test]
async fn over_http_with_times() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let settings = Settings {
        transport: Transport::HttpTimed,
        output_format: Some("pcm_16000".into()),
        latency: Some(3),
        ..settings(&fake, KEY)
    };
    let voice = ElevenLabs::new(network(), settings).unwrap().voice();
    fake.script.fail(Fault::Status(429));
    let with_rest = [phrases()[0].clone(), " … ".into(), MORE.to_owned()];
    let spoken = say(voice.as_ref(), &with_rest).await;
    assert_eq!(spoken.audio.as_ref().unwrap().rate, SampleRate::SPEECH);
    let measured: Vec<_> = spoken
        .words(&with_rest.concat())
        .into_iter()
        .filter(|word| word.3)
        .collect();
    assert_eq!(
        measured.len(),
        with_rest.concat().split_whitespace().count() - 1,
        "all but the dots"
    );
    let first = speech::speak(&with_rest[0]).audio.duration().as_secs_f64();
    let then = measured.iter().find(|word| word.0 == "Then").unwrap();
    assert!(
        (then.1 - first).abs() < 0.03,
        "{then:?} begins the second phrase, at {first}"
    );
    let call = fake.script.last().unwrap();
    assert_eq!(
        (
            call.query("output_format"),
            call.query("optimize_streaming_latency")
        ),
        (Some("pcm_16000"), Some("3"))
    );
    assert_eq!(fake.script.calls().len(), 3, "two phrases and a refusal");
}

#[tokio::test]
async fn over_http_as_mp3_without_times() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let voice = account(&fake, Transport::Http).voice();
    assert!(!voice.timed());
    let spoken = say(voice.as_ref(), &[speech::SENTENCE.to_owned()]).await;
    assert_eq!(spoken.audio.as_ref().unwrap().rate.hertz(), 44_100);
    let longer = spoken.audio.as_ref().unwrap().duration().as_secs_f64()
        - speech::sentence().audio.duration().as_secs_f64();
    assert!((0.0..0.2).contains(&longer), "{longer}");
    assert_eq!(
        fake.script.last().unwrap().query("output_format"),
        Some("mp3_44100_128")
    );
    let flac = Settings {
        output_format: Some("flac_44100".into()),
        ..settings(&fake, KEY)
    };
    assert_eq!(
        ElevenLabs::new(network(), flac).unwrap_err().fault().kind(),
        Kind::Unsupported
    );
}

#[tokio::test]
async fn nothing_to_say_is_said_quickly() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in EACH {
        let voice = account(&fake, transport).voice();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[" ", "… ", ""]).await;
        assert!(
            spoken.finished && spoken.samples().is_empty(),
            "{transport:?}: {:?}",
            spoken.error
        );
    }
}

#[tokio::test]
async fn three_replies_at_once() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let patient = Settings {
        access: Access {
            deadlines: Deadlines::default(),
            ..access(fake.url(), KEY)
        },
        ..settings(&fake, KEY)
    };
    let voice = ElevenLabs::new(network(), patient).unwrap().voice();
    let all = (0..7).map(|_| speak(voice.speak(SpeakOptions::default()), &["Tea? "]));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(|spoken| spoken.finished));
    assert!(fake.script.most_at_once() <= 3, "{}", fake.script.most_at_once());
}
