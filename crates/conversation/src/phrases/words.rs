//! Words that tell whether a full stop ends a sentence, and where one can be cut without punctuation.

/// What a word with a full stop behind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any word.
    Word,
    /// Something follows it always: "Dr.", "e.g.".
    Never,
    /// A number follows it, or it is a word: "No. 5", "No. Never."
    BeforeNumber,
    /// It may stand at the sentence's end; then a new one begins with a capital: "3 a.m.", "etc."
    Perhaps,
    /// So may this, but names follow it too: "U.S.", "Inc.", "J.". Only a word that begins sentences tells.
    BeforeName,
    /// One or two digits: an ordinal in German and its neighbours, an item's number.
    Ordinal,
}

/// English, German, Spanish, French, Hindi, without their last full stop and in small letters.
const NEVER: &[&str] = &[
    "dr",
    "mr",
    "mrs",
    "ms",
    "prof",
    "gen",
    "sen",
    "rep",
    "gov",
    "capt",
    "lt",
    "col",
    "sgt",
    "maj",
    "rev",
    "hon",
    "mt",
    "messrs",
    "mx",
    "vs",
    "e.g",
    "i.e",
    "eg",
    "cf",
    "ca",
    "approx",
    "viz",
    "resp",
    "z.b",
    "d.h",
    "u.a",
    "u.u",
    "bzw",
    "ggf",
    "evtl",
    "inkl",
    "hr",
    "fr",
    "mme",
    "mlle",
    "sra",
    "srta",
    "dra",
    "dña",
    "gral",
    "डॉ",
    "प्रो",
    "श्री",
    "पं",
    "т.е",
    "т.к",
    "т.д",
    "им",
    "ул",
];
const BEFORE_NUMBER: &[&str] = &[
    "no", "nos", "fig", "figs", "vol", "pp", "ch", "sec", "eq", "art", "nr", "abs", "abb", "kap", "bd",
    "tel", "ext", "op", "pt", "ver", "núm", "pág", "chap", "par",
];
const PERHAPS: &[&str] = &[
    "etc", "usw", "a.m", "p.m", "al", "min", "max", "hrs", "oz", "lbs", "b.c", "a.d", "n.chr", "v.chr",
];
/// With a capital.
const BEFORE_NAME: &[&str] = &[
    "St", "Ste", "Ave", "Blvd", "Rd", "Inc", "Ltd", "Co", "Corp", "Jr", "Sr", "Bros", "Ph.D", "Dept", "Univ",
    "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec", "Mon", "Tue",
    "Tues", "Wed", "Thu", "Thurs", "Fri", "Sat", "Sun", "Ft", "Fort", "Str",
];

/// What `word` is, which stands before a full stop.
pub(super) fn kind(word: &str) -> Kind {
    let small = word.to_lowercase();
    let mut chars = word.chars();
    let (first, second) = (chars.next(), chars.next());
    let Some(first) = first else { return Kind::Word };
    if word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit()) {
        return Kind::Ordinal;
    }
    if NEVER.contains(&small.as_str()) {
        return Kind::Never;
    }
    if BEFORE_NUMBER.contains(&small.as_str()) {
        return Kind::BeforeNumber;
    }
    if PERHAPS.contains(&small.as_str()) {
        return Kind::Perhaps;
    }
    let dotted = word.contains('.')
        && word
            .split('.')
            .all(|p| p.chars().count() <= 2 && p.chars().all(char::is_alphabetic));
    if second.is_none() && first.is_alphabetic() {
        return match first {
            c if c.is_uppercase() => Kind::BeforeName,
            c if c.is_lowercase() => Kind::Perhaps,
            c if libretto_voice::text::without_spaces(c) => Kind::Word,
            // A letter of a script without capitals, like the Arabic "Dr.".
            _ => Kind::Never,
        };
    }
    let roman = word.len() > 1 && word.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'));
    if dotted || roman || BEFORE_NAME.contains(&word) {
        return if first.is_lowercase() {
            Kind::Perhaps
        } else {
            Kind::BeforeName
        };
    }
    Kind::Word
}

/// Words that begin sentences and no names.
const STARTERS: &[&str] = &[
    "the", "this", "that", "these", "those", "it", "it's", "its", "he", "she", "we", "they", "you", "i",
    "i'm", "a", "an", "in", "on", "at", "but", "and", "or", "so", "then", "there", "if", "when", "while",
    "what", "why", "how", "who", "where", "which", "however", "although", "after", "before", "as", "for",
    "my", "your", "his", "her", "our", "their", "is", "are", "was", "were", "do", "does", "did", "can",
    "could", "would", "will", "should", "please", "yes", "no", "not", "also", "because", "since", "let",
    "let's", "now", "here", "one", "some", "many", "most", "each", "every", "both", "with", "to", "from",
    "by", "have", "has", "had", "maybe", "sure", "well", "of", "der", "die", "das", "es", "er", "sie", "wir",
    "ich", "ein", "eine", "und", "aber", "dann", "dort", "hier", "wenn", "als", "el", "la", "los", "las",
    "il", "elle", "le", "les", "en", "nous", "je", "pero", "y", "et",
];

/// True for a word with which a sentence begins.
pub(super) fn begins_sentence(word: &str) -> bool {
    STARTERS.contains(&word.to_lowercase().replace('’', "'").as_str())
}

/// Before a German ordinal.
const ORDINALS: &[&str] = &[
    "am", "der", "die", "das", "dem", "den", "des", "im", "vom", "zum", "zur", "beim", "bis", "seit", "ab",
    "jeder", "jeden", "jedes", "ein", "eine", "einen", "zu",
];
const MONTHS: &[&str] = &[
    "januar",
    "jänner",
    "februar",
    "märz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
    "jahrhundert",
    "jahrhunderts",
    "ledna",
    "maj",
    "maja",
];

/// True where digits with a full stop between these words are an ordinal.
pub(super) fn is_ordinal(before: &str, after: &str) -> bool {
    ORDINALS.contains(&before.to_lowercase().as_str()) || MONTHS.contains(&after.to_lowercase().as_str())
}

/// Days and months, which follow a time of day: "3 a.m. Monday".
pub(super) fn is_date(word: &str) -> bool {
    const DATES: &[&str] = &[
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "est",
        "pst",
        "gmt",
        "utc",
        "cet",
        "et",
        "pt",
    ];
    DATES.contains(&word.to_lowercase().as_str())
}

/// Words with which a part of a sentence begins: it sounds natural to breathe before them.
const PARTS: &[&str] = &[
    "and", "but", "or", "nor", "so", "because", "since", "although", "though", "while", "when", "where",
    "which", "who", "that", "if", "unless", "until", "before", "after", "as", "than", "to", "in", "on", "at",
    "for", "with", "without", "from", "by", "about", "into", "through", "between", "during", "against",
    "over", "across", "under", "around", "within", "towards", "und", "aber", "oder", "weil", "dass", "wenn",
    "mit", "für", "von", "auf", "y", "pero", "que", "porque", "con", "para", "et", "mais", "ou", "qui",
    "avec", "pour",
];

/// True for a word before which a sentence may be cut.
pub(super) fn begins_part(word: &str) -> bool {
    PARTS.contains(&word.to_lowercase().as_str())
}

/// True for a word that cannot end a phrase: it belongs to what follows.
pub(super) fn holds_on(word: &str) -> bool {
    const HOLD: &[&str] = &[
        "the", "a", "an", "of", "is", "are", "was", "very", "my", "your", "not", "der", "die", "das", "ein",
    ];
    begins_part(word) || HOLD.contains(&word.to_lowercase().as_str())
}
