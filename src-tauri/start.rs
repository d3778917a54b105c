//! How Libretto starts, and what a second start hands over to the first.

use clap::{Parser, Subcommand};
use libretto_assistant::Foundation;
use libretto_assistant::store::Environment;
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};

use crate::libretto::Libretto;
use crate::wire::failure::Answer;
use crate::wire::shell::Window;
use crate::{hotkeys, notices, shell, tray, windows, words};

/// A voice assistant: it listens, answers aloud, and lights each word as you hear it.
#[derive(Debug, Parser)]
#[command(name = "libretto", version)]
pub struct Arguments {
    /// Start without a window, in the tray
    #[arg(long)]
    pub hidden: bool,
    /// Do nothing where no Libretto runs, and end with the status 3
    #[arg(long, hide = true)]
    pub handed_over: bool,
    /// What to tell the running Libretto; starts it if needed, except to cancel, to pause or to quit
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be handed over.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start or stop listening, like a tap on the talk key
    Toggle,
    /// Ask a question, or open the quick-ask window
    Ask {
        /// The question
        question: Vec<String>,
    },
    /// Cancel the current turn
    Cancel,
    /// Keep the microphone closed, or go on after that
    Pause,
    /// Open the settings
    Settings,
    /// Quit Libretto
    Quit,
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

/// The status of a start that was only to be handed over, where nobody took it. `libretto-cli` knows it too.
const NOBODY: i32 = 3;

/// What a start ends with that is for another Libretto only, when there is none: it has a sentence to say.
pub fn for_another(arguments: &Arguments) -> Option<(i32, Option<&'static str>)> {
    match arguments.command {
        Some(Command::Cancel) => Some((0, Some("Libretto does not run: there is nothing to give up."))),
        Some(Command::Pause) => Some((0, Some("Libretto does not run: there is nothing to pause."))),
        Some(Command::Quit) => Some((0, Some("Libretto does not run: there is nothing to end."))),
        _ if arguments.handed_over => Some((NOBODY, None)),
        _ => None,
    }
}

/// Everything that must be there before the first window.
///
/// # Errors
/// What stands in the way, as a sentence.
pub fn set_up(app: &AppHandle, arguments: &Arguments) -> Answer<()> {
    let libretto = tauri::async_runtime::block_on(async {
        let foundation = Foundation::open(Environment::read())?;
        Libretto::start(app.clone(), foundation).await
    })?;
    app.manage(libretto);
    if !arguments.hidden {
        windows::open_here(app, Window::Main)?;
    }
    if let Err(error) = tray::make(app) {
        // Hotkeys and windows work without.
        tracing::warn!(%error, "no_tray");
    }
    hotkeys::start(app);
    tauri::async_runtime::spawn(shell::obey(app.clone()));
    tauri::async_runtime::spawn(notices::follow(app.clone()));
    #[cfg(unix)]
    tauri::async_runtime::spawn(told_to_end(app.clone()));
    if let Some(command) = &arguments.command {
        obey(app, command);
    }
    Ok(())
}

/// Libretto cannot start: says why, and ends.
pub fn give_up(app: &AppHandle, sentence: &str) {
    let ending = app.clone();
    app.dialog()
        .message(sentence)
        .title(words::system().cannot_start)
        .kind(MessageDialogKind::Error)
        .show(move |_| ending.exit(1));
}

/// A second start: its wish is carried out here.
pub fn handed_over(app: &AppHandle, arguments: &[String]) {
    match Arguments::try_parse_from(arguments) {
        Ok(Arguments {
            command: Some(command),
            ..
        }) => obey(app, &command),
        // Whoever starts it again looks for the window; what cannot be understood is no reason to hide it.
        Ok(_) | Err(_) => windows::open_soon(app, Window::Main),
    }
}

fn obey(app: &AppHandle, command: &Command) {
    let Some(libretto) = app.try_state::<Libretto>() else {
        return;
    };
    match command {
        Command::Toggle => toggle(app, &libretto),
        Command::Ask { question } if question.is_empty() => windows::open_soon(app, Window::QuickAsk),
        Command::Ask { question } => libretto.talk().assistant.conversation().ask(question.join(" ")),
        Command::Cancel => libretto.talk().assistant.conversation().cancel(),
        Command::Pause => shell::pause(app, !libretto.shell().paused),
        Command::Settings => windows::open_soon(app, Window::Settings),
        Command::Quit => quit(app),
        // Printed by the one that was started.
        Command::Man => {}
    }
}

/// A tap on the talk key. While nothing listens, the window says so instead.
pub fn toggle(app: &AppHandle, libretto: &Libretto) {
    if libretto.shell().paused {
        return windows::open_soon(app, Window::Main);
    }
    let talk = libretto.talk();
    talk.assistant.conversation().key_down();
    talk.assistant.conversation().key_up();
}

/// Writes what was said, and ends.
pub fn quit(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Some(libretto) = app.try_state::<Libretto>() {
            libretto.close().await;
        }
        app.exit(0);
    });
}

/// Whoever logs out, shuts down or ends it at a terminal loses nothing that was said.
#[cfg(unix)]
async fn told_to_end(app: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    let listen = || {
        Ok::<_, std::io::Error>((
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ))
    };
    let (mut terminate, mut interrupt, mut hangup) = match listen() {
        Ok(signals) => signals,
        Err(error) => return tracing::warn!(%error, "no_signals"),
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    quit(&app);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_says_what_it_wants() {
        let parse = |words: &[&str]| Arguments::try_parse_from(words).unwrap();
        assert!(matches!(
            parse(&["libretto", "toggle"]).command,
            Some(Command::Toggle)
        ));
        let asked = parse(&["libretto", "ask", "What", "time", "is", "it?"]).command;
        assert!(matches!(asked, Some(Command::Ask { question }) if question.join(" ") == "What time is it?"));
        assert!(parse(&["libretto", "--hidden"]).hidden);
        assert!(Arguments::try_parse_from(["libretto", "dance"]).is_err());
    }

    #[test]
    fn what_is_for_another_starts_nothing() {
        let ends = |words: &[&str]| {
            for_another(&Arguments::try_parse_from(words).unwrap()).map(|(status, _)| status)
        };
        assert_eq!(ends(&["libretto", "cancel"]), Some(0));
        assert_eq!(ends(&["libretto", "quit"]), Some(0));
        assert_eq!(ends(&["libretto", "--handed-over", "toggle"]), Some(NOBODY));
        for starts in [&["libretto"][..], &["libretto", "toggle"], &["libretto", "ask"]] {
            assert_eq!(ends(starts), None);
        }
    }
}
