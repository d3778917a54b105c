//! Cloud providers through the real audio path: a recording of a person goes into the microphone, fakes of the services
//! hear, answer and speak, and each word is lit when it is heard. What fails is followed by the next, and keys show
//! nowhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests"
)]

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use libretto_testkit::fakes::{Fault, speech};
use libretto_testkit::program::Outcome;
use libretto_testkit::{Ear, recordings};
use libretto_tests::cloud::KEYS;
use libretto_tests::karaoke::{self, Comparison};
use libretto_tests::talk::ANSWER;
use libretto_tests::{Cloud, Stage, Talk, Turn, leaks};

/// Spoken with words of the fakes' sentence that differ from their neighbours, so that each is found in what was heard.
const REPLY: &str = "Oslo is rather rainy for most.";

struct Scene {
    stage: Stage,
    cloud: Cloud,
    recording: recordings::Recording,
}

impl Scene {
    /// Nothing here works hard: two at once measure the same as one.
    fn new(recognisers: &[&str], models: &[&str], voices: &[&str]) -> Self {
        Self::on(Stage::shared().unwrap(), recognisers, models, voices)
    }

    fn on(stage: Stage, recognisers: &[&str], models: &[&str], voices: &[&str]) -> Self {
        let cloud = Cloud::start().unwrap();
        let recording = recordings::named("go-forward").unwrap();
        stage.set(&cloud.settings(recognisers, models, voices)).unwrap();
        cloud.hears(&recording.text);
        cloud.answers(REPLY);
        Self {
            stage,
            cloud,
            recording,
        }
    }

    /// The conversation, with all keys in its environment and everything in its log.
    fn command(&self) -> Command {
        let mut command = self.stage.cli(["--json", "listen"]).unwrap();
        command.envs(KEYS).env("RUST_LOG", "trace,pulseaudio=off");
        command
    }

    /// One turn: a person speaks, and the answer is heard.
    fn turn(&self, talk: &mut Talk) -> Turn {
        talk.key_down().unwrap();
        let speech = self.recording.audio().unwrap();
        self.stage.card.speak(&speech).unwrap().wait();
        talk.send("key_up").unwrap();
        let turn = talk.wait_for_turn(ANSWER).unwrap();
        sleep(Duration::from_millis(300));
        turn
    }
}

/// Who worked on a part of a turn, in order.
fn used(turn: &Turn, part: &str) -> Vec<String> {
    let using = turn
        .notices
        .iter()
        .filter(|line| line.json["event"] == "using" && line.json["stage"] == part);
    using
        .map(|line| line.json["provider"].as_str().unwrap().to_owned())
        .collect()
}

/// Compares each word's light with its sound.
fn lights(ear: &Ear, turn: &Turn) -> Comparison {
    let sound = ear.sound().unwrap();
    let mut comparison = Comparison::default();
    for lit in &turn.lit {
        let word = speech::speak(&lit.word).audio;
        let one = [(lit.word.clone(), lit.at)];
        comparison.extend(Comparison::of(&sound, &word, &[0], &one));
    }
    comparison
}

fn check(scene: &Scene, turn: &Turn) {
    assert_eq!(turn.end, "complete", "{turn:#?}");
    assert_eq!(turn.said.trim(), scene.recording.text.trim());
    assert_eq!(turn.reply.trim(), REPLY);
    assert_eq!(turn.heard().trim(), REPLY, "all of it is remembered as heard");
    let words: Vec<&str> = turn.lit.iter().map(|lit| lit.word.as_str()).collect();
    assert_eq!(
        words,
        REPLY.split_whitespace().collect::<Vec<_>>(),
        "every word was lit, once and in order"
    );
}

/// Nothing that a run wrote has a key in it.
fn no_keys(scene: &Scene, outcome: &Outcome, keys: &[&str]) {
    leaks::in_text("the log", &outcome.stderr, keys).unwrap();
    for line in &outcome.lines {
        leaks::in_text("a notice", &line.json.to_string(), keys).unwrap();
    }
    assert!(leaks::in_files(scene.stage.home.path(), keys).unwrap() > 0);
}

/// Whether a voice says itself when its words sound.
#[derive(Clone, Copy, PartialEq)]
enum Times {
    Told,
    /// They are worked out from its sound.
    Estimated,
}

