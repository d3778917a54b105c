//! The fakes as a program.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The status of this path with this key.
fn status(url: &str, path: &str, header: &str) -> u16 {
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn every_fake_is_served_and_fails_when_it_is_told_to() {
    let known = [
        "elevenlabs",
        "deepgram",
        "cartesia",
        "openai",
        "openrouter",
        "xai",
        "groq",
        "ollama",
        "llama-cpp",
        "lm-studio",
        "minimax",
    ];
    let program = Command::new(env!("CARGO_BIN_EXE_libretto-testkit"))
        .args(["serve", "--port", "0", "--fail", "elevenlabs=429"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut program = Program(program);
    let lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let table: Vec<Vec<String>> = lines
        .take(known.len())
        .map(|line| line.unwrap().split_whitespace().map(str::to_owned).collect())
        .collect();
    let names: Vec<&str> = table.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, known);
    let key = format!("xi-api-key: {}", table[0][2]);
    let models = |header: &str| status(&table[0][1], "/v1/models", header);
    assert_eq!(
        [models(&key), models(&key), models("xi-api-key: another")],
        [429, 200, 401]
    );
    let key = format!("authorization: Token {}", table[1][2]);
    assert_eq!(status(&table[1][1], "/v1/models", &key), 200);
}

#[test]
fn a_fake_that_is_not_known_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_libretto-testkit"))
        .args(["serve", "--port", "0", "--fail", "nobody=429"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no fake provider \"nobody\""), "{said}");
}
