//! What a client without the key is given: tokens for one use, and the ways into a conversation with an agent.

use reqwest::Method;
use serde::Deserialize;

use super::ElevenLabs;
use crate::failure::Failure;
use crate::key::Key;

/// What a token for one use is good for. It lives for 15 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// The live recogniser's socket: query `token`.
    RealtimeScribe,
    /// One transcription: query `token`.
    BatchScribe,
    /// The voices' sockets: query `single_use_token`.
    Speech,
}

/// The way into a room with an agent.
#[derive(Clone, Debug)]
pub struct AgentRoom {
    /// The room's token, for the service's `LiveKit` servers.
    pub token: Key,
    /// The conversation's id, where the service says it.
    pub conversation: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    conversation_id: Option<String>,
}

#[derive(Deserialize)]
struct SignedUrl {
    signed_url: String,
}

impl ElevenLabs {
    /// A token for one use. Each attempt to connect needs its own.
    pub async fn single_use_token(&self, good_for: TokenUse) -> Result<Key, Failure> {
        let name = match good_for {
            TokenUse::RealtimeScribe => "realtime_scribe",
            TokenUse::BatchScribe => "batch_scribe",
            TokenUse::Speech => "tts_websocket",
        };
        let service = &self.0.service;
        let url = service.url(&["v1", "single-use-token", name], []);
        let reply = service
            .call(|| service.request(Method::POST, url.clone()))
            .await?;
        let token: Token = reply.json().await?;
        Ok(Key::new(&token.token))
    }

    /// The address of a socket to an agent, as the service signed it. A conversation can begin there for 15 minutes; with
    /// `once`, only one, whose id the address then has. It is as secret as a key, and is opened as it is.
    pub async fn agent_address(&self, agent: &str, once: bool) -> Result<Key, Failure> {
        let service = &self.0.service;
        let mut query = vec![("agent_id", agent.to_owned())];
        if once {
            query.push(("include_conversation_id", "true".to_owned()));
        }
        let parts = ["v1", "convai", "conversation", "get-signed-url"];
        let signed: SignedUrl = service.get(&service.url(&parts, query)).await?;
        Ok(Key::new(&signed.signed_url))
    }

    /// The way into a room with an agent.
    pub async fn agent_room(&self, agent: &str, participant: Option<&str>) -> Result<AgentRoom, Failure> {
        let service = &self.0.service;
        let mut query = vec![("agent_id", agent.to_owned())];
        query.extend(participant.map(|name| ("participant_name", name.to_owned())));
        let parts = ["v1", "convai", "conversation", "token"];
        let token: Token = service.get(&service.url(&parts, query)).await?;
        Ok(AgentRoom {
            token: Key::new(&token.token),
            conversation: token.conversation_id,
        })
    }
}
