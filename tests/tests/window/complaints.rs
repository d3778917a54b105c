//! What users of other voice apps complain about where a window or a hotkey is concerned, and what no other test here
//! shows: `docs/complaints.md` has the whole list.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use libretto_testkit::display::{Display, Half};
use libretto_testkit::program;
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Stage, process};
use serde_json::json;

use super::{LONG, SOON, TALK, opened};

const STRIP: &str = "Libretto: at work";
const QUICK: &str = "Libretto: quick ask";
/// Debian's own.
const PYTHON: &str = "/usr/bin/python3";
/// Long enough to see that nothing happens.
const NOTHING: Duration = Duration::from_secs(1);

/// Runs a script on a display and returns it with the line that it says when it is done.
fn script(display: &Display, script: &str) -> (Child, String) {
    let mut child = Command::new(PYTHON)
        .args(["-c", script])
        .envs(display.env())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    (child, said.trim().to_owned())
}

/// Handy #707: a modifier that is let go first, or last, leaves the key pressed.
#[test]
fn the_keys_of_a_hotkey_are_let_go_in_any_order() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    let keys = ["ctrl", "shift", "space"];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        for key in keys {
            window.display.press(key).unwrap();
        }
        window.wait_for_phase("listening", SOON).unwrap();
        // Longer than a tap.
        sleep(NOTHING);
        for key in order {
            window.display.release(keys[key]).unwrap();
        }
        window.wait_for_phase("idle", ANSWER).unwrap();
    }
}

/// Handy #1213, #1415; Voquill #202: the keys are dead after the screen was locked.
#[test]
fn after_a_locked_screen_the_keys_work() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    let (mut lock, said) = script(&window.display, include_str!("grab.py"));
    assert_eq!(said, "locked");
    window.display.tap(TALK).unwrap();
    sleep(NOTHING);
    window.wait_for_phase("idle", Duration::ZERO).unwrap();
    drop(lock.stdin.take());
    assert!(lock.wait().unwrap().success());
    window.display.tap(TALK).unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    window.display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
}

/// Pluely #247, #291, #305: one bad binding blocks all of them.
#[test]
fn one_bad_binding_leaves_the_others() {
    let stage = Stage::shared().unwrap();
    stage.set("[hotkeys]\ntalk = \"Ctrl+Nonsense\"\n").unwrap();
    let window = opened(&stage);
    let snapshot = window.command("snapshot", &json!({})).unwrap();
    let talk = &snapshot["shell"]["hotkeys"][0];
    let problem = talk["problem"].as_str().unwrap_or_default();
    assert!(
        talk["action"] == "talk" && problem.contains("Ctrl+Nonsense"),
        "{snapshot}"
    );
    window.display.tap("ctrl+shift+k").unwrap();
    window.display.wait_for_focus(QUICK, SOON).unwrap();
}

/// Handy #1660: phantom recordings, because the webview's collector of garbage uses a signal that starts one.
#[test]
fn collecting_garbage_starts_no_recording() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    let litter = "for (let n = 0; n < 40; n++) window.__litter = Array.from({ length: 100_000 }, (_, k) => ({ k, n }))";
    window.run(litter).unwrap();
    sleep(NOTHING);
    let snapshot = window.wait_for_phase("idle", Duration::ZERO).unwrap();
    assert!(snapshot["turn"].is_null(), "{snapshot}");
}

/// Handy #1228, #433: cancelling hides the window, and what hangs goes on behind it.
#[test]
fn what_hangs_is_given_up_and_the_strip_goes_with_it() {
    let stage = Stage::shared().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    window.command("ask", &json!({ "text": LONG })).unwrap();
    window.wait_for_phase("speaking", ANSWER).unwrap();
    window.command("cancel", &json!({})).unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    let engines = process::named(window.id(), "libretto-engine").unwrap();
    assert!(!engines.is_empty(), "no engine runs");
    engines.iter().copied().for_each(process::freeze);
    window.command("ask", &json!({ "text": LONG })).unwrap();
    window.wait_for_phase("thinking", SOON).unwrap();
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.wait_for_window(STRIP, SOON).unwrap();
    window.display.tap("Escape").unwrap();
    window.display.wait_until_gone(STRIP, SOON).unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    engines.into_iter().for_each(process::thaw);
    let before = window.newest_turn().unwrap();
    window
        .command("ask", &json!({ "text": "What can you do?" }))
        .unwrap();
    let turn = window.wait_for_turn_after(before, WHOLE).unwrap();
    assert_eq!(turn.end, "complete", "{turn:#?}");
}

