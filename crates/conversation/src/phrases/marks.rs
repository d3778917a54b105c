//! Punctuation of the world's scripts.

/// May end a sentence.
pub(super) fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…') || ends_wherever(c)
}

/// Ends a sentence whatever follows, since its script uses it for nothing else.
pub(super) fn ends_wherever(c: char) -> bool {
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

/// May end a clause.
pub(super) fn is_pause(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '—' | '–' | '-') || pauses_wherever(c)
}

/// Ends a clause whatever follows.
pub(super) fn pauses_wherever(c: char) -> bool {
    matches!(
        c,
        '，' | '、' | '；' | '：' | '､' | '،' | '؛' | '၊' | '፣' | '፤' | '፥' | '—'
    )
}

/// Closes a quotation or a bracket.
pub(super) fn is_closer(c: char) -> bool {
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

/// Opens one.
pub(super) fn is_opener(c: char) -> bool {
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
