//! The errors of a form: judged by `shared` while typing (after a field was left once) and on submit, and
//! those the server found, in the same place.

use std::collections::BTreeSet;
use std::time::Duration;

use epos_shared::problem::FieldError;
use leptos::prelude::*;

use crate::dom;

/// How long a press of a button takes.
const PRESS: Duration = Duration::from_millis(200);

/// The errors of one form.
#[derive(Clone, Copy)]
pub struct FormErrors {
    judged: Memo<Vec<FieldError>>,
    refused: RwSignal<Vec<FieldError>>,
    edited: StoredValue<BTreeSet<String>>,
    left: RwSignal<BTreeSet<String>>,
    submitted: RwSignal<bool>,
}

/// The id of the element that shows the field at that path (`roles/0/end`).
#[must_use]
pub fn field_id(path: &str) -> String {
    format!("field-{}", path.replace('/', "-"))
}

/// The message for a field: what the server said stands until the field is changed; what the rules say is
/// shown for fields that were left, or all after a submit.
fn message(
    path: &str,
    refused: &[FieldError],
    judged: &[FieldError],
    left: &BTreeSet<String>,
    all: bool,
) -> Option<String> {
    let of =
        |errors: &[FieldError]| errors.iter().find(|error| error.field == path).map(|e| e.message.clone());
    of(refused).or_else(|| if all || left.contains(path) { of(judged) } else { None })
}

impl FormErrors {
    /// A form whose rules are `judge`: reactive, every wrong field in the order of the form.
    pub fn new(judge: impl Fn() -> Vec<FieldError> + Send + Sync + 'static) -> Self {
        Self {
            judged: Memo::new(move |_| judge()),
            refused: RwSignal::default(),
            edited: StoredValue::default(),
            left: RwSignal::default(),
            submitted: RwSignal::new(false),
        }
    }

    /// The message to show for a field; reactive.
    #[must_use]
    pub fn message(self, path: &str) -> Option<String> {
        let all = self.submitted.get();
        self.refused.with(|refused| {
            self.judged.with(|judged| self.left.with(|left| message(path, refused, judged, left, all)))
        })
    }

    /// A field was changed: what the server said of it is out of date.
    pub fn changed(self, path: &str) {
        self.edited.update_value(|edited| {
            edited.insert(path.to_owned());
        });
        if self.refused.with_untracked(|refused| refused.iter().any(|error| error.field == path)) {
            self.refused.update(|refused| refused.retain(|error| error.field != path));
        }
    }

    /// A field was left; only one that was touched is judged from now on. A moment later: a message that came at
    /// once would move the button away from under the finger that is pressing it.
    pub fn left(self, path: &str) {
        let path = path.to_owned();
        let judge = move || {
            // The form may be gone, or saved, by then.
            if self.edited.try_with_value(|edited| edited.contains(&path)) == Some(true) {
                self.left.try_update(|left| left.insert(path));
            }
        };
        set_timeout(judge, PRESS);
    }

    /// Judges the whole form; where it is wrong, the focus goes to the first wrong field.
    #[must_use]
    pub fn submit(self) -> bool {
        self.refused.set(Vec::new());
        self.submitted.set(true);
        let errors = self.judged.get_untracked();
        focus_first(&errors);
        errors.is_empty()
    }

    /// Shows what the server found; gives the errors that have no place on the form.
    pub fn refuse(self, errors: &[FieldError]) -> Vec<FieldError> {
        self.refused.set(errors.to_vec());
        focus_first(errors);
        errors.iter().filter(|error| !dom::exists(&field_id(&error.field))).cloned().collect()
    }

    /// Forgets what was shown, after a save.
    pub fn clear(self) {
        self.refused.set(Vec::new());
        self.left.set(BTreeSet::new());
        self.edited.set_value(BTreeSet::new());
        self.submitted.set(false);
    }
}

fn focus_first(errors: &[FieldError]) {
    if let Some(id) = errors.iter().map(|error| field_id(&error.field)).find(|id| dom::exists(id)) {
        // After the messages stand on the page, so that a screen reader reads them with the field.
        dom::focus_later(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(field: &str, message: &str) -> FieldError {
        FieldError { field: field.to_owned(), code: String::new(), message: message.to_owned() }
    }

    #[test]
    fn a_field_is_judged_only_after_it_was_left() {
        let judged = [error("a", "правило")];
        let left = BTreeSet::from(["a".to_owned()]);
        assert_eq!(message("a", &[], &judged, &BTreeSet::new(), false), None);
        assert_eq!(message("a", &[], &judged, &left, false).as_deref(), Some("правило"));
        assert_eq!(message("a", &[], &judged, &BTreeSet::new(), true).as_deref(), Some("правило"));
        assert_eq!(message("b", &[], &judged, &left, true), None);
    }

    #[test]
    fn what_the_server_said_comes_first() {
        let (refused, judged) = ([error("a", "сервер")], [error("a", "правило")]);
        assert_eq!(message("a", &refused, &judged, &BTreeSet::new(), true).as_deref(), Some("сервер"));
    }

    #[test]
    fn ids_are_made_of_paths() {
        assert_eq!(field_id("roles/0/end"), "field-roles-0-end");
    }
}
