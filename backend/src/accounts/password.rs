//! Hashing of passwords that people choose: Argon2id behind a bounded pool, so that a rush of sign-ins costs
//! bounded memory and the rest is told honestly to come back.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

use crate::config::Passwords;
use crate::context::Context;
use crate::memory;
use crate::workers::Workers;

/// A hash could not be made or checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// More are waiting than the configuration allows, or for too long.
    #[error("too many passwords are being hashed")]
    Overloaded,
    /// Argon2 failed.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or none is set.
    Wrong,
    /// The right one; a new hash where the parameters have changed since.
    Right {
        /// To be stored instead of the old one.
        renewed: Option<String>,
    },
}

/// The bounded pool. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    params: Params,
    /// As many as may be in the building: hashing or waiting.
    admitted: Arc<Semaphore>,
    /// As many as hash.
    slots: Arc<Semaphore>,
    wait: Duration,
    workers: Workers,
    /// The hash of a password nobody knows: checked where there is no account, so that the work is the same.
    nobody: Arc<str>,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").field("free", &self.slots.available_permits()).finish_non_exhaustive()
    }
}

impl Hasher {
    /// A pool as configured. Makes one hash, and so blocks for its time.
    ///
    /// # Errors
    /// Argon2 does not take the parameters.
    pub fn new(config: &Passwords, params: Params, context: &Context) -> Result<Self, HashError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let concurrent = if config.concurrent == 0 { cores } else { config.concurrent };
        let nobody = hash(&params, &context.bytes::<32>(), &context.bytes::<16>())?;
        Ok(Self {
            params,
            admitted: Arc::new(Semaphore::new(concurrent + config.waiting)),
            slots: Arc::new(Semaphore::new(concurrent)),
            wait: Duration::from_millis(config.wait_ms),
            workers: Workers::start_resting(
                "epos-hash",
                u32::try_from(concurrent).unwrap_or(u32::MAX),
                give_back,
            )
            .map_err(|error| HashError::Failed(error.to_string()))?,
            nobody: nobody.into(),
        })
    }

    /// Checks a password against a stored hash; without one the same work is done and the answer is no.
    ///
    /// # Errors
    /// Too many at a time; a stored hash that is none.
    pub async fn verify(
        &self,
        context: &Context,
        password: String,
        stored: Option<String>,
    ) -> Result<Verdict, HashError> {
        let params = self.params.clone();
        let nobody = Arc::clone(&self.nobody);
        let salt = context.bytes::<16>();
        self.run(move || {
            let text = stored.as_deref().unwrap_or(&nobody);
            let parsed = PasswordHash::new(text).map_err(|error| HashError::Failed(error.to_string()))?;
            let is_right = is_right(password.as_bytes(), &parsed);
            if !is_right || stored.is_none() {
                return Ok(Verdict::Wrong);
            }
            let is_current = parsed.algorithm.as_str() == Algorithm::Argon2id.as_str()
                && Params::try_from(&parsed).is_ok_and(|used| same_work(&used, &params));
            let renewed = if is_current { None } else { Some(hash(&params, password.as_bytes(), &salt)?) };
            Ok(Verdict::Right { renewed })
        })
        .await
    }

    /// Whether a password is one of those whose hashes are stored, as one piece of work.
    ///
    /// # Errors
    /// Too many at a time; a stored hash that is none.
    pub async fn is_any_of(&self, password: String, stored: Vec<String>) -> Result<bool, HashError> {
        self.run(move || {
            for text in &stored {
                let parsed = PasswordHash::new(text).map_err(|error| HashError::Failed(error.to_string()))?;
                if is_right(password.as_bytes(), &parsed) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// Too many at a time.
    pub async fn hash(&self, context: &Context, password: String) -> Result<String, HashError> {
        let params = self.params.clone();
        let salt = context.bytes::<16>();
        self.run(move || hash(&params, password.as_bytes(), &salt)).await
    }

    /// [`Self::hash`] for commands and demo data, which stand in nobody's way.
    ///
    /// # Errors
    /// Argon2 fails.
    pub fn hash_blocking(&self, context: &Context, password: &str) -> Result<String, HashError> {
        hash(&self.params, password.as_bytes(), &context.bytes::<16>())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| HashError::Overloaded)?;
        let slot = tokio::time::timeout(self.wait, Arc::clone(&self.slots).acquire_owned())
            .await
            .map_err(|_| HashError::Overloaded)?
            .map_err(|_| HashError::Overloaded)?;
        let done = self.workers.run(move || {
            // Both go with the work: a person who left does not make room before it is done.
            let _held = (admitted, slot);
            work()
        });
        done.await.unwrap_or_else(|| Err(HashError::Failed("the work panicked".to_owned())))
    }
}

thread_local! {
    /// What a hash is made in (19 MiB by default). Filling it with nothing before each hash costs a tenth of the
    /// hash, and it is written whole before it is read: so a thread keeps it from one hash to the next.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Gives back the memory of the thread: nobody signs in.
fn give_back() {
    MEMORY.with_borrow_mut(|memory| *memory = Vec::new());
    memory::give_back();
}

/// Whether a password is the one of a hash; a hash that is none of ours is no password's.
fn is_right(password: &[u8], parsed: &PasswordHash) -> bool {
    let (Some(salt), Some(expected)) = (&parsed.salt, &parsed.hash) else { return false };
    let Ok(algorithm) = Algorithm::try_from(parsed.algorithm.as_str()) else { return false };
    let Ok(version) = parsed.version.map_or(Ok(Version::default()), Version::try_from) else { return false };
    let Ok(params) = Params::try_from(parsed) else { return false };
    let blocks = params.block_count();
    let mut made = vec![0; expected.as_ref().len()];
    let done = MEMORY.with_borrow_mut(|memory| {
        if memory.len() < blocks {
            memory.resize(blocks, Block::default());
        }
        let memory = memory.get_mut(..blocks).unwrap_or_default();
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password, salt, &mut made, memory)
    });
    // Compared in constant time.
    done.is_ok() && Output::new(&made).is_ok_and(|made| made == *expected)
}

fn same_work(one: &Params, other: &Params) -> bool {
    (one.m_cost(), one.t_cost(), one.p_cost()) == (other.m_cost(), other.t_cost(), other.p_cost())
}

fn hash(params: &Params, password: &[u8], salt: &[u8; 16]) -> Result<String, HashError> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_with_salt(password, salt)
        .map(|hash| hash.to_string())
        .map_err(|error| HashError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{MasterKey, Secrets, SeededRandom, SystemClock};

    fn context() -> Context {
        let secrets = Secrets::new(&MasterKey::from_bytes([1; 32]));
        Context::new(Arc::new(SystemClock), Arc::new(SeededRandom::new(1)), secrets, chrono_tz::UTC)
    }

    fn cheap(iterations: u32) -> Params {
        Params::new(8, iterations, 1, None).unwrap()
    }

    #[tokio::test]
    async fn a_hash_is_renewed_when_the_parameters_have_changed() {
        let context = context();
        let old = Hasher::new(&Passwords::default(), cheap(1), &context).unwrap();
        let stored = old.hash(&context, "верный пароль".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{stored}");
        let right = old.verify(&context, "верный пароль".into(), Some(stored.clone())).await;
        assert_eq!(right, Ok(Verdict::Right { renewed: None }));
        let new = Hasher::new(&Passwords::default(), cheap(2), &context).unwrap();
        let Ok(Verdict::Right { renewed: Some(renewed) }) =
            new.verify(&context, "верный пароль".into(), Some(stored.clone())).await
        else {
            panic!("not renewed");
        };
        let right = new.verify(&context, "верный пароль".into(), Some(renewed)).await;
        assert_eq!(right, Ok(Verdict::Right { renewed: None }));
        assert_eq!(new.verify(&context, "другой пароль".into(), Some(stored)).await, Ok(Verdict::Wrong));
        assert_eq!(new.verify(&context, "любой пароль".into(), None).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn past_the_bounds_the_answer_is_overloaded() {
        let context = context();
        let config = Passwords { concurrent: 1, waiting: 0, wait_ms: 10, ..Passwords::default() };
        let hasher = Hasher::new(&config, cheap(1), &context).unwrap();
        let busy = Arc::clone(&hasher.slots).acquire_owned().await.unwrap();
        assert_eq!(hasher.hash(&context, "ждёт и не дождётся".into()).await, Err(HashError::Overloaded));
        let _other = Arc::clone(&hasher.admitted).acquire_owned().await.unwrap();
        assert_eq!(hasher.hash(&context, "не войдёт".into()).await, Err(HashError::Overloaded));
        drop(busy);
    }
}
