//! A key that does not show itself.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// An API key or token. It cannot be printed or serialised, and is overwritten in memory when it goes.
#[derive(Clone)]
pub struct Key(SecretString);

/// What stands where a key stood.
const MASK: &str = "…";
/// Anything shorter is no key of anyone, and could be part of a word.
const SHORTEST: usize = 6;

impl Key {
    /// Takes a key as the keychain holds it; white space around it is dropped.
    pub fn new(text: &str) -> Self {
        Self(SecretString::from(text.trim()))
    }

    /// The key itself, for whom it was made and nobody else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A header's value with the key behind `prefix`. It is marked as sensitive, so that it shows nowhere either.
    /// `None` for what cannot stand in a header.
    pub(crate) fn header(&self, prefix: &str) -> Option<HeaderValue> {
        if self.0.expose_secret().is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", self.0.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The same text without the key: some services repeat what they were sent.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let key = self.0.expose_secret();
        if key.len() < SHORTEST {
            return text.to_owned();
        }
        text.replace(key, MASK)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({MASK})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_nowhere() {
        let key = Key::new(" sk-planted-0123456789\n");
        assert_eq!(format!("{key:?}"), "Key(…)");
        let header = key.header("Bearer ").unwrap();
        assert_eq!(header.as_bytes(), b"Bearer sk-planted-0123456789");
        assert!(!format!("{header:?}").contains("planted"));
        assert_eq!(
            key.scrub("Incorrect API key provided: sk-planted-0123456789."),
            "Incorrect API key provided: …."
        );
        assert!(Key::new("  ").header("").is_none());
        assert!(Key::new("with\nbreak").header("").is_none());
    }
}
