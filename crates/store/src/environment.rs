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

    /// The history's database.
    pub fn history(&self) -> PathBuf {
        self.data.join("history.sqlite3")
    }

    /// How fast models were on this machine.
    pub fn speeds(&self) -> PathBuf {
        self.data.join("speeds.json")
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
        let mut bad = 0;
        for line in dotenvy::from_read_iter(bytes.as_slice()) {
            match line {
                Ok((name, value)) => {
                    variables.insert(name, value);
                }
                // The error holds the line, and the line may hold a key: it is not passed on.
                Err(dotenvy::Error::LineParse(..)) => bad += 1,
                Err(_) => {
                    bad += 1;
                    break;
                }
            }
        }
        if bad > 0 {
            notice(format!(
                "{bad} line(s) of {} cannot be understood and were left out.",
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
