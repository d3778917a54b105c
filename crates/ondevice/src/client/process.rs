//! One engine process that runs: its pipes, the calls that are open, and how it ended.

use std::collections::HashMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libretto_voice::{Error, Result};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::error::EngineError;
use crate::wire::frame::{self, FrameError};
use crate::wire::{Answer, Ask, Request, Response, Role};

/// A program that has not said hello by then never will.
const HELLO: Duration = Duration::from_secs(10);
/// After its input was closed it has this long to leave by itself.
const LEAVE: Duration = Duration::from_secs(2);
/// Frames on their way to the engine, which reads at once.
const OUTBOX: usize = 64;
/// The longest line of its log that is kept.
const LOG_LINE: u64 = 4_096;

/// The C library of most Linux systems keeps a heap for each thread, and what is freed in each; the models leave holes
/// of many megabytes there while they load. One heap, trimmed, takes 30 MB less. Elsewhere nobody reads these.
const ALLOCATOR: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "1"), ("MALLOC_TRIM_THRESHOLD_", "4000000")];

/// How often a thread of the language model looks whether the others have come before it goes to sleep. They wait for
/// each other hundreds of times in each token. Two threads on two cores, milliseconds per token, idle and beside two
/// busy programs: 33 and 31 where they never look, 14 and 28 at 500, 11 and 37 at 1,000, 11 and 420 at 20,000; one
/// thread alone takes 19 and 24 to 60.
const SPINS: (&str, &str) = ("GOMP_SPINCOUNT", "1000");

/// A running process.
#[derive(Debug)]
pub(super) struct Process {
    role: Role,
    pid: u32,
    started: Instant,
    outbox: mpsc::Sender<Vec<u8>>,
    calls: Mutex<Calls>,
    /// How many calls keep it busy.
    used: watch::Sender<usize>,
    next: AtomicU64,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct Calls {
    open: HashMap<u64, mpsc::Sender<Result<Answer>>>,
    ended: Option<Ended>,
    /// Open calls that are more than questions about the process itself.
    used: usize,
}

/// How a process ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// We told it to.
    Stopped,
    /// It died.
    Died(EngineError, Instant),
}

/// A request whose answers are awaited. Dropping it calls the engine off.
#[derive(Debug)]
pub(super) struct Call {
    id: u64,
    uses: bool,
    process: Arc<Process>,
    answers: mpsc::Receiver<Result<Answer>>,
}

