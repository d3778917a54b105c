//! Dates, years, decades, weekdays.

use super::numbers::{self, ordinal, plural, year};
use super::reading::{Here, Pattern, Reading, group};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Short names with the full stop that may follow, and the long ones.
macro_rules! month {
    () => {
        r"(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
    };
}

/// "2024-03-05", "5/3/2024", "05.03.2024". With slashes the month comes first, as Americans write it, unless it
/// cannot; with points the day does.
pub(super) fn numeric(here: Here<'_>) -> Option<Reading> {
    static YEAR_FIRST: Pattern = Pattern::new(
        r"^([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    );
    static YEAR_LAST: Pattern = Pattern::new(r"^([0-9]{1,2})([-/.])([0-9]{1,2})([-/.])([0-9]{4}|[0-9]{2})");
    if here.inside() {
        return None;
    }
    if let Some(found) = YEAR_FIRST.find(here.rest()) {
        let whole = group(&found, 0);
        let mut spoken = date(group(&found, 1), group(&found, 2), group(&found, 3))?;
        let time = group(&found, 4);
        let Some(separator) = found.get(4).map(|time| time.start() - 1) else {
            return here.ends(whole.len()).then(|| Reading::say(spoken, whole.len()));
        };
        if here.rest()[separator..].starts_with(' ') {
            // A time of its own follows.
            return Some(Reading::say(spoken, separator));
        }
        let (hours, minutes) = time.split_once(':')?;
        let minutes = if minutes == "00" {
            "hundred".to_owned()
        } else {
            numbers::spoken(minutes)
        };
        spoken = format!("{spoken}, {} {minutes}", numbers::cardinal(hours.parse().ok()?));
        return here.ends(whole.len()).then(|| Reading::say(spoken, whole.len()));
    }
    let found = YEAR_LAST.find(here.rest())?;
    let whole = group(&found, 0);
    let separator = group(&found, 2);
    let (first, second) = (group(&found, 1), group(&found, 3));
    let two_digits = group(&found, 5).len() == 2;
    // "1.2.34" is a version, "10-12-14" who knows.
    if separator != group(&found, 4) || !here.ends(whole.len()) || (two_digits && separator != "/") {
        return None;
    }
    let century = match group(&found, 5).parse::<u64>() {
        Ok(31..=99) if two_digits => "19",
        Ok(_) if two_digits => "20",
        _ => "",
    };
    let year = format!("{century}{}", group(&found, 5));
    let day_first = separator == "." || first.parse::<u64>().is_ok_and(|first| first > 12);
    let (month, day) = if day_first {
        (second, first)
    } else {
        (first, second)
    };
    Some(Reading::say(date(&year, month, day)?, whole.len()))
}

/// "March fifth, twenty twenty four".
fn date(of_year: &str, month: &str, day: &str) -> Option<String> {
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    Some(format!(
        "{month} {}, {}",
        ordinal(day),
        year(of_year.parse().ok()?)
    ))
}

/// "March 3rd", "Mar. 3, 2024", "July 4-6"; the year is a number like others.
pub(super) fn month_first(here: Here<'_>) -> Option<Reading> {
    static MONTH: Pattern = Pattern::new(concat!(
        "^(",
        month!(),
        r")( )([0-9]{1,2})(?:st|nd|rd|th)?(?:([-–])([0-9]{1,2})(?:st|nd|rd|th)?)?"
    ));
    static ALONE: Pattern = Pattern::new(concat!("^(", month!(), r") [0-9]{4}\b"));
    if here.inside() {
        return None;
    }
    if let Some(found) = MONTH.find(here.rest()) {
        let whole = group(&found, 0);
        let next = &here.rest()[whole.len()..];
        let figures_go_on = next.starts_with([':', '%', '/'])
            || (next.starts_with(['.', ',']) && next[1..].starts_with(|c: char| c.is_ascii_digit()));
        let day = group(&found, 3).parse().ok().filter(|day| (1..=31).contains(day));
        if let (Some(day), true, false) = (day, here.ends(whole.len()), figures_go_on) {
            let reading = month_name(group(&found, 1)).keep(1);
            let rest = whole.len() - group(&found, 1).len() - 1;
            let last = group(&found, 5).parse().ok().filter(|day| (1..=31).contains(day));
            let spoken = match last {
                Some(last) => format!("{} to {}", ordinal(day), ordinal(last)),
                None if group(&found, 5).is_empty() => ordinal(day),
                None => return None,
            };
            return Some(reading.then(spoken, rest));
        }
    }
    let found = ALONE.find(here.rest())?;
    Some(month_name(group(&found, 1)))
}

/// "3 March", "3rd of March": "the third of March".
pub(super) fn day_before_month(here: Here<'_>) -> Option<Reading> {
    static DAY: Pattern = Pattern::new(concat!(
        r"^([0-9]{1,2}(?:st|nd|rd|th)?)( (?:of )?)(",
        month!(),
        ")"
    ));
    if here.inside() {
        return None;
    }
    let found = DAY.find(here.rest())?;
    let (day, gap, month) = (group(&found, 1), group(&found, 2), group(&found, 3));
    let number = day
        .trim_end_matches(char::is_alphabetic)
        .parse()
        .ok()
        .filter(|day| (1..=31).contains(day))?;
    if !here.ends(group(&found, 0).len()) {
        return None;
    }
    let the = if here.word_before().eq_ignore_ascii_case("the") {
        ""
    } else {
        "the "
    };
    let of = if gap.len() > 1 { "" } else { " of" };
    let reading = Reading::say(format!("{the}{}{of}", ordinal(number)), day.len()).keep(gap.len());
    let name = long(month);
    Some(reading.then(name, month.len()))
}

fn month_name(written: &str) -> Reading {
    let name = long(written);
    if name == written {
        Reading::default().keep(written.len())
    } else {
        Reading::say(name, written.len())
    }
}

fn long(written: &str) -> &str {
    MONTHS
        .iter()
        .find(|name| name.starts_with(&written[..3]))
        .copied()
        .unwrap_or(written)
}

/// "Mon., 5 May", "Tues. 9am": only where a number, a month or a comma follows, since "Sun" and "Sat" are words.
pub(super) fn weekday(here: Here<'_>) -> Option<Reading> {
    const DAYS: [(&str, &str); 10] = [
        ("Mon", "Monday"),
        ("Tues", "Tuesday"),
        ("Tue", "Tuesday"),
        ("Wed", "Wednesday"),
        ("Thurs", "Thursday"),
        ("Thur", "Thursday"),
        ("Thu", "Thursday"),
        ("Fri", "Friday"),
        ("Sat", "Saturday"),
        ("Sun", "Sunday"),
    ];
    static FOLLOWS: Pattern = Pattern::new(concat!(r"^(?:,|\.,|\.?,? (?:[0-9]|", month!(), r"))"));
    let (short, name) = DAYS.iter().find(|(short, _)| here.rest().starts_with(short))?;
    if here.inside() || FOLLOWS.find(&here.rest()[short.len()..]).is_none() {
        return None;
    }
    let stop = usize::from(here.rest()[short.len()..].starts_with('.'));
    // "the Sun," is a star.
    if stop == 0 && here.word_before().eq_ignore_ascii_case("the") {
        return None;
    }
    Some(Reading::say(*name, short.len() + stop))
}

/// "1990s", "90s".
pub(super) fn decade(here: Here<'_>) -> Option<Reading> {
    static DECADE: Pattern = Pattern::new(r"^((?:1[0-9]|20)?[0-9]0)['’]?s");
    if here.inside() {
        return None;
    }
    let found = DECADE.find(here.rest())?;
    let whole = group(&found, 0);
    let number = group(&found, 1).parse().ok()?;
    here.ends(whole.len())
        .then(|| Reading::say(plural(&year_words(number)), whole.len()))
}

/// "'90s", "'24".
pub(super) fn short_year(here: Here<'_>) -> Option<Reading> {
    static SHORT: Pattern = Pattern::new(r"^['’‘]([0-9]{2})(s?)");
    if here.inside() {
        return None;
    }
    let found = SHORT.find(here.rest())?;
    let whole = group(&found, 0);
    let number: u64 = group(&found, 1).parse().ok()?;
    let words = if number < 10 {
        format!("oh {}", numbers::cardinal(number))
    } else {
        numbers::cardinal(number)
    };
    let words = if group(&found, 2).is_empty() {
        words
    } else {
        plural(&words)
    };
    here.ends(whole.len()).then(|| Reading::say(words, whole.len()))
}

fn year_words(number: u64) -> String {
    if number < 1000 {
        numbers::cardinal(number)
    } else {
        year(number)
    }
}
