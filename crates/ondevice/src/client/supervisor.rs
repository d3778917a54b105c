//! Sees to it that a role's process is there when it is needed, and gone when it is not.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use libretto_voice::Result;
use serde::Serialize;
use tokio::sync::Mutex;

use super::error::EngineError;
use super::process::{Call, Ended, Process};
use super::program;
use super::restarts::Restarts;
use super::settings::EngineSettings;
use crate::wire::{Answer, Ask, Model, Role};

/// A process that does not say how it is within this time is busy.
const STATUS: Duration = Duration::from_millis(300);

/// How a role's process is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleStatus {
    /// Which.
    pub role: Role,
    /// The system's number for the process; `None` while there is none.
    pub pid: Option<u32>,
    /// How long it has been there.
    pub up: Option<Duration>,
    /// Resident memory in bytes, where it is known.
    pub memory: Option<u64>,
    /// Models in memory.
    pub loaded: Vec<Model>,
    /// How often it was started again after it had died.
    pub restarts: u32,
}

/// One role's process, through all its lives.
pub(super) struct Supervisor {
    role: Role,
    settings: Arc<RwLock<EngineSettings>>,
    life: Mutex<Life>,
    restarts: AtomicU32,
}

#[derive(Default)]
struct Life {
    process: Option<Arc<Process>>,
    deaths: Restarts,
}

impl Supervisor {
    pub(super) fn new(role: Role, settings: Arc<RwLock<EngineSettings>>) -> Arc<Self> {
        Arc::new(Self {
            role,
            settings,
            life: Mutex::default(),
            restarts: AtomicU32::new(0),
        })
    }

    /// The settings as they are now.
    pub(super) fn settings(&self) -> EngineSettings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Makes a request, starting the process if need be. `depth` is the most answers that can wait to be fetched.
    pub(super) async fn call(&self, ask: Ask, depth: usize) -> Result<Call> {
        loop {
            let process = self.process().await?;
            match process.call(ask.clone(), depth).await {
                Ok(call) => return Ok(call),
                // It was idle and left at this very moment.
                Err(Ended::Stopped) => {}
                Err(died) => return Err(died.into()),
            }
        }
    }

    /// Makes a request for its effect, and says in the log what went wrong.
    pub(super) fn warm(self: &Arc<Self>, ask: Ask) {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let warm = async { this.call(ask, 1).await?.next().await };
            if let Err(error) = warm.await {
                tracing::warn!(role = %this.role, %error, "engine_not_ready");
            }
        });
    }

    /// Tells the running process something that has no answer.
    pub(super) async fn tell(&self, ask: Ask) -> Result<()> {
        self.process().await?.tell(ask).await;
        Ok(())
    }

    /// Ends the process if nobody uses it.
    pub(super) async fn unload(&self) {
        if let Some(process) = &self.life.lock().await.process {
            process.stop_if_unused();
        }
    }

    /// How it is. Starts nothing.
    pub(super) async fn status(&self) -> RoleStatus {
        let mut status = RoleStatus {
            role: self.role,
            pid: None,
            up: None,
            memory: None,
            loaded: Vec::new(),
            restarts: self.restarts.load(Ordering::Relaxed),
        };
        let process = self.life.lock().await.process.clone();
        let Some(process) = process.filter(|process| process.ended().is_none()) else {
            return status;
        };
        status.pid = Some(process.pid());
        status.up = Some(process.started().elapsed());
        let asked = async { process.call(Ask::Status, 1).await.ok()?.next().await.ok() };
        if let Ok(Some(Answer::Status(answer))) = tokio::time::timeout(STATUS, asked).await {
            status.memory = Some(answer.memory).filter(|bytes| *bytes > 0);
            status.loaded = answer.loaded;
        }
        status
    }

    /// The process, started if it is not there.
    async fn process(&self) -> Result<Arc<Process>, EngineError> {
        let mut life = self.life.lock().await;
        if let Some(process) = life.process.take() {
            match process.ended() {
                None => return Ok(life.process.insert(process).clone()),
                Some(Ended::Stopped) => {}
                Some(Ended::Died(_, at)) => {
                    life.deaths.note(at);
                    self.restarts.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let role = self.role;
        life.deaths
            .allow(Instant::now())
            .map_err(|wait| EngineError::Exhausted { role, wait })?;
        let settings = self.settings();
        let program = program::find(settings.program.as_deref())?;
        let started = Process::start(&program, role, settings.threads(), settings.faults).await;
        let process = match started {
            Ok(process) => process,
            Err(error) => {
                life.deaths.note(Instant::now());
                return Err(error);
            }
        };
        tokio::spawn(leave_when_idle(Arc::clone(&process), Arc::clone(&self.settings)));
        Ok(life.process.insert(process).clone())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Some(process) = &self.life.get_mut().process {
            process.stop();
        }
    }
}

/// Ends a process that nobody has used for the time that the settings say.
async fn leave_when_idle(process: Arc<Process>, settings: Arc<RwLock<EngineSettings>>) {
    let mut calls = process.use_changes();
    let over = process.over();
    loop {
        let idle = settings.read().unwrap_or_else(PoisonError::into_inner).idle;
        let unused = *calls.borrow_and_update() == 0;
        let wait = async {
            match idle {
                Some(idle) if unused => tokio::time::sleep(idle).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over.cancelled() => return,
            changed = calls.changed() => if changed.is_err() { return },
            () = wait => if process.stop_if_unused() {
                tracing::debug!(?idle, "engine_not_needed");
                return;
            },
        }
    }
}
