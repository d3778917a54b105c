//! Whoever ends Libretto in the middle of a reply finds it in the history, as far as it was heard.

use std::time::{Duration, Instant};

use libretto_testkit::program;
use libretto_tests::talk::WHOLE;
use libretto_tests::{Stage, Window, process};
use serde_json::json;

use super::{LONG, SOON, opened};

/// Ends it while it speaks, and looks what was kept.
fn left(by: &str, leave: impl FnOnce(&Stage, &Window)) {
    let stage = Stage::new().unwrap();
    let _ear = stage.card.hear().unwrap();
    let window = opened(&stage);
    window.command("ask", &json!({ "text": LONG })).unwrap();
    let turn = window.wait_for_words(5, WHOLE).unwrap();
    assert!(turn.end.is_empty(), "{by}: it speaks still: {turn:#?}");
    leave(&stage, &window);
    let deadline = Instant::now() + SOON;
    while !process::named(window.id(), "libretto").unwrap().is_empty() {
        assert!(Instant::now() < deadline, "{by}: it does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    let kept = stage.json(["history", "show", "last"]).unwrap();
    let exchanges = kept["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), 1, "{by}: {kept}");
    let exchange = &exchanges[0];
    assert_eq!(
        (&exchange["user"], &exchange["cut"]),
        (&json!(LONG), &json!(true)),
        "{by}"
    );
    let reply = exchange["reply"].as_str().unwrap();
    let heard = usize::try_from(exchange["heard"].as_u64().unwrap()).unwrap();
    let heard: String = reply.chars().take(heard).collect();
    println!("{by}: {heard:?} of {reply:?}");
    assert!(
        heard.split_whitespace().count() >= 4,
        "{by}: five words were lit: {exchange}"
    );
    assert!(
        heard.len() < reply.len(),
        "{by}: it was not heard to its end: {exchange}"
    );
}

#[test]
fn a_reply_that_is_cut_by_quitting_is_kept_as_it_was_heard() {
    left("quit", |stage, window| {
        let mut quit = std::process::Command::new(program::binary("libretto").unwrap());
        quit.arg("quit")
            .envs(stage.env().unwrap())
            .envs(window.display.env());
        let output = program::run(&mut quit, b"", SOON).unwrap();
        assert!(output.status.success(), "{output:?}");
    });
}

/// A desktop that ends its session sends it.
#[test]
fn a_reply_that_is_cut_by_logging_out_is_kept_as_it_was_heard() {
    left("SIGTERM", |_, window| {
        process::terminate(window.program().unwrap());
    });
}
