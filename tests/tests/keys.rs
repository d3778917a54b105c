//! Keys show nowhere, whatever is asked of the command line, and even where a service says them back. What a
//! conversation writes, `cloud.rs` searches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests"
)]

use std::time::Duration;

use libretto_testkit::fakes::{Fault, Script};
use libretto_testkit::keychain::Keyring;
use libretto_testkit::{SoundCard, program, recordings};
use libretto_tests::cloud::KEYS;
use libretto_tests::stage::path;
use libretto_tests::{Cloud, Stage, leaks};
use serde_json::json;

const LIMIT: Duration = Duration::from_mins(2);
/// In the keychain.
const KEPT: &str = "sk-planted-kept-8675309abcdef";
/// In the environment, and wrong.
const WRONG: &str = "planted-wrong-key-24681012141618";

struct Scene {
    stage: Stage,
    cloud: Cloud,
    recording: String,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::with(SoundCard::bare().unwrap(), Keyring::Unlocked).unwrap();
        let cloud = Cloud::start().unwrap();
        let settings = cloud.settings(&["deepgram"], &["openai"], &["elevenlabs"]);
        stage.set(&settings).unwrap();
        let recording = recordings::named("go-forward").unwrap();
        Self {
            stage,
            cloud,
            recording: path(&recording.path).unwrap().to_owned(),
        }
    }

    /// Runs a command with this key everywhere in its environment, with all of its log; gives all that it wrote.
    fn run(&self, key: Option<&str>, arguments: &[&str], input: &str) -> String {
        let mut command = self.stage.cli(arguments.iter().copied()).unwrap();
        command.env("RUST_LOG", "trace,pulseaudio=off");
        for (variable, own) in KEYS {
            command.env(variable, key.unwrap_or(own));
        }
        let output = program::run(&mut command, input.as_bytes(), LIMIT).unwrap();
        let mut wrote = String::from_utf8_lossy(&output.stdout).into_owned();
        wrote.push_str(&String::from_utf8_lossy(&output.stderr));
        wrote
    }
}

/// A refusal that says the key back, as some services do in their own words and some proxies in a dump of the request.
fn echo(script: &Script) {
    let said = format!("Incorrect API key provided: {WRONG}. (authorization: Bearer {WRONG})");
    script.fail(Fault::Refusal {
        status: 401,
        headers: vec![("x-request-id", "req_fake_1".into())],
        body: json!({
            "error": {"message": said, "type": "invalid_request_error", "code": "invalid_api_key"},
            "detail": {"status": "invalid_api_key", "message": said},
            "err_code": "INVALID_AUTH", "err_msg": said,
        })
        .to_string(),
    });
}

#[test]
fn no_command_tells_a_key() {
    let scene = Scene::new();
    let kept = scene.run(None, &["keys", "set", "groq"], &format!("{KEPT}\n"));
    assert!(kept.contains("keychain"), "{kept}");
    let mut keys: Vec<&str> = KEYS.iter().map(|(_, key)| *key).collect();
    keys.push(KEPT);
    let sound = scene.stage.home.path().join("said.wav");
    let sound = path(&sound).unwrap();
    let commands: &[&[&str]] = &[
        &["keys", "list"],
        &["--json", "keys", "list"],
        &["doctor"],
        &["--json", "doctor"],
        &["settings", "get", "providers"],
        &["--json", "settings", "get", "voice.providers"],
        &["-vv", "say", "--out", sound, "Hello there."],
        &["ask", "--quiet", "Does it rain in Oslo?"],
        &["--json", "ask", "--quiet", "Does it rain in Oslo?"],
        &["transcribe", &scene.recording],
        &["--json", "history", "list"],
        &["history", "export", "last", "--format", "json"],
        &["models", "list"],
        &["keys", "remove", "groq"],
        &["keys", "set", "nobody"],
    ];
    let mut all = String::new();
    for arguments in commands {
        let wrote = scene.run(None, arguments, KEPT);
        leaks::in_text(&arguments.join(" "), &wrote, &keys).unwrap();
        all.push_str(&wrote);
    }
    assert!(all.len() > 10_000, "there is a log to search");
    assert!(all.contains("It rains "), "the model answered");
    assert!(leaks::in_files(scene.stage.home.path(), &keys).unwrap() > 1);
}

#[test]
fn a_key_that_the_service_says_back_is_not_passed_on() {
    let scene = Scene::new();
    let sound = scene.stage.home.path().join("said.wav");
    let sound = path(&sound).unwrap();
    let cloud = &scene.cloud;
    let commands: [(&Script, &[&str]); 4] = [
        (&cloud.elevenlabs.script, &["say", "--out", sound, "Hello there."]),
        (
            &cloud.openai.script,
            &["--json", "ask", "--quiet", "Does it rain in Oslo?"],
        ),
        (&cloud.deepgram.script, &["transcribe", &scene.recording]),
        (
            &cloud.deepgram.script,
            &["--json", "transcribe", &scene.recording],
        ),
    ];
    for (script, arguments) in commands {
        // Opening a connection ahead is a call, too.
        echo(script);
        echo(script);
        let wrote = scene.run(Some(WRONG), arguments, "");
        assert!(
            wrote.contains("refused the key"),
            "{}: {wrote:.3000}",
            arguments.join(" ")
        );
        leaks::in_text(&arguments.join(" "), &wrote, &[WRONG]).unwrap();
    }
    assert!(leaks::in_files(scene.stage.home.path(), &[WRONG]).unwrap() > 0);
}
