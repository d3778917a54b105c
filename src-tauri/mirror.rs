//! The conversation as the windows show it: notices are translated for the pages here, and what they have told so far
//! is kept for windows that open later. It only repeats what the assistant said; it decides nothing.

use std::collections::VecDeque;

use libretto_assistant::conversation::notice::{self as core, Notice as CoreNotice};
use libretto_assistant::conversation::{self, machine};
use libretto_assistant::karaoke::Karaoke;
use libretto_assistant::voice::{Mark, SampleRate, TurnId};

use crate::units::{self, Places};
use crate::wire::notice::{
    Body, Data, Exchange, Lifecycle, Notice, Original, Passed, Progress, Span, Stage, State, Word,
};
use crate::wire::pulse::Pulse;
use crate::wire::snapshot::{Turn, Using};

/// Exchanges that a window is shown when it opens. Older ones are in the history.
const EXCHANGES: usize = 200;
/// Turns that are kept whole: the newest, and those that it cut or went on from.
const TURNS: usize = 4;

/// What the notices of one session have told.
#[derive(Debug)]
pub struct Mirror {
    sequence: u64,
    state: State,
    microphone: Option<String>,
    exchanges: VecDeque<Exchange>,
    turns: VecDeque<Shown>,
}

/// A turn, and its words as they become known.
#[derive(Debug)]
struct Shown {
    turn: Turn,
    karaoke: Option<Karaoke>,
}

/// What a notice is for the pages.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// For the event bus.
    Notice(Notice),
    /// For the channels.
    Pulse(Pulse),
    /// Nothing that is shown.
    Nothing,
}

impl Mirror {
    /// Of a session in which nothing has happened yet but `exchanges`. `sequence` goes on from an earlier mirror.
    pub fn new(sequence: u64, state: machine::State, exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let mut mirror = Self {
            sequence,
            state: state.into(),
            microphone: None,
            exchanges: VecDeque::new(),
            turns: VecDeque::new(),
        };
        exchanges.into_iter().for_each(|exchange| mirror.keep(exchange));
        mirror
    }

    /// The number of the last notice.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// What is going on.
    pub fn state(&self) -> State {
        self.state
    }

    /// The microphone in use, or the one that was used last.
    pub fn microphone(&self) -> Option<String> {
        self.microphone.clone()
    }

