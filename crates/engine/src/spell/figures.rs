//! Numbers that are nothing more special: telephone numbers, versions, fractions, ordinals, products.

use super::letters::spelt;
use super::numbers::{self, number};
use super::reading::{Here, Pattern, Reading, group};

/// Readings that no rule gives.
const FIXED: &[(&str, &str)] = &[
    ("24/7", "twenty four seven"),
    ("9/11", "nine eleven"),
    ("50/50", "fifty fifty"),
    ("50-50", "fifty fifty"),
    ("20/20", "twenty twenty"),
    ("4x4", "four by four"),
    ("911", "nine one one"),
    ("802.11", "eight oh two dot eleven"),
    ("1:1", "one to one"),
    ("360°", "three hundred sixty degrees"),
];

/// Numbers with a reading of their own.
pub(super) fn fixed(here: Here<'_>) -> Option<Reading> {
    if here.inside() {
        return None;
    }
    let (figures, spoken) = FIXED
        .iter()
        .find(|(figures, _)| here.rest().starts_with(figures))?;
    let next = &here.rest().as_bytes()[figures.len()..];
    let goes_on = match next.first() {
        Some(b'0'..=b'9') => true,
        Some(b'.' | b',' | b'/' | b'-' | b':') => next.get(1).is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    (!goes_on).then(|| Reading::say(*spoken, figures.len()))
}

/// Telephone numbers and the like, digit by digit: three groups or more, or three digits and four.
pub(super) fn telephone(here: Here<'_>) -> Option<Reading> {
    static NUMBER: Pattern = Pattern::new(concat!(
        r"^(?:\+[0-9]{1,3}(?:[-. ]?\(?[0-9]{1,4}\)?){2,5}",
        r"|(?:1[-. ])?\([0-9]{3}\)[-. ]?[0-9]{3}[-. ][0-9]{4}",
        r"|(?:1[-. ])?[0-9]{3}[-. ][0-9]{3}[-. ][0-9]{4}",
        r"|[0-9]{3}-[0-9]{4}",
        r"|[0-9]{1,20}(?:-[0-9]{1,20}){2,8})"
    ));
    if here.inside() || !here.rest().starts_with(['+', '(']) && !here.rest().as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let found = NUMBER.find(here.rest())?;
    let number = group(&found, 0);
    // Dates look like it.
    let date = number.len() == 10 && number.matches('-').count() == 2 && number.as_bytes()[4] == b'-';
    let date = date || super::dates::numeric(here).is_some();
    if date || !here.ends(number.len()) || here.rest()[number.len()..].starts_with(['-', '%', '/']) {
        return None;
    }
    // Each written word is a piece of its own; a comma is the breath between groups.
    let mut reading = Reading::default();
    let words: Vec<&str> = number.split(' ').collect();
    for (index, word) in words.iter().enumerate() {
        let groups = word
            .split(|c: char| !c.is_ascii_digit())
            .filter(|group| !group.is_empty());
        let mut spoken = groups.map(numbers::digits).collect::<Vec<_>>().join(", ");
        if word.starts_with('+') {
            spoken.insert_str(0, "plus ");
        }
        let last = index + 1 == words.len();
        if !last {
            spoken.push(',');
        }
        reading = reading.then(spoken, word.len());
        reading = if last { reading } else { reading.keep(1) };
    }
    Some(reading)
}

/// A minus or plus before a number.
pub(super) fn minus(here: Here<'_>) -> Option<Reading> {
    let sign = here.rest().chars().next()?;
    let word = match sign {
        '-' | '−' | '–' => "minus",
        '+' => "plus",
        '±' => "plus or minus",
        '~' | '≈' => "about",
        _ => return None,
    };
    let money = |c: char| c.is_ascii_digit() || matches!(c, '$' | '€' | '£' | '¥');
    let length = sign.len_utf8();
    let begins = here.rest()[length..].trim_start_matches('.').starts_with(money);
    // Behind a word or number a dash joins; a plus or "about" is the same there.
    let joins = here
        .before()
        .is_some_and(|c| !c.is_whitespace() && !matches!(c, '(' | '[' | '"' | '“' | '/' | '='));
    (begins && !(joins && word == "minus")).then(|| Reading::say(word, length))
}

/// Versions and network addresses: more points than one. Thousands are sometimes written so as well.
pub(super) fn version(here: Here<'_>) -> Option<Reading> {
    static POINTS: Pattern = Pattern::new(r"^[0-9]{1,20}(?:\.[0-9]{1,20}){2,8}");
    let found = POINTS.find(here.rest())?;
    let whole = group(&found, 0);
    let parts: Vec<&str> = whole.split('.').collect();
    let thousands =
        parts[0].len() <= 3 && !parts[0].starts_with('0') && parts[1..].iter().all(|p| p.len() == 3);
    if thousands && parts.len() < 4 {
        return Some(Reading::say(
            numbers::spoken(&whole.replace('.', "")),
            whole.len(),
        ));
    }
    let spoken: Vec<String> = parts.iter().map(|part| numbers::spoken(part)).collect();
    let point = if parts.len() == 4 { " dot " } else { " point " };
    Some(Reading::say(spoken.join(point), whole.len()))
}

/// "3/4", "2 1/2", "8/10".
pub(super) fn fraction(here: Here<'_>) -> Option<Reading> {
    static FRACTION: Pattern = Pattern::new(r"^(?:([0-9]+)( ))?([0-9]{1,3})/([0-9]{1,3})");
    let found = FRACTION.find(here.rest())?;
    let whole = group(&found, 0);
    if !here.ends(whole.len()) || here.rest()[whole.len()..].starts_with('/') || here.inside() {
        return None;
    }
    let (over, under): (u64, u64) = (group(&found, 3).parse().ok()?, group(&found, 4).parse().ok()?);
    let parts = match under {
        2 => Some("half".to_owned()),
        4 => Some("quarter".to_owned()),
        3 | 5..=10 | 12 | 16 | 20 | 32 | 64 | 100 | 1000 => Some(numbers::ordinal(under)),
        _ => None,
    };
    let spoken = match parts {
        _ if over == under => format!("{} out of {}", numbers::cardinal(over), numbers::cardinal(under)),
        Some(part) if over == 1 => format!("one {part}"),
        Some(part) if part == "half" => format!("{} halves", numbers::cardinal(over)),
        Some(part) if over > 0 => format!("{} {part}s", numbers::cardinal(over)),
        _ => format!("{} over {}", numbers::cardinal(over), numbers::cardinal(under)),
    };
    let mixed = group(&found, 1);
    if mixed.is_empty() {
        return Some(Reading::say(spoken, whole.len()));
    }
    let spoken = if over == 1 {
        spoken.replacen("one", "a", 1)
    } else {
        spoken
    };
    let part = whole.len() - mixed.len() - 1;
    let real = over < under && !mixed.starts_with('0');
    real.then(|| {
        Reading::say(numbers::spoken(mixed), mixed.len())
            .keep(1)
            .then(format!("and {spoken}"), part)
    })
}

/// "3rd".
pub(super) fn ordinal(here: Here<'_>) -> Option<Reading> {
    static ORDINAL: Pattern =
        Pattern::new(r"^([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:st|nd|rd|th|ST|ND|RD|TH)");
    let found = ORDINAL.find(here.rest())?;
    let whole = group(&found, 0);
    let number = group(&found, 1).replace(',', "").parse().ok()?;
    here.ends(whole.len())
        .then(|| Reading::say(numbers::ordinal(number), whole.len()))
}

/// "3x", "3×4", "1920x1080".
pub(super) fn product(here: Here<'_>) -> Option<Reading> {
    static PRODUCT: Pattern = Pattern::new(concat!("^(", number!(), r")( ?)(x|×|X)( ?)(", number!(), ")?"));
    let found = PRODUCT.find(here.rest())?;
    let (first, sign, second) = (group(&found, 1), group(&found, 3), group(&found, 5));
    let (gap, next) = (group(&found, 2), group(&found, 4));
    let whole = group(&found, 0);
    if second.is_empty() {
        let times = first.len() + sign.len();
        return (gap.is_empty() && here.ends(times))
            .then(|| Reading::say(format!("{} times", numbers::spoken(first)), times));
    }
    if !here.ends(whole.len()) || gap != next {
        return None;
    }
    let word = if sign == "×" { "times" } else { "by" };
    let [first_word, second_word] = [first, second].map(numbers::spoken_in_pairs);
    if gap.is_empty() {
        return Some(Reading::say(
            format!("{first_word} {word} {second_word}"),
            whole.len(),
        ));
    }
    let reading = Reading::say(first_word, first.len())
        .keep(1)
        .then(word, sign.len());
    Some(reading.keep(1).then(second_word, second.len()))
}

/// "10k", "5M", "2bn".
pub(super) fn magnitude(here: Here<'_>) -> Option<Reading> {
    static MAGNITUDE: Pattern = Pattern::new(concat!("^(", number!(), ")(k|M|mn|bn|tn)"));
    let found = MAGNITUDE.find(here.rest())?;
    let whole = group(&found, 0);
    let size = match group(&found, 2) {
        "k" => "thousand",
        "M" | "mn" => "million",
        "bn" => "billion",
        _ => "trillion",
    };
    here.ends(whole.len()).then(|| {
        Reading::say(
            format!("{} {size}", numbers::spoken(group(&found, 1))),
            whole.len(),
        )
    })
}

/// "5G", "4K", "11ax", "747s".
pub(super) fn with_letters(here: Here<'_>) -> Option<Reading> {
    static LETTERS: Pattern = Pattern::new(concat!("^(", number!(), ")([A-Za-z]{1,3})"));
    let found = LETTERS.find(here.rest())?;
    let (figures, letters) = (group(&found, 1), group(&found, 2));
    let length = figures.len() + letters.len();
    if !here.ends(length) {
        return None;
    }
    let number = if letters == "p" {
        numbers::spoken_in_pairs(figures)
    } else {
        numbers::spoken(figures)
    };
    let spoken = if letters == "s" {
        numbers::plural(&number)
    } else {
        format!("{number} {}", spelt(letters))
    };
    Some(Reading::say(spoken, length))
}

/// Any number. Long ones that are not round are codes and read digit by digit.
pub(super) fn number(here: Here<'_>) -> Option<Reading> {
    static NUMBER: Pattern = Pattern::new(concat!("^", number!()));
    // Thousands written with narrow or plain no-break spaces, or apostrophes.
    static SPACED: Pattern = Pattern::new(r"^[0-9]{1,3}(?:[\u{a0}\u{202f}\u{2009}'’][0-9]{3})+");
    if let Some(found) = SPACED.find(here.rest()) {
        let whole = group(&found, 0);
        let figures: String = whole.chars().filter(char::is_ascii_digit).collect();
        if here.ends(whole.len()) {
            return Some(Reading::say(numbers::spoken(&figures), whole.len()));
        }
    }
    let found = NUMBER.find(here.rest())?;
    let figures = group(&found, 0);
    let code = figures.len() >= 7 && figures.bytes().all(|c| c.is_ascii_digit()) && !figures.ends_with("000");
    let spoken = if code {
        numbers::digits(figures)
    } else {
        numbers::spoken_or_year(figures)
    };
    Some(Reading::say(spoken, figures.len()))
}
