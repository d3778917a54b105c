//! Every provider's timing shape becomes marks that never go back and cover the text.

use std::time::Instant;

use libretto_voice::shapes::{Aligner, TimeBase, Timed, start_duration_ms, start_end_seconds};
use libretto_voice::text::{self, Graphemes};
use libretto_voice::{Alignment, Mark, Provenance, SampleRate};
use proptest::prelude::*;

const RATE: SampleRate = SampleRate::SPEECH;

/// Words of the text with their times in milliseconds and whether they were measured.
fn words(text: &str, marks: &[Mark]) -> Vec<(String, u64, u64, bool)> {
    let graphemes = Graphemes::of(text);
    let word = |m: &Mark| {
        let bytes = graphemes.bytes(m.text.clone());
        (
            text[bytes].to_owned(),
            m.audio.start / 16,
            m.audio.end / 16,
            m.provenance == Provenance::Measured,
        )
    };
    Alignment::of(RATE, marks.iter().cloned())
        .by_word(text)
        .iter()
        .map(word)
        .collect()
}

fn seen(words: &[(String, u64, u64, bool)]) -> Vec<(&str, u64, u64, bool)> {
    words
        .iter()
        .map(|(w, a, b, m)| (w.as_str(), *a, *b, *m))
        .collect()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

/// One mark behind the other, in bounds, and nothing that could be spoken without a mark.
fn check(text: &str, marks: &[Mark]) {
    let graphemes = Graphemes::of(text);
    let (mut cluster, mut sample) = (0, 0);
    for mark in marks {
        assert!(
            mark.text.start >= cluster && mark.text.end > mark.text.start,
            "{mark:?} in {marks:?}"
        );
        assert!(
            mark.audio.start >= sample && mark.audio.end >= mark.audio.start,
            "{mark:?} in {marks:?}"
        );
        let skipped = &text[graphemes.bytes(cluster..mark.text.start)];
        assert!(
            skipped.trim().is_empty(),
            "{skipped:?} has no mark in {marks:?} of {text:?}"
        );
        (cluster, sample) = (mark.text.end, mark.audio.end);
    }
    assert!(cluster <= graphemes.len());
    let left = &text[graphemes.bytes(cluster..graphemes.len())];
    assert!(
        left.trim().is_empty(),
        "{left:?} has no mark in {marks:?} of {text:?}"
    );
}

#[test]
fn characters_with_start_and_duration() {
    let mut aligner = Aligner::new(RATE, TimeBase::Unknown);
    aligner.sent("Hi. ");
    // As normalised: with a space that was never sent.
    let chars = strings(&[" ", "H", "i", "."]);
    let marks = aligner.push(
        0,
        &start_duration_ms(&chars, &[0.0, 10.0, 93.0, 186.0], &[10.0, 83.0, 93.0, 46.0]),
    );
    assert_eq!(seen(&words("Hi. ", &marks)), [("Hi.", 10, 232, true)]);
    assert!(aligner.finish(16_000).is_empty());
    assert!(
        start_duration_ms(&chars, &[0.0], &[0.0, 1.0]).is_empty(),
        "arrays of unequal length give nothing"
    );
}

#[test]
fn words_over_chunks_and_both_time_bases() {
    let text = "The kettle is on. It boils.";
    for absolute in [false, true] {
        let mut aligner = Aligner::new(RATE, TimeBase::Unknown);
        aligner.sent(text);
        let first = strings(&["The", "kettle", "is", "on."]);
        let mut marks = aligner.push(
            0,
            &start_end_seconds(&first, &[0.0, 0.14, 0.52, 0.66], &[0.12, 0.5, 0.64, 0.98]),
        );
        let at = if absolute { 1.0 } else { 0.0 };
        let second = strings(&["It", "boils."]);
        marks.extend(aligner.push(
            16_000,
            &start_end_seconds(&second, &[at + 0.05, at + 0.3], &[at + 0.2, at + 0.7]),
        ));
        marks.extend(aligner.finish(32_000));
        check(text, &marks);
        let words = words(text, &marks);
        assert_eq!(seen(&words)[1], ("kettle", 140, 500, true));
        assert_eq!(
            seen(&words)[4..],
            [("It", 1_050, 1_200, true), ("boils.", 1_300, 1_700, true)],
            "{absolute}"
        );
    }
}

#[test]
fn late_times_that_count_from_the_beginning_are_known_as_such() {
    let text = "One two three four.";
    let mut aligner = Aligner::new(RATE, TimeBase::Unknown);
    aligner.sent(text);
    let word = |text, start, end| Timed {
        text,
        seconds: start..end,
    };
    let mut marks = aligner.push(0, &[word("One", 0.0, 0.25)]);
    marks.extend(aligner.push(4_000, &[word("two", 0.25, 0.5)]));
    // The third chunk had none; its own come with the fourth, and begin before it does.
    marks.extend(aligner.push(12_000, &[word("three", 0.5, 0.75), word("four.", 0.75, 1.0)]));
    marks.extend(aligner.finish(16_000));
    check(text, &marks);
    assert_eq!(
        seen(&words(text, &marks)),
        [
            ("One", 0, 250, true),
            ("two", 250, 500, true),
            ("three", 500, 750, true),
            ("four.", 750, 1_000, true)
        ]
    );
}

#[test]
fn two_characters_in_one_place() {
    let text = "The kettle is on. It boils in a minute, and then we pour the tea. ";
    // Whether the pairs begin with a word or with the space before it.
    for sent in [text.to_owned(), format!(" {text}")] {
        let characters: Vec<char> = sent.chars().collect();
        let pairs: Vec<String> = characters.chunks(2).map(|pair| pair.iter().collect()).collect();
        let starts: Vec<f64> = (0..pairs.len()).map(|n| n as f64 * 200.0).collect();
        let mut aligner = Aligner::new(RATE, TimeBase::Stream);
        aligner.sent(text);
        let mut marks = aligner.push(0, &start_duration_ms(&pairs, &starts, &vec![200.0; pairs.len()]));
        marks.extend(aligner.finish(16 * 200 * pairs.len() as u64));
        check(text, &marks);
        let mut at = 0;
        for (word, start, _, measured) in words(text, &marks) {
            at += sent[at..].find(&word).unwrap();
            let truth = at as u64 * 100;
            assert!(
                measured && start.abs_diff(truth) <= 100,
                "{word} at {start}, not {truth}"
            );
            at += word.len();
        }
    }
}

#[test]
fn words_said_to_begin_at_one_moment_share_the_time_until_the_next() {
    let text = "abc de fgh ijk.";
    let shared = [(100, 287), (287, 412), (412, 600), (600, 700)];
    let with_the_last = [(100, 250), (250, 350), (350, 500), (500, 700)];
    for (last, expected) in [(0.6, shared), (0.1, with_the_last)] {
        let mut aligner = Aligner::new(RATE, TimeBase::Stream);
        aligner.sent(text);
        let word = |text, start: f64, end: f64| Timed {
            text,
            seconds: start..end,
        };
        let at_once = ["abc", "de", "fgh"].map(|text| word(text, 0.1, 0.1));
        let end = word("ijk.", last, 0.7);
        let mut marks = aligner.push(0, &[&at_once[..], &[end]].concat());
        marks.extend(aligner.finish(11_200));
        check(text, &marks);
        let times: Vec<_> = words(text, &marks).iter().map(|word| (word.1, word.2)).collect();
        assert_eq!(times, expected);
    }
}

#[test]
fn what_was_not_timed_is_estimated_between_its_neighbours() {
    let text = "I paid £12 for apples (red), ok?";
    let mut aligner = Aligner::new(RATE, TimeBase::Stream);
    aligner.sent(text);
    let spoken = strings(&["I", "paid", "twelve", "pounds", "for", "apples", "red"]);
    let starts = [0.0, 0.1, 0.4, 0.7, 1.0, 1.2, 1.6];
    let ends = [0.1, 0.3, 0.7, 1.0, 1.2, 1.5, 1.9];
    let mut marks = aligner.push(0, &start_end_seconds(&spoken, &starts, &ends));
    marks.extend(aligner.finish(16_000 * 5 / 2));
    check(text, &marks);
    let words = words(text, &marks);
    assert_eq!(
        seen(&words),
        [
            ("I", 0, 100, true),
            ("paid", 100, 300, true),
            ("£12", 300, 1_000, false),
            ("for", 1_000, 1_200, true),
            ("apples", 1_200, 1_500, true),
            ("(red),", 1_600, 1_900, true),
            ("ok?", words[6].1, words[6].2, false),
        ]
    );
    assert!(words[6].1 >= 1_900 && words[6].2 <= 2_500);
}

#[test]
fn a_word_in_two_messages_and_said_in_pieces() {
    let text = "the first-time 1999 end";
    let mut aligner = Aligner::new(RATE, TimeBase::Stream);
    aligner.sent(text);
    let mut marks = Vec::new();
    for (texts, starts) in [
        (&["t", "h"][..], &[0.0, 0.1][..]),
        (
            &["e", " ", "f", "i", "r", "s", "t", "-", " ", "t", "i", "m", "e"],
            &[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4],
        ),
        (
            &["1999", "1999", "1999", "[SPACE]", "end"],
            &[1.5, 1.8, 2.0, 2.2, 2.3],
        ),
    ] {
        let ends: Vec<f64> = starts.iter().map(|s| s + 0.1).collect();
        marks.extend(aligner.push(0, &start_end_seconds(&strings(texts), starts, &ends)));
    }
    marks.extend(aligner.finish(0));
    check(text, &marks);
    let words = words(text, &marks);
    assert_eq!(
        seen(&words),
        [
            ("the", 0, 300, true),
            ("first-time", 400, 1_500, true),
            ("1999", 1_500, 2_100, true),
            ("end", 2_300, 2_400, true)
        ]
    );
}

#[test]
fn arabic_signs_come_as_characters_of_their_own() {
    let text = "مَرحَباً بك";
    let mut aligner = Aligner::new(RATE, TimeBase::Stream);
    aligner.sent(text);
    let chars: Vec<String> = text.chars().map(String::from).collect();
    let starts: Vec<f64> = (0..chars.len()).map(|n| n as f64 * 0.1).collect();
    let ends: Vec<f64> = starts.iter().map(|s| s + 0.1).collect();
    let marks = aligner.push(0, &start_end_seconds(&chars, &starts, &ends));
    check(text, &marks);
    let words = words(text, &marks);
    assert_eq!(words.len(), 2);
    assert!(words.iter().all(|w| w.3));
    assert_eq!((words[0].1, words[1].1), (0, 900));
}

#[test]
fn transliterated_text_is_estimated_as_a_whole() {
    let text = "你好，世界。";
    let mut aligner = Aligner::new(RATE, TimeBase::Stream);
    aligner.sent(text);
    let mut marks = aligner.push(
        0,
        &start_end_seconds(
            &strings(&["nǐ", "hǎo", "shì", "jiè"]),
            &[0.0, 0.2, 0.4, 0.6],
            &[0.2, 0.4, 0.6, 0.8],
        ),
    );
    marks.extend(aligner.finish(16_000));
    check(text, &marks);
    assert!(marks.iter().all(|m| m.provenance == Provenance::Estimated));
}

#[test]
fn a_text_without_times_is_estimated_in_proportion() {
    let text = "One two, three. 2024 今天";
    let mut aligner = Aligner::new(RATE, TimeBase::Stream);
    aligner.sent(text);
    let whole = Alignment::of(RATE, aligner.finish(16_000));
    check(text, whole.marks());
    let words = whole.by_word(text);
    assert!(words[3].audio.end - words[3].audio.start > words[0].audio.end - words[0].audio.start);
    assert_eq!(whole.lit(16_000), text::count(text));
}

#[test]
fn sending_text_piece_by_piece_takes_time_in_proportion() {
    let before = Instant::now();
    let mut aligner = Aligner::new(RATE, TimeBase::Stream);
    for _ in 0..50_000 {
        aligner.sent("Some words here. ");
        aligner.push(
            0,
            &[Timed {
                text: "Some",
                seconds: 0.0..0.1,
            }],
        );
    }
    let marks = aligner.finish(100);
    assert!(!marks.is_empty());
    assert!(before.elapsed().as_secs_f64() < 10.0, "{:?}", before.elapsed());
}

#[test]
fn words_of_many_scripts() {
    for (text, count) in [
        ("Hello, world", 2),
        ("مرحبا، كيف حالك؟", 3),
        ("नमस्ते दुनिया।", 2),
        ("안녕하세요 세계", 2),
        ("Привет, мир!", 2),
        ("שלום עולם", 2),
        ("Γεια σου", 2),
        ("It’s 3:00 a.m. – really", 5),
        ("👨‍👩‍👧 ok", 2),
    ] {
        assert_eq!(text::words(text).len(), count, "{text}");
    }
    assert!(text::words("今天天气").len() >= 2);
}

fn times() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..20.0f64,
        1 => -5.0..0.0f64,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.0, f64::MAX, f64::MIN_POSITIVE]),
    ]
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            " ",
            "the",
            "The",
            "cat",
            "12",
            "twelve",
            ",",
            ".",
            "“",
            "é",
            "e\u{301}",
            "\u{301}",
            "今",
            "天",
            "مَ",
            "[SPACE]",
            "",
            "  ",
            "👨‍👩‍👧",
            "\u{200D}",
            "ab c",
            "-",
            "first-",
            "1999",
            "\r",
            "\n",
            "\r\n",
            "🇩",
            "🇪",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "\\PC{0,6}",
    ]
}

