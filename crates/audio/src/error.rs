//! What can go wrong with sound, each as a sentence for the user.

use std::path::PathBuf;

use libretto_voice::{Error, Kind};

/// A failure of a device, a model or a sound file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// There is no microphone.
    #[error(
        "No microphone was found. Connect one, or allow Libretto to use it in the system's sound settings."
    )]
    NoInput,
    /// There is no loudspeaker.
    #[error("No loudspeaker was found. Connect one, or switch one on in the system's sound settings.")]
    NoOutput,
    /// The sound server or the device did not answer in time.
    #[error(
        "The sound system does not answer. Try again; if it goes on, restart the system's sound service."
    )]
    Hung,
    /// The system does not let us use the device.
    #[error("The system does not let Libretto use {device}. Allow it in the system's privacy settings.")]
    Denied {
        /// Readable name of the device.
        device: String,
    },
    /// The device is there and cannot be used.
    #[error("{device} cannot be used: {reason}. Choose another device, or close the program that holds it.")]
    Device {
        /// Readable name of the device.
        device: String,
        /// The system's own words.
        reason: String,
    },
    /// No back end has this name, or its argument makes no sense.
    #[error("“{spec}” is not a sound back end. Use one of: {known}.")]
    Backend {
        /// What was asked for.
        spec: String,
        /// What there is.
        known: String,
    },
    /// More audio is waiting to be played than the queue takes.
    #[error(
        "More than {minutes} minutes of speech are waiting to be played. Wait until some has been heard."
    )]
    QueueFull {
        /// What the queue takes.
        minutes: u64,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be used: {source}. Check its name and its permissions.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not audio that we know.
    #[error("{name} is not a sound file that Libretto can read. It reads wav, mp3, flac, ogg and m4a.")]
    NotAudio {
        /// The file's name.
        name: String,
    },
    /// A file holds no sound.
    #[error("{name} holds no sound. Choose a file with speech in it.")]
    Empty {
        /// The file's name.
        name: String,
    },
    /// A file is larger or longer than we take.
    #[error("{name} is too long: files of up to {limit} are read. Cut it into pieces.")]
    TooLong {
        /// The file's name.
        name: String,
        /// What is read, in words.
        limit: String,
    },
    /// The voice-activity model cannot be loaded.
    #[error("The voice-activity model {} cannot be loaded ({reason}). Get the model again.", path.display())]
    Model {
        /// The model's file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Audio cannot be converted between these rates.
    #[error(transparent)]
    Rates(#[from] libretto_signal::Rates),
}

impl AudioError {
    /// What to match on.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoInput | Self::NoOutput | Self::Denied { .. } | Self::Device { .. } => Kind::Device,
            Self::Hung => Kind::Timeout,
            Self::QueueFull { .. } | Self::Model { .. } => Kind::Unavailable,
            Self::Backend { .. }
            | Self::File { .. }
            | Self::NotAudio { .. }
            | Self::Empty { .. }
            | Self::TooLong { .. } => Kind::BadInput,
            Self::Rates(_) => Kind::Unsupported,
        }
    }
}

impl From<AudioError> for Error {
    fn from(error: AudioError) -> Self {
        // A device can come back, so opening it again can help.
        let retry = matches!(error.kind(), Kind::Device | Kind::Timeout)
            || matches!(error, AudioError::QueueFull { .. });
        Error::new(error.kind(), error.to_string())
            .retryable(retry)
            .with_source(error)
    }
}

/// Shorthand for a result with this crate's error.
pub type Result<T, E = AudioError> = std::result::Result<T, E>;