impl Process {
    /// Starts the program and waits until it has said hello.
    pub(super) async fn start(
        program: &Path,
        role: Role,
        threads: usize,
        faults: bool,
    ) -> Result<Arc<Self>, EngineError> {
        let began = Instant::now();
        let not_started = |error| EngineError::NotStarted {
            role,
            program: program.to_owned(),
            error: Arc::new(error),
        };
        let mut command = Command::new(program);
        command
            .arg(role.as_str())
            .arg("--threads")
            .arg(threads.to_string());
        if faults {
            command.arg("--faults");
        }
        command.envs(ALLOCATOR).env(SPINS.0, SPINS.1);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(not_started)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(mut stdout), Some(stderr)) = pipes else {
            return Err(not_started(std::io::Error::other("it has no pipes")));
        };
        tokio::spawn(log(role, stderr));
        let hello = hello(&mut stdin, &mut stdout);
        match tokio::time::timeout(HELLO, hello).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(EngineError::NotUnderstood {
                    role,
                    error: Arc::new(error),
                });
            }
            Err(_) => return Err(EngineError::Silent { role, after: HELLO }),
        }
        tracing::debug!(%role, took = ?began.elapsed(), "engine_started");
        let (outbox, frames) = mpsc::channel(OUTBOX);
        let process = Arc::new(Self {
            role,
            pid: child.id().unwrap_or_default(),
            started: Instant::now(),
            outbox,
            calls: Mutex::default(),
            used: watch::Sender::new(0),
            next: AtomicU64::new(1),
            stop: CancellationToken::new(),
        });
        tokio::spawn(write(frames, stdin, process.stop.clone()));
        tokio::spawn(read(Arc::clone(&process), child, stdout));
        Ok(process)
    }

    /// Makes a request. `depth` is the most answers that can wait to be fetched.
    pub(super) async fn call(self: &Arc<Self>, ask: Ask, depth: usize) -> Result<Call, Ended> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        // Watching a process does not keep it.
        let uses = ask != Ask::Status;
        let (sender, answers) = mpsc::channel(depth.max(1));
        {
            let mut calls = self.calls();
            if let Some(ended) = &calls.ended {
                return Err(ended.clone());
            }
            calls.open.insert(id, sender);
            calls.used += usize::from(uses);
            self.used
                .send_if_modified(|used| std::mem::replace(used, calls.used) != calls.used);
        }
        let call = Call {
            id,
            uses,
            process: Arc::clone(self),
            answers,
        };
        // A pipe that breaks now is told through the answers.
        let _ = call.send(ask).await;
        Ok(call)
    }

    /// Sends a request that has no answer.
    pub(super) async fn tell(&self, ask: Ask) {
        let _ = self.send(Request { id: 0, ask }).await;
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.calls().ended.clone()
    }

    /// The system's number for it.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// When it was started.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Ends it if nobody uses it.
    pub(super) fn stop_if_unused(&self) -> bool {
        let mut calls = self.calls();
        if calls.used == 0 {
            calls.ended.get_or_insert(Ended::Stopped);
            self.stop.cancel();
        }
        calls.used == 0
    }

    /// Ends it, whoever uses it.
    pub(super) fn stop(&self) {
        self.calls().ended.get_or_insert(Ended::Stopped);
        self.stop.cancel();
    }

    /// How many calls keep it busy, as it changes.
    pub(super) fn use_changes(&self) -> watch::Receiver<usize> {
        self.used.subscribe()
    }

    /// Fires when it is told to stop or has died.
    pub(super) fn over(&self) -> CancellationToken {
        self.stop.clone()
    }

    async fn send(&self, request: Request) -> Result<()> {
        let frame = frame::encode(&request).map_err(|error| self.lost(error))?;
        self.outbox.send(frame).await.map_err(|_| Error::cancelled())
    }

    fn lost(&self, error: FrameError) -> EngineError {
        EngineError::NotUnderstood {
            role: self.role,
            error: Arc::new(error),
        }
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an answer to the call it belongs to; one that was called off has none.
    fn deliver(&self, Response { id, answer }: Response) {
        let mut calls = self.calls();
        let Some(call) = calls.open.get(&id) else { return };
        if let Err(mpsc::error::TrySendError::Full(_)) = call.try_send(Ok(answer)) {
            // Every queue is as deep as its request can need, so this is a fault of ours; better heard than hung.
            tracing::error!(role = %self.role, id, "answers_not_fetched");
            calls.open.remove(&id);
        }
    }

    /// Notes the end, and tells it to everybody who still waits.
    fn end(&self, how: String) {
        let mut calls = self.calls();
        let died = || Ended::Died(EngineError::Died { role: self.role, how }, Instant::now());
        let ended = calls.ended.get_or_insert_with(died).clone();
        for (_, call) in calls.open.drain() {
            let _ = call.try_send(Err(ended.clone().into()));
        }
        self.stop.cancel();
    }
}

impl From<Ended> for Error {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Stopped => Error::cancelled(),
            Ended::Died(error, _) => error.into(),
        }
    }
}

impl Call {
    /// The next answer; its failure when the engine could not do it, or died.
    pub(super) async fn next(&mut self) -> Result<Answer> {
        match self.answers.recv().await {
            Some(Ok(Answer::Failed(failure))) => Err(failure.into()),
            Some(answer) => answer,
            None => Err(self.process.ended().map_or_else(Error::cancelled, Error::from)),
        }
    }

