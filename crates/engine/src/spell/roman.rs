//! Roman numerals, where they are ones.

use super::numbers;
use super::reading::{Here, Reading};

/// Numbered things: "Chapter IV" is chapter four.
const COUNTED: &[&str] = &[
    "Chapter",
    "chapter",
    "Part",
    "part",
    "Act",
    "act",
    "Scene",
    "scene",
    "Section",
    "section",
    "Volume",
    "volume",
    "Vol.",
    "Book",
    "book",
    "Phase",
    "phase",
    "Article",
    "article",
    "War",
    "Mark",
    "Type",
    "type",
    "Level",
    "level",
    "Stage",
    "stage",
    "Class",
    "class",
    "Grade",
    "grade",
    "Bowl",
    "Apollo",
    "Gemini",
    "Fantasy",
    "Episode",
    "episode",
    "Round",
    "round",
    "Rocky",
    "Title",
    "Appendix",
    "appendix",
    "Table",
    "table",
    "Figure",
    "figure",
    "Schedule",
    "Annex",
    "Tier",
    "tier",
    "Quarter",
    "Factor",
    "factor",
    "Civilization",
    "Theft",
    "Souls",
];

/// People: "Henry VIII" is Henry the eighth.
const RULERS: &[&str] = &[
    "Pope",
    "King",
    "Queen",
    "Henry",
    "Louis",
    "Edward",
    "George",
    "William",
    "Charles",
    "James",
    "Richard",
    "Elizabeth",
    "Napoleon",
    "Pius",
    "Benedict",
    "Leo",
    "Paul",
    "Ramses",
    "Ramesses",
    "Frederick",
    "Philip",
    "Alexander",
    "Nicholas",
    "Peter",
    "Catherine",
    "Ivan",
    "Umberto",
    "Emmanuel",
    "Gustav",
    "Christian",
    "Ferdinand",
    "Mary",
    "Constantine",
    "Cleopatra",
    "Ptolemy",
    "Otto",
    "Wilhelm",
    "Gregory",
    "Innocent",
    "Urban",
    "Clement",
    "Xerxes",
    "Darius",
    "Mehmed",
    "Selim",
    "Alfonso",
    "Juan",
    "Carlos",
    "Isabella",
    "Margaret",
    "Harald",
    "Olaf",
];

/// A numeral behind a word that is counted so.
pub(super) fn numeral(here: Here<'_>) -> Option<Reading> {
    let length = here.word();
    let letters = &here.rest()[..length];
    let number = value(letters)?;
    if here.inside() || !here.ends(length) {
        return None;
    }
    let before = here.word_before();
    let spaced = here.before().is_some_and(char::is_whitespace);
    if !spaced {
        return None;
    }
    // "I" is a word, and "V" and "X" are letters: they count only where what follows cannot be a sentence's verb.
    let next = here.rest()[length..].trim_start();
    let closed = next.is_empty() || next.starts_with(|c: char| !c.is_alphanumeric());
    let clear = length > 1
        || (letters != "I")
        || closed
        || before == "War"
        || next.starts_with("of ")
        || next.starts_with("was ");
    let ruler = RULERS.contains(&before);
    if (COUNTED.contains(&before) || ruler) && clear {
        let words = if ruler {
            format!("the {}", numbers::ordinal(number))
        } else {
            numbers::cardinal(number)
        };
        return Some(Reading::say(words, length));
    }
    // Behind any other capitalised word only what is no abbreviation.
    let sure = matches!(
        letters,
        "II" | "III" | "VII" | "VIII" | "XII" | "XIII" | "XIV" | "XVI" | "XVII" | "XVIII"
    );
    let name = before.starts_with(char::is_uppercase) && before.ends_with(char::is_alphanumeric);
    (sure && name).then(|| Reading::say(numbers::cardinal(number), length))
}

/// The value of a numeral up to 3999 in its proper form; `None` for anything else.
fn value(letters: &str) -> Option<u64> {
    const PARTS: [(&str, u64); 13] = [
        ("M", 1000),
        ("CM", 900),
        ("D", 500),
        ("CD", 400),
        ("C", 100),
        ("XC", 90),
        ("L", 50),
        ("XL", 40),
        ("X", 10),
        ("IX", 9),
        ("V", 5),
        ("IV", 4),
        ("I", 1),
    ];
    let mut rest = letters;
    let mut total = 0;
    for (sign, value) in PARTS {
        let most = if sign.len() == 1 && !matches!(sign, "V" | "L" | "D") {
            3
        } else {
            1
        };
        for _ in 0..most {
            let Some(shorter) = rest.strip_prefix(sign) else {
                break;
            };
            rest = shorter;
            total += value;
        }
    }
    (rest.is_empty() && total > 0).then_some(total)
}
