//! Sockets that several replies share, one context each. A reply then needs no new connection, and one that is called
//! off leaves the connection to the others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::surface::Surface;
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::socket::{Frame, Socket};

/// The service closes a socket with more contexts than this.
const CONTEXTS: usize = 5;
/// How long a socket without contexts is kept: as long as the connections of [`crate::network`].
const KEPT: Duration = Duration::from_secs(55);
/// How long the service may take to close after it was asked to.
const GOODBYE: Duration = Duration::from_secs(2);
/// Messages of a context that nobody has read yet. More than this is minutes of sound: whoever lets them lie has gone.
const DEPTH: usize = 1_024;
/// Orders on their way to a socket.
const ORDERS: usize = 64;

/// What a context is told.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Text(String),
    Closed { code: Option<u16>, reason: String },
    Failed(Failure),
}

enum Order {
    /// A context of this name begins.
    Open(String, mpsc::Sender<Said>),
    /// The context of this name says something.
    Say(String, String),
    /// Nobody needs the context of this name any more; whether it was ended already.
    Leave(String, bool),
}

/// The sockets of an account.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: Mutex<Vec<Line>>,
    /// Where the last reply was spoken: the next will most likely be, too.
    last: Mutex<Option<Url>>,
    /// Contexts so far: no name is used twice, so that late sound is known as what it is.
    contexts: AtomicU64,
}

#[derive(Clone, Debug)]
struct Line {
    url: Url,
    orders: mpsc::Sender<Order>,
    seats: Arc<Seats>,
    request: Option<String>,
}

#[derive(Debug, Default)]
struct Seats {
    taken: AtomicUsize,
    /// Something went wrong on it: nobody new is to use it.
    stale: AtomicBool,
}

impl Lines {
    /// A context on a socket to this address: on one that is open, or on a new one.
    pub(super) async fn join(&self, service: &Service, url: Url) -> Result<Context, Failure> {
        *guard(&self.last) = Some(url.clone());
        let line = match self.seat(&url) {
            Some(line) => line,
            None => self.open(service, url).await?,
        };
        let number = self.contexts.fetch_add(1, Ordering::Relaxed);
        let (frames, said) = mpsc::channel(DEPTH);
        let context = Context {
            name: format!("reply-{number}"),
            service: service.clone(),
            line,
            said,
            ended: false,
        };
        context.order(Order::Open(context.name.clone(), frames)).await?;
        Ok(context)
    }

    /// Opens a socket to where the last reply was spoken, in the background. False where there was none.
    pub(super) fn warm(self: &Arc<Self>, service: &Service) -> bool {
        let Some(url) = guard(&self.last).clone() else {
            return false;
        };
        if self.seat(&url).map(|line| line.leave()).is_none() {
            let (lines, service) = (Arc::clone(self), service.clone());
            tokio::spawn(async move {
                if let Ok(line) = lines.open(&service, url).await {
                    line.leave();
                }
            });
        }
        true
    }

    /// A seat on an open socket.
    fn seat(&self, url: &Url) -> Option<Line> {
        let mut open = guard(&self.open);
        open.retain(|line| !line.orders.is_closed() && !line.seats.stale.load(Ordering::Relaxed));
        let free = |line: &&Line| line.url == *url && line.seats.taken.load(Ordering::Relaxed) < CONTEXTS;
        let line = open.iter().find(free)?;
        line.seats.taken.fetch_add(1, Ordering::Relaxed);
        Some(line.clone())
    }

    /// A seat on a new socket.
    async fn open(&self, service: &Service, url: Url) -> Result<Line, Failure> {
        let socket = Socket::open(service, url.clone()).await?;
        let (orders, inbox) = mpsc::channel(ORDERS);
        let line = Line {
            url,
            orders,
            seats: Arc::default(),
            request: socket.request(),
        };
        line.seats.taken.store(1, Ordering::Relaxed);
        tokio::spawn(carry(socket, inbox));
        guard(&self.open).push(line.clone());
        Ok(line)
    }
}

