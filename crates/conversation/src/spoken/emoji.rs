//! Which characters are emoji.

use unicode_properties::{EmojiStatus, GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};

/// Asks for the picture of the character before it.
const PICTURE: char = '\u{FE0F}';
/// Asks for the letter form of the character before it.
const LETTER: char = '\u{FE0E}';
/// Draws a key around the digit before it.
const KEYCAP: char = '\u{20E3}';
/// Joins emoji to one.
const JOINER: char = '\u{200D}';

/// How a character takes part in emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// None.
    No,
    /// Shown as a picture.
    Picture,
    /// Shown as a picture if [`PICTURE`] follows.
    Perhaps,
    /// Changes the character before it.
    Selector,
    /// Belongs to an emoji directly before it, if there is one.
    Joined,
}

/// What `c` is.
pub(super) fn part(c: char) -> Part {
    if c < '\u{A9}' {
        return Part::No;
    }
    match c {
        PICTURE | LETTER | KEYCAP => return Part::Selector,
        JOINER | '\u{E0020}'..='\u{E007F}' => return Part::Joined,
        // Signs that writers use as letters of the text.
        '©' | '®' | '™' | 'ℹ' => return Part::Perhaps,
        _ => {}
    }
    match c.emoji_status() {
        EmojiStatus::NonEmoji | EmojiStatus::NonEmojiButEmojiComponent => Part::No,
        EmojiStatus::EmojiOther
        | EmojiStatus::EmojiModifierBase
        | EmojiStatus::EmojiOtherAndEmojiComponent => {
            if c.general_category() == GeneralCategory::OtherSymbol && !matches!(c, '\u{2190}'..='\u{21FF}') {
                Part::Picture
            } else {
                Part::Perhaps
            }
        }
        _ => Part::Picture,
    }
}
