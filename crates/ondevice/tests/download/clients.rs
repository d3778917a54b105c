//! Package clients that work, fail, hang and fill the disk: small programs in a folder that stands for the `PATH`.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use libretto_ondevice::download::{Control, DownloadError, Phase};

use crate::shelf::{Bench, FIRST, file};

const PACKAGES: &str = r#"
    [packages."@lab/model"]
    client = "npm"
    version = "1.2.3"
    bytes = 100_000

    [packages.lab-model]
    client = "pip"
    version = "1.2.3"
    bytes = 100_000
"#;

/// A model of which npm has one file, pip the other, and the hub both.
async fn bench() -> Bench {
    let bytes: Vec<u8> = (0..50_000_u32).map(|at| (at / 7) as u8).collect();
    let source = |package: &str| {
        format!(
            r#"[{{ package = "{package}", path = "package/dist/file.bin" }},
            {{ repository = "lab/model", revision = "main", path = "sub/file.bin" }}]"#
        )
    };
    let files = [
        file("file.bin", Some(&bytes), &source("@lab/model")),
        file("b.bin", Some(b"b"), &source("lab-model")),
    ];
    let mut bench = Bench::with(bytes, &files.concat()).await;
    bench.catalogue.insert_str(0, PACKAGES);
    let programs = bench.folder.path().join("programs");
    fs::create_dir(&programs).unwrap();
    // The programs are shell scripts and want a few of the system's own.
    let system = std::env::var_os("PATH").unwrap();
    for tool in ["sh", "cp", "mv", "sleep", "mkdir", "head"] {
        let found = std::env::split_paths(&system)
            .map(|folder| folder.join(tool))
            .find(|tool| tool.exists());
        std::os::unix::fs::symlink(found.unwrap(), programs.join(tool)).unwrap();
    }
    bench.options.path = Some(programs.into_os_string());

    let tarball = fs::File::create(bench.folder.path().join("a.tgz")).unwrap();
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        tarball,
        flate2::Compression::fast(),
    ));
    let mut header = tar::Header::new_gnu();
    header.set_size(bench.bytes.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "package/dist/file.bin", &*bench.bytes)
        .unwrap();
    tar.into_inner().unwrap().finish().unwrap();

    let mut zip = zip::ZipWriter::new(fs::File::create(bench.folder.path().join("a.whl")).unwrap());
    zip.start_file("package/dist/file.bin", zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(b"b").unwrap();
    zip.finish().unwrap();
    bench
}

/// Puts a program on the bench's `PATH`. `$OUT` is where it is to leave its archive.
fn program(bench: &Bench, name: &str, script: &str) {
    let folder = bench.folder.path();
    let path = folder.join("programs").join(name);
    let text = format!(
        "#!/bin/sh\nPATH={folder}/programs\nHERE={folder}\ncase \"$*\" in *--version*) exit 0;; esac\n\
         echo \"$@\" >> $HERE/calls\nNEXT=\nfor word; do\n  case \"$NEXT\" in --dest|--pack-destination) OUT=$word;; esac\n  \
         NEXT=$word\ndone\n{script}\n",
        folder = folder.display()
    );
    let draft = folder.join("draft");
    fs::write(&draft, text).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    // Another test's child may inherit what this process has open for writing, and nothing that is can be started.
    let copied = Command::new("cp").args([&draft, &path]).status().unwrap();
    assert!(copied.success());
}

fn calls(bench: &Bench) -> Vec<String> {
    let calls = fs::read_to_string(bench.folder.path().join("calls")).unwrap_or_default();
    calls.lines().map(str::to_owned).collect()
}

fn working(bench: &Bench) {
    program(bench, "npm", "cp $HERE/a.tgz $OUT/lab-model-1.2.3.tgz");
    program(
        bench,
        "pip3",
        "cp $HERE/a.whl $OUT/lab_model-1.2.3-py3-none-any.whl",
    );
}

fn left_over(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join(".work")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| Path::new(name).extension().is_none_or(|end| end != "lock"))
        .collect()
}

#[tokio::test]
async fn npm_and_pip_each_bring_their_file() {
    let bench = bench().await;
    working(&bench);
    let folder = bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(fs::read(folder.join("b.bin")).unwrap(), b"b");
    assert!(bench.hub.asked().is_empty());
    let mut calls = calls(&bench);
    calls.sort();
    assert!(
        calls[0].starts_with("download --no-deps") && calls[0].ends_with("lab-model==1.2.3"),
        "{calls:?}"
    );
    assert!(
        calls[1].starts_with("pack --ignore-scripts") && calls[1].ends_with("@lab/model@1.2.3"),
        "{calls:?}"
    );
    assert_eq!(calls.len(), 2);
    assert!(left_over(bench.folder.path()).is_empty());
    let last = bench.heard().pop().unwrap();
    assert_eq!(
        (last.phase, last.bytes, last.total),
        (Phase::Done, 200_000, Some(200_000))
    );
}

