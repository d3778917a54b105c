//! Spoken turns: a recording of a person goes into the microphone, and the answer is heard at the loudspeaker.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::thread::sleep;
use std::time::{Duration, Instant};

use libretto_testkit::card::Device;
use libretto_testkit::{Ear, clock, recordings, wer};
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Hearing, Stage, Talk, Turn, hearing, karaoke};

/// The recogniser makes few mistakes in these recordings (4 % of words); a short one may have one more.
const SAID: f64 = 0.3;
/// What the recogniser makes of the reply's own sound, played and recorded again.
const HEARD: f64 = 0.2;

/// The turn was answered, the answer was heard, and each word was lit when it was heard.
fn check(
    name: &str,
    stage: &Stage,
    ear: &Ear,
    turn: &Turn,
    spoken: &str,
    from: Instant,
) -> karaoke::Comparison {
    assert_eq!(
        (turn.end.as_str(), &turn.problems),
        ("complete", &Vec::new()),
        "{turn:#?}"
    );
    assert!(
        wer::wer(spoken, &turn.said) <= SAID,
        "{spoken:?} became {:?}",
        turn.said
    );
    let sound = ear.sound().unwrap();
    let hearing = Hearing::of(stage, &sound, from)
        .unwrap()
        .expect("nothing was heard");
    println!(
        "{name}: {:?} → {:?}; heard {:?}",
        turn.said, turn.reply, hearing.text
    );
    assert!(
        hearing.error(&turn.reply) <= HEARD,
        "{:?} was shown, {:?} was heard",
        turn.reply,
        hearing.text
    );
    assert_eq!(
        turn.heard().trim(),
        turn.reply.trim(),
        "all of it is remembered as heard"
    );
    assert_eq!(turn.gaps, 0, "a gap was heard");
    let words: Vec<&str> = turn.lit.iter().map(|lit| lit.word.as_str()).collect();
    assert_eq!(
        words,
        turn.reply.split_whitespace().collect::<Vec<_>>(),
        "every word was lit, once and in order"
    );
    let comparison = hearing::compare(stage, &sound, turn).unwrap();
    println!("{name}: {comparison}");
    comparison
}

fn hold(comparison: &karaoke::Comparison) {
    let (median, p95) = karaoke::spread(&comparison.errors).expect("no word was found");
    println!("all turns: {comparison}");
    assert!(
        comparison.lost.len() * 10 <= comparison.errors.len(),
        "not heard where lit: {:?}",
        comparison.lost
    );
    assert!(median < 0.010 && p95 < 0.030, "{comparison}");
}

#[test]
fn push_to_talk() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let mut talk = Talk::start(&stage, false).unwrap();
    let mut all = karaoke::Comparison::default();
    for name in ["go-forward", "not-ill-disposed", "librivox-0890"] {
        let recording = recordings::named(name).unwrap();
        talk.key_down().unwrap();
        stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
        let key_up = talk.send("key_up").unwrap();
        let turn = talk.wait_for_turn(ANSWER).unwrap();
        sleep(Duration::from_millis(300));
        all.extend(check(name, &stage, &ear, &turn, &recording.text, key_up));
    }
    talk.quit().unwrap();
    hold(&all);
}

#[test]
fn hands_free() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let mut talk = Talk::start(&stage, true).unwrap();
    talk.wait_for_phase("waiting", ANSWER).unwrap();
    let mut all = karaoke::Comparison::default();
    for name in ["made-amiable", "something"] {
        let recording = recordings::named(name).unwrap();
        let speech = stage.card.speak(&recording.audio().unwrap()).unwrap();
        let ends = speech.ends();
        speech.wait();
        let turn = talk.wait_for_turn(ANSWER).unwrap();
        sleep(Duration::from_millis(300));
        all.extend(check(name, &stage, &ear, &turn, &recording.text, ends));
    }
    talk.quit().unwrap();
    hold(&all);
}

/// From this on a sample is somebody's voice.
const LOUD: f32 = 0.03;

/// Long enough to be cut. Typed, since none of the recordings is a question.
const LONG: &str =
    "Tell me in a few sentences what a library is, what people do there, and why they like it.";

/// After the moment of a cut the loudspeaker falls silent, and what is remembered as heard is what was audible.
fn check_cut(name: &str, stage: &Stage, ear: &Ear, turn: &Turn, cut: Instant) {
    assert_eq!(turn.end, "cut", "{turn:#?}");
    let exchange = turn.exchange.as_ref().expect("what was said is remembered");
    assert_eq!(exchange["cut"], true);
    let (heard, unheard) = (turn.heard(), exchange["unheard"].as_str().unwrap());
    assert!(
        !heard.trim().is_empty() && !unheard.trim().is_empty(),
        "{exchange}"
    );
    assert!(turn.reply.starts_with(heard), "{exchange}");
    let sound = ear.sound().unwrap();
    let started = turn.started.expect("it sounded");
    let reply = sound.up_to(cut + Duration::from_secs(1));
    let last = Hearing::of(stage, &reply, clock::shift(started, -0.1))
        .unwrap()
        .expect("it was heard");
    let silent = clock::between(cut, last.to);
    println!(
        "{name}: silent {:.0} ms after the cut; heard {heard:?}",
        silent * 1e3
    );
    assert!(silent < 0.9, "it went on for {silent} s");
    // The last word may be half heard: one word more or less.
    let errors = wer::errors(heard, &last.text);
    let words = wer::words(heard).len();
    assert!(
        errors <= 1 + words / 4,
        "remembered {heard:?}, but {:?} was heard",
        last.text
    );
}

