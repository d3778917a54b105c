//! Conversations of earlier times in the real window.

use libretto_tests::talk::WHOLE;
use libretto_tests::{Stage, Window};
use serde_json::json;

use super::pictures::remember;
use super::{SOON, opened};

/// Opens the list and turns to the conversation with this title.
pub(super) fn look_at(window: &Window, title: &str) {
    window.press("History").unwrap();
    window.wait_for_text(title, SOON).unwrap();
    let click = format!(
        "[...document.querySelectorAll('.item .title')].find((item) => item.innerText.includes({})).click()",
        json!(title)
    );
    window.run(&click).unwrap();
    window.wait_for_text("Continue", SOON).unwrap();
}

#[test]
fn a_reply_is_heard_again_before_its_conversation_is_gone_on_with() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    remember(&stage);
    let window = opened(&stage);
    look_at(&window, "Who wrote Faust?");
    window
        .wait_for_text("Johann Wolfgang von Goethe wrote it, over sixty years.", SOON)
        .unwrap();
    window.press("Replay").unwrap();
    window
        .wait_for(
            "words that are lit",
            WHOLE,
            "return window.__light.length > 4 && [...CSS.highlights.get('now')].every((range) => \
             range.startContainer.parentElement.closest('.past'))",
        )
        .unwrap();
    window.wait_for_phase("idle", WHOLE).unwrap();
    // The present conversation knows nothing of it.
    let snapshot = window.command("snapshot", &json!({})).unwrap();
    assert_eq!(snapshot["exchanges"], json!([]));
    window.press("Back to current conversation").unwrap();
    window
        .wait_for_text("What would you like to know?", SOON)
        .unwrap();
    look_at_again(&window);
    window.press("Continue").unwrap();
    let resumed = window
        .wait_until("the session", SOON, |snapshot| {
            snapshot["exchanges"][0]["said"] == "Who wrote Faust?"
        })
        .unwrap();
    assert_eq!(resumed["exchanges"].as_array().map(Vec::len), Some(1));
}

/// The list is open still.
fn look_at_again(window: &Window) {
    window.press("History").unwrap();
    look_at(window, "Who wrote Faust?");
}
