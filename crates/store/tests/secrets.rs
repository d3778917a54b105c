//! Secrets with the system's real keychain: gnome-keyring on a private session bus, present, locked, and not there.
//!
//! Which keychain a process sees is decided by its environment, so each test runs its body in a child of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use libretto_store::secrets::{KNOWN, Keychain, Place};
use libretto_store::{Environment, Error, Places, Secret, Secrets, Subject};
use libretto_voice::Kind;

/// What the child finds.
#[derive(Clone, Copy, Debug)]
enum World {
    /// A keychain that is open.
    Open,
    /// A keychain that is locked, and nobody to unlock it.
    Locked,
    /// A session bus on which there is no keychain.
    NoService,
    /// No session bus at all.
    NoBus,
}

/// What both scripts need: whether the keychain is on the bus, and waiting for something, within bounds.
const WAITS: &str = "
    up() {
        dbus-send --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \\
            string:org.freedesktop.secrets | grep -q true
    }
    gone() { ! up; }
    made() { up && test -s \"$XDG_DATA_HOME/keyrings/login.keyring\"; }
    await() {
        for _ in $(seq 600); do
            \"$1\" && return
            sleep 0.05
        done
        echo \"the keychain is not $1\" >&2
        exit 1
    }";
/// Runs with `$1…` as the test, in a fresh home. `gnome-keyring-daemon --unlock` makes the login keyring with the
/// password that it reads; a second daemon that was not given it finds it locked.
const OPEN: &str =
    "printf pw | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
    daemon=$!; await made; \"$@\"; code=$?; kill $daemon; exit $code";
const LOCKED: &str =
    "printf pw | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
    daemon=$!; await made; kill $daemon; wait $daemon; await gone
    gnome-keyring-daemon --foreground --components=secrets </dev/null >/dev/null 2>&1 &
    daemon=$!; await up; \"$@\"; code=$?; kill $daemon; exit $code";
/// A bus that can start no service.
const BARE_BUS: &str = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"
    \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
    <busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
    <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>
    <allow own=\"*\"/></policy></busconfig>";

/// In the child, true. Otherwise runs the test by this name in a child that finds such a world, and false.
fn inside(world: World, test: &str) -> bool {
    if std::env::var_os("LIBRETTO_TEST_INSIDE").is_some() {
        return true;
    }
    let home = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let mut command = if let World::NoBus = world {
        Command::new(&this)
    } else {
        let mut command = Command::new("dbus-run-session");
        if let World::NoService = world {
            let config = home.path().join("bus.conf");
            fs::write(&config, BARE_BUS).unwrap();
            command.arg("--config-file").arg(config);
        }
        command.arg("--");
        match world {
            World::Open => drop(command.args(["sh", "-c", &[WAITS, OPEN].join("\n"), "sh"])),
            World::Locked => drop(command.args(["sh", "-c", &[WAITS, LOCKED].join("\n"), "sh"])),
            _ => {}
        }
        command.arg(&this);
        command
    };
    command.args(["--exact", test, "--nocapture"]);
    for name in [
        "HOME",
        "XDG_RUNTIME_DIR",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
    ] {
        command.env(name, home.path());
    }
    for name in [
        "DBUS_SESSION_BUS_ADDRESS",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "GNOME_KEYRING_CONTROL",
    ] {
        command.env_remove(name);
    }
    let output = command.env("LIBRETTO_TEST_INSIDE", "1").process_group(0).output().unwrap_or_else(|error| {
        panic!("the test needs dbus-run-session and gnome-keyring (apt-get install dbus gnome-keyring): {error}")
    });
    let told = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{world:?}: {}\n{told}", output.status);
    assert!(told.contains("1 passed"), "{told}");
    false
}

fn run<F: Future<Output = ()>>(body: F) {
    tokio::runtime::Runtime::new().unwrap().block_on(body);
}

fn environment(folder: &Path, variables: &[(&str, &str)]) -> Environment {
    let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Environment::of(variables, &[folder.join(".env")], Places::within(folder))
}

fn nothing() -> Environment {
    environment(Path::new(&std::env::var_os("HOME").unwrap()), &[])
}

const KEY: &str = "sk-planted-0123456789abcdef";

#[test]
fn keys_live_in_the_keychain() {
    if !inside(World::Open, "keys_live_in_the_keychain") {
        return;
    }
    run(async {
        let secrets = Secrets::open(&nothing());
        assert!(
            matches!(secrets.check().await, Keychain::Works { .. }),
            "{:?}",
            secrets.check().await
        );
        assert!(secrets.get("deepgram").await.unwrap().is_none());
        let stored = secrets.set("deepgram", &format!("  {KEY}\n")).await.unwrap();
        assert!(matches!(stored.place, Place::Keychain { .. }), "{stored:?}");
        assert_eq!(stored.notice, None);
        assert_eq!(secrets.get("deepgram").await.unwrap().unwrap().expose(), KEY);
        // Another run finds it, and knows where it is.
        let again = Secrets::open(&nothing());
        let found = again.find("deepgram").await.unwrap().unwrap();
        assert_eq!((found.secret.expose(), &found.place), (KEY, &stored.place));
        again.set("deepgram", "sk-second-0123456789").await.unwrap();
        again.set("my-own-server", "abc").await.unwrap();
        let list = secrets.list(&["my-own-server".to_owned()]).await;
        let listed: Vec<_> = list
            .iter()
            .map(|e| (e.provider.as_str(), e.masked.as_str()))
            .collect();
        assert_eq!(listed, [("deepgram", "…6789"), ("my-own-server", "…")]);
        assert_eq!(secrets.remove("deepgram").await.unwrap(), None);
        assert_eq!(secrets.remove("my-own-server").await.unwrap(), None);
        assert!(again.get("deepgram").await.unwrap().is_none());
        assert_eq!(
            secrets.remove("deepgram").await.unwrap(),
            None,
            "nothing to remove is no fault"
        );
        assert!(
            secrets.list(&[]).await.is_empty(),
            "the probe leaves nothing behind"
        );
    });
}

#[test]
fn the_keychain_counts_before_the_environment() {
    if !inside(World::Open, "the_keychain_counts_before_the_environment") {
        return;
    }
    run(async {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join(".env"),
            "ELEVENLABS_API_KEY=from-dotenv-0123456789\nbad line\n",
        )
        .unwrap();
        let environment = environment(
            folder.path(),
            &[
                ("ELEVEN_API_KEY", "from-process-0123456789"),
                ("OPENAI_API_KEY", "  "),
            ],
        );
        assert!(
            !format!("{environment:?} {:?}", environment.notices()).contains("0123"),
            "it shows a key"
        );
        let secrets = Secrets::open(&environment);
        secrets.set("elevenlabs", KEY).await.unwrap();
        let list = secrets.list(&[]).await;
        assert_eq!(list.len(), 1);
        assert!(matches!(list[0].place, Place::Keychain { .. }));
        assert!(
            matches!(
                &list[0].also[..],
                [Place::Environment { .. }, Place::DotEnv { .. }]
            ),
            "{list:?}"
        );
        let left = secrets.remove("elevenlabs").await.unwrap();
        assert_eq!(
            left,
            Some(Place::Environment {
                variable: "ELEVEN_API_KEY".into()
            })
        );
        assert_eq!(
            secrets.get("elevenlabs").await.unwrap().unwrap().expose(),
            "from-process-0123456789"
        );
        let error = secrets.remove("elevenlabs").await.unwrap_err();
        assert!(
            matches!(error, Error::NotOurs { .. }) && error.to_string().contains("ELEVEN_API_KEY"),
            "{error}"
        );
    });
}

