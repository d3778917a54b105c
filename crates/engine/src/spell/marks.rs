//! Dashes, slashes, mathematical and other symbols, and what is left of Markdown.

use super::reading::{Here, Pattern, Reading, group};
use super::units;

/// Symbols with a name, wherever they stand.
const NAMED: &[(char, &str)] = &[
    ('&', "and"),
    ('%', "percent"),
    ('‰', "per thousand"),
    ('×', "times"),
    ('÷', "divided by"),
    ('±', "plus or minus"),
    ('≈', "about"),
    ('≤', "less than or equal to"),
    ('≥', "greater than or equal to"),
    ('≠', "not equal to"),
    ('→', "to"),
    ('⇒', "so"),
    ('§', "section"),
    ('¶', "paragraph"),
    ('©', "copyright"),
    ('°', "degrees"),
    ('½', "one half"),
    ('⅓', "one third"),
    ('⅔', "two thirds"),
    ('¼', "one quarter"),
    ('¾', "three quarters"),
    ('⅕', "one fifth"),
    ('⅛', "one eighth"),
    ('⅜', "three eighths"),
    ('⅝', "five eighths"),
    ('⅞', "seven eighths"),
    ('²', "squared"),
    ('³', "cubed"),
    ('∞', "infinity"),
    ('√', "square root of"),
    ('∑', "sum of"),
    ('№', "number"),
    ('µ', "micro"),
    ('¢', "cents"),
    ('₀', "zero"),
    ('₁', "one"),
    ('₂', "two"),
    ('₃', "three"),
    ('₄', "four"),
    ('⁰', "to the zero"),
    ('⁴', "to the fourth"),
    ('⁵', "to the fifth"),
    ('⁶', "to the sixth"),
];

/// Symbols that are read only between two things: "a = b", "x > 5".
const BETWEEN: &[(char, &str)] = &[
    ('=', "equals"),
    ('<', "less than"),
    ('>', "greater than"),
    ('+', "plus"),
    ('^', "to the power of"),
    ('*', "times"),
    ('~', "about"),
];

/// Dots in a row. Between words they are a pause, at the end of a sentence its end, alone nothing.
pub(super) fn ellipsis(here: Here<'_>) -> Option<Reading> {
    let rest = here.rest();
    let end = rest.find(|c| !matches!(c, '.' | '…')).unwrap_or(rest.len());
    let dots = &rest[..end];
    if !dots.contains('…') && dots.len() < 2 {
        return None;
    }
    let before = here.before();
    if !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '"' | '”' | '’' | '\'' | ')')) {
        return Some(Reading::silence(end));
    }
    let mark = if here.sentence_ends(end) { "." } else { "," };
    let gap = if here.ends(end) { "" } else { " " };
    Some(Reading::say(format!("{mark}{gap}"), end))
}

/// Between numbers a dash is "to", between a letter and a number nothing, alone a pause; in a word it stays.
pub(super) fn dash(here: Here<'_>) -> Option<Reading> {
    let rest = here.rest();
    let end = rest
        .find(|c| !matches!(c, '-' | '–' | '—' | '‐' | '‑' | '―' | '−'))
        .unwrap_or(rest.len());
    if end == 0 {
        return None;
    }
    let dashes = &rest[..end];
    let (before, after) = (here.before(), here.after(end));
    let figure = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let space = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let one = dashes.chars().count() == 1;
    let money = |c: Option<char>| figure(c) || c.is_some_and(|c| matches!(c, '$' | '€' | '£' | '.'));
    let measured = figure(before) || before.is_some_and(|c| matches!(c, '%' | '°' | '€' | '£' | '$' | '½'));
    if one && measured && money(after) {
        return Some(Reading::say("to", end));
    }
    // "9am-5pm", "5km-10km"
    if one && letter(before) && figure(after) {
        let word = here.word_before();
        let number = word
            .trim_start_matches(['(', '"', '“'])
            .starts_with(|c: char| c.is_ascii_digit());
        return Some(Reading::say(if number { "to" } else { " " }, end));
    }
    if space(before) && space(after) && one {
        let spaced = here.past().trim_end();
        let numbers = spaced.ends_with(|c: char| c.is_ascii_digit())
            && rest[end..].trim_start().starts_with(|c: char| c.is_ascii_digit())
            && !dashes.starts_with('—');
        if numbers {
            return Some(Reading::say("to", end));
        }
        // A bullet at the beginning of a line is silent.
        let bullet = spaced.is_empty() || here.past()[spaced.len()..].contains('\n');
        return Some(if bullet || space(after) && rest[end..].trim().is_empty() {
            Reading::silence(end)
        } else {
            Reading::say("—", end)
        });
    }
    match dashes {
        "—" if !space(before) => None,
        "-" if letter(before) || figure(before) => (!letter(after)).then(|| Reading::silence(end)),
        "–" | "‐" | "‑" if letter(before) && letter(after) => Some(Reading::say("-", end)),
        _ if one && (letter(after) || figure(after)) => Some(Reading::silence(end)),
        _ if letter(before) || letter(after) => Some(Reading::say("—", end)),
        _ => Some(Reading::silence(end)),
    }
}

