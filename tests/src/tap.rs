//! A tap in the line between a program and a server: it passes everything on at once and notes what passed when.
//!
//! The two sides run as they are, and neither is asked for the time: the moments are those at which bytes came out of
//! the program's end of the line, or went into it.

use std::fmt;
use std::io::{self, Cursor, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A running tap. It takes no more connections when dropped; those that it has end with either side.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    wires: Arc<Wires>,
}

#[derive(Debug)]
struct Wires {
    lines: Mutex<Vec<Line>>,
    over: AtomicBool,
}

impl Wires {
    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What passed through one connection.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// From the program to the server, as it came out of the program.
    pub asked: Passed,
    /// From the server to the program, before it went into the program.
    pub told: Passed,
}

/// Bytes, and when each of them passed.
#[derive(Clone, Default)]
pub struct Passed {
    bytes: Vec<u8>,
    /// Where pieces begin, and when they passed.
    pieces: Vec<(usize, Instant)>,
}

impl fmt::Debug for Passed {
    /// Its beginning, as text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.plain().bytes;
        let begin = String::from_utf8_lossy(&plain[..plain.len().min(600)]).into_owned();
        f.debug_tuple("Passed").field(&begin).field(&plain.len()).finish()
    }
}

/// Room for what passes at once.
const PIECE: usize = 1 << 16;
/// A message in text that is longer than this has sound in it: what tells of a session is shorter, and so are the
/// times of a short phrase.
const SOUND: usize = 1_000;

impl Tap {
    /// Before the server at this address: `http://127.0.0.1:PORT`, with or without a path.
    pub fn before(url: &str) -> Result<Self> {
        let server = url.trim_start_matches("http://");
        let server: SocketAddr = server.split('/').next().unwrap_or_default().parse()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let wires = Arc::new(Wires {
            lines: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&wires);
        thread("tap", move || accept(&listener, server, &theirs))?;
        Ok(Self { address, wires })
    }

    /// The address to use instead of `url`, with the same path.
    pub fn url(&self, url: &str) -> String {
        let rest = url.trim_start_matches("http://");
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        format!("http://{}{path}", self.address)
    }

    /// What passed so far.
    pub fn lines(&self) -> Vec<Line> {
        self.wires.lines().clone()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.wires.over.store(true, Ordering::Relaxed);
        // It waits for a connection; nothing else wakes it.
        let _ = TcpStream::connect(self.address);
    }
}

impl Line {
    /// When the program asked for this text to be spoken, or for anything else with this text in it.
    pub fn asked_for(&self, text: &str) -> Option<Instant> {
        self.asked.plain().find(text.as_bytes())
    }

    /// When the first sound after `at` went into the program: the first byte of an answer's body, or of a message on a
    /// socket that is binary or long.
    pub fn sound_after(&self, at: Instant) -> Option<Instant> {
        if let Some(messages) = self.told.messages() {
            return messages
                .iter()
                .filter(|message| message.opcode == OpCode::Data(Data::Binary) || message.length > SOUND)
                .filter_map(|message| self.told.at(message.start).filter(|_| message.length > 0))
                .find(|moment| *moment >= at);
        }
        let answer = self.told.pieces.iter().find(|(_, moment)| *moment >= at)?.0;
        let head = find(&self.told.bytes[answer..], b"\r\n\r\n")?;
        let heading = self.told.bytes[answer..answer + head].to_ascii_lowercase();
        let mut body = answer + head + 4;
        if find(&heading, b"chunked").is_some() {
            // The size of the first chunk stands before it.
            body += find(self.told.bytes.get(body..)?, b"\r\n")? + 2;
        }
        self.told.at(body)
    }
}

/// A message on a socket.
struct Message {
    opcode: OpCode,
    start: usize,
    length: usize,
    mask: Option<[u8; 4]>,
}

impl Passed {
    /// When this text had passed to its last byte, for the first time.
    pub fn find(&self, text: &[u8]) -> Option<Instant> {
        self.at(find(&self.bytes, text)? + text.len() - 1)
    }

    fn at(&self, byte: usize) -> Option<Instant> {
        let next = self.pieces.partition_point(|(start, _)| *start <= byte);
        (byte < self.bytes.len()).then_some(())?;
        self.pieces.get(next.checked_sub(1)?).map(|(_, at)| *at)
    }

