//! The language model's thread.

use libretto_ondevice::wire::{Answer, Chat, LanguageFile, Model};

use super::lane::{Jobs, Ticket};
use super::output::Output;
use crate::error::Error;
use crate::llama::{Answerer, Llama};
use libretto_voice::Role;

pub(super) enum Job {
    Warm(LanguageFile, Option<Vec<(Role, String)>>),
    Reply(Chat),
}

impl Job {
    fn file(&self) -> &LanguageFile {
        match self {
            Job::Warm(file, _) => file,
            Job::Reply(chat) => &chat.model,
        }
    }
}

pub(super) fn work(threads: usize, jobs: &Jobs<'_, Job>) {
    let mut llama = None;
    let mut next = jobs.next();
    while let Some((ticket, job)) = next {
        next = match with_model(&mut llama, threads, jobs, &ticket, job) {
            Ok(next) => next,
            Err(error) => {
                jobs.output.fail(ticket.id, error);
                jobs.next()
            }
        };
    }
}

/// Loads the job's model and does this job and all that follow it for the same model; gives back the first that wants
/// another. So the old model has left memory before the new one comes.
fn with_model<'j>(
    llama: &mut Option<Llama>,
    threads: usize,
    jobs: &'j Jobs<'_, Job>,
    ticket: &Ticket<'_>,
    job: Job,
) -> Result<Option<(Ticket<'j>, Job)>, Error> {
    let file = job.file().clone();
    let llama = match llama {
        Some(llama) => llama,
        None => llama.insert(Llama::start()?),
    };
    let weights = llama.load(&file)?;
    let mut answerer = weights.answerer(threads)?;
    jobs.output.note(Model::Language(file.clone()));
    run(&mut answerer, ticket, job, jobs.output);
    while let Some((ticket, job)) = jobs.next() {
        if *job.file() != file {
            return Ok(Some((ticket, job)));
        }
        run(&mut answerer, &ticket, job, jobs.output);
    }
    Ok(None)
}

fn run(answerer: &mut Answerer<'_>, ticket: &Ticket<'_>, job: Job, output: &Output) {
    let cancelled = || ticket.cancelled();
    let answer = match job {
        Job::Warm(_, None) => Ok(Some(Answer::Ready)),
        Job::Warm(_, Some(prompt)) => answerer.warm(&prompt, &cancelled).map(|()| Some(Answer::Ready)),
        Job::Reply(chat) => {
            let mut say = |text| output.send(ticket.id, Answer::Text(text));
            answerer
                .answer(&chat, &cancelled, &mut say)
                .map(|usage| usage.map(Answer::Replied))
        }
    };
    match answer {
        Ok(Some(answer)) => output.send(ticket.id, answer),
        Ok(None) => {}
        Err(error) => output.fail(ticket.id, error),
    }
}
