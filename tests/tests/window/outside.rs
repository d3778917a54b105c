//! What happens outside the window while it runs: the keychain is unlocked, the command line and an editor change keys
//! and settings.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use libretto_testkit::keychain::Keyring;
use libretto_testkit::{SoundCard, program};
use libretto_tests::{Stage, Window};
use serde_json::{Value, json};

use super::{SOON, opened};

fn has_key(window: &Window, name: &str) -> bool {
    let told = window.command("providers_list", &json!({})).unwrap();
    let mut list = told["providers"].as_array().unwrap().iter();
    let found = list.find(|provider| provider["name"] == name).unwrap();
    found["hasKey"].as_bool().unwrap()
}

pub(super) fn wait_for_key(window: &Window, name: &str, wanted: bool) {
    let deadline = Instant::now() + SOON;
    while has_key(window, name) != wanted {
        assert!(
            Instant::now() < deadline,
            "the key of {name} did not come or go: {wanted}"
        );
        sleep(Duration::from_millis(100));
    }
}

fn wait_until_gone(window: &Window, text: &str) {
    let gone = format!("return !document.body.innerText.includes({})", json!(text));
    window.wait_for("the end of the notice", SOON, &gone).unwrap();
}

#[test]
fn a_keychain_that_is_unlocked_later_gives_its_keys_and_those_of_the_command_line_come_and_go() {
    const KEY: &str = "sk-test-0123456789abcdef";
    let stage = Stage::with(SoundCard::shared().unwrap(), Keyring::Locked).unwrap();
    let window = opened(&stage);
    window.wait_for_text("The keychain is locked", SOON).unwrap();
    stage.keychain.unlock().unwrap();
    wait_until_gone(&window, "The keychain is locked");
    assert!(!has_key(&window, "deepgram"));
    let cli = |arguments: &[&str]| {
        let mut command = stage.cli(arguments.iter().copied()).unwrap();
        let output = program::run(&mut command, format!("{KEY}\n").as_bytes(), SOON).unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    cli(&["keys", "set", "deepgram"]);
    wait_for_key(&window, "deepgram", true);
    cli(&["keys", "remove", "deepgram"]);
    wait_for_key(&window, "deepgram", false);
}

#[test]
fn settings_that_are_changed_elsewhere_count_and_a_half_written_file_is_left_alone() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    let speed = |wanted: f64| {
        let deadline = Instant::now() + SOON;
        loop {
            let now = window.command("settings_get", &json!({})).unwrap();
            if now["values"]["voice"]["speed"] == json!(wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "{wanted}: {}", now["values"]["voice"]);
            sleep(Duration::from_millis(100));
        }
    };
    window
        .run(
            "window.__told = []; window.__TAURI_INTERNALS__.invoke('plugin:event|listen', { event: 'settings-changed', \
             target: { kind: 'Any' }, handler: window.__TAURI_INTERNALS__.transformCallback((event) => \
             window.__told.push(event.payload.values.voice.speed)) }); return true",
        )
        .unwrap();
    let output = stage.run(["settings", "set", "voice.speed", "1.5"]).unwrap();
    assert!(output.status.success(), "{output:?}");
    speed(1.5);
    window
        .wait_for("the page to be told", SOON, "return window.__told.includes(1.5)")
        .unwrap();
    // Somebody edits the file and saves it in the middle of a line.
    let file = stage.home.path().join(".config/libretto/settings.toml");
    let whole = fs::read_to_string(&file).unwrap();
    let half = whole.replace("1.5", "");
    fs::write(&file, &half).unwrap();
    window.wait_for_text("cannot be read as it is now", SOON).unwrap();
    speed(1.5);
    assert_eq!(fs::read_to_string(&file).unwrap(), half);
    fs::write(&file, whole.replace("1.5", "1.25")).unwrap();
    speed(1.25);
    wait_until_gone(&window, "cannot be read as it is now");
    let notices: Value = window.command("snapshot", &json!({})).unwrap()["notices"].clone();
    assert!(
        !notices.to_string().contains("cannot be read as it is now"),
        "{notices}"
    );
}
