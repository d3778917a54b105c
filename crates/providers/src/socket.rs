//! WebSockets. Each begins as a request of the provider's HTTP client, so that a refused handshake is read like any
//! other refusal, and proxies and certificates are the same.

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message, Utf8Bytes};

use crate::failure::{Failure, Fault};
use crate::service::Service;

/// Longest message that is taken: about two minutes of base64 sound. Services' own clients allow as much.
const MOST: usize = 16 << 20;

/// What comes out of a socket.
#[derive(Debug)]
pub enum Frame {
    /// A message of text.
    Text(Utf8Bytes),
    /// A message of bytes.
    Binary(Bytes),
    /// The service closed it; nothing comes any more.
    Closed {
        /// 1000 is the ordinary end; `None` where the connection just ended.
        code: Option<u16>,
        /// The service's words.
        reason: String,
    },
}

/// An open socket. Dropping it ends the connection.
#[derive(Debug)]
pub struct Socket {
    service: Service,
    stream: WebSocketStream<reqwest::Upgraded>,
    request: Option<String>,
}

impl Socket {
    /// Opens one, once.
    pub async fn open(service: &Service, url: Url) -> Result<Self, Failure> {
        let key = generate_key();
        let request = service
            .upgrade(url)?
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        let reply = service.send(request).await?;
        let (response, request) = (reply.response, reply.request);
        let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT);
        if response.status().as_u16() != 101
            || accepted
                .is_none_or(|accepted| accepted.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes())
        {
            return Err(service.failure(Fault::Garbled).request(request));
        }
        let connection = response
            .upgrade()
            .await
            .map_err(|error| service.broken(error).request(request.clone()))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST))
            .max_frame_size(Some(MOST));
        let stream = WebSocketStream::from_raw_socket(connection, Role::Client, Some(config)).await;
        Ok(Self {
            service: service.clone(),
            stream,
            request,
        })
    }

    /// The service's id of this connection.
    pub fn request(&self) -> Option<String> {
        self.request.clone()
    }

    /// Sends a message of text.
    pub async fn text(&mut self, text: String) -> Result<(), Failure> {
        self.send(Message::text(text)).await
    }

    /// Sends a message of bytes.
    pub async fn binary(&mut self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.send(Message::binary(bytes)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Failure> {
        match timeout(self.service.deadlines.idle, self.stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(error)),
            Err(_) => Err(self.failure(Fault::Late)),
        }
    }

    /// The next message, whenever it comes. Safe to drop. Pings are answered on the way.
    pub async fn next(&mut self) -> Result<Frame, Failure> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Ok(Frame::Text(text)),
                Some(Ok(Message::Binary(bytes))) => return Ok(Frame::Binary(bytes)),
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((None, String::new()), |frame| {
                        (Some(u16::from(frame.code)), frame.reason.to_string())
                    });
                    return Ok(Frame::Closed { code, reason });
                }
                Some(Ok(_)) => {}
                Some(Err(SocketError::ConnectionClosed | SocketError::AlreadyClosed)) | None => {
                    let reason = String::new();
                    return Ok(Frame::Closed { code: None, reason });
                }
                Some(Err(error)) => return Err(self.broken(error)),
            }
        }
    }

    /// Says goodbye in the ordinary way. Whether the service hears it does not matter any more.
    pub async fn close(&mut self) {
        let goodbye = CloseFrame {
            code: CloseCode::Normal,
            reason: Utf8Bytes::default(),
        };
        let _ = timeout(self.service.deadlines.idle, self.stream.close(Some(goodbye))).await;
    }

    /// A failure on this connection.
    pub fn failure(&self, fault: Fault) -> Failure {
        self.service.failure(fault).request(self.request.clone())
    }

    fn broken(&self, error: SocketError) -> Failure {
        let fault = match &error {
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Fault::BrokeOff,
            SocketError::Capacity(_) | SocketError::Protocol(_) | SocketError::Utf8(_) => Fault::Garbled,
            _ => Fault::BrokeOff,
        };
        self.failure(fault).because(error)
    }
}
