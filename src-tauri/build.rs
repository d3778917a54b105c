//! Compiles `tauri.conf.json` and the pages into the program.

use std::path::Path;
use std::{fs, io};

use tauri_build::{AppManifest, Attributes};

/// Where every command is listed.
const CONTRACT: &str = "src-tauri/contract.rs";
/// Stands in for the pages where they were not built, so that every crate builds without npm.
const NOT_BUILT: &str =
    "<!doctype html><title>Libretto</title><p>The window's pages were not built: run ./dev run.</p>\n";

fn main() {
    println!("cargo:rerun-if-changed=ui/dist");
    println!("cargo:rerun-if-changed={CONTRACT}");
    let built = pages()
        .and_then(|()| commands())
        .map_err(|error| error.to_string())
        .and_then(|commands| {
            // Named here, a command needs a capability in `tauri.conf.json`: each window may only do what stands there.
            let attributes = Attributes::new().app_manifest(AppManifest::new().commands(commands));
            tauri_build::try_build(attributes).map_err(|error| format!("{error:#}"))
        })
        .map(|()| age(Path::new("permissions")).unwrap_or_default());
    if let Err(error) = built {
        println!("cargo::error={error}");
    }
}

fn pages() -> io::Result<()> {
    let pages = Path::new("ui/dist");
    if pages.join("index.html").exists() {
        return Ok(());
    }
    fs::create_dir_all(pages)?;
    fs::write(pages.join("index.html"), NOT_BUILT)
}

/// The names of all commands.
fn commands() -> io::Result<&'static [&'static str]> {
    let contract = fs::read_to_string(CONTRACT)?;
    let list = contract
        .split_once("collect_commands![")
        .and_then(|(_, rest)| rest.split_once(']'));
    let list = list.map_or("", |(list, _)| list);
    let names = list
        .split(',')
        .filter_map(|path| path.trim().rsplit("::").next())
        .filter(|name| !name.is_empty())
        .map(|name| &*name.to_owned().leak());
    Ok(names.collect::<Vec<_>>().leak())
}

/// Makes what was written from the contract as old as that is: newer than the start of this script, it would have cargo
/// build the window once more. (Where that cannot be, it does so.)
fn age(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            age(&entry?.path())?;
        }
    }
    fs::File::open(path)?.set_modified(fs::metadata(CONTRACT)?.modified()?)
}
