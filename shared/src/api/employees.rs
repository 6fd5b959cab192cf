//! Employee cards («Сотрудник организации», screens.md 15–18).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::organizations::OrganizationSummary;
use super::proposals::WaitingProposal;
use crate::ids::{EmployeeId, OrganizationId, RoleAssignmentId};
use crate::problem::FieldError;
use crate::rights::{Action, Verdict};
use crate::roles::{OrganizationKind, Role};
use crate::values::{
    Email, FullName, InvalidValue, Login, NameError, Period, PersonName, Phone, RoleState, Snils,
    format_date, parse_date, value_error,
};

/// The longest «Примечание», in characters.
pub const MAX_NOTE_LENGTH: usize = 2000;
/// Roles on one card at most, ended ones included.
pub const MAX_ROLES: usize = 50;

value_error! {
    /// What is wrong with a card as a whole or with one of its roles.
    CardError {
        /// No organization was chosen.
        OrganizationMissing = "organization-missing", "Выберите организацию";
        /// The organization is not there, closed, or not in view.
        OrganizationUnknown = "organization-unknown", "Такой организации нет среди доступных вам";
        /// No role was chosen.
        RoleMissing = "role-missing", "Выберите роль";
        /// The role does not fit the kind of organization.
        RoleUnfit = "role-unfit", "Такой роли в организации этого вида не бывает";
        /// A card needs a role.
        NoRoles = "no-roles", "Добавьте хотя бы одну роль";
        /// More roles than a card can have.
        TooManyRoles = "too-many-roles", "На карточке не больше 50 ролей";
        /// The same role twice on one day.
        RoleTwice = "role-twice", "Эта роль уже есть на карточке в те же дни";
        /// A role that is on the card was left out of the request.
        RoleLeftOut = "role-left-out", "Роль нельзя удалить: укажите конечную дату";
        /// The role of an assignment cannot become another.
        RoleChanged = "role-changed", "Роль нельзя заменить: укажите конечную дату и добавьте новую роль";
        /// There is no such assignment on the card.
        AssignmentUnknown = "assignment-unknown", "Такой роли на карточке нет";
        /// An ended role is history.
        RoleEnded = "role-ended", "Роль закончилась, её даты не меняют: добавьте роль заново";
        /// A new role that is over already.
        AlreadyOver = "role-already-over", "Конечная дата новой роли уже прошла";
        /// The actor may not give, change or end this role.
        RoleForbidden = "role-forbidden", "Эту роль вы не назначаете и не меняете";
        /// The department confirms this.
        RoleNeedsConfirmation = "role-needs-confirmation", "Роль руководителя назначает и меняет управление образованием";
        /// The organization closes before the role ends.
        OrganizationCloses = "organization-closes", "Организация закрывается: укажите конечную дату не позже её последнего дня";
        /// A note longer than 2000 characters.
        NoteTooLong = "note-too-long", "Примечание не длиннее 2000 знаков";
    }
}

/// The person of a card, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonDraft {
    /// «Фамилия».
    pub family_name: String,
    /// «Имя».
    pub given_name: String,
    /// «Отчество»; empty with «Без отч.».
    #[serde(default)]
    pub patronymic: String,
    /// «Без отч.».
    #[serde(default)]
    pub no_patronymic: bool,
    /// E-mail.
    #[serde(default)]
    pub email: String,
    /// «СНИЛС»; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub snils: String,
    /// «Телефон»; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

/// The person of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// ФИО.
    pub name: FullName,
    /// E-mail; cards that came without one may stay without.
    pub email: Option<Email>,
    /// СНИЛС, where it is known: then it must agree with what Госуслуги tell.
    pub snils: Option<Snils>,
    /// Telephone, where it is known.
    pub phone: Option<Phone>,
}

/// Whether a card may stay without an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailRule {
    /// New cards: sign-in through Госуслуги depends on it.
    Required,
    /// Cards that never had one.
    MayStayEmpty,
}