#[tokio::test]
async fn two_models_out_of_one_package_fetch_it_once() {
    let mut bench = bench().await;
    working(&bench);
    let second = bench
        .catalogue
        .split_once("[[models]]")
        .unwrap()
        .1
        .replace("\"model\"", "\"second\"");
    bench.catalogue = format!("{}[[models]]{second}", bench.catalogue);
    let control = Control::default();
    let (one, two) = (bench.downloader(), bench.downloader());
    let second = two.fetch("second", &control, bench.listener());
    let (first, second) = tokio::join!(one.fetch("model", &control, bench.listener()), second);
    assert!(fs::read(first.unwrap().join("file.bin")).unwrap() == bench.bytes);
    assert!(fs::read(second.unwrap().join("file.bin")).unwrap() == bench.bytes);
    assert_eq!(calls(&bench).len(), 2, "npm once and pip once");
}

#[tokio::test]
async fn without_a_client_the_hub_helps_or_the_sentence_says_what_to_install() {
    let bench = bench().await;
    working(&bench);
    let programs = bench.folder.path().join("programs");
    fs::remove_file(programs.join("npm")).unwrap();
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(bench.ranges(FIRST), [None]);

    // What the hub has under the name of `b.bin` is another file.
    bench.shelf().remove("model").unwrap();
    fs::remove_file(programs.join("pip3")).unwrap();
    let error = bench.fetch().await.unwrap_err().to_string();
    assert!(
        error.contains("pip was not found. Install Python 3 with pip"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_that_fails_says_why_and_the_hub_helps() {
    let bench = bench().await;
    working(&bench);
    program(
        &bench,
        "npm",
        "echo 'npm error 404 no such version' >&2; echo 'npm error a log is at x' >&2; exit 1",
    );
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(bench.hub.asked().len(), 1);

    program(
        &bench,
        "pip3",
        "echo 'ERROR: No matching distribution found for lab-model' >&2; exit 1",
    );
    fs::remove_file(bench.folder.path().join("model/b.bin")).unwrap();
    let error = bench.fetch().await.unwrap_err().to_string();
    assert!(
        error.contains("No matching distribution found for lab-model."),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_without_the_file_or_with_rubbish() {
    let bench = bench().await;
    working(&bench);
    for rubbish in [
        "cp $HERE/a.whl $OUT/x.tgz",
        "head -c 1000 $HERE/a.tgz > $OUT/x.tgz",
        "true",
    ] {
        program(&bench, "npm", rubbish);
        bench.fetch().await.unwrap();
        bench.assert_whole();
        bench.shelf().remove("model").unwrap();
    }
    assert_eq!(bench.ranges(FIRST).len(), 3);
}

/// Writes its process id and hangs.
const HANG: &str = "echo $$ > $HERE/pid.part; mv $HERE/pid.part $HERE/pid; exec sleep 600";

/// The hanging client's process is gone.
async fn ended(bench: &Bench) -> bool {
    let pid = fs::read_to_string(bench.folder.path().join("pid")).unwrap();
    let process = Path::new("/proc").join(pid.trim());
    for _ in 0..2_000 {
        if !process.exists() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_that_stalls_is_ended_tried_again_and_given_up() {
    let mut bench = bench().await;
    bench.options.client_stall = Duration::from_secs(5);
    working(&bench);
    program(&bench, "npm", HANG);
    let begun = Instant::now();
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert!(ended(&bench).await);
    assert_eq!(
        calls(&bench)
            .iter()
            .filter(|call| call.starts_with("pack"))
            .count(),
        2
    );
    assert!(begun.elapsed() >= 2 * bench.options.client_stall);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn cancelling_ends_the_client() {
    let bench = bench().await;
    working(&bench);
    program(&bench, "npm", HANG);
    let pid = bench.folder.path().join("pid");
    let control = Control::default();
    let cancel = async {
        while !pid.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        control.cancel();
    };
    let (error, ()) = tokio::join!(bench.fetch_with(&control), cancel);
    assert!(matches!(error, Err(DownloadError::Cancelled)), "{error:?}");
    assert!(ended(&bench).await);
    assert!(left_over(bench.folder.path()).is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_pause_ends_the_client_and_resuming_starts_it_anew() {
    let bench = bench().await;
    working(&bench);
    program(&bench, "npm", HANG);
    let pid = bench.folder.path().join("pid");
    let control = Control::default();
    let pause = async {
        while !pid.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        control.pause();
        bench.until(|progress| progress.phase == Phase::Paused).await;
        assert!(ended(&bench).await);
        working(&bench);
        control.resume();
    };
    let (folder, ()) = tokio::join!(bench.fetch_with(&control), pause);
    folder.unwrap();
    bench.assert_whole();
    assert!(bench.hub.asked().is_empty());
}

#[tokio::test]
async fn a_client_on_a_full_disk() {
    let bench = bench().await;
    working(&bench);
    program(
        &bench,
        "npm",
        "echo 'npm error nospc ENOSPC: no space left on device, write' >&2; exit 1",
    );
    let error = bench.fetch().await.unwrap_err();
    assert!(matches!(error, DownloadError::Full { .. }), "{error:?}");
}
