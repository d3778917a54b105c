//! What a program and all that it started take of the machine.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// A program and its descendants, the program first.
pub fn family(id: u32) -> Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")?.filter_map(Result::ok) {
        let Some(child) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        // A process may end while it is looked at.
        if let Ok(fields) = stat(child) {
            let parent = fields
                .get(1)
                .and_then(|field| field.parse::<u32>().ok())
                .unwrap_or(0);
            parents.push((child, parent));
        }
    }
    let mut family = vec![id];
    let mut next = 0;
    while next < family.len() {
        let parent = family[next];
        family.extend(
            parents
                .iter()
                .filter(|(_, p)| *p == parent)
                .map(|(child, _)| *child),
        );
        next += 1;
    }
    Ok(family)
}

/// Those of a program's family that run the program of this name.
pub fn named(id: u32, name: &str) -> Result<Vec<u32>> {
    let runs = |member: &u32| {
        let program = fs::read_link(format!("/proc/{member}/exe"));
        program.is_ok_and(|program| program.file_name().is_some_and(|file| file == name))
    };
    Ok(family(id)?.into_iter().filter(runs).collect())
}

/// Ends a process at once, as a crash would.
pub fn kill(id: u32) {
    signal(id, rustix::process::Signal::KILL);
}

/// Asks a process to end, as a desktop does that ends its session.
pub fn terminate(id: u32) {
    signal(id, rustix::process::Signal::TERM);
}

/// Stops a process where it is, as one that hangs.
pub fn freeze(id: u32) {
    signal(id, rustix::process::Signal::STOP);
}

/// Lets it go on.
pub fn thaw(id: u32) {
    signal(id, rustix::process::Signal::CONT);
}

fn signal(id: u32, signal: rustix::process::Signal) {
    if let Some(id) = rustix::process::Pid::from_raw(id.cast_signed()) {
        // It may have ended by itself already.
        let _ = rustix::process::kill_process(id, signal);
    }
}

/// Memory of a program and its descendants in bytes: each page once, shared ones in part (PSS).
pub fn memory(id: u32) -> Result<u64> {
    let mut sum = 0;
    for member in family(id)? {
        let Ok(rollup) = fs::read_to_string(format!("/proc/{member}/smaps_rollup")) else {
            continue;
        };
        let line = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss:"))
            .context("the kernel tells no memory")?;
        let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        sum += kilobytes * 1024;
    }
    Ok(sum)
}

/// Processor time that the running threads of a program and its descendants have used, by the scheduler's own count:
/// ticks of 10 ms, which `stat` has, say twice as much of a program that is woken often and briefly.
pub fn processor(id: u32) -> Result<Duration> {
    Ok(Usage::of(id)?.0.values().sum())
}

/// What each running thread of a program and its descendants has used of the processor so far.
#[derive(Clone, Debug, Default)]
pub struct Usage(BTreeMap<u32, Duration>);

impl Usage {
    /// As it is now.
    pub fn of(id: u32) -> Result<Self> {
        let mut usage = BTreeMap::new();
        for member in family(id)? {
            // A process or a thread may end while it is looked at.
            let Ok(threads) = fs::read_dir(format!("/proc/{member}/task")) else {
                continue;
            };
            for thread in threads.filter_map(Result::ok) {
                let number = thread.file_name().to_str().and_then(|name| name.parse().ok());
                let counts = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
                let used = counts
                    .split_whitespace()
                    .next()
                    .and_then(|used| used.parse().ok());
                if let (Some(number), Some(used)) = (number, used) {
                    usage.insert(number, Duration::from_nanos(used));
                }
            }
        }
        Ok(Self(usage))
    }

    /// What was used since an earlier moment. Threads that have ended meanwhile take what they used with them.
    pub fn since(&self, before: &Self) -> Duration {
        let spent = |(thread, used): (&u32, &Duration)| {
            used.saturating_sub(before.0.get(thread).copied().unwrap_or_default())
        };
        self.0.iter().map(spent).sum()
    }
}

/// The fields of `/proc/ID/stat` from the third on; the second, the name, may hold anything.
fn stat(id: u32) -> Result<Vec<String>> {
    let line = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let (_, rest) = line.rsplit_once(") ").context("no name")?;
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_family_is_counted_whole() {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 60 & wait"])
            .spawn()
            .unwrap();
        let mut members = Vec::new();
        for _ in 0..500 {
            members = family(shell.id()).unwrap();
            if members.len() == 2 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(members.len(), 2, "the shell and its sleep");
        assert!(memory(shell.id()).unwrap() > 100_000);
        assert!(processor(std::process::id()).unwrap() >= processor(shell.id()).unwrap());
        assert_eq!(named(shell.id(), "sleep").unwrap(), members[1..]);
        kill(members[1]);
        shell.wait().unwrap();
    }
}
