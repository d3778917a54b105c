//! The turn machine: an event and the time go in, what to do comes out.
//!
//! There is no clock, task or socket in it. Every policy is decided here: when the person has finished, when speech
//! cuts a reply, how long anything may take, who takes over from whom, what stays in the history. At most one
//! utterance and one reply are under way at a time; work that was given out is known by its [`Job`], and what comes
//! back for any other is dropped.

mod action;
mod capture;
mod closing;
mod cutter;
mod endpoint;
mod event;
mod guess;
mod interruption;
mod line;
mod playing;
mod policy;
mod recognition;
mod reply;
mod script;
mod speaking;
mod state;
mod thinking;
mod transcribing;
mod voicing;

use std::collections::VecDeque;

use libretto_voice::{Kind, Ledger, Milestone, Time, TurnId};

pub use action::Action;
pub use event::{Event, Fault, Job, Loudspeaker, Microphone, Model, Recogniser, User, Voice};
pub use policy::{AHEAD, BargeIn, Deadlines, LONGEST_QUEUE, LONGEST_TEXT, Mode, Policy, TurnEnd};
pub use state::{Phase, State};

use crate::key;
use crate::notice::{Body, Data, End, Lifecycle, Notice, Original, Problem, Progress, Stage as Part};
use capture::{By, Capture, Stage};
use closing::Closing;
use line::Line;
use reply::{Kind as ReplyKind, Reply};

/// Who is there to do the work, by name, in the order in which they are tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Providers {
    /// Speech to text.
    pub recognisers: Vec<String>,
    /// Language models.
    pub models: Vec<String>,
    /// Text to speech. Without any, replies are only read.
    pub voices: Vec<String>,
    /// Whether there is a turn detector.
    pub turn_detector: bool,
    /// Whether the first model and voice cost nothing, so that they may begin on a guess.
    pub local: bool,
}

/// The turn machine.
#[derive(Debug)]
// Each flag is a fact of its own about the world outside; none excludes another.
#[allow(clippy::struct_excessive_bools)]
pub struct Machine {
    policy: Policy,
    providers: Providers,
    now: Time,
    out: Vec<Action>,
    last_turn: TurnId,
    last_job: Job,
    keys: key::Classifier,
    microphone: Line,
    /// The user knows that the microphone fails.
    complained: bool,
    /// The voice-activity detector hears speech.
    voiced: bool,
    capture: Option<Capture>,
    reply: Option<Reply>,
    closing: Vec<Closing>,
    waiting: VecDeque<Waiting>,
    last_reply: Option<(TurnId, String)>,
    /// What the last reply said at its end, and until when it may come back as an echo.
    echo: Option<(Time, String)>,
    ducked: bool,
    held: bool,
    told: Option<State>,
}

/// What waits until nobody speaks.
#[derive(Clone, Debug, PartialEq)]
enum Waiting {
    Question(String),
    Announcement(String),
}

impl Machine {
    /// Nothing goes on yet. In hands-free mode the first [`Event::Tick`] opens the microphone.
    pub fn new(policy: Policy, providers: Providers) -> Self {
        let keys = key::Classifier::new(policy.key);
        Self {
            last_turn: policy.after,
            policy,
            providers,
            now: Time::default(),
            out: Vec::new(),
            last_job: Job(0),
            keys,
            microphone: Line::Off,
            complained: false,
            voiced: false,
            capture: None,
            reply: None,
            closing: Vec::new(),
            waiting: VecDeque::new(),
            last_reply: None,
            echo: None,
            ducked: false,
            held: false,
            told: None,
        }
    }

    /// Something happened at `now`; what has to be done, in order. A time before the last one counts as the last one.
    pub fn step(&mut self, now: Time, event: Event) -> Vec<Action> {
        self.now = self.now.max(now);
        // What was due before this event comes first: the clock may be late.
        self.tick();
        match event {
            Event::Tick => {}
            Event::User(user) => self.user(user),
            Event::Microphone(microphone) => self.microphone(microphone),
            Event::Recogniser(job, event) => self.recogniser(job, event),
            Event::Verdict(job, score) => self.verdict(job, score),
            Event::Model(job, event) => self.model(job, event),
            Event::Voice(job, event) => self.voice(job, event),
            Event::Loudspeaker(event) => self.loudspeaker(event),
        }
        self.settle();
        std::mem::take(&mut self.out)
    }

