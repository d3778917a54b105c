//! Punctuation of the world's scripts, and how long what stands between it takes to say.

use super::without_spaces;

/// May end a sentence.
pub fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…') || ends_wherever(c)
}

/// Ends a sentence whatever follows, since its script uses it for nothing else.
pub fn ends_wherever(c: char) -> bool {
    matches!(
        c,
        '。' | '！' | '？' | '｡' | '．'
            | '؟' | '۔'          // Arabic, Urdu
            | '।' | '॥'          // Devanagari and its relatives
            | '։' | '\u{37E}'    // Armenian, Greek
            | '።' | '፧' | '፨'   // Ethiopic
            | '။' | '។' | '៕' | '།' // Myanmar, Khmer, Tibetan
            | '‼' | '⁇' | '⁈' | '⁉'
    )
}

/// May end a clause. A hyphen may too, and mostly does not: whoever sees what stands around it counts it as well.
pub fn is_pause(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '—' | '–') || pauses_wherever(c)
}

/// Ends a clause whatever follows.
pub fn pauses_wherever(c: char) -> bool {
    matches!(
        c,
        '，' | '、' | '；' | '：' | '､' | '،' | '؛' | '၊' | '፣' | '፤' | '፥' | '—'
    )
}

/// Closes a quotation or a bracket.
pub fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '”'
            | '’'
            | '»'
            | '›'
            | ')'
            | ']'
            | '}'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '〉'
            | '］'
            | '＂'
    )
}

/// Opens a quotation, a bracket, or a sentence (in Spanish).
pub fn is_opener(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '“'
            | '‘'
            | '„'
            | '‚'
            | '«'
            | '‹'
            | '('
            | '['
            | '{'
            | '「'
            | '『'
            | '（'
            | '【'
            | '《'
            | '¿'
            | '¡'
    )
}

/// How long a text takes to say, in letters: a digit is read as a word of about four, a character of a script that
/// writes syllables or words as three.
pub fn speaking_weight(text: &str) -> u64 {
    let weight = |c: char| match c {
        c if c.is_numeric() => 4,
        c if without_spaces(c) || ('\u{AC00}'..='\u{D7A3}').contains(&c) => 3,
        c if c.is_alphabetic() => 1,
        _ => 0,
    };
    text.chars().map(weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_has_its_stops_pauses_and_weights() {
        assert!(".!?…。！？؟۔।॥։።".chars().all(is_stop));
        assert!(",;:—–，、；：،؛".chars().all(is_pause));
        assert!("\"'”’»)]」』）".chars().all(is_closer));
        assert!(!"-,a“".chars().any(is_stop) && !"-.a".chars().any(is_pause));
        let weights = ["tea", "42", "٤٢", "天气", "안녕", "नमस्ते", "…"].map(speaking_weight);
        assert_eq!(weights, [3, 8, 8, 6, 6, 5, 0]);
    }
}
