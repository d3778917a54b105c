//! The recogniser and the turn detector through their process, fed like a microphone feeds them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "it is a test"
)]

mod common;

use std::time::{Duration, Instant};

use common::{CLIPS, errors, event, recording, settings, words};
use libretto_ondevice::client::Engines;
use libretto_voice::{
    Audio, Kind, ListenEvent, ListenInput, ListenOptions, SampleRate, SpeechToText, Transcript,
};

const FRAME: usize = 160;

/// What came of an utterance.
#[derive(Debug, Default)]
struct Heard {
    partials: Vec<String>,
    segments: usize,
    words: Transcript,
    /// From the end of the utterance to its last word.
    wait: Duration,
}

/// Feeds samples in frames of 10 ms, so much faster than they were spoken.
async fn listen(recogniser: &dyn SpeechToText, samples: &[f32], faster: u32) -> Heard {
    let session = recogniser.listen(ListenOptions::default());
    let (input, mut events, _guard) = session.split();
    let samples = samples.to_vec();
    let feeder = tokio::spawn(async move {
        let input = input.unwrap();
        let began = tokio::time::Instant::now();
        for (index, frame) in samples.chunks(FRAME).enumerate() {
            tokio::time::sleep_until(began + Duration::from_millis(10) * index as u32 / faster).await;
            input
                .send(ListenInput::Audio(Audio::new(SampleRate::SPEECH, frame.to_vec())))
                .await
                .unwrap();
        }
        input.send(ListenInput::Finish).await.unwrap();
        Instant::now()
    });
    let mut heard = Heard::default();
    while let Some(event) = tokio::time::timeout(common::PATIENCE, events.recv())
        .await
        .unwrap()
    {
        match event.unwrap() {
            ListenEvent::Partial(partial) => heard.partials.push(partial.text),
            ListenEvent::Segment(segment) => {
                heard.segments += 1;
                heard.words.append(segment);
            }
            ListenEvent::Finished => {
                heard.wait = feeder.await.unwrap().elapsed();
                return heard;
            }
            _ => {}
        }
    }
    panic!("it never finished: {heard:?}");
}