    /// When it wants [`Event::Tick`] at the latest.
    pub fn deadline(&self) -> Option<Time> {
        let line = match self.microphone {
            Line::Failed { until } if self.wants_microphone() => Some(until),
            line => line.awaited(),
        };
        [
            self.keys.deadline(),
            line,
            self.capture_deadline(),
            self.reply_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Who is there to do the work from the next piece of it on.
    pub fn set_providers(&mut self, providers: Providers) {
        self.providers = providers;
    }

    /// What is going on.
    pub fn state(&self) -> State {
        let reply = self.reply.as_ref();
        let sounds = reply.is_some_and(|reply| reply.sounds(self.now) || reply.audible.is_some());
        let arming = self.microphone.awaited().is_some();
        let (turn, phase) = match (&self.capture, reply) {
            (Some(capture), _) if capture.doubt.is_none() || reply.is_none() => {
                let phase = match capture.stage {
                    Stage::Open | Stage::Pause { .. } if arming => Phase::Arming,
                    Stage::Open | Stage::Pause { .. } => Phase::Listening {
                        latched: capture.by == By::Key { latched: true },
                    },
                    Stage::Tail { .. } => Phase::Finishing { tail: true },
                    Stage::Finishing => Phase::Finishing { tail: false },
                };
                (Some(capture.turn), phase)
            }
            (_, Some(reply)) if sounds => (Some(reply.turn), Phase::Speaking { ducked: self.ducked }),
            (_, Some(reply)) => (Some(reply.turn), Phase::Thinking),
            _ if self.policy.mode == Mode::HandsFree && arming => (None, Phase::Arming),
            _ if self.policy.mode == Mode::HandsFree && self.microphone.on() => (None, Phase::Waiting),
            _ => (None, Phase::Idle),
        };
        State {
            mode: self.policy.mode,
            turn,
            phase,
        }
    }

    fn user(&mut self, user: User) {
        match user {
            User::Key(input) => {
                if let Some(gesture) = self.keys.input(self.now, input) {
                    self.gesture(gesture);
                }
            }
            User::Cancel => self.call_off(),
            User::Stop => {
                self.forget_guess();
                self.relent();
                if let Some(reply) = self.reply.take() {
                    self.cut(reply, End::Cut);
                }
            }
            User::Ask(text) | User::Repeat { text, .. } if text.len() > LONGEST_TEXT => {
                let message = "That text is too long. Send it in parts.";
                self.problem(None, Part::Model, Fault::new(Kind::BadInput, message), None, None);
            }
            User::Ask(text) => self.ask(text),
            User::Announce(text) => {
                if !text.trim().is_empty() {
                    self.wait(Waiting::Announcement(text));
                }
            }
            User::Replay(from) => {
                if let Some((turn, text)) = self.last_reply.clone() {
                    self.repeat(Original::Turn(turn), text, from);
                }
            }
            User::Repeat { of, text, from } => {
                if !text.trim().is_empty() {
                    self.repeat(of, text, from);
                }
            }
            User::Mode(mode) => self.policy.mode = mode,
            User::Policy(policy) => {
                self.keys.set_timing(policy.key);
                let before = std::mem::replace(&mut self.policy, *policy);
                let Policy { paused, trying, .. } = self.policy;
                if (paused && !before.paused) || (trying && !before.trying) {
                    self.call_off();
                }
            }
        }
    }

    /// Gives up whatever is going on.
    fn call_off(&mut self) {
        self.relent();
        self.drop_capture(End::Cancelled);
        if let Some(reply) = self.reply.take() {
            self.cut(reply, End::Cancelled);
        }
    }

    /// A typed question cuts a reply, but not a person.
    fn ask(&mut self, text: String) {
        if text.trim().is_empty() {
            return;
        }
        if self
            .capture
            .as_ref()
            .is_some_and(|capture| capture.doubt.is_none())
        {
            self.wait(Waiting::Question(text));
            return;
        }
        if let Some(reply) = self.reply.take() {
            self.relent();
            self.cut(reply, End::Cut);
        }
        if self.capture.is_some() {
            self.wait(Waiting::Question(text));
        } else {
            self.question(text);
        }
    }

    fn question(&mut self, said: String) {
        let turn = self.next_turn();
        let mut ledger = Ledger::new(turn);
        ledger.note(Milestone::Opened, self.now);
        ledger.note(Milestone::FinalTranscript, self.now);
        self.out.push(Action::Warm);
        self.data(turn, Data::Said { text: said.clone() });
        self.begin(turn, ledger, ReplyKind::Answer { said }, None);
    }

    /// Says a reply again, unless the person speaks.
    fn repeat(&mut self, of: Original, text: String, from: usize) {
        if self
            .capture
            .as_ref()
            .is_some_and(|capture| capture.doubt.is_none())
        {
            return;
        }
        let turn = self.next_turn();
        let mut ledger = Ledger::new(turn);
        ledger.note(Milestone::Opened, self.now);
        self.data(turn, Data::Again { of });
        self.begin(turn, ledger, ReplyKind::Replay, Some((text, from)));
    }

    fn wait(&mut self, what: Waiting) {
        if self.waiting.len() < LONGEST_QUEUE {
            return self.waiting.push_back(what);
        }
        let (Waiting::Question(text) | Waiting::Announcement(text)) = what;
        let fault = Fault::new(
            Kind::RateLimited,
            "Too much is waiting to be said. Try again in a moment.",
        );
        self.problem(None, Part::Model, fault, None, Some(text));
    }

    /// All that is due.
    fn tick(&mut self) {
        if let Some(gesture) = self.keys.tick(self.now) {
            self.gesture(gesture);
        }
        if self.microphone.awaited().is_some_and(|until| self.now >= until) {
            self.microphone_failed(Fault::new(
                Kind::Device,
                "The microphone gives no sound. Check that it is plugged in and allowed, or choose another one.",
            ));
        }
        self.tick_capture();
        self.tick_reply();
    }

    /// Brings about what follows from the state alone: what waits, the microphone, the mirror.
    fn settle(&mut self) {
        while self.capture.is_none() && self.reply.is_none() && !self.voiced {
            match self.waiting.pop_front() {
                Some(Waiting::Question(text)) => self.question(text),
                Some(Waiting::Announcement(text)) => {
                    let turn = self.next_turn();
                    let mut ledger = Ledger::new(turn);
                    ledger.note(Milestone::Opened, self.now);
                    self.begin(turn, ledger, ReplyKind::Announcement, Some((text, 0)));
                }
                None => break,
            }
        }
        if self.reply.is_none() {
            self.relent();
        }
        self.settle_microphone();
        let state = self.state();
        if self.told != Some(state) {
            self.told = Some(state);
            self.tell(state.turn, Body::Lifecycle(Lifecycle::State { state }));
        }
    }

    fn next_turn(&mut self) -> TurnId {
        self.last_turn = self.last_turn.next();
        self.last_turn
    }

    fn next_job(&mut self) -> Job {
        self.last_job.0 += 1;
        self.last_job
    }

    fn tell(&mut self, turn: Option<TurnId>, body: Body) {
        let notice = Notice {
            turn,
            at: self.now,
            body,
        };
        if !self.keeps(&notice) {
            self.out.push(Action::Tell(notice));
        }
    }

    fn data(&mut self, turn: TurnId, data: Data) {
        self.tell(Some(turn), Body::Data(data));
    }

    fn using(&mut self, turn: TurnId, stage: Part, provider: String) {
        self.tell(Some(turn), Body::Progress(Progress::Using { stage, provider }));
    }

    fn problem(
        &mut self,
        turn: Option<TurnId>,
        stage: Part,
        fault: Fault,
        next: Option<String>,
        text: Option<String>,
    ) {
        let Fault { kind, message } = fault;
        self.tell(
            turn,
            Body::Problem(Problem {
                stage,
                kind,
                message,
                next,
                text,
            }),
        );
    }

    /// A turn is over.
    fn closed(&mut self, ledger: &Ledger, end: End) {
        self.data(
            ledger.turn,
            Data::Ledger {
                ledger: ledger.clone(),
            },
        );
        self.tell(Some(ledger.turn), Body::Lifecycle(Lifecycle::Closed { end }));
    }
}
