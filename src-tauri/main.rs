//! `libretto`: the desktop window.
#![forbid(unsafe_code)]
// No console window beside ours.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    libretto::run()
}
