//! The engine process. The app starts it; a person has no use for it.
#![forbid(unsafe_code)]

use std::io::IsTerminal;
use std::process::ExitCode;

use libretto_engine::serve::{Options, serve};
use libretto_ondevice::wire::Role;
use tracing_subscriber::EnvFilter;

/// Says what to log, as in `LIBRETTO_LOG=debug`.
const LOG: &str = "LIBRETTO_LOG";

const USAGE: &str = "Libretto starts this program by itself to run models in. \
    It speaks over its standard input and output: libretto-engine speech|language [--threads N] [--faults]";

fn main() -> ExitCode {
    // Without one of its threads the engine would be half alive; dead it is started again.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();

    let options = match options(std::env::args().skip(1)) {
        Some(options) if !std::io::stdin().is_terminal() => options,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(options, std::io::stdin().lock(), std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "app_broke_off");
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let role = Role::parse(&arguments.next()?)?;
    let mut options = Options {
        role,
        threads: 1,
        faults: false,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--threads" => options.threads = arguments.next()?.parse().ok()?,
            "--faults" => options.faults = true,
            _ => return None,
        }
    }
    Some(options)
}