impl Line {
    fn leave(&self) {
        self.seats.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One reply's part of a socket. Dropping it ends it at the service too.
#[derive(Debug)]
pub(super) struct Context {
    name: String,
    service: Service,
    line: Line,
    said: mpsc::Receiver<Said>,
    /// The service has been told that nothing more comes.
    ended: bool,
}

impl Context {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn request(&self) -> Option<String> {
        self.line.request.clone()
    }

    pub(super) async fn text(&self, text: String) -> Result<(), Failure> {
        self.order(Order::Say(self.name.clone(), text)).await
    }

    /// The last message.
    pub(super) async fn end(&mut self, text: String) -> Result<(), Failure> {
        self.ended = true;
        self.text(text).await
    }

    /// What it is told next. Safe to drop.
    pub(super) async fn next(&mut self) -> Said {
        self.said
            .recv()
            .await
            .unwrap_or_else(|| Said::Failed(self.broken()))
    }

    /// Nobody new is to use this socket.
    pub(super) fn spoil(&self) {
        self.line.seats.stale.store(true, Ordering::Relaxed);
    }

    async fn order(&self, order: Order) -> Result<(), Failure> {
        match timeout(self.service.deadlines.idle, self.line.orders.send(order)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.broken()),
            Err(_) => Err(self.service.failure(Fault::Late).request(self.request())),
        }
    }

    fn broken(&self) -> Failure {
        self.service.failure(Fault::BrokeOff).request(self.request())
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.line.leave();
        // Where the queue is full, the socket will find out when it has something for it.
        let leave = Order::Leave(self.name.clone(), self.ended);
        let _ = self.line.orders.try_send(leave);
    }
}

/// To whom a message is.
#[derive(Deserialize)]
struct Address {
    #[serde(rename = "contextId", alias = "context_id")]
    context: Option<String>,
    #[serde(rename = "isFinal", alias = "is_final")]
    last: Option<bool>,
    error: Option<serde_json::Value>,
    message: Option<serde_json::Value>,
}

/// Carries messages between a socket and its contexts until nobody has needed it for a while.
async fn carry(mut socket: Socket, mut orders: mpsc::Receiver<Order>) {
    let mut open: HashMap<String, mpsc::Sender<Said>> = HashMap::new();
    let mut needed = Instant::now();
    loop {
        let message = tokio::select! {
            frame = socket.next() => match frame {
                Ok(Frame::Text(text)) => {
                    needed = Instant::now();
                    deliver(&mut open, &text)
                }
                Ok(Frame::Binary(_)) => return tell(&open, &Said::Failed(socket.failure(Fault::Garbled))),
                Ok(Frame::Closed { code, reason }) => return tell(&open, &Said::Closed { code, reason }),
                Err(failure) => return tell(&open, &Said::Failed(failure)),
            },
            order = orders.recv() => {
                needed = Instant::now();
                match order {
                    Some(Order::Open(name, frames)) => {
                        open.insert(name, frames);
                        None
                    }
                    // Whatever names a context that is over begins another one, which nobody listens to.
                    Some(Order::Say(name, text)) => open.contains_key(&name).then_some(text),
                    Some(Order::Leave(name, ended)) => {
                        let known = open.remove(&name).is_some();
                        (known && !ended).then(|| Surface::leave(&name))
                    }
                    None => return hang_up(socket).await,
                }
            }
            () = sleep_until(needed + KEPT), if open.is_empty() => return hang_up(socket).await,
        };
        if let Some(message) = message
            && let Err(failure) = socket.text(message).await
        {
            return tell(&open, &Said::Failed(failure));
        }
    }
}

/// Gives a message to its context; what is to be said about it, if that context has gone.
fn deliver(open: &mut HashMap<String, mpsc::Sender<Said>>, text: &str) -> Option<String> {
    let said = || Said::Text(text.to_owned());
    let Ok(address) = serde_json::from_str::<Address>(text) else {
        // Each can see for itself that it makes no sense.
        tell(open, &said());
        return None;
    };
    match address.context {
        Some(name) => {
            // Late sound of a context that has ended belongs to nobody.
            let frames = open.get(&name)?;
            let gone = frames.try_send(said()).is_err();
            if gone || address.last == Some(true) {
                open.remove(&name);
            }
            gone.then(|| Surface::leave(&name))
        }
        None if address.error.is_some() || address.message.is_some() || open.len() == 1 => {
            tell(open, &said());
            None
        }
        None => None,
    }
}

fn tell(open: &HashMap<String, mpsc::Sender<Said>>, said: &Said) {
    for frames in open.values() {
        let _ = frames.try_send(said.clone());
    }
}

/// Says goodbye, and waits a little for the answer.
async fn hang_up(mut socket: Socket) {
    if socket.text(Surface::hang_up()).await.is_ok() {
        let closed = async { while matches!(socket.next().await, Ok(Frame::Text(_) | Frame::Binary(_))) {} };
        let _ = timeout(GOODBYE, closed).await;
    }
    socket.close().await;
}
