//! What somebody without a session does in РСАА: registration, activation, recovery (screens.md 12, 13), and
//! consent to the processing of personal data.

use serde::{Deserialize, Serialize};

use super::employees::{EmailRule, PersonDraft};
use crate::ids::OrganizationId;
use crate::problem::FieldError;
use crate::roles::OrganizationKind;
use crate::values::{Email, FullName, Inn, InvalidValue, Kpp, NewPassword, PasswordError, value_error};

/// The longest «Должность», in characters.
pub const MAX_POSITION_LENGTH: usize = 200;
/// The longest name of an organization that is typed in, in characters.
pub const MAX_ORGANIZATION_NAME_LENGTH: usize = 300;
/// The longest token of a link that is looked at, in characters.
pub const MAX_TOKEN_LENGTH: usize = 100;

value_error! {
    /// What is wrong with an application for an account.
    RegistrationError {
        /// No position.
        PositionEmpty = "position-empty", "Укажите должность";
        /// A position longer than 200 characters, or with characters that cannot be seen.
        PositionMalformed = "position-malformed", "Должность — одна строка не длиннее 200 знаков";
        /// Neither an organization of the list nor one that was typed in.
        OrganizationMissing = "organization-missing", "Выберите организацию или укажите, что её нет в списке";
        /// The organization is not there, or closed.
        OrganizationUnknown = "organization-unknown", "Такой организации нет в списке. Выберите её заново";
        /// An organization that was typed in is in the list.
        OrganizationListed = "organization-listed", "Организация с такими ИНН и КПП есть в списке: выберите её";
        /// No name of an organization that is not listed.
        OrganizationNameEmpty = "organization-name-empty", "Укажите наименование организации";
        /// A name longer than 300 characters, or with characters that cannot be seen.
        OrganizationNameMalformed = "organization-name-malformed", "Наименование — одна строка не длиннее 300 знаков";
        /// ИНН is valid, and another organization's.
        InnOfAnother = "inn-of-another", "Это ИНН другой организации. Проверьте выбор организации или ИНН";
        /// КПП is valid, and another organization's.
        KppOfAnother = "kpp-of-another", "Это КПП другой организации. Проверьте выбор организации или КПП";
        /// The box is not ticked.
        ConsentMissing = "consent-missing", "Без согласия на обработку персональных данных учётную запись создать нельзя";
        /// The text of the consent has changed since the page was opened.
        ConsentOutdated = "consent-outdated", "Текст согласия изменился: прочитайте его заново и отметьте согласие";
    }
}

/// An organization of the public directory, as the form of registration fills itself in from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryOrganization {
    /// Its identifier.
    pub id: OrganizationId,
    /// Its kind.
    pub kind: OrganizationKind,
    /// Полное наименование.
    pub full_name: String,
    /// Краткое наименование.
    pub short_name: String,
    /// Town or district.
    pub town: String,
    /// ИНН, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inn: Option<Inn>,
    /// КПП, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpp: Option<Kpp>,
}

/// Parameters of the search in the public directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct DirectoryQuery {
    /// Any parts of the full or short name, the town, ИНН; all of them must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only organizations of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrganizationKind>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Organizations of the public directory, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryFound {
    /// The organizations.
    pub items: Vec<DirectoryOrganization>,
    /// Whether there are more than `limit`.
    pub more: bool,
}

/// The text of the consent to the processing of personal data (152-ФЗ), as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentText {
    /// Its version: a consent is given to this very version.
    pub version: String,
    /// Its heading.
    pub title: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

/// Consent to a version of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GiveConsent {
    /// The version that was read.
    pub version: String,
}

/// An application for an account («Регистрация», screens.md 12), as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegistrationDraft {
    /// ФИО and e-mail.
    pub person: PersonDraft,
    /// «Должность».
    pub position: String,
    /// «Выберите организацию»; absent where the organization is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// Whether the organization is not listed and is typed in.
    #[serde(default)]
    pub unlisted: bool,
    /// «Полное наименование» of an organization that is not listed.
    #[serde(default)]
    pub full_name: String,
    /// «Краткое наименование организации».
    #[serde(default)]
    pub short_name: String,
    /// Town of an organization that is not listed.
    #[serde(default)]
    pub town: String,
    /// «ИНН организации (10 цифр)».
    pub inn: String,
    /// «КПП организации (9 цифр)».
    pub kpp: String,
    /// The version of the consent whose box was ticked; empty where it was not.
    #[serde(default)]
    pub consent_version: String,
}

