//! Bad input and faults: each gives a sentence that says what happened and what to do, and nothing that was said or
//! heard is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;
use std::process::Output;
use std::thread::sleep;
use std::time::{Duration, Instant};

use libretto_testkit::keychain::Keyring;
use libretto_testkit::{Device, SoundCard, home, program, recordings, wer};
use libretto_tests::stage::path;
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Stage, Talk, hearing, process};

const LIMIT: Duration = Duration::from_mins(2);
/// An answer that needs no model.
const EASY: &str = "What can you do?";

/// The command failed as it should: not by a crash, and with a sentence.
fn refused(output: &Output) -> String {
    let told = String::from_utf8(output.stderr.clone()).expect("what is told is UTF-8");
    let code = output.status.code().expect("it ended by itself");
    assert!((1..=100).contains(&code), "{code}: {told}");
    assert!(!told.contains("panicked"), "{told}");
    let sentence = told.trim().lines().last().expect("something is told").to_owned();
    assert!(sentence.ends_with('.') && sentence.contains(' '), "{told:?}");
    println!("{sentence}");
    sentence
}

#[test]
fn what_is_no_sound_is_not_transcribed() {
    let stage = Stage::shared().unwrap();
    let folder = stage.home.path();
    let truncated = fs::read(recordings::named("go-forward").unwrap().path).unwrap()[..40].to_vec();
    let files: [(&str, Vec<u8>); 4] = [
        (
            "a.wav",
            b"This is no sound at all, but a text that says so.\n".to_vec(),
        ),
        ("b.mp3", vec![0xff; 5_000]),
        ("c.ogg", Vec::new()),
        ("d.wav", truncated),
    ];
    for (name, bytes) in files {
        let file = folder.join(name);
        fs::write(&file, bytes).unwrap();
        refused(&stage.run(["transcribe", path(&file).unwrap()]).unwrap());
    }
    refused(&stage.run(["transcribe", "there-is-no-such-file.wav"]).unwrap());
}

#[test]
fn what_is_no_text_is_not_spoken() {
    let stage = Stage::shared().unwrap();
    let sound = stage.home.path().join("a.wav");
    let sound = path(&sound).unwrap();
    refused(&stage.run(["say", "--out", sound, "  "]).unwrap());
    let mut command = stage.cli(["say", "--out", sound, "-"]).unwrap();
    refused(&program::run(&mut command, b"It is \xff\xfe broken.", LIMIT).unwrap());
    let mut command = stage.cli(["say", "--out", sound, "-"]).unwrap();
    let endless = "And so on. ".repeat(500_000);
    refused(&program::run(&mut command, endless.as_bytes(), LIMIT).unwrap());
}

#[test]
fn what_is_too_long_to_be_asked_is_refused() {
    let stage = Stage::shared().unwrap();
    let long = "And so on. ".repeat(6_000);
    for start in [&["ask"][..], &["ask", "--quiet"]] {
        let arguments = [start, &[long.as_str()]].concat();
        assert!(refused(&stage.run(arguments).unwrap()).contains("64 KB"));
        let mut command = stage.cli([start, &["-"]].concat()).unwrap();
        assert!(refused(&program::run(&mut command, long.as_bytes(), LIMIT).unwrap()).contains("64 KB"));
    }
}

#[test]
fn a_full_disk_is_told() {
    let stage = Stage::shared().unwrap();
    refused(
        &stage
            .run(["say", "--out", "/dev/full", "There is no room for this."])
            .unwrap(),
    );
}

#[test]
fn an_hour_of_text_begins_at_once_and_can_be_ended() {
    let stage = Stage::new().unwrap();
    let ear = stage.card.hear().unwrap();
    let hour = "This goes on and on, sentence after sentence, and never says anything new.\n".repeat(900);
    let mut talk = program::Program::start(&mut stage.cli(["--json", "say", &hour]).unwrap()).unwrap();
    talk.wait_for("the first word", Duration::from_secs(20), |event| {
        event["event"] == "lit"
    })
    .unwrap();
    assert!(ear.wait_for_sound(hearing::SOUND, Duration::from_secs(5)));
    assert!(process::memory(talk.id()).unwrap() < 700_000_000);
}

