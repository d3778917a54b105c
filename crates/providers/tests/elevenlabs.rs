//! ElevenLabs, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use std::time::{Duration, Instant};

use common::{Spoken, brief, hear, listen_to, network, quick, short, speak};
use libretto_providers::elevenlabs::{Commit, ElevenLabs, Settings, Transport};
use libretto_providers::{Credit, Deadlines, Fault as Failed, Key};
use libretto_testkit::fakes::elevenlabs::{self, Base, Flaw, KEY, LIMITED};
use libretto_testkit::fakes::{Fault, speech};
use libretto_voice::{
    Audio, Kind, ListenEvent, ListenInput, ListenOptions, SampleRate, SpeakEvent, SpeakInput, SpeakOptions,
    TextToSpeech,
};
use serde_json::json;

fn settings(fake: &elevenlabs::ElevenLabs, key: &str) -> Settings {
    Settings {
        base: Some(fake.url()),
        retry: quick(),
        deadlines: short(),
        ..Settings::new(Some(Key::new(key)))
    }
}

fn account(fake: &elevenlabs::ElevenLabs, transport: Transport) -> ElevenLabs {
    let settings = Settings {
        transport,
        ..settings(fake, KEY)
    };
    ElevenLabs::new(network(), settings).unwrap()
}

const MORE: &str = "Then we sit, and drink it slowly. ";

/// Two phrases, as the fake speaks them.
fn phrases() -> [String; 2] {
    [format!("{} ", speech::SENTENCE), MORE.to_owned()]
}

/// How far the words' starts are from the truth, in seconds; every word must be there.
fn worst(spoken: &Spoken, phrases: &[String]) -> f64 {
    let text = phrases.concat();
    let words = spoken.words(&text);
    let (mut truth, mut from) = (Vec::new(), 0.0);
    for phrase in phrases {
        let said = speech::speak(phrase);
        let word = |(bytes, seconds): &(std::ops::Range<usize>, std::ops::Range<f64>)| {
            (phrase[bytes.clone()].to_owned(), from + seconds.start)
        };
        truth.extend(said.words.iter().map(word));
        from += said.audio.duration().as_secs_f64();
    }
    let got: Vec<&str> = words.iter().map(|word| word.0.as_str()).collect();
    let wanted: Vec<&str> = truth.iter().map(|word| word.0.as_str()).collect();
    assert_eq!(got, wanted);
    let off = words
        .iter()
        .zip(&truth)
        .map(|(got, truth)| (got.1 - truth.1).abs());
    off.fold(0.0, f64::max)
}

fn same_sound(spoken: &Spoken, phrases: &[String]) {
    let expected: Vec<f32> = phrases
        .iter()
        .flat_map(|phrase| speech::speak(phrase).audio.samples)
        .collect();
    assert_eq!(spoken.samples().len(), expected.len());
    assert!(
        spoken
            .samples()
            .iter()
            .zip(&expected)
            .all(|(a, b)| (a - b).abs() < 1e-4)
    );
}

async fn say(voice: &dyn TextToSpeech, phrases: &[String]) -> Spoken {
    let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
    let spoken = speak(voice.speak(SpeakOptions::default()), &phrases).await;
    assert!(spoken.finished && spoken.error.is_none(), "{:?}", spoken.error);
    spoken
}

