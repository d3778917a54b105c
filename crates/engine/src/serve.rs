//! The process: reads requests, hands each to the thread of its engine, writes what comes of it.
//!
//! Every engine has a thread of its own and every model a pool of its own, so none waits for another. The reading
//! thread never works and never waits for one that does; so cancelling always gets through.

mod judge;
mod lane;
mod listen;
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
    let engines = Engines::start(options, &output)?;
    let mut body = Vec::new();
    while let Some(request) = frame::read::<Request>(&mut input, &mut body)? {
        engines.take(request);
    }
    engines.end();
    Ok(())
}

/// The engines of this process's role.
enum Engines {
    Speech {
        listen: listen::Listener,
        speak: Lane<speak::Job>,
        judge: Lane<judge::Job>,
        output: Output,
        faults: bool,
    },
    Language {
        reply: Lane<reply::Job>,
        output: Output,
        faults: bool,
    },
}

impl Engines {
    fn start(options: Options, output: &Output) -> Result<Self, FrameError> {
        let (output, faults) = (output.clone(), options.faults);
        Ok(match options.role {
            Role::Speech => Self::Speech {
                listen: listen::Listener::start(output.clone())?,
                speak: Lane::start("voice", output.clone(), speak::work)?,
                judge: Lane::start("turn", output.clone(), judge::work)?,
                output,
                faults,
            },
            Role::Language => {
                let work = move |jobs: &lane::Jobs<'_, reply::Job>| reply::work(options.threads, jobs);
                Self::Language {
                    reply: Lane::start("language", output.clone(), work)?,
                    output,
                    faults,
                }
            }
        })
    }

    fn take(&self, Request { id, ask }: Request) {
        match (self, ask) {
            (Self::Speech { output, .. } | Self::Language { output, .. }, Ask::Status) => {
                let memory = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64);
                output.send(
                    id,
                    Answer::Status(Status {
                        memory,
                        loaded: output.loaded(),
                    }),
                );
            }
            (Self::Speech { faults: true, .. } | Self::Language { faults: true, .. }, Ask::Crash) => {
                std::process::abort();
            }
            (Self::Speech { listen, .. }, Ask::Warm(Model::Recogniser(dir))) => listen.warm(id, dir),
            (Self::Speech { listen, .. }, Ask::Listen(dir)) => listen.begin(id, dir),
            (Self::Speech { listen, .. }, Ask::Audio(samples)) => listen.hear(id, &samples),
            (Self::Speech { listen, .. }, Ask::Silence(silence)) => listen.silence(id, silence),
            (Self::Speech { listen, .. }, Ask::Hurry) => listen.hurry(id),
            (Self::Speech { listen, .. }, Ask::Finish) => listen.finish(id),
            (Self::Speech { speak, .. }, Ask::Warm(Model::Voice(dir))) => {
                speak.push(id, speak::Job::Warm(dir));
            }
            (Self::Speech { speak, .. }, Ask::Speak { model, text, speed }) => {
                speak.push(id, speak::Job::Speak { model, text, speed });
            }
            (Self::Speech { judge, .. }, Ask::Warm(Model::Turn(dir))) => {
                judge.push(id, judge::Job::Warm(dir));
            }
            (Self::Speech { judge, .. }, Ask::Judge { model, samples }) => {
                judge.push(id, judge::Job::Judge(model, samples));
            }
            (
                Self::Speech {
                    listen, speak, judge, ..
                },
                Ask::Cancel,
            ) => {
                listen.cancel(id);
                speak.cancel(id);
                judge.cancel(id);
            }
            (Self::Language { reply, .. }, Ask::Warm(Model::Language(file))) => {
                reply.push(id, reply::Job::Warm(file, None));
            }
            (Self::Language { reply, .. }, Ask::WarmPrompt(file, prompt)) => {
                reply.push(id, reply::Job::Warm(file, Some(prompt)));
            }
            (Self::Language { reply, .. }, Ask::Reply(chat)) => reply.push(id, reply::Job::Reply(chat)),
            (Self::Language { reply, .. }, Ask::Cancel) => reply.cancel(id),
            (Self::Speech { output, .. } | Self::Language { output, .. }, _) => {
                let message = "The engine was asked for something that it does not do. Please report this.";
                output.fail(
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
        if let Self::Language { reply, .. } = self {
            reply.end();
        }
    }
}
