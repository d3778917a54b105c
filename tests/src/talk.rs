//! A conversation with `libretto-cli listen --json`: commands go in, notices come out, and each turn is put together
//! from its notices.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libretto_testkit::program::{Line, Outcome};
use libretto_testkit::{Program, clock};
use libretto_voice::{Alignment, Mark, SampleRate};
use serde_json::{Value, json};

use crate::Stage;

/// The first notice comes within this time, on a busy machine.
const START: Duration = Duration::from_secs(30);
/// The microphone hears within this time.
const LISTENING: Duration = Duration::from_secs(30);
/// A reply begins within this time: models may have to be loaded first.
pub const ANSWER: Duration = Duration::from_mins(1);
/// A reply is over within this time.
pub const WHOLE: Duration = Duration::from_mins(3);

/// A running conversation. It ends when dropped.
#[derive(Debug)]
pub struct Talk {
    program: Program,
}

/// A word that was lit.
#[derive(Clone, Debug, PartialEq)]
pub struct Lit {
    /// The word as shown.
    pub word: String,
    /// Its first grapheme cluster in the reply.
    pub cluster: usize,
    /// When.
    pub at: Instant,
}

/// A turn as its notices tell it.
#[derive(Clone)]
pub struct Turn {
    /// Its number.
    pub id: u64,
    /// What the person said.
    pub said: String,
    /// The reply as shown.
    pub reply: String,
    /// When each word of it sounds, in samples of the reply's audio; `None` when nothing was spoken.
    pub alignment: Option<Alignment>,
    /// Where its phrases end, in grapheme clusters.
    pub phrases: Vec<usize>,
    /// The words that were lit.
    pub lit: Vec<Lit>,
    /// When its first sample left the loudspeaker, as the program says.
    pub started: Option<Instant>,
    /// How it ended; empty while it goes on.
    pub end: String,
    /// The exchange as it is remembered.
    pub exchange: Option<Value>,
    /// Milestones and when each was passed, in seconds on the program's clock.
    pub ledger: Vec<(String, f64)>,
    /// Gaps heard in the reply.
    pub gaps: usize,
    /// What went wrong, as told.
    pub problems: Vec<String>,
    /// All its notices.
    pub notices: Vec<Line>,
}

impl Talk {
    /// Starts a conversation with the key, or hands-free.
    pub fn start(stage: &Stage, hands_free: bool) -> Result<Self> {
        let mode = hands_free.then_some("--hands-free");
        Self::of(&mut stage.cli(["--json", "listen"].into_iter().chain(mode))?)
    }

    /// Starts this command line and waits for its first notice.
    pub fn of(command: &mut Command) -> Result<Self> {
        let mut program = Program::start(command)?;
        program.wait_for("a first notice", START, |_| true)?;
        Ok(Self { program })
    }

    /// The program itself.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// Sends a command; returns when that was done.
    pub fn send(&mut self, command: &str) -> Result<Instant> {
        self.program.send(&json!({ "command": command }))
    }

    /// Asks in writing.
    pub fn ask(&mut self, text: &str) -> Result<Instant> {
        self.program.send(&json!({ "command": "ask", "text": text }))
    }

    /// Presses the key and waits until the microphone hears.
    pub fn key_down(&mut self) -> Result<Instant> {
        let at = self.send("key_down")?;
        self.wait_for_phase("listening", LISTENING)?;
        Ok(at)
    }

    /// Waits until the conversation comes into a phase.
    pub fn wait_for_phase(&mut self, phase: &str, limit: Duration) -> Result<Instant> {
        let line = self
            .program
            .wait_for(&format!("the phase {phase}"), limit, |notice| {
                notice["event"] == "state" && notice["state"]["phase"] == phase
            })?;
        Ok(time(&line.json).unwrap_or(line.at))
    }

    /// Waits until so many words of a reply are lit; returns the turn so far.
    pub fn wait_for_words(&mut self, count: usize, limit: Duration) -> Result<Turn> {
        let mut last = 0;
        for seen in 0..count {
            let line = self
                .program
                .wait_for(&format!("word {} to be lit", seen + 1), limit, |notice| {
                    notice["event"] == "lit"
                })?;
            last = line.json["turn"].as_u64().context("a word of no turn")?;
        }
        self.turn(last)
    }

    /// Waits for the end of the next turn that comes to one with a reply or a failure.
    pub fn wait_for_turn(&mut self, limit: Duration) -> Result<Turn> {
        let closed = self.program.wait_for("the end of a turn", limit, |notice| {
            notice["event"] == "closed"
                && notice["end"].as_str() != Some("heard_nothing")
                && notice["end"].is_string()
        })?;
        self.turn(closed.json["turn"].as_u64().context("the end of no turn")?)
    }

