//! The cards that something is to be done to, on their way from the list (or an import) to the page that does it.

use epos_shared::api::employees::EmployeeQuery;
use epos_shared::ids::EmployeeId;
use serde::{Deserialize, Serialize};

use crate::dom;

/// The address of the page.
pub const BULK: &str = "/kontingent/bulk";
/// Under which name the selection waits.
const NAME: &str = "epos-selection";

/// Which cards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Selection {
    /// These.
    Cards(Vec<EmployeeId>),
    /// All that a list holds.
    All(Box<EmployeeQuery>),
}

impl Selection {
    /// Leaves it for the page.
    pub fn hand_on(&self) {
        if let Ok(text) = serde_json::to_string(self) {
            dom::hand_on(NAME, &text);
        }
    }

    /// Takes what was left.
    #[must_use]
    pub fn taken() -> Option<Self> {
        serde_json::from_str(&dom::handed_on(NAME)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_read_as_it_was_left() {
        let query = EmployeeQuery { query: Some("ким".to_owned()), ..Default::default() };
        for selection in [Selection::Cards(Vec::new()), Selection::All(Box::new(query))] {
            let text = serde_json::to_string(&selection).unwrap();
            assert_eq!(serde_json::from_str::<Selection>(&text).unwrap(), selection);
        }
    }
}
