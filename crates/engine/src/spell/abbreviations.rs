//! Abbreviations, by what stands around them.

use super::reading::{Here, Reading};

/// Before a name.
const TITLES: &[(&str, &str)] = &[
    ("Mr", "Mister"),
    ("Mrs", "Missus"),
    ("Ms", "Miz"),
    ("Dr", "Doctor"),
    ("Prof", "Professor"),
    ("St", "Saint"),
    ("Mt", "Mount"),
    ("Ft", "Fort"),
    ("Gen", "General"),
    ("Gov", "Governor"),
    ("Sen", "Senator"),
    ("Rep", "Representative"),
    ("Capt", "Captain"),
    ("Lt", "Lieutenant"),
    ("Col", "Colonel"),
    ("Sgt", "Sergeant"),
    ("Cmdr", "Commander"),
    ("Rev", "Reverend"),
    ("Hon", "Honorable"),
    ("Pres", "President"),
    ("Cpl", "Corporal"),
    ("Maj", "Major"),
    ("Adm", "Admiral"),
    ("Fr", "Father"),
    ("Msgr", "Monsignor"),
    ("Supt", "Superintendent"),
    ("Insp", "Inspector"),
    ("Atty", "Attorney"),
];

/// Behind a name.
const PLACES: &[(&str, &str)] = &[
    ("St", "Street"),
    ("Dr", "Drive"),
    ("Ave", "Avenue"),
    ("Blvd", "Boulevard"),
    ("Rd", "Road"),
    ("Ln", "Lane"),
    ("Hwy", "Highway"),
    ("Pkwy", "Parkway"),
    ("Sq", "Square"),
    ("Ct", "Court"),
    ("Pl", "Place"),
    ("Mt", "Mountain"),
    ("Bldg", "Building"),
    ("Jr", "Junior"),
    ("Sr", "Senior"),
    ("Ltd", "Limited"),
    ("Inc", "Incorporated"),
    ("Corp", "Corporation"),
    ("Co", "Company"),
    ("Bros", "Brothers"),
    ("Univ", "University"),
    ("Dept", "Department"),
    ("Assn", "Association"),
    ("Govt", "Government"),
    ("Intl", "International"),
];

/// Before a number.
const NUMBERED: &[(&str, &str)] = &[
    ("No.", "number"),
    ("no.", "number"),
    ("Nos.", "numbers"),
    ("nos.", "numbers"),
    ("Nr.", "number"),
    ("№", "number"),
    ("Vol.", "volume"),
    ("vol.", "volume"),
    ("Fig.", "figure"),
    ("fig.", "figure"),
    ("Figs.", "figures"),
    ("Ch.", "chapter"),
    ("ch.", "chapter"),
    ("Sec.", "section"),
    ("sec.", "section"),
    ("Eq.", "equation"),
    ("pp.", "pages"),
    ("p.", "page"),
    ("Apt.", "apartment"),
    ("Ste.", "suite"),
    ("Rm.", "room"),
    ("Ext.", "extension"),
    ("ext.", "extension"),
    ("est.", "established"),
    ("ca.", "circa"),
    ("c.", "circa"),
    ("Art.", "article"),
    ("Bk.", "book"),
    ("Pt.", "part"),
    ("Hwy.", "highway"),
    ("Rte.", "route"),
    ("Ver.", "version"),
    ("ver.", "version"),
];

/// Anywhere.
const ALWAYS: &[(&str, &str)] = &[
    ("e.g.", "for example"),
    ("E.g.", "For example"),
    ("eg.", "for example"),
    ("i.e.", "that is"),
    ("I.e.", "That is"),
    ("ie.", "that is"),
    ("etc.", "etc"),
    ("vs.", "versus"),
    ("vs", "versus"),
    ("v.s.", "versus"),
    ("cf.", "compare"),
    ("approx.", "approximately"),
    ("et al.", "and others"),
    ("a.k.a.", "also known as"),
    ("aka", "also known as"),
    ("AKA", "also known as"),
    ("a.m.", "AM"),
    ("p.m.", "PM"),
    ("w/o", "without"),
    ("w/", "with"),
    ("Dept.", "Department"),
    ("dept.", "department"),
    ("govt.", "government"),
    ("Mr.", "Mister"),
    ("Mrs.", "Missus"),
    ("Ms.", "Miz"),
    ("Dr.", "Doctor"),
    ("Prof.", "Professor"),
    ("Jr.", "Junior"),
    ("Sr.", "Senior"),
    ("Ave.", "Avenue"),
    ("Blvd.", "Boulevard"),
    ("Rd.", "Road"),
    ("misc.", "miscellaneous"),
    ("max.", "maximum"),
    ("incl.", "including"),
    ("excl.", "excluding"),
    ("BTW", "by the way"),
    ("btw", "by the way"),
    ("FYI", "for your information"),
    ("IMO", "in my opinion"),
    ("TBD", "to be determined"),
    ("ASAP", "as soon as possible"),
    ("DIY", "do it yourself"),
    ("P.S.", "P S"),
    ("Ph.D.", "P H D"),
    ("PhD", "P H D"),
    ("Ph.D", "P H D"),
    ("B.A.", "B eh"),
    ("M.A.", "M eh"),
    ("N/A", "not applicable"),
    ("n/a", "not applicable"),
    ("and/or", "and or"),
    ("c/o", "care of"),
];

