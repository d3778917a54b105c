//! What a person keeps: a key that they typed in, and conversations that they look for, rename, take out and throw away.

use std::fs;

use libretto_testkit::SoundCard;
use libretto_testkit::keychain::Keyring;
use libretto_tests::{Stage, Window};
use serde_json::json;

use super::pictures::remember;
use super::{SOON, opened};

/// `OpenWhispr` #893: keys vanish when the app is started anew. And nothing of one stays in the page.
#[test]
fn a_key_that_is_typed_in_outlives_the_window_and_leaves_the_page() {
    const KEY: &str = "sk-test-0123456789abcdef";
    let stage = Stage::with(SoundCard::shared().unwrap(), Keyring::Unlocked).unwrap();
    let settings = |window: &Window| {
        window
            .command("window_open", &json!({ "window": "settings" }))
            .unwrap();
        window.turn_to("settings", SOON).unwrap();
        window.press("API keys").unwrap();
        window.wait_for_text("Deepgram", SOON).unwrap();
    };
    let window = opened(&stage);
    settings(&window);
    let set = "const row = [...document.querySelectorAll('[role=group]')].find((row) => \
               row.innerText.includes('Deepgram')); \
               [...row.querySelectorAll('button')].find((button) => button.innerText.trim() === 'Add key').click(); \
               return true";
    window.run(set).unwrap();
    window.write("input[type=password]", KEY).unwrap();
    window.press("Save").unwrap();
    window.wait_for_text("Ends in", SOON).unwrap();
    let kept = format!(
        "return document.documentElement.outerHTML.includes({0}) \
         || [...document.querySelectorAll('input')].some((input) => input.value.includes({0}))",
        json!(&KEY[8..20])
    );
    assert_eq!(window.run(&kept).unwrap(), false, "the page still has the key");
    drop(window);
    let window = opened(&stage);
    settings(&window);
    window.wait_for_text("Ends in", SOON).unwrap();
    window.wait_for_text("in the keychain", SOON).unwrap();
}

#[test]
fn conversations_are_found_renamed_and_thrown_away() {
    let stage = Stage::shared().unwrap();
    remember(&stage);
    let window = opened(&stage);
    window.press("History").unwrap();
    window.wait_for_text("Who wrote Faust?", SOON).unwrap();
    window.write("input[type=search]", "Goethe").unwrap();
    window.wait_for_text("sixty years", SOON).unwrap();
    window
        .run(
            "const field = document.querySelector('input[type=search]'); field.value = ''; \
              field.dispatchEvent(new Event('input', { bubbles: true }))",
        )
        .unwrap();
    window.wait_for_text("Who wrote Faust?", SOON).unwrap();
    // What can be done with it.
    let (old, new) = ("Who wrote Faust?", "Goethe’s life’s work");
    window.press(&format!("More options for {old}")).unwrap();
    window.press("Rename").unwrap();
    window.write("input[aria-label='New name']", new).unwrap();
    window.display.tap("Return").unwrap();
    window.wait_for_text(new, SOON).unwrap();

    window.press("Export as Markdown").unwrap();
    // The desktop's own dialogue asks where to.
    let file = stage.home.path().join("faust.md");
    window.display.wait_for_focus("Save File", SOON).unwrap();
    for deed in [
        &["key", "ctrl+a"][..],
        &["type", file.to_str().unwrap()],
        &["key", "Return"],
    ] {
        window.display.xdotool(deed.iter().copied()).unwrap();
    }
    window.wait_for_text("Saved to", SOON).unwrap();
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("Johann Wolfgang von Goethe"), "{written}");

    window.press("Delete").unwrap();
    window.wait_for_text(&format!("Delete “{new}”?"), SOON).unwrap();
    window.click("dialog[open] button:last-child").unwrap();
    let gone = format!("return !document.body.innerText.includes({})", json!(new));
    window.wait_for("its end", SOON, &gone).unwrap();
    window.wait_for_text("Why is the sea salty?", SOON).unwrap();
}
