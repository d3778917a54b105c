//! What can go wrong between Libretto and a provider, and how it reaches the user.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use libretto_voice::{Error, Kind};

/// What went wrong, whoever it was. Each says what happened and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No key was given where one is needed.
    #[error("needs a key. Add one in the settings")]
    NoKey,
    /// The key is not one of theirs.
    #[error("refused the key. Check it in the settings, or make a new one")]
    WrongKey,
    /// The key is not one of theirs, or of another region of theirs.
    #[error(
        "refused the key. Each key is good in one region only: check the region and the key in the settings"
    )]
    KeyOrRegion,
    /// The key is good, but not for this.
    #[error("knows the key but does not let it do this. Give the key more rights, or use another one")]
    Forbidden,
    /// There is no money or quota left.
    #[error("says that the account has nothing left. Top it up, or choose another provider")]
    Empty,
    /// The plan does not include it.
    #[error("says that the account's plan does not include this. Choose something else, or another plan")]
    Plan,
    /// Too many calls.
    #[error("is getting too many calls from this account. Wait a moment and try again")]
    Busy,
    /// Their servers fail.
    #[error("has trouble at the moment. Try again, or choose another provider")]
    Down,
    /// No connection.
    #[error("could not be reached. Check the network, and the address in the settings")]
    Unreachable,
    /// No answer in time.
    #[error("did not answer in time. Try again, or choose another provider")]
    Late,
    /// The connection ended too early.
    #[error("broke off in the middle. Try again")]
    BrokeOff,
    /// No such model, voice or address.
    #[error("does not know what was asked for. Choose another model or voice in the settings")]
    Unknown,
    /// What was sent cannot be used.
    #[error("could not use what it was sent. Change the model or its settings")]
    Refused,
    /// What was said may not be.
    #[error("does not take this text. Put it in other words, or choose another provider")]
    Blocked,
    /// What was sent is too long.
    #[error("takes nothing this long. Make it shorter")]
    TooLong,
    /// The answer makes no sense.
    #[error("gave an answer that Libretto does not understand. Check the address in the settings")]
    Garbled,
    /// It cannot do it.
    #[error("cannot do this: {0}")]
    Unsupported(String),
}

impl Fault {
    /// What to match on.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoKey | Self::WrongKey | Self::KeyOrRegion | Self::Forbidden => Kind::Unauthorised,
            Self::Empty | Self::Plan => Kind::Quota,
            Self::Busy => Kind::RateLimited,
            Self::Down | Self::Unreachable | Self::BrokeOff | Self::Garbled => Kind::Unavailable,
            Self::Late => Kind::Timeout,
            Self::Unknown | Self::Refused | Self::Blocked | Self::TooLong => Kind::BadInput,
            Self::Unsupported(_) => Kind::Unsupported,
        }
    }

    /// Whether the same call can succeed when it is made again at once.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Down | Self::Unreachable | Self::Late | Self::BrokeOff
        )
    }

    /// What an HTTP status means where a service says nothing better.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::WrongKey,
            402 => Self::Empty,
            403 => Self::Forbidden,
            404 => Self::Unknown,
            408 => Self::Late,
            413 | 414 => Self::TooLong,
            429 => Self::Busy,
            409 | 425 | 500.. => Self::Down,
            200..=399 => Self::Garbled,
            _ => Self::Refused,
        }
    }

    /// Whether the service's own words help: about keys they do not, and may repeat them.
    fn quotes(&self) -> bool {
        !matches!(
            self,
            Self::NoKey | Self::WrongKey | Self::KeyOrRegion | Self::Unreachable | Self::Late
        )
    }
}

/// Who is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Stable name: `elevenlabs`, `openrouter`, ….
    pub name: Arc<str>,
    /// As people write it.
    pub title: Arc<str>,
}

impl Who {
    /// Of these names.
    pub fn new(name: &str, title: &str) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
        }
    }
}

/// A failed call to a provider.
#[derive(Clone, Debug)]
pub struct Failure(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    who: Who,
    fault: Fault,
    said: Option<String>,
    request: Option<String>,
    wait: Option<Duration>,
    again: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Longest quotation of a service's own words, in characters.
const QUOTE: usize = 200;
/// Longest request id that is kept.
const ID: usize = 128;

impl Failure {
    /// This fault, with whom.
    pub fn new(who: &Who, fault: Fault) -> Self {
        let again = fault.passes();
        Self(Box::new(Details {
            who: who.clone(),
            fault,
            said: None,
            request: None,
            wait: None,
            again,
            source: None,
        }))
    }

    /// The service's own words, to be quoted. Keys must have been taken out.
    pub(crate) fn said(mut self, words: &str) -> Self {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut quote: String = words.chars().take(QUOTE).collect();
        if quote.len() < words.len() {
            quote.push('…');
        }
        self.0.said = (!quote.is_empty()).then_some(quote);
        self
    }

    /// The service's id of the call.
    pub(crate) fn request(mut self, id: Option<String>) -> Self {
        self.0.request = id.filter(|id| id.len() <= ID).or(self.0.request);
        self
    }

    /// How long the service asks to wait.
    pub(crate) fn wait(mut self, wait: Option<Duration>) -> Self {
        self.0.wait = wait;
        self
    }

    /// Whether it may be tried again.
    pub(crate) fn again(mut self, again: bool) -> Self {
        self.0.again = again;
        self
    }

    /// What caused it.
    pub(crate) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// What went wrong.
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// Whether the same call may succeed when it is made again.
    pub fn can_retry(&self) -> bool {
        self.0.again
    }

    /// How long the service asked to wait.
    pub fn asked_wait(&self) -> Option<Duration> {
        self.0.wait
    }

    /// The service's id of the call.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.", self.0.who.title, self.0.fault)?;
        match &self.0.said {
            Some(said) if self.0.fault.quotes() => write!(f, " It says: “{said}”"),
            _ => Ok(()),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let mut error =
            Error::new(failure.0.fault.kind(), failure.to_string()).from_origin(failure.0.who.name.as_ref());
        if let Some(wait) = failure.0.wait {
            error = error.retry_after(wait);
        }
        if let Some(id) = &failure.0.request {
            error = error.with_request_id(id.clone());
        }
        error.retryable(failure.0.again).with_source(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_and_a_next_step() {
        let who = Who::new("deepgram", "Deepgram");
        let failure = Failure::new(&who, Fault::of_status(400))
            .said("No such\n model/version combination found.")
            .request(Some("0b1c".into()));
        let error = Error::from(failure);
        assert_eq!(
            error.message(),
            "Deepgram could not use what it was sent. Change the model or its settings. \
             It says: “No such model/version combination found.”"
        );
        assert_eq!(
            (
                error.kind(),
                error.can_retry(),
                error.request_id(),
                error.origin()
            ),
            (Kind::BadInput, false, Some("0b1c"), Some("deepgram"))
        );
        let key = Failure::new(&who, Fault::of_status(401)).said("what is sk-1?");
        assert!(!key.to_string().contains("sk-1"));
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        for (status, again) in [
            (400, false),
            (401, false),
            (402, false),
            (403, false),
            (404, false),
            (408, true),
            (409, true),
            (413, false),
            (422, false),
            (425, true),
            (429, true),
            (500, true),
            (503, true),
            (529, true),
        ] {
            assert_eq!(Fault::of_status(status).passes(), again, "{status}");
        }
    }
}
