//! HTML tags, comments, and the special tokens that leak out of models.

use super::{Filter, Look, Mode, Step, wordy};

/// The longest tag, in bytes.
const TAG: usize = 400;
/// The longest special token (`<|im_end|>`), in bytes.
const TOKEN: usize = 40;
/// Tags that end a line.
const LINES: [&str; 12] = [
    "br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
];

/// A tag: its length, name, and whether it opens.
struct Tag {
    length: usize,
    name: String,
    opening: bool,
}

impl Filter {
    /// At `<`.
    pub(super) fn angle(&mut self) -> Step {
        if let Some(step) = self.reasoning_tag() {
            return step;
        }
        let rest = self.rest();
        if rest.starts_with("<!--") {
            self.skip(4);
            self.mode = Mode::Comment;
            return Step::Went;
        }
        let found = if rest.starts_with("<|") {
            token(rest)
        } else if let Some(found) = self.autolink() {
            found
        } else {
            match tag(self.rest()) {
                Look::Yes(tag) => {
                    // `Vec<String>` is no markup.
                    let generic = wordy(self.prev) && tag.opening && tag.name.starts_with(char::is_uppercase);
                    if generic { Look::No } else { self.leave_out(&tag) }
                }
                Look::No => Look::No,
                Look::More => Look::More,
            }
        };
        match found {
            Look::Yes(length) => self.skip(length),
            Look::No => self.keep(1),
            Look::More => return self.wait(),
        }
        Step::Went
    }

    fn leave_out(&mut self, tag: &Tag) -> Look<usize> {
        let name = tag.name.as_str();
        let breaks = LINES.contains(&name) && (!tag.opening || matches!(name, "br" | "hr"));
        if breaks && self.said != '\n' {
            self.say("\n", tag.length);
            return Look::Yes(0);
        }
        Look::Yes(tag.length)
    }

    /// `<https://…>` and `<somebody@…>`: `None` when it is neither.
    fn autolink(&mut self) -> Option<Look<usize>> {
        let rest = self.rest();
        if !rest[1..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let mut chars = rest.char_indices().skip(1);
        let end = chars.find(|(at, c)| *at >= TAG || c.is_whitespace() || matches!(c, '<' | '>'));
        let inside = &rest[1..end.map_or(rest.len(), |(at, _)| at)];
        let scheme = inside.find("://");
        let scheme = scheme.filter(|at| inside[..*at].bytes().all(|b| b.is_ascii_alphanumeric()));
        match end {
            None if !self.ended => Some(Look::More),
            Some((_, '>')) if scheme.is_none() && !inside.contains('@') => None,
            Some((end, _)) if end >= TAG => None,
            Some((end, '>')) => {
                let from = 1 + scheme.map_or(0, |at| at + 3);
                let host = &rest[from..end];
                let www = if host.starts_with("www.") { 4 } else { 0 };
                let length = if scheme.is_some() {
                    host[www..].find(['/', '?', '#']).unwrap_or(host.len() - www)
                } else {
                    host.len() - www
                };
                self.skip(from + www);
                self.keep(length);
                Some(Look::Yes(end + 1 - from - www - length))
            }
            _ => None,
        }
    }

    /// Inside a comment.
    pub(super) fn comment(&mut self) -> Step {
        let rest = self.rest();
        if let Some(end) = rest.find("-->") {
            self.skip(end + 3);
            self.mode = Mode::Text;
            return Step::Went;
        }
        // Its end may have begun.
        let held = if self.ended {
            0
        } else {
            rest.bytes().rev().take(2).take_while(|b| *b == b'-').count()
        };
        let length = rest.len() - held;
        self.skip(length);
        if length == 0 { Step::Wait } else { Step::Went }
    }
}

fn token(text: &str) -> Look<usize> {
    for (at, c) in text.char_indices().skip(2) {
        match c {
            '>' if text[..at].ends_with('|') && at > 3 => return Look::Yes(at + 1),
            _ if at > TOKEN => return Look::No,
            c if c.is_whitespace() || matches!(c, '<' | '>') => return Look::No,
            _ => {}
        }
    }
    Look::More
}

/// The tag at the beginning of `text`. Attributes must look like such, so that "a <b and c> d" is none.
fn tag(text: &str) -> Look<Tag> {
    if "<!--".starts_with(text) {
        return Look::More;
    }
    let inside = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let opening = inside.len() + 1 == text.len();
    if !inside.is_empty() && !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Look::No;
    }
    let length = inside
        .bytes()
        .take(TAG)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'))
        .count();
    let name = inside[..length].to_ascii_lowercase();
    let name = if inside.starts_with(char::is_uppercase) && name.len() > 2 {
        inside[..length].to_owned()
    } else {
        name
    };
    let mut state = State::Between;
    for (at, c) in text.char_indices().skip(text.len() - inside.len() + length) {
        if at >= TAG || c == '\n' {
            return Look::No;
        }
        state = match (state, c) {
            (State::Quoted(q), c) if c == q => State::Between,
            (State::Quoted(q), _) => State::Quoted(q),
            (State::Value, '"' | '\'') => State::Quoted(c),
            (_, '>') => {
                return Look::Yes(Tag {
                    length: at + 1,
                    name,
                    opening,
                });
            }
            (_, '<') => return Look::No,
            (State::Value, ' ') => State::Between,
            (State::Value, _) | (State::Between | State::Name | State::Bare, '=') => State::Value,
            (State::Between | State::Space, ' ' | '/') => State::Space,
            (State::Space, c) if c.is_ascii_alphabetic() || matches!(c, '_' | ':' | '@') => State::Name,
            (State::Name | State::Bare, ' ') => State::Bare,
            (State::Name, c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.') => {
                State::Name
            }
            _ => return Look::No,
        };
    }
    Look::More
}

/// Where in a tag we are.
#[derive(Clone, Copy)]
enum State {
    /// Behind the tag's name or a quoted value.
    Between,
    Space,
    /// In an attribute's name.
    Name,
    /// Behind it; `=` or the tag's end must follow.
    Bare,
    Value,
    Quoted(char),
}
