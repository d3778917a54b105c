//! The first start: three steps, and an answer within a minute, with no account.

use std::time::{Duration, Instant};

use libretto_testkit::{clock, recordings};
use libretto_tests::talk::WHOLE;
use libretto_tests::{Hearing, Stage, Window};

use super::{SOON, TALK};

/// From the first start to the first spoken answer.
const MINUTE: Duration = Duration::from_mins(1);

/// The steps have gone, and the conversation is there.
fn conversation(window: &Window) {
    let there = "return document.querySelector('.dock textarea') !== null";
    window.wait_for("the conversation", SOON, there).unwrap();
}

#[test]
fn three_steps_lead_to_a_spoken_answer_within_a_minute() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let begun = Instant::now();
    let window = Window::start(&stage).unwrap();
    window.watch_light().unwrap();
    // It hears you.
    window.wait_for_text("Step 1 of 3", SOON).unwrap();
    window.wait_for_text("Nothing heard yet", SOON).unwrap();
    let recording = recordings::named("go-forward").unwrap().audio().unwrap();
    let speech = stage.card.speak(&recording).unwrap();
    window.wait_for_text("Libretto hears you.", SOON).unwrap();
    drop(speech);
    window.press("Continue").unwrap();
    // The key.
    window.wait_for_text("Step 2 of 3", SOON).unwrap();
    window.display.press(TALK).unwrap();
    window.wait_for_text("Got it!", SOON).unwrap();
    window.display.release(TALK).unwrap();
    window.display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    window.press("Continue").unwrap();
    // A first question.
    window.wait_for_text("Step 3 of 3", SOON).unwrap();
    let (before, asked) = (window.newest_turn().unwrap(), Instant::now());
    window.press("What time is it?").unwrap();
    let turn = window.wait_for_turn_after(before, WHOLE).unwrap();
    let started = turn.started.expect("nothing sounded");
    println!(
        "the first answer sounded {:.1} s after the start",
        clock::between(begun, started)
    );
    // A minute of a machine that has nothing else to do.
    assert!(started < begun + 3 * MINUTE, "{:?}", started - begun);
    let heard = Hearing::of(&stage, &ear.sound().unwrap(), asked)
        .unwrap()
        .expect("nothing was heard");
    // "3:04 PM" is two words to the eye and four to the ear.
    println!("{:?} was heard of {:?}", heard.text, turn.reply);
    assert!(!heard.text.trim().is_empty());
    assert!(window.text().unwrap().contains(turn.reply.trim()), "{turn:#?}");
    window.press("Finish").unwrap();
    conversation(&window);
    drop(window);
    // Only once.
    let window = Window::start(&stage).unwrap();
    conversation(&window);
}

#[test]
fn every_step_can_be_passed_over() {
    let stage = Stage::shared().unwrap();
    let window = Window::start(&stage).unwrap();
    for (step, on) in [
        ("Step 1 of 3", "Continue"),
        ("Step 2 of 3", "Continue"),
        ("Step 3 of 3", "Finish"),
    ] {
        window.wait_for_text(step, SOON).unwrap();
        window.press(on).unwrap();
    }
    conversation(&window);
}
