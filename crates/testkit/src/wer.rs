//! Word error rate: how far a recognised text is from what was said.

/// Words wrong, missing or too many, per word of `said`. Case, punctuation and the way numbers are written do not
/// count. For an empty `said`, the number of words heard.
pub fn wer(said: &str, heard: &str) -> f64 {
    errors(said, heard) as f64 / words(said).len().max(1) as f64
}

/// The number of words wrong, missing or too many.
pub fn errors(said: &str, heard: &str) -> usize {
    distance(&words(said), &words(heard))
}

/// The words of a text in the form in which they are compared: small letters, no punctuation, numbers spelt out.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let folded: String = text
        .to_lowercase()
        .chars()
        .filter(|c| !matches!(c, '\'' | '’'))
        .collect();
    for piece in folded.split(|c: char| !c.is_alphanumeric()) {
        match (piece.parse::<u64>(), piece) {
            (_, "") => {}
            (_, "mr") => words.push("mister".into()),
            (_, "dr") => words.push("doctor".into()),
            (Ok(number), _) if number < 1_000_000_000 => spell(number, &mut words),
            _ => words.push(piece.into()),
        }
    }
    words
}

/// Levenshtein's distance in words.
fn distance(a: &[String], b: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, word) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let change = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

fn spell(number: u64, into: &mut Vec<String>) {
    let larger = [(1_000_000, "million"), (1_000, "thousand"), (100, "hundred")];
    if let Some((unit, name)) = larger.into_iter().find(|(unit, _)| number >= *unit) {
        spell(number / unit, into);
        into.push(name.into());
        if !number.is_multiple_of(unit) {
            spell(number % unit, into);
        }
    } else if number < 20 {
        into.push(SMALL[number as usize].into());
    } else {
        into.push(TENS[number as usize / 10].into());
        if !number.is_multiple_of(10) {
            into.push(SMALL[number as usize % 10].into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writing_does_not_count() {
        assert_eq!(errors("Go forward 10 meters.", "go forward ten meters"), 0);
        assert_eq!(errors("It's 1,234", "its one 234"), 0);
        assert_eq!(words("2026"), ["two", "thousand", "twenty", "six"]);
        assert_eq!(words("Mr. O’Neil: 90%"), ["mister", "oneil", "ninety"]);
    }

    #[test]
    fn each_wrong_word_counts_once() {
        assert_eq!(errors("a b c d", "a x c d"), 1);
        assert_eq!(errors("a b c d", "a c d"), 1);
        assert_eq!(errors("a b c d", "a b b c d"), 1);
        assert_eq!(errors("", "a b"), 2);
        assert!((wer("a b", "a") - 0.5).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_text_is_like_itself_and_never_worse_than_all_wrong(a in ".{0,60}", b in ".{0,60}") {
            prop_assert_eq!(errors(&a, &a), 0);
            let (said, heard) = (words(&a), words(&b));
            prop_assert!(distance(&said, &heard) <= said.len().max(heard.len()));
            prop_assert_eq!(distance(&said, &heard), distance(&heard, &said));
        }
    }
}