impl PersonDraft {
    /// A person as the form would send him, each value in its one form.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let text = |part: Option<&PersonName>| part.map(ToString::to_string).unwrap_or_default();
        Self {
            family_name: person.name.family_name.to_string(),
            given_name: person.name.given_name.to_string(),
            patronymic: text(person.name.patronymic.as_ref()),
            no_patronymic: person.name.patronymic.is_none(),
            email: person.email.as_ref().map(|email| email.as_str().to_owned()).unwrap_or_default(),
            snils: person.snils.as_ref().map(Snils::formatted).unwrap_or_default(),
            phone: person.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// The person, or every wrong field; `at` is the path before the fields' names (`person/`).
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self, at: &str, rule: EmailRule) -> Result<Person, Vec<FieldError>> {
        let mut errors = Vec::new();
        let family_name = noted(&mut errors, self.family_name.parse::<PersonName>(), at, "family_name");
        let given_name = noted(&mut errors, self.given_name.parse::<PersonName>(), at, "given_name");
        let patronymic = noted(&mut errors, self.parse_patronymic(), at, "patronymic");
        let email = if self.email.trim().is_empty() && rule == EmailRule::MayStayEmpty {
            Some(None)
        } else {
            noted(&mut errors, self.email.parse::<Email>(), at, "email").map(Some)
        };
        let snils = noted(&mut errors, optional::<Snils>(&self.snils), at, "snils");
        let phone = noted(&mut errors, optional::<Phone>(&self.phone), at, "phone");
        match (family_name, given_name, patronymic, email, snils, phone) {
            (
                Some(family_name),
                Some(given_name),
                Some(patronymic),
                Some(email),
                Some(snils),
                Some(phone),
            ) => Ok(Person { name: FullName { family_name, given_name, patronymic }, email, snils, phone }),
            _ => Err(errors),
        }
    }

    /// Отчество is required unless «Без отч.» is set, and must then be empty (validation.md).
    fn parse_patronymic(&self) -> Result<Option<PersonName>, NameError> {
        match (self.no_patronymic, self.patronymic.trim().is_empty()) {
            (true, true) => Ok(None),
            (true, false) => Err(NameError::PatronymicNotEmpty),
            (false, true) => Err(NameError::PatronymicMissing),
            (false, false) => self.patronymic.parse().map(Some),
        }
    }
}

/// A value that may be left out.
fn optional<T: std::str::FromStr>(text: &str) -> Result<Option<T>, T::Err> {
    if text.trim().is_empty() { Ok(None) } else { text.parse().map(Some) }
}

/// The value, or nothing after its error was noted at `at` + `field`.
fn noted<T, E: InvalidValue>(
    errors: &mut Vec<FieldError>,
    result: Result<T, E>,
    at: &str,
    field: &str,
) -> Option<T> {
    result.map_err(|error| errors.push(error.at(format!("{at}{field}")))).ok()
}

/// A role of a card, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleDraft {
    /// The assignment that is changed; absent for a role that is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RoleAssignmentId>,
    /// «Роль».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// «Начальная дата»: ГГГГ-ММ-ДД, or ДД.ММ.ГГГГ as people type it.
    pub start: String,
    /// «Конечная дата», likewise; empty means open-ended.
    #[serde(default)]
    pub end: String,
}

impl RoleDraft {
    /// A role as the form would send it.
    #[must_use]
    pub fn of(role: &RoleInput) -> Self {
        Self {
            id: role.id,
            role: Some(role.role),
            start: format_date(role.period.start()),
            end: role.period.end().map(format_date).unwrap_or_default(),
        }
    }
}

/// A role of a card with its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleInput {
    /// The assignment that is changed, or nothing for a role that is added.
    pub id: Option<RoleAssignmentId>,
    /// The role.
    pub role: Role,
    /// Its days.
    pub period: Period,
}

/// What is on the card already: the rules for changed roles depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleOnCard {
    /// The assignment.
    pub id: RoleAssignmentId,
    /// The role.
    pub role: Role,
    /// Its days.
    pub period: Period,
}

