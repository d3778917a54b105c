//! One model of the catalogue: what it is for, what it wants, and where its files come from.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::CatalogueError;

/// What a model does in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Speech to text.
    Recogniser,
    /// Writes the reply.
    LanguageModel,
    /// Text to speech.
    Voice,
    /// Decides whether the speaker has finished.
    TurnDetector,
    /// Tells speech from other sounds.
    Vad,
    /// Finds text by its meaning.
    Embeddings,
}

/// What runs a model. An engine stands here once it runs, so every model in the catalogue can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Moonshine's encoder and decoder with its token table.
    Moonshine,
    /// One GGUF file for llama.cpp.
    Llama,
    /// A hibari voice with its tables for unknown words.
    Hibari,
    /// Smart Turn.
    SmartTurn,
    /// Silero's voice-activity detector.
    Silero,
}

/// A model that can run here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Model {
    /// Stable name, and the name of its folder: lower-case letters, digits, dots and hyphens.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What it does.
    pub part: Part,
    /// What runs it.
    pub engine: Engine,
    /// Whether Libretto comes with it.
    pub embedded: bool,
    /// BCP 47 tags; none means any language.
    pub languages: Vec<String>,
    /// Under which terms it may be used.
    pub licence: Licence,
    /// Bytes of memory that it wants while it works.
    pub memory: u64,
    /// What a user should know before choosing it.
    pub quality: String,
    /// How to talk with it; language models have this.
    pub chat: Option<Chat>,
    /// Its files, at least one.
    pub files: Vec<File>,
}

impl Model {
    /// Bytes of all its files; `None` when one of them is not known.
    pub fn bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Whether the hash of each file is known. A model that is not verified is only downloaded when the user agrees.
    pub fn verified(&self) -> bool {
        self.files.iter().all(|file| file.sha256.is_some())
    }
}

/// The terms of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// SPDX identifier, `LicenseRef-…` for terms that have none.
    pub name: String,
    /// What the name does not say.
    #[serde(default)]
    pub note: Option<String>,
}

/// How a language model is best talked with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// Tokens of context to make room for.
    pub context: u32,
    /// Most exchanges of history that do it good.
    pub history: u32,
    /// Most tokens of a spoken reply.
    pub max_tokens: u32,
    /// 0 takes the likeliest token every time.
    pub temperature: f32,
    /// What has been said is made this much less likely; 1 leaves it alone.
    pub repeat_penalty: f32,
    /// How many of the last tokens count as said.
    pub repeat_window: u32,
    /// Whether it thinks before it answers unless it is told not to.
    #[serde(default)]
    pub thinks: bool,
}

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::parse(&hex).ok_or_else(|| serde::de::Error::custom("a sha256 has 64 hexadecimal digits"))
    }
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its name in the model's folder.
    pub name: String,
    /// Its size, where it is known.
    pub bytes: Option<u64>,
    /// Its hash, where it is known.
    pub sha256: Option<Digest>,
    /// Where it can be had; the first that works is used.
    pub sources: Vec<Source>,
}

/// Where a file can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Source {
    /// Inside a package, which the user's own package client fetches.
    Package {
        /// Which package.
        package: Package,
        /// Its path inside the archive.
        path: String,
    },
    /// A file of a model hub.
    Hub(HubFile),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Package { package, .. } => package.fmt(f),
            Source::Hub(hub) => write!(f, "the model hub ({})", hub.repository),
        }
    }
}

/// A program that fetches packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Client {
    /// Node's; an archive is a gzipped tar.
    Npm,
    /// Python's; an archive is a wheel, which is a zip.
    Pip,
}

/// A package that carries files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Package {
    /// Who fetches it.
    pub client: Client,
    /// Its name.
    pub name: String,
    /// Its version, exactly.
    pub version: String,
    /// Bytes of its archive.
    pub bytes: u64,
    /// For which platform pip is to fetch it; `None` for this one.
    pub platform: Option<String>,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client = match self.client {
            Client::Npm => "npm",
            Client::Pip => "pip",
        };
        write!(f, "{client} ({} {})", self.name, self.version)
    }
}

