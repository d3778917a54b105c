//! What stands at the beginning of a line: headings, lists, quotes, rules, tables, fences.

use super::{Filter, Kind, Look, Mode, Step, blanks};

/// How far a line is read to tell a rule, a fence's language or an indentation.
const LINE: usize = 200;

impl Filter {
    pub(super) fn block(&mut self) -> Step {
        let indent = blanks(self.rest(), LINE);
        let Some(first) = self.rest()[indent..].chars().next() else {
            if !self.ended && indent < LINE {
                return Step::Wait;
            }
            self.keep(indent);
            return Step::Went;
        };
        if indent == LINE {
            self.keep(indent);
            return Step::Went;
        }
        match first {
            '\n' | '\r' => {
                // A blank line ends the paragraph, and with it what was left open.
                self.emphasis.clear();
                self.links.clear();
                self.keep(indent + 1);
                Step::Went
            }
            '#' => self.heading(indent),
            '>' => self.quote(indent),
            '-' | '*' | '_' | '=' | '+' | '•' => self.rule_or_bullet(indent, first),
            '`' | '~' => self.fence_start(indent, first),
            '|' => self.row(indent),
            _ => self.no_block(indent),
        }
    }

    /// An ordinary line: its indentation is kept.
    fn no_block(&mut self, indent: usize) -> Step {
        self.line.start = false;
        self.keep(indent);
        if indent == 0 {
            return self.inline();
        }
        Step::Went
    }

    /// Leaves out a block marker of so many bytes and the blanks behind it.
    fn marker(&mut self, bytes: usize) {
        self.skip(bytes);
        self.emphasis.clear();
    }

    fn heading(&mut self, indent: usize) -> Step {
        let rest = &self.rest()[indent..];
        let run = rest.bytes().take(7).take_while(|b| *b == b'#').count();
        match rest[run..].chars().next() {
            None if !self.ended => Step::Wait,
            None | Some(' ' | '\t' | '\n' | '\r') if run <= 6 => {
                self.marker(indent + run);
                self.line.start = false;
                self.line.kind = Kind::Heading;
                Step::Went
            }
            _ => self.no_block(indent),
        }
    }

    fn quote(&mut self, indent: usize) -> Step {
        match self.rest()[indent + 1..].chars().next() {
            None if !self.ended => Step::Wait,
            Some('=') => self.no_block(indent),
            next => {
                self.marker(indent + 1 + usize::from(next == Some(' ')));
                Step::Went
            }
        }
    }

    fn rule_or_bullet(&mut self, indent: usize, mark: char) -> Step {
        match self.rule(indent, |c| c == mark, 3) {
            Look::Yes(length) if mark != '•' && mark != '+' => {
                self.marker(length);
                return Step::Went;
            }
            Look::More => return Step::Wait,
            _ => {}
        }
        let length = indent + mark.len_utf8();
        let next = self.rest()[length..].chars().next();
        if matches!(mark, '_' | '=') || !matches!(next, Some(' ' | '\t' | '\n' | '\r')) {
            return self.no_block(indent);
        }
        let after = length + blanks(&self.rest()[length..], LINE);
        let task = &self.rest()[after..];
        let boxes = ["[ ] ", "[x] ", "[X] "];
        if boxes.iter().any(|b| task.starts_with(b)) {
            self.marker(after + 4);
        } else if !self.ended && boxes.iter().any(|b| b.starts_with(task)) {
            return Step::Wait;
        } else {
            self.marker(after);
        }
        Step::Went
    }

    /// Length of a line, line feed included, that holds nothing but at least `least` of such marks and blanks.
    fn rule(&self, indent: usize, mark: impl Fn(char) -> bool, least: usize) -> Look<usize> {
        let mut marks = 0;
        for (at, c) in self.rest()[indent..].char_indices() {
            match c {
                '\n' if marks >= least => return Look::Yes(indent + at + 1),
                _ if at >= LINE && marks >= least => return Look::Yes(indent + at),
                ' ' | '\t' | '\r' => {}
                c if mark(c) => marks += 1,
                _ => return Look::No,
            }
        }
        match self.ended {
            false => Look::More,
            true if marks >= least => Look::Yes(self.rest().len()),
            true => Look::No,
        }
    }

    fn row(&mut self, indent: usize) -> Step {
        match self.rule(indent, |c| matches!(c, '|' | '-' | ':'), 2) {
            // The row of dashes below a table's head; an empty row says nothing either.
            Look::Yes(length) => self.marker(length),
            Look::More => return Step::Wait,
            Look::No => {
                let after = indent + 1 + blanks(&self.rest()[indent + 1..], LINE);
                self.marker(after);
                self.line.start = false;
                self.line.kind = Kind::Row;
                self.line.cell = false;
            }
        }
        Step::Went
    }

    fn fence_start(&mut self, indent: usize, mark: char) -> Step {
        let rest = &self.rest()[indent..];
        let run = rest.chars().take(LINE).take_while(|c| *c == mark).count();
        if run < 3 && (self.ended || rest.len() > run) {
            return self.no_block(indent);
        }
        let mut end = None;
        for (at, c) in rest.char_indices().skip(run) {
            match c {
                '\n' => end = Some(at + 1),
                '`' if mark == '`' => return self.no_block(indent),
                _ if at >= LINE => return self.no_block(indent),
                _ => continue,
            }
            break;
        }
        if end.is_none() && !self.ended {
            return Step::Wait;
        }
        let length = indent + end.unwrap_or(rest.len());
        self.open_fence(mark, run, length);
        Step::Went
    }

    /// Enters fenced code behind its opening line of so many bytes.
    pub(super) fn open_fence(&mut self, mark: char, run: usize, length: usize) {
        match self.options.code.clone() {
            Some(instead) if !instead.is_empty() => self.say(&format!("{instead}\n"), length),
            _ => self.skip(length),
        }
        self.emphasis.clear();
        self.mode = Mode::Fence {
            mark,
            length: run,
            mid: false,
        };
    }

    /// Leaves out one line of fenced code, or ends it.
    pub(super) fn fence(&mut self, mark: char, length: usize, mid: bool) -> Step {
        let rest = self.rest();
        let line = rest.find('\n');
        let text = &rest[..line.unwrap_or(rest.len())];
        let run = text.trim_matches([' ', '\t', '>', '\r']);
        let closes = !mid && text.len() < LINE && run.chars().all(|c| c == mark);
        if line.is_none() && closes && !self.ended {
            return Step::Wait;
        }
        let closes = closes && run.chars().count() >= length;
        self.skip(line.map_or(rest.len(), |at| at + 1));
        if closes {
            self.mode = Mode::Text;
            self.new_line();
        } else {
            self.mode = Mode::Fence {
                mark,
                length,
                mid: line.is_none(),
            };
        }
        Step::Went
    }
}
