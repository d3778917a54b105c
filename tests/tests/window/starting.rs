//! How Libretto starts and ends beside one that runs, or does not; and what it keeps until the next start.

use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use libretto_testkit::display::Display;
use libretto_testkit::program;
use libretto_tests::talk::ANSWER;
use libretto_tests::{Stage, Window, process};
use serde_json::json;

use super::{SOON, TALK};

const MAIN: &str = "Libretto";

#[test]
fn what_is_for_a_libretto_that_runs_starts_none() {
    let stage = Stage::shared().unwrap();
    let display = Display::new().unwrap();
    let run = |mut command: Command| -> Output {
        command.envs(display.env());
        program::run(&mut command, b"", ANSWER).unwrap()
    };
    let libretto = |wish: &str| {
        let mut command = Command::new(program::binary("libretto").unwrap());
        command.arg(wish).envs(stage.env().unwrap());
        command
    };
    for wish in ["cancel", "quit"] {
        let output = run(libretto(wish));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("Libretto does not run"),
            "{wish}: {output:?}"
        );
    }
    let output = run(stage.cli(["cancel"]).unwrap());
    assert!(output.status.success(), "{output:?}");
    assert!(!display.shows(MAIN).unwrap(), "a window was opened");

    // To talk, one is started. It outlives the terminal's program, which waits for nothing.
    let output = run(stage.cli(["toggle"]).unwrap());
    assert!(output.status.success(), "{output:?}");
    display.wait_for_window(MAIN, ANSWER).unwrap();
    let output = run(libretto("quit"));
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("does not run"), "one ran: {said}");
    display.wait_until_gone(MAIN, SOON).unwrap();
}

/// `OpenWhispr` #2143: half a gigabyte, though nobody has wanted anything yet.
#[test]
fn one_that_starts_with_the_desktop_loads_nothing_until_somebody_comes() {
    let stage = Stage::shared().unwrap();
    let display = Display::new().unwrap();
    let libretto = |words: &[&str]| {
        let mut command = Command::new(program::binary("libretto").unwrap());
        command.args(words).envs(stage.env().unwrap()).envs(display.env());
        command
    };
    let mut hidden = libretto(&["--hidden"]).spawn().unwrap();
    sleep(Duration::from_secs(5));
    let engines = || process::named(hidden.id(), "libretto-engine").unwrap();
    assert!(engines().is_empty(), "nobody has come");
    let output = program::run(&mut libretto(&["ask"]), b"", ANSWER).unwrap();
    assert!(output.status.success(), "{output:?}");
    display.wait_for_window("Libretto: quick ask", ANSWER).unwrap();
    let deadline = Instant::now() + SOON;
    while engines().is_empty() {
        assert!(Instant::now() < deadline, "nothing is made ready");
        sleep(Duration::from_millis(100));
    }
    let output = program::run(&mut libretto(&["quit"]), b"", ANSWER).unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(hidden.wait().unwrap().success());
}

/// Whoever closed the microphone finds it closed after the next login.
#[test]
fn a_pause_outlives_a_restart() {
    let stage = Stage::shared().unwrap();
    let settings = "[conversation]\nmode = \"hands_free\"\n[appearance]\nfirst_steps = false\n";
    stage.set(settings).unwrap();
    let window = Window::start(&stage).unwrap();
    window.wait_for_phase("waiting", SOON).unwrap();
    window.command("set_paused", &json!({ "paused": true })).unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    drop(window);

    let window = Window::start(&stage).unwrap();
    let snapshot = window.command("snapshot", &json!({})).unwrap();
    assert_eq!(snapshot["shell"]["paused"], true, "{snapshot}");
    window.display.tap(TALK).unwrap();
    sleep(Duration::from_secs(1));
    window.wait_for_phase("idle", Duration::ZERO).unwrap();
    window.command("set_paused", &json!({ "paused": false })).unwrap();
    window.wait_for_phase("waiting", SOON).unwrap();
    drop(window);
    let window = Window::start(&stage).unwrap();
    window.wait_for_phase("waiting", SOON).unwrap();
}
