//! The check of the sealed chain: from its beginning to its head, a batch at a time, in constant memory and without
//! standing in anybody's way.
//!
//! The chain proves that nothing was altered, removed or put between as long as its head is the last one there was.
//! Whoever brings the rows and the head back together to an older state leaves a chain that holds: only a
//! [`Checkpoint`] that is kept elsewhere shows that it has lost its end.

use std::fmt;
use std::str::FromStr;

use super::seal::link;
use super::store::{self, Head, Row};
use crate::context::Secrets;
use crate::db::types::Id;
use crate::db::{Conn, DbError};

/// Rows that are checked at a time.
const BATCH: i64 = 500;

/// What a check of the whole journal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Sealed rows that hold together, from the first on.
    pub sealed: i64,
    /// Rows that no seal covers yet; more than a second's worth means that the sealer stands.
    pub unsealed: i64,
    /// The first place at which the chain does not hold.
    pub broken: Option<Broken>,
    /// Checkpoints that the chain contains.
    pub checkpoints: usize,
}

/// Where the chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The position in the chain.
    pub position: i64,
    /// The entry that stands there, if there is one.
    pub entry: Option<Id>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The entry is not the one that was sealed, or the key is another.
    Altered,
    /// There is no entry with this position, though there are later ones.
    Missing,
    /// Another entry of those that follow belongs here.
    Order,
    /// The chain ends before its head: entries were removed from its end.
    EndCut,
    /// The head is not that of the chain: it was changed or set back.
    Head,
    /// The chain does not contain a checkpoint: it was brought back to an older state, or replaced.
    Checkpoint,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altered => "the entry is not the one that was sealed (or the key is another)",
            Self::Missing => "the entry was removed",
            Self::Order => "the order was changed: another entry belongs here",
            Self::EndCut => "entries were removed from the end: the head stands further",
            Self::Head => "the head is not that of the chain",
            Self::Checkpoint => {
                "the checkpoint is not in the chain: entries and head were brought back to an older state, or \
                 replaced"
            }
        })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "position {}", self.position)?;
        if let Some(id) = self.entry {
            write!(f, ", entry {id}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// The head of the chain at a moment, to be kept where nobody who can change the database can change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint(Head);

/// A line is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a checkpoint is a line `epos-audit POSITION SEAL`, as `epos audit checkpoint` prints it")]
pub struct CheckpointError;

impl Checkpoint {
    /// Its position.
    #[must_use]
    pub const fn position(&self) -> i64 {
        self.0.position
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epos-audit {} ", self.0.position)?;
        self.0.seal.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut parts = text.split_whitespace();
        let (Some("epos-audit"), Some(position), Some(seal), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(CheckpointError);
        };
        let position =
            position.parse::<i64>().ok().filter(|position| *position > 0).ok_or(CheckpointError)?;
        let digits = seal.as_bytes();
        if digits.len() != 64 {
            return Err(CheckpointError);
        }
        let seal: Option<Vec<u8>> = digits
            .chunks(2)
            .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .collect();
        Ok(Self(Head { position, seal: seal.ok_or(CheckpointError)? }))
    }
}

/// The head as it is now; nothing where nothing is sealed yet.
///
/// # Errors
/// The database fails.
pub fn checkpoint(conn: &mut Conn) -> Result<Option<Checkpoint>, DbError> {
    let head = store::head(conn)?;
    Ok((head.position > 0).then_some(Checkpoint(head)))
}

/// Checks the chain from its beginning, and that it contains what was its head at other times.
///
/// # Errors
/// The database fails.
pub fn verify(
    conn: &mut Conn,
    secrets: &Secrets,
    checkpoints: &[Checkpoint],
) -> Result<Verification, DbError> {
    let mut waited: Vec<&Head> = checkpoints.iter().map(|checkpoint| &checkpoint.0).collect();
    waited.sort_unstable_by_key(|head| std::cmp::Reverse(head.position));
    let mut last = Head { position: 0, seal: Vec::new() };
    let broken = loop {
        if let Some(broken) = follow(conn, secrets, &mut last, &mut waited)? {
            break Some(broken);
        }
        // Rows and head move together: a head that is further on was moved meanwhile, or its rows are gone.
        let head = store::head(conn)?;
        let at = |position, fault| Some(Broken { position, entry: None, fault });
        if head == last {
            break waited.last().and_then(|missed| at(missed.position, Fault::Checkpoint));
        }
        if head.position <= last.position {
            break at(last.position, Fault::Head);
        }
        if store::sealed_after(conn, last.position, 1)?.is_empty() {
            break at(last.position + 1, Fault::EndCut);
        }
    };
    Ok(Verification {
        sealed: last.position,
        unsealed: store::count_unsealed(conn)?,
        checkpoints: checkpoints.len() - waited.len(),
        broken,
    })
}

/// Follows the chain from a link on for as long as there are rows; answers where it does not hold.
fn follow(
    conn: &mut Conn,
    secrets: &Secrets,
    last: &mut Head,
    waited: &mut Vec<&Head>,
) -> Result<Option<Broken>, DbError> {
    loop {
        let rows = store::sealed_after(conn, last.position, BATCH)?;
        if rows.is_empty() {
            return Ok(None);
        }
        for (number, row) in rows.iter().enumerate() {
            let position = last.position + 1;
            let broken = |entry, fault| Ok(Some(Broken { position, entry, fault }));
            if row.position != Some(position) {
                return broken(None, Fault::Missing);
            }
            let seal = link(secrets, &last.seal, position, row);
            if row.seal.as_deref() != Some(&seal) {
                // Whether one of those that follow was sealed in this place.
                let belongs = |other: &Row| {
                    other.seal.as_deref() == Some(&link(secrets, &last.seal, position, other))
                        || row.seal.as_deref() == Some(&link(secrets, &last.seal, position, other))
                };
                let is_moved = rows.iter().skip(number + 1).any(belongs);
                return broken(Some(row.id), if is_moved { Fault::Order } else { Fault::Altered });
            }
            *last = Head { position, seal };
            while let Some(head) = waited.pop_if(|head| head.position <= position) {
                if head.position != position || head.seal != last.seal {
                    return Ok(Some(Broken {
                        position: head.position,
                        entry: None,
                        fault: Fault::Checkpoint,
                    }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_as_it_was_printed() {
        let checkpoint = Checkpoint(Head { position: 12, seal: (0..32).collect() });
        assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint.clone()));
        let text = checkpoint.to_string();
        for wrong in ["", "epos-audit", "epos-audit 1", "epos-audit 0 00", &text[1..], &format!("{text} x")] {
            assert_eq!(wrong.parse::<Checkpoint>(), Err(CheckpointError), "{wrong}");
        }
        assert_eq!(text.replace("1f", "зз").parse::<Checkpoint>(), Err(CheckpointError));
    }
}
