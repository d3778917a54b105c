//! Bare addresses: the host is spoken, the rest of it is not.

use libretto_voice::text::without_spaces;

use super::{Filter, Look, Mode, Step};

/// What an address begins with.
const BEGINNINGS: [&str; 4] = ["https://", "http://", "ftp://", "www."];
/// The longest host with a user's name and a port, in bytes (a host has 253 at most).
const HOST: usize = 320;
/// Punctuation at an address's end that is looked over to see whether the address goes on.
const TAIL: usize = 64;

impl Filter {
    /// At a letter with which an address may begin.
    pub(super) fn address(&mut self) -> Step {
        let (scheme, host) = match beginning(self.rest()) {
            Look::Yes(found) => found,
            Look::More if !self.ended => return Step::Wait,
            _ => return self.keep_one(),
        };
        let after = &self.rest()[scheme..];
        let length = after
            .char_indices()
            .find(|(at, c)| *at >= HOST || !in_host(*c))
            .map(|(at, _)| at);
        let Some(length) = length.or(self.ended.then_some(after.len())) else {
            return Step::Wait;
        };
        let authority = &after[..length];
        // Nobody wants to hear "www", and a user's name even less.
        let user = authority.rfind('@').map_or(0, |at| at + 1);
        let www = if authority[user..].to_ascii_lowercase().starts_with("www.") {
            4
        } else {
            0
        };
        let hidden = scheme - host + user + www;
        let goes_on = after[length..].starts_with(['/', '?', '#']);
        let visible = &authority[user + www..];
        let trimmed = if goes_on {
            visible.len()
        } else {
            visible.trim_end_matches(['.', ',', ':', '-', '_', '%']).len()
        };
        if trimmed == 0 {
            return self.keep_one();
        }
        self.skip(hidden);
        self.keep(trimmed);
        if goes_on {
            self.mode = Mode::Path { depth: 0 };
        }
        Step::Went
    }

    /// Behind a host: left out up to the address's end.
    pub(super) fn path(&mut self, mut depth: usize) -> Step {
        let rest = self.rest();
        for (at, c) in rest.char_indices() {
            match c {
                c if ends_path(c) => return self.end_path(at),
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' | '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => {
                    let tail = rest[at..].char_indices().find(|(_, c)| !is_tail(*c) && *c != ')');
                    match tail {
                        _ if rest.len() - at > TAIL && tail.is_none_or(|(length, _)| length > TAIL) => {}
                        None if self.ended => return self.end_path(at),
                        None => {
                            self.skip(at);
                            self.mode = Mode::Path { depth };
                            return Step::Wait;
                        }
                        Some((_, c)) if ends_path(c) => return self.end_path(at),
                        Some(_) => {}
                    }
                }
                _ => {}
            }
        }
        self.skip(rest.len());
        self.mode = Mode::Path { depth };
        Step::Went
    }

    fn end_path(&mut self, at: usize) -> Step {
        self.skip(at);
        self.mode = Mode::Text;
        // What was left out is no neighbour to a marker.
        self.prev = 'a';
        self.inline()
    }
}

/// Length of the beginning of an address, and how much of that belongs to the host.
fn beginning(text: &str) -> Look<(usize, usize)> {
    for start in BEGINNINGS {
        let Some(head) = text.get(..start.len()) else {
            if start
                .get(..text.len())
                .is_some_and(|s| s.eq_ignore_ascii_case(text))
            {
                return Look::More;
            }
            continue;
        };
        if head.eq_ignore_ascii_case(start) {
            let host = start == "www.";
            return Look::Yes(if host { (0, 0) } else { (start.len(), 0) });
        }
    }
    Look::No
}

fn in_host(c: char) -> bool {
    (c.is_alphanumeric() && !without_spaces(c)) || matches!(c, '.' | '-' | '_' | ':' | '@' | '%')
}

fn is_tail(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~')
}

fn ends_path(c: char) -> bool {
    c.is_whitespace()
        || without_spaces(c)
        || matches!(
            c,
            '<' | '>' | '"' | '`' | '|' | '\\' | '^' | '{' | '}' | '[' | ']' | '”' | '’' | '»'
        )
        || matches!(c, '\u{FF00}'..='\u{FFEF}')
}
