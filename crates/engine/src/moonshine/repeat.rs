//! On a clip that ends in the middle of a phrase the model can say the phrase again and again.

/// Three runs of at least this many tokens are a loop …
const LONG_RUN: usize = 5;
const LONG_TIMES: usize = 3;
/// … and four of fewer: people do say "no, no, no".
const SHORT_TIMES: usize = 4;

/// When the last tokens are the same run again and again: how many tokens to keep, so that one run is left.
pub(super) fn loop_start(tokens: &[i32]) -> Option<usize> {
    (1..=tokens.len() / LONG_TIMES).find_map(|run| {
        let times = if run >= LONG_RUN { LONG_TIMES } else { SHORT_TIMES };
        let start = tokens.len().checked_sub(run * times)?;
        let first = &tokens[start..start + run];
        tokens[start..]
            .chunks(run)
            .all(|chunk| chunk == first)
            .then_some(start + run)
    })
}

/// When what never came to an end by itself says at its end the same run twice and more: how many tokens to keep, so
/// that one run is left. Whatever ends by itself is left alone: people do say things twice.
pub(super) fn endless(tokens: &[i32]) -> Option<usize> {
    (LONG_RUN..=tokens.len() / 2).find_map(|run| {
        let again = tokens.iter().rev().zip(tokens.iter().rev().skip(run));
        let same = again.take_while(|(token, earlier)| token == earlier).count();
        (same >= run).then(|| tokens.len() - same)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_the_limit_cut_is_cut_to_one_run() {
        assert_eq!(
            endless(&[9, 8, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3]),
            Some(8)
        );
        assert_eq!(endless(&[9, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]), Some(6));
        assert_eq!(endless(&[1, 2, 3, 4, 5, 1, 2, 3, 4]), None);
        assert_eq!(endless(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), None);
        assert_eq!(endless(&[]), None);
    }

    #[test]
    fn a_loop_is_cut_to_one_run() {
        assert_eq!(
            loop_start(&[9, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]),
            Some(6)
        );
        assert_eq!(loop_start(&[8, 7, 7, 7, 7]), Some(2));
        assert_eq!(loop_start(&[8, 1, 2, 1, 2, 1, 2, 1, 2]), Some(3));
    }

    #[test]
    fn what_people_say_stays() {
        assert_eq!(loop_start(&[7, 7, 7]), None);
        assert_eq!(loop_start(&[1, 2, 3, 4, 5, 1, 2, 3, 4, 5]), None);
        assert_eq!(loop_start(&[1, 2, 1, 2, 1, 2]), None);
        assert_eq!(loop_start(&[]), None);
    }
}
