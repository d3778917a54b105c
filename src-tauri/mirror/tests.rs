use libretto_assistant::voice::{Provenance, Time};

use super::*;
use crate::wire::notice::{End, Phase};

fn idle() -> machine::State {
    machine::State {
        mode: machine::Mode::PushToTalk,
        turn: None,
        phase: machine::Phase::Idle,
    }
}

fn notice(turn: u64, body: core::Body) -> CoreNotice {
    CoreNotice {
        turn: Some(TurnId(turn)),
        at: Time::from_millis(1_000),
        body,
    }
}

fn mark(text: std::ops::Range<usize>, audio: std::ops::Range<u64>) -> Mark {
    Mark {
        text,
        audio,
        provenance: Provenance::Measured,
    }
}

fn told(mirror: &mut Mirror, turn: u64, body: core::Body) -> Body {
    match mirror.hear(&notice(turn, body), 5_000.0) {
        Told::Notice(notice) => notice.body,
        other => panic!("{other:?} is no notice"),
    }
}

#[test]
fn words_are_told_once_in_the_pages_units() {
    let mut mirror = Mirror::new(7, idle(), []);
    let reply = |delta: &str| core::Body::Data(core::Data::Reply { delta: delta.into() });
    let marks = |marks| {
        core::Body::Data(core::Data::Marks {
            rate: SampleRate::VOICE,
            marks,
        })
    };
    told(&mut mirror, 1, reply("👍 Yes,"));
    let first = told(&mut mirror, 1, marks(vec![mark(2..6, 100..200)]));
    told(&mut mirror, 1, reply(" نعم."));
    told(&mut mirror, 1, marks(vec![mark(7..11, 200..300)]));
    let yes = Word {
        text: Span { start: 3, end: 7 },
        audio: Span { start: 100, end: 200 },
        cluster: 2,
        provenance: crate::wire::notice::Provenance::Measured,
    };
    let words = vec![yes];
    assert_eq!(first, Body::Data(Data::Words { rate: 24_000, words }));
    let turn = mirror.turn().unwrap();
    assert_eq!((turn.reply.as_str(), turn.words.len()), ("👍 Yes, نعم.", 2));
    assert_eq!(turn.words[1].text, Span { start: 8, end: 12 });
    assert_eq!(mirror.sequence(), 11, "it goes on from the number it was given");

    let lit = core::Data::Lit {
        word: "نعم.".into(),
        text: 7..11,
        sample: 200,
    };
    let told_of_it = mirror.hear(&notice(1, core::Body::Data(lit)), 5_000.0);
    assert_eq!(told_of_it, Told::Nothing, "the pages see it from the playhead");
    let heard = core::Data::Heard {
        clusters: 6,
        samples: 200,
    };
    assert_eq!(
        told(&mut mirror, 1, core::Body::Data(heard)),
        Body::Data(Data::Heard { until: 7 })
    );
}

#[test]
fn what_comes_late_for_an_older_turn_does_not_touch_the_newest() {
    let mut mirror = Mirror::new(0, idle(), []);
    let partial = |text: &str| core::Body::Data(core::Data::Partial { text: text.into() });
    told(&mut mirror, 1, partial("What is"));
    told(&mut mirror, 2, partial("No, wait"));
    let closed = core::Body::Lifecycle(core::Lifecycle::Closed { end: core::End::Cut });
    told(&mut mirror, 1, closed);
    let newest = mirror.turn().unwrap();
    assert_eq!(
        (newest.turn, newest.partial.as_str(), newest.end),
        (2, "No, wait", None)
    );
    assert_eq!(
        mirror.turns[0].turn.end,
        Some(End::Cut),
        "the older one knows that it was cut"
    );
}

#[test]
fn a_window_that_opens_later_sees_state_and_exchanges() {
    let before = Exchange {
        original: Original::Exchange(12),
        said: Some("Hello".into()),
        reply: "Hello!".into(),
        heard: 6,
        cut: false,
        milestones: Vec::new(),
    };
    let mut mirror = Mirror::new(0, idle(), vec![before]);
    let thinking = machine::State {
        turn: Some(TurnId(1)),
        phase: machine::Phase::Thinking,
        ..idle()
    };
    let state = core::Lifecycle::State { state: thinking };
    told(&mut mirror, 1, core::Body::Lifecycle(state));
    assert_eq!(
        (mirror.state().phase, mirror.state().turn),
        (Phase::Thinking, Some(1))
    );
    for turn in 1..=300 {
        let exchange = conversation::Exchange {
            turn: TurnId(turn),
            said: None,
            heard: "Tick".into(),
            unheard: " tock".into(),
            cut: true,
            alignment: None,
        };
        told(
            &mut mirror,
            turn,
            core::Body::Data(core::Data::Exchange { exchange }),
        );
    }
    let exchanges = mirror.exchanges();
    assert_eq!(
        (exchanges.len(), exchanges[199].original),
        (200, Original::Turn(300)),
        "the oldest are left to the history"
    );
    assert_eq!(
        (exchanges[0].reply.as_str(), exchanges[0].heard),
        ("Tick tock", 4)
    );
}

