//! Which files a program, and all that it starts, writes to: told by the kernel, through strace.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// What was done to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// It was opened so that it can be written.
    pub opened: bool,
    /// It was mapped so that writes to memory reach it.
    pub mapped: bool,
    /// Bytes written by calls.
    pub bytes: u64,
}

/// A trace being taken.
#[derive(Debug)]
pub struct Trace {
    folder: TempDir,
}

impl Trace {
    /// Runs nothing yet.
    pub fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::Builder::new().prefix("libretto-trace-").tempdir()?,
        })
    }

    /// The command that runs `program` under the trace; arguments and environment are added to it as usual.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("strace");
        // Descriptors with their paths; no data, which could be long.
        command.args(["-f", "-qq", "-y", "-s", "0", "-e", "signal=none", "-e"]);
        command.arg("trace=open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,sendfile,copy_file_range,splice,mmap");
        command.arg("-o").arg(self.log()).arg("--").arg(program);
        command
    }

    /// The files that were opened for writing or written to, once the program has ended. Devices, pipes, sockets and
    /// files that exist in memory alone are left out.
    pub fn writes(&self) -> Result<BTreeMap<PathBuf, Written>> {
        let log = fs::read(self.log())
            .context("there is no trace: is strace installed? ./dev setup installs it")?;
        let mut files: BTreeMap<PathBuf, Written> = BTreeMap::new();
        for call in whole_calls(&String::from_utf8_lossy(&log)) {
            if let Some((path, done)) = read(&call) {
                let file = files.entry(path).or_default();
                file.opened |= done.opened;
                file.mapped |= done.mapped;
                file.bytes += done.bytes;
            }
        }
        Ok(files)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("trace")
    }
}

/// Calls that another thread interrupted come in two lines; this puts them together.
fn whole_calls(log: &str) -> Vec<String> {
    let mut begun: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((process, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(start) = call.strip_suffix(" <unfinished ...>") {
            let name = start.split('(').next().unwrap_or(start);
            begun.insert((process, name), start);
        } else if let Some(rest) = call.strip_prefix("<... ") {
            let Some((name, rest)) = rest.split_once(" resumed>") else {
                continue;
            };
            if let Some(start) = begun.remove(&(process, name)) {
                calls.push(format!("{start}{rest}"));
            }
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}

/// What one call did to a file, if anything.
fn read(call: &str) -> Option<(PathBuf, Written)> {
    let (name, rest) = call.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let writes = |flags: &str| flags.contains("O_WRONLY") || flags.contains("O_RDWR");
    match name {
        "open" | "openat" | "creat" if name == "creat" || writes(arguments) => Some((
            file(result)?,
            Written {
                opened: true,
                ..Written::default()
            },
        )),
        "mmap" if arguments.contains("PROT_WRITE") && arguments.contains("MAP_SHARED") => {
            // The descriptor is the fifth argument.
            let descriptor = arguments.splitn(5, ", ").nth(4)?;
            Some((
                file(descriptor)?,
                Written {
                    mapped: true,
                    ..Written::default()
                },
            ))
        }
        "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" | "sendfile" => Some((
            file(arguments)?,
            Written {
                bytes: count(result),
                ..Written::default()
            },
        )),
        // Both write to their second descriptor.
        "copy_file_range" | "splice" => {
            let descriptor = arguments.splitn(3, ", ").nth(2)?;
            Some((
                file(descriptor)?,
                Written {
                    bytes: count(result),
                    ..Written::default()
                },
            ))
        }
        _ => None,
    }
}

fn count(result: &str) -> u64 {
    result
        .split_whitespace()
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

/// The path that strace puts behind a descriptor, `3</a/b>`, if it is a file on a disk.
fn file(descriptor: &str) -> Option<PathBuf> {
    let (_, path) = descriptor.split_once('<')?;
    let path = path.split_once('>')?.0;
    let real = path.starts_with('/')
        && !["/dev/", "/proc/", "/sys/", "/memfd:"]
            .iter()
            .any(|memory| path.starts_with(memory));
    real.then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_writes_is_seen() {
        let trace = Trace::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (kept, gone) = (folder.path().join("kept"), folder.path().join("gone"));
        let script = format!(
            "printf 12345 > {0}; printf 678 >> {0}; cat {0} > {1} & wait; rm {1}",
            kept.display(),
            gone.display()
        );
        let status = trace
            .command(Path::new("/bin/sh"))
            .args(["-c", &script])
            .status()
            .unwrap();
        assert!(status.success());
        let writes = trace.writes().unwrap();
        assert_eq!(
            writes[&kept],
            Written {
                opened: true,
                mapped: false,
                bytes: 8
            }
        );
        assert_eq!(writes[&gone].bytes, 8);
        assert!(!writes.keys().any(|path| path.starts_with("/dev")), "{writes:?}");
    }

    #[test]
    fn calls_in_two_lines_are_joined() {
        let log = "7  write(5</a/b>, \"\"..., 10 <unfinished ...>\n8 close(3) = 0\n7  <... write resumed>) = 10\n\
                   7 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, 6</a/c-shm>, 0) = 0x7f\n\
                   7 openat(AT_FDCWD</>, \"x\", O_RDWR|O_CREAT, 0644) = -1 EACCES (Permission denied)\n\
                   7 write(1<pipe:[99]>, \"\"..., 4) = 4\n";
        let found: Vec<_> = whole_calls(log).iter().filter_map(|call| read(call)).collect();
        let written = Written {
            bytes: 10,
            ..Written::default()
        };
        let mapped = Written {
            mapped: true,
            ..Written::default()
        };
        assert_eq!(found, [("/a/b".into(), written), ("/a/c-shm".into(), mapped)]);
    }
}
