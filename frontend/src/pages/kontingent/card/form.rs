//! The form of a card: a signal for each field.

use epos_shared::api::employees::{PersonDraft, RoleDraft};
use epos_shared::ids::{OrganizationId, RoleAssignmentId};
use epos_shared::roles::Role;
use leptos::prelude::*;

use super::text::CardText;

/// A role on the form. Its signals live as long as the row: rows are made by presses of buttons that may be
/// gone before them.
#[derive(Clone, PartialEq)]
pub struct RoleRow {
    /// Names the row while the form is open.
    pub key: u32,
    /// The assignment, or nothing for a role that is added.
    pub id: Option<RoleAssignmentId>,
    /// «Роль».
    pub role: ArcRwSignal<Option<Role>>,
    /// «Начальная дата».
    pub start: ArcRwSignal<String>,
    /// «Конечная дата».
    pub end: ArcRwSignal<String>,
}

/// The form.
#[derive(Clone, Copy)]
pub struct CardForm {
    /// The organization of a new card.
    pub organization: RwSignal<Option<OrganizationId>>,
    /// «Фамилия».
    pub family_name: RwSignal<String>,
    /// «Имя».
    pub given_name: RwSignal<String>,
    /// «Отчество».
    pub patronymic: RwSignal<String>,
    /// «Без отч.».
    pub no_patronymic: RwSignal<bool>,
    /// «E-mail».
    pub email: RwSignal<String>,
    /// «СНИЛС».
    pub snils: RwSignal<String>,
    /// «Телефон».
    pub phone: RwSignal<String>,
    /// «Примечание».
    pub note: RwSignal<String>,
    /// The roles.
    pub roles: RwSignal<Vec<RoleRow>>,
    next_key: StoredValue<u32>,
}

impl CardForm {
    /// A form with that on it.
    #[must_use]
    pub fn new(text: &CardText) -> Self {
        let form = Self {
            organization: RwSignal::default(),
            family_name: RwSignal::default(),
            given_name: RwSignal::default(),
            patronymic: RwSignal::default(),
            no_patronymic: RwSignal::default(),
            email: RwSignal::default(),
            snils: RwSignal::default(),
            phone: RwSignal::default(),
            note: RwSignal::default(),
            roles: RwSignal::default(),
            next_key: StoredValue::new(0),
        };
        form.set(text);
        form
    }

    /// Puts that onto the form.
    pub fn set(self, text: &CardText) {
        self.organization.set(text.organization);
        self.set_person(&text.person);
        self.note.set(text.note.clone());
        let rows = text.roles.iter().map(|role| self.row(role)).collect();
        self.roles.set(rows);
    }

    /// Puts a person onto the form.
    pub fn set_person(self, person: &PersonDraft) {
        self.family_name.set(person.family_name.clone());
        self.given_name.set(person.given_name.clone());
        self.patronymic.set(person.patronymic.clone());
        self.no_patronymic.set(person.no_patronymic);
        self.email.set(person.email.clone());
        self.snils.set(person.snils.clone());
        self.phone.set(person.phone.clone());
    }

    fn row(self, role: &RoleDraft) -> RoleRow {
        let key = self.next_key.get_value();
        self.next_key.set_value(key.wrapping_add(1));
        RoleRow {
            key,
            id: role.id,
            role: ArcRwSignal::new(role.role),
            start: ArcRwSignal::new(role.start.clone()),
            end: ArcRwSignal::new(role.end.clone()),
        }
    }

    /// Adds a role that begins on `start`; gives its place.
    pub fn add_role(self, start: String) -> usize {
        let row = self.row(&RoleDraft { start, ..RoleDraft::default() });
        let place = self.roles.with_untracked(Vec::len);
        self.roles.update(|rows| rows.push(row));
        place
    }

    /// Takes a role away that was added.
    pub fn remove_role(self, key: u32) {
        self.roles.update(|rows| rows.retain(|row| row.key != key || row.id.is_some()));
    }

    /// What stands on the form; reactive.
    #[must_use]
    pub fn text(self) -> CardText {
        let no_patronymic = self.no_patronymic.get();
        // With «Без отч.» what was typed stays in the field, out of sight, in case the tick is taken back.
        let patronymic = self.patronymic.get();
        CardText {
            organization: self.organization.get(),
            person: PersonDraft {
                family_name: self.family_name.get(),
                given_name: self.given_name.get(),
                patronymic: if no_patronymic { String::new() } else { patronymic },
                no_patronymic,
                email: self.email.get(),
                snils: self.snils.get(),
                phone: self.phone.get(),
            },
            roles: self.roles.with(|rows| {
                rows.iter()
                    .map(|row| RoleDraft {
                        id: row.id,
                        role: row.role.get(),
                        start: row.start.get(),
                        end: row.end.get(),
                    })
                    .collect()
            }),
            note: self.note.get(),
        }
    }

    /// The same, not reactive.
    #[must_use]
    pub fn text_now(self) -> CardText {
        untrack(move || self.text())
    }
}
