//! Every provider, in every role, with everything that can go wrong, at every stage: what the user gets is an answer or a
//! plain sentence. The table is printed, and left in cargo's folder for tests.

// Tests may panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is a test"
)]

#[path = "../common/mod.rs"]
mod common;
mod roles;

use std::fmt::Write;
use std::time::Duration;

use libretto_providers::{Access, Deadlines, Key, Network, Retry};
use libretto_testkit::fakes::Fault;
use libretto_testkit::fakes::elevenlabs::{FLAWS, Flaw};
use libretto_voice::{Error, Kind};
use roles::{KEYS, Role, roles};

/// What goes wrong in a cell, and how a call is made there.
#[derive(Clone)]
pub(crate) struct Plan {
    network: Network,
    /// Fault by fault, each for one call; what comes behind them goes well.
    faults: Vec<Fault>,
    flaw: Option<Flaw>,
    retry: Retry,
    deadlines: Deadlines,
}

impl Plan {
    fn access(&self, base: String, key: &str) -> Access {
        Access {
            base: Some(base),
            key: Some(Key::new(key)),
            retry: self.retry,
            deadlines: self.deadlines,
            ..Access::default()
        }
    }

    fn drips(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::Drip(_)))
    }
}

/// What the user got.
pub(crate) enum Outcome {
    /// All of it.
    Whole,
    /// It ended in good order, with less than there is.
    Short,
    Failed(Error),
}

/// A row of the table.
struct Row {
    stage: &'static str,
    what: String,
    faults: Vec<Fault>,
    flaw: Option<Flaw>,
    /// Roles that it makes sense for.
    only: fn(&Role) -> bool,
    /// Whether there are waits in it, which pass in virtual time.
    waits: bool,
    /// What may come of it.
    may: &'static [&'static str],
}

/// So many calls are made at most.
const ATTEMPTS: usize = 3;
const SENTENCE: &[&str] = &["bad key", "no credit", "busy", "down", "late", "bad input"];
const ANY: &[&str] = &[
    "answer",
    "short",
    "bad key",
    "no credit",
    "busy",
    "down",
    "late",
    "bad input",
];
/// Roles whose protocol does not say that it is over: what ends in good order, and early, looks like all of it.
const ENDLESS: &[&str] = &[
    "ElevenLabs voice, HTTP",
    "Deepgram voice, HTTP",
    "Deepgram voice, Flux over HTTP",
    "Cartesia voice, bytes",
    "OpenAI voice",
    "Deepgram recogniser, Flux",
    "Cartesia recogniser, turns",
];

/// Shorter, three times over, than what a test waits for an event.
fn virtual_deadlines() -> Deadlines {
    Deadlines {
        first: Duration::from_secs(5),
        idle: Duration::from_secs(5),
    }
}

fn row(stage: &'static str, what: impl Into<String>, faults: Vec<Fault>) -> Row {
    Row {
        stage,
        what: what.into(),
        faults,
        flaw: None,
        only: |_| true,
        waits: false,
        may: SENTENCE,
    }
}

/// The same for every attempt.
fn always(fault: &Fault) -> Vec<Fault> {
    vec![fault.clone(); ATTEMPTS]
}

fn connecting() -> Vec<Row> {
    let mut rows = Vec::new();
    for (status, may) in [
        (401, &["bad key"][..]),
        (402, &["no credit"]),
        (403, &["bad key", "no credit"]),
        (413, &["bad input"]),
        (422, &["bad input"]),
        (429, &["busy"]),
        (500, &["down"]),
        (503, &["down"]),
    ] {
        let faults = always(&Fault::Status(status));
        rows.push(Row {
            may,
            ..row("open", status.to_string(), faults)
        });
    }
    let refusal = |seconds: &str| Fault::Refusal {
        status: 429,
        headers: vec![("retry-after", seconds.to_owned())],
        body: "{}".into(),
    };
    rows.push(Row {
        may: &["answer"],
        ..row("open", "429 once", vec![Fault::Status(429)])
    });
    rows.push(Row {
        may: &["answer"],
        ..row("open", "429 wait 1 s", vec![refusal("1")])
    });
    rows.push(Row {
        may: &["busy"],
        ..row("open", "429 wait 1 h", vec![refusal("3600")])
    });
    rows.push(Row {
        may: &["answer"],
        ..row("open", "503 twice", vec![Fault::Status(503); 2])
    });
    rows.push(Row {
        may: &["late"],
        waits: true,
        ..row("open", "no answer", always(&Fault::Silence))
    });
    rows
}

