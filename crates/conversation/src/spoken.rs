//! What of a reply shall be spoken: the language model's text without its markup, as it streams in.
//!
//! The text may be cut anywhere, inside a marker too. What can still turn out to be a marker is held back, and no
//! more than that: each rule looks ahead by a bounded number of bytes, so that the result does not depend on the cuts
//! and memory does not grow with the reply. Rules follow `CommonMark` where a listener would want them to, and leave
//! what only looks like markup ("2 * 3", `x**2`, `snake_case`) as it stands.

mod address;
mod block;
mod emoji;
mod emphasis;
mod inline;
mod link;
mod reasoning;
mod tag;
#[cfg(test)]
mod tests;

use std::ops::Range;

use libretto_voice::Rewrite;

/// What is spoken beyond the plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Leave emoji in the spoken text, for voices that know their names.
    pub(crate) emoji: bool,
    /// Spoken in place of each block of code; nothing is by default.
    pub(crate) code: Option<String>,
    /// The reply begins inside its reasoning: the model's template opens `<think>` itself, so only the closing tag is
    /// seen.
    pub(crate) begins_with_reasoning: bool,
}

/// Takes a reply's text as it streams in and gives what shall be spoken of it. Sources of the rewrites are bytes of
/// the whole raw reply.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    options: Options,
    /// Raw text from byte `base` of the reply on; the first `at` bytes are decided.
    raw: String,
    at: usize,
    base: usize,
    /// Nothing follows: what is held must be decided.
    ended: bool,
    mode: Mode,
    /// The last raw character that was decided and the one before it; line feeds before the reply.
    prev: char,
    before: char,
    line: Line,
    /// Emphasis that was opened in this paragraph.
    emphasis: Vec<emphasis::Open>,
    /// Where in the reply the brackets of open links close.
    links: Vec<usize>,
    out: Rewrite,
    /// The last spoken character.
    said: char,
    /// Something was left out since.
    gap: bool,
    reasoning: Vec<Range<usize>>,
}

/// What the cursor stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Text,
    /// Model's thoughts, up to a closing tag.
    Reasoning,
    /// White space after them.
    AfterReasoning,
    /// HTML comment.
    Comment,
    /// Fenced code; `mid` is set once its current line cannot be the closing fence.
    Fence {
        mark: char,
        length: usize,
        mid: bool,
    },
    /// Code span, up to this many backticks or the line's end.
    Code {
        ticks: usize,
    },
    /// The destination of a link, from its opening parenthesis on.
    Destination,
    /// The part of a long destination that is sure to be one; so many parentheses are open.
    LongDestination {
        depth: usize,
    },
    /// What follows the host in a bare address; so many parentheses are open.
    Path {
        depth: usize,
    },
}

/// What is known of the current line.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// Nothing but block markers so far.
    start: bool,
    kind: Kind,
    /// The cell of a table has something in it.
    cell: bool,
    /// Where a formula that began on this line must end: `$` or a closing bracket, and its raw end at the latest.
    formula: Option<(char, usize)>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Plain,
    Heading,
    /// A table's row.
    Row,
}

/// What a rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The cursor or the mode moved.
    Went,
    /// More text must come first.
    Wait,
}

impl Default for Filter {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Filter {
    /// At the beginning of a reply.
    pub(crate) fn new(options: Options) -> Self {
        let mut filter = Self {
            mode: Mode::Text,
            options,
            raw: String::new(),
            at: 0,
            base: 0,
            ended: false,
            prev: '\n',
            before: '\n',
            line: Line {
                start: true,
                ..Line::default()
            },
            emphasis: Vec::new(),
            links: Vec::new(),
            out: Rewrite::default(),
            said: '\n',
            gap: false,
            reasoning: Vec::new(),
        };
        if filter.options.begins_with_reasoning {
            filter.mode = Mode::Reasoning;
            filter.reasoning.push(0..0);
        }
        filter
    }

    /// Takes the next piece of the reply; gives what is now known to be spoken.
    pub(crate) fn push(&mut self, delta: &str) -> Rewrite {
        self.raw.push_str(delta);
        self.run()
    }

    /// The reply is over: what is left of it.
    pub(crate) fn finish(&mut self) -> Rewrite {
        self.ended = true;
        self.run()
    }

