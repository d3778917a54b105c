//! A conversation as a list of lines, played to the machine in virtual time.
//!
//! `at 1.20 …` lets time run to 1.20 s (deadlines fire on the way) and then makes something happen:
//! `key down|up`, `cancel`, `stop`, `ask …`, `announce …`, `replay N`, `mode …`, `pause on|off`, `mic listening|speech|echo|silence S|
//! level L|fails` (`echo` is speech that may be our own voice), `heard partial|segment …|pause|done|fails`, `judge S|fails`, `model says …|done|fails`, `voice speaks S|done|
//! fails`, `speaker starts|starved|drained|fails`; `nothing` only lets time run. `heard`, `model` and `voice` speak for
//! the newest job of their kind; `late heard …` and so on for the one before it.
//!
//! `expect …` looks for the next action that begins so, behind the last one expected; `never …` says that there was
//! none since the beginning; `state …` is what windows show.

// Each test uses a part of it, and tests may panic.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::collections::HashMap;
use std::time::Duration;

use libretto_conversation::machine::{
    Action, Event, Fault, Job, Loudspeaker, Machine, Microphone, Mode, Model, Phase, Policy, Providers,
    Recogniser, User, Voice,
};
use libretto_conversation::notice::{Body, Data, Lifecycle, Original, Progress};
use libretto_conversation::{Exchange, key};
use libretto_voice::chat::FinishReason;
use libretto_voice::{Kind, Mark, Provenance, SampleRate, Time, Transcript, TurnId, text};

const RATE: SampleRate = SampleRate::VOICE;

/// What a voice was given and has given.
#[derive(Debug, Default)]
struct Spoken {
    text: String,
    marked: usize,
    samples: u64,
}

pub struct Stage {
    pub machine: Machine,
    policy: Policy,
    pub now: Time,
    /// All actions, readable, with their times.
    pub log: Vec<(Time, String)>,
    pub records: Vec<Exchange>,
    expected: usize,
    recognisers: Vec<Job>,
    models: Vec<Job>,
    voices: Vec<Job>,
    judge: Option<Job>,
    spoken: HashMap<Job, Spoken>,
    turn: TurnId,
    audible: Option<Time>,
    queued: u64,
}

pub fn push_to_talk() -> Policy {
    Policy::default()
}

pub fn hands_free() -> Policy {
    Policy {
        mode: Mode::HandsFree,
        ..Policy::default()
    }
}

pub fn two_of_each() -> Providers {
    let two = |name: &str| vec![format!("first {name}"), format!("second {name}")];
    Providers {
        recognisers: two("ear"),
        models: two("mind"),
        voices: two("voice"),
        turn_detector: true,
        local: false,
    }
}

/// Plays a scenario with two providers of each kind.
pub fn play(policy: Policy, script: &str) -> Stage {
    play_with(policy, two_of_each(), script)
}

pub fn play_with(policy: Policy, providers: Providers, script: &str) -> Stage {
    let mut stage = Stage::new(policy, providers);
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        stage.line(line);
    }
    stage
}

fn fault(kind: Kind) -> Fault {
    Fault::new(kind, "It broke.")
}

