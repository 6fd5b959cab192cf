//! The state of the staff list, as it stands in the address bar.

use epos_shared::api::employees::{EmployeeQuery, EmployeeSort, EmployeeState};
use epos_shared::roles::Role;

use crate::address::with_query;
use crate::api::wire_name;
use crate::pages::kontingent::LIST;

/// What stands in the address; what cannot be read is left out.
#[must_use]
pub fn read(parameter: impl Fn(&str) -> Option<String>) -> EmployeeQuery {
    EmployeeQuery {
        query: parameter("query").filter(|query| !query.trim().is_empty()),
        organization: parameter("organization").and_then(|id| id.parse().ok()),
        role: parameter("role").and_then(|role| Role::from_wire(&role)),
        state: parameter("state")
            .and_then(|state| EmployeeState::ALL.into_iter().find(|s| s.as_str() == state)),
        sort: parameter("sort")
            .and_then(|sort| EmployeeSort::ALL.into_iter().find(|s| wire_name(s).as_ref() == Some(&sort))),
        after: parameter("after"),
        before: parameter("before"),
        limit: None,
    }
}

/// The address of the list in that state.
#[must_use]
pub fn address(query: &EmployeeQuery) -> String {
    let sort = query.sort.filter(|sort| *sort != EmployeeSort::default());
    with_query(
        LIST,
        [
            ("query", query.query.clone()),
            ("organization", query.organization.map(|id| id.to_string())),
            ("role", query.role.map(|role| role.as_str().to_owned())),
            ("state", query.state.map(|state| state.as_str().to_owned())),
            ("sort", sort.and_then(wire_name)),
            ("after", query.after.clone()),
            ("before", query.before.clone()),
        ],
    )
}

/// Another selection begins at its first page.
#[must_use]
pub fn from_the_start(query: EmployeeQuery) -> EmployeeQuery {
    EmployeeQuery { after: None, before: None, ..query }
}

/// Whether anything narrows the list.
#[must_use]
pub fn narrowed(query: &EmployeeQuery) -> bool {
    query.query.is_some() || query.organization.is_some() || query.role.is_some() || query.state.is_some()
}

/// An order in Russian.
#[must_use]
pub const fn sort_title(sort: EmployeeSort) -> &'static str {
    match sort {
        EmployeeSort::Name => "По ФИО, от А до Я",
        EmployeeSort::NameDescending => "По ФИО, от Я до А",
        EmployeeSort::Login => "По логину, от A до Z",
        EmployeeSort::LoginDescending => "По логину, от Z до A",
        EmployeeSort::Newest => "Сначала новые карточки",
        EmployeeSort::Oldest => "Сначала старые карточки",
        EmployeeSort::Organization => "По организации, от А до Я",
        EmployeeSort::OrganizationDescending => "По организации, от Я до А",
        EmployeeSort::End => "По окончанию роли, сначала раннее",
        EmployeeSort::EndDescending => "По окончанию роли, сначала позднее",
        EmployeeSort::SignIn => "По входу, сначала не входившие",
        EmployeeSort::SignInDescending => "По входу, сначала недавние",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_restores_the_list() {
        let query = EmployeeQuery {
            query: Some("ёлкина анна".to_owned()),
            organization: "0192f0c1-0000-7000-8000-000000000001".parse().ok(),
            role: Some(Role::Teacher),
            state: Some(EmployeeState::EndsSoon),
            sort: Some(EmployeeSort::LoginDescending),
            after: Some("abc=".to_owned()),
            before: None,
            limit: None,
        };
        let address = address(&query);
        let pairs: Vec<(String, String)> = address
            .split_once('?')
            .unwrap()
            .1
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let plain = |name: &str| {
            let value = &pairs.iter().find(|(known, _)| known == name)?.1;
            Some(match name {
                "query" => "ёлкина анна".to_owned(),
                "after" => "abc=".to_owned(),
                _ => value.clone(),
            })
        };
        assert_eq!(read(plain), query);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let query = read(|name| Some(format!("нечто {name}")));
        assert_eq!((query.role, query.state, query.sort, query.organization), (None, None, None, None));
        assert_eq!(address(&EmployeeQuery::default()), LIST);
        let sorted = EmployeeQuery { sort: Some(EmployeeSort::Name), ..Default::default() };
        assert_eq!(address(&sorted), LIST, "the usual order needs no word");
    }
}
