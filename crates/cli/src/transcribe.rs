//! `transcribe`: a recording, written down.

use std::io::{self, Read};
use std::path::Path;

use libretto_assistant::audio::decode::{self, Blocks, MOST_BYTES};
use libretto_assistant::failover::Recognisers;
use libretto_assistant::voice::{Error, Kind, ListenOptions, SampleRate};
use libretto_assistant::{Foundation, transcribe};

use crate::output::{self, Output};

pub(crate) async fn run(file: &Path, foundation: &Foundation, output: Output) -> Result<(), Error> {
    let path = file.to_owned();
    let blocks = tokio::task::spawn_blocking(move || open(&path))
        .await
        .map_err(|_| {
            Error::new(
                Kind::Internal,
                "The decoder of sound files failed; try another file.",
            )
        })??;
    foundation.accounts.read_keys().await;
    let recogniser = Recognisers::new(foundation.recognisers(), output::switched());
    let person = output.is_person();
    let said = transcribe::transcribe(&recogniser, ListenOptions::default(), blocks, |piece| {
        if person {
            // The whole is not printed again; a closed terminal is told below.
            let _ = output::line(piece.text.trim());
        }
    });
    let said = said.await?;
    match (person, said.transcript.is_blank()) {
        (true, false) => Ok(()),
        (true, true) => output::line("Nothing was said."),
        (false, _) => output.print(&said, |said| said.transcript.text.trim().to_owned()),
    }
}

fn open(path: &Path) -> Result<Blocks, Error> {
    if path.as_os_str() != "-" {
        return Ok(decode::file(path, SampleRate::SPEECH)?);
    }
    let mut bytes = Vec::new();
    io::stdin()
        // One more: what is longer is refused, and not cut off.
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Error::new(
                Kind::BadInput,
                format!("Standard input could not be read: {error}."),
            )
        })?;
    Ok(decode::bytes(bytes, "standard input", SampleRate::SPEECH)?)
}
