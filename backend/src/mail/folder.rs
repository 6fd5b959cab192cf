//! Letters as files, where there is no mail server: the demo.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use super::smtp::{Outcome, Trouble};
use crate::db::types::Id;

/// Writes a letter whole or not at all; the same letter has the same name.
pub(super) async fn put(folder: &Path, id: Id, written_at: NaiveDateTime, bytes: Vec<u8>) -> Outcome {
    let file = folder.join(format!("{}-{id}.eml", written_at.format("%Y%m%dT%H%M%SZ")));
    let shown = file.display().to_string();
    let written = tokio::task::spawn_blocking(move || write(&file, &bytes)).await;
    match written.map_err(std::io::Error::other).flatten() {
        Ok(()) => Outcome::Accepted(shown),
        Err(error) => Outcome::Unavailable(Trouble::Server(format!("{shown}: {error}"))),
    }
}

/// Links stand in letters: they are for the owner of the folder alone.
fn write(file: &PathBuf, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = file.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&unfinished)?.write_all(bytes)?;
    std::fs::rename(&unfinished, file)
}
