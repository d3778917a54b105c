//! The real window: the hotkey is pressed on a display, a recording of a person goes into the microphone, the words are
//! seen in the page and heard at the loudspeaker.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::process::Command;
use std::time::{Duration, Instant};

use libretto_testkit::keychain::Keyring;
use libretto_testkit::{Device, SoundCard, Tray, clock, program, recordings, wer};
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Hearing, Stage, Window, hearing, karaoke, process};
use serde_json::json;

/// The talk key, as the display calls it.
const TALK: &str = "ctrl+shift+space";
/// Something that happens at once, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn hold_the_hotkey_and_hear_the_answer() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = Window::start(&stage).unwrap();
    window.skip_first_steps().unwrap();
    window.watch_light().unwrap();
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
    let window = Window::start(&stage).unwrap();
    window.skip_first_steps().unwrap();
    window.watch_light().unwrap();
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
fn a_tap_toggles_and_escape_cancels() {
    let stage = Stage::new().unwrap();
    let window = Window::start(&stage).unwrap();
    let display = &window.display;
    display.tap(TALK).unwrap();
    window
        .wait_until("the latch", SOON, |snapshot| {
            snapshot["state"]["phase"]["latched"] == true
        })
        .unwrap();
    display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    // A second tap begins, a third one ends: nobody has said anything.
    display.tap(TALK).unwrap();
    window
        .wait_until("the second latch", SOON, |snapshot| {
            snapshot["state"]["phase"]["latched"] == true
        })
        .unwrap();
    display.tap(TALK).unwrap();
    window.wait_for_phase("idle", ANSWER).unwrap();
}

#[test]
fn the_strip_shows_only_where_nothing_else_of_ours_does() {
    const STRIP: &str = "Libretto: at work";
    let stage = Stage::new().unwrap();
    let window = Window::start(&stage).unwrap();
    window.skip_first_steps().unwrap();
    let display = &window.display;
    display.wait_for_focus("Libretto", SOON).unwrap();
    display.tap(TALK).unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    assert!(!display.shows(STRIP).unwrap(), "the window is in front");
    display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    // Quick ask comes to the front by its own key, and goes by Escape.
    display.tap("ctrl+shift+k").unwrap();
    display.wait_for_focus("Libretto: quick ask", SOON).unwrap();
    window
        .command("window_hide", &json!({ "window": "quick-ask" }))
        .unwrap();
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    display.wait_until_gone("Libretto", SOON).unwrap();
    for _ in 0..2 {
        let before = display.focused().unwrap();
        display.press(TALK).unwrap();
        display.wait_for_window(STRIP, SOON).unwrap();
        assert_eq!(display.focused().unwrap(), before, "it takes no focus");
        assert_eq!(display.place(STRIP).unwrap(), (430, 732), "it stays where it was");
        display.release(TALK).unwrap();
        display.tap("Escape").unwrap();
        display.wait_until_gone(STRIP, SOON).unwrap();
    }
}

#[test]
fn the_tray_opens_quick_ask_and_pauses() {
    let stage = Stage::new().unwrap();
    let window = Window::start(&stage).unwrap();
    let display = &window.display;
    let tray = Tray::wait_for(&stage.keychain, SOON).unwrap();
    // The list of microphones takes a moment to come.
    let deadline = Instant::now() + SOON;
    while !tray
        .menu()
        .unwrap()
        .iter()
        .any(|(label, _)| label == "Desk microphone")
    {
        assert!(Instant::now() < deadline, "{:?}", tray.menu());
        std::thread::sleep(Duration::from_millis(100));
    }
    tray.click("Quick ask").unwrap();
    display.wait_for_focus("Libretto: quick ask", SOON).unwrap();
    tray.click("Pause").unwrap();
    window
        .wait_until("the pause", SOON, |snapshot| snapshot["shell"]["paused"] == true)
        .unwrap();
    display.tap(TALK).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    window.wait_for_phase("idle", Duration::ZERO).unwrap();
    tray.click("Pause").unwrap();
    window
        .wait_until("its end", SOON, |snapshot| snapshot["shell"]["paused"] == false)
        .unwrap();
    tray.click("Desk microphone").unwrap();
    let chosen = window.command("devices_list", &json!({})).unwrap();
    assert!(chosen["microphone"].is_string(), "{chosen}");
    tray.click("Talk").unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
}