/// Judges the roles of a card: each for itself, against the kind of organization, against what is on the
/// card already, and against each other. Empty `on_card` means a new card.
///
/// # Errors
/// Every wrong field, in the order of the form (`roles/0/start`, `roles`).
pub fn parse_roles(
    drafts: &[RoleDraft],
    kind: Option<OrganizationKind>,
    on_card: &[RoleOnCard],
    today: NaiveDate,
) -> Result<Vec<RoleInput>, Vec<FieldError>> {
    let mut errors = Vec::new();
    if drafts.is_empty() {
        return Err(vec![CardError::NoRoles.at("roles")]);
    }
    if drafts.len() > MAX_ROLES {
        return Err(vec![CardError::TooManyRoles.at("roles")]);
    }
    let mut roles: Vec<RoleInput> = Vec::with_capacity(drafts.len());
    for (place, draft) in drafts.iter().enumerate() {
        let at = format!("roles/{place}/");
        let Some(role) = parse_role(draft, &at, kind, on_card, today, &mut errors) else { continue };
        let twice = roles.iter().any(|other| other.role == role.role && other.period.overlaps(&role.period));
        let same_id = role.id.is_some() && roles.iter().any(|other| other.id == role.id);
        if twice || same_id {
            errors.push(CardError::RoleTwice.at(format!("{at}role")));
        }
        roles.push(role);
    }
    let left_out = on_card.iter().any(|known| !drafts.iter().any(|draft| draft.id == Some(known.id)));
    if left_out {
        errors.push(CardError::RoleLeftOut.at("roles"));
    }
    if errors.is_empty() { Ok(roles) } else { Err(errors) }
}

fn parse_role(
    draft: &RoleDraft,
    at: &str,
    kind: Option<OrganizationKind>,
    on_card: &[RoleOnCard],
    today: NaiveDate,
    errors: &mut Vec<FieldError>,
) -> Option<RoleInput> {
    let known = match draft.id {
        None => None,
        Some(id) => match on_card.iter().find(|known| known.id == id) {
            None => {
                errors.push(CardError::AssignmentUnknown.at(format!("{at}role")));
                return None;
            }
            known => known,
        },
    };
    let role = noted(errors, draft.role.ok_or(CardError::RoleMissing), at, "role");
    if let Some(role) = role {
        if known.is_some_and(|known| known.role != role) {
            errors.push(CardError::RoleChanged.at(format!("{at}role")));
        } else if kind.is_some_and(|kind| !role.fits(kind)) {
            errors.push(CardError::RoleUnfit.at(format!("{at}role")));
        }
    }
    let start = noted(errors, parse_date(&draft.start), at, "start");
    let end = if draft.end.trim().is_empty() {
        Some(None)
    } else {
        noted(errors, parse_date(&draft.end), at, "end").map(Some)
    };
    let (start, end) = (start?, end?);
    let period = noted(errors, Period::new(start, end), at, "end")?;
    match known {
        Some(known) if known.period.state(today) == RoleState::Ended && known.period != period => {
            errors.push(CardError::RoleEnded.at(format!("{at}end")));
        }
        None if period.state(today) == RoleState::Ended => {
            errors.push(CardError::AlreadyOver.at(format!("{at}end")));
        }
        _ => {}
    }
    Some(RoleInput { id: draft.id, role: role?, period })
}

/// A new card, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewEmployeeDraft {
    /// «Организация».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// The person.
    pub person: PersonDraft,
    /// The roles, at least one.
    pub roles: Vec<RoleDraft>,
    /// «Примечание».
    #[serde(default)]
    pub note: String,
    /// Saves it although the person may have a card already (`duplicate-suspected`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub despite_duplicates: bool,
}

/// A new card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEmployee {
    /// «Организация».
    pub organization_id: OrganizationId,
    /// The person.
    pub person: Person,
    /// The roles.
    pub roles: Vec<RoleInput>,
    /// «Примечание».
    pub note: String,
}

