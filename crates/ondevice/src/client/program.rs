//! Where the engine's program is.

use std::path::{Path, PathBuf};

use super::error::EngineError;

/// Names the engine's program, for whoever keeps it in an unusual place.
pub const PROGRAM: &str = "LIBRETTO_ENGINE";

/// The program: the one chosen, else what [`PROGRAM`] says, else the one beside our own (as installed), or in the
/// folder above (where a test's own program lies).
pub(super) fn find(chosen: Option<&Path>) -> Result<PathBuf, EngineError> {
    let named = || std::env::var_os(PROGRAM).map(PathBuf::from);
    let own = || std::env::current_exe().ok();
    let candidates = match chosen.map(Path::to_owned).or_else(named) {
        Some(path) => vec![path],
        None => beside(own().as_deref()),
    };
    match candidates.iter().find(|path| path.is_file()) {
        Some(program) => Ok(program.clone()),
        None => Err(EngineError::NotFound(candidates)),
    }
}

fn beside(own: Option<&Path>) -> Vec<PathBuf> {
    let name = format!("libretto-engine{}", std::env::consts::EXE_SUFFIX);
    own.into_iter()
        .flat_map(Path::ancestors)
        .skip(1)
        .take(2)
        .map(|dir| dir.join(&name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_for_beside_us_and_above() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("deps").join("test");
        let candidates = beside(Some(&own));
        assert_eq!(candidates.len(), 2);
        assert!(candidates[0].starts_with(dir.path().join("deps")));
        assert_eq!(candidates[1].parent(), Some(dir.path()));
        let missing = find(Some(&own)).unwrap_err();
        assert!(missing.to_string().contains("LIBRETTO_ENGINE"));
        std::fs::create_dir(dir.path().join("deps")).unwrap();
        std::fs::write(&own, "").unwrap();
        assert_eq!(find(Some(&own)).unwrap(), own);
    }
}
