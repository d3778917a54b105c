//! `models`: what runs on this machine.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use libretto_assistant::ondevice::catalogue::{CatalogueError, Shelf, State};
use libretto_assistant::ondevice::download::{Control, Downloader, Listener, Options, Phase, Progress};
use libretto_assistant::voice::Error;
use serde::Serialize;

use crate::args::Models;
use crate::output::{self, Output};

pub(crate) async fn run(command: Models, output: Output) -> Result<(), Error> {
    let shelf = Shelf::standard()?;
    match command {
        Models::List => list(&shelf, output),
        Models::Get {
            ids,
            embedded,
            offline: true,
            ..
        } => here_already(&shelf, &ids, embedded),
        Models::Get {
            ids,
            embedded,
            unverified,
            ..
        } => get(shelf, &ids, embedded, unverified, output).await,
        Models::Remove { ids } => {
            ids.iter()
                .try_for_each(|id| shelf.remove(id).map_err(Error::from))?;
            output.print(&ids, |ids| format!("Removed {}.", ids.join(", ")))
        }
    }
}

/// Fails with the first model that is not here.
fn here_already(shelf: &Shelf, ids: &[String], embedded: bool) -> Result<(), Error> {
    let embedded = shelf
        .catalogue()
        .embedded()
        .filter(|_| embedded)
        .map(|model| model.id.clone());
    for id in embedded.chain(ids.iter().cloned()) {
        if !matches!(shelf.state(&id)?, State::Present { .. }) {
            let message = format!("{id} is not here; `libretto-cli models get {id}` downloads it.");
            return Err(Error::new(libretto_assistant::voice::Kind::Unavailable, message));
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    model: &'a libretto_assistant::ondevice::catalogue::Model,
    bytes: Option<u64>,
    #[serde(flatten)]
    state: State,
}

fn list(shelf: &Shelf, output: Output) -> Result<(), Error> {
    let rows = shelf.catalogue().models().iter().map(|model| {
        Ok(Row {
            model,
            bytes: model.bytes(),
            state: shelf.state(&model.id)?,
        })
    });
    let rows: Vec<Row<'_>> = rows.collect::<Result<_, CatalogueError>>()?;
    output.print(&rows, |rows| {
        let heading = ["ID", "SIZE", "HERE", "LICENCE", "WHAT IT IS"]
            .map(str::to_owned)
            .to_vec();
        let cells = rows.iter().map(|row| {
            vec![
                row.model.id.clone(),
                row.bytes.map_or_else(|| "?".into(), megabytes),
                here(&row.state),
                row.model.licence.name.clone(),
                format!("{} {}", row.model.description, row.model.quality),
            ]
        });
        output::table(&std::iter::once(heading).chain(cells).collect::<Vec<_>>())
    })
}

fn here(state: &State) -> String {
    match state {
        State::Present { .. } => "yes".into(),
        State::Missing => "no".into(),
        State::Partial { bytes, .. } => format!("{} of it", megabytes(*bytes)),
        State::Corrupt { .. } => "damaged".into(),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

async fn get(
    shelf: Shelf,
    ids: &[String],
    embedded: bool,
    unverified: bool,
    output: Output,
) -> Result<(), Error> {
    let downloader = Downloader::new(
        shelf,
        Options {
            allow_unverified: unverified,
            ..Options::default()
        },
    )?;
    let control = Control::default();
    let listener = listener(output);
    let work = async {
        if embedded {
            downloader.fetch_embedded(&control, Arc::clone(&listener)).await?;
        }
        for id in ids {
            downloader.fetch(id, &control, Arc::clone(&listener)).await?;
        }
        Ok::<(), Error>(())
    };
    tokio::select! {
        result = work => result?,
        _ = tokio::signal::ctrl_c() => {
            control.cancel();
            return Err(Error::new(
                libretto_assistant::voice::Kind::Cancelled,
                "Stopped. What has come is kept; the same command goes on from there.",
            ));
        }
    }
    let folder = downloader.shelf().own().display().to_string();
    output.print(&serde_json::json!({ "folder": folder }), |_| {
        format!("All here, in {folder}.")
    })
}

/// Bars on a terminal, a line per step elsewhere, JSON where that was asked for.
fn listener(output: Output) -> Listener {
    if output.json {
        return Arc::new(|progress: Progress| {
            // Progress is worth no failure.
            let _ = output::line(&serde_json::to_string(&progress).unwrap_or_default());
        });
    }
    if !std::io::stderr().is_terminal() {
        let told: Mutex<HashMap<String, Phase>> = Mutex::default();
        return Arc::new(move |progress: Progress| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.insert(progress.model.clone(), progress.phase) != Some(progress.phase) {
                eprintln!("{}: {}", progress.model, phase(progress.phase));
            }
        });
    }
    let bars = MultiProgress::new();
    let of: Mutex<HashMap<String, ProgressBar>> = Mutex::default();
    Arc::new(move |progress: Progress| {
        let mut of = of.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = of.entry(progress.model.clone()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new(0));
            let style =
                ProgressStyle::with_template("{prefix:20} {bar:30} {bytes:>10} of {total_bytes:10} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(progress.model.clone());
            bar
        });
        if let Some(total) = progress.total {
            bar.set_length(total);
        }
        bar.set_position(progress.bytes);
        bar.set_message(phase(progress.phase));
        if progress.phase == Phase::Done {
            bar.finish_and_clear();
        }
    })
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "waits for another download of the same",
        Phase::Downloading => "downloading",
        Phase::Paused => "paused",
        Phase::Retrying => "trying again",
        Phase::Unpacking => "unpacking",
        Phase::Checking => "checking",
        Phase::Done => "is here",
    }
}
