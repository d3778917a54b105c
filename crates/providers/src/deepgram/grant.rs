//! Tokens for clients that are not to have the key.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Deepgram;
use crate::failure::Failure;
use crate::key::Key;

/// Its longest life, as the service says it.
const LONGEST: Duration = Duration::from_hours(1);

/// A token: good for listening and speaking, not for managing the account. A session that began with it may outlive
/// it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Stands in `Authorization: Bearer …`, where the key would stand behind `Token`.
    pub token: Key,
    /// How long it can be used, where the service says it.
    pub lives: Option<Duration>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<f64>,
}

impl Deepgram {
    /// A token that lives this long, from a second to an hour.
    ///
    /// # Errors
    /// `Forbidden` where the key's role is below Member.
    pub async fn grant(&self, lives: Duration) -> Result<Grant, Failure> {
        let service = &self.0.service;
        let seconds = lives.min(LONGEST).as_secs().max(1);
        let body = json!({ "ttl_seconds": seconds }).to_string();
        let request = || {
            let url = service.url(&["v1", "auth", "grant"], []);
            let request = service.request(Method::POST, url)?;
            Ok(request
                .header("content-type", "application/json")
                .body(body.clone()))
        };
        let answer: Answer = service.call(request).await?.json().await?;
        let lives = answer.expires_in.map(Duration::try_from_secs_f64);
        Ok(Grant {
            token: Key::new(&answer.access_token),
            lives: lives.and_then(Result::ok),
        })
    }
}