    /// Waits for a problem of a stage (`microphone`, `recogniser`, …); returns the sentence that tells it.
    pub fn wait_for_problem(&mut self, stage: &str, limit: Duration) -> Result<String> {
        let line = self
            .program
            .wait_for(&format!("a problem of the {stage}"), limit, |notice| {
                notice["group"] == "problem" && notice["stage"] == stage
            })?;
        text(&line.json, "message")
    }

    /// A turn as far as it was told.
    pub fn turn(&self, id: u64) -> Result<Turn> {
        let lines = self.program.seen().iter();
        Turn::of(
            id,
            lines.filter(|line| line.json["turn"] == id).cloned().collect(),
        )
    }

    /// Ends the conversation.
    pub fn quit(mut self) -> Result<Outcome> {
        self.send("quit")?;
        let outcome = self.program.finish(Duration::from_secs(20))?;
        ensure!(
            outcome.status.success(),
            "it ended with {}: {}",
            outcome.status,
            outcome.stderr
        );
        Ok(outcome)
    }
}

impl Turn {
    /// Of which nothing is known yet.
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            said: String::new(),
            reply: String::new(),
            alignment: None,
            phrases: Vec::new(),
            lit: Vec::new(),
            started: None,
            end: String::new(),
            exchange: None,
            ledger: Vec::new(),
            gaps: 0,
            problems: Vec::new(),
            notices: Vec::new(),
        }
    }

    fn of(id: u64, notices: Vec<Line>) -> Result<Self> {
        let mut turn = Self::new(id);
        for notice in &notices {
            turn.take(notice).with_context(|| notice.json.to_string())?;
        }
        Ok(Self { notices, ..turn })
    }

    fn take(&mut self, line: &Line) -> Result<()> {
        let notice = &line.json;
        if notice["group"] == "problem" {
            self.problems.push(
                notice["message"]
                    .as_str()
                    .context("a problem without words")?
                    .to_owned(),
            );
            return Ok(());
        }
        match notice["event"].as_str().unwrap_or_default() {
            "said" => self.said = text(notice, "text")?,
            "reply" => self
                .reply
                .push_str(notice["delta"].as_str().context("replied nothing")?),
            "marks" => {
                let rate: SampleRate = serde_json::from_value(notice["rate"].clone())?;
                let marks: Vec<Mark> = serde_json::from_value(notice["marks"].clone())?;
                let alignment = self.alignment.get_or_insert_with(|| Alignment::new(rate));
                self.phrases.extend(marks.last().map(|mark| mark.text.end));
                for mark in marks {
                    alignment.push(mark);
                }
            }
            "lit" => {
                let cluster = notice["text"]["start"].as_u64().context("where?")? as usize;
                let word = text(notice, "word")?;
                self.lit.push(Lit {
                    word,
                    cluster,
                    at: time(notice).context("when?")?,
                });
            }
            "started" => self.started = notice["audible_time"].as_f64().map(clock::instant),
            "gap" => self.gaps += 1,
            "exchange" => self.exchange = Some(notice["exchange"].clone()),
            "ledger" => {
                for entry in notice["ledger"]["entries"].as_array().context("no entries")? {
                    let name = entry[0].as_str().context("no name")?.into();
                    self.ledger.push((name, seconds(&entry[1]).context("no time")?));
                }
            }
            "closed" => self.end = text(notice, "end").unwrap_or_else(|_| "continued".into()),
            _ => {}
        }
        Ok(())
    }

    /// Seconds from one milestone of the ledger to another.
    pub fn between(&self, from: &str, to: &str) -> Option<f64> {
        let at = |name: &str| self.ledger.iter().find(|(n, _)| n == name).map(|(_, at)| *at);
        Some(at(to)? - at(from)?)
    }

    /// What is remembered as heard.
    pub fn heard(&self) -> &str {
        self.exchange
            .as_ref()
            .and_then(|exchange| exchange["heard"].as_str())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Turn {
    /// All but the notices: they are long, and loudness comes ten times a second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lit = self
            .lit
            .iter()
            .map(|lit| lit.word.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        f.debug_struct("Turn")
            .field("id", &self.id)
            .field("said", &self.said)
            .field("reply", &self.reply)
            .field("lit", &lit)
            .field("end", &self.end)
            .field("gaps", &self.gaps)
            .field("problems", &self.problems)
            .field(
                "exchange",
                &self
                    .exchange
                    .as_ref()
                    .map(|exchange| (&exchange["heard"], &exchange["unheard"])),
            )
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}

fn text(notice: &Value, field: &str) -> Result<String> {
    notice[field]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {field}"))
}

/// A notice's own time.
fn time(notice: &Value) -> Option<Instant> {
    notice["time"].as_f64().map(clock::instant)
}

/// A duration as serde writes it.
fn seconds(duration: &Value) -> Option<f64> {
    Some(duration["secs"].as_f64()? + duration["nanos"].as_f64()? / 1e9)
}