    /// Bytes of the reply that are the model's reasoning, tags included, among the [`Filter::decided`] ones. They are
    /// neither spoken nor shown.
    pub(crate) fn reasoning(&self) -> &[Range<usize>] {
        &self.reasoning
    }

    /// How many bytes of the reply are decided: up to here it is known what is shown and what is spoken.
    pub(crate) fn decided(&self) -> usize {
        self.base + self.at
    }

    fn run(&mut self) -> Rewrite {
        while self.at < self.raw.len() && self.step() == Step::Went {}
        self.raw.drain(..self.at);
        self.base += self.at;
        self.at = 0;
        if matches!(self.mode, Mode::Reasoning | Mode::AfterReasoning)
            && let Some(last) = self.reasoning.last_mut()
        {
            last.end = self.base;
        }
        std::mem::take(&mut self.out)
    }

    fn step(&mut self) -> Step {
        match self.mode {
            Mode::Text if self.line.start => self.block(),
            Mode::Text => self.inline(),
            Mode::Reasoning => self.think(),
            Mode::AfterReasoning => self.after_reasoning(),
            Mode::Comment => self.comment(),
            Mode::Fence { mark, length, mid } => self.fence(mark, length, mid),
            Mode::Code { ticks } => self.code(ticks),
            Mode::Destination => self.destination(),
            Mode::LongDestination { depth } => self.long_destination(depth),
            Mode::Path { depth } => self.path(depth),
        }
    }

    /// Text that is not decided yet.
    fn rest(&self) -> &str {
        &self.raw[self.at..]
    }

    /// Byte of the reply that lies `ahead` of the cursor.
    fn offset(&self, ahead: usize) -> usize {
        self.base + self.at + ahead
    }

    /// Speaks the next `bytes` as they are.
    fn keep(&mut self, bytes: usize) {
        let piece = &self.raw[self.at..self.at + bytes];
        self.out.keep(piece, self.base + self.at);
        if let Some(last) = piece.chars().next_back() {
            self.said = last;
            self.gap = false;
            self.line.cell = true;
        }
        self.advance(bytes);
    }

    /// Leaves the next `bytes` out.
    fn skip(&mut self, bytes: usize) {
        self.gap = true;
        self.advance(bytes);
    }

    /// Speaks `spoken` in place of the next `bytes`.
    fn say(&mut self, spoken: &str, bytes: usize) {
        self.out.replace(spoken, self.offset(0)..self.offset(bytes));
        if let Some(last) = spoken.chars().next_back() {
            self.said = last;
        }
        self.skip(bytes);
    }

    fn advance(&mut self, bytes: usize) {
        let mut back = self.raw[self.at..self.at + bytes].chars().rev();
        if let Some(last) = back.next() {
            self.before = back.next().unwrap_or(self.prev);
            self.prev = last;
        }
        self.at += bytes;
    }

    /// Waits for more text; when there is none to come, speaks the next character as it is.
    fn wait(&mut self) -> Step {
        if !self.ended {
            return Step::Wait;
        }
        self.keep_one()
    }

    fn keep_one(&mut self) -> Step {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.keep(length);
        Step::Went
    }

    fn new_line(&mut self) {
        self.line = Line {
            start: true,
            ..Line::default()
        };
    }
}

/// What is shown of a reply: all but its reasoning.
pub(crate) fn shown(reply: &str, reasoning: &[Range<usize>]) -> Rewrite {
    let mut shown = Rewrite::default();
    let mut at = 0;
    for range in reasoning {
        shown.keep(reply.get(at..range.start).unwrap_or_default(), at);
        at = at.max(range.end);
    }
    shown.keep(reply.get(at..).unwrap_or_default(), at);
    shown
}

/// Whether a rule's pattern stands at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look<T> {
    Yes(T),
    No,
    /// More text would tell.
    More,
}

/// Length of the white space (without line feeds) at the beginning, of at most `limit` bytes.
fn blanks(text: &str, limit: usize) -> usize {
    text.bytes()
        .take(limit)
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// Part of a word: letters, digits, and the signs that combine with them.
fn wordy(c: char) -> bool {
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
    c.is_alphanumeric() || (!c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Mark)
}
