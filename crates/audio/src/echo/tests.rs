//! The canceller with speech of people on both sides, as the detector behind it hears it.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libretto_testkit::recordings;
use libretto_voice::SampleRate;
use libretto_voice::audio::rms;

use super::*;
use crate::vad::{Change, Detector, FRAME, JudgeModel, VadSettings};

/// Samples in a second.
const SECOND: usize = 16_000;
/// How long a scene lasts, in seconds.
const LENGTH: usize = 12;
/// From the first sample of the recording to its first loud one, and to the detector's onset: without any echo.
const ONSET: f32 = 0.65;

/// We speak all the time, and somebody may speak into it.
struct Scene {
    /// How loud our voice comes back by the direct way; two walls add to it.
    echo: f32,
    /// How wrong, in seconds, the loudspeaker's word on its latency is; the canceller expects 20 ms.
    wrong: f32,
    /// How much that word wavers, in seconds.
    wavers: f32,
    /// When somebody begins to speak, in seconds.
    near: Option<f32>,
}

impl Scene {
    const QUIET: Scene = Scene {
        echo: 0.0,
        wrong: 0.0,
        wavers: 0.0,
        near: None,
    };
}

/// What came of it.
struct Outcome {
    /// When speech was told to begin, in seconds.
    told: Vec<f32>,
    heard: Vec<f32>,
    cleaned: Vec<f32>,
}

impl Outcome {
    /// By how much the echo was lowered in the last half, in dB.
    fn removed(&self) -> f32 {
        let half = self.heard.len() / 2;
        20.0 * (rms(&self.heard[half..]) / rms(&self.cleaned[half..]).max(1e-9)).log10()
    }
}

fn person(name: &str) -> Vec<f32> {
    recordings::named(name).unwrap().audio().unwrap().samples
}

/// Somebody reading, without end.
fn reading() -> Vec<f32> {
    let names = [
        "librivox-0890",
        "not-ill-disposed",
        "made-amiable",
        "librivox-0930",
    ];
    let mut all: Vec<f32> = names.into_iter().flat_map(person).collect();
    while all.len() < (LENGTH + 1) * SECOND {
        all.extend_from_within(..);
    }
    all
}

fn detector() -> Detector {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap();
    let models = std::env::var_os("LIBRETTO_MODELS").map(PathBuf::from);
    let models = models.unwrap_or_else(|| home.join(".cache/libretto/models"));
    let model = JudgeModel::load(&models.join(crate::vad::MODEL)).expect("./dev gets the models");
    Detector::new(&VadSettings::default(), Some(Arc::new(model)))
}

/// Noise between −1 and 1, the same on every run.
fn noise() -> impl FnMut() -> f32 {
    let mut state = 1_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

fn play(scene: &Scene) -> Outcome {
    let far = reading();
    let mut near = vec![0.0; LENGTH * SECOND];
    if let Some(at) = scene.near {
        let at = (at * SECOND as f32) as usize;
        for (to, from) in near[at..].iter_mut().zip(person("go-forward")) {
            *to = from;
        }
    }
    let reference = Reference::default();
    let mut tap = reference.tap(SampleRate::SPEECH).unwrap();
    let (mut canceller, mut suspicion) = (Canceller::new(reference), Suspicion::default());
    let (mut detector, mut random) = (detector(), noise());
    let start = Instant::now();
    let mut outcome = Outcome {
        told: Vec::new(),
        heard: Vec::new(),
        cleaned: Vec::new(),
    };
    for frame in 0..near.len() / FRAME {
        let at = start + Duration::from_millis(10 * frame as u64);
        let begin = frame * FRAME;
        // The callback runs 40 ms before the sound.
        let said = 0.04 + scene.wrong + scene.wavers * random();
        tap.give(
            &far[begin + 640..begin + 640 + FRAME],
            1,
            SampleRate::SPEECH,
            at + Duration::from_secs_f32(said),
        );
        let mut heard = [0.0; FRAME];
        for (index, sample) in heard.iter_mut().enumerate() {
            let now = begin + index;
            // 20 ms from the loudspeaker to the microphone, and the noise of a quiet room.
            let ways = [(320, 1.0), (510, 0.4), (750, 0.2)];
            let echo = ways
                .iter()
                .filter_map(|(delay, gain)| Some(far.get(now.checked_sub(*delay)?)? * gain * scene.echo));
            *sample = near[now] + echo.sum::<f32>() + random() * 5e-4;
        }
        outcome.heard.extend(heard);
        canceller.clean(&mut heard, at);
        outcome.cleaned.extend(heard);
        if let Some(Change::Started) = suspicion.push(detector.push(&heard), &canceller) {
            outcome.told.push(frame as f32 / 100.0);
        }
    }
    outcome
}

/// Within this of when it would have been told in silence.
fn told_soon(outcome: &Outcome, at: f32, within: f32) {
    let late = outcome.told.first().map(|told| told - at - ONSET);
    assert!(
        outcome.told.len() <= 2 && late.is_some_and(|late| (-0.3..within).contains(&late)),
        "{late:?} s late: {:?}",
        outcome.told
    );
}

#[test]
fn with_headphones_a_person_is_heard_at_any_time() {
    let scene = Scene::QUIET;
    assert_eq!(play(&scene).told, [0.0; 0]);
    for at in [2.0, 8.0] {
        let outcome = play(&Scene {
            near: Some(at),
            ..scene
        });
        told_soon(&outcome, at, 0.05);
        let from = SECOND * 2;
        assert!(
            outcome.heard[from..] == outcome.cleaned[from..],
            "nothing is touched"
        );
    }
    // Before it is known that there is no echo.
    let early = Scene {
        near: Some(0.3),
        ..scene
    };
    told_soon(&play(&early), 0.3, 1.0);
}

#[test]
fn an_echo_is_taken_out_and_a_person_is_left() {
    for (echo, wrong, wavers) in [
        (0.03, 0.0, 0.0),
        (0.3, 0.0, 0.0),
        (1.0, 0.0, 0.0),
        (1.0, 0.015, 0.0),
        (1.0, -0.03, 0.0),
        (1.0, 0.0, 0.004),
    ] {
        let scene = Scene {
            echo,
            wrong,
            wavers,
            near: None,
        };
        let outcome = play(&scene);
        println!(
            "echo {echo}, {wrong} s wrong: {:.0} dB removed",
            outcome.removed()
        );
        assert_eq!(outcome.told, [0.0; 0], "echo {echo}, {wrong} s wrong");
        // A soft one is hardly louder than the room's noise, which stays.
        assert!(outcome.removed() > if echo < 0.1 { 10.0 } else { 30.0 });
        for at in [2.0, 8.0] {
            told_soon(
                &play(&Scene {
                    near: Some(at),
                    ..scene
                }),
                at,
                0.7,
            );
        }
    }
}

/// A loudspeaker that says it sounds 100 ms later than it does: no filter can take out what it is told too late.
#[test]
fn an_echo_that_cannot_be_taken_out_is_not_told_as_speech() {
    let scene = Scene {
        echo: 1.0,
        wrong: 0.1,
        ..Scene::QUIET
    };
    let outcome = play(&scene);
    println!("{:.0} dB removed, told {:?}", outcome.removed(), outcome.told);
    assert_eq!(outcome.told, [0.0; 0]);
}
