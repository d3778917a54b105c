//! Sound in every format that there is, each way that it can be fetched.

use crate::*;

const LATE: &str = "eleven_v3";

async fn said(
    fake: &elevenlabs::ElevenLabs,
    transport: Transport,
    format: &str,
    model: Option<&str>,
) -> Spoken {
    let settings = Settings {
        transport,
        output_format: Some(format.into()),
        ..settings(fake, KEY)
    };
    let voice = ElevenLabs::new(network(), settings).unwrap().voice();
    let options = SpeakOptions {
        model: model.map(str::to_owned),
        ..SpeakOptions::default()
    };
    let [one, two] = phrases();
    let spoken = speak(voice.speak(options), &[&one, &two]).await;
    assert!(spoken.finished, "{transport:?} {format}: {:?}", spoken.error);
    spoken
}

/// How loud what is left is where the one is taken from the other, of the whole.
fn difference(spoken: &Spoken, rate: SampleRate) -> f32 {
    let spoken = spoken.samples();
    let truth: Vec<f32> = phrases()
        .iter()
        .flat_map(|phrase| speech::speak(phrase).at(rate).audio.samples)
        .collect();
    assert_eq!(spoken.len(), truth.len());
    let left: Vec<f32> = spoken.iter().zip(&truth).map(|(a, b)| a - b).collect();
    libretto_voice::audio::rms(&left) / libretto_voice::audio::rms(&truth)
}

#[tokio::test]
async fn each_format_sounds_the_same_with_its_times() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for (format, rate, most) in [
        ("pcm_8000", 8_000, 0.001),
        ("pcm_48000", 48_000, 0.001),
        ("ulaw_8000", 8_000, 0.05),
        ("alaw_8000", 8_000, 0.05),
        ("opus_48000_32", 48_000, 0.8),
        ("opus_48000_128", 48_000, 0.4),
    ] {
        let rate = SampleRate::new(rate).unwrap();
        for transport in EACH {
            for model in [None, Some(LATE)] {
                let spoken = said(&fake, transport, format, model).await;
                assert_eq!(spoken.audio.as_ref().unwrap().rate, rate, "{format}");
                let other = difference(&spoken, rate);
                assert!(other < most, "{transport:?} {format} {model:?}: {other}");
                if transport != Transport::Http {
                    let off = worst(&spoken, &phrases());
                    assert!(off < 0.03, "{transport:?} {format} {model:?}: {off} s");
                }
                let call = fake.script.last().unwrap();
                assert_eq!(call.query("output_format"), Some(format));
            }
        }
    }
}

#[tokio::test]
async fn what_has_no_stream_comes_whole_over_http() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    for (transport, model, path) in [
        (
            Transport::Socket,
            None,
            "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/with-timestamps",
        ),
        (
            Transport::Shared,
            None,
            "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/with-timestamps",
        ),
        (
            Transport::HttpTimed,
            Some(LATE),
            "/v1/text-to-dialogue/with-timestamps",
        ),
        (Transport::Http, None, "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb"),
        (Transport::Http, Some(LATE), "/v1/text-to-dialogue"),
    ] {
        let spoken = said(&fake, transport, "wav_22050", model).await;
        let rate = SampleRate::new(22_050).unwrap();
        assert!(difference(&spoken, rate) < 0.001, "{transport:?}");
        assert_eq!(fake.script.last().unwrap().path, path);
        if transport != Transport::Http {
            assert!(worst(&spoken, &phrases()) < 0.03, "{transport:?}");
        }
    }
}

#[tokio::test]
async fn mp3_comes_over_sockets_too() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let phrases = [speech::SENTENCE.to_owned()];
    let mut lengths = Vec::new();
    for transport in EACH {
        let settings = Settings {
            transport,
            output_format: Some("mp3_44100_128".into()),
            ..settings(&fake, KEY)
        };
        let voice = ElevenLabs::new(network(), settings).unwrap().voice();
        let spoken = say(voice.as_ref(), &phrases).await;
        lengths.push(spoken.samples().len());
        if transport != Transport::Http {
            let off = worst(&spoken, &phrases);
            assert!(off < 0.08, "{transport:?}: {off} s");
        }
    }
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
}