#[test]
fn without_a_keychain_keys_last_for_the_run_and_that_is_said() {
    for world in [World::NoService, World::NoBus] {
        if !inside(world, "without_a_keychain_keys_last_for_the_run_and_that_is_said") {
            continue;
        }
        run(async {
            let begun = Instant::now();
            let secrets = Secrets::open(&environment(
                Path::new("/nonexistent"),
                &[("XAI_API_KEY", "xai-0123456789abcdef")],
            ));
            assert!(
                begun.elapsed() < Duration::from_secs(2),
                "opening waits: {:?}",
                begun.elapsed()
            );
            let state = secrets.check().await;
            assert!(
                matches!(&state, Keychain::Absent { sentence } if sentence.contains("no keychain")),
                "{state:?}"
            );
            assert!(secrets.get("deepgram").await.unwrap().is_none());
            assert_eq!(
                secrets.get("xai").await.unwrap().unwrap().expose(),
                "xai-0123456789abcdef"
            );
            let stored = secrets.set("deepgram", KEY).await.unwrap();
            assert_eq!(stored.place, Place::Memory);
            let notice = stored.notice.unwrap();
            assert_eq!(notice.subject, Subject::Secrets);
            assert!(
                notice.sentence.contains("gone when Libretto ends"),
                "{}",
                notice.sentence
            );
            assert!(!format!("{secrets:?} {state:?} {notice:?}").contains("planted"));
            assert_eq!(secrets.get("deepgram").await.unwrap().unwrap().expose(), KEY);
            assert_eq!(secrets.list(&[]).await[0].place, Place::Memory);
            // The truth: another run does not find it.
            assert!(Secrets::open(&nothing()).get("deepgram").await.unwrap().is_none());
            assert_eq!(secrets.remove("deepgram").await.unwrap(), None);
            assert!(secrets.get("deepgram").await.unwrap().is_none());
        });
    }
}

