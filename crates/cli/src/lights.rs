//! The reply on the terminal: words to come are dim, each lights up when it is heard, the last one lit is underlined.
//!
//! Where nobody reads along (a pipe, `--json`), words are printed when they are heard.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Instant;

use libretto_assistant::karaoke::Word;
use libretto_assistant::voice::text::Graphemes;
use libretto_assistant::voice::{Error, Kind};

use crate::output::{self, Output};

const DIM: &str = "\x1b[2m";
const NOW: &str = "\x1b[1;4m";
const PLAIN: &str = "\x1b[0m";

/// A reply as it is being heard.
pub(crate) struct Lights {
    output: Output,
    /// Standard output holds something else: nothing is drawn.
    quiet: bool,
    text: String,
    /// Bytes that have been lit before the word now.
    before: usize,
    /// Bytes that have been lit.
    lit: usize,
    /// Rows that the last drawing took.
    rows: usize,
    started: Instant,
}

impl Lights {
    pub(crate) fn new(output: Output, quiet: bool) -> Self {
        Self {
            output,
            quiet,
            text: String::new(),
            before: 0,
            lit: 0,
            rows: 0,
            started: Instant::now(),
        }
    }

    /// More of the reply's text.
    pub(crate) fn reply(&mut self, more: &str) -> Result<(), Error> {
        self.text.push_str(more);
        if self.draws() { self.draw() } else { Ok(()) }
    }

    /// A word is heard now.
    pub(crate) fn lit(&mut self, word: &Word) {
        let graphemes = Graphemes::of(&self.text);
        let bytes = graphemes.bytes(word.text.clone());
        self.before = bytes.start;
        let new = self.lit;
        self.lit = bytes.end.max(self.lit);
        // A closed terminal is noticed at the end.
        let _ = if self.output.json && !self.quiet {
            let seconds = self.started.elapsed().as_secs_f64();
            let event = serde_json::json!({ "event": "lit", "word": word.word, "text": word.text, "seconds": seconds });
            output::line(&event.to_string())
        } else if self.draws() {
            self.draw()
        } else if self.quiet {
            Ok(())
        } else {
            print(&self.text[new..self.lit])
        };
    }

    /// The reply is over.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if self.quiet || self.output.json || self.text.is_empty() {
            return Ok(());
        }
        if self.draws() {
            self.before = self.lit;
            self.draw()?;
        }
        output::line("")
    }

    /// What was not heard, where it was to be read all the same: printed after what was.
    pub(crate) fn rest(&mut self) -> Result<(), Error> {
        if self.quiet || self.output.json || self.draws() {
            return Ok(());
        }
        let unlit = self.lit;
        self.lit = self.text.len();
        print(visible(&self.text[unlit..]).trim_end())
    }

    fn draws(&self) -> bool {
        !self.quiet && self.output.is_person()
    }

    fn draw(&mut self) -> Result<(), Error> {
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns.max(10)));
        let mut frame = String::new();
        if self.rows > 1 {
            let _ = write!(frame, "\x1b[{}A", self.rows - 1);
        }
        frame.push_str("\r\x1b[J");
        let (heard, rest) = self.text.split_at(self.lit);
        let (before, now) = heard.split_at(self.before.min(heard.len()));
        for (style, part) in [(PLAIN, before), (NOW, now), (DIM, rest)] {
            if !part.is_empty() {
                frame.push_str(style);
                // A bare line feed does not go to the first column in raw mode.
                frame.push_str(&visible(part).replace('\n', "\r\n"));
            }
        }
        frame.push_str(PLAIN);
        let width = |line: &str| Graphemes::of(line).len();
        self.rows = self
            .text
            .trim_end()
            .split('\n')
            .map(|line| width(line).max(1).div_ceil(columns))
            .sum();
        print(&frame)
    }
}

/// What a model writes must not steer the terminal.
fn visible(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            Kind::Unavailable,
            format!("Standard output cannot be written to ({error})."),
        )),
        _ => Ok(()),
    }
}
