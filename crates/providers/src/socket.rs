//! WebSockets. Each begins as a request of the provider's HTTP client, so that a refused handshake is read like any
//! other refusal, and proxies and certificates are the same.

use std::time::Duration;

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

/// What is wrong with a message.
#[derive(Debug)]
pub enum Wrong {
    /// It makes no sense, for this reason where there is one.
    Garbled(Option<serde_json::Error>),
    /// It says in the service's words that something failed.
    Complaint,
    /// It means this, and doing the same again will not help.
    Fault(Fault),
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Self {
        Self::Garbled(Some(error))
    }
}

/// An open socket. Dropping it says goodbye and ends the connection, in the background: what the service does for
/// nobody costs money all the same.
#[derive(Debug)]
pub struct Socket {
    service: Service,
    /// Always there until it is dropped.
    stream: Option<WebSocketStream<reqwest::Upgraded>>,
    request: Option<String>,
    farewell: Option<String>,
    /// Both sides know that it is over.
    over: bool,
}

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

impl Drop for Socket {
    fn drop(&mut self) {
        let (Some(mut stream), false) = (self.stream.take(), self.over) else {
            return;
        };
        let farewell = self.farewell.take().map(Message::text);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(timeout(GOODBYE, async move {
                if let Some(farewell) = farewell {
                    stream.send(farewell).await?;
                }
                stream.close(Some(goodbye())).await?;
                // Gone before it is answered, a connection may count as open for a while.
                while stream.next().await.transpose()?.is_some() {}
                Ok::<_, SocketError>(())
            }));
        }
    }
}

fn goodbye() -> CloseFrame {
    CloseFrame {
        code: CloseCode::Normal,
        reason: Utf8Bytes::default(),
    }
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
            stream: Some(stream),
            request,
            farewell: None,
            over: false,
        })
    }

    /// What the service is told when the work is called off, before the goodbye.
    pub fn farewell(&mut self, message: String) {
        self.farewell = Some(message);
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
        let Some(stream) = &mut self.stream else {
            return Err(self.failure(Fault::BrokeOff));
        };
        match timeout(self.service.deadlines.idle, stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(error)),
            Err(_) => Err(self.failure(Fault::Late)),
        }
    }

    /// The next message, whenever it comes. Safe to drop. Pings are answered on the way.
    pub async fn next(&mut self) -> Result<Frame, Failure> {
        loop {
            let message = match &mut self.stream {
                Some(stream) => stream.next().await,
                None => None,
            };
            let closed = |code, reason| Ok(Frame::Closed { code, reason });
            match message {
                Some(Ok(Message::Text(text))) => return Ok(Frame::Text(text)),
                Some(Ok(Message::Binary(bytes))) => return Ok(Frame::Binary(bytes)),
                Some(Ok(Message::Close(frame))) => {
                    self.over = true;
                    return match frame {
                        Some(frame) => closed(Some(u16::from(frame.code)), frame.reason.to_string()),
                        None => closed(None, String::new()),
                    };
                }
                Some(Ok(_)) => {}
                Some(Err(SocketError::ConnectionClosed | SocketError::AlreadyClosed)) | None => {
                    self.over = true;
                    return closed(None, String::new());
                }
                Some(Err(error)) => return Err(self.broken(error)),
            }
        }
    }

    /// Says goodbye in the ordinary way. Whether the service hears it does not matter any more.
    pub async fn close(&mut self) {
        if let Some(stream) = &mut self.stream {
            self.over = true;
            let _ = timeout(GOODBYE, stream.close(Some(goodbye()))).await;
        }
    }

    /// A failure on this connection.
    pub fn failure(&self, fault: Fault) -> Failure {
        self.service.failure(fault).request(self.request.clone())
    }

    /// The failure that a message means.
    pub fn wrong(&self, wrong: Wrong, text: &str) -> Failure {
        match wrong {
            Wrong::Garbled(Some(error)) => self.failure(Fault::Garbled).because(error),
            Wrong::Garbled(None) => self.failure(Fault::Garbled),
            Wrong::Fault(fault) => self.failure(fault).again(false),
            Wrong::Complaint => self.service.complaint(text, self.request()),
        }
    }

    fn broken(&mut self, error: SocketError) -> Failure {
        self.over = true;
        let fault = match &error {
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Fault::BrokeOff,
            SocketError::Capacity(_) | SocketError::Protocol(_) | SocketError::Utf8(_) => Fault::Garbled,
            _ => Fault::BrokeOff,
        };
        self.failure(fault).because(error)
    }
}
