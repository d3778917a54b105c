//! The desktop window: Libretto's shell around its pages. It translates between the assistant and the pages, puts
//! windows, tray and hotkeys on the desktop, and decides nothing.
#![forbid(unsafe_code)]

pub mod commands;
pub mod contract;
pub mod downloads;
mod gather;
#[cfg(target_os = "linux")]
pub mod graphics;
pub mod hotkeys;
pub mod libretto;
pub mod manual;
pub mod mirror;
pub mod notices;
pub mod pause;
pub mod relay;
pub mod shell;
pub mod start;
pub mod tray;
pub mod trials;
pub mod units;
pub mod windows;
pub mod wire;
pub mod words;

use std::process::ExitCode;

use clap::Parser;
use tauri::RunEvent;
use tauri_plugin_autostart::MacosLauncher;
use tauri_plugin_window_state::StateFlags;
use tracing_subscriber::EnvFilter;

use start::Arguments;

/// What is remembered of the windows that have a frame.
pub(crate) const PLACE: StateFlags = StateFlags::POSITION
    .union(StateFlags::SIZE)
    .union(StateFlags::MAXIMIZED);

/// Runs the window until it is quit.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Some(start::Command::Man)) {
        return manual::print();
    }
    // GTK ends the program in its own way where there is none.
    #[cfg(target_os = "linux")]
    if ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .all(|name| std::env::var_os(name).is_none_or(|display| display.is_empty()))
    {
        eprintln!("Libretto needs a display for its window. To talk without one, run `libretto-cli listen`.");
        return ExitCode::FAILURE;
    }
    #[cfg(target_os = "linux")]
    graphics::fit();
    logging();
    let contract = contract::contract();
    let app = tauri::Builder::default()
        // The first of all: a second start ends here, before it opens anything.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            start::handed_over(app, &arguments);
        }))
        .plugin(tauri_plugin_global_shortcut::Builder::new().build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_autostart::init(
            MacosLauncher::LaunchAgent,
            Some(vec!["--hidden"]),
        ))
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_state_flags(PLACE)
                .build(),
        )
        .invoke_handler(contract.invoke_handler())
        .setup(move |app| {
            // There is no other: it would have taken this start's wish, and ended it.
            if let Some((status, sentence)) = start::for_another(&arguments) {
                if let Some(sentence) = sentence {
                    eprintln!("{sentence}");
                }
                app.handle().exit(status);
                return Ok(());
            }
            contract.mount_events(app);
            if let Err(failure) = start::set_up(app.handle(), &arguments) {
                start::give_up(app.handle(), &failure.message);
            }
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run(|_, event| {
                // Windows are hidden, not closed; the tray and the hotkeys outlive them. Only `quit` has a code.
                if let RunEvent::ExitRequested { api, code: None, .. } = event {
                    api.prevent_exit();
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!(
                "Libretto's window can't be opened ({error}). Is there a display? To talk without one, run `libretto-cli listen`."
            );
            ExitCode::FAILURE
        }
    }
}

/// The log goes to standard error: warnings, unless `RUST_LOG` says otherwise.
fn logging() {
    // The PulseAudio client calls every ordinary end of a connection an error.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,pulseaudio=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
