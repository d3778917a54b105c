//! Rewrites of rewrites keep to the source, in order and in bounds.

use libretto_voice::{Mark, Provenance, Rewrite};
use proptest::prelude::*;

/// A rewrite of `source` that keeps, drops or replaces its characters as told.
fn rewrite(source: &str, plan: &[u8]) -> Rewrite {
    let mut out = Rewrite::default();
    for ((at, c), what) in source.char_indices().zip(plan.iter().cycle()) {
        let mut buffer = [0; 4];
        match what % 4 {
            0 | 1 => out.keep(c.encode_utf8(&mut buffer), at),
            2 => out.replace("spelt ", at..at + c.len_utf8()),
            _ => {}
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn sources_are_monotone_and_in_bounds(source in "\\PC{0,40}", one in prop::collection::vec(any::<u8>(), 1..9), two in prop::collection::vec(any::<u8>(), 1..9)) {
        let first = rewrite(&source, &one);
        let second = rewrite(first.text(), &two);
        let whole = first.then(&second);
        prop_assert_eq!(whole.text(), second.text());
        let mut last = 0;
        for (at, c) in whole.text().char_indices() {
            let found = whole.source(at..at + c.len_utf8());
            prop_assert!(found.start >= last && source.get(found.clone()).is_some());
            last = found.start;
        }
    }

    #[test]
    fn slices_put_together_are_the_whole(source in "\\PC{0,40}", plan in prop::collection::vec(any::<u8>(), 1..9), cut in 0usize..60) {
        let whole = rewrite(&source, &plan);
        let cut = whole.text().char_indices().map(|(at, _)| at).nth(cut).unwrap_or(whole.text().len());
        let mut joined = whole.slice(0..cut);
        joined.append(&whole.slice(cut..whole.text().len()));
        prop_assert_eq!(joined.text(), whole.text());
        for (at, c) in whole.text().char_indices() {
            prop_assert_eq!(joined.source(at..at + c.len_utf8()), whole.source(at..at + c.len_utf8()));
        }
    }

    #[test]
    #[allow(clippy::reversed_empty_ranges)]
    fn any_question_is_answered(source in "\\PC{0,20}", plan in prop::collection::vec(any::<u8>(), 1..9), a in 0usize..99, b in 0usize..99) {
        let whole = rewrite(&source, &plan);
        whole.source(a..b);
        whole.slice(a..b);
        let marks = [Mark { text: a..b, audio: 0..5, provenance: Provenance::Measured }, Mark { text: 0..b, audio: 5..6, provenance: Provenance::Measured }];
        let moved = whole.marks(&source, &marks);
        prop_assert!(moved.iter().all(|m| m.text.start < m.text.end && m.text.end <= libretto_voice::text::count(&source)));
        prop_assert!(moved.windows(2).all(|w| w[0].text.end <= w[1].text.start));
    }
}
