//! Letters as those they are for read them, straight from the outbox: tests of a feature need no mail server.

use diesel::prelude::*;
use epos_backend::db::schema::letters as t;
use epos_backend::db::types::Id;
use epos_backend::mail::Block;

use super::TestApp;

/// A letter that waits in the outbox.
#[derive(Debug, Clone)]
pub struct Letter {
    pub kind: String,
    pub subject: String,
    /// The words of every block.
    pub text: String,
    /// The addresses of its links, in their order.
    pub links: Vec<String>,
}

impl Letter {
    /// The address of the only link.
    #[track_caller]
    pub fn link(&self) -> &str {
        assert_eq!(self.links.len(), 1, "one link: {self:?}");
        &self.links[0]
    }

    /// The token of the only link: what stands in its fragment.
    #[track_caller]
    pub fn token(&self) -> &str {
        let (_, fragment) = self.link().split_once('#').expect("the token stands in the fragment");
        fragment.rsplit_once('=').map_or(fragment, |(_, token)| token)
    }
}

impl TestApp {
    /// The letters to this address, the oldest first.
    pub async fn letters_to(&self, address: &str) -> Vec<Letter> {
        let address = address.to_owned();
        let rows: Vec<(Id, String, String, Vec<u8>)> = self
            .read(move |conn| {
                let mine =
                    t::table.filter(t::recipient.eq(address)).order((t::created_at.asc(), t::id.asc()));
                Ok(mine.select((t::id, t::kind, t::subject, t::body)).load(conn)?)
            })
            .await;
        rows.into_iter().map(|row| self.opened(row)).collect()
    }

    /// The only letter to this address.
    pub async fn letter_to(&self, address: &str) -> Letter {
        let mut letters = self.letters_to(address).await;
        assert_eq!(letters.len(), 1, "one letter to {address}: {letters:?}");
        letters.remove(0)
    }

    fn opened(&self, (id, kind, subject, body): (Id, String, String, Vec<u8>)) -> Letter {
        let body = self.services.context.secrets().open_letter(id, &body).expect("a letter that still waits");
        let blocks: Vec<Block> = serde_json::from_slice(&body).unwrap();
        let (mut text, mut links) = (String::new(), Vec::new());
        for block in blocks {
            match block {
                Block::Text(words) => text.push_str(&format!("{words}\n")),
                Block::Link { label, url } => {
                    text.push_str(&format!("{label}: {url}\n"));
                    links.push(url);
                }
                Block::Facts(facts) => {
                    for (name, value) in facts {
                        text.push_str(&format!("{name}: {value}\n"));
                    }
                }
            }
        }
        Letter { kind, subject, text, links }
    }
}
