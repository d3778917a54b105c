//! The command line, as its users read it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

/// A voice assistant: it listens, answers aloud, and lights each word as you hear it.
#[derive(Debug, Parser)]
#[command(
    name = "libretto-cli",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print JSON, one object a line, instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print more of what happens to standard error (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Speak a text
    Say(Say),
    /// Ask in writing, and hear and read the answer
    Ask(Ask),
    /// Talk: a whole spoken conversation in the terminal
    Listen(Listen),
    /// Begin or end talking in the window: for a shortcut of the desktop's own
    Toggle,
    /// Give up what goes on in the window
    Cancel,
    /// Write down what is said in a recording (wav, mp3, flac, ogg, m4a)
    Transcribe(Transcribe),
    /// The models that run on this machine
    #[command(subcommand)]
    Models(Models),
    /// Microphones and loudspeakers
    Devices,
    /// What was said before
    #[command(subcommand)]
    History(History),
    /// API keys of cloud providers
    #[command(subcommand)]
    Keys(Keys),
    /// One setting, by its dotted key (`voice.providers`)
    #[command(subcommand)]
    Settings(Settings),
    /// What works, what is missing, and what to do about it
    Doctor,
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

/// Speak a text.
#[derive(Debug, Args)]
pub(crate) struct Say {
    /// The text; `-` reads standard input
    pub(crate) text: String,
    /// Write the sound to a WAV file (`-`: standard output) instead of playing it
    #[arg(short, long, value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// Write when each word sounds to a JSON file (`-`: standard output)
    #[arg(short, long, value_hint = ValueHint::FilePath)]
    pub(crate) alignment: Option<PathBuf>,
    /// Speed, 1 being the voice's own
    #[arg(long, value_parser = speed)]
    pub(crate) speed: Option<f32>,
}

fn speed(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(speed) if (0.5..=2.0).contains(&speed) => Ok(speed),
        _ => Err("speed is a number from 0.5 to 2".into()),
    }
}

/// Ask in writing.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The question; `-` reads standard input
    pub(crate) text: String,
    /// Only write the answer, do not speak it
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Go on with an earlier session (its number in `history list`; `last` is the newest)
    #[arg(long)]
    pub(crate) resume: Option<String>,
}

/// Talk.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// Just speak, no key (else: the space bar begins and ends; Escape cancels)
    #[arg(long)]
    pub(crate) hands_free: bool,
    /// Go on with an earlier session (its number in `history list`; `last` is the newest)
    #[arg(long)]
    pub(crate) resume: Option<String>,
}

/// Write down a recording.
#[derive(Debug, Args)]
pub(crate) struct Transcribe {
    /// The recording; `-` reads standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

/// The models that run on this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// All models, and which are here
    List,
    /// Download models
    Get {
        /// Ids from `models list`
        #[arg(required_unless_present = "embedded")]
        ids: Vec<String>,
        /// Those that Libretto needs to work offline
        #[arg(long)]
        embedded: bool,
        /// Also take a model whose checksum nobody has stated
        #[arg(long)]
        unverified: bool,
        /// Download nothing: only say whether they are here
        #[arg(long)]
        offline: bool,
    },
    /// Delete a model's files
    Remove {
        /// Ids from `models list`
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// What was said before.
#[derive(Debug, Subcommand)]
pub(crate) enum History {
    /// Sessions, the newest first
    List {
        /// How many
        #[arg(short, long, default_value_t = 20)]
        limit: u32,
    },
    /// One session, whole
    Show {
        /// Its number; `last` is the newest
        session: String,
    },
    /// Find words in all sessions
    Search {
        /// The words
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Give a session a name
    Rename {
        /// Its number; `last` is the newest
        session: String,
        /// The name
        title: String,
    },
    /// Write a session to standard output
    Export {
        /// Its number; `last` is the newest
        session: String,
        /// As what
        #[arg(short, long, value_enum, default_value_t = Format::Markdown)]
        format: Format,
    },
    /// Delete a session, or everything
    Delete {
        /// Its number; `last` is the newest
        #[arg(required_unless_present = "all")]
        session: Option<String>,
        /// Everything that was ever said
        #[arg(long, conflicts_with = "session")]
        all: bool,
    },
}

/// What a session is exported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// To read
    Markdown,
    /// To process
    Json,
    /// Subtitles (needs `history.store_alignment`)
    Srt,
    /// Subtitles for the web (needs `history.store_alignment`)
    Vtt,
}

/// One setting.
#[derive(Debug, Subcommand)]
pub(crate) enum Settings {
    /// Print what counts
    Get {
        /// Its dotted key
        key: String,
    },
    /// Write it to the settings' file
    Set {
        /// Its dotted key
        key: String,
        /// The value; entries of a list separated by commas
        value: String,
    },
}

/// API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Where each key lives; never the keys themselves
    List,
    /// Keep a key in the system's keychain (it is asked for, or read from standard input)
    Set {
        /// Whose key
        provider: String,
    },
    /// Forget a key
    Remove {
        /// Whose key
        provider: String,
    },
}
