//! A key that does not show itself.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

/// Longer than any provider's key; some are signed tokens of about a kilobyte.
const MAX_BYTES: usize = 4096;
/// Of a key this long, four characters tell nothing.
const TELLING: usize = 16;

/// An API key. It shows itself only as its last four characters, cannot be serialised, and is overwritten in memory
/// when it goes.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes what a person pasted, or a variable holds; white space around it is dropped.
    ///
    /// # Errors
    /// [`Error::NotASecret`] for what no provider issues.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::NotASecret("it is empty"));
        }
        if text.len() > MAX_BYTES {
            return Err(Error::NotASecret("it is longer than 4096 bytes"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Error::NotASecret("there is white space or a line break inside"));
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The key itself, for the header that it goes into and nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// "…" and the last four characters, as far as they tell nothing.
    pub fn masked(&self) -> String {
        let key = self.expose();
        let length = key.chars().count();
        let shown = if length >= TELLING {
            key.chars().skip(length - 4).collect()
        } else {
            String::new()
        };
        format!("…{shown}")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.masked())
    }
}