#[tokio::test]
async fn the_socket_tells_when_each_character_sounds_whatever_times_count_from() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    assert!(voice.timed());
    for base in [Base::Message, Base::Segment, Base::Stream] {
        fake.manners(|m| m.base = base);
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

#[tokio::test]
async fn flawed_times_never_go_back_and_leave_no_word_out() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    for (flaw, base, most) in [
        (Flaw::OldSpelling, Base::Message, 0.03),
        (Flaw::OnlyNormalised, Base::Message, 0.03),
        (Flaw::Overlapping, Base::Message, 0.06),
        (Flaw::Missing, Base::Message, 0.5),
        (Flaw::Doubled, Base::Stream, 0.03),
        (Flaw::Doubled, Base::Message, 0.03),
        (Flaw::Late, Base::Message, 0.3),
        (Flaw::Unequal, Base::Message, 0.4),
    ] {
        fake.manners(|m| (m.flaw, m.base) = (Some(flaw), base));
        let spoken = say(voice.as_ref(), &phrases()).await;
        same_sound(&spoken, &phrases());
        let off = worst(&spoken, &phrases());
        assert!(off < most, "{flaw:?}: {off} s");
        for pair in spoken.marks.windows(2) {
            assert!(
                pair[0].text.end <= pair[1].text.start && pair[0].audio.end <= pair[1].audio.start,
                "{flaw:?}"
            );
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

    // The third generation has no socket.
    let late = SpeakOptions {
        model: Some("eleven_v3".into()),
        ..SpeakOptions::default()
    };
    let voice = account(&fake, Transport::Socket).voice();
    let spoken = speak(voice.speak(late), &["Tea? "]).await;
    assert!(spoken.finished && !spoken.marks.is_empty(), "{:?}", spoken.error);
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
    let opus = Settings {
        output_format: Some("opus_48000_32".into()),
        ..settings(&fake, KEY)
    };
    assert_eq!(
        ElevenLabs::new(network(), opus).unwrap_err().fault().kind(),
        Kind::Unsupported
    );
}

#[tokio::test]
async fn refusals_and_breaks_before_the_first_sound() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::HttpTimed, Transport::Http] {
        let voice = account(&fake, transport).voice();
        let hasty = Settings {
            transport,
            deadlines: brief(),
            ..settings(&fake, KEY)
        };
        let hasty = ElevenLabs::new(network(), hasty).unwrap().voice();
        let mut faults = vec![
            (Fault::Status(400), Kind::BadInput, 1),
            (Fault::Status(401), Kind::Unauthorised, 1),
            (Fault::Status(402), Kind::Quota, 1),
            (Fault::Status(403), Kind::Quota, 1),
            (Fault::Status(404), Kind::BadInput, 1),
            (Fault::Status(413), Kind::BadInput, 1),
            (Fault::Status(422), Kind::BadInput, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Status(503), Kind::Unavailable, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            (Fault::Silence, Kind::Timeout, 3),
            (Fault::StallAfter(0), Kind::Timeout, 3),
        ];
        if transport != Transport::Http {
            faults.push((Fault::Garble(0), Kind::Unavailable, 1));
        }
        if transport == Transport::Socket {
            let quota = json!({"message": "none left", "error": "quota_exceeded", "code": 1008}).to_string();
            faults.push((Fault::Say(0, quota), Kind::Quota, 1));
            faults.push((Fault::CloseAfter(0, 1008, "a policy"), Kind::Unavailable, 3));
            faults.push((Fault::CloseAfter(0, 1011, "internal"), Kind::Unavailable, 3));
            faults.push((Fault::CloseAfter(0, 1000, ""), Kind::Unavailable, 3));
        }
        if transport == Transport::Http {
            faults.push((Fault::ContentType("text/html"), Kind::Unavailable, 1));
        }
        for (fault, kind, calls) in faults {
            let before = fake.script.calls().len();
            for _ in 0..calls {
                fake.script.fail(fault.clone());
            }
            let voice = match kind {
                Kind::Timeout => &hasty,
                _ => &voice,
            };
            let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? "]).await;
            let error = spoken
                .error
                .as_ref()
                .unwrap_or_else(|| panic!("{transport:?} {fault:?} went well"));
            assert_eq!(error.kind(), kind, "{transport:?} {fault:?}: {error}");
            assert!(spoken.samples().is_empty() && !error.to_string().contains(KEY));
            assert_eq!(
                fake.script.calls().len() - before,
                calls,
                "{transport:?} {fault:?}"
            );
        }
        // Twice in vain, then well: nothing is lost and nothing comes twice.
        fake.script.fail(Fault::Status(503));
        fake.script.fail(Fault::BreakAfter(0));
        let spoken = say(voice.as_ref(), &[speech::SENTENCE.to_owned()]).await;
        if transport != Transport::Http {
            let off = worst(&spoken, &[speech::SENTENCE.to_owned()]);
            assert!(off < 0.08, "{transport:?}: {off} s");
        }
    }
}

#[tokio::test]
async fn in_mid_word_it_fails_at_once_and_what_was_heard_is_kept() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::HttpTimed, Transport::Http] {
        let voice = account(&fake, transport).voice();
        let mut faults = vec![Fault::BreakAfter(9), Fault::StallAfter(9)];
        if transport == Transport::Socket {
            faults.extend([1_000, 1_008, 1_009, 1_011].map(|code| Fault::CloseAfter(9, code, "in mid-word")));
            faults.push(Fault::Garble(9));
        }
        for fault in faults {
            let before = fake.script.calls().len();
            fake.script.fail(fault.clone());
            let phrase = format!("{} ", speech::SENTENCE);
            let spoken = speak(voice.speak(SpeakOptions::default()), &[&phrase]).await;
            let error = spoken.failed();
            assert!(!error.can_retry(), "{transport:?} {fault:?}");
            assert!(
                !spoken.samples().is_empty() && !spoken.finished,
                "{transport:?} {fault:?}"
            );
            assert_eq!(fake.script.calls().len() - before, 1, "{transport:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_or_told_in_band() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for tells_in_band in [false, true] {
        fake.manners(|m| m.tells_in_band = tells_in_band);
        let voice = ElevenLabs::new(network(), settings(&fake, "sk_planted_wrong"))
            .unwrap()
            .voice();
        let spoken = speak(voice.speak(SpeakOptions::default()), &["Tea? "]).await;
        let error = spoken.failed();
        assert_eq!(error.kind(), Kind::Unauthorised, "{error}");
        assert!(!format!("{error} {error:?}").contains("planted"));
    }
}

#[tokio::test]
async fn a_silent_conversation_keeps_its_socket_and_cancelling_ends_it() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let voice = account(&fake, Transport::Socket).voice();
    let mut session = voice.speak(SpeakOptions::default());
    assert!(matches!(session.next().await, Some(Ok(SpeakEvent::Ready))));
    session.send(SpeakInput::Text("Tea? ".into())).await.unwrap();
    while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
    // Longer than any deadline: while nothing is asked, nothing is due.
    tokio::time::sleep(short().first * 2).await;
    session.send(SpeakInput::Text(MORE.into())).await.unwrap();
    session.send(SpeakInput::Finish).await.unwrap();
    assert!(listen_to(session).await.finished);

    // A socket that the service closes for silence is an error, in plain words.
    fake.manners(|m| m.patience = Some(Duration::from_millis(300)));
    let spoken = listen_to(voice.speak(SpeakOptions::default())).await;
    assert_eq!(spoken.failed().kind(), Kind::Unavailable);
    fake.manners(|m| m.patience = None);

    fake.script.fail(Fault::StallAfter(2));
    let mut session = voice.speak(SpeakOptions::default());
    session.send(SpeakInput::Text(MORE.into())).await.unwrap();
    while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
    drop(session);
    let start = Instant::now();
    while fake.script.open() > 0 {
        assert!(
            start.elapsed() < common::PATIENCE,
            "the service still works for nobody"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn nothing_to_say_is_said_quickly() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for transport in [Transport::Socket, Transport::HttpTimed, Transport::Http] {
        let voice = account(&fake, transport).voice();
        let spoken = speak(voice.speak(SpeakOptions::default()), &[" ", "… ", ""]).await;
        assert!(
            spoken.finished && spoken.samples().is_empty(),
            "{transport:?}: {:?}",
            spoken.error
        );
    }
}

/// The sentence and some silence.
fn utterance(rate: SampleRate) -> Audio {
    let mut audio = speech::sentence().clone().at(rate).audio;
    audio
        .samples
        .extend(Audio::silence(rate, Duration::from_millis(700)).samples);
    audio
}

#[tokio::test]
async fn scribe_hears_a_whole_utterance() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    for rate in [16_000, 24_000].map(|rate| SampleRate::new(rate).unwrap()) {
        fake.script.fail(Fault::Status(429));
        let options = ListenOptions {
            rate,
            model: Some("scribe_v2".into()),
            language: Some("en-GB".into()),
            vocabulary: vec!["Oslo".into(), "no <tags>".into()],
        };
        let utterance = utterance(rate);
        let heard = hear(recogniser.listen(options), &utterance).await;
        assert!(heard.error.is_none(), "{:?}", heard.error);
        assert_eq!(heard.text(), "Go forward ten meters.");
        assert_eq!(heard.words().len(), 4, "spaces are no words");
        assert!(heard.words()[3].2 <= utterance.duration().as_secs_f64());
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        let body = fake.script.last().unwrap().body;
        assert_eq!(body["keyterms"], json!(["Oslo"]));
        assert_eq!(
            (&body["language_code"][0], &body["tag_audio_events"][0]),
            (&json!("en"), &json!("false"))
        );
    }
}

#[tokio::test]
async fn scribe_hears_while_it_is_spoken_to() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let utterance = utterance(SampleRate::SPEECH);
    for commit in [Commit::Manual, Commit::Vad] {
        let settings = Settings {
            commit,
            ..settings(&fake, KEY)
        };
        let recogniser = ElevenLabs::new(network(), settings).unwrap().recogniser();
        fake.script.fail(Fault::Status(503));
        let heard = hear(recogniser.listen(ListenOptions::default()), &utterance).await;
        assert!(heard.error.is_none(), "{commit:?}: {:?}", heard.error);
        assert_eq!(
            heard.text(),
            "Go forward ten meters.",
            "{commit:?}: once, though it is committed twice"
        );
        assert_eq!(heard.words().len(), 4);
        assert_eq!(heard.events.first(), Some(&ListenEvent::Ready));
        assert_eq!(heard.events.last(), Some(&ListenEvent::Finished));
        assert!(
            heard
                .events
                .iter()
                .any(|event| matches!(event, ListenEvent::Partial(_)))
        );
    }
    // Silence commits, where it is asked to, before anybody says that the utterance is over.
    let vad = Settings {
        commit: Commit::Vad,
        ..settings(&fake, KEY)
    };
    let recogniser = ElevenLabs::new(network(), vad).unwrap().recogniser();
    let mut session = recogniser.listen(ListenOptions::default());
    for piece in utterance.samples.chunks(1_600) {
        let piece = Audio::new(SampleRate::SPEECH, piece.to_vec());
        session.send(ListenInput::Audio(piece)).await.unwrap();
    }
    let mut segments = 0;
    while let Some(Ok(event)) = session.next().await {
        match event {
            ListenEvent::Segment(_) => segments += 1,
            ListenEvent::EndOfTurn(_) => session.send(ListenInput::Finish).await.unwrap(),
            ListenEvent::Finished => break,
            _ => {}
        }
    }
    assert_eq!(segments, 1);
    // Too little to be committed: silence is put behind it.
    let short = Audio::new(SampleRate::SPEECH, utterance.samples[2_000..4_000].to_vec());
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let heard = hear(recogniser.listen(ListenOptions::default()), &short).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    // Nothing at all.
    let heard = hear(
        recogniser.listen(ListenOptions::default()),
        &Audio::empty(SampleRate::SPEECH),
    )
    .await;
    assert_eq!(heard.events, [ListenEvent::Ready, ListenEvent::Finished]);
}

