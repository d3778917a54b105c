//! Calls to one provider: its address, its key, and what its answers mean.

mod pieces;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Body, Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::catalogue::Entry;
use crate::failure::{Failure, Fault, Who};
use crate::key::Key;
use crate::limit::Limit;
use crate::network::{Deadlines, Network};
use crate::retry::{Retry, asked_wait};
pub use pieces::Pieces;

/// Longest body of a refusal that is read.
const REFUSAL: usize = 64 << 10;
/// Longest answer that is read as a whole: a list of five thousand voices is about three megabytes.
const WHOLE: usize = 16 << 20;

/// What is special about a provider's HTTP.
#[derive(Debug)]
pub struct Dialect {
    /// The header that carries the key, and what stands before the key in it.
    pub auth: (HeaderName, &'static str),
    /// Whether nothing can be had without a key.
    pub needs_key: bool,
    /// Headers that every call bears.
    pub headers: &'static [(&'static str, &'static str)],
    /// Headers that may bear the id of a call, the best first.
    pub request_ids: &'static [&'static str],
    /// Reads a refusal.
    pub judge: fn(&Answer<'_>) -> Verdict,
}

/// A refusal as it came.
#[derive(Debug)]
pub struct Answer<'a> {
    /// HTTP status; 200 for an error inside a stream.
    pub status: u16,
    /// Its headers; none for an error inside a stream.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub text: &'a str,
    /// Its body where it is JSON.
    pub json: Option<Value>,
}

/// What a refusal means.
#[derive(Debug)]
pub struct Verdict {
    /// What went wrong.
    pub fault: Fault,
    /// The service's own words.
    pub said: Option<String>,
    /// Whether to try again, where the fault does not say it already.
    pub again: Option<bool>,
    /// The call's id, where the body has it.
    pub request: Option<String>,
    /// How long to wait before the next try, where the service's documentation says it and no header does.
    pub wait: Option<Duration>,
}

impl Verdict {
    /// This fault, with the service's own words.
    pub fn new(fault: Fault, said: impl Into<Option<String>>) -> Self {
        Self {
            fault,
            said: said.into(),
            again: None,
            request: None,
            wait: None,
        }
    }
}

/// How an account is used, whoever it is with.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Another address than the catalogue's, for instance `https://api.openai.com/v1`.
    pub base: Option<String>,
    /// The key.
    pub key: Option<Key>,
    /// Headers that every call bears besides the provider's own.
    pub headers: Vec<(&'static str, String)>,
    /// How failed calls are repeated.
    pub retry: Retry,
    /// How many calls run at once.
    pub limit: Limit,
    /// How long they may take.
    pub deadlines: Deadlines,
}

/// One provider as this account uses it. Clones share its limit and its connections.
#[derive(Clone, Debug)]
pub struct Service {
    who: Who,
    base: Url,
    key: Option<Key>,
    headers: Vec<(&'static str, String)>,
    dialect: &'static Dialect,
    network: Network,
    /// How failed calls are repeated.
    pub retry: Retry,
    /// How many calls run at once.
    pub limit: Limit,
    /// How long they may take.
    pub deadlines: Deadlines,
}

impl Service {
    /// The provider of this entry, used in this way.
    ///
    /// # Errors
    /// `Unreachable` where the address is no HTTP address.
    pub fn new(
        entry: &Entry,
        access: Access,
        dialect: &'static Dialect,
        network: Network,
    ) -> Result<Self, Failure> {
        let who = Who::new(entry.name, entry.title);
        let bad = || Failure::new(&who, Fault::Unreachable).again(false);
        let base = access.base.as_deref().unwrap_or(entry.base);
        let base = Url::parse(base.trim()).map_err(|error| bad().because(error))?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(bad());
        }
        Ok(Self {
            who,
            base,
            key: access.key,
            headers: access.headers,
            dialect,
            network,
            retry: access.retry,
            limit: access.limit,
            deadlines: access.deadlines,
        })
    }

