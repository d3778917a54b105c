//! A text spoken aloud: heard at the loudspeaker, with each word lit when it is heard.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::thread::sleep;
use std::time::Duration;

use libretto_testkit::{Program, wer};
use libretto_tests::{Stage, karaoke};

const TEXT: &str = "The quick brown fox jumps over the lazy dog. It was half past three on the 5th of March, and nobody \
    had paid $4.20 for it. Dr. Smith said: \"Wait, there's more!\" Then everything went quiet.";

#[test]
fn a_text_is_heard_as_written_and_lit_when_it_is_heard() {
    let stage = Stage::new().unwrap();
    let (reply, alignment) = stage.say(TEXT).unwrap();
    let starts: Vec<u64> = alignment
        .by_word(TEXT)
        .iter()
        .map(|mark| mark.audio.start)
        .collect();
    let ear = stage.card.hear().unwrap();
    sleep(Duration::from_millis(300));
    let program = Program::start(&mut stage.cli(["--json", "say", TEXT]).unwrap()).unwrap();
    let outcome = program.finish(Duration::from_mins(1)).unwrap();
    assert!(outcome.status.success(), "{}", outcome.stderr);
    sleep(Duration::from_millis(300));
    let sound = ear.sound().unwrap();
    let lit: Vec<_> = outcome
        .lines
        .iter()
        .filter(|line| line.json["event"] == "lit")
        .map(|line| (line.json["word"].as_str().unwrap().to_owned(), line.at))
        .collect();
    let shown: Vec<&str> = lit.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(shown.join(" "), TEXT, "every word was lit, once and in order");
    let comparison = karaoke::Comparison::of(&sound, &reply, &starts, &lit);
    println!("say: {comparison}");
    let (median, p95) = karaoke::spread(&comparison.errors).unwrap();
    assert!(
        comparison.lost.len() <= lit.len() / 10,
        "not heard where they were lit: {:?}",
        comparison.lost
    );
    assert!(median < 0.010 && p95 < 0.030, "{comparison}");
    let heard = stage.transcribe(&sound.audio).unwrap();
    let said = "The quick brown fox jumps over the lazy dog. It was half past three on the fifth of March, and nobody had \
        paid four dollars and twenty cents for it. Doctor Smith said: Wait, there's more! Then everything went quiet.";
    println!("heard: {heard}");
    assert!(wer::wer(said, &heard) < 0.15, "{heard}");
}