impl Stage {
    pub fn new(policy: Policy, providers: Providers) -> Self {
        let mut stage = Self {
            machine: Machine::new(policy.clone(), providers),
            policy,
            now: Time::default(),
            log: Vec::new(),
            records: Vec::new(),
            expected: 0,
            recognisers: Vec::new(),
            models: Vec::new(),
            voices: Vec::new(),
            judge: None,
            spoken: HashMap::new(),
            turn: TurnId(0),
            audible: None,
            queued: 0,
        };
        stage.step(Event::Tick);
        stage
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "at" => {
                let (at, what) = rest.split_once(' ').unwrap();
                self.run_to(Time(Duration::from_secs_f64(at.parse().unwrap())));
                self.happen(what);
            }
            "expect" => {
                let found = self.log[self.expected..]
                    .iter()
                    .position(|(_, action)| action.starts_with(rest));
                match found {
                    Some(at) => self.expected += at + 1,
                    None => panic!(
                        "expected {rest:?}\nsince the last one expected there was:\n{}",
                        self.tail()
                    ),
                }
            }
            "never" => {
                let found = self.log.iter().find(|(_, action)| action.starts_with(rest));
                assert!(found.is_none(), "{rest:?} was never to be:\n{}", self.tail());
            }
            "state" => assert_eq!(self.state(), rest, "after {:?}:\n{}", self.now, self.tail()),
            _ => panic!("what is {line:?}?"),
        }
    }

    fn tail(&self) -> String {
        let lines = self.log[self.expected..].iter();
        let lines: Vec<String> = lines
            .map(|(at, action)| format!("  {:7.3} {action}", at.0.as_secs_f64()))
            .collect();
        lines.join(
            "
",
        )
    }

    /// Lets time run, deadlines firing on the way.
    pub fn run_to(&mut self, to: Time) {
        for _ in 0..10_000 {
            match self.machine.deadline() {
                Some(deadline) if deadline <= to => {
                    self.now = self.now.max(deadline);
                    self.step(Event::Tick);
                }
                _ => {
                    self.now = self.now.max(to);
                    return;
                }
            }
        }
        panic!("the machine wants ticks for ever at {:?}", self.now);
    }

    pub fn state(&self) -> &'static str {
        match self.machine.state().phase {
            Phase::Idle => "idle",
            Phase::Arming => "arming",
            Phase::Waiting => "waiting",
            Phase::Listening { latched: false } => "listening",
            Phase::Listening { latched: true } => "latched",
            Phase::Finishing { tail: true } => "tail",
            Phase::Finishing { tail: false } => "transcribing",
            Phase::Thinking => "thinking",
            Phase::Speaking { ducked: false } => "speaking",
            Phase::Speaking { ducked: true } => "ducked",
        }
    }

    fn happen(&mut self, what: &str) {
        let (late, what) = what.strip_prefix("late ").map_or((0, what), |what| (1, what));
        let job = |jobs: &[Job]| *jobs.iter().rev().nth(late).expect("no such job was given out");
        let (who, rest) = what.split_once(' ').unwrap_or((what, ""));
        let (verb, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = || text.parse::<f64>().unwrap();
        let event = match (who, verb) {
            ("nothing", _) => return,
            ("key", "down") => Event::User(User::Key(key::Input::Down)),
            ("key", "up") => Event::User(User::Key(key::Input::Up)),
            ("cancel", _) => Event::User(User::Cancel),
            ("stop", _) => Event::User(User::Stop),
            ("ask", _) => Event::User(User::Ask(rest.into())),
            ("announce", _) => Event::User(User::Announce(rest.into())),
            ("replay", _) => Event::User(User::Replay(rest.parse().unwrap())),
            ("repeat", from) => Event::User(User::Repeat {
                of: Original::Exchange(7),
                text: text.into(),
                from: from.parse().unwrap(),
            }),
            ("mode", "hands-free") => Event::User(User::Mode(Mode::HandsFree)),
            ("mode", _) => Event::User(User::Mode(Mode::PushToTalk)),
            ("pause", on) => {
                self.policy.paused = on == "on";
                Event::User(User::Policy(Box::new(self.policy.clone())))
            }
            ("trial", on) => {
                self.policy.trying = on == "on";
                Event::User(User::Policy(Box::new(self.policy.clone())))
            }
            ("mic", "listening") => Event::Microphone(Microphone::Listening),
            ("mic", "gone") => Event::Microphone(Microphone::Gone),
            ("mic", "speech") => Event::Microphone(Microphone::SpeechStarted { echo: false }),
            ("mic", "echo") => Event::Microphone(Microphone::SpeechStarted { echo: true }),
            ("mic", "silence") => {
                Event::Microphone(Microphone::SpeechEnded(Duration::from_secs_f64(number())))
            }
            ("mic", "level") => Event::Microphone(Microphone::Level(number() as f32)),
            ("mic", _) => Event::Microphone(Microphone::Failed(fault(Kind::Device))),
            ("heard", "partial") => {
                Event::Recogniser(job(&self.recognisers), Recogniser::Partial(words(text)))
            }
            ("heard", "segment") => {
                Event::Recogniser(job(&self.recognisers), Recogniser::Segment(words(text)))
            }
            ("heard", "pause") => Event::Recogniser(job(&self.recognisers), Recogniser::Paused),
            ("heard", "done") => Event::Recogniser(job(&self.recognisers), Recogniser::Finished),
            ("heard", _) => Event::Recogniser(
                job(&self.recognisers),
                Recogniser::Failed(fault(Kind::Unavailable)),
            ),
            ("judge", "fails") => Event::Verdict(self.judge.unwrap(), None),
            ("judge", score) => Event::Verdict(self.judge.unwrap(), Some(score.parse().unwrap())),
            ("model", "says") => Event::Model(job(&self.models), Model::Text(text.into())),
            ("model", "done") => Event::Model(job(&self.models), Model::Finished(FinishReason::Stop)),
            ("model", _) => Event::Model(job(&self.models), Model::Failed(fault(Kind::Unavailable))),
            ("voice", "speaks") => return self.speaks(job(&self.voices), number()),
            ("voice", "done") => Event::Voice(job(&self.voices), Voice::Finished),
            ("voice", _) => Event::Voice(job(&self.voices), Voice::Failed(fault(Kind::Unavailable))),
            ("speaker", "starts") => {
                self.audible = Some(self.now);
                Event::Loudspeaker(Loudspeaker::Started(self.turn, self.now))
            }
            ("speaker", "starved") => Event::Loudspeaker(Loudspeaker::Starved(self.turn)),
            ("speaker", "changed") => Event::Loudspeaker(Loudspeaker::Changed),
            ("speaker", "drained") => Event::Loudspeaker(Loudspeaker::Drained(self.turn)),
            ("speaker", _) => Event::Loudspeaker(Loudspeaker::Failed(fault(Kind::Device))),
            _ => panic!("what is {what:?}?"),
        };
        self.step(event);
    }

    /// All that the voice was given and has not spoken, in so many seconds, the words evenly.
    pub fn speaks(&mut self, job: Job, seconds: f64) {
        let spoken = self.spoken.entry(job).or_default();
        let (samples, before) = (RATE.sample_at(seconds), spoken.samples);
        let words: Vec<_> = text::words(&spoken.text)
            .into_iter()
            .filter(|w| w.start >= spoken.marked)
            .collect();
        let each = samples / words.len().max(1) as u64;
        let marks: Vec<Mark> = (0_u64..)
            .zip(words)
            .map(|(n, text)| Mark {
                text,
                audio: before + n * each..before + (n + 1) * each,
                provenance: Provenance::Measured,
            })
            .collect();
        spoken.samples += samples;
        spoken.marked = text::count(&spoken.text);
        self.queued += samples;
        self.step(Event::Voice(job, Voice::Audio { rate: RATE, samples }));
        self.step(Event::Voice(job, Voice::Marks(marks)));
    }

    pub fn step(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.machine.step(self.now, event) {
                match &action {
                    Action::Listen { job, .. } => self.recognisers.push(*job),
                    Action::Think { job, .. } => self.models.push(*job),
                    Action::Judge { job, .. } => self.judge = Some(*job),
                    Action::Speak { job, turn, .. } => {
                        self.voices.push(*job);
                        if self.turn != *turn {
                            (self.turn, self.audible, self.queued) = (*turn, None, 0);
                        }
                    }
                    Action::Say { job, text } => self.spoken.entry(*job).or_default().text.push_str(text),
                    Action::Cut(turn) => {
                        let played = self
                            .audible
                            .map_or(Duration::ZERO, |audible| self.now.since(audible));
                        let samples = RATE.samples(played).min(self.queued);
                        events.push(Event::Loudspeaker(Loudspeaker::Silenced(*turn, samples)));
                    }
                    Action::Record(exchange) => self.records.push(exchange.clone()),
                    _ => {}
                }
                self.log.push((self.now, readable(&action)));
            }
        }
    }

    /// When an action that begins so was first taken, in seconds.
    pub fn when(&self, action: &str) -> f64 {
        let found = self.log.iter().find(|(_, taken)| taken.starts_with(action));
        found
            .unwrap_or_else(|| panic!("{action:?} never was"))
            .0
            .0
            .as_secs_f64()
    }

    pub fn newest(&self) -> [Option<Job>; 4] {
        let last = |jobs: &[Job]| jobs.last().copied();
        [
            last(&self.recognisers),
            last(&self.models),
            last(&self.voices),
            self.judge,
        ]
    }

    pub fn turn(&self) -> TurnId {
        self.turn
    }

    pub fn starts(&mut self) {
        self.happen("speaker starts");
    }
}

