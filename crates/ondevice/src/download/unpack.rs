//! One file out of a package's archive.
//!
//! A name in the archive is only ever compared with the one that is wanted and never becomes a path here, and no more
//! is read than the file may have, so a hostile archive can neither write elsewhere nor fill the disk.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{DownloadError, place};
use crate::catalogue::Client;

/// No archive unpacks to more.
const MOST: u64 = 16_000_000_000;

/// Writes the file `inside` an archive to `to`. `bytes` is its size, where it is known.
pub(super) fn file(
    client: Client,
    archive: &Path,
    inside: &str,
    to: &Path,
    bytes: Option<u64>,
    cancel: &CancellationToken,
) -> Result<(), DownloadError> {
    let file = File::open(archive).map_err(place::failed("Reading", archive))?;
    let missing = || DownloadError::Archive(format!("{inside} is not in it"));
    match client {
        Client::Pip => {
            let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(bad)?;
            let entry = zip.by_name(inside).map_err(|error| match error {
                zip::result::ZipError::FileNotFound => missing(),
                other => bad(other),
            })?;
            write(entry, to, bytes, cancel)
        }
        Client::Npm => {
            let unpacked = flate2::read::GzDecoder::new(BufReader::new(file)).take(MOST);
            let mut tar = tar::Archive::new(unpacked);
            for entry in tar.entries().map_err(bad)? {
                let entry = entry.map_err(bad)?;
                if cancel.is_cancelled() {
                    return Err(DownloadError::Cancelled);
                }
                if entry.header().entry_type().is_file() && *entry.path_bytes() == *inside.as_bytes() {
                    return write(entry, to, bytes, cancel);
                }
            }
            Err(missing())
        }
    }
}

fn write(
    mut from: impl Read,
    to: &Path,
    bytes: Option<u64>,
    cancel: &CancellationToken,
) -> Result<(), DownloadError> {
    let most = bytes.unwrap_or(MOST);
    let mut file = File::create(to).map_err(place::failed("Writing", to))?;
    let mut buffer = vec![0; 1 << 18];
    let mut written = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(DownloadError::Cancelled);
        }
        let count = from.read(&mut buffer).map_err(bad)?;
        written += count as u64;
        if written > most || (count == 0 && bytes.is_some_and(|bytes| bytes != written)) {
            return Err(DownloadError::Length {
                found: written,
                expected: most,
            });
        }
        if count == 0 {
            return Ok(());
        }
        file.write_all(&buffer[..count])
            .map_err(place::failed("Writing", to))?;
    }
}

fn bad(error: impl Into<io::Error>) -> DownloadError {
    DownloadError::Archive(error.into().to_string())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    fn wheel(folder: &Path, files: &[(&str, &[u8])]) -> PathBuf {
        let path = folder.join("a.whl");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn tarball(folder: &Path, files: &[(&str, &[u8])]) -> PathBuf {
        let path = folder.join("a.tgz");
        let gzip = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // The builder refuses names that lead elsewhere; a hostile archive would not.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    fn both(folder: &Path, files: &[(&str, &[u8])]) -> [(Client, PathBuf); 2] {
        [
            (Client::Pip, wheel(folder, files)),
            (Client::Npm, tarball(folder, files)),
        ]
    }

    #[test]
    fn takes_the_wanted_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 3] = [
            ("../../evil", b"evil"),
            ("/etc/evil", b"evil"),
            ("p/a.bin", b"hello"),
        ];
        for (client, archive) in both(folder.path(), &files) {
            let to = folder.path().join("out.partial");
            let take =
                |inside: &str, bytes| file(client, &archive, inside, &to, bytes, &CancellationToken::new());
            take("p/a.bin", Some(5)).unwrap();
            assert_eq!(std::fs::read(&to).unwrap(), b"hello");
            take("p/a.bin", None).unwrap();
            assert!(matches!(take("p/b.bin", Some(5)), Err(DownloadError::Archive(_))));
            assert!(matches!(
                take("p/a.bin", Some(4)),
                Err(DownloadError::Length {
                    found: 5,
                    expected: 4
                })
            ));
            assert!(matches!(
                take("p/a.bin", Some(6)),
                Err(DownloadError::Length {
                    found: 5,
                    expected: 6
                })
            ));
            let cancelled = CancellationToken::new();
            cancelled.cancel();
            let called_off = file(client, &archive, "p/a.bin", &to, Some(5), &cancelled);
            assert!(matches!(called_off, Err(DownloadError::Cancelled)));
        }
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }

    #[test]
    fn a_bomb_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let zeros = vec![0; 50_000_000];
        for (client, archive) in both(folder.path(), &[("p/a.bin", &zeros)]) {
            let to = folder.path().join("out.partial");
            let error = file(
                client,
                &archive,
                "p/a.bin",
                &to,
                Some(1_000),
                &CancellationToken::new(),
            );
            assert!(matches!(
                error,
                Err(DownloadError::Length { expected: 1_000, .. })
            ));
            assert!(to.metadata().unwrap().len() <= 1_000);
        }
    }

    proptest! {
        #[test]
        fn damage_is_an_error_and_never_a_panic(at in 0_usize..400, value: u8, cut in 0_usize..400) {
            let folder = tempfile::tempdir().unwrap();
            for (client, archive) in both(folder.path(), &[("p/a.bin", b"hello"), ("p/b.bin", b"world")]) {
                let mut bytes = std::fs::read(&archive).unwrap();
                let at = at % bytes.len();
                bytes[at] = value;
                bytes.truncate(bytes.len() - cut % bytes.len());
                std::fs::write(&archive, bytes).unwrap();
                let to = folder.path().join("out.partial");
                let _ = file(client, &archive, "p/b.bin", &to, Some(5), &CancellationToken::new());
            }
        }
    }
}
