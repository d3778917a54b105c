//! What is asked of a voice and its sound.

use libretto_providers::minimax::{Format, Modify, Subtitles as Asked};
use libretto_voice::SampleRate;
use serde_json::Value;

use crate::*;

/// What was asked for, in the call or the task.
async fn asked(fake: &minimax::MiniMax, settings: Settings, options: SpeakOptions) -> (Spoken, Value) {
    let transport = settings.transport;
    let voice = MiniMax::new(network(), settings).unwrap().voice();
    let [one, two] = phrases();
    let spoken = speak(voice.speak(options), &[&one, &two]).await;
    assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
    closed(&fake.script).await;
    let is_speech = |call: &libretto_testkit::fakes::Call| call.path.contains("t2a");
    let call = fake.script.calls().into_iter().rev().find(is_speech).unwrap();
    let fields = if transport == Transport::Http {
        call.body
    } else {
        call.body[0].clone()
    };
    (spoken, fields)
}

#[tokio::test]
async fn sound_in_each_format() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in TRANSPORTS {
        for (format, rate, sent, heard, most) in [
            (Format::Pcm, Some(16_000), ("pcm", 16_000), 16_000, 0.001),
            (Format::Pcm, Some(12_345), ("pcm", 24_000), 24_000, 0.001),
            (Format::Opus, None, ("opus", 24_000), 48_000, 0.6),
            (Format::Pcmu, Some(44_100), ("pcmu_raw", 8_000), 8_000, 0.05),
        ] {
            let settings = Settings {
                format,
                rate,
                ..settings(&fake, transport)
            };
            let (spoken, fields) = asked(&fake, settings, SpeakOptions::default()).await;
            let expected = json!({"format": sent.0, "sample_rate": sent.1, "channel": 1});
            assert_eq!(fields["audio_setting"], expected);
            let rate = SampleRate::new(heard).unwrap();
            assert_eq!(spoken.audio.as_ref().unwrap().rate, rate);
            let sent = SampleRate::new(sent.1).unwrap();
            let truth = parts(transport)
                .into_iter()
                .filter(|part| !part.trim().is_empty());
            let truth: Vec<f32> = truth
                .flat_map(|part| speech::speak(&part).at(sent).at(rate).audio.samples)
                .collect();
            let off = spoken.samples().len().abs_diff(truth.len());
            assert!(off < 4, "{transport:?} {format:?}: {off} samples");
            let left: Vec<f32> = spoken.samples().iter().zip(&truth).map(|(a, b)| a - b).collect();
            let left = libretto_voice::audio::rms(&left) / libretto_voice::audio::rms(&truth);
            assert!(left < most, "{transport:?} {format:?}: {left}");
            let late = worst(&spoken, &parts(transport));
            assert!(late < 0.03, "{transport:?} {format:?}: {late} s");
        }
    }
}

#[tokio::test]
async fn a_mixed_and_changed_voice() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in TRANSPORTS {
        let mixed = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 150)).collect();
        let settings = Settings {
            timbres: mixed(&["a", "b", "c", "d", "e"]),
            modify: Modify {
                pitch: -120,
                intensity: 0,
                timbre: 7,
                effect: Some("robotic".into()),
            },
            bitrate: Some(64_000),
            format: Format::Opus,
            reads_formulas: true,
            ..settings(&fake, transport)
        };
        let voice = MiniMax::new(network(), settings.clone()).unwrap().voice();
        let options = SpeakOptions {
            language: Some("zh-CN".into()),
            ..SpeakOptions::default()
        };
        let spoken = speak(voice.speak(options), &["Tea? "]).await;
        assert!(spoken.finished, "{transport:?}: {:?}", spoken.error);
        closed(&fake.script).await;
        let call = fake.script.last().unwrap();
        let fields = if transport == Transport::Http {
            &call.body
        } else {
            &call.body[0]
        };
        let weight = |name: &str| json!({"voice_id": name, "weight": 100});
        assert_eq!(fields["timbre_weights"], json!(["a", "b", "c", "d"].map(weight)));
        assert_eq!(
            fields["voice_modify"],
            json!({"pitch": -100, "timbre": 7, "sound_effects": "robotic"})
        );
        // Streams have a changed voice as MP3 only.
        let sound = json!({"sample_rate": 44_100, "bitrate": 64_000, "format": "mp3", "channel": 1});
        assert_eq!(fields["audio_setting"], sound);
        let manner = &fields["voice_setting"];
        assert_eq!(
            (&manner["voice_id"], &manner["latex_read"]),
            (&json!(""), &json!(true))
        );
        // Formulas are read in Chinese only.
        let english = SpeakOptions {
            language: Some("en".into()),
            ..SpeakOptions::default()
        };
        let voice = MiniMax::new(network(), settings).unwrap().voice();
        assert!(speak(voice.speak(english), &["Tea? "]).await.finished);
        let call = fake.script.last().unwrap();
        let fields = if transport == Transport::Http {
            &call.body
        } else {
            &call.body[0]
        };
        assert!(fields["voice_setting"].get("latex_read").is_none());
    }
}

#[tokio::test]
async fn times_as_they_are_asked_for() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in TRANSPORTS {
        for (subtitles, sent) in [
            (Asked::Streamed, Some("word_streaming")),
            (Asked::Words, Some("word")),
            (Asked::Sentences, Some("sentence")),
            (Asked::Off, None),
        ] {
            let settings = Settings {
                subtitles,
                language: Some("auto".into()),
                ..settings(&fake, transport)
            };
            let (spoken, fields) = asked(&fake, settings, SpeakOptions::default()).await;
            assert_eq!(fields["subtitle_enable"], sent.is_some());
            assert_eq!(fields.get("subtitle_type").and_then(Value::as_str), sent);
            assert_eq!(fields["language_boost"], "auto");
            same_sound(&spoken, &parts(transport));
            let words = spoken.words(&phrases().concat());
            assert_eq!(words.len(), phrases().concat().split_whitespace().count());
            if matches!(subtitles, Asked::Streamed | Asked::Words) {
                assert!(words.iter().all(|word| word.3), "{transport:?} {subtitles:?}");
                assert!(
                    worst(&spoken, &parts(transport)) < 0.03,
                    "{transport:?} {subtitles:?}"
                );
            }
            if subtitles == Asked::Off {
                assert!(!words.iter().any(|word| word.3), "{transport:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_only_some_models_know_is_refused_by_the_others() {
    let fake = minimax::MiniMax::start().await.unwrap();
    for transport in TRANSPORTS {
        let settings = Settings {
            emotion: Some("whisper".into()),
            language: Some("Persian".into()),
            continuous: true,
            ..settings(&fake, transport)
        };
        let voice = MiniMax::new(network(), settings).unwrap().voice();
        for (model, language, taken) in [
            ("speech-2.6-hd", None, true),
            ("speech-2.8-hd", None, false),
            ("speech-02-hd", None, false),
            // The language of a reply is left out where the model does not know it.
            ("speech-02-hd", Some("fa"), true),
        ] {
            let options = SpeakOptions {
                model: Some(model.to_owned()),
                language: language.map(str::to_owned),
                ..SpeakOptions::default()
            };
            let spoken = speak(voice.speak(options), &["Tea? "]).await;
            assert_eq!(
                spoken.finished, taken,
                "{transport:?} {model}: {:?}",
                spoken.error
            );
            if !taken {
                assert_eq!(spoken.failed().kind(), Kind::BadInput, "{transport:?} {model}");
            }
        }
    }
}