    /// Sends something more that belongs to this request. Fails when the process has ended, of which
    /// [`Call::next`] says more.
    pub(super) async fn send(&self, ask: Ask) -> Result<()> {
        self.process.send(Request { id: self.id, ask }).await
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut calls = self.process.calls();
        calls.used -= usize::from(self.uses);
        let used = calls.used;
        self.process
            .used
            .send_if_modified(|was| std::mem::replace(was, used) != used);
        let open = calls.open.remove(&self.id).is_some();
        drop(calls);
        if !open {
            return;
        }
        // Also sent after the last answer: the engine ignores what it does not know.
        let Ok(frame) = frame::encode(&Request {
            id: self.id,
            ask: Ask::Cancel,
        }) else {
            return;
        };
        if let Err(mpsc::error::TrySendError::Full(frame)) = self.process.outbox.try_send(frame)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let outbox = self.process.outbox.clone();
            runtime.spawn(async move { outbox.send(frame).await });
        }
    }
}

async fn hello(stdin: &mut ChildStdin, stdout: &mut ChildStdout) -> Result<(), FrameError> {
    stdin.write_all(&frame::greeting()).await?;
    let mut greeting = [0; frame::GREETING];
    stdout.read_exact(&mut greeting).await?;
    frame::check_greeting(greeting)
}

/// Writes frames until it is told to stop; then the pipe closes, and the engine leaves.
async fn write(mut frames: mpsc::Receiver<Vec<u8>>, mut stdin: ChildStdin, stop: CancellationToken) {
    loop {
        let frame = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            frame = frames.recv() => frame,
        };
        let Some(frame) = frame else { return };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            written = stdin.write_all(&frame) => if written.is_err() {
                // It has died; the reading side says how.
                return;
            },
        }
    }
}

/// Reads answers to the end, and then sees to it that the process is gone.
async fn read(process: Arc<Process>, mut child: Child, stdout: ChildStdout) {
    let answers = answers(&process, stdout);
    let stopped = async {
        process.stop.cancelled().await;
        tokio::time::sleep(LEAVE).await;
    };
    tokio::select! {
        result = answers => if let Err(error) = result {
            tracing::error!(role = %process.role, %error, "answers_not_readable");
        },
        () = stopped => tracing::warn!(role = %process.role, "engine_killed"),
    }
    let status = match tokio::time::timeout(LEAVE, child.wait()).await {
        Ok(status) => status,
        Err(_) => match child.kill().await {
            Ok(()) => child.wait().await,
            Err(error) => Err(error),
        },
    };
    let how = status.map_or_else(|error| error.to_string(), describe);
    if process.stop.is_cancelled() {
        tracing::debug!(role = %process.role, how, "engine_left");
    } else {
        tracing::error!(role = %process.role, how, "engine_died");
    }
    process.end(how);
}

async fn answers(process: &Process, stdout: ChildStdout) -> Result<(), FrameError> {
    let mut from = BufReader::with_capacity(1 << 16, stdout);
    let mut body = Vec::new();
    loop {
        let mut header = [0; 4];
        match from.read_exact(&mut header).await {
            Err(end) if end.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        };
        body.resize(frame::length(header)?, 0);
        from.read_exact(&mut body).await?;
        process.deliver(frame::decode(&body)?);
    }
}

/// Passes the engine's log on to ours, line by line.
async fn log(role: Role, stderr: ChildStderr) {
    let mut from = BufReader::new(stderr);
    let mut line = Vec::new();
    while let Ok(1..) = (&mut from).take(LOG_LINE).read_until(b'\n', &mut line).await {
        tracing::info!(%role, line = String::from_utf8_lossy(&line).trim_end(), "engine_said");
        line.clear();
    }
}

fn describe(status: ExitStatus) -> String {
    // "exit status: 1", "signal: 6 (SIGABRT) (core dumped)": what the system calls it.
    status.to_string()
}
