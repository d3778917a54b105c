use libretto_voice::Rewrite;
use proptest::prelude::*;

use super::*;
use crate::spoken::Filter;

fn split(text: &str, size: usize) -> Vec<Phrase> {
    let mut splitter = Splitter::default();
    let mut phrases = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    for piece in chars.chunks(size) {
        let piece: String = piece.iter().collect();
        let mut rewrite = Rewrite::default();
        rewrite.keep(&piece, at);
        at += piece.len();
        phrases.extend(splitter.push(&rewrite));
        assert!(splitter.held.text().len() <= 8 * LIMIT + 4 * size);
    }
    phrases.extend(splitter.finish());
    phrases
}

fn texts(phrases: &[Phrase]) -> Vec<String> {
    phrases.iter().map(|p| p.rewrite.text().to_owned()).collect()
}

/// Sentences as they are cut once sound has started.
fn sentences(text: &str) -> Vec<String> {
    let start = "This is the beginning.\n";
    let whole = format!("{start}{text}");
    let cut = texts(&split(&whole, 1_000_000));
    for size in 1..20 {
        assert_eq!(texts(&split(&whole, size)), cut, "pieces of {size}");
    }
    assert_eq!(cut[0], start);
    cut[1..].iter().map(|s| s.trim().to_owned()).collect()
}