#[test]
fn what_breaks_is_said_and_the_window_goes_on() {
    let stage = Stage::new().unwrap();
    let window = Window::start(&stage).unwrap();
    window.watch_light().unwrap();
    let problem = |stage: &str| {
        let script = format!(
            "const found = window.__notices.findLast((notice) => notice.body.group === 'problem' \
             && notice.body.event.stage === '{stage}'); return found ? found.body.event.message : null"
        );
        let told = window
            .wait_for(&format!("a problem of the {stage}"), WHOLE, &script)
            .unwrap();
        println!("{told}");
        assert!(
            told.as_str().is_some_and(|sentence| sentence.contains(' ')),
            "{told}"
        );
    };
    let ask = |text: &str| window.command("ask", &json!({ "text": text })).unwrap();
    // The microphone is pulled out while it listens.
    window.display.press(TALK).unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    stage.card.unplug(Device::Microphone).unwrap();
    problem("microphone");
    window.display.release(TALK).unwrap();
    window.wait_for_phase("idle", ANSWER).unwrap();
    stage.card.plug(Device::Microphone).unwrap();
    // The engine crashes in the middle of a reply.
    ask("Tell me something about the sea.");
    window.wait_for_phase("speaking", WHOLE).unwrap();
    let engines = process::named(window.id(), "libretto-engine").unwrap();
    assert!(!engines.is_empty(), "no engine is running");
    engines.into_iter().for_each(process::kill);
    window.wait_for_phase("idle", WHOLE).unwrap();
    ask("What is the capital of France?");
    window
        .wait_until("an answer that is heard", WHOLE, |snapshot| {
            let last = snapshot["exchanges"].as_array().and_then(|all| all.last());
            last.is_some_and(|last| last["said"] == "What is the capital of France?" && last["heard"] != 0)
        })
        .unwrap();
}

