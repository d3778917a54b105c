//! A stage: a sound card, an empty home and a message bus without keychain, and Libretto's programs on it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libretto_testkit::keychain::Keyring;
use libretto_testkit::{Home, Keychain, SoundCard, program, recordings};
use libretto_voice::{Alignment, Audio};
use serde_json::Value;

/// The longest that any command without a conversation may take.
const LIMIT: Duration = Duration::from_mins(2);

/// Where Libretto's programs run.
#[derive(Debug)]
pub struct Stage {
    /// The sound card.
    pub card: SoundCard,
    /// The home.
    pub home: Home,
    /// The message bus.
    pub keychain: Keychain,
}

impl Stage {
    /// With a microphone and a loudspeaker.
    pub fn new() -> Result<Self> {
        Self::with(SoundCard::new()?, Keyring::Absent)
    }

    /// The same with a card that lets another test run beside this one ([`SoundCard::shared`]).
    pub fn shared() -> Result<Self> {
        Self::with(SoundCard::shared()?, Keyring::Absent)
    }

    /// With this sound card and this kind of keychain.
    pub fn with(card: SoundCard, keyring: Keyring) -> Result<Self> {
        Ok(Self {
            card,
            home: Home::new()?,
            keychain: Keychain::start(keyring)?,
        })
    }

    /// Writes the settings' file: TOML.
    pub fn set(&self, settings: &str) -> Result<()> {
        let folder = self.home.path().join(".config/libretto");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join("settings.toml"), settings)?)
    }

    /// What a program needs in its environment to be on this stage.
    pub fn env(&self) -> Result<Vec<(&'static str, String)>> {
        let mut env = self.home.env()?;
        env.extend(self.card.env());
        env.extend(self.keychain.env());
        Ok(env)
    }

    /// A command line of `libretto-cli` on this stage.
    pub fn cli<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<Command> {
        let mut command = Command::new(program::binary("libretto-cli")?);
        command.args(arguments).envs(self.env()?);
        Ok(command)
    }

    /// Runs `libretto-cli` to its end.
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<Output> {
        program::run(&mut self.cli(arguments)?, b"", LIMIT)
    }

    /// Runs `libretto-cli --json` and reads the line that it prints.
    pub fn json<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<Value> {
        let output = self.run(["--json"].into_iter().chain(arguments))?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).with_context(|| {
            format!(
                "not one line of JSON: {}",
                String::from_utf8_lossy(&output.stdout)
            )
        })
    }

    /// What is said in some sound, by Libretto's own recogniser.
    pub fn transcribe(&self, audio: &Audio) -> Result<String> {
        let file = self.home.path().join("to-transcribe.wav");
        recordings::write_wav(&file, audio)?;
        let heard = self.json(["transcribe", path(&file)?])?;
        Ok(heard["text"]
            .as_str()
            .context("transcribe says no text")?
            .to_owned())
    }

    /// What the voice makes of a text, without a loudspeaker, and when its words sound.
    pub fn say(&self, text: &str) -> Result<(Audio, Alignment)> {
        let (sound, marks) = (
            self.home.path().join("said.wav"),
            self.home.path().join("said.json"),
        );
        let output = self.run([
            "say",
            "--out",
            path(&sound)?,
            "--alignment",
            path(&marks)?,
            "--",
            text,
        ])?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let told: Value = serde_json::from_slice(&std::fs::read(marks)?)?;
        let alignment = serde_json::from_value(told["alignment"].clone())?;
        Ok((recordings::read_wav(&sound)?, alignment))
    }
}

/// A path as an argument.
pub fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is not UTF-8")
}
