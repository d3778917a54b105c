//! Times of day.

use super::numbers::{cardinal, spoken};
use super::reading::{Here, Pattern, Reading, group};

/// "3:30 pm", "15:45", "9am", "12:30:15".
pub(super) fn time(here: Here<'_>) -> Option<Reading> {
    static CLOCK: Pattern = Pattern::new(r"^([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?");
    static HOUR: Pattern = Pattern::new(r"^[0-9]{1,2}");
    if here.inside() {
        return None;
    }
    let (clock, spoken) = if let Some(found) = CLOCK.find(here.rest()) {
        let clock = group(&found, 0);
        if here.after(clock.len()).is_some_and(|c| c.is_ascii_digit()) {
            return None;
        }
        let half = half(here, clock.len()).is_some();
        (
            clock,
            by_clock(group(&found, 1), group(&found, 2), group(&found, 3), half)?,
        )
    } else {
        let found = HOUR.find(here.rest())?;
        let hour = group(&found, 0);
        half(here, hour.len())?;
        let number = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
        (hour, cardinal(number))
    };
    let reading = Reading::say(spoken, clock.len());
    Some(match half(here, clock.len()) {
        Some((0, name, length)) => reading.then(name, length),
        Some((gap, name, length)) => reading.keep(gap).then(name, length),
        None => reading,
    })
}

/// "three oh five", "twelve o'clock".
fn by_clock(hours: &str, minutes: &str, seconds: &str, half: bool) -> Option<String> {
    let (hour, minute): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let mut words = cardinal(hour);
    match minute {
        0 if half => {}
        0 if (1..=12).contains(&hour) && !hours.starts_with('0') => words.push_str(" o'clock"),
        0 => words.push_str(" hundred"),
        1..=9 => words = format!("{words} oh {}", cardinal(minute)),
        _ => words = format!("{words} {}", cardinal(minute)),
    }
    if !seconds.is_empty() {
        let unit = if seconds == "01" { "second" } else { "seconds" };
        words = format!(
            "{words} and {} {unit}",
            spoken(
                seconds
                    .trim_start_matches('0')
                    .get(..)
                    .filter(|s| !s.is_empty())
                    .unwrap_or("0")
            )
        );
    }
    Some(words)
}

/// The half of the day behind a time: white space before it, its name, and its length. A full stop that also ends the
/// sentence stays.
fn half(here: Here<'_>, at: usize) -> Option<(usize, &'static str, usize)> {
    static HALF: Pattern = Pattern::new(r"^([ \u{a0}\u{202f}]?)(?:(?:([Aa])|[Pp])(?:[Mm]|\.[Mm]\.?))");
    let found = HALF.find(&here.rest()[at..])?;
    let whole = group(&found, 0);
    if !here.ends(at + whole.len()) {
        return None;
    }
    let name = if group(&found, 2).is_empty() { "PM" } else { "AM" };
    let gap = group(&found, 1).len();
    let stop = usize::from(whole.ends_with('.') && here.sentence_ends(at + whole.len()));
    Some((gap, name, whole.len() - gap - stop))
}
