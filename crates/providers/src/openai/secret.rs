//! Keys for clients that are not to have the account's: they open realtime sessions and nothing else.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;

use super::OpenAi;
use crate::failure::Failure;
use crate::key::Key;

/// Their longest life, as the service's description of its interface says it.
const LONGEST: Duration = Duration::from_hours(2);
/// Their shortest.
const SHORTEST: Duration = Duration::from_secs(10);

/// A key that opens realtime sessions until it ends.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Stands where the account's key would stand.
    pub key: Key,
    /// When it can no longer open one, where the service says it.
    pub until: Option<SystemTime>,
}

#[derive(Deserialize)]
struct Answer {
    value: String,
    expires_at: Option<u64>,
}

impl OpenAi {
    /// A key that lives this long, from ten seconds to two hours, for sessions that transcribe with this model.
    pub async fn secret(&self, model: &str, lives: Duration) -> Result<Secret, Failure> {
        let seconds = lives.clamp(SHORTEST, LONGEST).as_secs();
        let body = json!({
            "expires_after": {"anchor": "created_at", "seconds": seconds},
            "session": {"type": "transcription", "audio": {"input": {"transcription": {"model": model}}}},
        });
        let url = self.service.url(&["realtime", "client_secrets"], []);
        let body = body.to_string();
        let call = || self.service.post(url.clone(), body.clone());
        let answer: Answer = self.service.call(call).await?.json().await?;
        let until = answer.expires_at.map(Duration::from_secs);
        Ok(Secret {
            key: Key::new(&answer.value),
            until: until.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
        })
    }
}