    /// Who this is.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// An address below the base, its parts encoded as they need to be, with these query pairs.
    pub fn url<'a>(&self, parts: &[&str], query: impl IntoIterator<Item = (&'a str, String)>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        let mut query = query.into_iter().peekable();
        if query.peek().is_some() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// A request with the key in its header.
    pub fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, Failure> {
        self.authorised(self.network.http.request(method, url))
    }

    /// A request that bears this JSON.
    pub fn post(&self, url: Url, json: impl Into<Body>) -> Result<RequestBuilder, Failure> {
        let request = self.request(Method::POST, url)?;
        Ok(request.header(CONTENT_TYPE, "application/json").body(json))
    }

    /// A request that will become a socket.
    pub fn upgrade(&self, url: Url) -> Result<RequestBuilder, Failure> {
        self.authorised(self.network.upgrade.get(url))
    }

    fn authorised(&self, request: RequestBuilder) -> Result<RequestBuilder, Failure> {
        let (header, prefix) = &self.dialect.auth;
        let every = self.dialect.headers.iter();
        let request = every.fold(request, |request, (name, value)| request.header(*name, *value));
        let besides = self.headers.iter();
        let request = besides.fold(request, |request, (name, value)| request.header(*name, value));
        match self.key.as_ref().map(|key| key.header(prefix)) {
            Some(Some(value)) => Ok(request.header(header, value)),
            Some(None) if self.dialect.needs_key => Err(self.failure(Fault::WrongKey)),
            None if self.dialect.needs_key => Err(self.failure(Fault::NoKey)),
            _ => Ok(request),
        }
    }

    /// Opens a connection for the next call, in the background: what it answers does not matter.
    pub fn open(&self) {
        self.knock(&self.network.http);
    }

    /// Opens a connection for the next socket. Sockets begin as calls of their own kind, so that a connection for
    /// calls is none for them.
    pub fn open_socket(&self) {
        self.knock(&self.network.upgrade);
    }

    fn knock(&self, client: &reqwest::Client) {
        let request = client.head(self.base.clone());
        let deadline = self.deadlines.first;
        tokio::spawn(async move {
            let _ = timeout(deadline, request.send()).await;
        });
    }

    /// Makes a call once and waits for the head of its answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Reply, Failure> {
        let response = timeout(self.deadlines.first, request.send())
            .await
            .map_err(|_| self.failure(Fault::Late))?
            .map_err(|error| self.broken(error))?;
        let request = self.request_id(response.headers());
        if !response.status().is_success() && response.status().as_u16() != 101 {
            return Err(self.refused(response).await.request(request));
        }
        Ok(Reply {
            service: self.clone(),
            response,
            request,
        })
    }

    /// Makes a call, again where that may help, and waits for the head of its answer.
    pub async fn call(&self, build: impl Fn() -> Result<RequestBuilder, Failure>) -> Result<Reply, Failure> {
        let mut tries = self.retry.begin();
        loop {
            match self.send(build()?).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    /// Asks for a JSON value, again where that may help.
    pub async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Failure> {
        let reply = self.call(|| self.request(Method::GET, url.clone())).await?;
        reply.json().await
    }

    /// A failure of this provider.
    pub fn failure(&self, fault: Fault) -> Failure {
        Failure::new(&self.who, fault)
    }

    /// A failure with words of the service, from which the key is taken out.
    pub fn judged(&self, verdict: Verdict) -> Failure {
        let failure = self.failure(verdict.fault).request(verdict.request);
        let mut failure = failure.wait(verdict.wait);
        if let Some(said) = verdict.said {
            let said = self.key.as_ref().map_or(said.clone(), |key| key.scrub(&said));
            failure = failure.said(&said);
        }
        match verdict.again {
            Some(again) => failure.again(again),
            None => failure,
        }
    }

    /// What an error inside an answer, a stream or a closing socket means. Its own id counts before that of the call or
    /// the connection, `request`.
    pub fn complaint(&self, text: &str, request: Option<String>) -> Failure {
        let answer = Answer {
            status: 200,
            headers: &HeaderMap::new(),
            text,
            json: serde_json::from_str(text).ok(),
        };
        let failure = self.judged((self.dialect.judge)(&answer));
        let id = failure.request_id().map(str::to_owned).or(request);
        failure.request(id)
    }

    /// The id of a call, as its headers say it.
    pub fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        let id = |name: &&str| Some(headers.get(*name)?.to_str().ok()?.to_owned());
        self.dialect.request_ids.iter().find_map(id)
    }

    async fn refused(&self, response: Response) -> Failure {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let reply = Reply {
            service: self.clone(),
            response,
            request: None,
        };
        // A refusal whose body does not come is one all the same.
        let body = reply.bytes(REFUSAL).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        let answer = Answer {
            status,
            headers: &headers,
            text: &text,
            json: serde_json::from_str(&text).ok(),
        };
        let should = headers
            .get("x-should-retry")
            .map(|value| value.as_bytes() == b"true");
        let mut verdict = (self.dialect.judge)(&answer);
        verdict.again = verdict.again.or(should);
        verdict.wait = asked_wait(&headers, SystemTime::now()).or(verdict.wait);
        self.judged(verdict)
    }

    /// What a failed connection means. Addresses may bear a token: they are left out.
    pub fn broken(&self, error: reqwest::Error) -> Failure {
        let fault = if error.is_builder() {
            Fault::Refused
        } else if error.is_connect() {
            Fault::Unreachable
        } else if error.is_timeout() {
            Fault::Late
        } else {
            Fault::BrokeOff
        };
        self.failure(fault).because(error.without_url())
    }
}

/// The answer to a call, of which the head has come.
#[derive(Debug)]
pub struct Reply {
    /// Whose it is.
    pub service: Service,
    /// The head, and the body as it comes.
    pub response: Response,
    /// The service's id of the call.
    pub request: Option<String>,
}

impl Reply {
    /// The next piece of its body; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = timeout(self.service.deadlines.idle, self.response.chunk()).await;
        let failed = match chunk {
            Ok(Ok(chunk)) => return Ok(chunk),
            Ok(Err(error)) => self.service.broken(error).request(self.request.clone()),
            Err(_) => self.failure(Fault::Late),
        };
        Err(failed)
    }

    /// The kind of its body, without parameters, in small letters; empty where it does not say.
    pub fn content_type(&self) -> String {
        let value = self.response.headers().get(CONTENT_TYPE);
        let value = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }

    /// Its whole body, at most `most` bytes of it.
    pub async fn bytes(mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > most {
                return Err(self.garbled());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Its whole body as JSON.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Failure> {
        let garbled = self.garbled();
        let body = self.bytes(WHOLE).await?;
        serde_json::from_slice(&body).map_err(|error| garbled.because(error))
    }

    /// A failure of this call.
    pub fn failure(&self, fault: Fault) -> Failure {
        self.service.failure(fault).request(self.request.clone())
    }

    /// The failure of an answer that makes no sense.
    pub fn garbled(&self) -> Failure {
        self.failure(Fault::Garbled)
    }

    /// What an error inside of it means.
    pub fn complaint(&self, text: &str) -> Failure {
        self.service.complaint(text, self.request.clone())
    }
}
