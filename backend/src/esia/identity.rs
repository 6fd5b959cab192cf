//! Whom ЕСИА has told us of.

use epos_shared::values::{Email, FullName, Snils};

/// A person at Госуслуги: confirmed, not deleted, from an answer that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The identifier there, as text whatever its form on the wire.
    pub oid: String,
    /// ФИО.
    pub name: FullName,
    /// СНИЛС, where it was asked for and told.
    pub snils: Option<Snils>,
    /// The e-mails (`EML`) that are `VERIFIED`, in the order told; people are matched by these alone.
    pub emails: Vec<Email>,
}