fn streaming() -> Vec<Row> {
    let mut rows = Vec::new();
    for (stage, at) in [("first", 0), ("middle", 3)] {
        let may = if at == 0 { SENTENCE } else { ANY };
        let faults: [(&str, Fault, bool); 4] = [
            ("stall", Fault::StallAfter(at), true),
            ("truncated", Fault::TruncateAfter(at), false),
            ("broken", Fault::BreakAfter(at), false),
            ("malformed", Fault::Garble(at), false),
        ];
        for (what, fault, waits) in faults {
            rows.push(Row {
                waits,
                may: if what == "malformed" { ANY } else { may },
                ..row(stage, what, always(&fault))
            });
        }
        for (code, reason) in [
            (1_000, ""),
            (1_000, "connection idle timeout"),
            (1_001, "going away"),
            (1_003, "MESSAGE-0000"),
            (1_008, "DATA-0000"),
            (1_009, "BIG-0000"),
            (1_011, "NET-0000"),
            (1_011, "NET-0001"),
            (1_012, "restart"),
            (1_013, "try again later"),
        ] {
            rows.push(Row {
                only: |role| role.socket,
                may: ANY,
                ..row(
                    stage,
                    format!("close {code} {reason}"),
                    always(&Fault::CloseAfter(at, code, reason)),
                )
            });
        }
    }
    rows.push(Row {
        only: |role| !role.socket,
        may: ANY,
        ..row("first", "text/html", always(&Fault::ContentType("text/html")))
    });
    rows.push(Row {
        may: &["answer"],
        ..row("middle", "byte by byte", vec![Fault::Drip(Duration::ZERO)])
    });
    for flaw in FLAWS {
        rows.push(Row {
            only: |role| role.flawed,
            flaw: Some(flaw),
            may: &["answer"],
            ..row("middle", format!("times {flaw:?}"), Vec::new())
        });
    }
    rows
}

/// What an outcome is called in the table; everything that is wrong with a sentence goes to `wrong`.
fn called(outcome: &Outcome, place: &str, wrong: &mut Vec<String>) -> &'static str {
    let error = match outcome {
        Outcome::Whole => return "answer",
        Outcome::Short => return "short",
        Outcome::Failed(error) => error,
    };
    let sentence = error.to_string();
    let plain = sentence.len() < 450
        && sentence.ends_with(['.', '”'])
        && sentence.split_whitespace().count() > 5
        && !sentence.contains("Error(")
        && !KEYS.iter().any(|key| sentence.contains(key));
    if !plain || error.origin().is_none() {
        wrong.push(format!("{place}: no plain sentence: {sentence}"));
    }
    match error.kind() {
        Kind::Unauthorised => "bad key",
        Kind::Quota => "no credit",
        Kind::RateLimited => "busy",
        Kind::Unavailable => "down",
        Kind::Timeout => "late",
        Kind::BadInput => "bad input",
        _ => "?",
    }
}

/// Plays these rows in one runtime.
async fn play(rows: &[Row], quick: bool) -> (Vec<Vec<&'static str>>, Vec<String>) {
    let network = common::network();
    let roles = roles();
    let mut wrong = Vec::new();
    let mut table = Vec::new();
    for row in rows {
        let begin = |role: &Role| {
            let plan = Plan {
                network: network.clone(),
                faults: row.faults.clone(),
                flaw: row.flaw,
                retry: if quick { common::quick() } else { Retry::default() },
                deadlines: if quick {
                    Deadlines::default()
                } else {
                    virtual_deadlines()
                },
            };
            // Apart, so that one cell that falls over leaves the others standing.
            (row.only)(role).then(|| tokio::spawn((role.play)(plan)))
        };
        // All at once, but where one's waits would move the others' clock.
        let begun = roles.iter().map(begin);
        let begun: Box<dyn Iterator<Item = _>> = if quick {
            Box::new(begun.collect::<Vec<_>>().into_iter())
        } else {
            Box::new(begun)
        };
        let mut cells = Vec::new();
        for (role, begun) in roles.iter().zip(begun) {
            let Some(begun) = begun else {
                cells.push("·");
                continue;
            };
            let place = format!("{} {} {}", role.name, row.stage, row.what);
            let Ok(outcome) = begun.await else {
                wrong.push(format!("{place}: it fell over"));
                cells.push("?");
                continue;
            };
            let cell = called(&outcome, &place, &mut wrong);
            if !row.may.contains(&cell) || (cell == "short" && !ENDLESS.contains(&role.name)) {
                let said = match &outcome {
                    Outcome::Failed(error) => error.to_string(),
                    _ => String::new(),
                };
                wrong.push(format!("{place}: {cell} {said}"));
            }
            cells.push(cell);
        }
        table.push(cells);
    }
    (table, wrong)
}

#[test]
fn in_every_cell_there_is_an_answer_or_a_plain_sentence() {
    let rows: Vec<Row> = connecting().into_iter().chain(streaming()).collect();
    let (waiting, rest): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.waits);
    let runtime = |paused| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(paused)
            .build()
            .unwrap()
    };
    // Where there are waits, fakes and sessions share a clock that leaps over them.
    let (mut table, mut wrong) = runtime(true).block_on(play(&waiting, false));
    let (more, and) = runtime(false).block_on(play(&rest, true));
    table.extend(more);
    wrong.extend(and);

    let rows: Vec<&Row> = waiting.iter().chain(&rest).collect();
    let roles = roles();
    let mut text = String::new();
    for (n, role) in roles.iter().enumerate() {
        writeln!(text, "{:>2} {}", n + 1, role.name).unwrap();
    }
    write!(text, "\n{:<7}{:<32}", "stage", "fault").unwrap();
    for n in 1..=roles.len() {
        write!(text, "{n:<10}").unwrap();
    }
    for (row, cells) in rows.iter().zip(&table) {
        write!(text, "\n{:<7}{:<32}", row.stage, row.what).unwrap();
        for cell in cells {
            write!(text, "{cell:<10}").unwrap();
        }
    }
    println!("{text}");
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/faults.txt"), &text).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
