//! What a screen reader finds in the real window.

use libretto_tests::talk::ANSWER;
use libretto_tests::window::{Accessibility, Node};
use libretto_tests::{Stage, Window};
use serde_json::json;

use super::SOON;

/// The main controls of the conversation: what they are, and what they are called.
const CONTROLS: [(&str, &str); 6] = [
    ("button", "History"),
    ("button", "New conversation"),
    ("button", "Settings"),
    ("button", "Hold to talk"),
    ("button", "Sound"),
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
        assert!(control.focusable, "{control:?}");
    }
    named(&found);
    window
        .command("ask", &json!({ "text": "What can you do?" }))
        .unwrap();
    let speaking = reader
        .wait_for("that it speaks", ANSWER, |node| told(node, "Speaking"))
        .unwrap();
    let stop = |node: &Node| is(node, "button") && node.name == "Stop";
    assert!(speaking.iter().any(stop), "no way to silence it: {speaking:#?}");
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

    // The other windows, each by something that only it has.
    for (label, kind, name) in [
        ("quick-ask", "button", "Open in main window"),
        ("settings", "entry", "Search settings"),
    ] {
        window
            .command("window_open", &json!({ "window": label, "section": null }))
            .unwrap();
        reader
            .wait_for(name, SOON, |node| is(node, kind) && node.name == name)
            .unwrap();
        named(&reader.read().unwrap());
    }
    window.turn_to("settings", SOON).unwrap();
    for place in 1..=12 {
        window
            .click(&format!("nav li:nth-child({place}) button"))
            .unwrap();
        named(&reader.read().unwrap());
    }
    window.turn_to("main", SOON).unwrap();
    window.press("History").unwrap();
    reader
        .wait_for("the history", SOON, |node| node.name == "Search conversations")
        .unwrap();
    named(&reader.read().unwrap());
    let first = json!({ "key": "appearance.first_steps", "value": true });
    window.command("settings_set", &first).unwrap();
    reader
        .wait_for("the first steps", SOON, |node| {
            is(node, "button") && node.name == "Continue"
        })
        .unwrap();
    named(&reader.read().unwrap());
}

/// Nothing that takes keys and clicks is without a name.
fn named(found: &[Node]) {
    const TAKES: [&str; 6] = ["button", "entry", "slider", "combo box", "check box", "link"];
    let mut controls = found
        .iter()
        .filter(|node| node.focusable && TAKES.iter().any(|kind| is(node, kind)));
    let unnamed = controls.find(|node| node.name.is_empty() && node.text.is_empty());
    assert!(unnamed.is_none(), "a control without a name: {unnamed:?}");
}
