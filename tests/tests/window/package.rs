//! The package: what is in it, and that the program in it answers somebody who speaks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libretto_testkit::{program, recordings, wer};
use libretto_tests::talk::WHOLE;
use libretto_tests::{Hearing, Stage, Window};

use super::{SOON, TALK};

/// Compressing hundreds of megabytes of a debug build takes its time.
const BUNDLING: Duration = Duration::from_mins(9);

/// What must be in both packages. Shells look for completions in other places elsewhere.
const FILES: [&str; 13] = [
    "usr/bin/libretto",
    "usr/bin/libretto-cli",
    "usr/bin/libretto-engine",
    "usr/share/applications/Libretto.desktop",
    "usr/share/icons/hicolor/32x32/apps/libretto.png",
    "usr/share/icons/hicolor/128x128/apps/libretto.png",
    "usr/share/man/man1/libretto.1.gz",
    "usr/share/man/man1/libretto-cli.1.gz",
    "usr/share/bash-completion/completions/libretto-cli",
    "usr/share/fish/vendor_completions.d/libretto-cli.fish",
    "usr/share/doc/libretto/copyright",
    "usr/share/doc/libretto/LICENSE-APACHE",
    "usr/share/doc/libretto/LICENSE-MIT",
];
/// Where the models lie that come with the package.
const MODELS: &str = "usr/lib/libretto/models";
const DEBIAN: &str = "usr/share/zsh/vendor-completions/_libretto-cli";
const FEDORA: &str = "usr/share/zsh/site-functions/_libretto-cli";

