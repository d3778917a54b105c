//! A model hub on the loopback that follows a script of faults. It speaks HTTP by hand, because a proper server
//! would not lie.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What goes wrong with one answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The connection closes without an answer.
    Drop,
    /// No answer comes.
    Silence,
    /// This much of the body comes, then nothing more.
    Stall(usize),
    /// This much of the body comes, then the connection closes.
    Truncate(usize),
    /// The length in the answer's head.
    Length(usize),
    /// The body never ends and has no length.
    Endless,
    /// A `Range` in the request is not seen.
    IgnoreRange,
    /// The answer is `206` from this byte on, whatever was asked.
    From(usize),
    /// Another status, with lines for its head.
    Status(u16, &'static str),
    /// The file is elsewhere.
    Redirect(&'static str),
    /// One byte is wrong.
    Flip,
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// First byte of its `Range`.
    pub(crate) from: Option<usize>,
}

#[derive(Default)]
struct Inner {
    files: HashMap<String, Arc<Vec<u8>>>,
    faults: HashMap<String, VecDeque<Fault>>,
    asked: Vec<Asked>,
}

/// The server; ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) address: String,
    inner: Arc<Mutex<Inner>>,
}

impl Hub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let hub = Self {
            address,
            inner: Arc::default(),
        };
        let server = hub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    // A client that hangs up is part of the tests.
                    let _ = server.answer(stream).await;
                });
            }
        });
        hub
    }

    pub(crate) fn file(&self, path: &str, bytes: &[u8]) {
        self.inner
            .lock()
            .unwrap()
            .files
            .insert(path.to_owned(), Arc::new(bytes.to_vec()));
    }

    /// These faults befall the next answers for `path`, one each.
    pub(crate) fn faults(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        self.inner
            .lock()
            .unwrap()
            .faults
            .entry(path.to_owned())
            .or_default()
            .extend(faults);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inner.lock().unwrap().asked.clone()
    }

    async fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut from = None;
        loop {
            line.clear();
            stream.read_line(&mut line).await?;
            let head = line.trim().to_ascii_lowercase();
            if head.is_empty() {
                break;
            }
            if let Some(range) = head.strip_prefix("range: bytes=") {
                from = range
                    .strip_suffix('-')
                    .and_then(|from| from.parse::<usize>().ok());
            }
        }
        let (file, fault) = {
            let mut inner = self.inner.lock().unwrap();
            inner.asked.push(Asked {
                path: path.clone(),
                from,
            });
            (
                inner.files.get(&path).cloned(),
                inner.faults.get_mut(&path).and_then(VecDeque::pop_front),
            )
        };
        let stream = stream.get_mut();
        let Some(file) = file else {
            return head(stream, 404, "Content-Length: 0\r\n").await;
        };
        let all = file.len();
        let mut start = from.unwrap_or(0);
        let mut status = if from.is_some() { 206 } else { 200 };
        let mut length = None;
        let mut keep = usize::MAX;
        let mut hang = false;
        let mut body = file.to_vec();
        match fault {
            None => {}
            Some(Fault::Drop) => return Ok(()),
            Some(Fault::Silence) => return std::future::pending().await,
            Some(Fault::Stall(after)) => (keep, hang) = (after, true),
            Some(Fault::Truncate(after)) => keep = after,
            Some(Fault::Length(said)) => length = Some(said),
            Some(Fault::Endless) => {
                head(stream, 200, "").await?;
                loop {
                    stream.write_all(&[7; 8_192]).await?;
                }
            }
            Some(Fault::IgnoreRange) => (start, status) = (0, 200),
            Some(Fault::From(other)) => (start, status) = (other, 206),
            Some(Fault::Status(status, lines)) => {
                return head(stream, status, &format!("Content-Length: 0\r\n{lines}")).await;
            }
            Some(Fault::Redirect(to)) => {
                return head(stream, 302, &format!("Content-Length: 0\r\nLocation: {to}\r\n")).await;
            }
            Some(Fault::Flip) => body[all / 2] ^= 1,
        }
        if start >= all && status == 206 {
            return head(
                stream,
                416,
                &format!("Content-Length: 0\r\nContent-Range: bytes */{all}\r\n"),
            )
            .await;
        }
        let body = &body[start..];
        let length = length.unwrap_or(body.len());
        let mut lines = format!("Content-Length: {length}\r\n");
        if status == 206 {
            lines = format!("{lines}Content-Range: bytes {start}-{}/{all}\r\n", all - 1);
        }
        head(stream, status, &lines).await?;
        stream.write_all(&body[..body.len().min(keep)]).await?;
        stream.flush().await?;
        if hang {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

async fn head(stream: &mut TcpStream, status: u16, lines: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{lines}\r\n");
    stream.write_all(head.as_bytes()).await
}
