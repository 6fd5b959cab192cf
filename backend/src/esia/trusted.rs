//! The certificates of ЕСИА that are trusted: a set that follows its files, since ЕСИА changes its certificates
//! without notice.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::keys::PublicKey;
use crate::config::{Esia as Config, EsiaAlgorithm};

/// Endings of files that a folder is looked through for.
const ENDINGS: [&str; 5] = ["pem", "crt", "cer", "der", "pub"];
/// Signatures that fit nothing make the files be looked at no more often than this.
const SHORTEST: Duration = Duration::from_millis(500);

/// The files as they were last seen.
type Seen = Vec<(PathBuf, Option<SystemTime>, u64)>;

struct Loaded {
    seen: Seen,
    keys: Arc<Vec<PublicKey>>,
    looked_at: Instant,
}

/// The set.
pub(super) struct Trusted {
    places: Vec<PathBuf>,
    algorithms: Vec<EsiaAlgorithm>,
    pause: Duration,
    loaded: Mutex<Loaded>,
}

impl std::fmt::Debug for Trusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trusted").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Trusted {
    /// Reads every file.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn open(config: &Config) -> Result<Self, String> {
        let places = config.trusted.clone();
        if places.is_empty() {
            return Err("esia.trusted: give the certificates of ЕСИА".to_owned());
        }
        let wrong = |error| format!("esia.trusted: {error}");
        let seen = look(&places).map_err(wrong)?;
        let keys = read(&seen).map_err(wrong)?;
        for algorithm in &config.algorithms {
            if !keys.iter().any(|key| key.algorithm() == *algorithm) {
                return Err(wrong(format!("there is no certificate for {}", algorithm.as_str())));
            }
        }
        Ok(Self {
            places,
            algorithms: config.algorithms.clone(),
            pause: Duration::from_secs(config.trusted_reload_seconds.into()),
            loaded: Mutex::new(Loaded { seen, keys: Arc::new(keys), looked_at: Instant::now() }),
        })
    }

    /// The keys as they are now; files are looked at once in a while. Blocks.
    pub fn keys(&self) -> Arc<Vec<PublicKey>> {
        self.refreshed(self.pause)
    }

    /// The keys after a look at the files out of turn: something fitted none of them. Blocks.
    pub fn keys_anew(&self) -> Arc<Vec<PublicKey>> {
        self.refreshed(SHORTEST.min(self.pause))
    }

    fn refreshed(&self, pause: Duration) -> Arc<Vec<PublicKey>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.looked_at.elapsed() < pause {
            return Arc::clone(&loaded.keys);
        }
        loaded.looked_at = Instant::now();
        let changed = look(&self.places).and_then(|seen| {
            if seen == loaded.seen {
                return Ok(None);
            }
            let keys = read(&seen)?;
            let missing =
                self.algorithms.iter().find(|wanted| !keys.iter().any(|key| key.algorithm() == **wanted));
            match missing {
                None => Ok(Some((seen, keys))),
                Some(algorithm) => {
                    Err(format!("there is no certificate for {} any more", algorithm.as_str()))
                }
            }
        });
        match changed {
            Ok(None) => {}
            Ok(Some((seen, keys))) => {
                tracing::info!(keys = keys.len(), "the trusted certificates of ЕСИА have changed");
                loaded.seen = seen;
                loaded.keys = Arc::new(keys);
            }
            // A file that is just being written: the set stays as it was until it can be read.
            Err(error) => tracing::warn!(%error, "the trusted certificates of ЕСИА stay as they were"),
        }
        Arc::clone(&loaded.keys)
    }
}

fn look(places: &[PathBuf]) -> Result<Seen, String> {
    let mut seen = Vec::new();
    for place in places {
        if place.is_dir() {
            let entries = std::fs::read_dir(place).map_err(|error| of(place, &error))?;
            for entry in entries {
                let file = entry.map_err(|error| of(place, &error))?.path();
                let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
                if file.is_file() && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) {
                    seen.push(stamp(file)?);
                }
            }
        } else {
            seen.push(stamp(place.clone())?);
        }
    }
    seen.sort();
    Ok(seen)
}

fn stamp(file: PathBuf) -> Result<(PathBuf, Option<SystemTime>, u64), String> {
    let metadata = std::fs::metadata(&file).map_err(|error| of(&file, &error))?;
    Ok((file, metadata.modified().ok(), metadata.len()))
}

fn read(seen: &Seen) -> Result<Vec<PublicKey>, String> {
    let mut keys = Vec::new();
    for (file, ..) in seen {
        let bytes = std::fs::read(file).map_err(|error| of(file, &error))?;
        keys.extend(PublicKey::read_all(&bytes).map_err(|error| of(file, &error))?);
    }
    Ok(keys)
}

fn of(place: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", place.display())
}