#[test]
fn a_locked_keychain_is_said_to_be_locked() {
    if !inside(World::Locked, "a_locked_keychain_is_said_to_be_locked") {
        return;
    }
    run(async {
        let environment = environment(
            Path::new("/nonexistent"),
            &[("OPENAI_API_KEY", "from-process-0123456789")],
        );
        let secrets = Secrets::open(&environment);
        let state = secrets.check().await;
        assert!(
            matches!(&state, Keychain::Locked { sentence } if sentence.contains("Unlock it")),
            "{state:?}"
        );
        // Nobody knows whether there is a key in it, and nobody waits for it again.
        let begun = Instant::now();
        assert_eq!(
            secrets.get("deepgram").await.unwrap_err().kind(),
            Kind::Unavailable
        );
        assert!(secrets.get("openai").await.unwrap().is_some());
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        let stored = secrets.set("deepgram", KEY).await.unwrap();
        assert_eq!(stored.place, Place::Memory);
        assert!(stored.notice.unwrap().sentence.contains("locked"));
        assert_eq!(secrets.get("deepgram").await.unwrap().unwrap().expose(), KEY);
    });
}

#[test]
fn a_keychain_that_is_unlocked_later_is_found_to_work() {
    if !inside(
        World::Locked,
        "a_keychain_that_is_unlocked_later_is_found_to_work",
    ) {
        return;
    }
    run(async {
        let secrets = Secrets::open(&nothing());
        assert!(matches!(secrets.check().await, Keychain::Locked { .. }));
        assert!(secrets.get("groq").await.is_err());
        let unlocked = async {
            // It is looked at meanwhile, and goes on being locked.
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert!(matches!(*secrets.state().borrow(), Keychain::Locked { .. }));
            let folder = std::env::var_os("XDG_RUNTIME_DIR").unwrap();
            libretto_testkit::keychain::unlock(&Path::new(&folder).join("keyring/control"), b"pw").unwrap();
        };
        let works = tokio::time::timeout(Duration::from_mins(1), secrets.works());
        let (works, ()) = tokio::join!(works, unlocked);
        works.expect("nobody noticed that it was unlocked");
        assert!(secrets.get("groq").await.unwrap().is_none());
        // Another program's key is told of, and read.
        let before = secrets.stamp();
        Secrets::open(&nothing()).set("groq", KEY).await.unwrap();
        assert_ne!(secrets.stamp(), before);
        assert_eq!(secrets.get("groq").await.unwrap().unwrap().expose(), KEY);
    });
}

