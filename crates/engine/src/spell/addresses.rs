//! Web and mail addresses, file names, handles and hashtags.

use super::letters::spelt;
use super::numbers;
use super::reading::{Here, Pattern, Reading, group};

/// Endings of host names that make a bare name an address.
const DOMAINS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "io", "dev", "app", "ai", "info", "co", "uk", "us", "eu", "de", "fr",
    "ch", "at", "nl", "es", "it", "ca", "au", "jp", "in", "rs", "me", "tv", "xyz", "blog", "page", "site",
    "cloud", "gg", "fm",
];

/// "jane.doe@example.org".
pub(super) fn email(here: Here<'_>) -> Option<Reading> {
    static MAIL: Pattern =
        Pattern::new(r"^(?:mailto:)?([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)");
    if here.inside() || !token(here).contains('@') {
        return None;
    }
    let found = MAIL.find(token(here))?;
    Some(Reading::say(named(group(&found, 1)), group(&found, 0).len()))
}

/// `https://example.com/docs?q=1`, `example.com`. The query and the fragment are not read.
pub(super) fn web(here: Here<'_>) -> Option<Reading> {
    static WEB: Pattern = Pattern::new(r#"^(?:https?://|ftp://|www\.)[^\s<>"“”|\\^`{}\[\]]+"#);
    static BARE: Pattern =
        Pattern::new(r#"^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.([a-z]{2,5})(?:/[^\s<>"“”|\\^`{}\[\]]*)?"#);
    if here.inside() || !token(here).contains('.') {
        return None;
    }
    let bare = || {
        BARE.find(token(here))
            .filter(|found| DOMAINS.contains(&group(found, 1)))
    };
    let found = WEB.find(token(here)).or_else(bare)?;
    let whole =
        group(&found, 0).trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', '’', '*', '_', '/']);
    let after = whole.find("://").map_or(whole, |at| &whole[at + 3..]);
    let after = after.strip_prefix("www.").unwrap_or(after);
    let path = after
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    here.ends(whole.len())
        .then(|| Reading::say(named(path), whole.len()))
}

/// "main.rs", "Cargo.toml": a name, a point and a short ending.
pub(super) fn file(here: Here<'_>) -> Option<Reading> {
    static FILE: Pattern = Pattern::new(r"^([A-Za-z0-9_-]*[A-Za-z0-9])\.([a-z][a-z0-9]{0,4})");
    const ENDINGS: &[&str] = &[
        "rs", "toml", "js", "ts", "json", "py", "md", "txt", "html", "css", "pdf", "png", "jpg", "jpeg",
        "gif", "mp3", "mp4", "wav", "csv", "xml", "yml", "yaml", "sh", "exe", "zip", "gz", "doc", "docx",
        "xls", "xlsx", "cpp", "go", "java", "svg", "log", "cfg", "ini", "so", "dll", "lock",
    ];
    if here.inside() || !token(here).contains('.') {
        return None;
    }
    let found = FILE.find(token(here))?;
    let whole = group(&found, 0);
    let known = ENDINGS.contains(&group(&found, 2)) && here.ends(whole.len());
    known.then(|| Reading::say(named(whole), whole.len()))
}

/// "@jane" is read "at jane".
pub(super) fn at_name(here: Here<'_>) -> Option<Reading> {
    (here.rest().starts_with('@')).then(|| Reading::say("at", 1))
}

/// "#rust" is a hashtag, "#5" a number.
pub(super) fn hashtag(here: Here<'_>) -> Option<Reading> {
    let next = here.rest().strip_prefix('#')?.chars().next()?;
    match next {
        '0'..='9' => Some(Reading::say("number", 1)),
        c if c.is_alphabetic() && !here.inside() => Some(Reading::say("hashtag", 1)),
        _ => None,
    }
}

/// The text up to the next white space; nothing when it is too long for an address.
fn token(here: Here<'_>) -> &str {
    const LONGEST: usize = 2_000;
    let near = &here.rest()[..here.rest().floor_char_boundary(LONGEST)];
    match near.find(char::is_whitespace) {
        Some(end) => &near[..end],
        None if near.len() == here.rest().len() => near,
        None => "",
    }
}

/// An address, piece by piece.
fn named(address: &str) -> String {
    let mut spoken: Vec<String> = Vec::new();
    let mut rest = address;
    while let Some(first) = rest.chars().next() {
        let length = |same: fn(char) -> bool| rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (piece, words) = match first {
            'a'..='z' | 'A'..='Z' => {
                let piece = &rest[..length(|c| c.is_ascii_alphabetic())];
                (piece, word(piece))
            }
            '0'..='9' => {
                let piece = &rest[..length(|c| c.is_ascii_digit())];
                let words = if piece.len() > 4 {
                    numbers::digits(piece)
                } else {
                    numbers::spoken_or_year(piece)
                };
                (piece, words)
            }
            other => {
                let name = match other {
                    '.' => "dot",
                    '/' => "slash",
                    '@' => "at",
                    '-' => "dash",
                    '_' => "underscore",
                    ':' => "colon",
                    '+' => "plus",
                    '~' => "tilde",
                    '=' => "equals",
                    '&' => "and",
                    '%' => "percent",
                    _ => "",
                };
                (&rest[..other.len_utf8()], name.to_owned())
            }
        };
        if !words.is_empty() {
            spoken.push(words);
        }
        rest = &rest[piece.len()..];
    }
    spoken.join(" ")
}

/// Short endings and what has no vowel are read letter by letter.
fn word(piece: &str) -> String {
    const WORDS: [&str; 10] = ["to", "go", "me", "my", "we", "in", "is", "it", "so", "no"];
    let vowel = piece
        .to_ascii_lowercase()
        .contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let short = piece.len() <= 2 && !WORDS.contains(&piece);
    if short || !vowel {
        spelt(piece)
    } else {
        piece.to_owned()
    }
}