/// A conversation through one mixed pipeline.
fn pipeline(recogniser: &str, model: (&str, &str), voice: &str, times: Times) {
    let scene = Scene::new(&[recogniser], &[model.0], &[voice]);
    let ear = scene.stage.card.hear().unwrap();
    let mut talk = Talk::of(&mut scene.command()).unwrap();
    let mut comparison = Comparison::default();
    for _ in 0..3 {
        let turn = scene.turn(&mut talk);
        check(&scene, &turn);
        assert_eq!(turn.problems, Vec::<String>::new(), "{turn:#?}");
        assert_eq!(used(&turn, "recogniser"), [recogniser]);
        assert_eq!(used(&turn, "model"), [model.1]);
        assert_eq!(used(&turn, "voice"), [voice]);
        comparison.extend(lights(&ear, &turn));
    }
    println!("{recogniser} → {} → {voice}: {comparison}", model.1);
    let (median, p95) = karaoke::spread(&comparison.errors).expect("no word was found");
    if times == Times::Told {
        // Some of these words are shorter than the piece that is looked for.
        assert!(
            comparison.lost.len() * 5 <= comparison.errors.len(),
            "not heard where lit: {:?}",
            comparison.lost
        );
        assert!(median < 0.010 && p95 < 0.030, "{comparison}");
    }
    let outcome = talk.quit().unwrap();
    assert!(outcome.stderr.len() > 1_000, "there is a log to search");
    let keys: Vec<&str> = KEYS.iter().map(|(_, key)| *key).collect();
    no_keys(&scene, &outcome, &keys);
}

#[test]
fn deepgram_then_grok_through_openrouter_then_elevenlabs() {
    pipeline("deepgram", ("grok", "openrouter"), "elevenlabs", Times::Told);
}

#[test]
fn elevenlabs_then_openai_then_cartesia() {
    pipeline("elevenlabs", ("openai", "openai"), "cartesia", Times::Told);
}

#[test]
fn deepgram_then_openai_then_minimax() {
    pipeline("deepgram", ("openai", "openai"), "minimax", Times::Told);
}

// With these two, each provider has been heard through the sound devices in each of its parts.

#[test]
fn openai_then_minimax_then_deepgram() {
    pipeline("openai", ("minimax", "minimax"), "deepgram", Times::Estimated);
}

#[test]
fn cartesia_then_openai_then_openai() {
    pipeline("cartesia", ("openai", "openai"), "openai", Times::Estimated);
}

#[test]
fn whoever_dies_is_followed_by_the_next_and_nothing_is_lost() {
    let scene = Scene::new(
        &["deepgram", "elevenlabs"],
        &["openrouter", "openai"],
        &["elevenlabs", "cartesia"],
    );
    let mut talk = Talk::of(&mut scene.command()).unwrap();
    // Refused for good: it is not tried again, and the next recogniser hears all of the utterance.
    scene.cloud.deepgram.script.fail(Fault::Status(402));
    scene.cloud.openrouter.script.fail(Fault::Status(401));
    // Its first two pieces of sound, then gone: in the middle of the reply.
    scene.cloud.elevenlabs.script.pass();
    scene
        .cloud
        .elevenlabs
        .script
        .fail(Fault::CloseAfter(2, 1011, "internal error"));
    let turn = scene.turn(&mut talk);
    println!("{turn:#?}");
    check(&scene, &turn);
    assert_eq!(used(&turn, "recogniser"), ["deepgram", "elevenlabs"]);
    assert_eq!(used(&turn, "model"), ["openrouter", "openai"]);
    assert_eq!(used(&turn, "voice"), ["elevenlabs", "cartesia"]);
    assert_eq!(turn.problems.len(), 3, "{:?}", turn.problems);
    talk.quit().unwrap();
}

#[test]
fn a_wrong_key_shows_nowhere_and_this_machine_answers() {
    // The models of this machine are too much beside others.
    let scene = Scene::on(Stage::new().unwrap(), &["deepgram"], &["openai"], &["elevenlabs"]);
    let wrong = "planted-0123456789-wrong-key";
    let mut command = scene.command();
    for (variable, _) in KEYS {
        command.env(variable, wrong);
    }
    let mut talk = Talk::of(&mut command).unwrap();
    let turn = scene.turn(&mut talk);
    assert_eq!(turn.end, "complete", "{turn:#?}");
    for part in ["recogniser", "model", "voice"] {
        assert_eq!(used(&turn, part).last().unwrap(), "on-device", "{part}");
    }
    assert_eq!(turn.problems.len(), 3, "{:?}", turn.problems);
    for problem in &turn.problems {
        assert!(problem.contains("refused the key"), "{problem}");
    }
    let outcome = talk.quit().unwrap();
    no_keys(&scene, &outcome, &[wrong]);
}
