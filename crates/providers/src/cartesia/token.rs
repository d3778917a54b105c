//! Tokens for clients that are not to have the key.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Cartesia;
use crate::failure::Failure;
use crate::key::Key;

/// Its longest life, as the service says it.
const LONGEST: Duration = Duration::from_hours(1);

/// What a token is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Speaking.
    pub tts: bool,
    /// Listening.
    pub stt: bool,
}

#[derive(Deserialize)]
struct Answer {
    token: String,
}

impl Cartesia {
    /// A token that lives this long, from a second to an hour. It stands where the key would stand, or in a socket's
    /// query `access_token`.
    pub async fn access_token(&self, grants: Grants, lives: Duration) -> Result<Key, Failure> {
        let service = &self.0.service;
        let seconds = lives.min(LONGEST).as_secs().max(1);
        let grants = json!({"tts": grants.tts, "stt": grants.stt, "agent": false});
        let body = json!({"grants": grants, "expires_in": seconds}).to_string();
        let request = || {
            let url = service.url(&["access-token"], []);
            let request = service.request(Method::POST, url)?;
            Ok(request
                .header("content-type", "application/json")
                .body(body.clone()))
        };
        let answer: Answer = service.call(request).await?.json().await?;
        Ok(Key::new(&answer.token))
    }
}