#[test]
fn a_second_start_hands_its_wish_over() {
    let stage = Stage::new().unwrap();
    let window = Window::start(&stage).unwrap();
    window.watch_light().unwrap();
    let second = |words: &[&str]| {
        let mut command = Command::new(program::binary("libretto").unwrap());
        command
            .args(words)
            .envs(stage.env().unwrap())
            .envs(window.display.env());
        let output = program::run(&mut command, b"", Duration::from_mins(1)).unwrap();
        assert!(
            output.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    second(&["toggle"]);
    window.wait_for_phase("listening", SOON).unwrap();
    second(&["cancel"]);
    window.wait_for_phase("idle", SOON).unwrap();
    second(&["ask", "What", "time", "is", "it?"]);
    let turn = window
        .wait_for(
            "an answer",
            WHOLE,
            "return window.__notices.some((notice) => notice.body.event.kind === 'exchange')",
        )
        .and_then(|_| window.command("snapshot", &json!({})))
        .unwrap();
    // A window that was put away comes back with a plain second start.
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.wait_until_gone("Libretto", SOON).unwrap();
    second(&[]);
    window.display.wait_for_focus("Libretto", SOON).unwrap();
    let exchange = &turn["exchanges"][0];
    assert_eq!(exchange["said"], "What time is it?");
    assert!(
        exchange["reply"].as_str().is_some_and(|reply| !reply.is_empty()),
        "{exchange}"
    );
}

#[test]
fn settings_outlive_the_window_and_can_be_undone() {
    let stage = Stage::new().unwrap();
    let window = Window::start(&stage).unwrap();
    let speed = |window: &Window| {
        window.command("settings_get", &json!({})).unwrap()["values"]["voice"]["speed"].clone()
    };
    let set = |window: &Window, key: &str, value: serde_json::Value| {
        window.command("settings_set", &json!({ "key": key, "value": value }))
    };
    set(&window, "voice.speed", json!(1.25)).unwrap();
    set(
        &window,
        "conversation.personas",
        json!([{ "name": "Pirate", "speed": 0.9 }]),
    )
    .unwrap();
    let refused = set(&window, "voice.speed", json!(99)).unwrap_err().to_string();
    assert!(
        refused.contains("bad_input") && refused.contains("0.25"),
        "{refused}"
    );
    assert_eq!(speed(&window), 1.25, "what is out of bounds changes nothing");
    drop(window);
    let window = Window::start(&stage).unwrap();
    assert_eq!(speed(&window), 1.25);
    let document = window.command("settings_get", &json!({})).unwrap();
    assert_eq!(
        document["values"]["conversation"]["personas"][0]["name"],
        "Pirate"
    );
    assert_eq!(document["defaults"]["voice"]["speed"], 1.0);
    set(&window, "voice.speed", json!(0.75)).unwrap();
    let undone = window.command("settings_undo", &json!({})).unwrap();
    assert_eq!(
        (undone["keys"][0].as_str(), speed(&window)),
        (Some("voice.speed"), json!(1.25))
    );
}

#[test]
fn a_key_that_another_program_owns_is_refused_with_a_sentence() {
    let (stage, other) = (Stage::new().unwrap(), Stage::new().unwrap());
    let window = Window::start(&stage).unwrap();
    let attempt = |keys: &str| window.command("hotkeys_try", &json!({ "keys": keys }));
    attempt("F9").unwrap();
    // The other program is another Libretto, on a bus of its own.
    let settings = other.home.path().join(".config/libretto/settings.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(settings, "[hotkeys]\ntalk = \"F9\"\nquick_ask = \"\"\n").unwrap();
    let mut owner = Command::new(program::binary("libretto").unwrap())
        .args(["--hidden", "settings"])
        .envs(other.env().unwrap())
        .envs(window.display.env())
        .spawn()
        .unwrap();
    // It takes its keys before it shows a window.
    window
        .display
        .wait_for_window("Libretto: settings", ANSWER)
        .unwrap();
    let refused = attempt("F9").unwrap_err().to_string();
    process::kill(owner.id());
    owner.wait().unwrap();
    assert!(refused.contains("Another program owns F9"), "{refused}");
    let wrong = attempt("Ctrl+Nonsense").unwrap_err().to_string();
    assert!(wrong.contains("bad_input"), "{wrong}");
    let set = json!({ "action": "talk", "keys": "F8" });
    window.command("hotkeys_set", &set).unwrap();
    window
        .wait_until("the new key", SOON, |snapshot| {
            snapshot["shell"]["hotkeys"][0] == json!({ "action": "talk", "keys": "F8", "problem": null })
        })
        .unwrap();
    window.display.tap("F8").unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
}

#[test]
fn a_key_goes_in_and_never_comes_out() {
    const KEY: &str = "sk-test-0123456789abcdef";
    let stage = Stage::with(SoundCard::new().unwrap(), Keyring::Unlocked).unwrap();
    let window = Window::start(&stage).unwrap();
    let stored = window
        .command("keys_set", &json!({ "provider": "deepgram", "key": KEY }))
        .unwrap();
    assert_eq!(stored["place"]["kind"], "keychain", "{stored}");
    let keys = window.command("keys_list", &json!({})).unwrap();
    let deepgram = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["provider"] == "deepgram")
        .unwrap();
    assert!(deepgram["masked"].is_string(), "{deepgram}");
    let doctor = window.command("doctor_examine", &json!({})).unwrap();
    for told in [&stored, &keys, &doctor] {
        assert!(!told.to_string().contains(&KEY[8..20]), "{told}");
    }
    window
        .command("keys_remove", &json!({ "provider": "deepgram" }))
        .unwrap();
    let keys = window.command("keys_list", &json!({})).unwrap();
    assert!(!keys.to_string().contains("\"masked\":\""), "{keys}");
}
