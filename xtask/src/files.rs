//! Walking folders, and telling whether anything in them changed.

use anyhow::{Context, Result};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// All files under the given files and folders, sorted; names that begin with a dot are left out.
pub fn all(roots: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = roots.to_vec();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).with_context(|| path.display().to_string())? {
                let entry = entry?;
                if !entry.file_name().to_string_lossy().starts_with('.') {
                    open.push(entry.path());
                }
            }
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A hash of names (relative to `base`) and contents. Not for security: it only tells change.
pub fn fingerprint(base: &Path, roots: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in all(roots)? {
        file.strip_prefix(base).unwrap_or(&file).hash(&mut hasher);
        std::fs::read(&file).with_context(|| file.display().to_string())?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The newest modification time and the number of files: cheap enough to poll.
pub fn newest(roots: &[PathBuf]) -> Result<(Option<SystemTime>, usize)> {
    let files = all(roots)?;
    // A file may vanish while an editor saves it.
    let newest = files.iter().filter_map(|file| std::fs::metadata(file).ok()?.modified().ok()).max();
    Ok((newest, files.len()))
}
