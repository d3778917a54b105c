//! Numbers with units.

use super::numbers::{self, number};
use super::reading::{Here, Pattern, Reading, group};

/// Sign, one, several. The longest sign that fits is taken.
const UNITS: &[(&str, &str, &str)] = &[
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("kph", "kilometer per hour", "kilometers per hour"),
    ("mph", "mile per hour", "miles per hour"),
    ("m/s²", "meter per second squared", "meters per second squared"),
    ("m/s", "meter per second", "meters per second"),
    ("km²", "square kilometer", "square kilometers"),
    ("m²", "square meter", "square meters"),
    ("cm²", "square centimeter", "square centimeters"),
    ("ft²", "square foot", "square feet"),
    ("m³", "cubic meter", "cubic meters"),
    ("cm³", "cubic centimeter", "cubic centimeters"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("µm", "micrometer", "micrometers"),
    ("μm", "micrometer", "micrometers"),
    ("nm", "nanometer", "nanometers"),
    ("m", "meter", "meters"),
    ("mi", "mile", "miles"),
    ("ft", "foot", "feet"),
    ("yd", "yard", "yards"),
    ("sq ft", "square foot", "square feet"),
    ("sq mi", "square mile", "square miles"),
    ("kg", "kilogram", "kilograms"),
    ("g", "gram", "grams"),
    ("mg", "milligram", "milligrams"),
    ("µg", "microgram", "micrograms"),
    ("μg", "microgram", "micrograms"),
    ("mcg", "microgram", "micrograms"),
    ("lbs", "pound", "pounds"),
    ("lb", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ml", "milliliter", "milliliters"),
    ("mL", "milliliter", "milliliters"),
    ("cl", "centiliter", "centiliters"),
    ("l", "liter", "liters"),
    ("L", "liter", "liters"),
    ("gal", "gallon", "gallons"),
    ("hrs", "hour", "hours"),
    ("hr", "hour", "hours"),
    ("h", "hour", "hours"),
    ("mins", "minute", "minutes"),
    ("min", "minute", "minutes"),
    ("secs", "second", "seconds"),
    ("sec", "second", "seconds"),
    ("s", "second", "seconds"),
    ("ms", "millisecond", "milliseconds"),
    ("µs", "microsecond", "microseconds"),
    ("μs", "microsecond", "microseconds"),
    ("ns", "nanosecond", "nanoseconds"),
    ("yrs", "year", "years"),
    ("yr", "year", "years"),
    ("Hz", "hertz", "hertz"),
    ("kHz", "kilohertz", "kilohertz"),
    ("MHz", "megahertz", "megahertz"),
    ("GHz", "gigahertz", "gigahertz"),
    ("KB", "kilobyte", "kilobytes"),
    ("kB", "kilobyte", "kilobytes"),
    ("MB", "megabyte", "megabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("TB", "terabyte", "terabytes"),
    ("KiB", "kibibyte", "kibibytes"),
    ("MiB", "mebibyte", "mebibytes"),
    ("GiB", "gibibyte", "gibibytes"),
    ("kB/s", "kilobyte per second", "kilobytes per second"),
    ("MB/s", "megabyte per second", "megabytes per second"),
    ("GB/s", "gigabyte per second", "gigabytes per second"),
    ("kbps", "kilobit per second", "kilobits per second"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("Gbps", "gigabit per second", "gigabits per second"),
    ("Mbit/s", "megabit per second", "megabits per second"),
    ("Gbit/s", "gigabit per second", "gigabits per second"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("kW", "kilowatt", "kilowatts"),
    ("MW", "megawatt", "megawatts"),
    ("GW", "gigawatt", "gigawatts"),
    ("W", "watt", "watts"),
    ("V", "volt", "volts"),
    ("mAh", "milliamp hour", "milliamp hours"),
    ("mA", "milliamp", "milliamps"),
    ("dB", "decibel", "decibels"),
    ("kcal", "kilocalorie", "kilocalories"),
    ("kJ", "kilojoule", "kilojoules"),
    ("hp", "horsepower", "horsepower"),
    ("psi", "P S I", "P S I"),
    ("rpm", "R P M", "R P M"),
    ("bpm", "beat per minute", "beats per minute"),
    ("fps", "frame per second", "frames per second"),
    ("ppm", "part per million", "parts per million"),
    ("px", "pixel", "pixels"),
    ("cc", "cubic centimeter", "cubic centimeters"),
    ("pct", "percent", "percent"),
    ("°C", "degree Celsius", "degrees Celsius"),
    ("°F", "degree Fahrenheit", "degrees Fahrenheit"),
    ("℃", "degree Celsius", "degrees Celsius"),
    ("℉", "degree Fahrenheit", "degrees Fahrenheit"),
    ("°", "degree", "degrees"),
];

/// "15 km", "2.4GHz", "5°C", `5'11"`.
pub(super) fn measure(here: Here<'_>) -> Option<Reading> {
    static FIGURES: Pattern = Pattern::new(concat!("^(", number!(), r")([ \u{a0}\u{202f}]?)"));
    static HEIGHT: Pattern = Pattern::new(r#"^([0-9])['’′]([0-9]{1,2})["”″]"#);
    if here.inside() {
        return None;
    }
    if let Some(found) = HEIGHT.find(here.rest()) {
        let spoken = [1, 2].map(|part| numbers::spoken(group(&found, part)));
        return Some(Reading::say(spoken.join(" foot "), group(&found, 0).len()));
    }
    let found = FIGURES.find(here.rest())?;
    let (figures, gap) = (group(&found, 1), group(&found, 2));
    let at = figures.len() + gap.len();
    let fits = |sign: &str| here.rest()[at..].starts_with(sign) && here.ends(at + sign.len());
    let (sign, one, several) = UNITS
        .iter()
        .filter(|(sign, ..)| fits(sign))
        .max_by_key(|(sign, ..)| sign.len())?;
    let unit = if numbers::is_one(figures) { one } else { several };
    let number = numbers::spoken(figures);
    Some(if gap.is_empty() {
        Reading::say(format!("{number} {unit}"), at + sign.len())
    } else {
        Reading::say(number, figures.len())
            .keep(gap.len())
            .then(*unit, sign.len())
    })
}

/// What follows a slash behind a number or an amount: "per month".
pub(super) fn per(word: &str) -> Option<&'static str> {
    const PER: &[(&str, &str)] = &[
        ("month", "month"),
        ("mo", "month"),
        ("year", "year"),
        ("yr", "year"),
        ("week", "week"),
        ("wk", "week"),
        ("day", "day"),
        ("night", "night"),
        ("hour", "hour"),
        ("hr", "hour"),
        ("h", "hour"),
        ("minute", "minute"),
        ("min", "minute"),
        ("second", "second"),
        ("sec", "second"),
        ("s", "second"),
        ("person", "person"),
        ("user", "user"),
        ("unit", "unit"),
        ("kg", "kilogram"),
        ("lb", "pound"),
        ("km", "kilometer"),
        ("mile", "mile"),
        ("gallon", "gallon"),
        ("gal", "gallon"),
        ("liter", "liter"),
        ("l", "liter"),
        ("GB", "gigabyte"),
    ];
    PER.iter().find(|(sign, _)| *sign == word).map(|(_, name)| *name)
}