#[track_caller]
fn check(cases: &[&[&str]]) {
    let join = |case: &[&str]| {
        // Scripts without spaces are put together without them.
        case.iter().fold(String::new(), |text, s| {
            let space = !text.is_empty() && !text.ends_with(['。', '！', '？', '」', '\n']);
            text + if space { " " } else { "" } + s
        })
    };
    let wrong: Vec<_> = cases
        .iter()
        .filter(|c| sentences(&join(c)) != **c)
        .map(|c| (c, sentences(&join(c))))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_sentence_stays_one() {
    check(&[
        &["This is for Mr. and Mrs. Jones."],
        &["Ok, Mr. Smith let's go."],
        &["Dr. Walker, I presume?"],
        &["The U.S.A. and N.A.S.A. agree."],
        &["He lives in the U.S. Virgin Islands now."],
        &["My number is 123-456-7890."],
        &["My emails are foo@example.com and bar.baz@example.org."],
        &["The number pi is 3.14159 and 1.23e4 is larger."],
        &["It's 3:00 a.m. in Paris, and 5 p.m. Monday elsewhere."],
        &["J. K. Rowling and J.R.R. Tolkien wrote."],
        &["See No. 5, Fig. 3 and vol. 2 of it."],
        &["Version 2.0.1 runs on v1.2 and Node.js too."],
        &["Use fruit, e.g. apples, i.e. Something sweet."],
        &["Heute ist Dienstag, der 3. Juli 2024."],
        &["Das Treffen ist am 3. Mai um 9 Uhr."],
        &["Das war die 2. Auflage."],
        &["Friedrich II. von Hessen kam."],
        &["Acme Inc. Chairman Ann Lee spoke."],
        &["Go to www.example.com/a.b?c=d. for it."],
        &["“Really?” she asked and went."],
        &["f(x) = x * 2.54 + 42."],
        &["Meet at 5 St. James Street."],
        &["1. First of all items"],
        &["Well... maybe not."],
        &["It was, etc. and so on."],
        &["She said \"wait\" (twice, in fact) and left."],
        &["د. أحمد هنا."],
    ]);
}

#[test]
fn sentences_are_parted() {
    check(&[
        &["This is a sentence.", "This is another one."],
        &["Hey!", "Hi!", "Hello?", "Yes."],
        &["He lives in the U.S.", "The end is near."],
        &["It is 3:00 a.m.", "Nobody is up."],
        &["I said no.", "No.", "Never."],
        &["She works at Acme Inc.", "It is big."],
        &["He said “Stop.”", "Then he left."],
        &["(It rained.)", "We stayed."],
        &["Really?!", "Yes..."],
        &["Hmm...", "What now?"],
        &["It costs $29.95.", "Cheap!"],
        &["In 2024.", "Then 5.", "After that."],
        &["Write to me@example.com.", "Thanks."],
        &["Visit example.com.", "Bye."],
        &["¿Qué tal?", "¡Muy bien!", "Gracias."],
        &["こんにちは。", "元気ですか？", "「はい。」", "よし！"],
        &["你好世界。", "下一句话。"],
        &["مرحبا؟", "نعم.", "هذا جيد۔", "شكرا"],
        &["नमस्ते।", "आप कैसे हैं?", "ठीक॥"],
        &["Բարև։", "Այո։"],
        &["ሰላም።", "እንዴት ነዎት፧"],
        &["Привет.", "Как дела?", "Γεια σας.", "Καλά."],
        &["안녕하세요.", "잘 지내세요?"],
        &[
            "R.T.C. stands for Real-Time Communication... again R.T.C.",
            "It works.",
        ],
    ]);
    assert_eq!(
        sentences("First line\nsecond line\n\n1. item\n2. item"),
        ["First line", "second line", "1. item", "2. item"]
    );
}

#[test]
fn the_first_phrase_is_short() {
    let first = |text: &str| texts(&split(text, 3))[0].clone();
    assert_eq!(
        first("Of course, I can help you with that. Tell me more."),
        "Of course, I can help you "
    );
    assert_eq!(
        first("Of course I'll help you. Tell me more."),
        "Of course I'll help you. "
    );
    assert_eq!(first("Certainly not, my dear friend, never."), "Certainly not, ");
    assert_eq!(first("Hi! How are you? Fine."), "Hi! How are you? ");
    assert_eq!(first("今天天气很好，我们去公园吧。"), "今天天气很好，");
    assert_eq!(
        first("The quick brown fox jumps over the lazy dog and runs away"),
        "The quick brown fox jumps "
    );
    assert_eq!(
        first("Photosynthesis is the process by which green plants turn sunlight into sugar"),
        "Photosynthesis is the process "
    );
    let long = "word ".repeat(40);
    assert_eq!(first(&long).split_whitespace().count(), FIRST_WORDS_LIMIT);
}

#[test]
fn long_sentences_are_cut_at_clauses() {
    let text = format!(
        "Start it here.\n{}, and {}, but {}.",
        "some words ".repeat(12),
        "more words ".repeat(10),
        "last ".repeat(80)
    );
    let phrases = split(&text, 5);
    assert_eq!(phrases[1].ending, Ending::Clause);
    assert!(
        phrases
            .iter()
            .all(|p| p.rewrite.text().chars().count() <= LIMIT + 1),
        "{phrases:#?}"
    );
    assert!(phrases.iter().any(|p| p.ending == Ending::Words));
    let endless = format!("Start it here.\n{}", "x".repeat(10_000));
    assert!(split(&endless, 7).len() > 20);
}

#[test]
fn a_sentence_is_released_when_it_is_certain() {
    let mut splitter = Splitter::default();
    let mut push = |text: &str| texts(&splitter.push(&Rewrite::verbatim(text)));
    assert!(push("This is a sentence.").is_empty());
    assert!(push(" ").is_empty());
    assert_eq!(push("T"), ["This is a sentence. "]);
    assert_eq!(push("hat is one! "), ["That is one! "]);
    assert_eq!(push("And this\n"), ["And this\n"]);
    assert!(push("Let me look that up.").is_empty());
    assert_eq!(texts(&splitter.finish()), ["Let me look that up."]);
}

#[test]
fn marks_stay_on_the_raw_text() {
    let raw = "**Hello** there, my [friend](https://x.y). Bye now! 😀 See https://www.example.com/a.";
    let (mut filter, mut splitter) = (Filter::default(), Splitter::default());
    let mut phrases = Vec::new();
    for c in raw.chars() {
        phrases.extend(splitter.push(&filter.push(&c.to_string())));
    }
    phrases.extend(splitter.push(&filter.finish()));
    phrases.extend(splitter.finish());
    assert_eq!(
        texts(&phrases),
        ["Hello there, ", "my friend. ", "Bye now! ", "See example.com."]
    );
    for (phrase, word) in phrases.iter().zip(["Hello", "friend", "now", "example.com"]) {
        let at = phrase.rewrite.text().find(word).unwrap();
        assert_eq!(&raw[phrase.rewrite.source(at..at + word.len())], word);
    }
}

#[test]
fn a_megabyte_is_cut_at_once() {
    for unit in [
        "A plain sentence, of some words. ",
        "a",
        ".",
        "! ",
        "a. ",
        "... ",
        "今",
        ",",
        " ",
        "\n",
        "Dr. ",
        "'\" ",
        "5. ",
    ] {
        let text = unit.repeat(1_000_000 / unit.len());
        let before = std::time::Instant::now();
        let mut splitter = Splitter::default();
        splitter.push(&Rewrite::verbatim(&text));
        splitter.finish();
        assert!(
            before.elapsed().as_secs_f64() < 5.0,
            "{unit:?} took {:?}",
            before.elapsed()
        );
    }
}

fn prose() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            " ", " ", " ", "\n", ".", ". ", "...", "…", "!", "? ", "?!", ", ", ": ", "; ", " - ", "—", "\"",
            "”", ")", "(", "Dr", "No", "U.S.A", "a.m", "3", "3.14", "Mai", "The ", "J", "e.g", "and ", "。",
            "，", "」", "今天", "؟", "،", "।", "e\u{301}", "👍", "\r\n", "x@y.z", "1. ", "de", "Word",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-zA-Z]{1,9} ",
    ];
    prop::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cuts_do_not_matter_and_nothing_is_lost(text in prose(), size in 1usize..50) {
        let whole = split(&text, 1_000_000);
        let pieces = split(&text, size);
        prop_assert_eq!(texts(&pieces), texts(&whole));
        let endings = |p: &[Phrase]| p.iter().map(|p| p.ending).collect::<Vec<_>>();
        prop_assert_eq!(endings(&pieces), endings(&whole));
        let joined = texts(&pieces).concat();
        let rest = text.strip_prefix(&joined);
        prop_assert!(rest.is_some_and(|r| !r.chars().any(speaks)), "{:?} of {:?}", joined, text);
        for phrase in &pieces {
            prop_assert!(phrase.rewrite.text().chars().any(speaks));
            let source = phrase.rewrite.source(0..phrase.rewrite.text().len());
            prop_assert_eq!(&text[source], phrase.rewrite.text());
        }
    }
}