fn words(text: &str) -> Transcript {
    Transcript::text(text)
}

fn snake<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .unwrap()
        .as_str()
        .map_or_else(String::new, str::to_owned)
}

fn readable(action: &Action) -> String {
    match action {
        Action::Warm => "warm".into(),
        Action::Microphone(on) => format!("microphone {}", if *on { "on" } else { "off" }),
        Action::Listen {
            recogniser, replay, ..
        } => {
            format!(
                "listen {recogniser}{}",
                if replay.is_some() { " replaying" } else { "" }
            )
        }
        Action::Hurry(_) => "hurry".into(),
        Action::EndUtterance(_) => "end utterance".into(),
        Action::Judge { .. } => "judge".into(),
        Action::Read(said) => format!("read {said}"),
        Action::Think {
            model, said, guess, ..
        } => format!("{} {model} {said}", if *guess { "guess" } else { "think" }),
        Action::Keep(_) => "keep".into(),
        Action::Release(_) => "release".into(),
        Action::Forget(_) => "forget".into(),
        Action::Speak { voice, .. } => format!("speak {voice}"),
        Action::Say { text, .. } => format!("say {}", text.trim()),
        Action::EndSpeech(_) => "end speech".into(),
        Action::Drop(_) => "drop".into(),
        Action::Drain(_) => "drain".into(),
        Action::Cut(_) => "cut".into(),
        Action::Duck(gain) => format!("duck {gain}"),
        Action::Hold(on) => format!("hold {on}"),
        Action::Record(e) => {
            format!(
                "record [{}] [{}|{}]",
                e.said.as_deref().unwrap_or("-"),
                e.heard.trim_end(),
                e.unheard.trim_start()
            )
        }
        Action::Tell(notice) => match &notice.body {
            Body::Lifecycle(Lifecycle::State { .. }) => "told state".into(),
            Body::Lifecycle(Lifecycle::Closed { end }) => format!("closed {end:?}"),
            Body::Progress(Progress::Using { provider, .. }) => format!("using {provider}"),
            Body::Progress(other) => format!("told {other:?}"),
            Body::Data(Data::Again { of }) => format!("again {of:?}"),
            Body::Data(Data::Partial { text }) => format!("partial {text}"),
            Body::Data(Data::Said { text }) => format!("said {text}"),
            Body::Data(Data::Reply { delta }) => format!("reply {delta}"),
            Body::Data(Data::Heard { clusters, .. }) => format!("heard {clusters}"),
            Body::Data(Data::Ledger { .. }) => "ledger".into(),
            Body::Data(_) => "data".into(),
            Body::Problem(p) => format!(
                "problem {} {} next {} text {}",
                snake(&p.stage),
                snake(&p.kind),
                p.next.as_deref().unwrap_or("-"),
                p.text.as_deref().unwrap_or("-")
            ),
        },
    }
}
