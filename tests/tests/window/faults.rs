//! What breaks is told in a sentence, nothing that was said is lost, and the window goes on.

use std::thread::sleep;
use std::time::{Duration, Instant};

use libretto_testkit::{Device, recordings, wer};
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Hearing, Stage, Window, process};
use serde_json::{Value, json};

use super::{LONG, SOON, TALK, opened};

/// An answer that needs no model.
const EASY: &str = "What can you do?";

/// Waits until a problem of this part is told, and can be read in the page.
fn told(window: &Window, part: &str) -> String {
    let script = format!(
        "const found = window.__notices.findLast((notice) => notice.body.group === 'problem' \
         && notice.body.event.stage === '{part}'); return found ? found.body.event.message : null"
    );
    let sentence = window
        .wait_for(&format!("a problem of the {part}"), WHOLE, &script)
        .unwrap();
    let sentence = sentence.as_str().unwrap().to_owned();
    println!("{sentence}");
    assert!(sentence.ends_with('.') && sentence.contains(' '), "{sentence}");
    window.wait_for_text(&sentence, SOON).unwrap();
    sentence
}

/// Waits until the device of this part that was named last is such a one.
fn plays_at(window: &Window, part: &str, wanted: impl Fn(&str) -> bool) {
    let script = format!(
        "const found = window.__notices.findLast(({{ body }}) => body.event.kind === 'device' \
         && body.event.stage === '{part}'); return found ? found.body.event.device : ''"
    );
    let deadline = Instant::now() + SOON;
    loop {
        let device = window.run(&script).unwrap();
        if device.as_str().is_some_and(&wanted) {
            return;
        }
        assert!(Instant::now() < deadline, "the {part} is {device}");
        sleep(Duration::from_millis(50));
    }
}

/// Asks something easy, and hears the answer.
fn answers(stage: &Stage, window: &Window, before: u64) {
    let ear = stage.card.hear().unwrap();
    let asked = Instant::now();
    window.command("ask", &json!({ "text": EASY })).unwrap();
    let turn = window.wait_for_turn_after(before, WHOLE).unwrap();
    assert_eq!(turn.end, "complete", "{turn:#?}");
    let heard = Hearing::of(stage, &ear.sound().unwrap(), asked)
        .unwrap()
        .expect("nothing was heard");
    assert!(
        heard.error(&turn.reply) <= 0.2,
        "{:?} was heard of {:?}",
        heard.text,
        turn.reply
    );
}

#[test]
fn who_talks_from_another_program_reads_on_the_strip_why_nothing_happens() {
    const STRIP: &str = "Libretto: at work";
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    stage.card.unplug(Device::Microphone).unwrap();
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.wait_until_gone("Libretto", SOON).unwrap();
    window.display.press(TALK).unwrap();
    let sentence = told(&window, "microphone");
    window.display.release(TALK).unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    assert!(window.display.shows(STRIP).unwrap(), "it went with the turn");
    window.turn_to("overlay", SOON).unwrap();
    window.wait_for_text(&sentence, SOON).unwrap();
    window.display.wait_until_gone(STRIP, SOON).unwrap();
}