/// Handy #811, #969, #1733: the strip is where another screen would be. Moved by hand, it stays there, after a restart
/// too; Handy #1049: and comes back when the screen has gone on which it stood.
#[test]
fn the_strip_is_on_a_screen() {
    let stage = Stage::shared().unwrap();
    let display = Display::new().unwrap();
    display.only_screen(Half::Right).unwrap();
    let start = || {
        let libretto = Command::new(program::binary("libretto").unwrap())
            .args(["--hidden", "settings"])
            .envs(stage.env().unwrap())
            .envs(display.env())
            .spawn()
            .unwrap();
        // It takes its keys before it shows a window. Over the settings the strip would not show.
        display.wait_for_focus("Libretto: settings", ANSWER).unwrap();
        display.tap("Escape").unwrap();
        display.wait_until_gone("Libretto: settings", SOON).unwrap();
        libretto
    };
    let end = |mut libretto: Child| {
        process::kill(libretto.id());
        libretto.wait().unwrap();
    };
    let shown = |place: (i32, i32), moved: Option<(i32, i32)>| {
        display.tap(TALK).unwrap();
        display.wait_for_window(STRIP, SOON).unwrap();
        // Where it stands when it has settled.
        sleep(NOTHING);
        display.wait_for_place(STRIP, place, SOON).unwrap();
        if let Some(to) = moved {
            let [x, y] = [to.0, to.1].map(|n| n.to_string());
            display
                .xdotool(["search", "--onlyvisible", "--name", STRIP, "windowmove", &x, &y])
                .unwrap();
            sleep(NOTHING);
            display.wait_for_place(STRIP, to, SOON).unwrap();
        }
        display.tap("Escape").unwrap();
        display.wait_until_gone(STRIP, SOON).unwrap();
    };
    let first = start();
    shown((640 + 110, 732), Some((700, 40)));
    end(first);
    let second = start();
    shown((700, 40), None);
    display.only_screen(Half::Left).unwrap();
    shown((110, 732), None);
    end(second);
}

/// openhuman #472, #528: what is transparent around the strip takes the clicks of what lies below.
#[test]
fn the_strip_is_no_larger_than_what_is_seen_of_it() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.tap(TALK).unwrap();
    window.display.wait_for_window(STRIP, SOON).unwrap();
    window.turn_to("overlay", SOON).unwrap();
    let all = window
        .run(
            "const box = document.querySelector('main').getBoundingClientRect(); \
             return [box.left, box.top, box.width - innerWidth, box.height - innerHeight].every((n) => n === 0)",
        )
        .unwrap();
    assert_eq!(all, true);
    window.display.wait_for_size(STRIP, (420, 72), SOON).unwrap();
}

/// `docs/complaints.md` names tests that exist.
#[test]
fn each_complaint_has_its_test() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let list = std::fs::read_to_string(house.join("docs/complaints.md")).unwrap();
    let rows: Vec<_> = list.lines().filter_map(|line| line.rsplit_once("| `")).collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    for (_, row) in rows {
        let (file, rest) = row.split_once("`: `").expect(row);
        let name = rest.strip_suffix("` |").expect(row);
        let source = std::fs::read_to_string(house.join(file)).expect(file);
        // In Rust, or in TypeScript.
        let ways = [format!("fn {name}()"), format!("it(\"{name}\"")];
        let there = ways.iter().any(|way| source.contains(way));
        assert!(there, "{file} has no test \"{name}\"");
    }
}