    /// The session's exchanges, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.iter().cloned().collect()
    }

    /// The newest turn.
    pub fn turn(&self) -> Option<Turn> {
        self.turns.back().map(|shown| shown.turn.clone())
    }

    /// Something happened, at `at` milliseconds since 1970.
    pub fn hear(&mut self, notice: &CoreNotice, at: f64) -> Told {
        let turn = notice.turn;
        let body = match &notice.body {
            core::Body::Lifecycle(core::Lifecycle::State { state }) => {
                self.state = (*state).into();
                Body::Lifecycle(Lifecycle::State { state: self.state })
            }
            core::Body::Lifecycle(core::Lifecycle::Closed { end }) => {
                let end = (*end).into();
                if let Some(shown) = self.shown(turn) {
                    shown.turn.end = Some(end);
                }
                Body::Lifecycle(Lifecycle::Closed { end })
            }
            core::Body::Progress(core::Progress::Level { level }) => {
                return Told::Pulse(Pulse::Level { level: *level });
            }
            core::Body::Progress(progress) => match how_far(progress) {
                Some(progress) => {
                    self.note(turn, &progress);
                    Body::Progress(progress)
                }
                None => return Told::Nothing,
            },
            core::Body::Problem(problem) => {
                let problem = crate::wire::notice::Problem::from(problem);
                if let Some(shown) = self.shown(turn) {
                    shown.turn.problem = Some(problem.clone());
                }
                Body::Problem(problem)
            }
            core::Body::Data(data) => match self.data(turn, data, at, notice) {
                Some(data) => Body::Data(data),
                None => return Told::Nothing,
            },
        };
        self.sequence += 1;
        Told::Notice(Notice {
            sequence: self.sequence,
            turn: turn.map(|turn| turn.0),
            at,
            body,
        })
    }

    /// How far it has come, for windows that open later.
    fn note(&mut self, turn: Option<TurnId>, progress: &Progress) {
        if let Progress::Device { stage, device } = progress {
            if *stage == Stage::Microphone {
                self.microphone = Some(device.clone());
            }
            return;
        }
        let Some(Shown { turn, .. }) = self.shown(turn) else {
            return;
        };
        match progress {
            Progress::Using { stage, provider } => turn.using.push(Using {
                stage: *stage,
                provider: provider.clone(),
            }),
            Progress::Reasoning => turn.reasoning = true,
            Progress::Gap => turn.gaps += 1,
            Progress::Dropped { .. } => turn.dropped = true,
            Progress::Device { .. } => {}
        }
    }

    fn data(
        &mut self,
        turn: Option<TurnId>,
        data: &core::Data,
        at: f64,
        notice: &CoreNotice,
    ) -> Option<Data> {
        Some(match data {
            core::Data::Again { of } => {
                let of = (*of).into();
                self.shown(turn)?.turn.again = Some(of);
                Data::Again { of }
            }
            core::Data::Partial { text } => {
                self.shown(turn)?.turn.partial.clone_from(text);
                Data::Partial { text: text.clone() }
            }
            core::Data::Said { text } => {
                self.shown(turn)?.turn.said = Some(text.clone());
                Data::Said { text: text.clone() }
            }
            core::Data::Reply { delta } => {
                let turn = &mut self.shown(turn)?.turn;
                turn.reply.push_str(delta);
                turn.reasoning = false;
                Data::Reply { delta: delta.clone() }
            }
            core::Data::Marks { rate, marks } => {
                let words = self.shown(turn)?.words(*rate, marks);
                Data::Words {
                    rate: rate.hertz(),
                    words,
                }
            }
            core::Data::Started { audible } => {
                let wait = audible.0.as_secs_f64() - notice.at.0.as_secs_f64();
                Data::Started {
                    audible: at + wait * 1_000.0,
                }
            }
            core::Data::Heard { clusters, .. } => {
                let shown = self.shown(turn)?;
                let until = Places::of(&shown.turn.reply).unit(*clusters);
                shown.turn.heard = Some(until);
                Data::Heard { until }
            }
            core::Data::Exchange { exchange } => {
                let exchange = self::exchange(exchange);
                self.keep(exchange.clone());
                Data::Exchange { exchange }
            }
            core::Data::Ledger { ledger } => {
                let milestones = Passed::all(ledger);
                if let Some(exchange) = self
                    .exchanges
                    .back_mut()
                    .filter(|kept| kept.original == Original::Turn(ledger.turn.0))
                {
                    exchange.milestones.clone_from(&milestones);
                }
                // Turns in which nobody said anything are not kept for this.
                if let Some(shown) = self
                    .turns
                    .iter_mut()
                    .find(|shown| shown.turn.turn == ledger.turn.0)
                {
                    shown.turn.milestones.clone_from(&milestones);
                }
                Data::Ledger { milestones }
            }
            // The pages see it from the playhead.
            core::Data::Lit { .. } => return None,
        })
    }

    fn keep(&mut self, exchange: Exchange) {
        self.exchanges.push_back(exchange);
        while self.exchanges.len() > EXCHANGES {
            self.exchanges.pop_front();
        }
    }

    /// A turn that is kept; a newer one than all others is new.
    fn shown(&mut self, turn: Option<TurnId>) -> Option<&mut Shown> {
        let turn = turn?.0;
        if self.turns.back().is_none_or(|newest| newest.turn.turn < turn) {
            self.turns.push_back(Shown {
                turn: Turn {
                    turn,
                    ..Turn::default()
                },
                karaoke: None,
            });
            while self.turns.len() > TURNS {
                self.turns.pop_front();
            }
        }
        self.turns.iter_mut().find(|shown| shown.turn.turn == turn)
    }
}

impl Shown {
    /// The words that become known with these marks.
    fn words(&mut self, rate: SampleRate, marks: &[Mark]) -> Vec<Word> {
        let karaoke = self.karaoke.get_or_insert_with(|| Karaoke::new(rate));
        let known = karaoke.words().len();
        karaoke.add(&self.turn.reply, marks);
        let mut places = Places::of(&self.turn.reply);
        let words: Vec<Word> = karaoke.words()[known..]
            .iter()
            .map(|word| Word {
                text: places.span(word.text.clone()),
                audio: Span {
                    start: word.audio.start,
                    end: word.audio.end,
                },
                cluster: u32::try_from(word.text.start).unwrap_or(u32::MAX),
                provenance: word.provenance.into(),
            })
            .collect();
        self.turn.rate = rate.hertz();
        self.turn.words.extend(&words);
        words
    }
}

fn how_far(progress: &core::Progress) -> Option<Progress> {
    Some(match progress {
        core::Progress::Using { stage, provider } => Progress::Using {
            stage: (*stage).into(),
            provider: provider.clone(),
        },
        core::Progress::Device { stage, device } => Progress::Device {
            stage: (*stage).into(),
            device: device.clone(),
        },
        core::Progress::Dropped { samples } => Progress::Dropped { samples: *samples },
        core::Progress::Reasoning => Progress::Reasoning,
        core::Progress::Gap => Progress::Gap,
        core::Progress::Level { .. } => return None,
    })
}

fn exchange(exchange: &conversation::Exchange) -> Exchange {
    Exchange {
        original: Original::Turn(exchange.turn.0),
        said: exchange.said.clone(),
        reply: exchange.reply(),
        heard: units::of(&exchange.heard),
        cut: exchange.cut,
        milestones: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