impl NewEmployeeDraft {
    /// The new card, or every wrong field. `kind` is that of the chosen organization, where it is known.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(
        &self,
        kind: Option<OrganizationKind>,
        today: NaiveDate,
    ) -> Result<NewEmployee, Vec<FieldError>> {
        let mut errors = Vec::new();
        let organization = noted(
            &mut errors,
            self.organization_id.ok_or(CardError::OrganizationMissing),
            "",
            "organization_id",
        );
        let roles = parse_roles(&self.roles, kind, &[], today).map_err(|wrong| errors.extend(wrong)).ok();
        let person =
            self.person.parse("person/", EmailRule::Required).map_err(|wrong| errors.extend(wrong)).ok();
        let note = noted(&mut errors, parse_note(&self.note), "", "note");
        match (organization, roles, person, note) {
            (Some(organization_id), Some(roles), Some(person), Some(note)) => {
                Ok(NewEmployee { organization_id, person, roles, note })
            }
            _ => Err(errors),
        }
    }
}

/// A changed card, as typed: the whole of it, with the version it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EmployeeDraft {
    /// The version of the card that was changed.
    pub version: i64,
    /// The person.
    pub person: PersonDraft,
    /// Every role of the card, and those that are added.
    pub roles: Vec<RoleDraft>,
    /// «Примечание».
    #[serde(default)]
    pub note: String,
    /// Saves it although another card may be the same person's (`duplicate-suspected`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub despite_duplicates: bool,
}

/// A changed card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmployeeInput {
    /// The version of the card that was changed.
    pub version: i64,
    /// The person.
    pub person: Person,
    /// Every role of the card, and those that are added.
    pub roles: Vec<RoleInput>,
    /// «Примечание».
    pub note: String,
}

impl EmployeeDraft {
    /// A card as the form would send it, each value in its one form.
    #[must_use]
    pub fn of(version: i64, person: &Person, roles: &[RoleInput], note: &str) -> Self {
        Self {
            despite_duplicates: false,
            version,
            person: PersonDraft::of(person),
            roles: roles.iter().map(RoleDraft::of).collect(),
            note: note.to_owned(),
        }
    }

    /// The changed card, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(
        &self,
        kind: OrganizationKind,
        on_card: &[RoleOnCard],
        email: EmailRule,
        today: NaiveDate,
    ) -> Result<EmployeeInput, Vec<FieldError>> {
        let mut errors = Vec::new();
        let roles =
            parse_roles(&self.roles, Some(kind), on_card, today).map_err(|wrong| errors.extend(wrong)).ok();
        let person = self.person.parse("person/", email).map_err(|wrong| errors.extend(wrong)).ok();
        let note = noted(&mut errors, parse_note(&self.note), "", "note");
        match (roles, person, note) {
            (Some(roles), Some(person), Some(note)) => {
                Ok(EmployeeInput { version: self.version, person, roles, note })
            }
            _ => Err(errors),
        }
    }
}

fn parse_note(note: &str) -> Result<String, CardError> {
    let note = note.trim();
    if note.chars().count() > MAX_NOTE_LENGTH { Err(CardError::NoteTooLong) } else { Ok(note.to_owned()) }
}

/// A card, as those see it who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmployeeCard {
    /// Its identifier.
    pub id: EmployeeId,
    /// Grows with every change; sent back when the card is saved.
    pub version: i64,
    /// «Организация».
    pub organization: OrganizationSummary,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// СНИЛС.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snils: Option<Snils>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// «Логин».
    pub login: Login,
    /// «Примечание».
    pub note: String,
    /// The roles: those in force first, then upcoming, then ended ones.
    pub roles: Vec<RoleAssignment>,
    /// The account the card is bound to, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<BindingSummary>,
    /// The newest one-time credentials, if any were issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialsSummary>,
    /// When it went into the archive, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<DateTime<Utc>>,
    /// The card that it was joined to, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<EmployeeId>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Whether the card is bound to the actor's own account: then nothing but looking is allowed.
    pub own: bool,
    /// What the actor may do to it.
    pub permissions: CardPermissions,
    /// What was proposed for it and waits for the department.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<WaitingProposal>,
}

