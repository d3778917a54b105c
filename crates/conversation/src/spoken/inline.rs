//! What stands within a line.

use libretto_voice::text::without_spaces;

use super::emoji::{Part, part};
use super::{Filter, Kind, Mode, Step, blanks, wordy};

/// White space that is looked over to see what follows it.
const SPACE: usize = 64;
/// The longest run of backticks that opens a code span.
const TICKS: usize = 16;
/// The longest formula, in bytes.
const FORMULA: usize = 300;
/// The longest name of an HTML entity with its marks, in bytes (`&CounterClockwiseContourIntegral;` has 33).
const ENTITY: usize = 36;

impl Filter {
    pub(super) fn inline(&mut self) -> Step {
        self.end_formula();
        let mut prev = self.prev;
        let mut plain = 0;
        for c in self.rest().chars() {
            if self.is_special(c, prev) {
                break;
            }
            plain += c.len_utf8();
            prev = c;
        }
        if plain > 0 {
            self.keep(plain);
            return Step::Went;
        }
        let Some(c) = self.rest().chars().next() else {
            return Step::Wait;
        };
        match c {
            ' ' | '\t' => self.space(),
            '\n' => {
                self.keep(1);
                self.new_line();
                Step::Went
            }
            '*' | '_' | '~' => self.emphasis(c),
            '`' => self.ticks(),
            '[' => self.bracket(0),
            '!' => match self.rest()[1..].chars().next() {
                None if !self.ended => Step::Wait,
                Some('[') => self.bracket(1),
                _ => self.keep_one(),
            },
            ']' => self.closing_bracket(),
            '<' => self.angle(),
            '&' => self.entity(),
            '\\' => self.escape(),
            '$' => self.dollar(),
            '|' => self.pipe(0),
            '#' => self.heading_end(),
            c if c.is_ascii() => self.address(),
            _ => self.emoji(c),
        }
    }

    fn is_special(&self, c: char, prev: char) -> bool {
        match c {
            ' ' | '\t' | '\n' | '*' | '_' | '~' | '`' | '[' | ']' | '!' | '<' | '&' | '\\' | '$' | '|' => {
                true
            }
            '#' => self.line.kind == Kind::Heading,
            'h' | 'H' | 'f' | 'F' | 'w' | 'W' => !wordy(prev) || without_spaces(prev),
            c if c >= '\u{A9}' && !self.options.emoji => part(c) != Part::No,
            _ => false,
        }
    }

    fn space(&mut self) -> Step {
        let length = blanks(self.rest(), SPACE);
        match self.rest()[length..].chars().next() {
            None if !self.ended && length < SPACE => return Step::Wait,
            Some('|') if length < SPACE => return self.pipe(length),
            _ => {}
        }
        if self.gap && self.said.is_whitespace() {
            self.skip(length);
        } else {
            self.keep(length);
        }
        Step::Went
    }

    /// A bar behind so many blanks: the end of a table's cell, which is a pause.
    fn pipe(&mut self, before: usize) -> Step {
        let after = blanks(&self.rest()[before + 1..], SPACE);
        let length = before + 1 + after;
        let row = self.line.kind == Kind::Row;
        match self.rest()[length..].chars().next() {
            None if !self.ended => return Step::Wait,
            // The row's end; an empty cell makes no pause of its own.
            None | Some('\n' | '\r' | '|') if row => self.skip(length),
            _ if row && !self.line.cell => self.skip(length),
            _ if row || (before > 0 && after > 0) => {
                let paused = matches!(
                    self.said,
                    '.' | '!' | '?' | ',' | ';' | ':' | '。' | '！' | '？' | '，'
                );
                self.say(if paused { " " } else { ", " }, length);
                self.line.cell = false;
            }
            _ => self.keep(before + 1),
        }
        Step::Went
    }

    fn ticks(&mut self) -> Step {
        let run = self
            .rest()
            .bytes()
            .take(TICKS + 1)
            .take_while(|b| *b == b'`')
            .count();
        let after = &self.rest()[run..];
        let next = after.chars().next();
        if next.is_none() && !self.ended && run <= TICKS {
            return Step::Wait;
        }
        if self.prev == '`' || run > TICKS {
            return self.keep_one();
        }
        if run >= 3 {
            // A fence that did not start its own line.
            let info = after
                .bytes()
                .take(SPACE)
                .take_while(|b| !matches!(b, b' ' | b'`' | b'\n' | b'\r'))
                .count();
            let feed = after.get(info..).unwrap_or_default();
            let feed = feed.strip_prefix('\r').unwrap_or(feed);
            if feed.is_empty() && info < SPACE && !self.ended {
                return Step::Wait;
            }
            if info < SPACE && feed.starts_with('\n') {
                let length = self.rest().find('\n').map_or(run, |at| at + 1);
                self.say("\n", 0);
                self.open_fence('`', run, length);
                return Step::Went;
            }
        }
        if next.is_none_or(char::is_whitespace) {
            self.keep(run);
        } else {
            self.skip(run);
            self.mode = Mode::Code { ticks: run };
        }
        Step::Went
    }

