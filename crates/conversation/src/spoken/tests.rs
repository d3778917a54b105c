use libretto_voice::Rewrite;
use proptest::prelude::*;

use super::*;

/// Pieces of this many characters are the whole reply.
const WHOLE: usize = 1_000_000;

/// The whole reply in pieces of `size` characters.
fn filtered(text: &str, size: usize, options: &Options) -> (Rewrite, Vec<Range<usize>>) {
    let mut filter = Filter::new(options.clone());
    let mut out = Rewrite::default();
    let chars: Vec<char> = text.chars().collect();
    for piece in chars.chunks(size) {
        out.append(&filter.push(&piece.iter().collect::<String>()));
        assert!(
            filter.raw.len() <= 1_000 + size * 4,
            "{} bytes are held",
            filter.raw.len()
        );
    }
    out.append(&filter.finish());
    assert_eq!(filter.decided(), text.len());
    (out, filter.reasoning().to_vec())
}

fn spoken(text: &str) -> String {
    let whole = filtered(text, WHOLE, &Options::default());
    for size in 1..=50 {
        let (out, reasoning) = filtered(text, size, &Options::default());
        assert_eq!(out.text(), whole.0.text(), "pieces of {size} of {text:?}");
        assert_eq!(reasoning, whole.1, "pieces of {size} of {text:?}");
    }
    whole.0.text().to_owned()
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<_> = cases
        .iter()
        .filter(|c| spoken(c.0) != c.1)
        .map(|c| (c, spoken(c.0)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[track_caller]
fn untouched(cases: &[&str]) {
    let wrong: Vec<_> = cases
        .iter()
        .filter(|c| spoken(c) != **c)
        .map(|c| (c, spoken(c)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn emphasis_goes() {
    check(&[
        (
            "This is **bold** and *slanted* text.",
            "This is bold and slanted text.",
        ),
        ("***Both*** at once, ~~gone~~ too.", "Both at once, gone too."),
        (
            "_all of this_ and __that as well__.",
            "all of this and that as well.",
        ),
        ("One _word_ only.", "One word only."),
        ("**“Quoted”**, he said", "“Quoted”, he said"),
        ("**a _b_ c** d", "a b c d"),
        ("many**bold**words", "manyboldwords"),
        ("这是**重要**的。", "这是重要的。"),
        ("这是**“重要”**的。", "这是“重要”的。"),
        ("นี่คือ**ตัวหนา**ครับ", "นี่คือตัวหนาครับ"),
        ("이것은 **굵은**글씨", "이것은 굵은글씨"),
        ("هذا **مهم** جدا", "هذا مهم جدا"),
        ("**Name:** Ada", "Name: Ada"),
        ("**never closed", "never closed"),
    ]);
}

#[test]
fn what_only_looks_like_markup_stays() {
    untouched(&[
        "2 * 3 = 6",
        "2*3*4 is 24",
        "x**2 + y**2",
        "f(x) = x * 2.54 + 42.",
        "snake_case_name stays",
        "_private_var and __dunder_method__ stay",
        "MAX_SIZE_LIMIT, file_path.py",
        "Hi there~~ How are you?  # the ~~ stays.",
        "about ~5 minutes",
        "The capital is ____.",
        "C# and F#, #hashtag",
        "a < b and c > d, x <3, i<=n",
        "AT&T, R&D, Q & A",
        "It costs $5 and $10, US$ 3.",
        "The sum $a_1 * b_2$ and $x_i^2$.",
        "[sic] and [1, 2, 3] and arr[0]",
        "Vec<String> holds strings.",
        "1. First\n2. Second",
        "-5 degrees",
        "5 stars: *",
        "www is short for world wide web. What? How? Hm.",
        "Write to foo.bar@example.com now.",
        "one || two",
        "He said: \"Yes!\"",
        "C:\\Users\\me",
        "",
        " ",
        "\n\n",
        "© 2024 Acme™",
        "مرحبا، كيف حالك؟",
    ]);
}

#[test]
fn blocks() {
    check(&[
        ("# Title\n\nText", "Title\n\nText"),
        ("## Title ##\nText", "Title \nText"),
        ("- one\n- two\n  * three\n+ four", "one\ntwo\nthree\nfour"),
        ("- [ ] open\n- [x] done", "open\ndone"),
        ("> quoted\n> > twice", "quoted\ntwice"),
        ("one\n\n---\n\ntwo", "one\n\n\ntwo"),
        ("one\n* * *\ntwo\n___\nthree", "one\ntwo\nthree"),
        ("Title\n=====\nText", "Title\nText"),
        ("***bold slanted*** line", "bold slanted line"),
        ("Look:\n```python\nx = 1\n```\nDone.", "Look:\nDone."),
        ("Look:\n~~~\n``` inside\n~~~\nDone.", "Look:\nDone."),
        ("Look: ```rust\nlet x;\n```\nDone.", "Look: \nDone."),
        ("never closed\n```\nx = 1", "never closed\n"),
        ("- item\n  ```\n  x\n  ```\n- next", "item\nnext"),
        ("| A | B |\n|---|:-:|\n| 1 | two. |\n| 3 | |", "A, B\n1, two.\n3"),
        ("A | B\n--- | ---", "A, B\n---, ---"),
        ("Use `x = *p` and ``a`b``.", "Use x = *p and a`b."),
    ]);
}

#[test]
fn links_and_addresses() {
    check(&[
        (
            "See [the docs](https://example.com/a_(b)) now.",
            "See the docs now.",
        ),
        ("See [**bold** one](<a b> \"title\").", "See bold one."),
        ("[a](b 'c') [d](e (f))", "a d"),
        ("f[i](some words) stay", "fi(some words) stay"),
        ("![A cat](cat.png) sleeps. ![](x)", "A cat sleeps. "),
        ("[![badge](b.svg)](c) text", "badge text"),
        (
            "See [name][ref].\n\n[ref]: https://example.com\nEnd",
            "See name.\n\n\nEnd",
        ),
        (
            "A fact[^1] here.\n\n[^1]: The source.",
            "A fact here.\n\nThe source.",
        ),
        (
            "Paris[1](https://a.b/c) and [[2]](https://a.b) too",
            "Paris and too",
        ),
        ("Go to https://www.example.com/a/b?c=d.", "Go to example.com."),
        ("(see http://example.com/x_(y)), then", "(see example.com), then"),
        (
            "www.example.com, not WWW.Example.org/!",
            "example.com, not Example.org!",
        ),
        ("**https://example.com/x** is bold", "example.com is bold"),
        ("请看https://example.com/a，谢谢", "请看example.com，谢谢"),
        (
            "<https://example.com/x> and <me@example.com>",
            "example.com and me@example.com",
        ),
        ("https://user:secret@example.com:80/", "example.com:80"),
    ]);
}

#[test]
fn tags_entities_emoji() {
    check(&[
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<b>bold</b> <span class=\"x > y\">text</span>", "bold text"),
        ("one <!-- two -- --> three", "one three"),
        ("Bye.<|im_end|>", "Bye."),
        (
            "This &amp; that &lt;x&gt; &#39;q&#x27;&nbsp;&unknown; &copy",
            "This & that <x> 'q' &unknown; &copy",
        ),
        ("\\*not bold\\* and 1\\. x", "*not bold* and 1. x"),
        ("Hello! 😀 Welcome 🎉\nBye", "Hello! Welcome \nBye"),
        ("❤️ ☀️ 👋🏽 🇩🇪 👨‍👩‍👧 1️⃣ end", "1 end"),
        ("ok ✅ → next", "ok → next"),
    ]);
    let emoji = Options {
        emoji: true,
        ..Options::default()
    };
    assert_eq!(filtered("Hi 👨‍👩‍👧!", 1, &emoji).0.text(), "Hi 👨‍👩‍👧!");
}

#[test]
fn reasoning_is_neither_spoken_nor_shown() {
    let see = |raw: &str, options: &Options| {
        let (out, reasoning) = filtered(raw, 3, options);
        (out.text().to_owned(), shown(raw, &reasoning).text().to_owned())
    };
    let plain = Options::default();
    let both = |s: &str| (s.to_owned(), s.to_owned());
    assert_eq!(see("<think>Hm. **x**</think>\n\nYes.", &plain), both("Yes."));
    assert_eq!(see("<thinking>a < b</thinking>Yes.", &plain), both("Yes."));
    assert_eq!(see("</think>\nYes.", &plain), both("Yes."));
    assert_eq!(see("Yes. <think>never closed </thin", &plain), both("Yes. "));
    assert_eq!(see("One<think>x</think> two.", &plain), both("One two."));
    assert_eq!(
        see("A `<think>` tag.", &plain),
        ("A <think> tag.".into(), "A `<think>` tag.".into())
    );
    let inside = Options {
        begins_with_reasoning: true,
        ..Options::default()
    };
    assert_eq!(see("Hm.</think>\nYes.", &inside), both("Yes."));
    spoken("<think>Hm. **x**</think>\n\nYes. <THINK>a</THINK> b");
}

#[test]
fn code_has_a_stand_in_if_asked_for() {
    let options = Options {
        code: Some("Here is code.".into()),
        ..Options::default()
    };
    let (out, _) = filtered("So:\n```sh\nls\n```\nDone.", 2, &options);
    assert_eq!(out.text(), "So:\nHere is code.\nDone.");
}

#[test]
fn light_falls_on_the_text_as_written() {
    let raw = "See **[the docs](https://x.y)** at https://www.example.com/a &amp; 😀 go";
    let (out, _) = filtered(raw, 4, &Options::default());
    assert_eq!(out.text(), "See the docs at example.com & go");
    for word in ["docs", "example.com", "go"] {
        let at = out.text().find(word).unwrap();
        assert_eq!(&raw[out.source(at..at + word.len())], word);
    }
    let at = out.text().find('&').unwrap();
    assert_eq!(&raw[out.source(at..at + 1)], "&amp;");
}

#[test]
fn nothing_is_held_longer_than_needed() {
    let mut filter = Filter::default();
    assert_eq!(filter.push("Hello").text(), "Hello");
    assert_eq!(filter.push(" **wor").text(), " wor");
    assert_eq!(filter.push("ld*").text(), "ld");
    assert_eq!(filter.push("* there.\n").text(), " there.\n");
    assert_eq!(filter.push("[a link](ht").text(), "a link");
}

#[test]
fn a_megabyte_is_read_at_once() {
    for unit in [
        "Plain words, and **bold** ones. ",
        "[",
        "*a",
        "<b ",
        "https://a.b/c",
        "&a",
        "| ",
        "`",
        "$x",
        "😀",
        "(",
        "_a",
        "-",
        ">",
        "\n> - ",
        "[a](",
        "<think>",
        "~~",
    ] {
        let text = unit.repeat(1_000_000 / unit.len());
        let before = std::time::Instant::now();
        let mut filter = Filter::default();
        filter.push(&text);
        filter.finish();
        assert!(
            before.elapsed().as_secs_f64() < 5.0,
            "{unit:?} took {:?}",
            before.elapsed()
        );
        let before = std::time::Instant::now();
        let mut filter = Filter::default();
        for piece in text.as_bytes().chunks(4).take(50_000) {
            filter.push(&String::from_utf8_lossy(piece));
        }
        assert!(
            before.elapsed().as_secs_f64() < 5.0,
            "{unit:?} in pieces took {:?}",
            before.elapsed()
        );
    }
}

/// Text that is made of markers and of what comes near them.
fn marked() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "*",
            "**",
            "***",
            "_",
            "__",
            "~~",
            "`",
            "```",
            "\n```\n",
            "\n",
            "\n\n",
            " ",
            "  ",
            "[",
            "]",
            "(",
            ")",
            "](",
            "!",
            "![",
            "<",
            ">",
            "<think>",
            "</think>",
            "<b>",
            "</",
            "<!--",
            "-->",
            "&amp;",
            "&",
            ";",
            "$",
            "\\",
            "|",
            "\n|",
            "#",
            "\n# ",
            "\n- ",
            "\n> ",
            "\n1. ",
            "---",
            "===",
            "https://",
            "www.",
            ".",
            ",",
            "?",
            "😀",
            "\u{FE0F}",
            "1\u{FE0F}\u{20E3}",
            "é",
            "e\u{301}",
            "今天",
            "مَر",
            "a",
            "word",
            "5",
            "x_y",
            "http",
            "'",
            "\"",
            "\r\n",
            "\t",
            ":",
            "[^1]",
            "<|x|>",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-z]{1,8}",
        // Around the limits of what is looked over.
        (
            prop::sample::select(vec!["a", "a ", " ", "-", "`", "é"]),
            prop::sample::select(vec![30, 62, 64, 66, 198, 202, 298, 302, 398, 402])
        )
            .prop_map(|(unit, times): (&str, usize)| unit.repeat(times)),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cuts_do_not_matter(text in marked(), size in 1usize..50) {
        let (whole, thoughts) = filtered(&text, WHOLE, &Options::default());
        let (out, reasoning) = filtered(&text, size, &Options::default());
        prop_assert_eq!(out.text(), whole.text());
        prop_assert_eq!(thoughts, reasoning);
    }

    #[test]
    fn every_spoken_character_has_its_source_in_order(text in marked()) {
        let (out, reasoning) = filtered(&text, 7, &Options::default());
        let mut last = 0;
        for (at, c) in out.text().char_indices() {
            let source = out.source(at..at + c.len_utf8());
            prop_assert!(source.start >= last && source.end <= text.len());
            prop_assert!(text.get(source.clone()).is_some());
            prop_assert!(reasoning.iter().all(|r| source.end <= r.start || source.start >= r.end));
            last = source.start;
        }
    }

    #[test]
    fn plain_prose_passes(text in "[A-Za-z][a-zA-Z0-9 ,.;:?'é中\u{627}\u{64e}\n]{0,80}") {
        prop_assert_eq!(spoken(&text), text);
    }
}
