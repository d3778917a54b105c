//! The recogniser on recordings of people.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "it is a test"
)]

mod common;

use std::time::{Duration, Instant};

use common::{CLIPS, errors, model, recording, words};
use libretto_engine::moonshine::{Moonshine, RATE};

fn load() -> Moonshine {
    Moonshine::load(&model("moonshine-tiny-en"), 1).unwrap()
}

fn heard(recogniser: &Moonshine, samples: &[f32]) -> String {
    recogniser.recognise(samples, &|| false).unwrap().unwrap()
}

#[test]
fn it_understands_people() {
    let recogniser = load();
    let (mut wrong, mut said) = (0, 0);
    for clip in CLIPS {
        let samples = recording(clip.name);
        let began = Instant::now();
        let text = heard(&recogniser, &samples);
        let (took, seconds) = (began.elapsed(), samples.len() as f32 / RATE as f32);
        println!("{seconds:.1} s in {took:?}: {text}");
        wrong += errors(clip.words, &text);
        said += words(clip.words).len();
    }
    println!("{wrong} errors in {said} words");
    // Measured: 4.3 % over a larger set.
    assert!(
        wrong as f32 <= 0.1 * said as f32,
        "{wrong} errors in {said} words"
    );
}

#[test]
fn it_is_faster_than_speech() {
    let recogniser = load();
    let long = [recording(CLIPS[0].name), recording(CLIPS[3].name)].concat();
    for seconds in [1, 3, 5, 10] {
        let mut times: Vec<Duration> = (0..5)
            .map(|_| {
                let began = Instant::now();
                heard(&recogniser, &long[..seconds * RATE]);
                began.elapsed()
            })
            .collect();
        times.sort();
        println!("{seconds} s: {:?}", times[2]);
        assert!(times[0].as_secs_f32() < 0.5 * seconds as f32);
    }
}