#[test]
fn a_keychain_that_comes_later_takes_what_was_kept_in_memory() {
    if !inside(
        World::NoService,
        "a_keychain_that_comes_later_takes_what_was_kept_in_memory",
    ) {
        return;
    }
    run(async {
        let secrets = Secrets::open(&nothing());
        assert!(matches!(secrets.check().await, Keychain::Absent { .. }));
        assert_eq!(secrets.set("groq", KEY).await.unwrap().place, Place::Memory);
        let start = "printf pw | exec gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1";
        let mut daemon = Command::new("sh")
            .args(["-c", start])
            .process_group(0)
            .spawn()
            .unwrap();
        let mut state = secrets.check().await;
        for _ in 0..100 {
            if matches!(state, Keychain::Works { .. }) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            state = secrets.check().await;
        }
        assert!(matches!(state, Keychain::Works { .. }), "{state:?}");
        let place = secrets.find("groq").await.unwrap().unwrap().place;
        assert!(matches!(place, Place::Keychain { .. }), "{place:?}");
        assert_eq!(
            Secrets::open(&nothing())
                .get("groq")
                .await
                .unwrap()
                .unwrap()
                .expose(),
            KEY
        );
        // The daemon dies: what is in it cannot be had, and nothing waits for long. What stands in still counts.
        let group = format!("-{}", daemon.id());
        Command::new("kill").args(["--", &group]).status().unwrap();
        daemon.wait().unwrap();
        let begun = Instant::now();
        let lost = secrets.get("groq").await;
        assert!(!matches!(lost, Ok(Some(_))), "{lost:?}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn what_can_be_no_key_is_refused() {
    if !inside(World::NoBus, "what_can_be_no_key_is_refused") {
        return;
    }
    run(async {
        let secrets = Secrets::open(&nothing());
        for key in ["", "  \n", "two words", "line\nbreak", "\u{0}", &"k".repeat(5000)] {
            assert!(
                matches!(secrets.set("openai", key).await, Err(Error::NotASecret(_))),
                "{key:?}"
            );
        }
        for provider in ["", "Open AI", "../x", "ü", &"x".repeat(65)] {
            assert!(
                matches!(secrets.set(provider, KEY).await, Err(Error::NotAProvider(_))),
                "{provider:?}"
            );
            assert!(secrets.get(provider).await.is_err());
        }
    });
}

#[test]
fn every_variable_of_the_five_systems_is_read() {
    if !inside(World::NoBus, "every_variable_of_the_five_systems_is_read") {
        return;
    }
    run(async {
        for known in KNOWN {
            for variable in known.variables {
                let key = if variable.prefix == Some(("xai-", true)) {
                    "xai-0123456789ab"
                } else {
                    "0123456789abcdef"
                };
                let secrets = Secrets::open(&environment(Path::new("/nonexistent"), &[(variable.name, key)]));
                let found = secrets.find(known.provider).await.unwrap().unwrap();
                assert_eq!(found.secret.expose(), key);
                assert_eq!(
                    found.place,
                    Place::Environment {
                        variable: variable.name.into()
                    }
                );
            }
        }
        // One variable serves two providers, by the key's own beginning.
        let secrets = Secrets::open(&environment(
            Path::new("/nonexistent"),
            &[("GROK_API_KEY", "xai-0123456789ab")],
        ));
        assert!(secrets.get("openrouter").await.unwrap().is_none());
    });
}

#[test]
fn a_secret_does_not_show_itself() {
    let secret = Secret::new(KEY).unwrap();
    assert_eq!(
        format!("{secret} {secret:?} {:?}", Some(&secret)),
        "…cdef Secret(…cdef) Some(Secret(…cdef))"
    );
    assert_eq!(Secret::new("short").unwrap().masked(), "…");
}
