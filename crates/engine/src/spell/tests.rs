use std::fmt::Write;

use libretto_voice::Rewrite;
use proptest::prelude::*;

use super::spell;

/// What is written, and what is said.
const CASES: &[(&str, &str)] = &[
    // Times.
    ("It's 3:30 pm.", "It's three thirty PM."),
    (
        "At 15:45, at 10:00 or 3:05 p.m. today",
        "At fifteen forty five, at ten o'clock or three oh five PM today",
    ),
    (
        "9am-5pm, 9:00-17:00",
        "nine AM to five PM, nine o'clock to seventeen hundred",
    ),
    ("At 12:30:15.", "At twelve thirty and fifteen seconds."),
    (
        "We met at 7 p.m. Then we left.",
        "We met at seven PM. Then we left.",
    ),
    // Dates.
    ("On 2024-03-05,", "On March fifth, twenty twenty four,"),
    (
        "5/3/2024 and 25/3/2024",
        "May third, twenty twenty four and March twenty fifth, twenty twenty four",
    ),
    ("05.03.2024", "March fifth, twenty twenty four"),
    (
        "2024-03-05T15:45:00Z",
        "March fifth, twenty twenty four, fifteen forty five",
    ),
    (
        "March 3rd, Mar. 3, 2024",
        "March third, March third, twenty twenty four",
    ),
    (
        "3 March 2024, the 3rd of March",
        "the third of March twenty twenty four, the third of March",
    ),
    ("July 4-6", "July fourth to sixth"),
    ("May 2024 and may 20", "May twenty twenty four and may twenty"),
    (
        "Sun. 5 May; I sat. The Sun.",
        "Sunday the fifth of May; I sat. The Sun.",
    ),
    (
        "1990s, '90s, 90s, mid-1990s",
        "nineteen nineties, nineties, nineties, mid nineteen nineties",
    ),
    (
        "1984, 2024, 2005, 1900",
        "nineteen eighty four, twenty twenty four, two thousand five, nineteen hundred",
    ),
    // Money.
    (
        "£3m, $1.5bn",
        "three million pounds, one point five billion dollars",
    ),
    (
        "5€; 5,50 €; 20 USD",
        "five euros; five euros and fifty cents; twenty dollars",
    ),
    (
        "$5.20, £3.50, $0.99",
        "five dollars and twenty cents, three pounds and fifty pence, ninety nine cents",
    ),
    (
        "$1, -$5, $1,250",
        "one dollar, minus five dollars, one thousand two hundred fifty dollars",
    ),
    (
        "$3 million, $5-10 million",
        "three million dollars, five to ten million dollars",
    ),
    ("$3/month", "three dollars per month"),
    // Numbers.
    ("50% of 3/4", "fifty percent of three quarters"),
    (
        "2 1/2, 2½, ½, 5/16",
        "two and a half, two and a half, one half, five sixteenths",
    ),
    (
        "3.14, .5, 0.5, 007",
        "three point one four, point five, zero point five, zero zero seven",
    ),
    (
        "1,234,567.89",
        "one million two hundred thirty four thousand five hundred sixty seven point eight nine",
    ),
    (
        "-40, +5, ±5, ~20",
        "minus forty, plus five, plus or minus five, about twenty",
    ),
    ("3rd, 21st, 1,000th", "third, twenty first, one thousandth"),
    (
        "Pages 10-12; 10 - 12; 10–12%",
        "Pages ten to twelve; ten to twelve; ten to twelve percent",
    ),
    (
        "3x, 10k, 3 × 4, 1920x1080",
        "three times, ten thousand, three times four, nineteen twenty by ten eighty",
    ),
    (
        "2.0.1, v1.2.3, 192.168.0.1",
        "two point zero point one, version one point two point three, one hundred ninety two dot one hundred sixty eight dot zero dot one",
    ),
    ("24/7, 50-50", "twenty four seven, fifty fifty"),
    ("12345678", "one two three four five six seven eight"),
    (
        "Call 555-123-4567.",
        "Call five five five, one two three, four five six seven.",
    ),
    (
        "(555) 123-4567",
        "five five five, one two three, four five six seven",
    ),
    (
        "+44 20 7946 0958",
        "plus four four, two zero, seven nine four six, zero nine five eight",
    ),
    // Units.
    (
        "-5°C, 1 km, 15 km, 2.4GHz",
        "minus five degrees Celsius, one kilometer, fifteen kilometers, two point four gigahertz",
    ),
    (
        "100 km/h, 5-10 km",
        "one hundred kilometers per hour, five to ten kilometers",
    ),
    ("802.11ax", "eight oh two dot eleven eh X"),
    ("5'11\" tall", "five foot eleven tall"),
    // Letters and digits.
    (
        "A4, 5G, 4K, MP3, x86, B2B",
        "eh four, five G, four K, M P three, X eighty six, B two B",
    ),
    (
        "COVID-19, F-16, 3-year-old",
        "COVID nineteen, F sixteen, three-year-old",
    ),
    (
        "AT&T's R&D; C++ and C#",
        "eh T and T's R and D; C plus plus and C sharp",
    ),
    // Abbreviations.
    (
        "12 Main St. is near St. Paul.",
        "twelve Main Street is near Saint Paul.",
    ),
    (
        "Dr. Smith lives on Oak Dr. near 5th Ave.",
        "Doctor Smith lives on Oak Drive near fifth Avenue.",
    ),
    ("Mr. and Mrs. Jones", "Mister and Missus Jones"),
    (
        "e.g. this, i.e. that, etc. And vs. him",
        "for example this, that is that, etc. And versus him",
    ),
    (
        "No. 5, pp. 3-4. Oh no. 6!",
        "number five, pages three to four. Oh number six!",
    ),
    ("Oh no. Really", "Oh no. Really"),
    ("J. K. Rowling in the U.S.", "J. K. Rowling in the U.S."),
    // Roman numerals.
    ("Henry VIII, Louis XIV", "Henry the eighth, Louis the fourteenth"),
    (
        "Chapter IV, World War II, Part I.",
        "Chapter four, World War two, Part one.",
    ),
    (
        "I think Vi and DC are fine, Chapter I think",
        "I think Vi and DC are fine, Chapter I think",
    ),
    // Addresses.
    (
        "See https://www.example.com/docs/index.html?x=1.",
        "See example dot com slash docs slash index dot H T M L.",
    ),
    ("jane.doe@example.org", "jane dot doe at example dot org"),
    (
        "main.rs, foo_bar, @jane, #rust, #5",
        "main dot R S, foo bar, at jane, hashtag rust, number five",
    ),
    // Symbols.
    (
        "a + b = c, x > 5, 2^10",
        "a plus b equals c, x greater than five, two to the power of ten",
    ),
    (
        "Jane & co. and/or he/she w/o it",
        "Jane and co. and or he slash she without it",
    ),
    ("He said - well - no. A—B", "He said — well — no. A—B"),
    ("The α and πr²", "The alpha and pie r squared"),
    // What is left of Markdown.
    (
        "**bold**, `code`, [link](http://x.y), ## Heading",
        "bold, code, link, Heading",
    ),
    ("- one\n- two", "one two"),
    // Silence.
    ("... alone. Wait... what? Well…", "alone. Wait, what? Well."),
    ("Fine 👍🏽! 👨‍👩‍👧 🦀", "Fine thumbs up!"),
    ("Say 今天天气 and مرحبا twice", "Say and twice"),
    ("e\u{301}tude", "etude"),
];

