//! Escape: our own windows hear it themselves, and nobody else's is taken while one of them is in front.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use libretto_tests::talk::ANSWER;
use libretto_tests::{Stage, Window};
use serde_json::{Value, json};

use super::{LONG, SOON, opened};

const SETTINGS: &str = "Libretto: settings";
const STRIP: &str = "Libretto: at work";

/// Something that can be called off.
fn speaks(window: &Window) -> u64 {
    window.command("ask", &json!({ "text": LONG })).unwrap();
    let snapshot = window.wait_for_phase("speaking", ANSWER).unwrap();
    snapshot["state"]["turn"].as_u64().unwrap()
}

/// Nobody has called it off. That a loaded machine's loudspeaker may have stalled is no matter here.
fn goes_on(window: &Window, turn: u64) {
    let snapshot = window.command("snapshot", &json!({})).unwrap();
    let told = &snapshot["turn"];
    assert!(
        told["turn"] == turn && told["end"]["kind"] != "cancelled",
        "it was called off: {snapshot}"
    );
}

#[test]
fn escape_closes_what_is_open_before_it_calls_off() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let display = &window.display;
    display.wait_for_focus("Libretto", SOON).unwrap();
    window.press("History").unwrap();
    let history = "return document.querySelector('#history-title') !== null";
    window.wait_for("the history", SOON, history).unwrap();
    let turn = speaks(&window);
    display.tap("Escape").unwrap();
    let gone = "return document.querySelector('#history-title') === null";
    window.wait_for("the end of the history", SOON, gone).unwrap();
    goes_on(&window, turn);
    display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();

    // In the settings a search comes first; the strip does not lie over them.
    let turn = speaks(&window);
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    display.wait_for_focus(SETTINGS, SOON).unwrap();
    window.turn_to("settings", SOON).unwrap();
    window.write("input[type=search]", "speed").unwrap();
    assert!(!display.shows(STRIP).unwrap(), "the settings are in front");
    display.tap("Escape").unwrap();
    let empty = "return document.querySelector('input[type=search]').value === ''";
    window.wait_for("an empty search", SOON, empty).unwrap();
    goes_on(&window, turn);
    display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    assert!(display.shows(SETTINGS).unwrap(), "only the turn was called off");
    display.tap("Escape").unwrap();
    display.wait_until_gone(SETTINGS, SOON).unwrap();
}

/// Takes Escape from all programs of a display, until it is dropped.
struct Owner(Child);

impl Owner {
    fn of(window: &Window) -> Self {
        let mut owner = Command::new("/usr/bin/python3")
            .args(["-c", include_str!("own_escape.py")])
            .envs(window.display.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let output = owner.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "owned");
        Self(owner)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn a_cancel_key_that_another_program_owns_is_not_promised() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let problem = |snapshot: &Value| {
        let hotkeys = snapshot["shell"]["hotkeys"].as_array().unwrap();
        let cancel = hotkeys.iter().find(|hotkey| hotkey["action"] == "cancel");
        cancel.unwrap()["problem"].clone()
    };
    let owner = Owner::of(&window);
    speaks(&window);
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.wait_for_window(STRIP, SOON).unwrap();
    let told = window
        .wait_until("what became of the key", SOON, |snapshot| {
            !problem(snapshot).is_null()
        })
        .unwrap();
    assert!(
        problem(&told)
            .as_str()
            .unwrap()
            .contains("Another app is using Escape"),
        "{told}"
    );
    drop(owner);
    window.command("cancel", &json!({})).unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    // The next turn has it.
    speaks(&window);
    window
        .wait_until("the key", SOON, |snapshot| problem(snapshot).is_null())
        .unwrap();
    window.display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
}