#[test]
fn the_key_cuts_a_reply() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let mut talk = Talk::start(&stage, false).unwrap();
    talk.ask(LONG).unwrap();
    let speaking = talk.wait_for_words(6, ANSWER).unwrap();
    let cut = talk.key_down().unwrap();
    let recording = recordings::named("go-forward").unwrap();
    // What is said into the cut is answered.
    stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
    let key_up = talk.send("key_up").unwrap();
    let turn = talk.wait_for_turn(ANSWER).unwrap();
    sleep(Duration::from_millis(300));
    check_cut("key", &stage, &ear, &talk.turn(speaking.id).unwrap(), cut);
    check("after the key", &stage, &ear, &turn, &recording.text, key_up);
    talk.quit().unwrap();
}

#[test]
fn a_key_held_long_before_speaking_loses_no_word() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let mut talk = Talk::start(&stage, false).unwrap();
    let recording = recordings::named("go-forward").unwrap();
    talk.key_down().unwrap();
    sleep(Duration::from_secs(4));
    stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
    let key_up = talk.send("key_up").unwrap();
    let turn = talk.wait_for_turn(ANSWER).unwrap();
    sleep(Duration::from_millis(300));
    check("held long", &stage, &ear, &turn, &recording.text, key_up);
    talk.quit().unwrap();
}

#[test]
fn speaking_cuts_a_reply() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let mut talk = Talk::start(&stage, true).unwrap();
    talk.wait_for_phase("waiting", ANSWER).unwrap();
    talk.ask(LONG).unwrap();
    let speaking = talk.wait_for_words(6, ANSWER).unwrap();
    let recording = recordings::named("go-forward").unwrap();
    let audio = recording.audio().unwrap();
    let speech = stage.card.speak(&audio).unwrap();
    // The recording begins with a breath.
    let voice = audio.samples.iter().position(|s| s.abs() > LOUD).unwrap();
    let cut = speech.started() + audio.rate.duration(voice as u64);
    let ends = speech.ends();
    speech.wait();
    let turn = talk.wait_for_turn(ANSWER).unwrap();
    let (first, second) = if turn.id == speaking.id {
        (turn, talk.wait_for_turn(ANSWER).unwrap())
    } else {
        (talk.turn(speaking.id).unwrap(), turn)
    };
    sleep(Duration::from_millis(300));
    check_cut("speech", &stage, &ear, &first, cut);
    check("after the cut", &stage, &ear, &second, &recording.text, ends);
    talk.quit().unwrap();
}

/// A loudspeaker beside the microphone, as loud there as a person.
#[test]
fn a_speakerphone_does_not_interrupt_itself() {
    let stage = Stage::new().unwrap();
    stage.card.plug(Device::Speakerphone).unwrap();
    let ear = stage.card.hear_at(Device::Speakerphone).unwrap();
    let mut talk = Talk::start(&stage, true).unwrap();
    talk.wait_for_phase("waiting", ANSWER).unwrap();
    talk.ask(LONG).unwrap();
    let turn = talk.wait_for_turn(WHOLE).unwrap();
    sleep(Duration::from_millis(300));
    assert_eq!(
        (turn.end.as_str(), &turn.problems),
        ("complete", &Vec::new()),
        "{turn:#?}"
    );
    assert_eq!(turn.lit.len(), turn.reply.split_whitespace().count(), "{turn:#?}");
    println!(
        "speakerphone: {}",
        hearing::compare(&stage, &ear.sound().unwrap(), &turn).unwrap()
    );
    // Whoever speaks up is heard all the same.
    talk.ask(LONG).unwrap();
    let speaking = talk.wait_for_words(8, ANSWER).unwrap();
    let mut loud = recordings::named("go-forward").unwrap().audio().unwrap();
    let peak = loud.samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
    loud.samples.iter_mut().for_each(|s| *s *= 0.9 / peak);
    stage.card.speak_into(Device::Speakerphone, &loud).unwrap().wait();
    let next = talk.wait_for_turn(WHOLE).unwrap();
    let first = if next.id == speaking.id {
        next
    } else {
        talk.turn(speaking.id).unwrap()
    };
    println!("over a speakerphone: {:?}, heard {:?}", first.end, first.heard());
    assert_eq!(first.end, "cut", "{first:#?}");
    talk.quit().unwrap();
}