/// The organization of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppliedOrganization {
    /// One of the directory; whether ИНН and КПП are its own is judged where the directory is.
    Listed(OrganizationId),
    /// One that is not listed, typed in whole.
    Unlisted {
        /// Полное наименование.
        full_name: String,
        /// Краткое наименование.
        short_name: String,
        /// Town.
        town: String,
    },
}

/// An application for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: Email,
    /// «Должность».
    pub position: String,
    /// The organization.
    pub organization: AppliedOrganization,
    /// ИНН of the organization.
    pub inn: Inn,
    /// КПП of the organization.
    pub kpp: Kpp,
    /// The version of the consent that was given.
    pub consent_version: String,
}

/// One line of text of bounded length, spaces folded; nothing where it is no such line.
pub(crate) fn line(text: &str, longest: usize) -> Option<String> {
    // A bound before the work, so that ten megabytes cost nothing.
    if text.len() > longest * 8 || text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (folded.chars().count() <= longest).then_some(folded)
}

impl RegistrationDraft {
    /// The application, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self) -> Result<Registration, Vec<FieldError>> {
        let mut errors = Vec::new();
        let person = self
            .person
            .parse("person/", EmailRule::Required)
            .map_err(|wrong| errors.extend(wrong))
            .ok()
            .and_then(|person| Some((person.name, person.email?)));
        let mut text =
            |text: &str, longest, empty: RegistrationError, malformed: RegistrationError, field| {
                let error = match line(text, longest) {
                    None => malformed,
                    Some(line) if line.is_empty() => empty,
                    Some(line) => return Some(line),
                };
                errors.push(error.at(field));
                None
            };
        use RegistrationError as E;
        let position =
            text(&self.position, MAX_POSITION_LENGTH, E::PositionEmpty, E::PositionMalformed, "position");
        let longest = MAX_ORGANIZATION_NAME_LENGTH;
        let organization = match (self.unlisted, self.organization_id) {
            (false, Some(id)) => Some(AppliedOrganization::Listed(id)),
            (false, None) => {
                errors.push(E::OrganizationMissing.at("organization_id"));
                None
            }
            (true, _) => {
                let (empty, malformed) = (E::OrganizationNameEmpty, E::OrganizationNameMalformed);
                let full_name = text(&self.full_name, longest, empty, malformed, "full_name");
                let short_name = text(&self.short_name, longest, empty, malformed, "short_name");
                let town = line(&self.town, longest);
                if town.is_none() {
                    errors.push(malformed.at("town"));
                }
                match (full_name, short_name, town) {
                    (Some(full_name), Some(short_name), Some(town)) => {
                        Some(AppliedOrganization::Unlisted { full_name, short_name, town })
                    }
                    _ => None,
                }
            }
        };
        let inn = self.inn.parse::<Inn>().map_err(|error| errors.push(error.at("inn"))).ok();
        let kpp = self.kpp.parse::<Kpp>().map_err(|error| errors.push(error.at("kpp"))).ok();
        if self.consent_version.is_empty() || self.consent_version.len() > MAX_TOKEN_LENGTH {
            errors.push(E::ConsentMissing.at("consent_version"));
        }
        match (person, position, organization, inn, kpp) {
            (Some((name, email)), Some(position), Some(organization), Some(inn), Some(kpp))
                if errors.is_empty() =>
            {
                let consent_version = self.consent_version.clone();
                Ok(Registration { name, email, position, organization, inn, kpp, consent_version })
            }
            _ => Err(errors),
        }
    }
}

/// The answer to an application, to a wish for recovery and to every other letter that may or may not go out:
/// the same whether the address is known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterPromised {
    /// For how long the link in the letter works, in hours.
    pub link_hours: u32,
}

/// A token out of a letter's link.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkToken {
    /// What stands behind `#` in the link.
    pub token: String,
}