#[test]
fn a_window_that_opens_in_the_middle_knows_who_is_at_work() {
    use crate::wire::notice::Stage;

    let mut mirror = Mirror::new(0, idle(), []);
    let mut progress = |progress| told(&mut mirror, 1, core::Body::Progress(progress));
    for provider in ["openai", "on-device"] {
        progress(core::Progress::Using {
            stage: core::Stage::Model,
            provider: provider.into(),
        });
    }
    for stage in [core::Stage::Microphone, core::Stage::Loudspeaker] {
        progress(core::Progress::Device {
            stage,
            device: format!("{stage:?}"),
        });
    }
    progress(core::Progress::Dropped { samples: 480 });
    progress(core::Progress::Gap);
    progress(core::Progress::Reasoning);
    assert_eq!(mirror.microphone().as_deref(), Some("Microphone"));
    let turn = mirror.turn().unwrap();
    let names: Vec<_> = turn
        .using
        .iter()
        .map(|using| (using.stage, using.provider.as_str()))
        .collect();
    assert_eq!(names, [(Stage::Model, "openai"), (Stage::Model, "on-device")]);
    assert!(turn.reasoning && turn.dropped && turn.gaps == 1, "{turn:?}");

    let delta = core::Data::Reply { delta: "Yes".into() };
    told(&mut mirror, 1, core::Body::Data(delta));
    assert!(!mirror.turn().unwrap().reasoning, "it speaks now");
}

#[test]
fn what_is_said_again_is_told_from_what_is_said_unasked() {
    let mut mirror = Mirror::new(0, idle(), []);
    let reply = |delta: &str| core::Body::Data(core::Data::Reply { delta: delta.into() });
    told(&mut mirror, 1, reply("Time is up."));
    assert_eq!(mirror.turn().unwrap().again, None);
    let of = core::Original::Turn(TurnId(1));
    let body = told(&mut mirror, 2, core::Body::Data(core::Data::Again { of }));
    let of = Original::Turn(1);
    assert_eq!(body, Body::Data(Data::Again { of }));
    told(&mut mirror, 2, reply("Time is up."));
    assert_eq!(
        mirror.turn().unwrap().again,
        Some(of),
        "a window that opens now knows it too"
    );
}

#[test]
fn the_start_of_playback_is_told_on_the_pages_clock() {
    let mut mirror = Mirror::new(0, idle(), []);
    let audible = Time::from_millis(1_040);
    let started = told(&mut mirror, 1, core::Body::Data(core::Data::Started { audible }));
    let Body::Data(Data::Started { audible }) = started else {
        panic!("{started:?}")
    };
    assert!((audible - 5_040.0).abs() < 0.01, "{audible}");
}

#[test]
fn a_turns_milestones_are_told_from_its_first_and_kept_with_it() {
    use libretto_assistant::voice::{Ledger, Milestone as Core};

    use crate::wire::notice::Milestone;

    let mut mirror = Mirror::new(0, idle(), []);
    told(
        &mut mirror,
        3,
        core::Body::Data(core::Data::Said { text: "Hello".into() }),
    );
    let spoken = conversation::Exchange {
        turn: TurnId(3),
        said: Some("Hello".into()),
        heard: "Hi".into(),
        unheard: String::new(),
        cut: false,
        alignment: None,
    };
    told(
        &mut mirror,
        3,
        core::Body::Data(core::Data::Exchange { exchange: spoken }),
    );
    let mut ledger = Ledger::new(TurnId(3));
    ledger.note(Core::Opened, Time::from_millis(1_000));
    ledger.note(Core::FirstSound, Time::from_millis(1_900));
    ledger.note(Core::FinalTranscript, Time::from_millis(1_250));
    let passed = |milestone, at| Passed { milestone, at };
    let milestones = vec![
        passed(Milestone::Opened, 0.0),
        passed(Milestone::FinalTranscript, 250.0),
        passed(Milestone::FirstSound, 900.0),
    ];
    let body = told(&mut mirror, 3, core::Body::Data(core::Data::Ledger { ledger }));
    assert_eq!(
        body,
        Body::Data(Data::Ledger {
            milestones: milestones.clone()
        })
    );
    assert_eq!(mirror.exchanges()[0].milestones, milestones);
    assert_eq!(mirror.turn().unwrap().milestones, milestones);
}