#[test]
fn a_microphone_unplugged_in_mid_word_is_told_and_taken_again() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    let recording = recordings::named("librivox-0920").unwrap();
    window.display.press(TALK).unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    let speech = stage.card.speak(&recording.audio().unwrap()).unwrap();
    // The recording's own time: by now half of it has been spoken.
    sleep((speech.started() + Duration::from_secs(4)).saturating_duration_since(Instant::now()));
    stage.card.unplug(Device::Microphone).unwrap();
    drop(speech);
    told(&window, "microphone");
    window.display.release(TALK).unwrap();
    let turn = window.wait_for_turn(WHOLE).unwrap();
    println!("said before the plug was pulled: {:?}", turn.said);
    let (spoken, said) = (wer::words(&recording.text), wer::words(&turn.said));
    assert!(said.len() >= 6 && spoken.starts_with(&said[..4]), "{turn:#?}");
    assert!(
        window.text().unwrap().contains(turn.said.trim()),
        "what was said is shown"
    );
    stage.card.plug(Device::Microphone).unwrap();
    let recording = recordings::named("go-forward").unwrap();
    // One that comes back is looked for every other second.
    let deadline = Instant::now() + ANSWER;
    let mut exchanges = 1;
    let said = loop {
        window.display.press(TALK).unwrap();
        window.wait_for_phase("listening", SOON).unwrap();
        stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
        window.display.release(TALK).unwrap();
        let over = |snapshot: &Value| snapshot["state"]["phase"]["kind"] == "idle";
        let snapshot = window.wait_until("the end of the turn", WHOLE, over).unwrap();
        let all = snapshot["exchanges"].as_array().unwrap();
        if all.len() > exchanges {
            exchanges = all.len();
            let said = all.last().unwrap()["said"].as_str().unwrap().to_owned();
            println!("said after it was plugged in again: {said:?}");
            if wer::wer(&recording.text, &said) <= 0.3 {
                break said;
            }
        }
        assert!(Instant::now() < deadline, "it does not hear again");
    };
    window.wait_for_text(said.trim(), SOON).unwrap();
}

#[test]
fn a_loudspeaker_unplugged_in_mid_reply_does_not_end_it() {
    let stage = Stage::new().unwrap();
    let window = opened(&stage);
    window.command("ask", &json!({ "text": LONG })).unwrap();
    let speaking = window.wait_for_words(3, ANSWER).unwrap();
    stage.card.unplug(Device::Speaker).unwrap();
    // It goes on where there is another loudspeaker, and waits where there is none: either way it is told.
    plays_at(&window, "loudspeaker", |device| {
        !["", Device::Speaker.label()].contains(&device)
    });
    stage.card.plug(Device::Speaker).unwrap();
    plays_at(&window, "loudspeaker", |device| device == Device::Speaker.label());
    let turn = window.wait_for_turn_after(speaking.id - 1, WHOLE).unwrap();
    assert_eq!(turn.end, "complete", "{turn:#?}");
    assert!(window.text().unwrap().contains(turn.reply.trim()), "{turn:#?}");
    answers(&stage, &window, turn.id);
}

#[test]
fn an_engine_killed_in_mid_reply_is_told_and_started_again() {
    let stage = Stage::new().unwrap();
    let window = opened(&stage);
    window.command("ask", &json!({ "text": LONG })).unwrap();
    let speaking = window.wait_for_words(2, ANSWER).unwrap();
    let engines = process::named(window.id(), "libretto-engine").unwrap();
    assert!(!engines.is_empty(), "no engine is running");
    engines.into_iter().for_each(process::kill);
    let turn = window.wait_for_turn_after(speaking.id - 1, WHOLE).unwrap();
    println!("{:?}, {:?}", turn.end, turn.problems);
    // What had come of it stays readable; where the rest is missing, a sentence says so.
    assert!(turn.end == "complete" || !turn.problems.is_empty(), "{turn:#?}");
    let text = window.text().unwrap();
    let shown = turn
        .reply
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ");
    assert!(text.contains(&shown), "{shown:?} is not in {text:?}");
    if let Some(sentence) = turn.problems.last() {
        assert!(
            text.contains(sentence.as_str()),
            "{sentence:?} is not in {text:?}"
        );
    }
    answers(&stage, &window, turn.id);
}

/// `EnviousWispr` #1876: a microphone that gives nothing looks as if it listened.
#[test]
fn a_microphone_that_is_muted_is_told_while_the_key_is_held() {
    let stage = Stage::shared().unwrap();
    stage.card.mute(true).unwrap();
    let window = opened(&stage);
    window.display.press(TALK).unwrap();
    window.wait_for_text("Listening – no sound", ANSWER).unwrap();
    told(&window, "microphone");
    stage.card.mute(false).unwrap();
    window
        .wait_for(
            "sound",
            ANSWER,
            "return document.querySelector('.dock strong').innerText === 'Listening'",
        )
        .unwrap();
    window.display.release(TALK).unwrap();
    window.display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
}
