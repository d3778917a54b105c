//! `libretto-cli`: Libretto at the terminal.
#![forbid(unsafe_code)]

mod args;
mod clock;
mod devices;
mod doctor;
mod history;
mod keyboard;
mod keys;
mod lights;
mod models;
mod output;
mod say;
mod screen;
mod settings;
mod talk;
mod transcribe;
mod window;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use libretto_assistant::Foundation;
use libretto_assistant::store::Environment;
use libretto_assistant::voice::{Error, Kind};
use tracing_subscriber::EnvFilter;

use args::{Cli, Command, Global};
use output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging(&cli.global);
    let json = cli.global.json;
    // One worker: the work is waiting, what is heavy has threads and processes of its own, and a second worker would
    // be woken for nothing a hundred times a second.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            // A thread that waits for standard input must not keep us.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Error::new(
            Kind::Internal,
            format!("The system gives no threads ({error})."),
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failed(&error, json),
    }
}

async fn run(cli: Cli) -> Result<(), Error> {
    let output = Output {
        json: cli.global.json,
    };
    match cli.command {
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "libretto-cli", &mut io::stdout());
            Ok(())
        }
        Command::Man => manual(),
        Command::Devices => devices::run(output).await,
        Command::Models(command) => models::run(command, output).await,
        Command::Transcribe(command) => transcribe::run(&command.file, &foundation().await?, output).await,
        Command::History(command) => history::run(command, &foundation().await?, output).await,
        Command::Keys(command) => keys::run(command, &foundation().await?, output).await,
        Command::Settings(command) => settings::run(command, &foundation().await?, output),
        Command::Toggle => window::toggle(),
        Command::Cancel => window::cancel(),
        Command::Doctor => doctor::run(&foundation().await?, output).await,
        Command::Say(command) => say::run(command, &foundation().await?, output).await,
        Command::Ask(command) => talk::ask(command, foundation().await?, output).await,
        Command::Listen(command) => talk::listen(command, foundation().await?, output).await,
    }
}

/// Opens what the commands stand on, and tells what the user should know about it.
async fn foundation() -> Result<Foundation, Error> {
    let foundation = Foundation::open(Environment::read())?;
    let history = foundation.history.ready().await;
    for notice in foundation.notices().iter().chain(&history.notices) {
        eprintln!("{}", notice.sentence);
    }
    Ok(foundation)
}

fn manual() -> Result<(), Error> {
    clap_mangen::Man::new(Cli::command())
        .render(&mut io::stdout())
        .map_err(|error| {
            Error::new(
                Kind::Unavailable,
                format!("Standard output cannot be written to ({error})."),
            )
        })
}

/// The log goes to standard error: warnings, or more where that was asked for (`RUST_LOG` says it exactly).
fn logging(global: &Global) {
    let level = match global.verbose {
        0 => "error",
        1 => "info",
        _ => "debug",
    };
    // The PulseAudio client calls every ordinary end of a connection an error.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{level},pulseaudio=off")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}
