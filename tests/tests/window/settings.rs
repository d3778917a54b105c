//! Settings, keys, and the test of a device.

use libretto_testkit::keychain::Keyring;
use libretto_testkit::{SoundCard, recordings};
use libretto_tests::talk::ANSWER;
use libretto_tests::{Hearing, Stage, Window};
use serde_json::json;

use super::{SOON, opened};

#[test]
fn settings_outlive_the_window_and_can_be_undone() {
    let stage = Stage::shared().unwrap();
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

/// Eight at once, each on a thread of its own.
#[test]
fn a_window_that_several_want_at_once_is_made_once() {
    let stage = Stage::shared().unwrap();
    let window = Window::start(&stage).unwrap();
    window
        .run(
            "const told = (outcome) => (document.body.dataset.opened = outcome); \
             const open = () => window.__TAURI_INTERNALS__.invoke('window_open', { window: 'settings' }); \
             Promise.all(Array.from({ length: 8 }, open)).then(() => told('all'), (error) => told(error.message)); \
             return null",
        )
        .unwrap();
    let opened = window
        .wait_for("the answers", SOON, "return document.body.dataset.opened ?? null")
        .unwrap();
    assert_eq!(opened, "all");
    window.turn_to("settings", SOON).unwrap();
}

#[test]
fn the_settings_open_at_the_section_that_is_needed() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    // The first time they are made; later they are behind, at another section.
    for (section, other) in [("devices", "Voice"), ("keys", "Devices"), ("keys", "About")] {
        window
            .command(
                "window_open",
                &json!({ "window": "settings", "section": section }),
            )
            .unwrap();
        window.display.wait_for_focus("Libretto: settings", SOON).unwrap();
        window.turn_to("settings", SOON).unwrap();
        let there = format!("return document.activeElement.id === 'section-{section}'");
        window.wait_for("its heading", SOON, &there).unwrap();
        window.press(other).unwrap();
        window.turn_to("main", SOON).unwrap();
        window
            .command("window_open", &json!({ "window": "main" }))
            .unwrap();
        window.display.wait_for_focus("Libretto", SOON).unwrap();
    }
}

#[test]
fn a_key_goes_in_and_never_comes_out() {
    const KEY: &str = "sk-test-0123456789abcdef";
    let stage = Stage::with(SoundCard::shared().unwrap(), Keyring::Unlocked).unwrap();
    let window = Window::start(&stage).unwrap();
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    window.turn_to("settings", SOON).unwrap();
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

/// A window that is put away tests nothing behind the person's back; and what is tried is not answered.
#[test]
fn a_test_ends_with_its_window_and_nobody_is_listened_to_meanwhile() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    let free = json!({ "key": "conversation.mode", "value": "hands_free" });
    window.command("settings_set", &free).unwrap();
    window.wait_for_phase("waiting", SOON).unwrap();
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    window.turn_to("settings", SOON).unwrap();
    window.press("Devices").unwrap();
    window.press("Test").unwrap();
    window.wait_for_text("Nothing heard yet", SOON).unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    let recording = recordings::named("go-forward").unwrap().audio().unwrap();
    let speech = stage.card.speak(&recording).unwrap();
    window.wait_for_text("Libretto hears you.", SOON).unwrap();
    speech.wait();
    let snapshot = window.command("snapshot", &json!({})).unwrap();
    assert_eq!(snapshot["turn"], json!(null), "it was answered: {snapshot}");
    window.turn_to("main", SOON).unwrap();
    window
        .command("window_hide", &json!({ "window": "settings" }))
        .unwrap();
    window.wait_for_phase("waiting", SOON).unwrap();
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    window.turn_to("settings", SOON).unwrap();
    let again = "return [...document.querySelectorAll('button')].some((button) => \
                 button.textContent.trim() === 'Test') && !document.body.innerText.includes('Libretto hears you.')";
    window
        .wait_for("the page to know that it ended", SOON, again)
        .unwrap();
}

#[test]
fn devices_are_tried_on_the_spot() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = Window::start(&stage).unwrap();
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    window.turn_to("settings", SOON).unwrap();
    window.press("Devices").unwrap();
    window.press("Test").unwrap();
    // A quiet room is not somebody who speaks.
    window.wait_for_text("Nothing heard yet", SOON).unwrap();
    let recording = recordings::named("go-forward").unwrap().audio().unwrap();
    let speech = stage.card.speak(&recording).unwrap();
    window.wait_for_text("Libretto hears you.", SOON).unwrap();
    speech.wait();
    window.press("Stop test").unwrap();
    let before = std::time::Instant::now();
    window.press("Play sample").unwrap();
    let playing = "return [...document.querySelectorAll('button')].some((button) => \
                   button.textContent.includes('Play sample') && !button.disabled)";
    window
        .wait_for("the end of the sentence", ANSWER, playing)
        .unwrap();
    let heard = Hearing::of(&stage, &ear.sound().unwrap(), before)
        .unwrap()
        .expect("nothing was heard");
    println!("heard: {:?}", heard.text);
    assert!(
        heard.error("This is what I sound like.") <= 0.2,
        "{:?}",
        heard.text
    );
}
