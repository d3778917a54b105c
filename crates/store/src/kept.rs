//! Small files that can be made anew, such as where windows stood: JSON that counts as nothing where it cannot be read.

use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files;

/// What is kept in a file of at most `limit` bytes; the default, whatever is wrong with it.
pub fn read<T: DeserializeOwned + Default>(path: &Path, limit: u64) -> T {
    let bytes = files::read(path, limit).ok().flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Keeps it in a file, whole or not at all; its folder is made if need be.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, value: &impl Serialize) -> io::Result<()> {
    files::replace(path, &serde_json::to_vec_pretty(value)?)
}
