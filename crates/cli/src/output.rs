//! What is printed, and what the shell is told.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use libretto_assistant::failover::Tell;
use libretto_assistant::voice::{Error, Kind};
use serde::Serialize;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON object a line, instead of text.
    pub(crate) json: bool,
}

impl Output {
    /// Prints a result: as JSON, or as the text that `human` makes of it.
    pub(crate) fn print<T: Serialize>(
        self,
        value: &T,
        human: impl FnOnce(&T) -> String,
    ) -> Result<(), Error> {
        let text = if self.json {
            serde_json::to_string(value).map_err(|error| {
                Error::new(
                    Kind::Internal,
                    format!("A result could not be written as JSON: {error}."),
                )
            })?
        } else {
            human(value)
        };
        line(&text)
    }

    /// True when a person reads along: progress bars and colours make sense.
    pub(crate) fn is_person(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }
}

/// Writes a line to standard output. A reader that went away (`| head`) is no error: there is nobody to tell.
pub(crate) fn line(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            Kind::Unavailable,
            format!("Standard output cannot be written to ({error}); check where it is redirected."),
        )),
        _ => Ok(()),
    }
}

/// Tells what failed, on standard error (as JSON where that was asked for), and the shell's code for it.
pub(crate) fn failed(error: &Error, json: bool) -> ExitCode {
    warn(error, json);
    ExitCode::from(code(error.kind()))
}

/// Tells what went wrong, on standard error.
pub(crate) fn warn(error: &Error, json: bool) {
    if json {
        let problem = serde_json::json!({ "error": {
            "kind": error.kind(), "message": error.message(), "origin": error.origin(), "request_id": error.request_id(),
        }});
        eprintln!("{problem}");
    } else {
        eprintln!("{}", error.message());
    }
}

/// Exit codes: 2 is clap's for a wrong command line.
pub(crate) fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Internal => 1,
        Kind::BadInput => 3,
        Kind::Unauthorised | Kind::Quota => 4,
        Kind::RateLimited | Kind::Unavailable | Kind::Timeout => 5,
        Kind::Unsupported => 6,
        Kind::Device => 7,
        // As a shell says of what Ctrl+C ended.
        Kind::Cancelled => 130,
    }
}

/// Columns of text, each as wide as its widest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Tells on standard error who takes over from whom, and why.
pub(crate) fn switched() -> Tell {
    Arc::new(|switch| eprintln!("{switch}"))
}
