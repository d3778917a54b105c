//! The process's surroundings, read once and passed in: variables, `.env` files, the platform's folders. Nothing else
//! in the store asks the system for them, so that tests can give any.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::files;
use crate::notice::{Notice, Subject};

/// More than any `.env` file needs.
const MAX_DOTENV: u64 = 256 * 1024;

/// Where Libretto keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Settings. `$LIBRETTO_CONFIG`, or the platform's own place.
    pub config: PathBuf,
    /// History. `$LIBRETTO_DATA`, or the platform's own place.
    pub data: PathBuf,
}

impl Places {
    /// Both in one folder: portable installations, and tests.
    pub fn within(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            config: folder.clone(),
            data: folder,
        }
    }

    /// The settings file.
    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// Written whenever a key is put into the keychain or taken out of it, by whichever program of ours. It is empty.
    pub fn keys_changed(&self) -> PathBuf {
        self.config.join(".keys-changed")
    }

    /// The history's database.
    pub fn history(&self) -> PathBuf {
        self.data.join("history.sqlite3")
    }

    /// How fast models were on this machine.
    pub fn speeds(&self) -> PathBuf {
        self.data.join("speeds.json")
    }

    /// Where windows were moved to.
    pub fn windows(&self) -> PathBuf {
        self.data.join("windows.json")
    }

    /// A file that is there while nobody is to be listened to.
    pub fn paused(&self) -> PathBuf {
        self.data.join("paused")
    }

    fn of(variables: &BTreeMap<String, String>) -> Self {
        let named = |name| {
            variables
                .get(name)
                .filter(|v| !v.trim().is_empty())
                .map(PathBuf::from)
        };
        let platform = ProjectDirs::from("", "", "libretto");
        // Without a home there is still the working folder.
        let config = platform
            .as_ref()
            .map_or_else(|| PathBuf::from(".libretto"), |p| p.config_dir().to_owned());
        let data = platform
            .as_ref()
            .map_or_else(|| PathBuf::from(".libretto"), |p| p.data_dir().to_owned());
        Self {
            config: named("LIBRETTO_CONFIG").unwrap_or(config),
            data: named("LIBRETTO_DATA").unwrap_or(data),
        }
    }
}

/// A line that is refused because of spaces or quotation marks in it, as the five systems read it: all behind the
/// equals sign is the value, up to a comment.
fn plain(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim);
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(letters) {
        return None;
    }
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    Some((name.to_owned(), value.trim().to_owned()))
}

/// Where a variable was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the process's own environment.
    Process,
    /// In a `.env` file.
    File(PathBuf),
}

/// Variables and places. Its values may be keys: its `Debug` shows only how many there are.
#[derive(Clone)]
pub struct Environment {
    process: BTreeMap<String, String>,
    /// In the order in which they count.
    files: Vec<(PathBuf, BTreeMap<String, String>)>,
    places: Places,
    notices: Vec<Notice>,
}

impl Environment {
    /// Reads it all: the process's variables first, then `.env` in the working folder, then `.env` in the settings'
    /// folder. A variable counts where it is found first.
    pub fn read() -> Self {
        // Variables that are not Unicode cannot be ours.
        let process =
            env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        let process: BTreeMap<_, _> = process.collect();
        let places = Places::of(&process);
        let mut files = vec![PathBuf::from(".env"), places.config.join(".env")];
        if let Ok(folder) = env::current_dir() {
            files[0] = folder.join(".env");
        }
        files.dedup();
        Self::of(process, &files, places)
    }

    /// These variables, these `.env` files (those that are there), these places.
    pub fn of(
        variables: impl IntoIterator<Item = (String, String)>,
        files: &[PathBuf],
        places: Places,
    ) -> Self {
        let process = variables.into_iter().collect();
        let mut environment = Self {
            process,
            files: Vec::new(),
            places,
            notices: Vec::new(),
        };
        for path in files {
            environment.add_file(path);
        }
        environment
    }

    fn add_file(&mut self, path: &Path) {
        let mut notice = |sentence| self.notices.push(Notice::new(Subject::Environment, sentence));
        let bytes = match files::read(path, MAX_DOTENV) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return,
            Err(error) => {
                notice(format!(
                    "{} cannot be read ({error}); it was left out.",
                    path.display()
                ));
                return;
            }
        };
        let mut variables = BTreeMap::new();
        let mut refused = false;
        for line in dotenvy::from_read_iter(bytes.as_slice()) {
            match line {
                Ok((name, value)) => {
                    variables.insert(name, value);
                }
                // The error holds a part of the file, and that may be a key: it is not passed on.
                Err(dotenvy::Error::LineParse(..)) => refused = true,
                Err(_) => {
                    refused = true;
                    break;
                }
            }
        }
        let mut bad = 0;
        let text = String::from_utf8_lossy(&bytes);
        // A quotation mark that nothing ends has taken the lines behind it along.
        let lines = text.lines().map(str::trim).filter(|_| refused);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let alone = dotenvy::from_read_iter(line.as_bytes()).next();
            match alone.and_then(Result::ok).or_else(|| plain(line)) {
                Some((name, value)) => {
                    variables.entry(name).or_insert(value);
                }
                None => bad += 1,
            }
        }
        if bad > 0 {
            let lines = if bad == 1 {
                "One line".to_owned()
            } else {
                format!("{bad} lines")
            };
            notice(format!(
                "{lines} of {} cannot be understood and did not count; write each as NAME=value.",
                path.display()
            ));
        }
        self.files.push((path.to_owned(), variables));
    }

    /// A variable and where it was set; empty ones count as not set.
    pub fn find(&self, name: &str) -> Option<(&str, Origin)> {
        let filled = |variables: &'_ BTreeMap<String, String>| {
            variables
                .get(name)
                .map(|v| v.trim())
                .is_some_and(|v| !v.is_empty())
        };
        if filled(&self.process) {
            return Some((self.process.get(name)?.trim(), Origin::Process));
        }
        let (path, variables) = self.files.iter().find(|(_, variables)| filled(variables))?;
        Some((variables.get(name)?.trim(), Origin::File(path.clone())))
    }

    /// A variable's value; empty ones count as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|(value, _)| value)
    }

    /// Where Libretto keeps its files.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// What was wrong with `.env` files.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.files.iter().map(|(path, _)| path).collect();
        f.debug_struct("Environment")
            .field("variables", &self.process.len())
            .field("files", &files)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_as_the_five_systems_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        let text = "SYSTEM_PROMPT=You're brief.  # in a word\nLANGUAGE=plain English\nexport OPENAI_API_KEY=sk-0123456789\n\
                    TTS_VOICE=\"a voice\"\nno line at all\nSTT_PROVIDER = deepgram\n";
        std::fs::write(&file, text).unwrap();
        let environment = Environment::of([], &[file], Places::within(folder.path()));
        let value = |name| environment.find(name).map(|(value, _)| value);
        assert_eq!(value("SYSTEM_PROMPT"), Some("You're brief."));
        assert_eq!(value("LANGUAGE"), Some("plain English"));
        assert_eq!(value("OPENAI_API_KEY"), Some("sk-0123456789"));
        assert_eq!(value("TTS_VOICE"), Some("a voice"));
        assert_eq!(value("STT_PROVIDER"), Some("deepgram"));
        let [notice] = environment.notices() else {
            panic!("one line is told")
        };
        assert!(notice.sentence.starts_with("One line of "), "{}", notice.sentence);
    }
}
