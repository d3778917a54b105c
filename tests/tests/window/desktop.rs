//! What stands around the window: the strip, the tray, a second start, keys that others own, starting at login.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use libretto_testkit::{Tray, program};
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Stage, Window, process};
use serde_json::json;

use super::{SOON, TALK, opened};

const STRIP: &str = "Libretto: at work";
const QUICK: &str = "Libretto: quick ask";

#[test]
fn the_strip_shows_only_where_nothing_else_of_ours_does() {
    let stage = Stage::shared().unwrap();
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
    display.wait_for_focus(QUICK, SOON).unwrap();
    // In the middle.
    display.wait_for_place(QUICK, (320, 320), SOON).unwrap();
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
        // Where it was.
        display.wait_for_place(STRIP, (430, 732), SOON).unwrap();
        display.release(TALK).unwrap();
        display.tap("Escape").unwrap();
        display.wait_until_gone(STRIP, SOON).unwrap();
    }
}

#[test]
fn the_tray_opens_quick_ask_and_pauses() {
    let stage = Stage::shared().unwrap();
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
    display.wait_for_focus(QUICK, SOON).unwrap();
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
    // GTK takes the mark off what is clicked a second time: it is the chosen one all the same.
    for _ in 0..2 {
        tray.click("Desk microphone").unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let deadline = Instant::now() + SOON;
        while !tray.marked().unwrap().contains(&"Desk microphone".to_owned()) {
            assert!(
                Instant::now() < deadline,
                "{:?} of {:?}",
                tray.marked(),
                tray.menu()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    tray.click("Talk").unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
}

#[test]
fn a_second_start_hands_its_wish_over() {
    let stage = Stage::shared().unwrap();
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
    // The same from the terminal's program, which a desktop's shortcut may rather know.
    for (wish, phase) in [("toggle", "listening"), ("cancel", "idle")] {
        let mut command = stage.cli([wish]).unwrap();
        command.envs(window.display.env());
        let output = program::run(&mut command, b"", SOON).unwrap();
        assert!(output.status.success(), "{wish}: {output:?}");
        window.wait_for_phase(phase, SOON).unwrap();
    }
    for paused in [true, false] {
        second(&["pause"]);
        window
            .wait_until("the pause", SOON, |snapshot| {
                snapshot["shell"]["paused"] == paused
            })
            .unwrap();
    }
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
fn a_key_that_another_program_owns_is_refused_with_a_sentence() {
    let (stage, other) = (Stage::shared().unwrap(), Stage::shared().unwrap());
    let window = opened(&stage);
    let attempt = |keys: &str| window.command("hotkeys_set", &json!({ "action": "quick_ask", "keys": keys }));
    // It can be had, and is given back.
    attempt("F9").unwrap();
    attempt("Ctrl+Shift+K").unwrap();
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
    window
        .display
        .wait_for_window("Libretto: settings", ANSWER)
        .unwrap();
    // It takes its keys a moment later.
    let deadline = Instant::now() + SOON;
    let refused = loop {
        match attempt("F9") {
            Err(refused) => break refused.to_string(),
            Ok(_) => assert!(Instant::now() < deadline, "nobody owns it"),
        }
    };
    assert!(refused.contains("Another app is using F9"), "{refused}");
    // The settings name it all the same, as at a start: the window says so, until the key is free.
    let output = stage.run(["settings", "set", "hotkeys.talk", "F9"]).unwrap();
    assert!(output.status.success(), "{output:?}");
    window
        .wait_for_text("F9 isn’t available right now", SOON)
        .unwrap();
    process::kill(owner.id());
    owner.wait().unwrap();
    window
        .wait_for(
            "the end of the notice",
            SOON,
            "return !document.body.innerText.includes('available right now')",
        )
        .unwrap();
    window.display.press("F9").unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    window.display.release("F9").unwrap();
    window.display.tap("Escape").unwrap();
    window.wait_for_phase("idle", SOON).unwrap();
    let wrong = attempt("Ctrl+Nonsense").unwrap_err().to_string();
    assert!(wrong.contains("bad_input"), "{wrong}");
    let set = json!({ "action": "talk", "keys": "F8" });
    window.command("hotkeys_set", &set).unwrap();
    window
        .wait_until("the new key", SOON, |snapshot| {
            let talk = &snapshot["shell"]["hotkeys"][0];
            talk["action"] == "talk" && talk["keys"] == "F8" && talk["problem"].is_null()
        })
        .unwrap();
    window.display.tap("F8").unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
}

#[test]
fn starting_at_login_is_a_file_that_comes_and_goes() {
    let stage = Stage::shared().unwrap();
    let window = Window::start(&stage).unwrap();
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    window.turn_to("settings", SOON).unwrap();
    window.press("Appearance").unwrap();
    let folder = stage.home.path().join(".config/autostart");
    let entries = || -> Vec<_> {
        let entries = fs::read_dir(&folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let wait_for = |count: usize| {
        let deadline = Instant::now() + SOON;
        while entries().len() != count {
            assert!(Instant::now() < deadline, "{:?}", entries());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for(0);
    window.switch("Start at login").unwrap();
    wait_for(1);
    let entry = fs::read_to_string(&entries()[0]).unwrap();
    println!("{entry}");
    let program = program::binary("libretto").unwrap();
    let started = entry.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap();
    assert!(started.contains(program.to_str().unwrap()), "{entry}");
    assert!(started.trim_end().ends_with("--hidden"), "{entry}");
    window.switch("Start at login").unwrap();
    wait_for(0);
}

#[test]
fn a_start_at_login_that_cannot_be_is_told_and_not_set() {
    let stage = Stage::shared().unwrap();
    // Where the folder should be, something else is.
    let config = stage.home.path().join(".config");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("autostart"), "").unwrap();
    let window = Window::start(&stage).unwrap();
    window
        .command("window_open", &json!({ "window": "settings" }))
        .unwrap();
    window.turn_to("settings", SOON).unwrap();
    window.press("Appearance").unwrap();
    window.switch("Start at login").unwrap();
    window
        .wait_for_text("Libretto cannot be started at login", SOON)
        .unwrap();
    let settings = window.command("settings_get", &json!({})).unwrap();
    assert_eq!(settings["values"]["appearance"]["start_at_login"], false);
    let off = "return !document.evaluate(\"//input[@id=//label[normalize-space(.)='Start at login']/@for]\", \
               document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue.checked";
    window.wait_for("the switch to be back", SOON, off).unwrap();
}

#[test]
fn the_strip_obeys_its_switch_at_once() {
    let stage = Stage::shared().unwrap();
    let window = Window::start(&stage).unwrap();
    window.skip_first_steps().unwrap();
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.wait_until_gone("Libretto", SOON).unwrap();
    window.display.press(TALK).unwrap();
    window.display.wait_for_window(STRIP, SOON).unwrap();
    for on in [false, true] {
        window
            .command(
                "settings_set",
                &json!({ "key": "appearance.overlay", "value": on }),
            )
            .unwrap();
        if on {
            window.display.wait_for_window(STRIP, SOON).unwrap();
        } else {
            window.display.wait_until_gone(STRIP, SOON).unwrap();
        }
    }
    window.wait_for_phase("listening", Duration::ZERO).unwrap();
    window.display.release(TALK).unwrap();
}

/// What of this page is cut off: names of elements that reach out of it, or hold more than they show.
const CUT: &str = "return [...document.querySelectorAll('main, main *')].filter((element) => { \
                   const box = element.getBoundingClientRect(); const style = getComputedStyle(element); \
                   if (!box.width || element.closest('.only-read')) return false; \
                   const out = box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1; \
                   const more = ['hidden', 'clip'].includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1; \
                   return out || more; }).map((element) => element.tagName + '.' + element.className)";

#[test]
fn large_text_has_room_in_the_small_windows() {
    let stage = Stage::shared().unwrap();
    let window = Window::start(&stage).unwrap();
    window.skip_first_steps().unwrap();
    let display = &window.display;
    let folder = program::binary("libretto").unwrap();
    let folder = folder.parent().unwrap().join("../pictures");
    fs::create_dir_all(&folder).unwrap();
    let sized = |title: &str, (width, height): (f64, f64)| {
        let size = (width.round() as i32, height.round() as i32);
        display.wait_for_size(title, size, SOON).unwrap();
    };
    let uncut = || {
        let nothing = format!("return (() => {{ {CUT} }})().length === 0");
        window.wait_for("nothing to be cut off", SOON, &nothing).unwrap();
    };
    // Made before the text is larger, and after; at last as at first.
    for text in [1.0, 2.0, 1.5, 1.0] {
        window.turn_to("main", SOON).unwrap();
        window
            .command(
                "settings_set",
                &json!({ "key": "appearance.text_size", "value": text }),
            )
            .unwrap();
        window
            .command("window_open", &json!({ "window": "quick-ask" }))
            .unwrap();
        display.wait_for_focus(QUICK, SOON).unwrap();
        window.turn_to("quick-ask", SOON).unwrap();
        sized(QUICK, (640.0 * text, 260.0 * text));
        uncut();
        window
            .picture(QUICK, &folder.join(format!("quick-ask-{}.png", text * 100.0)))
            .unwrap();
        window.turn_to("main", SOON).unwrap();
        for label in ["quick-ask", "main"] {
            window
                .command("window_hide", &json!({ "window": label }))
                .unwrap();
        }
        display.wait_until_gone("Libretto", SOON).unwrap();
        display.press(TALK).unwrap();
        display.wait_for_window(STRIP, SOON).unwrap();
        window.turn_to("overlay", SOON).unwrap();
        window.wait_for_text("Listening", SOON).unwrap();
        sized(STRIP, (420.0 * text, 72.0 * text));
        uncut();
        window
            .picture(STRIP, &folder.join(format!("overlay-{}.png", text * 100.0)))
            .unwrap();
        display.release(TALK).unwrap();
        display.tap("Escape").unwrap();
        display.wait_until_gone(STRIP, SOON).unwrap();
    }
}

#[test]
fn a_window_is_not_seen_before_its_page_is_drawn() {
    let stage = Stage::new().unwrap();
    let window = Window::start(&stage).unwrap();
    window.skip_first_steps().unwrap();
    let theme = json!({ "key": "appearance.theme", "value": "dark" });
    window.command("settings_set", &theme).unwrap();
    for (label, title) in [
        ("settings", "Libretto: settings"),
        ("quick-ask", "Libretto: quick ask"),
    ] {
        let asked = Instant::now();
        window
            .command("window_open", &json!({ "window": label }))
            .unwrap();
        window.display.wait_for_window(title, SOON).unwrap();
        let seen = asked.elapsed();
        let file = stage.home.path().join(format!("{label}.png"));
        // An empty ground has one colour, or a few at its edge.
        let drawn = loop {
            // A picture takes a moment itself, on a busy machine more than one.
            let looked = asked.elapsed();
            window.display.picture_of(title, &file).unwrap();
            if colours(&file) > 20 {
                break looked;
            }
            assert!(asked.elapsed() < SOON, "{label} stays empty");
        };
        if label == "quick-ask" {
            // It was laid out before it had its width: the empty field has one line all the same.
            window.turn_to(label, SOON).unwrap();
            window
                .wait_for(
                    "a field of one line",
                    SOON,
                    "return document.querySelector('textarea').offsetHeight < 60",
                )
                .unwrap();
            window.turn_to("main", SOON).unwrap();
        }
        println!("{label}: seen after {seen:?}, drawn after {drawn:?}");
        assert!(
            drawn.saturating_sub(seen) < Duration::from_secs(1),
            "{label} was empty from {seen:?} to {drawn:?}"
        );
    }
}

fn colours(picture: &Path) -> u32 {
    let mut identify = Command::new("identify");
    identify.args(["-format", "%k"]).arg(picture);
    let output = program::run(&mut identify, b"", SOON).unwrap();
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
}
