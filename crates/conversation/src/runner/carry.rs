//! The one task that holds the machine.

use std::collections::HashMap;
use std::sync::Arc;

use libretto_voice::device::{MicrophoneEvent, MicrophoneSession};
use libretto_voice::{Audio, Kind, Time, TurnId};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::Wish;
use super::hearing::{PreRoll, Utterance, listen};
use super::keeping::Kept;
use super::parts::Parts;
use super::remembering::Recall;
use super::thinking::{think, warm};
use super::voicing::speak;
use crate::machine::{Action, Event, Fault, Job, Loudspeaker, Machine, Microphone, Policy, State, Voice};
use crate::notice::{Body, Lifecycle, Notice, Problem, Progress, Stage};

/// Reports that may wait for the machine. A worker waits when it is full, and so does its provider.
const REPORTS: usize = 256;
/// Phrases that may wait for a voice; the machine holds back long before.
const PHRASES: usize = 64;

/// What workers say.
pub(super) enum Report {
    Event(Event),
    /// For the loudspeaker's queue.
    Audio(Job, Audio),
    /// The memory failed, on this question.
    Forgotten(Fault, Option<String>),
}

/// A job under way.
struct Work {
    _task: AbortOnDropHandle<()>,
    utterance: Option<Arc<Utterance>>,
    phrases: Option<mpsc::Sender<String>>,
    turn: Option<TurnId>,
}

pub(super) struct Runner {
    pub(super) machine: Machine,
    pub(super) parts: Parts,
    pub(super) started: Instant,
    wishes: mpsc::Receiver<Wish>,
    reports: mpsc::Sender<Report>,
    reported: mpsc::Receiver<Report>,
    notices: broadcast::Sender<Notice>,
    state: watch::Sender<State>,
    recall: Recall,
    jobs: HashMap<Job, Work>,
    pub(super) microphone: Option<MicrophoneSession>,
    pub(super) pre_roll: PreRoll,
    kept: Kept,
    /// The utterance that the microphone's audio belongs to.
    pub(super) live: Option<(Job, Arc<Utterance>)>,
}

impl Runner {
    pub(super) fn new(
        parts: Parts,
        policy: Policy,
        wishes: mpsc::Receiver<Wish>,
        notices: broadcast::Sender<Notice>,
    ) -> Self {
        let machine = Machine::new(policy, parts.providers());
        let (reports, reported) = mpsc::channel(REPORTS);
        let (state, _) = watch::channel(machine.state());
        let recall = Recall::start(Arc::clone(&parts.memory), reports.downgrade());
        Self {
            machine,
            parts,
            started: Instant::now(),
            wishes,
            reports,
            reported,
            notices,
            state,
            recall,
            jobs: HashMap::new(),
            microphone: None,
            pre_roll: PreRoll::default(),
            kept: Kept::default(),
            live: None,
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) async fn run(mut self) {
        let mut loudspeaker = self.parts.loudspeaker.events();
        self.step(Event::Tick);
        loop {
            let deadline = self.machine.deadline().map(|at| self.started + at.0);
            tokio::select! {
                biased;
                wish = self.wishes.recv() => match wish {
                    Some(Wish::User(user)) => self.step(Event::User(user)),
                    Some(Wish::Parts(parts)) => self.replace(*parts),
                    Some(Wish::Keep(done)) => self.recall.kept(done),
                    None => break,
                },
                event = hear(&mut self.microphone) => self.microphone(event),
                event = loudspeaker.recv() => match event {
                    Ok(event) => self.loudspeaker(event),
                    // The oldest were lost; the deadlines bridge what they said.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => loudspeaker = self.parts.loudspeaker.events(),
                },
                Some(report) = self.reported.recv() => self.report(report),
                () = until(deadline) => self.step(Event::Tick),
            }
        }
        self.parts.loudspeaker.cut();
    }

    fn now(&self) -> Time {
        Time(self.started.elapsed())
    }

    pub(super) fn step(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.machine.step(self.now(), event) {
                events.extend(self.carry_out(action));
            }
        }
    }

