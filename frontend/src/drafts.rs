//! What a person leaves in the browser: what was typed and not saved, in the tab's storage, so that an ended session
//! or a closed laptop loses nothing; and what he has set for himself on this computer, which stays after the session.
//! Tied to the account; never a secret.

use leptos::prelude::window;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use web_sys::Storage;

const PREFIX: &str = "epos-draft:";
/// The same of settings.
const OWN: &str = "epos-own:";

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    account: String,
    draft: T,
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

fn lasting() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn put<T: Serialize>(storage: Option<Storage>, key: &str, account: &str, draft: &T) {
    let kept = Kept { account: account.to_owned(), draft };
    if let (Some(storage), Ok(text)) = (storage, serde_json::to_string(&kept)) {
        let _ = storage.set_item(key, &text);
    }
}

fn take<T: DeserializeOwned>(storage: Option<Storage>, key: &str, account: &str) -> Option<T> {
    let text = storage?.get_item(key).ok()??;
    let kept: Kept<T> = serde_json::from_str(&text).ok()?;
    (kept.account == account).then_some(kept.draft)
}

/// Keeps a draft under the page's name.
pub fn keep<T: Serialize>(account: &str, page: &str, draft: &T) {
    put(storage(), &format!("{PREFIX}{page}"), account, draft);
}

/// The draft of a page, if this account left one.
#[must_use]
pub fn find<T: DeserializeOwned>(account: &str, page: &str) -> Option<T> {
    take(storage(), &format!("{PREFIX}{page}"), account)
}

/// Forgets the draft of a page.
pub fn forget(page: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&format!("{PREFIX}{page}"));
    }
}

/// Keeps what the person has set for himself under a name.
pub fn keep_own<T: Serialize>(account: &str, name: &str, value: &T) {
    put(lasting(), &format!("{OWN}{name}"), account, value);
}

/// What this account has set for itself.
#[must_use]
pub fn find_own<T: DeserializeOwned>(account: &str, name: &str) -> Option<T> {
    take(lasting(), &format!("{OWN}{name}"), account)
}

/// Forgets the drafts and the settings of every other account.
pub fn keep_only(account: &str) {
    let mine =
        |text: &str| serde_json::from_str::<Kept<IgnoredAny>>(text).is_ok_and(|kept| kept.account == account);
    forget_unless(storage(), PREFIX, &mine);
    forget_unless(lasting(), OWN, &mine);
}

/// Forgets every draft.
pub fn forget_all() {
    forget_unless(storage(), PREFIX, &|_| false);
}

fn forget_unless(storage: Option<Storage>, prefix: &str, stays: &dyn Fn(&str) -> bool) {
    let Some(storage) = storage else { return };
    let count = storage.length().unwrap_or_default();
    let keys: Vec<String> = (0..count).filter_map(|place| storage.key(place).ok().flatten()).collect();
    for key in keys.iter().filter(|key| key.starts_with(prefix)) {
        let text = storage.get_item(key).ok().flatten().unwrap_or_default();
        if !stays(&text) {
            let _ = storage.remove_item(key);
        }
    }
}
