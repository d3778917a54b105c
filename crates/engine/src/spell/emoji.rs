//! Emoji: the names of common ones; the others are silent.

use unicode_segmentation::UnicodeSegmentation;

use super::reading::{Here, Reading};

const NAMES: &[(char, &str)] = &[
    ('😀', "grinning face"),
    ('😃', "smiling face"),
    ('😄', "smiling face"),
    ('😁', "grinning face"),
    ('😊', "smiling face"),
    ('🙂', "smiling face"),
    ('☺', "smiling face"),
    ('😂', "tears of joy"),
    ('🤣', "rolling on the floor laughing"),
    ('😉', "winking face"),
    ('😍', "heart eyes"),
    ('🥰', "smiling with hearts"),
    ('😘', "blowing a kiss"),
    ('😎', "cool face"),
    ('🤔', "thinking face"),
    ('😐', "neutral face"),
    ('🙄', "rolling eyes"),
    ('😢', "crying face"),
    ('😭', "crying out loud"),
    ('😡', "angry face"),
    ('😱', "screaming face"),
    ('😴', "sleeping face"),
    ('🤯', "mind blown"),
    ('😅', "nervous smile"),
    ('🙏', "folded hands"),
    ('👍', "thumbs up"),
    ('👎', "thumbs down"),
    ('👏', "clapping hands"),
    ('👋', "waving hand"),
    ('💪', "flexed arm"),
    ('🤷', "shrug"),
    ('👀', "eyes"),
    ('❤', "red heart"),
    ('♥', "heart"),
    ('💔', "broken heart"),
    ('💯', "one hundred"),
    ('🔥', "fire"),
    ('✨', "sparkles"),
    ('⭐', "star"),
    ('🌟', "star"),
    ('🎉', "party popper"),
    ('🎂', "birthday cake"),
    ('🚀', "rocket"),
    ('☀', "sun"),
    ('🌧', "rain"),
    ('☕', "coffee"),
    ('🍕', "pizza"),
    ('🐶', "dog"),
    ('🐱', "cat"),
    ('✅', "check mark"),
    ('✔', "check mark"),
    ('❌', "cross mark"),
    ('⚠', "warning"),
    ('💡', "light bulb"),
    ('🎵', "music note"),
    ('📅', "calendar"),
    ('📞', "telephone"),
    ('🏠', "house"),
];

/// One emoji with all that changes its look.
pub(super) fn emoji(here: Here<'_>) -> Option<Reading> {
    let first = here.rest().chars().next()?;
    let (_, name) = NAMES.iter().find(|(emoji, _)| *emoji == first)?;
    let cluster = here.rest().graphemes(true).next()?;
    // A family or a profession is another picture than its first part.
    let joined = cluster.contains('\u{200d}');
    Some(if joined {
        Reading::silence(cluster.len())
    } else {
        Reading::say(*name, cluster.len())
    })
}