/// "per month", "he slash she", and silence where nothing is divided.
pub(super) fn slash(here: Here<'_>) -> Option<Reading> {
    let rest = here.rest().strip_prefix('/')?;
    let next = Here {
        text: here.text,
        at: here.at + 1,
    };
    let word = &rest[..next.word()];
    let counted = here.word_before().contains(|c: char| c.is_ascii_digit());
    if let Some(name) =
        units::per(word).filter(|_| counted && here.before().is_some_and(|c| !c.is_whitespace()))
    {
        return Some(Reading::say(format!("per {name}"), 1 + word.len()));
    }
    let between = here.inside() && rest.starts_with(char::is_alphanumeric);
    Some(if between {
        Reading::say("slash", 1)
    } else {
        Reading::silence(1)
    })
}

/// Symbols with names.
pub(super) fn symbol(here: Here<'_>) -> Option<Reading> {
    let sign = here.rest().chars().next()?;
    let length = sign.len_utf8();
    if matches!(sign, '½' | '¼' | '¾' | '⅓' | '⅔') && here.before().is_some_and(|c| c.is_ascii_digit())
    {
        let part = NAMED.iter().find(|(named, _)| *named == sign)?.1;
        let part = part
            .strip_prefix("one ")
            .map_or(part.to_owned(), |part| format!("a {part}"));
        return Some(Reading::say(format!("and {part}"), length));
    }
    if let Some((_, name)) = NAMED.iter().find(|(named, _)| *named == sign) {
        return Some(Reading::say(*name, length));
    }
    let (_, name) = BETWEEN.iter().find(|(named, _)| *named == sign)?;
    let (before, after) = (here.past(), &here.rest()[length..]);
    let spaced = before.ends_with(' ') && after.starts_with(' ');
    let tight = here.inside() && after.starts_with(char::is_alphanumeric);
    // Asterisks and tildes that touch a word are marks of Markdown, and so is ">" at the beginning of a line.
    let tight = tight && !matches!(sign, '*' | '~' | '<' | '>');
    let ends =
        |text: &str| text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '²' | '³'));
    let starts = after
        .trim_start()
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '(' | '-' | '−' | '$'));
    let digits =
        before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit());
    (((spaced && starts && ends(before.trim_end())) || tight || digits) && !before.trim_end().ends_with('\n'))
        .then(|| Reading::say(*name, length))
}

/// The brackets and addresses of links, and underscores between words.
pub(super) fn markdown(here: Here<'_>) -> Option<Reading> {
    static LINK: Pattern = Pattern::new(r"^\]\([^)\s]*\)");
    if let Some(found) = LINK.find(here.rest()) {
        return Some(Reading::silence(group(&found, 0).len()));
    }
    if here.rest().starts_with("![") {
        return Some(Reading::silence(2));
    }
    let after = here.after(here.rest().chars().next()?.len_utf8());
    match here.rest().as_bytes()[0] {
        b'_' if here.inside() && after.is_some_and(char::is_alphanumeric) => Some(Reading::say(" ", 1)),
        b'|' => Some(Reading::say(
            if here.past().trim_end().ends_with(char::is_alphanumeric) {
                ", "
            } else {
                " "
            },
            1,
        )),
        _ => None,
    }
}

/// Whatever is neither white space nor punctuation that the voice uses.
pub(super) fn silent(here: Here<'_>) -> Option<Reading> {
    let mark = here.rest().chars().next()?;
    let used = mark.is_whitespace()
        || matches!(
            mark,
            '.' | ',' | ';' | ':' | '!' | '?' | '"' | '“' | '”' | '(' | ')' | '—' | '-' | '\'' | '’'
        );
    (!used).then(|| Reading::silence(mark.len_utf8()))
}
