//! The real window: keys are pressed on a display, recordings of people go into the microphone, words are seen in the page
//! and heard at the loudspeaker.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::time::Duration;

use libretto_tests::{Stage, Window};

mod complaints;
mod cutting;
mod desktop;
mod escape;
mod faults;
mod first;
mod history;
mod keeping;
mod leaving;
mod outside;
mod package;
mod pictures;
mod quick;
mod reader;
mod safety;
mod settings;
mod starting;
mod switching;
mod talking;
mod trying;

/// The talk key, as the display calls it.
const TALK: &str = "ctrl+shift+space";
/// Something that happens at once, on a busy machine.
const SOON: Duration = Duration::from_secs(20);
/// Long enough to be cut. Typed, since none of the recordings is a question.
const LONG: &str =
    "Tell me in a few sentences what a library is, what people do there, and why they like it.";

/// The window as somebody finds it who has used Libretto before; what it lights is noted.
fn opened(stage: &Stage) -> Window {
    let window = Window::start(stage).unwrap();
    window.skip_first_steps().unwrap();
    window.watch_light().unwrap();
    window
}