/// Samples of a chunk, pieces with their times, text sent before it.
type Chunk = (u32, Vec<(String, f64, f64)>, Vec<String>);

fn session() -> impl Strategy<Value = Vec<Chunk>> {
    let timed = prop::collection::vec((piece(), times(), times()), 0..12);
    prop::collection::vec((0u32..40_000, timed, prop::collection::vec(piece(), 0..12)), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_session_is_covered_and_never_goes_back(chunks in session(), base in 0..3, millis in any::<bool>()) {
        let base = [TimeBase::Stream, TimeBase::Chunk, TimeBase::Unknown][base as usize];
        let mut aligner = Aligner::new(RATE, base);
        let (mut marks, mut before) = (Vec::new(), 0u64);
        for (samples, timed, sent) in &chunks {
            for text in sent {
                aligner.sent(text);
            }
            let texts: Vec<String> = timed.iter().map(|t| t.0.clone()).collect();
            let (starts, ends): (Vec<f64>, Vec<f64>) = timed.iter().map(|t| (t.1, t.2)).unzip();
            let shape = if millis { start_duration_ms(&texts, &starts, &ends) } else { start_end_seconds(&texts, &starts, &ends) };
            marks.extend(aligner.push(before, &shape));
            before += u64::from(*samples);
        }
        marks.extend(aligner.finish(before));
        // A letter that grew after it was marked stays marked.
        check(aligner.text(), &marks);
        let alignment = Alignment::of(RATE, marks.iter().cloned());
        prop_assert_eq!(alignment.marks(), &marks[..]);
        alignment.by_word(aligner.text());
        alignment.heard(aligner.text(), before / 2);
        for mark in marks {
            prop_assert_eq!(mark.shifted(usize::MAX, u64::MAX).text.end, usize::MAX);
        }
    }

    #[test]
    fn the_text_itself_timed_is_measured(text in "[a-z]{1,7}([ ,.] ?[a-zé]{1,7}){0,12}", chunk in 1usize..9) {
        let mut aligner = Aligner::new(RATE, TimeBase::Stream);
        aligner.sent(&text);
        let chars: Vec<String> = text.chars().map(String::from).collect();
        let mut marks = Vec::new();
        for (n, piece) in chars.chunks(chunk).enumerate() {
            let starts: Vec<f64> = (0..piece.len()).map(|i| (n * chunk + i) as f64 * 0.05).collect();
            let ends: Vec<f64> = starts.iter().map(|s| s + 0.05).collect();
            marks.extend(aligner.push(0, &start_end_seconds(piece, &starts, &ends)));
        }
        check(&text, &marks);
        prop_assert!(marks.iter().all(|m| m.provenance == Provenance::Measured));
        for mark in &marks {
            prop_assert_eq!(mark.audio.start, mark.text.start as u64 * 800);
        }
    }

    #[test]
    fn estimates_cover_any_text(text in prop::collection::vec(piece(), 0..30), total in 0u64..2_000) {
        let text = text.concat();
        let mut aligner = Aligner::new(RATE, TimeBase::Stream);
        aligner.sent(&text);
        check(&text, &aligner.finish(total));
    }

    #[test]
    fn words_cover_every_text(text in prop::collection::vec(piece(), 0..30)) {
        let text = text.concat();
        let graphemes = Graphemes::of(&text);
        let mut last = 0;
        for word in text::words(&text) {
            prop_assert!(word.start >= last && word.end > word.start && word.end <= graphemes.len());
            prop_assert!(text[graphemes.bytes(last..word.start)].trim().is_empty());
            last = word.end;
        }
        prop_assert!(text[graphemes.bytes(last..graphemes.len())].trim().is_empty());
    }

    #[test]
    fn reading_on_is_reading_at_once(pieces in prop::collection::vec(piece(), 0..20)) {
        let (mut text, mut graphemes) = (String::new(), Graphemes::of(""));
        for piece in pieces {
            text.push_str(&piece);
            graphemes.extend(&text);
            prop_assert_eq!(&graphemes, &Graphemes::of(&text));
        }
    }
}
