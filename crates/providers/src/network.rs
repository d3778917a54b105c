//! The connections that all providers share.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::failure::{Failure, Fault, Who};

/// How long each part of a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From sending a request to the first byte of its answer, and for opening a socket.
    pub first: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(15),
            idle: Duration::from_secs(20),
        }
    }
}

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an unused connection is kept: servers and firewalls drop them after a minute or more.
const KEPT: Duration = Duration::from_secs(55);

/// The pool of connections. Clones share it.
#[derive(Clone, Debug)]
pub struct Network {
    /// For requests.
    pub(crate) http: reqwest::Client,
    /// For sockets, which begin as HTTP/1.1 requests and take their connection with them.
    pub(crate) upgrade: reqwest::Client,
}

impl Network {
    /// An empty pool.
    ///
    /// # Errors
    /// Where the system's certificates cannot be used.
    pub fn new() -> Result<Self, Failure> {
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .connect_timeout(CONNECT)
                .pool_idle_timeout(KEPT)
                .tcp_nodelay(true)
                .user_agent(concat!("Libretto/", env!("CARGO_PKG_VERSION")))
                // A redirect would take the key to somebody else.
                .redirect(Policy::none())
                .build()
                .map_err(|error| {
                    let who = Who::new("network", "The network");
                    Failure::new(&who, Fault::Unreachable).again(false).because(error)
                })
        };
        Ok(Self {
            http: build(reqwest::Client::builder())?,
            upgrade: build(reqwest::Client::builder().http1_only())?,
        })
    }
}