#[tokio::test]
async fn the_live_recogniser_fails_in_plain_words() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let recogniser = account(&fake, Transport::Socket).recogniser();
    let utterance = utterance(SampleRate::SPEECH);
    let says = |kind: &str| json!({"message_type": kind, "error": "in its own words"}).to_string();
    for (fault, times, kind) in [
        (Fault::Status(401), 1, Kind::Unauthorised),
        (Fault::Status(429), 3, Kind::RateLimited),
        (Fault::Silence, 3, Kind::Timeout),
        (Fault::Say(0, says("auth_error")), 1, Kind::Unauthorised),
        (Fault::Say(1, says("quota_exceeded")), 1, Kind::Quota),
        (
            Fault::Say(1, says("session_time_limit_exceeded")),
            1,
            Kind::Unavailable,
        ),
        (Fault::Say(1, says("never_heard_of")), 1, Kind::Unavailable),
        (
            Fault::CloseAfter(2, 1_000, "commit_throttled"),
            1,
            Kind::Unavailable,
        ),
        (Fault::CloseAfter(2, 1_011, ""), 1, Kind::Unavailable),
        (Fault::BreakAfter(2), 1, Kind::Unavailable),
        (Fault::Garble(2), 1, Kind::Unavailable),
        (Fault::StallAfter(2), 1, Kind::Timeout),
    ] {
        let before = fake.script.calls().len();
        for _ in 0..times {
            fake.script.fail(fault.clone());
        }
        let heard = hear(recogniser.listen(ListenOptions::default()), &utterance).await;
        let error = heard
            .error
            .unwrap_or_else(|| panic!("{fault:?} went well: {:?}", heard.events));
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert_eq!(fake.script.calls().len() - before, times, "{fault:?}");
    }
    let odd = ListenOptions {
        rate: SampleRate::new(12_345).unwrap(),
        ..ListenOptions::default()
    };
    let heard = hear(recogniser.listen(odd), &Audio::empty(SampleRate::SPEECH)).await;
    assert_eq!(heard.error.unwrap().kind(), Kind::Unsupported);
}