/// "Dr. Smith", "St Paul": before a capital letter, and not behind the name of a street.
pub(super) fn title(here: Here<'_>) -> Option<Reading> {
    let (length, stop, name) = short(here, TITLES)?;
    let next = here.rest()[length + stop..].strip_prefix(' ')?;
    let behind_name = matches!(name, "Saint" | "Doctor" | "Mount") && is_name(here.word_before());
    // Without its full stop only what is no word otherwise.
    let clear = stop == 1
        || matches!(
            &here.rest()[..length],
            "Mr" | "Mrs" | "Ms" | "Dr" | "St" | "Mt" | "Prof" | "Lt" | "Sgt"
        );
    (next.starts_with(char::is_uppercase) && clear && !behind_name).then(|| Reading::say(name, length + stop))
}

/// "Main St.", "Smith & Co.": behind a capitalised word.
pub(super) fn street(here: Here<'_>) -> Option<Reading> {
    let (length, stop, name) = short(here, PLACES)?;
    let before = here.word_before();
    let clear = stop == 1
        || matches!(
            &here.rest()[..length],
            "St" | "Ave" | "Blvd" | "Rd" | "Jr" | "Sr" | "Ltd" | "Inc"
        );
    (clear && (is_name(before.trim_end_matches(',')) || before == "&"))
        .then(|| said(here, name, length, stop))
}

/// "No. 5", "pp. 10-12": before a number.
pub(super) fn before_figures(here: Here<'_>) -> Option<Reading> {
    if here.inside() {
        return None;
    }
    let (short, name) = NUMBERED
        .iter()
        .find(|(short, _)| here.rest().starts_with(short))?;
    let next = here.rest()[short.len()..].trim_start_matches([' ', '\u{a0}']);
    next.starts_with(|c: char| c.is_ascii_digit())
        .then(|| Reading::say(*name, short.len()))
}

/// Those that mean the same wherever they stand.
pub(super) fn always(here: Here<'_>) -> Option<Reading> {
    if here.inside() {
        return None;
    }
    let fits =
        |short: &str| here.rest().starts_with(short) && (short.ends_with('/') || here.ends(short.len()));
    let (short, name) = ALWAYS
        .iter()
        .filter(|(short, _)| fits(short))
        .max_by_key(|(short, _)| short.len())?;
    let stop = usize::from(short.ends_with('.'));
    // One that has a full stop inside as well is no sentence's end before a name: "e.g. Rome".
    let inner = short[..short.len() - stop].contains('.') && !short.ends_with(".m.");
    let followed = !here.rest()[short.len()..].trim_start().is_empty();
    if inner && followed {
        return Some(Reading::say(*name, short.len()));
    }
    Some(said(here, name, short.len() - stop, stop))
}

/// The abbreviation that begins here, with the length of its letters and of its full stop.
fn short(here: Here<'_>, table: &[(&'static str, &'static str)]) -> Option<(usize, usize, &'static str)> {
    if here.inside() {
        return None;
    }
    let length = here.word();
    let (_, name) = table.iter().find(|(short, _)| *short == &here.rest()[..length])?;
    let stop = usize::from(here.rest()[length..].starts_with('.'));
    here.ends(length + stop).then_some((length, stop, *name))
}

/// Says the name; the full stop stays when it ends the sentence too.
fn said(here: Here<'_>, name: &str, length: usize, stop: usize) -> Reading {
    if stop == 1 && here.sentence_ends(length + stop) {
        return Reading::say(name, length).keep(stop);
    }
    Reading::say(name, length + stop)
}

/// A capitalised word without punctuation behind it, or a numbered street ("5th Ave.").
fn is_name(word: &str) -> bool {
    let numbered = word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(['t', 'd', 'h']);
    let name = word.starts_with(char::is_uppercase) && word.chars().nth(1).is_some();
    (name || numbered) && word.ends_with(char::is_alphanumeric)
}
