//! What a provider tells about an account, its models and its voices.

/// What is left of an account's money or quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credit {
    /// The service does not say, or its way of saying was not asked.
    #[default]
    Unknown,
    /// Something, in the service's own unit, for people to read.
    Left(String),
    /// Nothing: calls will be refused.
    Empty,
}

/// What the test of a key found. A wrong key is no account but a failure
/// ([`Fault::WrongKey`](crate::Fault::WrongKey)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The plan's name.
    pub plan: Option<String>,
    /// What is left.
    pub credit: Credit,
    /// The key is good but may not do everything, for instance tell about the account.
    pub limited: bool,
}

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// What is sent.
    pub id: String,
    /// What is shown; the id where the service has nothing better.
    pub name: String,
}

/// A voice that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoiceInfo {
    /// What is sent.
    pub id: String,
    /// What is shown.
    pub name: String,
    /// How it sounds, in a few words.
    pub description: Option<String>,
    /// BCP 47 tags of the languages it is said to speak.
    pub languages: Vec<String>,
    /// Address of a sample of it.
    pub preview: Option<String>,
}
