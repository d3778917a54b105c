//! The server's side of a socket, with what goes wrong on it.

use axum::extract::FromRequestParts;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;
use tokio::time::sleep;

use super::body::GARBLE;
use super::script::{Call, Fault};

/// A socket that is about to be opened.
pub(crate) struct Opening {
    /// Its call, which holds its messages later.
    pub(crate) call: Call,
    /// What the handshake bears.
    pub(crate) headers: HeaderMap,
    /// What opens it.
    pub(crate) upgrade: WebSocketUpgrade,
}

impl<S: Send + Sync> FromRequestParts<S> for Opening {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await?;
        Ok(Self {
            call: Call::of("SOCKET", &parts.uri, json!([])),
            headers: parts.headers.clone(),
            upgrade,
        })
    }
}

/// The sending side of a socket, with what goes wrong on it.
pub(crate) struct Outbox {
    socket: WebSocket,
    fault: Option<Fault>,
    sent: usize,
}

/// The socket is closed or broken: there is nothing more to do.
pub(crate) struct Gone;

/// Opens a socket, whose handshake bears these headers, and talks through it.
pub(crate) fn serve<F>(
    upgrade: WebSocketUpgrade,
    fault: Option<Fault>,
    headers: HeaderMap,
    talk: impl FnOnce(Outbox) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut response = upgrade.on_upgrade(move |socket| {
        talk(Outbox {
            socket,
            fault,
            sent: 0,
        })
    });
    response.headers_mut().extend(headers);
    response
}

impl Outbox {
    /// The client's next message.
    pub(crate) async fn recv(&mut self) -> Option<Message> {
        self.socket.recv().await?.ok()
    }

    pub(crate) async fn text(&mut self, text: String) -> Result<(), Gone> {
        let text = match &self.fault {
            Some(Fault::Garble(at)) if *at == self.sent => GARBLE.to_owned(),
            Some(Fault::Say(at, text)) if *at == self.sent => text.clone(),
            _ => text,
        };
        self.send(Message::text(text)).await
    }

    pub(crate) async fn binary(&mut self, bytes: Bytes) -> Result<(), Gone> {
        self.send(Message::Binary(bytes)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        match self.fault {
            Some(Fault::StallAfter(count)) if self.sent >= count => {
                // It reads on and says nothing, until the client has gone.
                while self.recv().await.is_some() {}
                return Err(Gone);
            }
            Some(Fault::BreakAfter(count) | Fault::TruncateAfter(count)) if self.sent >= count => {
                return Err(Gone);
            }
            Some(Fault::CloseAfter(count, code, reason)) if self.sent >= count => {
                self.close(code, reason).await;
                return Err(Gone);
            }
            Some(Fault::Drip(wait)) if !wait.is_zero() => sleep(wait).await,
            _ => {}
        }
        self.sent += 1;
        self.socket.send(message).await.map_err(|_| Gone)
    }

    /// Closes with this code, and waits until the client has answered.
    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from(reason),
        };
        let _ = self.socket.send(Message::Close(Some(frame))).await;
        while self.recv().await.is_some() {}
    }
}