    /// Does one thing; what it learns at once goes back to the machine.
    fn carry_out(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Warm => {
                self.parts.warm();
                self.read(None);
            }
            Action::Microphone(on) => return self.switch(on),
            Action::Listen {
                job,
                recogniser,
                replay,
                ..
            } => self.listen(job, recogniser, replay),
            Action::Hurry(job) => {
                self.utterance(job).inspect(|utterance| utterance.hurry());
            }
            Action::EndUtterance(job) => {
                self.utterance(job).inspect(|utterance| utterance.end());
                self.live.take_if(|(live, _)| *live == job);
            }
            Action::Judge { job, of } => self.judge(job, of),
            Action::Read(said) => self.read(Some(said)),
            Action::Think {
                job,
                model,
                said,
                guess,
                ..
            } => self.think(job, model, said, guess),
            Action::Speak { job, turn, voice } => {
                if let Some(choice) = self.parts.voices.get(voice).cloned() {
                    let (phrases, given) = mpsc::channel(PHRASES);
                    let reports = self.reports.clone();
                    let work = self.work(job, speak(job, choice.provider, choice.options, given, reports));
                    work.phrases = Some(phrases);
                    work.turn = Some(turn);
                }
            }
            Action::Say { job, text } => {
                let phrases = self.jobs.get(&job).and_then(|work| work.phrases.as_ref());
                if phrases.is_some_and(|phrases| phrases.try_send(text).is_err()) {
                    let fault = Fault::new(
                        Kind::Unavailable,
                        "The voice does not take any more text. Ask again, or choose another voice in the settings.",
                    );
                    return Some(Event::Voice(job, Voice::Failed(fault)));
                }
            }
            Action::EndSpeech(job) => {
                if let Some(work) = self.jobs.get_mut(&job) {
                    work.phrases = None;
                }
            }
            Action::Drop(job) => {
                self.jobs.remove(&job);
                self.live.take_if(|(live, _)| *live == job);
            }
            Action::Keep(turn) => self.kept.begin(turn),
            Action::Forget(turn) => self.kept.forget(turn),
            Action::Release(turn) => {
                let mut kept = self.kept.release(turn).into_iter();
                let queued = kept.try_for_each(|audio| self.parts.loudspeaker.queue(turn, audio));
                return queued
                    .err()
                    .map(|error| Event::Loudspeaker(Loudspeaker::Failed(error.into())));
            }
            Action::Drain(turn) => self.parts.loudspeaker.finish(turn),
            Action::Cut(turn) => {
                let heard = self.parts.loudspeaker.cut().filter(|heard| heard.turn == turn);
                let samples = heard.map_or(0, |heard| heard.samples);
                return Some(Event::Loudspeaker(Loudspeaker::Silenced(turn, samples)));
            }
            Action::Duck(gain) => self.parts.loudspeaker.duck(gain),
            Action::Hold(held) => self.parts.loudspeaker.pause(held),
            Action::Record(exchange) => {
                if let Err(exchange) = self.recall.record(exchange) {
                    let fault = Fault::new(
                        Kind::Unavailable,
                        "The history is too slow to keep up, so it lacks this turn. Look whether its disk is full or busy.",
                    );
                    self.forgotten(fault, exchange.said);
                }
            }
            Action::Tell(notice) => self.tell(notice),
        }
        None
    }

    fn work(&mut self, job: Job, task: impl Future<Output = ()> + Send + 'static) -> &mut Work {
        let task = AbortOnDropHandle::new(tokio::spawn(task));
        self.jobs.entry(job).or_insert(Work {
            _task: task,
            utterance: None,
            phrases: None,
            turn: None,
        })
    }

    fn utterance(&self, job: Job) -> Option<&Arc<Utterance>> {
        self.jobs.get(&job).and_then(|work| work.utterance.as_ref())
    }

    /// Lets the first model read ahead.
    fn read(&self, asked: Option<String>) {
        if let Some(model) = self.parts.models.first() {
            tokio::spawn(warm(model.clone(), self.recall.clone(), asked));
        }
    }

    fn think(&mut self, job: Job, model: usize, said: String, guess: bool) {
        if let Some(mut choice) = self.parts.models.get(model).cloned() {
            choice.options.tentative = guess;
            let (recall, reports) = (self.recall.clone(), self.reports.clone());
            self.work(
                job,
                think(job, choice.provider, choice.options, recall, said, reports),
            );
        }
    }

    fn listen(&mut self, job: Job, recogniser: usize, replay: Option<Job>) {
        let utterance = if let Some(old) = replay {
            let utterance = self.jobs.remove(&old).and_then(|work| work.utterance);
            if let Some((live, _)) = self.live.as_mut().filter(|(live, _)| *live == old) {
                *live = job;
            }
            utterance.unwrap_or_default()
        } else {
            let utterance = Utterance::new(self.pre_roll.take());
            self.live = Some((job, Arc::clone(&utterance)));
            utterance
        };
        if let Some(choice) = self.parts.recognisers.get(recogniser).cloned() {
            let (heard, reports) = (Arc::clone(&utterance), self.reports.clone());
            let work = self.work(job, listen(job, choice.provider, choice.options, heard, reports));
            work.utterance = Some(utterance);
        }
    }

    fn judge(&mut self, job: Job, of: Job) {
        if let (Some(detector), Some(utterance)) = (&self.parts.turn_detector, self.utterance(of)) {
            let (verdict, reports) = (detector.finished(utterance.last()), self.reports.clone());
            self.work(job, async move {
                let score = verdict.await.ok();
                let _ = reports.send(Report::Event(Event::Verdict(job, score))).await;
            });
        }
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::Event(event) => {
                let lives = match &event {
                    Event::Recogniser(job, _)
                    | Event::Model(job, _)
                    | Event::Voice(job, _)
                    | Event::Verdict(job, _) => self.jobs.contains_key(job),
                    _ => true,
                };
                if let Event::Verdict(job, _) = &event {
                    self.jobs.remove(job);
                }
                if lives {
                    self.step(event);
                }
            }
            Report::Audio(job, audio) => {
                let Some(turn) = self.jobs.get(&job).and_then(|work| work.turn) else {
                    return;
                };
                let (rate, samples) = (audio.rate, audio.samples.len() as u64);
                let queued = self
                    .kept
                    .keep(turn, audio)
                    .map_or(Ok(()), |audio| self.parts.loudspeaker.queue(turn, audio));
                match queued {
                    Ok(()) => self.step(Event::Voice(job, Voice::Audio { rate, samples })),
                    Err(error) => self.step(Event::Loudspeaker(Loudspeaker::Failed(error.into()))),
                }
            }
            Report::Forgotten(fault, text) => self.forgotten(fault, text),
        }
    }

    fn replace(&mut self, parts: Parts) {
        self.machine.set_providers(parts.providers());
        self.recall.replace(Arc::clone(&parts.memory));
        if !Arc::ptr_eq(&self.parts.microphone, &parts.microphone) && self.microphone.take().is_some() {
            let fault = Fault::new(Kind::Device, "The microphone was exchanged. Say it again.");
            self.step(Event::Microphone(Microphone::Failed(fault)));
        }
        let loudspeaker = Arc::clone(&self.parts.loudspeaker);
        self.parts = Parts { loudspeaker, ..parts };
    }

    fn forgotten(&self, fault: Fault, text: Option<String>) {
        self.problem(Stage::Memory, fault, text);
    }

    pub(super) fn problem(&self, stage: Stage, fault: Fault, text: Option<String>) {
        let Fault { kind, message } = fault;
        self.notice(Body::Problem(Problem {
            stage,
            kind,
            message,
            next: None,
            text,
        }));
    }

    pub(super) fn progress(&self, progress: Progress) {
        self.notice(Body::Progress(progress));
    }

    fn notice(&self, body: Body) {
        self.tell(Notice {
            turn: self.machine.state().turn,
            at: self.now(),
            body,
        });
    }

    fn tell(&self, notice: Notice) {
        if let Body::Lifecycle(Lifecycle::State { state }) = &notice.body {
            self.state.send_replace(*state);
        }
        // Nobody may be watching.
        let _ = self.notices.send(notice);
    }
}

/// The microphone's next event; never, while none is open.
async fn hear(microphone: &mut Option<MicrophoneSession>) -> Option<libretto_voice::Result<MicrophoneEvent>> {
    match microphone {
        Some(session) => session.next().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
