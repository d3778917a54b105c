//! Spells out what the voice cannot pronounce as it is written: numbers, money, times, dates, units, abbreviations,
//! addresses, symbols. Every spoken piece keeps the bytes of the text that it stands for, so that light falls on what
//! the reader sees.
//!
//! A table of rules is tried wherever something may begin; the first that knows what stands there says how it is read,
//! and what no rule knows is kept as it stands. The word tables began as those of hibari (Apache-2.0,
//! `normalize.json`). English, read as an American would.

mod abbreviations;
mod addresses;
mod clock;
mod dates;
mod emoji;
mod figures;
mod letters;
mod marks;
mod money;
mod numbers;
mod reading;
mod roman;
mod scripts;
mod units;

use libretto_voice::Rewrite;

use reading::{Here, Page, Rule};

/// Tried where a digit stands, or a point before one.
const FIGURES: &[Rule] = &[
    figures::fixed,
    figures::telephone,
    dates::numeric,
    clock::time,
    dates::decade,
    dates::day_before_month,
    figures::version,
    figures::fraction,
    money::amount_first,
    units::measure,
    figures::ordinal,
    figures::product,
    figures::magnitude,
    figures::with_letters,
    figures::number,
];

/// Tried where a word begins.
const WORDS: &[Rule] = &[
    addresses::email,
    addresses::web,
    money::sign_first,
    dates::month_first,
    dates::weekday,
    abbreviations::title,
    abbreviations::street,
    abbreviations::before_figures,
    abbreviations::always,
    roman::numeral,
    letters::version,
    letters::fixed,
    letters::with_figures,
    letters::after_figures,
    letters::accented,
    addresses::file,
    scripts::foreign,
];

/// Tried where anything else stands.
const MARKS: &[Rule] = &[
    money::sign_first,
    figures::telephone,
    figures::minus,
    dates::short_year,
    addresses::at_name,
    addresses::hashtag,
    letters::fixed,
    marks::markdown,
    marks::ellipsis,
    marks::dash,
    marks::slash,
    marks::symbol,
    emoji::emoji,
    scripts::foreign,
    marks::silent,
];

/// Spells a text out. Never fails; what cannot be spoken at all (other scripts, unknown symbols) is left out.
pub fn spell(text: &str) -> Rewrite {
    let mut page = Page::default();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let here = Here { text, at };
        let rules = match first {
            '0'..='9' => FIGURES,
            '.' if here.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) && !here.inside() => FIGURES,
            c if c.is_alphabetic() => WORDS,
            _ => MARKS,
        };
        at = match rules.iter().find_map(|rule| rule(here)) {
            Some(reading) => page.read(here, reading),
            None => page.keep(here, here.word().max(first.len_utf8())),
        };
    }
    page.rewrite
}

#[cfg(test)]
mod tests;
