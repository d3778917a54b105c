//! One short list of error kinds. The window and the API match on the kind and show the sentence; nobody matches on
//! text.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What went wrong, as far as anyone has to decide something by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The key is missing, wrong, or may not do this.
    Unauthorised,
    /// The account is empty or its plan does not cover this.
    Quota,
    /// Too many calls; a later one can succeed.
    RateLimited,
    /// The service, engine or network cannot be had at the moment.
    Unavailable,
    /// A deadline passed.
    Timeout,
    /// What was given cannot be used: text, audio, a file, a setting.
    BadInput,
    /// This provider, engine, device or system cannot do it.
    Unsupported,
    /// A microphone or loudspeaker failed.
    Device,
    /// The user, or a newer turn, called it off.
    Cancelled,
    /// A fault of our own.
    Internal,
}

/// Shorthand for a result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure as it reaches a user: a sentence that says what happened and what to do next.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    retry: bool,
    retry_after: Option<Duration>,
    origin: Option<String>,
    request_id: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of this kind; whether a retry can help follows from the kind until [`Error::retryable`] says
    /// otherwise.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let retry = matches!(kind, Kind::RateLimited | Kind::Timeout | Kind::Unavailable);
        let message = message.into();
        Self {
            kind,
            message,
            retry,
            retry_after: None,
            origin: None,
            request_id: None,
            source: None,
        }
    }

    /// Called off.
    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "Cancelled.")
    }

    /// Says whether the same call can succeed when it is made again.
    pub fn retryable(mut self, retry: bool) -> Self {
        self.retry = retry;
        self
    }

    /// The service asked to wait this long before the next try.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry = true;
        self.retry_after = Some(wait);
        self
    }

    /// Who failed: a provider's, engine's or device's name.
    pub fn from_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The provider's own id of the failed request.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// What caused it, for the log.
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What to match on.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence for the user.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the same call can succeed when it is made again.
    pub fn can_retry(&self) -> bool {
        self.retry
    }

    /// How long the service asked to wait.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Who failed.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The provider's own id of the failed request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}