    /// Where the messages lie if this is a socket's side.
    fn messages(&self) -> Option<Vec<Message>> {
        // Other calls may have passed through the line before.
        let upgrade = find(&self.bytes.to_ascii_lowercase(), b"upgrade: websocket")?;
        let mut at = upgrade + find(&self.bytes[upgrade..], b"\r\n\r\n")? + 4;
        let mut messages = Vec::new();
        while at < self.bytes.len() {
            let mut cursor = Cursor::new(&self.bytes[at..]);
            let Ok(Some((header, length))) = FrameHeader::parse(&mut cursor) else {
                break;
            };
            let (start, length) = (at + cursor.position() as usize, length as usize);
            messages.push(Message {
                opcode: header.opcode,
                start,
                length,
                mask: header.mask,
            });
            at = start + length;
        }
        Some(messages)
    }

    /// The same with a socket's messages readable.
    fn plain(&self) -> Self {
        let mut plain = self.clone();
        for message in self.messages().unwrap_or_default() {
            let Some(mask) = message.mask else { continue };
            let end = (message.start + message.length).min(plain.bytes.len());
            for (byte, key) in plain.bytes[message.start..end]
                .iter_mut()
                .zip(mask.iter().cycle())
            {
                *byte ^= key;
            }
        }
        plain
    }
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map(drop).context("the system gave no thread")
}

fn accept(listener: &TcpListener, server: SocketAddr, wires: &Arc<Wires>) {
    for client in listener.incoming() {
        if wires.over.load(Ordering::Relaxed) {
            return;
        }
        // A connection that fails is the client's to notice.
        let _ = client
            .map_err(Into::into)
            .and_then(|client| connect(client, server, wires));
    }
}

fn connect(client: TcpStream, server: SocketAddr, wires: &Arc<Wires>) -> Result<()> {
    let server = TcpStream::connect(server)?;
    for end in [&client, &server] {
        end.set_nodelay(true)?;
    }
    let number = {
        let mut lines = wires.lines();
        lines.push(Line::default());
        lines.len() - 1
    };
    let (upstream, downstream) = (Arc::clone(wires), Arc::clone(wires));
    let (from, to) = (client.try_clone()?, server.try_clone()?);
    thread("tap-asked", move || {
        let _ = pass(from, to, |bytes, at| {
            upstream.lines()[number].asked.push(bytes, at);
        });
    })?;
    thread("tap-told", move || {
        let _ = pass(server, client, |bytes, at| {
            downstream.lines()[number].told.push(bytes, at);
        });
    })
}

impl Passed {
    fn push(&mut self, bytes: &[u8], at: Instant) {
        self.pieces.push((self.bytes.len(), at));
        self.bytes.extend_from_slice(bytes);
    }
}

/// Passes bytes on until one side ends; each piece is noted when it is here and before it goes on.
fn pass(mut from: TcpStream, mut to: TcpStream, mut note: impl FnMut(&[u8], Instant)) -> io::Result<()> {
    let mut room = vec![0; PIECE];
    loop {
        let count = from.read(&mut room)?;
        if count == 0 {
            return to.shutdown(Shutdown::Write);
        }
        let at = Instant::now();
        to.write_all(&room[..count])?;
        note(&room[..count], at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(pieces: &[&[u8]]) -> (Passed, Vec<Instant>) {
        let (mut passed, mut moments) = (Passed::default(), Vec::new());
        for piece in pieces {
            moments.push(Instant::now());
            passed.push(piece, moments[moments.len() - 1]);
        }
        (passed, moments)
    }

    #[test]
    fn the_body_of_an_answer_is_told_from_its_head() {
        let (told, moments) = passed(&[
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"3\r\n",
            b"\x01\x02\x03\r\n0\r\n\r\n",
        ]);
        let line = Line {
            asked: Passed::default(),
            told,
        };
        assert_eq!(line.sound_after(moments[0]), Some(moments[2]));
    }

    #[test]
    fn masked_text_and_the_first_sound_are_found() {
        let head = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        let mask = [1, 2, 3, 4];
        let masked: Vec<u8> = b"say this"
            .iter()
            .zip(mask.iter().cycle())
            .map(|(b, m)| b ^ m)
            .collect();
        let frame = [&[0x81, 0x88][..], &mask, &masked].concat();
        let (asked, asks) = passed(&[head, &frame[..6], &frame[6..]]);
        let (told, tells) = passed(&[
            b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n",
            &[0x81, 2, b'{', b'}'],
            &[0x82, 1, 9],
        ]);
        let line = Line { asked, told };
        assert_eq!(line.asked_for("this"), Some(asks[2]));
        assert_eq!(line.sound_after(asks[0]), Some(tells[2]));
    }
}
