//! Quick ask from the tray: a question that is typed and one that is spoken, kept open, and handed over to the main window.

use libretto_testkit::{Tray, recordings, wer};
use libretto_tests::talk::WHOLE;
use libretto_tests::{Hearing, Stage};
use serde_json::json;

use super::{SOON, opened};

const QUICK: &str = "Libretto: quick ask";
/// Answered without a model, always in the same words.
const QUESTION: &str = "What can you do?";

#[test]
fn a_quick_question_is_answered_aloud_and_handed_over() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let display = &window.display;
    let tray = Tray::wait_for(&stage.keychain, SOON).unwrap();
    tray.click("Quick ask").unwrap();
    display.wait_for_focus(QUICK, SOON).unwrap();
    window.turn_to("quick-ask", SOON).unwrap();
    window.watch_light().unwrap();

    // Typed. The answer is lit here, and heard.
    let asked = std::time::Instant::now();
    window.write("textarea", QUESTION).unwrap();
    display.tap("Return").unwrap();
    let turn = window.wait_for_turn(WHOLE).unwrap();
    assert_eq!((turn.end.as_str(), turn.said.as_str()), ("complete", QUESTION));
    assert!(turn.lit.len() > 5, "{turn:#?}");
    let heard = Hearing::of(&stage, &ear.sound().unwrap(), asked)
        .unwrap()
        .expect("nothing was heard");
    assert!(heard.error(&turn.reply) <= 0.2, "{:?} was heard", heard.text);

    // Kept open, it stays when another window comes to the front.
    window.press("Keep open").unwrap();
    window
        .wait_until("the pin", SOON, |snapshot| snapshot["shell"]["pinned"] == true)
        .unwrap();
    window
        .command("window_open", &json!({ "window": "main" }))
        .unwrap();
    display.wait_for_focus("Libretto", SOON).unwrap();

    // Spoken, with its own button.
    let recording = recordings::named("go-forward").unwrap();
    let (x, y) = display.place(QUICK).unwrap();
    let button = [x + 36, y + 36].map(|at| at.to_string());
    let pointer = |deeds: &[&str]| display.xdotool(deeds.iter().copied()).unwrap();
    pointer(&["mousemove", &button[0], &button[1], "mousedown", "1"]);
    window.wait_for_phase("listening", SOON).unwrap();
    stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
    pointer(&["mouseup", "1"]);
    let spoken = window.wait_for_turn_after(turn.id, WHOLE).unwrap();
    assert_eq!(spoken.end, "complete", "{spoken:#?}");
    assert!(
        wer::wer(&recording.text, &spoken.said) <= 0.3,
        "{:?}",
        spoken.said
    );
    assert!(display.shows(QUICK).unwrap(), "it was to stay");

    window.press("Open in main window").unwrap();
    display.wait_until_gone(QUICK, SOON).unwrap();
    display.wait_for_focus("Libretto", SOON).unwrap();
    window.turn_to("main", SOON).unwrap();
    let said = serde_json::to_string(&spoken.said).unwrap();
    let both =
        format!("return [{QUESTION:?}, {said}].every((said) => document.body.innerText.includes(said))");
    window.wait_for("both questions", SOON, &both).unwrap();
}
