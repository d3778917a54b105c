//! A reply is cut in: by the key, and by a voice.

use std::time::{Duration, Instant};

use libretto_testkit::{Ear, clock, recordings, wer};
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Hearing, Stage, Turn, Window};
use serde_json::json;

use super::{LONG, SOON, TALK, opened};

/// From this on a sample is somebody's voice.
const LOUD: f32 = 0.03;

/// After the moment of the cut the loudspeaker falls silent, and the page shows what was not heard.
fn check(name: &str, stage: &Stage, ear: &Ear, window: &Window, turn: &Turn, cut: Instant) {
    assert_eq!(turn.end, "cut", "{turn:#?}");
    let exchange = turn.exchange.as_ref().expect("what was said is remembered");
    let heard = exchange["heard"].as_u64().unwrap();
    let whole = turn.reply.encode_utf16().count() as u64;
    assert!(
        exchange["cut"] == true && 0 < heard && heard < whole,
        "{exchange}"
    );
    let started = turn.started.expect("it sounded");
    let sound = ear.sound().unwrap().up_to(cut + Duration::from_secs(1));
    let last = Hearing::of(stage, &sound, clock::shift(started, -0.1))
        .unwrap()
        .expect("it was heard");
    let silent = clock::between(cut, last.to);
    println!("{name}: silent {:.0} ms after the cut", silent * 1e3);
    assert!(silent < 0.9, "it went on for {silent} s");
    // Words that nobody heard are painted as such, and counted.
    let unheard = "const left = CSS.highlights.get('unheard'); \
                   return left ? [...left].map((range) => { const copy = document.createRange(); \
                   copy.setStart(range.startContainer, range.startOffset); \
                   copy.setEnd(range.endContainer, range.endOffset); return copy.toString(); }).join('') : null";
    let painted = window
        .wait_for("words that were not heard", SOON, unheard)
        .unwrap();
    let painted = wer::words(painted.as_str().unwrap());
    let shown = wer::words(&turn.reply);
    assert!(
        shown.ends_with(&painted[painted.len().saturating_sub(3)..]),
        "{painted:?} of {shown:?}"
    );
    window.wait_for_text("You interrupted here:", SOON).unwrap();
}

/// What was said into the cut is answered.
fn answered(recording: &recordings::Recording, turn: &Turn) {
    assert_eq!(turn.end, "complete", "{turn:#?}");
    assert!(wer::wer(&recording.text, &turn.said) <= 0.3, "{:?}", turn.said);
}

#[test]
fn the_key_cuts_a_reply() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    window.command("ask", &json!({ "text": LONG })).unwrap();
    let speaking = window.wait_for_words(6, ANSWER).unwrap();
    let cut = window.display.press(TALK).unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    let recording = recordings::named("go-forward").unwrap();
    stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
    window.display.release(TALK).unwrap();
    let next = window.wait_for_turn_after(speaking.id, WHOLE).unwrap();
    let first = window.turn(speaking.id).unwrap();
    check("key", &stage, &ear, &window, &first, cut);
    answered(&recording, &next);
}

#[test]
fn a_voice_cuts_a_reply() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let hands_free = json!({ "key": "conversation.mode", "value": "hands_free" });
    window.command("settings_set", &hands_free).unwrap();
    window.wait_for_phase("waiting", ANSWER).unwrap();
    window.command("ask", &json!({ "text": LONG })).unwrap();
    let speaking = window.wait_for_words(6, ANSWER).unwrap();
    let recording = recordings::named("go-forward").unwrap();
    let audio = recording.audio().unwrap();
    let speech = stage.card.speak(&audio).unwrap();
    // The recording begins with a breath.
    let voice = audio
        .samples
        .iter()
        .position(|sample| sample.abs() > LOUD)
        .unwrap();
    let cut = speech.started() + audio.rate.duration(voice as u64);
    speech.wait();
    let next = window.wait_for_turn_after(speaking.id, WHOLE).unwrap();
    let first = window.turn(speaking.id).unwrap();
    check("voice", &stage, &ear, &window, &first, cut);
    answered(&recording, &next);
}
