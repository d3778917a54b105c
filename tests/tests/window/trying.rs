//! Trying before choosing: a voice's sample, and how fast a model is here. With the real engine, from the real settings.

use std::time::Instant;

use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Hearing, Stage, Window, hearing};
use serde_json::json;

use super::SOON;

/// What voices say of themselves in English.
const SAMPLE: &str = "I say each word, and you see it light up as you hear it.";

#[test]
fn a_voice_is_heard_and_read_and_a_model_measured() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let window = Window::start(&stage).unwrap();
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    window
        .display
        .wait_for_window("Libretto: settings", SOON)
        .unwrap();
    window.turn_to("settings", SOON).unwrap();
    window.press("Voice").unwrap();
    window.wait_for_text("Voices on this computer", SOON).unwrap();
    window.watch_light().unwrap();
    let before = Instant::now();
    window.press("Listen to Heart").unwrap();
    window.wait_for_text(SAMPLE, SOON).unwrap();
    let lit = "return window.__light.length > 0";
    window.wait_for("a word that is lit", ANSWER, lit).unwrap();
    // The sample's text goes when it is over.
    let over = format!("return !document.body.innerText.includes({})", json!(SAMPLE));
    window.wait_for("the sample's end", WHOLE, &over).unwrap();
    let sound = ear.sound().unwrap();
    let heard = Hearing::of(&stage, &sound, before)
        .unwrap()
        .expect("nothing was heard");
    assert!(heard.error(SAMPLE) <= 0.2, "{:?} was heard", heard.text);
    let shown = window.sample(SAMPLE).unwrap();
    let words: Vec<&str> = shown.lit.iter().map(|lit| lit.word.as_str()).collect();
    assert_eq!(
        words.len(),
        SAMPLE.split_whitespace().count(),
        "{words:?} were lit"
    );
    let found = hearing::compare(&stage, &sound, &shown).unwrap();
    println!("a sample's words: {found:?}");
    let mut errors: Vec<f64> = found.errors.iter().map(|error| error.abs()).collect();
    errors.sort_by(f64::total_cmp);
    assert!(errors.len() >= words.len() / 2, "{found:?}");
    assert!(errors[errors.len() / 2] <= 0.05, "{found:?}");

    window.press("Models").unwrap();
    // The catalogue takes a moment to come.
    window.wait_for_text("SmolLM2 135M", SOON).unwrap();
    window.press("Measure speed").unwrap();
    window.wait_for_text("words per second", WHOLE).unwrap();
    // It is remembered.
    let models = window.command("models_list", &json!({})).unwrap();
    let measured = models
        .as_array()
        .unwrap()
        .iter()
        .find(|model| !model["speed"].is_null());
    let speed = &measured.unwrap_or_else(|| panic!("no speed in {models}"))["speed"];
    println!("the model's speed: {speed}");
    assert!(
        speed["words"].as_f64().is_some_and(|words| words > 0.1),
        "{speed}"
    );
}
