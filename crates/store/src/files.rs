//! Files that are written whole or not at all, read within bounds, and never lost.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

/// By what a file that changed is told from one that did not, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(Option<(SystemTime, u64)>);

impl Stamp {
    pub(crate) fn of(path: &Path) -> Self {
        let known = fs::metadata(path).and_then(|file| Ok((file.modified()?, file.len())));
        Self(known.ok())
    }
}

/// Replaces a file by these bytes: a reader sees the old file or the new one, whatever happens meanwhile. Only its
/// owner can read it. A symbolic link stays one, and what it points to is replaced.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    private_folder(folder)?;
    // Made with permissions 0600 on Unix.
    let mut file = tempfile::Builder::new()
        .prefix(".libretto-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|e| e.error)?;
    // The name, too, must survive a power cut. Folders cannot be opened so on every system.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Makes a folder that only its owner can enter; one that is there stays as it is.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A whole file of at most `limit` bytes; `None` when there is none.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {limit} bytes"),
        ));
    }
    Ok(Some(bytes))
}

/// Renames a file that cannot be used to `<stem>.<what>-<time>.<extension>`, so that nothing in it is lost, and says
/// what it is called now.
pub(crate) fn put_aside(path: &Path, what: &str) -> io::Result<PathBuf> {
    let aside = aside_name(path, what);
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// A name beside `path` that no file has.
pub(crate) fn aside_name(path: &Path, what: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let time = Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let name = |more: &str| path.with_file_name(format!("{stem}.{what}-{time}{more}.{extension}"));
    let free = (2..1000)
        .map(|n| name(&format!("-{n}")))
        .find(|path| !path.exists());
    Some(name(""))
        .filter(|path| !path.exists())
        .or(free)
        .unwrap_or_else(|| name(""))
}