/// A file of a model hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubFile {
    /// `owner/name`.
    pub repository: String,
    /// A commit, or a branch.
    pub revision: String,
    /// Its path in the repository.
    pub path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPackage {
    client: Client,
    version: String,
    bytes: u64,
    platform: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenModel {
    id: String,
    name: String,
    description: String,
    part: Part,
    engine: Engine,
    #[serde(default)]
    embedded: bool,
    languages: Vec<String>,
    licence: Licence,
    memory: u64,
    quality: String,
    chat: Option<Chat>,
    files: Vec<WrittenFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    name: String,
    bytes: Option<u64>,
    sha256: Option<Digest>,
    sources: Vec<WrittenSource>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenSource {
    Package { package: String, path: String },
    Hub(HubFile),
}

impl WrittenPackage {
    pub(super) fn check(self, name: String) -> Result<Package, CatalogueError> {
        // Both stand on a command line: they must not look like an option or a place.
        if !plain(&name, "@/._-") || !plain(&self.version, "._+!-") {
            return Err(CatalogueError::Entry(
                name,
                "has a name or a version that no package has",
            ));
        }
        if self
            .platform
            .as_ref()
            .is_some_and(|platform| !plain(platform, "_.-"))
        {
            return Err(CatalogueError::Entry(name, "has a platform that no package has"));
        }
        let Self {
            client,
            version,
            bytes,
            platform,
        } = self;
        Ok(Package {
            client,
            name,
            version,
            bytes,
            platform,
        })
    }
}

impl WrittenModel {
    pub(super) fn check(self, packages: &BTreeMap<String, Package>) -> Result<Model, CatalogueError> {
        let bad = |what| Err(CatalogueError::Entry(self.id.clone(), what));
        if !plain(&self.id, ".-") || self.id.bytes().any(|b| b.is_ascii_uppercase()) {
            return bad("has an id that is not made of lower-case letters, digits, dots and hyphens");
        }
        if self.files.is_empty() {
            return bad("has no files");
        }
        if self.part == Part::LanguageModel && self.chat.is_none() {
            return bad("is a language model without `chat`");
        }
        let mut files: Vec<File> = Vec::with_capacity(self.files.len());
        for written in &self.files {
            if !plain(&written.name, "._-") || files.iter().any(|file| file.name == written.name) {
                return bad("has a file whose name is not a plain one, or that another file has");
            }
            let sources = written.sources.iter().map(|source| source.check(packages));
            let Some(sources) = sources.collect::<Option<Vec<_>>>() else {
                return bad("has a file from a package that is not described, or from a place that is none");
            };
            let WrittenFile {
                name, bytes, sha256, ..
            } = written;
            files.push(File {
                name: name.clone(),
                bytes: *bytes,
                sha256: *sha256,
                sources,
            });
        }
        Ok(Model {
            id: self.id,
            name: self.name,
            description: self.description,
            part: self.part,
            engine: self.engine,
            embedded: self.embedded,
            languages: self.languages,
            licence: self.licence,
            memory: self.memory,
            quality: self.quality,
            chat: self.chat,
            files,
        })
    }
}

impl WrittenSource {
    fn check(&self, packages: &BTreeMap<String, Package>) -> Option<Source> {
        match self {
            WrittenSource::Package { package, path } => {
                let package = packages.get(package)?.clone();
                Some(Source::Package {
                    package,
                    path: path.clone(),
                })
            }
            WrittenSource::Hub(hub) => {
                let plain = plain(&hub.repository, "/._-")
                    && plain(&hub.revision, "/._-")
                    && plain(&hub.path, "/._- ()+");
                plain.then(|| Source::Hub(hub.clone()))
            }
        }
    }
}

/// True for letters, digits and `also`, beginning with a letter, a digit or `@`, without a step to a parent folder.
fn plain(text: &str, also: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || (c == '@' && also.contains('@')))
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        && !text.contains("..")
}
