//! Turns: by the key held, by taps, hands-free; and the light upon their words.

use std::time::Instant;

use libretto_testkit::{clock, recordings, wer};
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Hearing, Stage, hearing, karaoke};
use serde_json::json;

use super::{SOON, TALK, opened};

#[test]
fn hold_the_hotkey_and_hear_the_answer() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let recording = recordings::named("go-forward").unwrap();
    window.display.press(TALK).unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
    let released = window.display.release(TALK).unwrap();
    let turn = window.wait_for_turn(WHOLE).unwrap();
    let sound = ear.sound().unwrap();
    let heard = Hearing::of(&stage, &sound, released)
        .unwrap()
        .expect("nothing was heard");
    println!("{:?} → {:?}; heard {:?}", turn.said, turn.reply, heard.text);
    assert_eq!(
        (turn.end.as_str(), &turn.problems),
        ("complete", &Vec::new()),
        "{turn:#?}"
    );
    // As in tests/turn.rs: the recogniser makes few mistakes.
    assert!(wer::wer(&recording.text, &turn.said) <= 0.3, "{:?}", turn.said);
    assert!(heard.error(&turn.reply) <= 0.2, "{:?} was heard", heard.text);
    let page = window.run("return document.body.innerText").unwrap().to_string();
    assert!(page.contains(turn.said.trim()), "{page}");
    assert!(!turn.lit.is_empty(), "no word was painted");
}

#[test]
fn words_are_painted_as_they_are_heard() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    window
        .command("ask", &json!({ "text": "What can you do?" }))
        .unwrap();
    let turn = window.wait_for_turn(WHOLE).unwrap();
    let started = turn.started.expect("nothing sounded");
    for lit in &turn.lit {
        println!("{:8.3} s  {}", clock::between(started, lit.at), lit.word);
    }
    let words = turn.reply.split_whitespace().count();
    // A word shorter than a frame may share it with the next.
    assert!(
        turn.lit.len() * 10 >= words * 9,
        "{} of {words} words were painted: {turn:#?}",
        turn.lit.len()
    );
    let comparison = hearing::compare(&stage, &ear.sound().unwrap(), &turn).unwrap();
    println!("painted and heard: {comparison}");
    let (median, p95) = karaoke::spread(&comparison.errors).expect("no word was found");
    assert!(median < 0.020 && p95 < 0.050, "{comparison}");
}

#[test]
fn another_conversation_is_heard_as_the_first_one_was() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let ask = json!({ "text": "What can you do?" });
    window.command("ask", &ask).unwrap();
    let first = window.wait_for_turn(WHOLE).unwrap();
    window.press("New conversation").unwrap();
    window
        .wait_for_text("What would you like to know?", SOON)
        .unwrap();
    let asked = Instant::now();
    window.command("ask", &ask).unwrap();
    let second = window.wait_for_turn_after(first.id, WHOLE).unwrap();
    assert_eq!(
        (second.end.as_str(), &second.problems),
        ("complete", &Vec::new()),
        "{second:#?}"
    );
    let heard = Hearing::of(&stage, &ear.sound().unwrap(), asked)
        .unwrap()
        .expect("nothing was heard");
    assert!(heard.error(&second.reply) <= 0.2, "{:?} was heard", heard.text);
    assert!(!second.lit.is_empty(), "no word was painted");
}

#[test]
fn a_tap_toggles_and_escape_cancels() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let display = &window.display;
    let tap = || {
        display.tap(TALK).unwrap();
        window
            .wait_until("the latch", SOON, |snapshot| {
                snapshot["state"]["phase"]["latched"] == true
            })
            .unwrap();
    };
    tap();
    display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    // A second tap begins, a third one ends: nobody has said anything.
    tap();
    display.tap(TALK).unwrap();
    window.wait_for_phase("idle", ANSWER).unwrap();
    // What is said between two taps is answered.
    tap();
    let recording = recordings::named("go-forward").unwrap();
    stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
    display.tap(TALK).unwrap();
    let turn = window
        .wait_until("an answer", WHOLE, |snapshot| !snapshot["exchanges"][0].is_null())
        .unwrap();
    let exchange = &turn["exchanges"][0];
    let said = exchange["said"].as_str().unwrap().to_lowercase();
    assert!(said.contains("go forward"), "{exchange}");
    assert_ne!(exchange["reply"], "", "{exchange}");
}

#[test]
fn hands_free_needs_no_key() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    window.press("Hands-free").unwrap();
    window.wait_for_phase("waiting", ANSWER).unwrap();
    window.wait_for_text("Just speak", SOON).unwrap();
    let mut before = 0;
    for name in ["made-amiable", "something"] {
        let recording = recordings::named(name).unwrap();
        let speech = stage.card.speak(&recording.audio().unwrap()).unwrap();
        let ends = speech.ends();
        speech.wait();
        let turn = window.wait_for_turn_after(before, WHOLE).unwrap();
        before = turn.id;
        println!("{name}: {:?} → {:?}", turn.said, turn.reply);
        assert_eq!(
            (turn.end.as_str(), &turn.problems),
            ("complete", &Vec::new()),
            "{turn:#?}"
        );
        assert!(wer::wer(&recording.text, &turn.said) <= 0.3, "{:?}", turn.said);
        let heard = Hearing::of(&stage, &ear.sound().unwrap(), ends)
            .unwrap()
            .expect("nothing was heard");
        assert!(heard.error(&turn.reply) <= 0.2, "{:?} was heard", heard.text);
        assert!(!turn.lit.is_empty(), "no word was painted");
    }
    // It goes on listening, until the window is told to stop.
    window.wait_for_phase("waiting", SOON).unwrap();
    window.press("Hands-free").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
}
