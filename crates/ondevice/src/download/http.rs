//! One file over HTTP, with everything that servers and networks do to it.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::io::AsyncWriteExt as _;

use super::error::chain;
use super::progress::{Lane, Phase};
use super::{Control, DownloadError, Options, place};

/// No model file is larger; a server that goes on beyond it is cut off.
const MOST: u64 = 64_000_000_000;

/// A server that asks for more patience than this does not get it.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How often progress is told while nothing comes.
const TELL: Duration = Duration::from_millis(250);

/// The download of one file into its `.partial`.
pub(super) struct Transfer<'a> {
    pub(super) client: &'a reqwest::Client,
    pub(super) url: &'a str,
    pub(super) partial: &'a Path,
    pub(super) bytes: Option<u64>,
    pub(super) options: &'a Options,
    pub(super) control: &'a Control,
    pub(super) lane: &'a Lane,
}

/// Why one try ended before the file was whole.
enum Stop {
    /// The user paused or cancelled it.
    Interrupted,
    /// This source will not give the file.
    For(DownloadError),
    /// Another try may go further; the server may have said when.
    Again(DownloadError, Option<Duration>),
}

impl Transfer<'_> {
    /// Tries until the file has all its bytes or the source gives no more.
    pub(super) async fn run(&self) -> Result<(), DownloadError> {
        let (mut tries, mut furthest, mut wait) = (0, self.have(), self.options.backoff);
        loop {
            if self.control.is_paused() {
                self.lane.phase(Phase::Paused);
            }
            self.control.ready().await?;
            let (error, asked) = match self.once().await {
                Ok(bytes) => {
                    self.lane.finished(bytes);
                    return Ok(());
                }
                Err(Stop::Interrupted) => continue,
                Err(Stop::For(error)) => return Err(error),
                Err(Stop::Again(error, asked)) => (error, asked),
            };
            tracing::debug!(%error, tries, "transfer_broken");
            let have = self.have();
            if have > furthest {
                (tries, furthest, wait) = (0, have, self.options.backoff);
            }
            tries += 1;
            if tries >= self.options.tries {
                return Err(error);
            }
            self.lane.phase(Phase::Retrying);
            self.control
                .sleep(asked.unwrap_or(wait).min(LONGEST_WAIT))
                .await?;
            wait *= 2;
        }
    }

    fn have(&self) -> u64 {
        self.partial.metadata().map_or(0, |metadata| metadata.len())
    }

    /// One request. Returns the size of the whole file.
    async fn once(&self) -> Result<u64, Stop> {
        let mut have = self.have();
        if self.bytes.is_some_and(|bytes| have > bytes) {
            self.discard()?;
            have = 0;
        }
        if self.bytes == Some(have) && have > 0 {
            return Ok(have);
        }
        let mut request = self.client.get(self.url);
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
        }
        let sent = self.within(have, request.send()).await?;
        let response = sent.map_err(|e| Stop::Again(DownloadError::Http(chain(&e)), None))?;
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT => match content_range(&response) {
                (Some(start), total) if start == have => {
                    self.same_length(total)?;
                    have
                }
                _ => {
                    self.discard()?;
                    return Err(Stop::Again(
                        DownloadError::Http("it answered with another range".into()),
                        None,
                    ));
                }
            },
            StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                if self.bytes.is_none() && content_range(&response).1 == Some(have) {
                    return Ok(have);
                }
                self.discard()?;
                return Err(Stop::Again(DownloadError::Status(416), None));
            }
            status => {
                let error = DownloadError::Status(status.as_u16());
                let passing = status.is_server_error()
                    || matches!(
                        status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                    );
                return Err(if passing {
                    Stop::Again(error, retry_after(&response))
                } else {
                    Stop::For(error)
                });
            }
        };
        if start == 0 {
            self.same_length(response.content_length())?;
        }
        self.receive(response, start).await
    }

    async fn receive(&self, mut response: Response, start: u64) -> Result<u64, Stop> {
        let failed = |error| Stop::For(place::failed("Writing", self.partial)(error));
        let mut open = tokio::fs::OpenOptions::new();
        let open = open
            .create(true)
            .write(true)
            .append(start > 0)
            .truncate(start == 0);
        let mut file = open.open(self.partial).await.map_err(failed)?;
        let most = self.bytes.unwrap_or(MOST);
        let mut have = start;
        self.lane.bytes(have);
        let ended = loop {
            let chunk = match self.within(have, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break Ok(()),
                Ok(Err(error)) => break Err(Stop::Again(DownloadError::Http(chain(&error)), None)),
                Err(stop) => break Err(stop),
            };
            have += chunk.len() as u64;
            if have > most {
                self.discard()?;
                return Err(Stop::For(DownloadError::Length {
                    found: have,
                    expected: most,
                }));
            }
            file.write_all(&chunk).await.map_err(failed)?;
            self.lane.bytes(have);
        };
        // Whatever ended it, what came is kept.
        file.flush().await.map_err(failed)?;
        ended?;
        match self.bytes {
            Some(bytes) if have < bytes => {
                let short = format!("it ended after {have} of {bytes} bytes");
                Err(Stop::Again(DownloadError::Http(short), None))
            }
            _ => Ok(have),
        }
    }

    /// Waits for a step as long as the stall watchdog allows, and no longer than the user does. Meanwhile tells that
    /// nothing comes, so that the rate falls.
    async fn within<T>(&self, have: u64, step: impl Future<Output = T>) -> Result<T, Stop> {
        let mut step = pin!(step);
        let mut interrupted = pin!(self.control.interrupted());
        let mut stalled = pin!(tokio::time::sleep(self.options.stall));
        loop {
            tokio::select! {
                biased;
                () = &mut interrupted => return Err(Stop::Interrupted),
                done = &mut step => return Ok(done),
                () = &mut stalled => {
                    return Err(Stop::Again(DownloadError::Stalled(self.options.stall.as_secs()), None));
                }
                () = tokio::time::sleep(TELL) => self.lane.bytes(have),
            }
        }
    }

    fn same_length(&self, found: Option<u64>) -> Result<(), Stop> {
        match (found, self.bytes) {
            (Some(found), Some(expected)) if found != expected => {
                Err(Stop::For(DownloadError::Length { found, expected }))
            }
            _ => Ok(()),
        }
    }

    /// What is there belongs to something else.
    fn discard(&self) -> Result<(), Stop> {
        std::fs::remove_file(self.partial).map_err(|e| Stop::For(place::failed("Removing", self.partial)(e)))
    }
}

/// First byte and whole length of `bytes 5-9/10` or `bytes */10`, as far as they are given.
fn content_range(response: &Response) -> (Option<u64>, Option<u64>) {
    let value = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    let Some((range, total)) = value
        .and_then(|v| v.strip_prefix("bytes "))
        .and_then(|v| v.split_once('/'))
    else {
        return (None, None);
    };
    let start = range
        .split_once('-')
        .and_then(|(start, _)| start.trim().parse().ok());
    (start, total.trim().parse().ok())
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(value.trim().parse().ok()?))
}