/// A token is never printed.
impl std::fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// The first password of a new account.
    Activation,
    /// The proof of the address of an application whose organization is to be moderated.
    Proof,
    /// A new password instead of a forgotten one.
    Recovery,
    /// «Сменить e-mail»: from the old address.
    EmailChangeOld,
    /// «Сменить e-mail»: from the new address.
    EmailChangeNew,
    /// Files of an application of a department's employee; it is in no letter.
    ApplicationFiles,
    /// The proof of the address of such an application.
    ApplicationProof,
    /// The one-time credentials of the card that was made of it.
    CardCredentials,
}

/// A link that works. One that does not answers `link-unknown`, `link-used` or `link-expired`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkState {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The user name of the account (activation, recovery).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Until when it works.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

/// A new password by a link (activation, recovery), as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordByLink {
    /// What stands behind `#` in the link.
    pub token: String,
    /// «Новый пароль».
    pub password: String,
}

impl PasswordByLink {
    /// The new password.
    ///
    /// # Errors
    /// The wrong field.
    pub fn parse(&self) -> Result<NewPassword, Vec<FieldError>> {
        self.password.parse::<NewPassword>().map_err(|error: PasswordError| vec![error.at("password")])
    }
}

/// A password is never printed.
impl std::fmt::Debug for PasswordByLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordByLink(…)")
    }
}

/// The account whose password was set: the sign-in begins with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordSet {
    /// The user name.
    pub user_name: String,
}

value_error! {
    /// What is wrong with a wish for recovery.
    RecoveryError {
        /// No name.
        NameEmpty = "user-name-empty", "Введите имя пользователя или e-mail";
        /// A name longer than any can be.
        NameTooLong = "user-name-too-long", "Слишком длинное имя: не больше 254 знаков";
    }
}

/// «Забыли пароль?» (screens.md 13), as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoveryDraft {
    /// «Имя пользователя / e-mail».
    pub user_name: String,
}

impl RecoveryDraft {
    /// Judges what was typed; whether somebody is called so is told to nobody.
    ///
    /// # Errors
    /// The wrong field.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        if self.user_name.trim().is_empty() {
            return Err(vec![RecoveryError::NameEmpty.at("user_name")]);
        }
        if self.user_name.chars().count() > super::session::MAX_USER_NAME_LENGTH {
            return Err(vec![RecoveryError::NameTooLong.at("user_name")]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> RegistrationDraft {
        RegistrationDraft {
            person: PersonDraft {
                family_name: "Ёлкина".into(),
                given_name: "Анна".into(),
                patronymic: "Ильинична".into(),
                no_patronymic: false,
                email: "elkina@example.ru".into(),
                ..PersonDraft::default()
            },
            position: "  Учитель   музыки ".into(),
            organization_id: Some(OrganizationId(uuid::Uuid::from_u128(1))),
            inn: "7707083893".into(),
            kpp: "590201001".into(),
            consent_version: "1".into(),
            ..RegistrationDraft::default()
        }
    }

    fn fields(draft: &RegistrationDraft) -> Vec<String> {
        draft.parse().unwrap_err().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn an_application_of_a_listed_organization_is_parsed() {
        let parsed = draft().parse().unwrap();
        assert_eq!(parsed.position, "Учитель музыки");
        assert!(matches!(parsed.organization, AppliedOrganization::Listed(_)));
    }

    #[test]
    fn every_wrong_field_is_named_in_the_order_of_the_form() {
        assert_eq!(
            fields(&RegistrationDraft::default()),
            [
                "person/family_name",
                "person/given_name",
                "person/patronymic",
                "person/email",
                "position",
                "organization_id",
                "inn",
                "kpp",
                "consent_version"
            ]
        );
        let unlisted = RegistrationDraft { unlisted: true, organization_id: None, ..draft() };
        assert_eq!(fields(&unlisted), ["full_name", "short_name"]);
    }

    #[test]
    fn hostile_lines_are_refused_whole() {
        for position in ["x".repeat(10_000_000), "учитель\u{0}".into(), "у".repeat(201)] {
            assert_eq!(fields(&RegistrationDraft { position, ..draft() }), ["position"]);
        }
        // A line end is a space: it can begin no header of a letter.
        let broken = RegistrationDraft { position: "учитель\r\nBcc: a@b.ru".into(), ..draft() };
        assert_eq!(broken.parse().unwrap().position, "учитель Bcc: a@b.ru");
    }
}
