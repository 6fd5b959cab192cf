//! What was typed and not saved, kept in the tab's storage: an ended session or a closed laptop loses nothing.
//! Tied to the account; never a secret.

use leptos::prelude::window;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use web_sys::Storage;

const PREFIX: &str = "epos-draft:";

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    account: String,
    draft: T,
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Keeps a draft under the page's name.
pub fn keep<T: Serialize>(account: &str, page: &str, draft: &T) {
    let kept = Kept { account: account.to_owned(), draft };
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(&kept)) {
        let _ = storage.set_item(&format!("{PREFIX}{page}"), &text);
    }
}

/// The draft of a page, if this account left one.
#[must_use]
pub fn find<T: DeserializeOwned>(account: &str, page: &str) -> Option<T> {
    let text = storage()?.get_item(&format!("{PREFIX}{page}")).ok()??;
    let kept: Kept<T> = serde_json::from_str(&text).ok()?;
    (kept.account == account).then_some(kept.draft)
}

/// Forgets the draft of a page.
pub fn forget(page: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&format!("{PREFIX}{page}"));
    }
}

/// Forgets the drafts of every other account.
pub fn keep_only(account: &str) {
    forget_unless(|text| {
        serde_json::from_str::<Kept<serde::de::IgnoredAny>>(text).is_ok_and(|kept| kept.account == account)
    });
}

/// Forgets every draft.
pub fn forget_all() {
    forget_unless(|_| false);
}

fn forget_unless(stays: impl Fn(&str) -> bool) {
    let Some(storage) = storage() else { return };
    let count = storage.length().unwrap_or_default();
    let keys: Vec<String> = (0..count).filter_map(|place| storage.key(place).ok().flatten()).collect();
    for key in keys.iter().filter(|key| key.starts_with(PREFIX)) {
        let text = storage.get_item(key).ok().flatten().unwrap_or_default();
        if !stays(&text) {
            let _ = storage.remove_item(key);
        }
    }
}
