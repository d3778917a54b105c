//! What a screen reader finds in the real window.

use libretto_tests::talk::ANSWER;
use libretto_tests::window::{Accessibility, Node};
use libretto_tests::{Stage, Window};
use serde_json::json;

use super::SOON;

/// The main controls of the conversation: what they are, and what they are called.
const CONTROLS: [(&str, &str); 7] = [
    ("button", "History"),
    ("button", "New conversation"),
    ("button", "Settings"),
    ("button", "Hold to talk"),
    ("button", "Sound"),
    ("button", "Replay"),
    ("entry", "Type a question"),
];

/// AT-SPI tells buttons that are pressed and released, that stay, and that open something apart.
fn is(node: &Node, kind: &str) -> bool {
    match kind {
        "button" => node.role.ends_with("button"),
        _ => node.role == kind,
    }
}

/// A part of the page that is read out when it changes.
fn told(node: &Node, text: &str) -> bool {
    node.live == "polite" && (node.text.contains(text) || node.name.contains(text))
}

#[test]
fn a_screen_reader_finds_the_controls_the_state_and_the_reply() {
    let stage = Stage::new().unwrap();
    let _ear = stage.card.hear().unwrap();
    let reader = Accessibility::start(&stage).unwrap();
    let window = Window::start(&stage).unwrap();
    window.skip_first_steps().unwrap();
    reader
        .wait_for("the state", SOON, |node| told(node, "Ready"))
        .unwrap();
    let found = reader.read().unwrap();
    for (kind, name) in CONTROLS {
        let control = found.iter().find(|node| is(node, kind) && node.name == name);
        let control = control.unwrap_or_else(|| panic!("no {kind} {name:?} in {found:#?}"));
        // Nothing can be said again yet.
        assert!(control.focusable || name == "Replay", "{control:?}");
    }
    let mut buttons = found.iter().filter(|node| is(node, "button"));
    let unnamed = buttons.find(|node| node.name.is_empty());
    assert!(unnamed.is_none(), "a button without a name: {unnamed:?}");
    window
        .command("ask", &json!({ "text": "What can you do?" }))
        .unwrap();
    reader
        .wait_for("that it speaks", ANSWER, |node| told(node, "Speaking"))
        .unwrap();
    reader
        .wait_for("the way to silence it", SOON, |node| {
            is(node, "button") && node.name == "Stop"
        })
        .unwrap();
    let state = window.wait_for_phase("idle", ANSWER).unwrap();
    let exchange = state["exchanges"].as_array().unwrap().last().unwrap().clone();
    let reply = exchange["reply"].as_str().unwrap();
    println!("the reply: {reply:?}");
    // As a whole, in one piece: words that light are no nodes of their own.
    reader
        .wait_for("the reply", SOON, |node| node.text.trim() == reply.trim())
        .unwrap();
    reader
        .wait_for("that it is ready again", SOON, |node| told(node, "Ready"))
        .unwrap();
}
