//! Figures as words.

use num2words::Num2Words;

/// A number: thousands with commas or without, decimals.
macro_rules! number {
    () => {
        r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    };
}
pub(super) use number;

/// More digits than this are read one by one.
const LONGEST: usize = 15;

/// "forty two".
pub(super) fn cardinal(number: u64) -> String {
    spaced(
        i64::try_from(number)
            .ok()
            .and_then(|n| Num2Words::new(n).to_words().ok()),
        number,
    )
}

/// "forty second".
pub(super) fn ordinal(number: u64) -> String {
    spaced(
        i64::try_from(number)
            .ok()
            .and_then(|n| Num2Words::new(n).ordinal().to_words().ok()),
        number,
    )
}

/// "nineteen eighty four", "two thousand five".
pub(super) fn year(number: u64) -> String {
    spaced(
        i64::try_from(number)
            .ok()
            .and_then(|n| Num2Words::new(n).year().to_words().ok()),
        number,
    )
}

/// American English has no "and" in numbers, and the voice reads words without hyphens best.
fn spaced(words: Option<String>, number: u64) -> String {
    words.map_or_else(
        || digits(&number.to_string()),
        |words| words.replace(" and ", " ").replace('-', " "),
    )
}

/// "five five five"; what is not a digit is passed over.
pub(super) fn digits(figures: &str) -> String {
    const NAMES: [&str; 10] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    let names = figures
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| NAMES[usize::from(digit - b'0')]);
    names.collect::<Vec<_>>().join(" ")
}

/// What `number!` matches, in words: "one thousand two hundred thirty four point five".
pub(super) fn spoken(figures: &str) -> String {
    let (whole, part) = figures
        .split_once('.')
        .map_or((figures, None), |(whole, part)| (whole, Some(part)));
    let whole = whole.replace(',', "");
    let by_digit = whole.len() > LONGEST || (whole.len() > 1 && whole.starts_with('0'));
    let mut words = match whole.parse() {
        Ok(number) if !by_digit => cardinal(number),
        _ => digits(&whole),
    };
    if let Some(part) = part {
        words.push_str(if words.is_empty() { "point " } else { " point " });
        words.push_str(&digits(part));
    }
    words
}

/// The same, but a number that can be a year is read as one.
pub(super) fn spoken_or_year(figures: &str) -> String {
    match figures.parse() {
        Ok(number @ (1100..=1999 | 2001..=2099)) if figures.len() == 4 => year(number),
        _ => spoken(figures),
    }
}

/// The same, but four digits are read in pairs, as the sizes of pictures are: "nineteen twenty", "ten eighty".
pub(super) fn spoken_in_pairs(figures: &str) -> String {
    match figures.parse() {
        Ok(number @ 1010..=9999) if number % 100 != 0 && number % 1000 > 9 => year(number),
        _ => spoken(figures),
    }
}

/// Whether a number takes the singular.
pub(super) fn is_one(figures: &str) -> bool {
    figures == "1"
}

/// The plural of a number's last word: "nineties", "sixes", "hundreds".
pub(super) fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if words.ends_with('x') => format!("{words}es"),
        None => format!("{words}s"),
    }
}