    /// Inside a code span: as it stands, up to its end.
    pub(super) fn code(&mut self, ticks: usize) -> Step {
        let rest = self.rest();
        let at = rest.find(['`', '\n']).unwrap_or(rest.len());
        if at > 0 {
            self.keep(at);
            return Step::Went;
        }
        if rest.starts_with('\n') {
            self.mode = Mode::Text;
            return Step::Went;
        }
        let run = rest.bytes().take(TICKS + 1).take_while(|b| *b == b'`').count();
        if run == rest.len() && run <= TICKS && !self.ended {
            return Step::Wait;
        }
        if run == ticks {
            self.skip(run);
            self.mode = Mode::Text;
        } else {
            self.keep(run);
        }
        Step::Went
    }

    fn entity(&mut self) -> Step {
        let name = self.rest()[1..]
            .bytes()
            .take(ENTITY)
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#');
        let length = 1 + name.count();
        match self.rest()[length..].chars().next() {
            None if !self.ended && length < ENTITY => return Step::Wait,
            Some(';') => {}
            _ => return self.keep_one(),
        }
        let entity = self.rest()[..=length].to_owned();
        let text = html_escape::decode_html_entities(&entity);
        if text == entity {
            return self.keep_one();
        }
        let text = text.replace('\u{A0}', " ");
        self.say(&text, entity.len());
        Step::Went
    }

    fn escape(&mut self) -> Step {
        match self.rest()[1..].chars().next() {
            None if !self.ended => Step::Wait,
            Some(open @ ('(' | '[')) if self.line.formula.is_none() => {
                let close = if open == '(' { ')' } else { ']' };
                self.line.formula = Some((close, self.offset(FORMULA)));
                self.keep(2);
                Step::Went
            }
            Some(c) if self.line.formula.is_some_and(|(close, _)| c == close && c != '$') => {
                self.line.formula = None;
                self.keep(2);
                Step::Went
            }
            Some(c) if c.is_ascii_punctuation() && self.line.formula.is_none() => {
                self.skip(1);
                self.keep(1);
                // What was escaped is no neighbour to a marker.
                self.prev = '\\';
                Step::Went
            }
            Some('\n') => {
                self.skip(1);
                Step::Went
            }
            _ => self.keep_one(),
        }
    }

    /// `$` begins a formula before anything but a space or a digit, which makes it money.
    fn dollar(&mut self) -> Step {
        let run = if self.rest().starts_with("$$") { 2 } else { 1 };
        let next = self.rest()[run..].chars().next();
        if next.is_none() && !self.ended {
            return Step::Wait;
        }
        match self.line.formula {
            Some(('$', _)) => self.line.formula = None,
            None if next.is_some_and(|n| !n.is_whitespace() && !n.is_ascii_digit()) && !wordy(self.prev) => {
                self.line.formula = Some(('$', self.offset(FORMULA)));
            }
            _ => {}
        }
        self.keep(run);
        Step::Went
    }

    /// `#` at the end of a heading closes it.
    fn heading_end(&mut self) -> Step {
        let run = self.rest().bytes().take(SPACE).take_while(|b| *b == b'#').count();
        let length = run + blanks(&self.rest()[run..], SPACE);
        match self.rest()[length..].chars().next() {
            None if !self.ended => Step::Wait,
            None | Some('\n' | '\r') if self.prev.is_whitespace() => {
                self.skip(length);
                Step::Went
            }
            _ => {
                self.keep(run);
                Step::Went
            }
        }
    }

    fn emoji(&mut self, c: char) -> Step {
        let length = c.len_utf8();
        let pictured = match part(c) {
            Part::No => false,
            Part::Picture | Part::Selector => true,
            Part::Joined => self.gap,
            Part::Perhaps => match self.rest()[length..].chars().next() {
                None if !self.ended => return Step::Wait,
                next => next == Some('\u{FE0F}'),
            },
        };
        if pictured {
            self.skip(length);
        } else {
            self.keep(length);
        }
        Step::Went
    }

    /// A formula must not go on for ever.
    fn end_formula(&mut self) {
        if self.line.formula.is_some_and(|(_, end)| self.offset(0) > end) {
            self.line.formula = None;
        }
    }
}