#[tokio::test]
async fn accounts_voices_and_models() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let with = |key: &str| ElevenLabs::new(network(), settings(&fake, key)).unwrap();
    let good = with(KEY).check().await.unwrap();
    assert_eq!(
        (good.plan.as_deref(), good.credit),
        (Some("creator"), Credit::Left("8800 of 10000 characters".into()))
    );
    assert!(with(LIMITED).check().await.unwrap().limited);
    assert_eq!(
        with("sk_planted").check().await.unwrap_err().fault(),
        &Failed::WrongKey
    );
    fake.manners(|m| m.used = 10_000);
    assert_eq!(with(KEY).check().await.unwrap().credit, Credit::Empty);

    let voices = with(KEY).voices(None).await.unwrap();
    assert_eq!(voices.len(), 230, "all pages");
    assert_eq!(
        (voices[0].id.as_str(), voices[0].languages.as_slice()),
        ("v0", &["ar".to_owned(), "en".into()][..])
    );
    assert_eq!(with(KEY).voices(Some("Voice 22")).await.unwrap().len(), 11);
    let models: Vec<String> = with(KEY)
        .models()
        .await
        .unwrap()
        .into_iter()
        .map(|model| model.id)
        .collect();
    assert_eq!(models, ["eleven_flash_v2_5", "eleven_v3"], "those that speak");
}

#[tokio::test]
async fn three_replies_at_once() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let patient = Settings {
        deadlines: Deadlines::default(),
        ..settings(&fake, KEY)
    };
    let voice = ElevenLabs::new(network(), patient).unwrap().voice();
    let all = (0..7).map(|_| speak(voice.speak(SpeakOptions::default()), &["Tea? "]));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(|spoken| spoken.finished));
    assert!(fake.script.most_at_once() <= 3, "{}", fake.script.most_at_once());
}