impl EmployeeCard {
    /// What is on the card already, for [`parse_roles`].
    #[must_use]
    pub fn roles_on_card(&self) -> Vec<RoleOnCard> {
        self.roles
            .iter()
            .map(|role| RoleOnCard { id: role.id, role: role.role, period: role.period })
            .collect()
    }

    /// Whether this card may be saved without an e-mail.
    #[must_use]
    pub const fn email_rule(&self) -> EmailRule {
        if self.email.is_some() { EmailRule::Required } else { EmailRule::MayStayEmpty }
    }
}

/// A role of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleAssignment {
    /// Its identifier.
    pub id: RoleAssignmentId,
    /// The role.
    pub role: Role,
    /// Its days.
    pub period: Period,
    /// Where it lies, seen from today.
    pub state: RoleState,
}

/// The account a card is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BindingSummary {
    /// Since when.
    pub bound_at: DateTime<Utc>,
    /// The account's user name in РСАА.
    pub user_name: String,
    /// The account's last sign-in, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// When the lock on the account's sign-in ends, if it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<DateTime<Utc>>,
}

/// The state of one-time credentials; never the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CredentialsSummary {
    /// When they were issued.
    pub issued_at: DateTime<Utc>,
    /// Who issued them (ФИО), where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
    /// Until when they can be used.
    pub expires_at: DateTime<Utc>,
    /// What has become of them.
    pub state: CredentialsState,
}

/// What has become of one-time credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CredentialsState {
    /// They can be used.
    Active,
    /// They were used.
    Used,
    /// Newer ones replaced them, or ten wrong tries voided them.
    Voided,
    /// Their 30 days are over.
    Expired,
}

/// What the actor may do to a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardPermissions {
    /// Change ФИО, e-mail, note.
    pub edit_person: Verdict,
    /// Change the days of its roles.
    pub change_dates: Verdict,
    /// «Сбросить пароль».
    pub issue_credentials: Verdict,
    /// Lift the lock on the sign-in.
    pub unlock: Verdict,
    /// Take card and account apart.
    pub unbind: Verdict,
    /// Put it into the archive.
    pub archive: Verdict,
    /// Join it with another card of the same person.
    pub merge: Verdict,
    /// «Уволить»: end every role.
    pub dismiss: Verdict,
    /// «Перевести»: the right on this side.
    pub transfer: Verdict,
    /// The roles that may be added.
    pub assignable_roles: Vec<Role>,
    /// The roles that may be proposed: the department confirms them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposable_roles: Vec<Role>,
}

impl CardPermissions {
    /// Permissions from the verdict on each action, and on each role that may be added.
    pub fn from_verdicts(
        verdict: impl Fn(Action) -> Verdict,
        roles: impl Iterator<Item = (Role, Verdict)>,
    ) -> Self {
        let (mut assignable_roles, mut proposable_roles) = (Vec::new(), Vec::new());
        for (role, verdict) in roles {
            match verdict {
                Verdict::Allowed => assignable_roles.push(role),
                Verdict::NeedsConfirmation => proposable_roles.push(role),
                Verdict::Denied => {}
            }
        }
        Self {
            edit_person: verdict(Action::EditPerson),
            change_dates: verdict(Action::ChangeDates),
            issue_credentials: verdict(Action::IssueCredentials),
            unlock: verdict(Action::Unlock),
            unbind: verdict(Action::Unbind),
            archive: verdict(Action::Archive),
            merge: verdict(Action::Merge),
            dismiss: verdict(Action::EndRole),
            transfer: verdict(Action::Transfer),
            assignable_roles,
            proposable_roles,
        }
    }

    /// Whether «Сохранить» can do anything.
    #[must_use]
    pub const fn can_save(&self) -> bool {
        self.edit_person.is_allowed() || self.change_dates.is_allowed() || !self.assignable_roles.is_empty()
    }

    /// Whether «Отправить на подтверждение» can do anything.
    #[must_use]
    pub const fn can_propose(&self) -> bool {
        matches!(self.edit_person, Verdict::NeedsConfirmation) || !self.proposable_roles.is_empty()
    }
}

