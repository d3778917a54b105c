//! `keys`: API keys. They are read without echo or from standard input, never from the command line, where other
//! programs could see them.

use std::io::{self, IsTerminal, Read};

use libretto_assistant::Foundation;
use libretto_assistant::accounts::nobody;
use libretto_assistant::providers::catalogue;
use libretto_assistant::store::secrets::KNOWN;
use libretto_assistant::voice::{Error, Kind};

use crate::args::Keys;
use crate::output::{self, Output};

pub(crate) async fn run(command: Keys, foundation: &Foundation, output: Output) -> Result<(), Error> {
    let secrets = &foundation.secrets;
    match command {
        Keys::List => {
            let entries = secrets.list(&[]).await;
            output.print(&entries, |entries| {
                if entries.is_empty() {
                    return "There are no keys. Everything runs on this machine.".into();
                }
                let rows = entries.iter().map(|entry| {
                    vec![
                        entry.provider.clone(),
                        entry.masked.clone(),
                        entry.place.to_string(),
                    ]
                });
                output::table(&rows.collect::<Vec<_>>())
            })
        }
        Keys::Set { provider } => {
            // Before anybody types a key for nobody.
            if !KNOWN.iter().any(|known| known.provider == provider) && catalogue::named(&provider).is_none()
            {
                return Err(nobody(&provider));
            }
            let key = tokio::task::spawn_blocking({
                let provider = provider.clone();
                move || ask(&provider)
            });
            let key = key
                .await
                .map_err(|_| Error::new(Kind::Internal, "The key could not be read."))??;
            let stored = secrets.set(&provider, key.trim()).await?;
            if let Some(notice) = stored.notice {
                // This program ends now, and a key in its memory with it.
                return Err(Error::new(Kind::Unavailable, notice.sentence));
            }
            output.print(
                &serde_json::json!({ "provider": provider, "place": stored.place }),
                |_| format!("The key for {provider} is in {}.", stored.place),
            )
        }
        Keys::Remove { provider } => {
            let left = secrets.remove(&provider).await?;
            output.print(
                &serde_json::json!({ "provider": provider, "still_in": left }),
                |_| match &left {
                    None => format!("The key for {provider} was removed."),
                    Some(place) => {
                        format!("The key was removed, but another one for {provider} is still in {place}.")
                    }
                },
            )
        }
    }
}

/// No key is longer.
const LONGEST: u64 = 16_384;

fn ask(provider: &str) -> Result<String, Error> {
    let failed =
        |error: io::Error| Error::new(Kind::BadInput, format!("The key could not be read: {error}."));
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(format!("Key for {provider}: ")).map_err(failed);
    }
    let mut key = String::new();
    io::stdin()
        .take(LONGEST)
        .read_to_string(&mut key)
        .map_err(failed)?;
    Ok(key)
}
