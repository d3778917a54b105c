//! What holds at once when it is switched in mid-use: deleting, the history, the pause, keys.

use std::process::Command;
use std::time::{Duration, Instant};

use libretto_testkit::program;
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Stage, Window};
use serde_json::{Value, json};

use super::{LONG, SOON, TALK, opened};

/// Asks what needs no model, and waits until the answer was heard.
fn ask(window: &Window, question: &str) -> Value {
    window.command("ask", &json!({ "text": question })).unwrap();
    window
        .wait_until("the answer", WHOLE, |snapshot| {
            let last = snapshot["exchanges"].as_array().and_then(|all| all.last());
            last.is_some_and(|exchange| exchange["said"] == question)
                && snapshot["state"]["phase"]["kind"] == "idle"
        })
        .unwrap()
}

/// Sessions that are kept, the latest first.
fn sessions(window: &Window) -> Vec<Value> {
    let page = window
        .command("history_sessions", &json!({ "after": null, "limit": 10 }))
        .unwrap();
    page["sessions"].as_array().unwrap().clone()
}

/// A new conversation has begun, and the page shows it.
fn wait_for_new(window: &Window, before: &Value) {
    window
        .wait_until("a new conversation", SOON, |snapshot| {
            snapshot["session"] != before["session"]
                && snapshot["exchanges"] == json!([])
                && snapshot["turn"].is_null()
        })
        .unwrap();
    window
        .wait_for_text("What would you like to know?", SOON)
        .unwrap();
}

#[test]
fn what_is_deleted_is_gone_from_the_page_too_and_does_not_come_back() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let before = ask(&window, "What time is it?");
    assert_eq!(sessions(&window).len(), 1);
    // Only the settings may.
    let settings = json!({ "window": "settings" });
    window.command("window_open", &settings).unwrap();
    window.turn_to("settings", SOON).unwrap();
    window.command("history_delete_all", &json!({})).unwrap();
    window.command("window_hide", &settings).unwrap();
    window.turn_to("main", SOON).unwrap();
    wait_for_new(&window, &before);
    let before = ask(&window, "What day is it?");
    let kept = sessions(&window);
    assert_eq!((kept.len(), &kept[0]["title"]), (1, &json!("What day is it?")));
    // In the middle of a reply.
    window.command("ask", &json!({ "text": LONG })).unwrap();
    window.wait_for_phase("speaking", ANSWER).unwrap();
    let present = json!({ "session": before["session"] });
    window.command("history_delete", &present).unwrap();
    wait_for_new(&window, &before);
    window.wait_for_phase("idle", SOON).unwrap();
    ask(&window, "What time is it?");
    let kept = sessions(&window);
    assert_eq!((kept.len(), &kept[0]["exchanges"]), (1, &json!(1)), "{kept:?}");
}

#[test]
fn the_history_is_switched_off_and_on_in_the_window() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let keep = |on: bool| {
        let set = json!({ "key": "history.on", "value": on });
        window.command("settings_set", &set).unwrap();
    };
    keep(false);
    ask(&window, "What time is it?");
    keep(true);
    ask(&window, "What day is it?");
    let data = stage.home.path().join(".local/share/libretto");
    let files = || -> Vec<u8> {
        let files = std::fs::read_dir(&data).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    };
    let holds = |text: &str| {
        files()
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    let deadline = Instant::now() + SOON;
    while !holds("What day is it?") {
        assert!(Instant::now() < deadline, "it is not written");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!holds("What time is it?"), "it is on the disk");
}

#[test]
fn a_paused_libretto_answers_what_is_typed_and_listens_to_nothing() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    window.command("set_paused", &json!({ "paused": true })).unwrap();
    // Whatever would listen: the mode, a new conversation, the page's button.
    let free = json!({ "key": "conversation.mode", "value": "hands_free" });
    window.command("settings_set", &free).unwrap();
    window
        .command("session_resume", &json!({ "session": null }))
        .unwrap();
    window.command("key_down", &json!({})).unwrap();
    window.command("key_up", &json!({})).unwrap();
    window
        .wait_for(
            "the reason",
            SOON,
            "return window.__notices.some((notice) => notice.body.group === 'problem' && \
             notice.body.event.message.includes('paused'))",
        )
        .unwrap();
    // A desktop's own shortcut: the window says how it is.
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.wait_until_gone("Libretto", SOON).unwrap();
    let mut toggle = Command::new(program::binary("libretto").unwrap());
    toggle
        .arg("toggle")
        .envs(stage.env().unwrap())
        .envs(window.display.env());
    let output = program::run(&mut toggle, b"", ANSWER).unwrap();
    assert!(output.status.success(), "{output:?}");
    window.display.wait_for_focus("Libretto", SOON).unwrap();
    window.wait_for_text("Paused", SOON).unwrap();
    ask(&window, "What time is it?");
    let listened = "return window.__notices.some((notice) => notice.body.event.stage === 'microphone' && \
                    notice.body.event.kind === 'device')";
    assert_eq!(window.run(listened).unwrap(), json!(false));
    window.command("set_paused", &json!({ "paused": false })).unwrap();
    window.wait_for_phase("waiting", SOON).unwrap();
}

#[test]
fn escape_calls_off_a_turn_in_which_a_hotkey_was_changed() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.wait_until_gone("Libretto", SOON).unwrap();
    window.command("ask", &json!({ "text": LONG })).unwrap();
    window.wait_for_phase("speaking", ANSWER).unwrap();
    let quick = json!({ "action": "quick_ask", "keys": "Ctrl+Alt+J" });
    window.command("hotkeys_set", &quick).unwrap();
    window
        .wait_until("the other key", SOON, |snapshot| {
            snapshot["shell"]["hotkeys"]
                .as_array()
                .is_some_and(|keys| keys.iter().any(|key| key["keys"] == "Ctrl+Alt+J"))
        })
        .unwrap();
    window.display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    let cancelled = window.command("snapshot", &json!({})).unwrap();
    assert_eq!(cancelled["turn"]["end"]["kind"], "cancelled", "{cancelled}");
    // While keys are captured all are free, though a turn runs.
    window
        .command("hotkeys_capture", &json!({ "capturing": true }))
        .unwrap();
    window.command("ask", &json!({ "text": LONG })).unwrap();
    window.wait_for_phase("speaking", ANSWER).unwrap();
    window.display.tap("Escape").unwrap();
    window.display.tap(TALK).unwrap();
    window
        .command("hotkeys_capture", &json!({ "capturing": false }))
        .unwrap();
    window.wait_for_phase("speaking", SOON).unwrap();
    window.display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
}
