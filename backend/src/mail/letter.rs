//! A letter as its feature writes it: blocks, from which the plain text and the HTML are made alike.

use epos_shared::values::Email;
use serde::{Deserialize, Serialize};

/// A part of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// What the letter is for: a link with its words.
    Link {
        /// The words.
        label: String,
        /// The address, built from `public_url`.
        url: String,
    },
    /// A table of two columns: names and values.
    Facts(Vec<(String, String)>),
}

/// A letter. No block holds what a stranger typed, unless the address has been proven to be his.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it tells of: a stable word (`registration.activation`).
    pub kind: &'static str,
    /// To whom.
    pub to: Email,
    /// Its subject: one line.
    pub subject: String,
    /// Its parts.
    pub blocks: Vec<Block>,
}

impl Letter {
    /// A letter without a word in it.
    #[must_use]
    pub fn new(kind: &'static str, to: &Email, subject: &str) -> Self {
        Self { kind, to: to.clone(), subject: subject.to_owned(), blocks: Vec::new() }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// Adds the link it is for.
    #[must_use]
    pub fn link(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.blocks.push(Block::Link { label: label.into(), url: url.into() });
        self
    }

    /// Adds a table of names and values.
    #[must_use]
    pub fn facts<'a>(mut self, facts: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.blocks.push(Block::Facts(facts));
        self
    }

    /// The blocks as they are kept.
    pub(super) fn body(&self) -> Vec<u8> {
        // Strings and lists of strings can always be written.
        serde_json::to_vec(&self.blocks).unwrap_or_default()
    }

    /// The blocks of a kept body.
    pub(super) fn blocks(body: &[u8]) -> Option<Vec<Block>> {
        serde_json::from_slice(body).ok()
    }
}
