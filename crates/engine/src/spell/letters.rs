//! Letters that are read one by one, and letters with digits.

use super::numbers;
use super::reading::{Here, Pattern, Reading, group};

/// Names with signs or unusual letters.
const FIXED: &[(&str, &str)] = &[
    ("C++", "C plus plus"),
    ("c++", "C plus plus"),
    ("g++", "G plus plus"),
    ("C#", "C sharp"),
    ("F#", "F sharp"),
    (".NET", "dot net"),
    ("Node.js", "node J S"),
    ("node.js", "node J S"),
    ("TCP/IP", "TCP IP"),
    ("I/O", "I O"),
    ("A/C", "eh C"),
    ("A/B", "eh B"),
    ("IPv4", "I P V four"),
    ("IPv6", "I P V six"),
    ("GitHub", "git hub"),
    ("WiFi", "why fie"),
    ("Wi-Fi", "why fie"),
    ("OK", "okay"),
    ("SQL", "S Q L"),
    ("CO2", "C O two"),
    ("CO₂", "C O two"),
    ("H2O", "H two O"),
    ("H₂O", "H two O"),
];

/// Letters by their names. The voice takes a lone "A" for the article, so its name is written as it sounds.
pub(super) fn spelt(letters: &str) -> String {
    let name = |letter: char| match letter.to_ascii_uppercase() {
        'A' => "eh".to_owned(),
        letter => letter.to_string(),
    };
    letters.chars().map(name).collect::<Vec<_>>().join(" ")
}

/// Names from the table, and letters joined by an ampersand.
pub(super) fn fixed(here: Here<'_>) -> Option<Reading> {
    static JOINED: Pattern = Pattern::new(r"^([A-Z]{1,4})&([A-Z]{1,4})('s|’s)?");
    if here.inside() {
        return None;
    }
    if let Some(found) = JOINED.find(here.rest()) {
        let whole = group(&found, 0);
        let [first, second] = [1, 2].map(|part| spelt(group(&found, part)));
        let spoken = format!("{first} and {second}{}", group(&found, 3));
        return here.ends(whole.len()).then(|| Reading::say(spoken, whole.len()));
    }
    let (name, spoken) = FIXED.iter().find(|(name, _)| here.rest().starts_with(name))?;
    here.ends(name.len()).then(|| Reading::say(*spoken, name.len()))
}

/// "v2", "v1.2.3".
pub(super) fn version(here: Here<'_>) -> Option<Reading> {
    static VERSION: Pattern = Pattern::new(r"^[vV]([0-9]+(?:\.[0-9]+)*)");
    if here.inside() {
        return None;
    }
    let found = VERSION.find(here.rest())?;
    let whole = group(&found, 0);
    let parts: Vec<String> = group(&found, 1).split('.').map(numbers::spoken).collect();
    here.ends(whole.len())
        .then(|| Reading::say(format!("version {}", parts.join(" point ")), whole.len()))
}

/// "A4", "MP3", "x86": a few letters, then digits, which are a number of their own.
pub(super) fn with_figures(here: Here<'_>) -> Option<Reading> {
    static LETTERS: Pattern = Pattern::new(r"^([A-Za-z]{1,4})-?[0-9]");
    let found = LETTERS.find(here.rest())?;
    let letters = group(&found, 1);
    let short = letters.len() == 1 || letters.chars().all(|c| c.is_ascii_uppercase());
    // "COVID" and "NASA" would be words; four letters stay as they are.
    (short && letters.len() < 4).then(|| Reading::say(spelt(letters), letters.len()))
}

/// "ax" behind "802.11": letters that a number is followed by.
pub(super) fn after_figures(here: Here<'_>) -> Option<Reading> {
    let length = here.word();
    let behind = here.before().is_some_and(|c| c.is_ascii_digit());
    (behind && length <= 3).then(|| Reading::say(spelt(&here.rest()[..length]), length))
}

/// A word with accents as marks of their own: those that the voice knows only as one letter are joined, the others
/// dropped.
pub(super) fn accented(here: Here<'_>) -> Option<Reading> {
    let rest = here.rest();
    let mark = |c: char| matches!(u32::from(c), 0x0300..=0x036F);
    let end = rest
        .find(|c: char| !c.is_alphabetic() && !mark(c))
        .unwrap_or(rest.len());
    let word = &rest[..end];
    if !word.contains(mark) || !word.chars().all(|c| mark(c) || super::scripts::is_latin(c)) {
        return None;
    }
    Some(Reading::say(
        word.chars().filter(|c| !mark(*c)).collect::<String>(),
        end,
    ))
}
