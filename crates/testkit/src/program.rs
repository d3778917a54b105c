//! Driving a program under test that speaks in lines of JSON: commands in, events out.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A line that the program wrote.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it was read.
    pub at: Instant,
    /// What it says.
    pub json: Value,
}

/// What is left of a program that has ended.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// Every line it wrote.
    pub lines: Vec<Line>,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A running program. Dropping it ends it.
#[derive(Debug)]
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    /// Lines, or what is not JSON.
    incoming: Receiver<(Instant, Result<Value, String>)>,
    seen: Vec<Line>,
    stderr: Arc<Mutex<String>>,
}

impl Program {
    /// Starts it.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("it has no output")?;
        let errors = child.stderr.take().context("it has no standard error")?;
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let at = Instant::now();
                let Ok(line) = line else { break };
                let json = serde_json::from_str(&line).map_err(|_| line);
                if sender.send((at, json)).is_err() {
                    break;
                }
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let kept = stderr.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Ok(Self {
            child,
            input,
            incoming,
            seen: Vec::new(),
            stderr,
        })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a line; returns when that was done.
    pub fn send(&mut self, command: &Value) -> Result<Instant> {
        let input = self.input.as_mut().context("its input was closed")?;
        let sent = writeln!(input, "{command}").and_then(|()| input.flush());
        match sent {
            Ok(()) => Ok(Instant::now()),
            Err(error) => bail!("{command} could not be sent ({error}). {}", self.story()),
        }
    }

    /// Waits for a line that `wanted` picks, among those not looked at before, and returns it.
    ///
    /// # Errors
    /// When it does not come within `limit`, the program ends, or it writes something else than JSON: with all that it
    /// wrote.
    pub fn wait_for(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Line> {
        let deadline = Instant::now() + limit;
        loop {
            match self
                .incoming
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok((at, Ok(json))) => {
                    let line = Line { at, json };
                    self.seen.push(line.clone());
                    if wanted(&line.json) {
                        return Ok(line);
                    }
                }
                Ok((_, Err(text))) => bail!(
                    "waiting for {what}, it wrote what is not JSON: {text:?}. {}",
                    self.story()
                ),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{what} did not come within {limit:?}. {}", self.story())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("waiting for {what}, its output ended. {}", self.story())
                }
            }
        }
    }

    /// Every line looked at so far.
    pub fn seen(&self) -> &[Line] {
        &self.seen
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes its input and waits for its end.
    pub fn finish(mut self, limit: Duration) -> Result<Outcome> {
        self.input = None;
        let deadline = Instant::now() + limit;
        loop {
            match self
                .incoming
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok((at, Ok(json))) => self.seen.push(Line { at, json }),
                Ok((_, Err(text))) => bail!("it wrote what is not JSON: {text:?}. {}", self.story()),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("it did not end within {limit:?}. {}", self.story()),
            }
        }
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Outcome {
                    status,
                    lines: std::mem::take(&mut self.seen),
                    stderr: self.stderr(),
                });
            }
            sleep(Duration::from_millis(5));
        }
        bail!(
            "it closed its output but did not end within {limit:?}. {}",
            self.story()
        )
    }

    /// All that it wrote, for the message of a failed test.
    fn story(&self) -> String {
        let mut story = String::from("It wrote:\n");
        // Loudness is told ten times a second and helps nobody here.
        for line in self.seen.iter().filter(|line| line.json["event"] != "level") {
            // Writing to a string cannot fail.
            let _ = writeln!(story, "  {}", line.json);
        }
        let _ = write!(story, "and to standard error:\n{}", self.stderr());
        story
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            terminate(&mut self.child);
        }
    }
}

/// One of the workspace's programs, built beside the test that runs.
pub fn binary(name: &str) -> Result<PathBuf> {
    let mut folder = std::env::current_exe()?;
    folder.pop();
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder.pop();
    }
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    ensure!(
        path.is_file(),
        "{} is not built; run: cargo build --workspace --all-targets",
        path.display()
    );
    Ok(path)
}

/// Runs a program to its end, with `input` on its standard input. It is ended after `limit`.
pub fn run(command: &mut Command, input: &[u8], limit: Duration) -> Result<std::process::Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    let (mut stdin, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may end without reading all of it.
        stdin.as_mut().map(|stdin| stdin.write_all(&input))
    });
    let (output, errors) = (
        std::thread::spawn(|| slurp(output)),
        std::thread::spawn(|| slurp(errors)),
    );
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= deadline {
            terminate(&mut child);
            let errors = errors.join().unwrap_or_default();
            bail!(
                "{command:?} did not end within {limit:?}: {}",
                String::from_utf8_lossy(&errors)
            );
        }
        sleep(Duration::from_millis(2));
    };
    drop(writer);
    let (stdout, stderr) = (
        output.join().unwrap_or_default(),
        errors.join().unwrap_or_default(),
    );
    Ok(std::process::Output {
        status,
        stdout,
        stderr,
    })
}

fn slurp(from: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // What came before a failed read still counts.
        let _ = from.read_to_end(&mut bytes);
    }
    bytes
}

/// Asks a program to end, and ends it when it has not after two seconds.
pub(crate) fn terminate(child: &mut Child) {
    if let Some(id) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
        // It may have ended by itself already.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_and_lines_out() {
        let mut cat = Program::start(&mut Command::new("cat")).unwrap();
        let sent = serde_json::json!({"command": "ask", "text": "Well?\n"});
        cat.send(&sent).unwrap();
        let line = cat
            .wait_for("the echo", Duration::from_secs(10), |v| v["command"] == "ask")
            .unwrap();
        assert_eq!(line.json, sent);
        let outcome = cat.finish(Duration::from_secs(10)).unwrap();
        assert!(outcome.status.success());
        assert_eq!(outcome.lines.len(), 1);
    }

    #[test]
    fn a_failed_wait_tells_the_story() {
        let script = "echo '{\"a\":1}'; echo trouble >&2; exit 3";
        let mut program = Program::start(Command::new("sh").args(["-c", script])).unwrap();
        let error = program
            .wait_for("b", Duration::from_secs(10), |v| !v["b"].is_null())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("waiting for b, its output ended") && error.contains("{\"a\":1}"),
            "{error}"
        );
        assert_eq!(
            program.finish(Duration::from_secs(10)).unwrap().status.code(),
            Some(3)
        );
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let error = run(Command::new("sleep").arg("60"), b"", Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
        let output = run(&mut Command::new("cat"), b"as it is", Duration::from_secs(10)).unwrap();
        assert_eq!(output.stdout, b"as it is");
    }
}