/// One-time credentials in clear: shown once, then nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneTimeCredentials {
    /// «Логин».
    pub login: Login,
    /// «Пароль».
    pub password: String,
    /// Until when they can be used.
    pub expires_at: DateTime<Utc>,
}

/// A password is never printed.
impl std::fmt::Debug for OneTimeCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTimeCredentials").field("login", &self.login).finish_non_exhaustive()
    }
}

/// A card that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedEmployee {
    /// The card as it is now.
    pub card: EmployeeCard,
    /// The one-time credentials, for a new card or an added role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<OneTimeCredentials>,
}

/// States the staff list is filtered by (screens.md 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EmployeeState {
    /// «действует»: a role is in force today.
    InForce,
    /// «заканчивается в ближайшие 30 дней».
    EndsSoon,
    /// «закончилась»: it had roles, and none is in force or to come.
    Ended,
    /// «не привязана».
    NotBound,
    /// «не входил ни разу»: not bound, or its account has never signed in.
    NeverSignedIn,
    /// «в архиве»; every other filter leaves the archive out.
    Archived,
}

impl EmployeeState {
    /// Every state, in the order of the filter.
    pub const ALL: [Self; 6] =
        [Self::InForce, Self::EndsSoon, Self::Ended, Self::NotBound, Self::NeverSignedIn, Self::Archived];

    /// The state in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::InForce => "Роль действует",
            Self::EndsSoon => "Заканчивается в ближайшие 30 дней",
            Self::Ended => "Роль закончилась",
            Self::NotBound => "Не привязана к учётной записи",
            Self::NeverSignedIn => "Ни разу не входили",
            Self::Archived => "В архиве",
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::EndsSoon => "ends_soon",
            Self::Ended => "ended",
            Self::NotBound => "not_bound",
            Self::NeverSignedIn => "never_signed_in",
            Self::Archived => "archived",
        }
    }
}

/// What the staff list is sorted by; equal rows by identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EmployeeSort {
    /// ФИО, А to Я.
    #[default]
    Name,
    /// ФИО, Я to А.
    NameDescending,
    /// Login.
    Login,
    /// Login, backwards.
    LoginDescending,
    /// The newest cards first.
    Newest,
    /// The oldest cards first.
    Oldest,
    /// The organization's name, А to Я, then ФИО.
    Organization,
    /// The organization's name, Я to А, then ФИО backwards.
    OrganizationDescending,
    /// The last day of the last role, the earliest first, then ФИО; roles without an end last.
    End,
    /// The same backwards.
    EndDescending,
    /// The account's last sign-in: cards without an account, accounts that have never signed in, then the
    /// longest ago first; then ФИО.
    SignIn,
    /// The same backwards: the latest sign-in first.
    SignInDescending,
}

impl EmployeeSort {
    /// Every order.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::NameDescending,
        Self::Login,
        Self::LoginDescending,
        Self::Newest,
        Self::Oldest,
        Self::Organization,
        Self::OrganizationDescending,
        Self::End,
        Self::EndDescending,
        Self::SignIn,
        Self::SignInDescending,
    ];
}

/// Parameters of the staff list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct EmployeeQuery {
    /// Beginnings of words of ФИО, login and e-mail, in any order; inside one organization any part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// An organization, with everything below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// A role that has not ended. With a state that is about roles, the role the state is about: with
    /// `ends_soon` the one that ends soon, with `ended` and `archived` any the card had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub role: Option<Role>,
    /// A state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub state: Option<EmployeeState>,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<EmployeeSort>,
    /// Cursor `next` of a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Cursor `previous` of a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Rows on a page, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A row of the staff list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmployeeRow {
    /// The card.
    pub id: EmployeeId,
    /// ФИО.
    pub name: FullName,
    /// Login.
    pub login: Login,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Its organization.
    pub organization: OrganizationSummary,
    /// Its roles that have not ended, or the one that ended last where all have.
    pub roles: Vec<RoleAssignment>,
    /// Whether it is bound to an account.
    pub bound: bool,
    /// The account's last sign-in, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// Whether it is in the archive.
    pub archived: bool,
}

#[cfg(test)]
mod tests;