/// A recording with the tail that a microphone adds after the key is released.
fn with_tail(name: &str) -> Vec<f32> {
    let mut samples = recording(name);
    samples.extend(vec![0.0; 16 * 400]);
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_shown_while_they_are_spoken_and_final_at_once() {
    let engines = Engines::new(settings());
    let recogniser = engines.recogniser();
    listen(&*recogniser, &recording(CLIPS[1].name), 1_000).await;
    let (mut wrong, mut said, mut changed, mut shown) = (0, 0, 0, 0);
    let mut waits = Vec::new();
    for clip in CLIPS {
        let heard = listen(&*recogniser, &with_tail(clip.name), 1).await;
        println!(
            "{:?}, {} partials: {}",
            heard.wait,
            heard.partials.len(),
            heard.words.text
        );
        assert!(!heard.partials.is_empty());
        wrong += errors(clip.words, &heard.words.text);
        said += words(clip.words).len();
        waits.push(heard.wait);
        let mut partials = heard.partials.clone();
        partials.push(heard.words.text);
        for pair in partials.windows(2) {
            let (before, after) = (words(&pair[0]), words(&pair[1]));
            // The last word is often only half spoken; what stands before it should stay.
            let before = &before[..before.len().saturating_sub(1)];
            shown += before.len();
            changed += before.iter().zip(&after).filter(|(a, b)| a != b).count();
        }
    }
    waits.sort();
    println!("{wrong} errors in {said} words, {changed} of {shown} shown words changed, waits {waits:?}");
    assert!(wrong as f32 <= 0.1 * said as f32);
    assert!(changed as f32 <= 0.2 * shown as f32);
    // Next to nothing, when nothing else keeps the machine busy: the words are known before the tail ends.
    assert!(waits[waits.len() / 2] < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_has_no_words() {
    let engines = Engines::new(settings());
    for level in [0.0, 0.001] {
        let noise: Vec<f32> = (0..32_000_u32).map(|i| level * (hash(i) - 0.5)).collect();
        let heard = listen(&*engines.recogniser(), &noise, 20).await;
        assert!(heard.words.is_blank() && heard.segments == 0, "{heard:?}");
    }
    let nothing = listen(&*engines.recogniser(), &[], 1).await;
    assert!(nothing.words.is_blank());
}

/// Noise that is the same every time.
fn hash(i: u32) -> f32 {
    (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32
}

#[tokio::test(flavor = "multi_thread")]
async fn long_speech_comes_in_pieces_and_whole() {
    let engines = Engines::new(settings());
    // Three times the five sentences: about 80 s, as fast as it is taken.
    let once: Vec<f32> = CLIPS[..5].iter().flat_map(|clip| recording(clip.name)).collect();
    let said: String = CLIPS[..5]
        .iter()
        .map(|clip| clip.words.to_owned() + " ")
        .collect::<String>()
        .repeat(3);
    let heard = listen(&*engines.recogniser(), &once.repeat(3), 10_000).await;
    println!("{} segments: {}", heard.segments, heard.words.text);
    assert!(heard.segments >= 4);
    let wrong = errors(&said, &heard.words.text);
    assert!(
        wrong as f32 <= 0.15 * words(&said).len() as f32,
        "{wrong} errors: {}",
        heard.words.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_do_not_mix() {
    let engines = Engines::new(settings());
    let recogniser = engines.recogniser();
    let (one, two) = (recording("goforward.raw"), recording("something.raw"));
    let (one, two) = tokio::join!(listen(&*recogniser, &one, 5), listen(&*recogniser, &two, 5));
    assert_eq!(errors("go forward ten meters", &one.words.text), 0, "{one:?}");
    assert_eq!(
        errors("go somewhere and do something", &two.words.text),
        0,
        "{two:?}"
    );
}

#[tokio::test]
async fn what_it_cannot_do_it_says() {
    let engines = Engines::new(settings());
    let recogniser = engines.recogniser();
    let german = ListenOptions {
        language: Some("de".into()),
        ..ListenOptions::default()
    };
    let error = event(&mut recogniser.listen(german)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.message().contains("English"));
    let telephone = ListenOptions {
        rate: SampleRate::new(8_000).unwrap(),
        ..ListenOptions::default()
    };
    let error = event(&mut recogniser.listen(telephone)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
}

#[tokio::test]
async fn the_turn_detector_tells_a_whole_sentence_from_a_cut_one() {
    let engines = Engines::new(settings());
    let detector = engines.turn_detector();
    let judge = async |samples: Vec<f32>| {
        let mut samples = samples;
        samples.extend(vec![0.0; 3_200]);
        detector
            .finished(Audio::new(SampleRate::SPEECH, samples))
            .await
            .unwrap()
    };
    let (mut right, mut asked) = (0, 0);
    for clip in CLIPS {
        let samples = recording(clip.name);
        // The recordings end in silence of their own.
        let speech = trimmed(&samples);
        let began = Instant::now();
        let whole = judge(speech.to_vec()).await;
        let took = began.elapsed();
        let cut = judge(speech[..speech.len() * 55 / 100].to_vec()).await;
        println!("whole {whole:.3} in {took:?}, cut {cut:.3}: {}", clip.words);
        right += usize::from(whole > 0.5) + usize::from(cut < 0.5);
        asked += 2;
    }
    // Measured by others on other clips: 13 of 16 whole ones and 8 of 9 cut ones.
    assert!(right * 10 >= asked * 7, "{right} of {asked}");
    let error = detector
        .finished(Audio::empty(SampleRate::VOICE))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
}

fn trimmed(samples: &[f32]) -> &[f32] {
    let loudest = samples.iter().fold(0.0_f32, |a, s| a.max(s.abs()));
    let end = samples.iter().rposition(|s| s.abs() > 0.05 * loudest).unwrap();
    &samples[..=end]
}