#[test]
fn a_keychain_that_cannot_be_used_is_told() {
    for keyring in [Keyring::Absent, Keyring::Locked] {
        let stage = Stage::with(SoundCard::shared().unwrap(), keyring).unwrap();
        let mut command = stage.cli(["keys", "set", "openai"]).unwrap();
        let output = program::run(&mut command, b"sk-planted-0123456789\n", LIMIT).unwrap();
        let told = refused(&output);
        assert!(!told.contains("planted"), "the key itself is never told: {told}");
        for entry in walk(stage.home.path()) {
            let bytes = fs::read(&entry).unwrap_or_default();
            assert!(
                !bytes.windows(7).any(|w| w == b"planted"),
                "the key is in {}",
                entry.display()
            );
        }
    }
}

#[test]
fn a_key_is_kept_in_the_keychain_alone() {
    let stage = Stage::with(SoundCard::shared().unwrap(), Keyring::Unlocked).unwrap();
    let mut command = stage.cli(["keys", "set", "openai"]).unwrap();
    let output = program::run(&mut command, b"sk-planted-0123456789\n", LIMIT).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let list = stage.run(["keys", "list"]).unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(
        list.contains("keychain") && !list.contains("planted-0123456789"),
        "{list}"
    );
    for entry in walk(stage.home.path()) {
        let bytes = fs::read(&entry).unwrap_or_default();
        assert!(
            !bytes.windows(7).any(|w| w == b"planted"),
            "the key is in {}",
            entry.display()
        );
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

/// The files that a command left, so that each can be broken in turn.
fn broken(stage: &Stage, ending: &str, rubbish: &[u8]) -> Vec<std::path::PathBuf> {
    let files: Vec<_> = walk(stage.home.path())
        .into_iter()
        .filter(|file| file.to_string_lossy().ends_with(ending))
        .collect();
    for file in &files {
        fs::write(file, rubbish).unwrap();
    }
    files
}

#[test]
fn broken_settings_stop_nothing_and_are_kept() {
    let stage = Stage::shared().unwrap();
    let folder = stage.home.path().join(".config/libretto");
    fs::create_dir_all(&folder).unwrap();
    let rubbish = b"volume = = nonsense\n[unclosed";
    fs::write(folder.join("settings.toml"), rubbish).unwrap();
    let output = stage
        .run([
            "say",
            "--out",
            path(&stage.home.path().join("a.wav")).unwrap(),
            "Still here.",
        ])
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("settings"), "{told}");
    let kept = walk(stage.home.path())
        .into_iter()
        .any(|file| fs::read(file).is_ok_and(|bytes| bytes == rubbish));
    assert!(kept, "what the user wrote is not thrown away");
}

#[test]
fn a_broken_history_stops_nothing_and_is_kept() {
    let stage = Stage::shared().unwrap();
    let first = stage.run(["ask", EASY]).unwrap();
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    let rubbish = b"This was a history once.".repeat(400);
    assert!(!broken(&stage, ".sqlite3", &rubbish).is_empty());
    // From its write-ahead log alone SQLite would mend it.
    for log in walk(stage.home.path()) {
        let name = log.to_string_lossy();
        if name.ends_with("-wal") || name.ends_with("-shm") {
            fs::remove_file(&log).unwrap();
        }
    }
    let output = stage.run(["ask", EASY]).unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("history"), "{told}");
    let kept = walk(stage.home.path())
        .into_iter()
        .any(|file| fs::read(file).is_ok_and(|bytes| bytes == rubbish));
    assert!(kept, "what was said before is not thrown away");
}

/// The models, linked into a folder of their own, so that one can be broken.
fn models(stage: &Stage) -> std::path::PathBuf {
    let folder = stage.home.path().join("models");
    for model in fs::read_dir(home::models().unwrap()).unwrap().map(Result::unwrap) {
        if model.file_type().unwrap().is_dir() {
            let own = folder.join(model.file_name());
            fs::create_dir_all(&own).unwrap();
            for file in fs::read_dir(model.path()).unwrap().map(Result::unwrap) {
                if file.file_type().unwrap().is_file() {
                    std::os::unix::fs::symlink(file.path(), own.join(file.file_name())).unwrap();
                }
            }
        }
    }
    folder
}

