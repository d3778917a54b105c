//! The process: reads requests, hands each to the thread of its engine, writes what comes of it.
//!
//! Every engine has a thread of its own and every model a pool of its own, so none waits for another. The reading
//! thread never works and never waits for one that does; so cancelling always gets through.

mod judge;
mod lane;
mod listen;
mod loaded;
mod output;
mod reply;
mod speak;
mod tape;

use std::io::{Read, Write};

use libretto_ondevice::wire::frame::{self, FrameError};
use libretto_ondevice::wire::{Answer, Ask, Failure, Model, Request, Role, Status};
use libretto_voice::Kind;

use lane::Lane;
use output::Output;

/// How the process was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which engines it has.
    pub role: Role,
    /// Threads of the language model.
    pub threads: usize,
    /// Whether [`Ask::Crash`] is obeyed.
    pub faults: bool,
}

/// Serves until the other side closes the input.
pub fn serve(
    options: Options,
    mut input: impl Read,
    mut output: impl Write + Send + 'static,
) -> Result<(), FrameError> {
    output.write_all(&frame::greeting())?;
    output.flush()?;
    let mut greeting = [0; frame::GREETING];
    input.read_exact(&mut greeting)?;
    frame::check_greeting(greeting)?;
    let output = Output::new(output);
    let engines = Engines::start(options, output)?;
    let mut body = Vec::new();
    while let Some(request) = frame::read::<Request>(&mut input, &mut body)? {
        engines.take(request);
    }
    engines.end();
    Ok(())
}

/// The engines of this process.
struct Engines {
    output: Output,
    faults: bool,
    own: Own,
}

/// Those of its role.
enum Own {
    Speech {
        listen: listen::Listener,
        speak: Lane<speak::Job>,
        judge: Lane<judge::Job>,
    },
    Language(Lane<reply::Job>),
}

impl Engines {
    fn start(options: Options, output: Output) -> Result<Self, FrameError> {
        let own = match options.role {
            Role::Speech => Own::Speech {
                listen: listen::Listener::start(output.clone())?,
                speak: Lane::start("voice", output.clone(), speak::work)?,
                judge: Lane::start("turn", output.clone(), judge::work)?,
            },
            Role::Language => {
                let work = move |jobs: &lane::Jobs<'_, reply::Job>| reply::work(options.threads, jobs);
                Own::Language(Lane::start("language", output.clone(), work)?)
            }
        };
        Ok(Self {
            output,
            faults: options.faults,
            own,
        })
    }

    fn take(&self, Request { id, ask }: Request) {
        match (&self.own, ask) {
            (_, Ask::Status) => {
                let memory = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64);
                let loaded = self.output.loaded();
                self.output.send(id, Answer::Status(Status { memory, loaded }));
            }
            (_, Ask::Crash) if self.faults => std::process::abort(),
            (Own::Speech { listen, .. }, Ask::Warm(Model::Recogniser(dir))) => listen.warm(id, dir),
            (Own::Speech { listen, .. }, Ask::Listen(dir)) => listen.begin(id, dir),
            (Own::Speech { listen, .. }, Ask::Audio(samples)) => listen.hear(id, &samples),
            (Own::Speech { listen, .. }, Ask::Silence(silence)) => listen.silence(id, silence),
            (Own::Speech { listen, .. }, Ask::Hurry) => listen.hurry(id),
            (Own::Speech { listen, .. }, Ask::Finish) => listen.finish(id),
            (Own::Speech { speak, .. }, Ask::Warm(Model::Voice(dir))) => {
                speak.push(id, speak::Job::Warm(dir));
            }
            (Own::Speech { speak, .. }, Ask::Speak { model, text, speed }) => {
                speak.push(id, speak::Job::Speak { model, text, speed });
            }
            (Own::Speech { judge, .. }, Ask::Warm(Model::Turn(dir))) => {
                judge.push(id, judge::Job::Warm(dir));
            }
            (Own::Speech { judge, .. }, Ask::Judge { model, samples }) => {
                judge.push(id, judge::Job::Judge(model, samples));
            }
            (Own::Speech { listen, speak, judge }, Ask::Cancel) => {
                listen.cancel(id);
                speak.cancel(id);
                judge.cancel(id);
            }
            (Own::Language(reply), Ask::Warm(Model::Language(file))) => {
                reply.push(id, reply::Job::Warm(file, None));
            }
            (Own::Language(reply), Ask::WarmPrompt(file, prompt)) => {
                reply.push(id, reply::Job::Warm(file, Some(prompt)));
            }
            (Own::Language(reply), Ask::Reply(chat)) => reply.push(id, reply::Job::Reply(chat)),
            (Own::Language(reply), Ask::Cancel) => reply.cancel(id),
            _ => {
                let message = "The engine was asked for something that it does not do. Please report this.";
                self.output.fail(
                    id,
                    Failure {
                        kind: Kind::Internal,
                        message: message.into(),
                    },
                );
            }
        }
    }

    /// Leaves in order. llama.cpp must not be at work while the process takes itself apart.
    fn end(self) {
        if let Own::Language(reply) = self.own {
            reply.end();
        }
    }
}
