//! Amounts of money.

use super::numbers::{self, number};
use super::reading::{Here, Pattern, Reading, group};

/// Sign or code, one, several, and a hundredth of it.
const CURRENCIES: &[(&str, &str, &str, &str)] = &[
    ("US$", "dollar", "dollars", "cent"),
    ("A$", "Australian dollar", "Australian dollars", "cent"),
    ("C$", "Canadian dollar", "Canadian dollars", "cent"),
    ("$", "dollar", "dollars", "cent"),
    ("£", "pound", "pounds", "penny"),
    ("€", "euro", "euros", "cent"),
    ("¥", "yen", "yen", ""),
    ("₹", "rupee", "rupees", "paisa"),
    ("₩", "won", "won", ""),
    ("₽", "ruble", "rubles", ""),
    ("₺", "lira", "lira", ""),
    ("₿", "bitcoin", "bitcoins", ""),
    ("USD", "dollar", "dollars", "cent"),
    ("EUR", "euro", "euros", "cent"),
    ("GBP", "pound", "pounds", "penny"),
    ("JPY", "yen", "yen", ""),
    ("CHF", "Swiss franc", "Swiss francs", ""),
    ("CAD", "Canadian dollar", "Canadian dollars", "cent"),
    ("AUD", "Australian dollar", "Australian dollars", "cent"),
    ("INR", "rupee", "rupees", "paisa"),
    ("CNY", "yuan", "yuan", ""),
    ("RMB", "yuan", "yuan", ""),
    ("Rs.", "rupee", "rupees", "paisa"),
    ("¢", "cent", "cents", ""),
];

macro_rules! sign {
    () => {
        r"(US\$|A\$|C\$|[$£€¥₹₩₽₺₿]|(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|INR|CNY|RMB)\b|Rs\.)"
    };
}
macro_rules! size {
    () => {
        r"(k|K|m|M|mn|mln|bn|b|B|tn|T|thousand|million|billion|trillion)"
    };
}

type Currency = (&'static str, &'static str, &'static str, &'static str);

fn currency(sign: &str) -> Option<&'static Currency> {
    CURRENCIES.iter().find(|(name, ..)| *name == sign)
}

fn size(written: &str) -> &str {
    match written {
        "k" | "K" => "thousand",
        "m" | "M" | "mn" | "mln" => "million",
        "b" | "B" | "bn" => "billion",
        "tn" | "T" => "trillion",
        word => word,
    }
}

/// "five dollars and twenty cents", "one euro".
fn amount(figures: &str, &(_, one, several, cent): &Currency) -> String {
    let unit = |figures: &str| if numbers::is_one(figures) { one } else { several };
    let Some((whole, part)) = figures
        .split_once('.')
        .filter(|(_, part)| part.len() == 2 && !cent.is_empty())
    else {
        return format!("{} {}", numbers::spoken(figures), unit(figures));
    };
    let cents: u64 = part.parse().unwrap_or_default();
    let cent = match (cents, cent) {
        (1, cent) => cent.to_owned(),
        (_, "penny") => "pence".to_owned(),
        (_, "paisa") => "paise".to_owned(),
        (_, cent) => format!("{cent}s"),
    };
    let small = format!("{} {cent}", numbers::cardinal(cents));
    match (whole.trim_start_matches('0').is_empty(), cents) {
        (_, 0) => format!("{} {}", numbers::spoken(whole), unit(whole)),
        (true, _) => small,
        (false, _) => format!("{} {} and {small}", numbers::spoken(whole), unit(whole)),
    }
}

/// "$5.20", "£3m", "$1.5 billion", "$5-10", "USD 20"; or the name of a sign that stands alone.
pub(super) fn sign_first(here: Here<'_>) -> Option<Reading> {
    static MONEY: Pattern = Pattern::new(concat!(
        "^",
        sign!(),
        r"([ \u{a0}]?)(",
        number!(),
        r")(?:([-–])[$£€]?(",
        number!(),
        "))?(?:([ \u{a0}]?)",
        size!(),
        r"\b)?"
    ));
    let sign = here.rest().chars().next()?;
    if here.inside() && sign.is_alphanumeric() {
        return None;
    }
    let Some(found) = MONEY.find(here.rest()) else {
        let money = currency(sign.encode_utf8(&mut [0; 4]))?;
        return (!sign.is_alphabetic()).then(|| Reading::say(money.2, sign.len_utf8()));
    };
    let money = currency(group(&found, 1))?;
    let (figures, until) = (group(&found, 3), group(&found, 5));
    let (gap, large) = (group(&found, 6), group(&found, 7));
    let first = found.get(0)?.len() - gap.len() - large.len();
    if large.is_empty() && !here.ends(first) {
        // "$20s" or a typing error: the number rules read the rest.
        return Some(Reading::silence(group(&found, 1).len() + group(&found, 2).len()));
    }
    let from = if until.is_empty() {
        String::new()
    } else {
        format!("{} to ", numbers::spoken(figures))
    };
    let last = if until.is_empty() { figures } else { until };
    if large.is_empty() {
        return Some(Reading::say(from + &amount(last, money), first));
    }
    let number = from + &numbers::spoken(last);
    let rest = format!("{} {}", size(large), money.2);
    if gap.is_empty() {
        return Some(Reading::say(format!("{number} {rest}"), first + large.len()));
    }
    Some(
        Reading::say(number, first)
            .keep(gap.len())
            .then(rest, large.len()),
    )
}

/// "5€", "5,50 €", "20 USD", "99¢", "3m€".
pub(super) fn amount_first(here: Here<'_>) -> Option<Reading> {
    static MONEY: Pattern = Pattern::new(concat!(
        "^(",
        r"[0-9]+,[0-9]{2}|",
        number!(),
        r")(?:([ \u{a0}]?)",
        size!(),
        r")?([ \u{a0}]?)(€|£|¥|₹|₩|¢|\$|(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|INR|CNY|RMB)\b)"
    ));
    if here.inside() {
        return None;
    }
    let found = MONEY.find(here.rest())?;
    let (figures, large, gap) = (group(&found, 1), group(&found, 3), group(&found, 4));
    let sign = group(&found, 5);
    // "5 $20 notes": the sign belongs to what follows it.
    if here
        .after(found.get(0)?.len())
        .is_some_and(|c| c.is_ascii_digit())
    {
        return None;
    }
    let money = currency(sign)?;
    // Where the sign comes last, a comma with two digits is a decimal one.
    let decimal = figures.len() > 3 && figures.as_bytes()[figures.len() - 3] == b',';
    let figures = if decimal {
        figures.replace(',', ".")
    } else {
        figures.to_owned()
    };
    let whole = found.get(0)?.len();
    if !large.is_empty() {
        return Some(Reading::say(
            format!("{} {} {}", numbers::spoken(&figures), size(large), money.2),
            whole,
        ));
    }
    let written = group(&found, 1).len();
    if gap.is_empty() || figures.contains('.') {
        return Some(Reading::say(amount(&figures, money), whole));
    }
    let unit = if numbers::is_one(&figures) {
        money.1
    } else {
        money.2
    };
    Some(
        Reading::say(numbers::spoken(&figures), written)
            .keep(gap.len())
            .then(unit, sign.len()),
    )
}
