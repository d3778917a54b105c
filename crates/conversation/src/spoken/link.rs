//! Links, images, footnotes: their text is spoken, their addresses are not.

use super::{Filter, Look, Mode, Step};

/// The longest text of a link, in bytes; it stays on its line.
const TEXT: usize = 300;
/// The longest destination that is held back to see whether it is one, in bytes.
const DESTINATION: usize = 300;
/// Brackets inside a link's text (an image in a link has one).
const NESTED: usize = 4;

impl Filter {
    /// At `[`, behind `!` of an image if `image` is 1.
    pub(super) fn bracket(&mut self, image: usize) -> Step {
        let rest = &self.rest()[image..];
        let end = match matching(rest) {
            Look::Yes(end) => end,
            Look::More if !self.ended => return Step::Wait,
            _ => {
                self.keep(image + 1);
                return Step::Went;
            }
        };
        let (text, after) = (&rest[1..end], &rest[end + 1..]);
        let at_start = self.prev == '\n';
        if image == 0 && text.starts_with('^') && text.len() > 1 && !text.contains(' ') {
            if after.is_empty() && !self.ended && at_start {
                return Step::Wait;
            }
            let colon = usize::from(at_start && after.starts_with(':'));
            self.skip(end + 1 + colon);
            return Step::Went;
        }
        match after.chars().next() {
            None if !self.ended => Step::Wait,
            Some('(') => {
                if image == 0
                    && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '[' | ']'))
                    && !text.is_empty()
                {
                    // The number of a source: nothing of it is spoken.
                    match after[1..].chars().next() {
                        None if !self.ended => return Step::Wait,
                        Some('h') => {
                            self.skip(end + 1);
                            self.mode = Mode::Destination;
                            return Step::Went;
                        }
                        _ => {}
                    }
                }
                self.open_link(image, end);
                Step::Went
            }
            Some('[')
                if image == 1 || (!super::wordy(self.prev) && !text.chars().all(|c| c.is_ascii_digit())) =>
            {
                match matching(after) {
                    Look::More if !self.ended => Step::Wait,
                    Look::Yes(_) => {
                        self.open_link(image, end);
                        Step::Went
                    }
                    _ => self.keep_one(),
                }
            }
            Some(':') if image == 0 && at_start => self.definition(end + 2),
            _ => {
                self.keep(image + 1);
                Step::Went
            }
        }
    }

    fn open_link(&mut self, image: usize, end: usize) {
        let close = self.offset(image + end);
        if self.links.len() > NESTED {
            self.links.clear();
        }
        self.links.push(close);
        self.skip(image + 1);
    }

    /// `[name]: address` on a line of its own says nothing aloud. `length` is what stands before the address.
    fn definition(&mut self, length: usize) -> Step {
        let address = self.rest()[length..].trim_start_matches([' ', '\t']);
        let signs = ["http", "www.", "<", "/", "#", "mailto:"];
        if signs.iter().any(|s| address.starts_with(s)) {
            let rest = self.rest();
            match rest.bytes().take(DESTINATION).position(|b| b == b'\n') {
                Some(feed) => self.skip(feed),
                None if rest.len() < DESTINATION && !self.ended => return Step::Wait,
                None => {
                    self.skip(length);
                    self.mode = Mode::Path { depth: 0 };
                }
            }
            return Step::Went;
        }
        if !self.ended && signs.iter().any(|s| s.starts_with(address)) {
            return Step::Wait;
        }
        self.keep_one()
    }

    pub(super) fn closing_bracket(&mut self) -> Step {
        let here = self.offset(0);
        self.links.retain(|close| *close >= here);
        if self.links.last() != Some(&here) {
            return self.keep_one();
        }
        match self.rest()[1..].chars().next() {
            None if !self.ended => return Step::Wait,
            Some('(') => {
                self.skip(1);
                self.mode = Mode::Destination;
            }
            Some('[') => match matching(&self.rest()[1..]) {
                Look::More if !self.ended => return Step::Wait,
                Look::Yes(end) => self.skip(end + 2),
                _ => self.skip(1),
            },
            _ => self.skip(1),
        }
        self.links.pop();
        Step::Went
    }

    /// At the parenthesis of a destination. If it turns out to be none, it is spoken.
    pub(super) fn destination(&mut self) -> Step {
        match destination(self.rest(), self.ended) {
            Look::Yes((length, depth)) => {
                self.skip(length);
                self.mode = if depth == 0 {
                    Mode::Text
                } else {
                    Mode::LongDestination { depth }
                };
            }
            Look::More => return Step::Wait,
            Look::No => {
                self.mode = Mode::Text;
                self.keep(1);
            }
        }
        Step::Went
    }

    pub(super) fn long_destination(&mut self, mut depth: usize) -> Step {
        for (at, c) in self.rest().char_indices() {
            match c {
                '(' => depth += 1,
                ')' if depth == 1 => {
                    self.skip(at + 1);
                    self.mode = Mode::Text;
                    return Step::Went;
                }
                ')' => depth -= 1,
                c if c.is_whitespace() => {
                    self.skip(at);
                    self.mode = Mode::Text;
                    return Step::Went;
                }
                _ => {}
            }
        }
        self.skip(self.rest().len());
        self.mode = Mode::LongDestination { depth };
        Step::Went
    }
}

/// Where the bracket that opens `text` closes.
fn matching(text: &str) -> Look<usize> {
    let mut depth = 0;
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate() {
        if at > TEXT {
            return Look::No;
        }
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'\n' => return Look::No,
            b'[' if depth == NESTED => return Look::No,
            b'[' => depth += 1,
            b']' if depth == 1 => return Look::Yes(at),
            b']' => depth -= 1,
            _ => {}
        }
    }
    Look::More
}

/// Length of the destination at the beginning of `text`, parentheses and title included, and how many parentheses
/// are still open behind it: none, unless it is longer than what is looked at.
fn destination(text: &str, ended: bool) -> Look<(usize, usize)> {
    let more = if ended { Look::No } else { Look::More };
    let mut depth = 0;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if at >= DESTINATION {
            return Look::Yes((at, depth));
        }
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return Look::Yes((at + 1, 0)),
            ')' => depth -= 1,
            '\\' => {
                chars.next();
            }
            '<' if at == 1 => {
                let Some(close) = text[..text.floor_char_boundary(DESTINATION)].find('>') else {
                    return if text.len() < DESTINATION { more } else { Look::No };
                };
                while chars.next().is_some_and(|(at, _)| at < close) {}
            }
            c if c.is_whitespace() => return title(text, at, more),
            _ => {}
        }
    }
    more
}

/// What may stand between an address and the closing parenthesis.
fn title(text: &str, at: usize, more: Look<(usize, usize)>) -> Look<(usize, usize)> {
    let text = &text[..text.floor_char_boundary(2 * DESTINATION)];
    let more = if text.len() < 2 * DESTINATION - 4 {
        more
    } else {
        Look::No
    };
    let quote = at + (text[at..].len() - text[at..].trim_start().len());
    let close = match text[quote..].chars().next() {
        None => return more,
        Some(')') => return Look::Yes((quote + 1, 0)),
        Some(q @ ('"' | '\'')) => q,
        Some('(') => ')',
        _ => return Look::No,
    };
    let Some(end) = text[quote + 1..].find(close) else {
        return more;
    };
    let behind = &text[quote + 1 + end + 1..];
    let end = text.len() - behind.trim_start().len();
    match text[end..].chars().next() {
        None => more,
        Some(')') => Look::Yes((end + 1, 0)),
        _ => Look::No,
    }
}