#[test]
fn a_model_that_is_missing_or_corrupt_is_told() {
    for corrupt in [false, true] {
        let stage = Stage::shared().unwrap();
        let folder = models(&stage);
        let voice = walk(&folder)
            .into_iter()
            .find(|file| file.ends_with("hibari.onnx"))
            .unwrap();
        fs::remove_file(&voice).unwrap();
        if corrupt {
            fs::write(&voice, vec![7; 7_936_868]).unwrap();
        }
        let sound = stage.home.path().join("a.wav");
        let mut command = stage
            .cli(["say", "--out", path(&sound).unwrap(), "Hello."])
            .unwrap();
        command.env("LIBRETTO_MODELS", &folder);
        let told = refused(&program::run(&mut command, b"", LIMIT).unwrap());
        assert!(told.contains("model"), "{told}");
    }
}

/// A machine without a sound system: the virtual card's server is not told to the program.
#[test]
fn without_sound_devices_one_can_still_type_and_read() {
    let stage = Stage::shared().unwrap();
    let mut command = stage.cli(["--json", "listen"]).unwrap();
    command
        .env("PULSE_SERVER", "unix:/nonexistent")
        .env("XDG_RUNTIME_DIR", stage.home.path());
    let mut talk = Talk::of(&mut command).unwrap();
    talk.send("key_down").unwrap();
    println!("{}", talk.wait_for_problem("microphone", ANSWER).unwrap());
    talk.ask(EASY).unwrap();
    println!("{}", talk.wait_for_problem("loudspeaker", ANSWER).unwrap());
    let turn = talk.wait_for_turn(WHOLE).unwrap();
    assert!(turn.reply.contains("Ask me anything"), "{turn:#?}");
    talk.quit().unwrap();
}

#[test]
fn a_microphone_that_gives_zeros_is_told() {
    let stage = Stage::shared().unwrap();
    stage.card.mute(true).unwrap();
    let mut talk = Talk::start(&stage, false).unwrap();
    talk.send("key_down").unwrap();
    println!("{}", talk.wait_for_problem("microphone", ANSWER).unwrap());
    talk.send("cancel").unwrap();
    talk.quit().unwrap();
}

#[test]
fn a_microphone_unplugged_in_mid_word_loses_nothing_that_was_said() {
    let stage = Stage::new().unwrap();
    let mut talk = Talk::start(&stage, false).unwrap();
    let recording = recordings::named("librivox-0920").unwrap();
    talk.key_down().unwrap();
    let speech = stage.card.speak(&recording.audio().unwrap()).unwrap();
    sleep(Duration::from_secs(4));
    stage.card.unplug(Device::Microphone).unwrap();
    drop(speech);
    sleep(Duration::from_millis(500));
    talk.send("key_up").unwrap();
    let turn = talk.wait_for_turn(WHOLE).unwrap();
    let (said, heard) = (wer::words(&recording.text), wer::words(&turn.said));
    println!("said before the plug was pulled: {:?}", turn.said);
    assert!(heard.len() >= 6 && said.starts_with(&heard[..4]), "{turn:#?}");
    stage.card.plug(Device::Microphone).unwrap();
    let recording = recordings::named("go-forward").unwrap();
    // One that comes back is looked for every other second.
    let deadline = Instant::now() + ANSWER;
    loop {
        talk.key_down().unwrap();
        stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
        talk.send("key_up").unwrap();
        talk.wait_for_phase("idle", WHOLE).unwrap();
        let mut seen = talk.program().seen().iter().rev();
        let last = seen.find(|line| line.json["event"] == "said").unwrap();
        println!("said last: {}", last.json["text"]);
        if wer::wer(&recording.text, last.json["text"].as_str().unwrap()) < 0.3 {
            break;
        }
        assert!(Instant::now() < deadline, "it does not hear again");
    }
    talk.quit().unwrap();
}

#[test]
fn an_engine_killed_in_mid_reply_is_started_again() {
    let stage = Stage::shared().unwrap();
    let mut talk = Talk::start(&stage, false).unwrap();
    talk.ask("Tell me in a few sentences what a library is and why people like it.")
        .unwrap();
    talk.wait_for_words(2, ANSWER).unwrap();
    let id = talk.program().id();
    let engines = process::named(id, "libretto-engine").unwrap();
    assert!(!engines.is_empty(), "no engine is running");
    for engine in engines {
        process::kill(engine);
    }
    talk.wait_for_turn(WHOLE).unwrap();
    talk.ask(EASY).unwrap();
    let turn = talk.wait_for_turn(WHOLE).unwrap();
    assert_eq!(turn.end, "complete", "{turn:#?}");
    talk.quit().unwrap();
}
