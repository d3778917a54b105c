//! Any order of events: nothing wedges, nothing said is lost, no two replies at once, nothing old comes back.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::time::Duration;

use libretto_conversation::key;
use libretto_conversation::machine::{
    Action, Event, Fault, Job, Loudspeaker, Machine, Microphone, Mode, Model, Phase, Policy, Providers,
    Recogniser, User, Voice,
};
use libretto_conversation::notice::{Body, Data, Lifecycle, Original};
use libretto_voice::chat::FinishReason;
use libretto_voice::{Kind, Mark, Provenance, SampleRate, Time, Transcript, TurnId};
use proptest::prelude::*;

/// Something that may happen; the number picks among jobs that were given out, old ones too.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    User(User),
    Microphone(Microphone),
    Heard(usize, u8),
    Judged(usize, Option<f32>),
    Model(usize, u8),
    Voice(usize, u8),
    Speaker(usize, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let fault = || Fault::new(Kind::Device, "It broke.");
    prop_oneof![
        4 => prop_oneof![0_u64..100, 0_u64..1_000, 0_u64..20_000].prop_map(Step::Wait),
        4 => prop_oneof![
            3 => Just(User::Key(key::Input::Down)),
            3 => Just(User::Key(key::Input::Up)),
            1 => Just(User::Cancel),
            1 => Just(User::Stop),
            1 => (0_u32..1_000).prop_map(|n| User::Ask(format!("typed{n}"))),
            1 => (0_u32..1_000).prop_map(|n| User::Announce(format!("alarm{n}"))),
            1 => (0_usize..30).prop_map(User::Replay),
            1 => (0_u32..1_000, 0_usize..30).prop_map(|(n, from)| {
                let (of, text) = (Original::Exchange(i64::from(n)), format!("old{n} reply"));
                User::Repeat { of, text, from }
            }),
            1 => Just(User::Mode(Mode::HandsFree)),
            1 => Just(User::Mode(Mode::PushToTalk)),
            2 => (any::<bool>(), any::<bool>()).prop_map(|(paused, free)| {
                let mode = if free { Mode::HandsFree } else { Mode::PushToTalk };
                User::Policy(Box::new(Policy { mode, paused, ..Policy::default() }))
            }),
        ].prop_map(Step::User),
        4 => prop_oneof![
            3 => Just(Microphone::Listening),
            1 => Just(Microphone::Gone),
            3 => any::<bool>().prop_map(|echo| Microphone::SpeechStarted { echo }),
            3 => (0_u64..400).prop_map(|ms| Microphone::SpeechEnded(Duration::from_millis(ms))),
            2 => (0.0_f32..1.0).prop_map(Microphone::Level),
            1 => Just(Microphone::Failed(fault())),
        ].prop_map(Step::Microphone),
        5 => (0_usize..3, 0_u8..8).prop_map(|(job, what)| Step::Heard(job, what)),
        1 => (0_usize..3, prop::option::of(0.0_f32..1.0)).prop_map(|(job, score)| Step::Judged(job, score)),
        4 => (0_usize..3, 0_u8..8).prop_map(|(job, what)| Step::Model(job, what)),
        4 => (0_usize..3, 0_u8..8).prop_map(|(job, what)| Step::Voice(job, what)),
        4 => (0_usize..3, 0_u8..6).prop_map(|(turn, what)| Step::Speaker(turn, what)),
    ]
}

/// Plays the runner's part, and watches.
struct World {
    machine: Machine,
    now: Time,
    given: Vec<(char, Job)>,
    turns: Vec<TurnId>,
    /// Jobs that are under way.
    live: HashSet<Job>,
    /// The turn whose audio may sound.
    sounding: Option<TurnId>,
    said: u32,
    /// The turn whose reply is a guess, and what it answers.
    kept: Option<TurnId>,
    guessed: Option<String>,
    /// What was finally recognised and has not been answered, recorded or shown in a problem yet.
    owed: Vec<(Job, String)>,
    /// Recognisers that hear again what another one heard: what they say replaces what that one said.
    again: HashSet<Job>,
    /// The person called off what they were saying.
    closed: HashSet<TurnId>,
    /// Nobody is to be listened to.
    paused: bool,
}

impl World {
    fn new(mode: Mode, local: bool) -> Self {
        let two = |name: &str| vec![format!("{name} 1"), format!("{name} 2")];
        let providers = Providers {
            recognisers: two("r"),
            models: two("m"),
            voices: two("v"),
            turn_detector: true,
            local,
        };
        let mut world = Self {
            machine: Machine::new(
                Policy {
                    mode,
                    ..Policy::default()
                },
                providers,
            ),
            now: Time::default(),
            given: Vec::new(),
            turns: vec![TurnId(0)],
            live: HashSet::new(),
            sounding: None,
            said: 0,
            kept: None,
            guessed: None,
            owed: Vec::new(),
            again: HashSet::new(),
            closed: HashSet::new(),
            paused: false,
        };
        world.event(Event::Tick);
        world
    }

