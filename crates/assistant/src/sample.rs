//! A sentence to hear a provider's voice by, each word of it lit as it is heard: before anybody chooses it.

use std::sync::Arc;
use std::time::Instant;

use libretto_conversation::Choice;
use libretto_providers::Part;
use libretto_voice::{Error, Kind, Result, SpeakOptions};

use crate::choose::Field;
use crate::failover::{Switch, Voices};
use crate::karaoke::Word;
use crate::say::{self, Said, Speech};
use crate::{Foundation, translate};

/// Says a text with a provider's voice; `None` is the one that was chosen. `lit` hears of each word at the moment at
/// which it sounds: by the voice's own times, or by estimated ones. Keys must have been read.
///
/// # Errors
/// `BadInput` for an unknown provider, `Unauthorised` without a key, `Unsupported` for one that has no voice; what the
/// voice or the loudspeaker says.
pub async fn hear(
    foundation: &Foundation,
    provider: &str,
    voice: Option<String>,
    text: &str,
    lit: impl FnMut(&Word, Instant) + Send,
) -> Result<Said> {
    let now = foundation.now();
    let account = foundation.accounts.named(&now, provider)?;
    let silent = || {
        let message = format!("{provider} has no voices; choose another provider for them.");
        Error::new(Kind::Unsupported, message).from_origin(provider)
    };
    let speaks = account.voice().ok_or_else(silent)?;
    let options = SpeakOptions {
        voice: voice.or_else(|| foundation.choice(provider, Field::Voice)),
        model: foundation.choice(provider, Field::Model(Part::Voice)),
        ..translate::speaking(&now, provider, false)
    };
    let choice = Choice {
        provider: speaks,
        options,
    };
    // Nobody stands behind it: what is to be heard is this voice.
    let voice = Voices::new(vec![choice], Arc::new(|_: &Switch| {}));
    let speech = Speech::new(&voice, SpeakOptions::default(), text);
    // A sound of its own: the conversation's loudspeaker knows later turns, and would drop this one.
    let sound = libretto_audio::open(&translate::audio(&now, &foundation.shelf))?;
    say::aloud(&*sound.loudspeaker(), speech, text, lit).await
}
