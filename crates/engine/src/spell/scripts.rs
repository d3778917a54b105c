//! Scripts that the voice does not have.

use super::reading::{Here, Reading};

const GREEK: &[(char, &str)] = &[
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "new"),
    ('ξ', "ksai"),
    ('π', "pie"),
    ('ρ', "row"),
    ('σ', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "fie"),
    ('χ', "kai"),
    ('ψ', "sigh"),
    ('ω', "omega"),
];

/// Letters of the Latin script, with their accents.
pub(super) fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic()
        || (c.is_alphabetic() && matches!(u32::from(c), 0xAA..=0x024F | 0x1E00..=0x1EFF | 0x02BB..=0x02BC))
}

/// Words in other scripts are left out; a lone Greek letter is named.
pub(super) fn foreign(here: Here<'_>) -> Option<Reading> {
    let rest = here.rest();
    let other = |c: char| c.is_alphanumeric() && !is_latin(c) && !c.is_ascii_digit();
    let end = rest.find(|c| !other(c)).unwrap_or(rest.len());
    let word = &rest[..end];
    let first = word.chars().next()?;
    if word.len() == first.len_utf8() {
        let small = first.to_lowercase().next().unwrap_or(first);
        if let Some((_, name)) = GREEK.iter().find(|(letter, _)| *letter == small) {
            return Some(Reading::say(*name, end));
        }
    }
    Some(Reading::silence(end))
}
