//! A conversation as the terminal shows it: what goes on, what was said, and the reply lighting up.

use std::io::{self, Write};

use libretto_assistant::conversation::Notice;
use libretto_assistant::conversation::machine::Phase;
use libretto_assistant::conversation::notice::{Body, Data, End, Lifecycle, Progress};
use libretto_assistant::karaoke::Word;
use libretto_assistant::voice::{Error, Provenance, TurnId};

use crate::lights::Lights;
use crate::output::{self, Output};

/// What stands on the terminal.
pub(crate) struct Screen {
    output: Output,
    /// Shows what goes on: while one listens, not for a single question.
    states: bool,
    lights: Lights,
    /// Whose reply is being lit.
    turn: Option<TurnId>,
    /// A line that the next one overwrites stands there.
    pending: bool,
}

impl Screen {
    pub(crate) fn new(output: Output, states: bool) -> Self {
        Self {
            output,
            states,
            lights: Lights::new(output, false),
            turn: None,
            pending: false,
        }
    }

    pub(crate) fn welcome(&mut self, hands_free: bool, holds: bool) -> Result<(), Error> {
        self.say(match (hands_free, holds) {
            (true, _) => "Just speak; cut in whenever you like. Esc cancels, r repeats, q quits.",
            (false, true) => "Hold the space bar and speak, or tap it to begin and again to end. Esc cancels, r repeats, q quits.",
            (false, false) => "Press the space bar, speak, and press it again. Esc cancels, r repeats, q quits.",
        })
    }

    pub(crate) fn show(&mut self, notice: &Notice) -> Result<(), Error> {
        match &notice.body {
            Body::Lifecycle(Lifecycle::State { state }) if self.states => match phase(state.phase) {
                Some(text) => self.status(text),
                None => Ok(()),
            },
            Body::Lifecycle(Lifecycle::Closed { end }) => self.closed(notice.turn, *end),
            Body::Data(Data::Partial { text }) => self.status(text),
            Body::Data(Data::Said { text }) if self.states => self.say(&format!("You: {}", text.trim())),
            Body::Data(Data::Reply { delta }) => {
                if self.turn != notice.turn {
                    self.clear()?;
                    self.turn = notice.turn;
                    self.lights = Lights::new(self.output, false);
                }
                self.lights.reply(delta)
            }
            Body::Data(Data::Lit { word, text, sample }) if self.turn == notice.turn => {
                self.lights.lit(&Word {
                    text: text.clone(),
                    word: word.clone(),
                    audio: *sample..*sample,
                    // Whatever it was worked out from, it sounds now.
                    provenance: Provenance::Measured,
                });
                Ok(())
            }
            // A single question ends with its problem.
            Body::Problem(problem) if self.states => {
                self.say(&problem.message)?;
                match &problem.text {
                    Some(text) => self.say(&format!("You had said: {text}")),
                    None => Ok(()),
                }
            }
            Body::Progress(Progress::Device { device, .. }) if self.states => self.status(device),
            _ => Ok(()),
        }
    }

    fn closed(&mut self, turn: Option<TurnId>, end: End) -> Result<(), Error> {
        if self.turn.is_some() && self.turn == turn {
            // Nobody called it off: whatever became of the sound, the whole reply is there to be read.
            if matches!(end, End::Complete | End::Failed) {
                self.lights.rest()?;
            }
            self.lights.end()?;
            self.turn = None;
        }
        match end {
            End::HeardNothing => self.say("I heard nothing."),
            End::Cancelled => self.say("Cancelled."),
            _ => Ok(()),
        }
    }

    pub(crate) fn end(&mut self) -> Result<(), Error> {
        self.clear()
    }

    /// A line that stays.
    fn say(&mut self, text: &str) -> Result<(), Error> {
        self.clear()?;
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        // Raw mode goes to the first column only when told.
        output::line(&format!("{text}\r"))
    }

    /// A line that the next one overwrites.
    #[allow(clippy::unnecessary_wraps, reason = "as what else is shown")]
    fn status(&mut self, text: &str) -> Result<(), Error> {
        if !self.output.is_person() || self.turn.is_some() {
            return Ok(());
        }
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        let text: String = text
            .chars()
            .filter(|c| !c.is_control())
            .take(columns.saturating_sub(1))
            .collect();
        self.pending = true;
        print!("\r\x1b[K\x1b[2m{text}\x1b[0m");
        let _ = io::stdout().flush();
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "as what else is shown")]
    fn clear(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.pending) {
            print!("\r\x1b[K");
            let _ = io::stdout().flush();
        }
        Ok(())
    }
}

fn phase(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Idle | Phase::Waiting => Some("Ready."),
        Phase::Arming => Some("Opening the microphone …"),
        Phase::Listening { .. } => Some("Listening …"),
        Phase::Finishing { .. } | Phase::Thinking => Some("Thinking …"),
        Phase::Speaking { .. } => None,
    }
}
