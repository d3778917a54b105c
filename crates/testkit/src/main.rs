//! The fake providers as a program, so that a person can point Libretto at them and use it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    match unix::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("The test bed runs on Unix only.");
    ExitCode::FAILURE
}

#[cfg(unix)]
mod unix {
    use anyhow::{Context, Result, bail};
    use clap::{Parser, Subcommand};
    use libretto_testkit::fakes::openai::Flavour;
    use libretto_testkit::fakes::{Fault, Script, cartesia, deepgram, elevenlabs, minimax, openai};

    #[derive(Parser)]
    #[command(about = "Libretto's test bed")]
    struct Arguments {
        #[command(subcommand)]
        command: Command,
    }

    #[derive(Subcommand)]
    enum Command {
        /// Runs one fake server for each provider on loopback ports until it is interrupted, and prints their addresses
        /// and keys.
        Serve {
            /// The first port; the others follow. With 0, each has any that is free.
            #[arg(long, default_value_t = 4700)]
            port: u16,
            /// Lets a provider's next call fail with an HTTP status, for instance `deepgram=429`; can be repeated.
            #[arg(long, value_name = "PROVIDER=STATUS")]
            fail: Vec<String>,
        },
    }

    pub(super) fn run() -> Result<()> {
        let Command::Serve { port, fail } = Arguments::parse().command;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(serve(port, &fail))
    }

    /// A fake as the table shows it.
    struct Served {
        name: &'static str,
        url: String,
        key: &'static str,
        script: Script,
    }

    async fn serve(port: u16, fail: &[String]) -> Result<()> {
        let next = |n: u16| match port {
            0 => Ok(0),
            port => port.checked_add(n).context("the ports end at 65535"),
        };
        let eleven = elevenlabs::ElevenLabs::on(port).await?;
        let deep = deepgram::Deepgram::on(next(1)?).await?;
        let sonic = cartesia::Cartesia::on(next(2)?).await?;
        let row = |name, url, key, script: &Script| Served {
            name,
            url,
            key,
            script: script.clone(),
        };
        let mut served = vec![
            row("elevenlabs", eleven.url(), elevenlabs::KEY, &eleven.script),
            row("deepgram", deep.url(), deepgram::KEY, &deep.script),
            row("cartesia", sonic.url(), cartesia::KEY, &sonic.script),
        ];
        let flavours = [
            ("openai", Flavour::OpenAi),
            ("openrouter", Flavour::OpenRouter),
            ("xai", Flavour::Xai),
            ("groq", Flavour::Groq),
            ("ollama", Flavour::Ollama),
            ("llama-cpp", Flavour::LlamaCpp),
            ("lm-studio", Flavour::LmStudio),
        ];
        let mut compatible = Vec::new();
        for (n, (name, flavour)) in (3..).zip(flavours) {
            let fake = openai::OpenAi::on(next(n)?, flavour).await?;
            let key = if flavour.is_local() { "" } else { openai::KEY };
            served.push(row(name, fake.url(), key, &fake.script));
            compatible.push(fake);
        }
        let both = minimax::MiniMax::on(next(10)?).await?;
        served.push(row("minimax", both.url(), minimax::KEY, &both.script));
        for wanted in fail {
            let (name, status) = wanted.split_once('=').context("--fail takes PROVIDER=STATUS")?;
            let status = status.parse().context("--fail takes an HTTP status")?;
            match served.iter().find(|fake| fake.name == name) {
                Some(fake) => fake.script.fail(Fault::Status(status)),
                None => bail!("there is no fake provider {name:?}"),
            }
        }
        for fake in &served {
            println!("{:<12} {:<32} {}", fake.name, fake.url, fake.key);
        }
        // Whoever started it ends it.
        std::future::pending().await
    }
}