    fn job(&self, kind: char, back: usize) -> Option<Job> {
        self.given
            .iter()
            .rev()
            .filter(|(k, _)| *k == kind)
            .nth(back)
            .map(|(_, job)| *job)
    }

    fn event(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let called_off = match &event {
                Event::User(User::Cancel) => true,
                Event::User(User::Policy(policy)) => {
                    policy.paused & !std::mem::replace(&mut self.paused, policy.paused)
                }
                _ => false,
            };
            if called_off {
                // By the person: what is known of it is theirs to lose.
                self.owed.clear();
            }
            for action in self.machine.step(self.now, event) {
                self.watch(&action, &mut events);
            }
        }
    }

    fn watch(&mut self, action: &Action, events: &mut Vec<Event>) {
        match action {
            Action::Listen { job, replay, .. } => {
                if let Some(old) = replay {
                    assert!(self.live.remove(old), "replays a job that is not there");
                    self.again.insert(*job);
                    self.owed
                        .iter_mut()
                        .filter(|(owed, _)| owed == old)
                        .for_each(|(owed, _)| *owed = *job);
                }
                self.give('r', *job);
            }
            Action::Judge { job, of } => {
                assert!(self.live.contains(of), "judges an utterance that is not there");
                self.give('j', *job);
            }
            Action::Think {
                job,
                turn,
                said,
                guess,
                ..
            } => {
                if *guess {
                    self.guessed = Some(said.clone());
                } else {
                    self.answers(said);
                }
                assert!(
                    !self.of('m').any(|j| self.live.contains(&j)),
                    "two models at work"
                );
                self.give('m', *job);
                self.open(*turn);
            }
            Action::Speak { job, turn, .. } => {
                assert!(
                    !self.of('v').any(|j| self.live.contains(&j)),
                    "two voices at work"
                );
                assert!(
                    self.sounding.is_none_or(|sounding| sounding == *turn),
                    "two replies at once"
                );
                self.give('v', *job);
                self.sounding = Some(*turn);
                self.open(*turn);
                if self.turns.last() != Some(turn) {
                    self.turns.push(*turn);
                }
            }
            Action::Say { job, .. }
            | Action::EndSpeech(job)
            | Action::EndUtterance(job)
            | Action::Hurry(job) => {
                assert!(self.live.contains(job), "{action:?} for a job that is not there");
            }
            Action::Drop(job) => {
                self.live.remove(job);
            }
            Action::Cut(turn) => {
                events.push(Event::Loudspeaker(Loudspeaker::Silenced(*turn, 100)));
                self.sounding.take_if(|sounding| sounding == turn);
            }
            Action::Keep(_) | Action::Release(_) | Action::Forget(_) => self.watch_guess(action),
            Action::Drain(turn) => self.open(*turn),
            Action::Record(exchange) => {
                if let Some(said) = &exchange.said {
                    self.answers(said);
                }
            }
            Action::Tell(notice) => {
                if let Some(turn) = notice.turn
                    && !matches!(notice.body, Body::Data(Data::Exchange { .. }))
                {
                    self.open(turn);
                }
                match &notice.body {
                    Body::Lifecycle(Lifecycle::Closed { .. }) => {
                        let turn = notice.turn.unwrap();
                        assert!(self.closed.insert(turn), "{turn} is closed twice");
                        self.sounding.take_if(|sounding| *sounding == turn);
                    }
                    Body::Problem(problem) => {
                        if let Some(text) = &problem.text {
                            self.answers(text);
                        }
                    }
                    Body::Lifecycle(Lifecycle::State { state }) => {
                        assert_eq!(*state, self.machine.state(), "the mirror lies");
                    }
                    _ => {}
                }
            }
            Action::Microphone(on) => assert!(!on || !self.paused, "it listens while it is paused"),
            Action::Warm | Action::Read(_) | Action::Duck(_) | Action::Hold(_) => {}
        }
    }

    fn watch_guess(&mut self, action: &Action) {
        match action {
            Action::Keep(turn) => {
                self.open(*turn);
                assert!(self.kept.replace(*turn).is_none(), "two guesses at once");
            }
            Action::Release(turn) => {
                assert_eq!(self.kept.take(), Some(*turn), "released without having been kept");
                let said = self.guessed.take().unwrap();
                self.answers(&said);
            }
            Action::Forget(turn) => {
                assert_eq!(
                    self.kept.take(),
                    Some(*turn),
                    "forgotten without having been kept"
                );
                self.guessed = None;
                self.sounding.take_if(|sounding| sounding == turn);
            }
            _ => {}
        }
    }

    fn of(&self, kind: char) -> impl Iterator<Item = Job> {
        self.given
            .iter()
            .filter(move |(k, _)| *k == kind)
            .map(|(_, job)| *job)
    }

    fn give(&mut self, kind: char, job: Job) {
        assert!(
            self.given.iter().all(|(_, old)| *old < job),
            "a job's number is used twice"
        );
        self.given.push((kind, job));
        self.live.insert(job);
    }

    fn open(&self, turn: TurnId) {
        assert!(!self.closed.contains(&turn), "{turn} is over");
    }

    fn answers(&mut self, text: &str) {
        self.owed.retain(|(_, word)| !text.contains(word));
    }

    fn happen(&mut self, step: &Step) {
        match step {
            Step::Wait(ms) => self.wait(Duration::from_millis(*ms)),
            Step::User(user) => self.event(Event::User(user.clone())),
            Step::Microphone(event) => self.event(Event::Microphone(event.clone())),
            Step::Heard(back, what) => {
                let Some(job) = self.job('r', *back) else { return };
                self.said += 1;
                let word = format!("word{:05}", self.said);
                if matches!(what, 0..=3) && self.again.contains(&job) {
                    self.owed.retain(|(owed, _)| *owed != job);
                }
                let event = match what {
                    0 => Recogniser::Paused,
                    1 => Recogniser::Partial(Transcript::text("maybe")),
                    2 | 3 => {
                        if !self.again.contains(&job) && self.live.contains(&job) {
                            self.owed.push((job, word.clone()));
                        }
                        Recogniser::Segment(Transcript::text(word))
                    }
                    4 => Recogniser::EndOfTurn(0.9),
                    5 => Recogniser::TurnResumed,
                    6 => Recogniser::Finished,
                    _ => Recogniser::Failed(Fault::new(Kind::Unavailable, "It broke.")),
                };
                self.event(Event::Recogniser(job, event));
            }
            Step::Judged(back, score) => {
                if let Some(job) = self.job('j', *back) {
                    self.event(Event::Verdict(job, *score));
                }
            }
            Step::Model(back, what) => {
                let Some(job) = self.job('m', *back) else { return };
                let event = match what {
                    0..=3 => Model::Text("This is said. And ".into()),
                    4 => Model::Reasoning,
                    5 | 6 => Model::Finished(FinishReason::Stop),
                    _ => Model::Failed(Fault::new(Kind::Unavailable, "It broke.")),
                };
                self.event(Event::Model(job, event));
            }
            Step::Voice(back, what) => {
                let Some(job) = self.job('v', *back) else { return };
                let mark = Mark {
                    text: 0..4,
                    audio: 0..9_000,
                    provenance: Provenance::Measured,
                };
                let event = match what {
                    0..=3 => Voice::Audio {
                        rate: SampleRate::VOICE,
                        samples: 12_000,
                    },
                    4 => Voice::Marks(vec![mark]),
                    5 | 6 => Voice::Finished,
                    _ => Voice::Failed(Fault::new(Kind::Unavailable, "It broke.")),
                };
                self.event(Event::Voice(job, event));
            }
            Step::Speaker(back, what) => {
                let Some(turn) = self.turns.iter().rev().nth(*back).copied() else {
                    return;
                };
                let event = match what {
                    0 | 1 => Loudspeaker::Started(turn, self.now),
                    2 => Loudspeaker::Starved(turn),
                    3 => Loudspeaker::Drained(turn),
                    4 => Loudspeaker::Changed,
                    _ => Loudspeaker::Failed(Fault::new(Kind::Device, "It broke.")),
                };
                self.event(Event::Loudspeaker(event));
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        let to = self.now + time;
        let mut idle = 0;
        while let Some(deadline) = self.machine.deadline().filter(|deadline| *deadline <= to) {
            idle = if deadline <= self.now { idle + 1 } else { 0 };
            assert!(idle < 20, "a deadline that does not pass: {deadline:?}");
            self.now = self.now.max(deadline);
            self.event(Event::Tick);
        }
        self.now = to;
    }
}

/// Many cases, since each takes microseconds; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    config.cases = config.cases.max(5_000);
    config.failure_persistence = None;
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_order_of_events(hands_free: bool, local: bool, steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new(if hands_free { Mode::HandsFree } else { Mode::PushToTalk }, local);
        for step in &steps {
            world.happen(step);
        }
        // Everybody falls silent: within the deadlines all is over. What waits in the queue may fail one by one.
        world.happen(&Step::User(User::Mode(Mode::PushToTalk)));
        world.wait(Duration::from_mins(40));
        let phase = world.machine.state().phase;
        prop_assert_eq!(phase, Phase::Idle);
        prop_assert_eq!(world.machine.deadline(), None);
        prop_assert!(world.owed.is_empty(), "lost: {:?}", world.owed);
        prop_assert!(world.sounding.is_none(), "a reply is left sounding");
        // And it can be used again.
        world.happen(&Step::User(User::Ask("Still there?".into())));
        prop_assert_eq!(world.machine.state().phase, Phase::Thinking);
    }
}