fn told(command: &mut Command) -> String {
    let output = program::run(command, b"", BUNDLING).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Packages the programs as they were built for the tests.
fn package(kind: &str, options: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap();
    let folder = root.join("target/package/debug/bundle").join(kind);
    let _ = fs::remove_dir_all(&folder);
    told(
        Command::new(root.join("dev"))
            .args(["package", "--debug"])
            .args(options)
            .arg(kind)
            .current_dir(&root),
    );
    let packages = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut packages = packages.filter(|path| path.extension().is_some_and(|ending| ending == kind));
    packages.next().expect("no package was built")
}

/// Two at once would write into the same folder, and compress on the same processors.
static ONE: Mutex<()> = Mutex::new(());

#[test]
fn the_rpm_holds_what_the_deb_holds() {
    let package = {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        package("rpm", &["--without-models"])
    };
    let ask = |what: &[&str]| told(Command::new("rpm").args(what).arg("--package").arg(&package));
    let field = |name: &str| ask(&["--query", "--queryformat", &format!("%{{{name}}}")]);
    assert_eq!(field("NAME"), "libretto");
    assert_eq!(field("VERSION"), env!("CARGO_PKG_VERSION"));
    assert_eq!(field("LICENSE"), "MIT OR Apache-2.0");
    assert!(
        field("SUMMARY").starts_with("A voice assistant"),
        "{}",
        field("SUMMARY")
    );
    // Each with its mode and its length.
    let format = "[%{FILEMODES:perms} %{FILESIZES} %{FILENAMES}\n]";
    let listed = ask(&["--query", "--queryformat", format]);
    let file = |name: &str| {
        let found = listed.lines().find(|line| line.ends_with(&format!(" /{name}")));
        found
            .unwrap_or_else(|| panic!("{name} is missing in {listed}"))
            .split_whitespace()
    };
    for name in FILES.iter().copied().chain([FEDORA]) {
        let (mode, length) = (file(name).next().unwrap(), file(name).nth(1).unwrap());
        assert_ne!(length, "0", "{name} is empty");
        assert_eq!(
            mode.ends_with('x'),
            name.starts_with("usr/bin/"),
            "{name} has the mode {mode}"
        );
    }
    assert!(!listed.contains(MODELS), "models are in it: {listed}");
    let needs = ask(&["--query", "--requires"]);
    println!("the rpm needs {needs}");
    for library in ["libwebkit2gtk-4.1.so.0", "alsa-lib", "pipewire-libs"] {
        assert!(needs.contains(library), "{library} is not in {needs}");
    }
}

#[test]
fn the_installed_program_answers_somebody_who_speaks() {
    let package = {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        package("deb", &[])
    };
    let field = |name: &str| {
        told(Command::new("dpkg-deb").arg("--field").arg(&package).arg(name))
            .trim()
            .to_owned()
    };
    assert_eq!(field("Package"), "libretto");
    assert_eq!(field("Version"), env!("CARGO_PKG_VERSION"));
    assert!(
        field("Description").starts_with("A voice assistant"),
        "{}",
        field("Description")
    );
    assert!(!field("Maintainer").is_empty());
    let depends = field("Depends");
    println!("depends on {depends}");
    for library in ["libwebkit2gtk-4.1-0", "libasound2", "libpipewire-0.3-0"] {
        assert!(depends.contains(library), "{library} is not in {depends}");
    }

    // Into a system of its own, in which nothing else is installed: this one's list of packages is nothing that a test
    // should change.
    let installed = tempfile::tempdir().unwrap();
    for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates"] {
        fs::create_dir_all(installed.path().join(folder)).unwrap();
    }
    fs::write(installed.path().join("var/lib/dpkg/status"), "").unwrap();
    told(
        Command::new("dpkg")
            .args(["--force-depends", "--force-not-root", "--force-script-chrootless"])
            .arg(format!("--root={}", installed.path().display()))
            .arg("--install")
            .arg(&package),
    );
    for file in FILES.iter().copied().chain([DEBIAN]) {
        let length = fs::metadata(installed.path().join(file)).map(|found| found.len());
        assert!(
            length.is_ok_and(|length| length > 0),
            "{file} is missing or empty"
        );
    }
    let read = |file: &str| fs::read_to_string(installed.path().join(file)).unwrap();
    let entry = read("usr/share/applications/Libretto.desktop");
    println!("{entry}");
    for line in [
        "Exec=libretto",
        "Icon=libretto",
        "Terminal=false",
        "Type=Application",
    ] {
        assert!(
            entry.lines().any(|found| found.trim() == line),
            "{line} is missing in {entry}"
        );
    }
    for (page, words) in [("libretto", "opens quick ask"), ("libretto-cli", "transcribe")] {
        let file = installed.path().join(format!("usr/share/man/man1/{page}.1.gz"));
        let text = told(Command::new("zcat").arg(file));
        assert!(text.contains(".TH") && text.contains(words), "{page}: {text}");
    }
    // Every library that a program asks for is one that the package's dependencies bring.
    for program in ["libretto", "libretto-cli", "libretto-engine"] {
        let asked = told(Command::new("ldd").arg(installed.path().join("usr/bin").join(program)));
        assert!(!asked.contains("not found"), "{program}: {asked}");
    }
    answers(&installed.path().join("usr/bin/libretto"));
}

/// The program hears a recording and answers aloud, with the models that came with it: nobody else's are there.
fn answers(program: &Path) {
    let mut stage = Stage::new().unwrap();
    stage.home.share_models(false);
    let ear = stage.card.hear().unwrap();
    let window = Window::of(&stage, program).unwrap();
    window.skip_first_steps().unwrap();
    window.watch_light().unwrap();
    stage.home.share_models(true);
    let own = fs::read_link(format!("/proc/{}/exe", window.program().unwrap())).unwrap();
    assert_eq!(own, program.canonicalize().unwrap());
    let recording = recordings::named("go-forward").unwrap();
    window.display.press(TALK).unwrap();
    window.wait_for_phase("listening", SOON).unwrap();
    stage.card.speak(&recording.audio().unwrap()).unwrap().wait();
    let released = window.display.release(TALK).unwrap();
    let turn = window.wait_for_turn(WHOLE).unwrap();
    assert_eq!(turn.end, "complete", "{turn:#?}");
    assert!(wer::wer(&recording.text, &turn.said) <= 0.3, "{:?}", turn.said);
    let heard = Hearing::of(&stage, &ear.sound().unwrap(), released)
        .unwrap()
        .expect("nothing was heard");
    println!("{:?} → {:?}; heard {:?}", turn.said, turn.reply, heard.text);
    assert!(heard.error(&turn.reply) <= 0.2, "{:?} was heard", heard.text);
}
