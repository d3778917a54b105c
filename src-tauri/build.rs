//! Compiles `tauri.conf.json` and the pages into the program.

use std::fs;
use std::path::Path;

/// Stands in for the pages where they were not built, so that every crate builds without npm.
const NOT_BUILT: &str =
    "<!doctype html><title>Libretto</title><p>The window's pages were not built: run ./dev run.</p>\n";

fn main() {
    let pages = Path::new("ui/dist");
    if !pages.join("index.html").exists() {
        let made = fs::create_dir_all(pages).and_then(|()| fs::write(pages.join("index.html"), NOT_BUILT));
        if let Err(error) = made {
            println!("cargo:warning=ui/dist could not be made: {error}");
        }
    }
    println!("cargo:rerun-if-changed=ui/dist");
    tauri_build::build();
}