fn said(text: &str) -> String {
    spell(text)
        .text()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_case_is_spelt_as_listed() {
    let mut wrong = String::new();
    for (written, wanted) in CASES {
        let said = said(written);
        if said != *wanted {
            writeln!(wrong, "{written}\n  is   {said}\n  not  {wanted}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The written text that a spoken word stands for.
fn written<'t>(text: &'t str, rewrite: &Rewrite, word: &str) -> &'t str {
    let at = rewrite.text().find(word).unwrap();
    &text[rewrite.source(at..at + word.len())]
}

#[test]
fn spoken_words_remember_what_was_written() {
    let text = "Dr. Lee paid $3 million on Mar. 3, 2024 at 3:30 pm, i.e. £5.";
    let rewrite = spell(text);
    for (spoken, source) in [
        ("Doctor", "Dr."),
        ("Lee", "Lee"),
        ("three", "$3"),
        ("million", "million"),
        ("dollars", "million"),
        ("March", "Mar."),
        ("third", "3"),
        ("twenty", "2024"),
        ("PM", "pm"),
        ("that is", "i.e."),
        ("pounds", "£5"),
    ] {
        assert_eq!(written(text, &rewrite, spoken), source, "{spoken}");
    }
}

#[test]
fn a_long_text_takes_its_time_only_once() {
    for unit in [
        "a.", "1-", "1.", "e\u{301}", "*", "😀", "- ", "x@", "$1", "(5", "1/",
    ] {
        let text = unit.repeat(50_000);
        let start = std::time::Instant::now();
        spell(&text);
        assert!(
            start.elapsed().as_secs() < 20,
            "{unit} took {:?}",
            start.elapsed()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_panics_and_the_map_is_in_order(text in "\\PC{0,40}|[0-9a-zA-Z $€£%°½.,:;/@#&+*_()\\[\\]'’\"–—…-]{0,40}|[\u{0}-\u{7f}🦀é٣今\u{301}]{0,30}") {
        let rewrite = spell(&text);
        let mut last = 0;
        for (at, c) in rewrite.text().char_indices() {
            let source = rewrite.source(at..at + c.len_utf8());
            prop_assert!(source.start <= source.end && source.end <= text.len());
            prop_assert!(text.is_char_boundary(source.start) && text.is_char_boundary(source.end));
            prop_assert!(source.end >= last, "{text:?} goes back at {at}");
            last = last.max(source.start);
            prop_assert!(!c.is_ascii_digit(), "{text:?} keeps a digit: {:?}", rewrite.text());
        }
    }

    #[test]
    fn plain_words_stay_as_they_are(words in prop::collection::vec("[a-z]{4,9}", 1..8)) {
        const SHORT: [&str; 3] = ["approx", "misc", "incl"];
        prop_assume!(!words.iter().any(|word| SHORT.contains(&word.as_str())));
        let text = format!("{}. So {}, yes?", words.join(" "), words.join(", "));
        let rewrite = spell(&text);
        prop_assert_eq!(rewrite.text(), &text);
        prop_assert_eq!(rewrite.source(0..text.len()), 0..text.len());
    }
}
