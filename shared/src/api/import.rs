//! Import of staff out of a table (screens.md 21): the file, what its columns are, the preview, the decisions, and
//! what has become of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::bulk::FileFormat;
use super::page::{MAX_LIMIT, Total};
use crate::ids::{EmployeeId, ImportId};
use crate::problem::FieldError;
use crate::search::search_key;
use crate::values::{InvalidValue as _, value_error};

/// Rows of a file at most.
pub const MAX_ROWS: usize = 10_000;
/// Columns of a file at most.
pub const MAX_COLUMNS: usize = 60;
/// Characters of a cell at most: those of the longest «Примечание».
pub const MAX_CELL: usize = super::employees::MAX_NOTE_LENGTH;
/// Cards that one file may change; new ones are not among them.
pub const MAX_CHANGED: usize = 1_000;
/// How long what was uploaded is kept, in hours.
pub const KEPT_HOURS: u32 = 24;

/// What a column of the table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportField {
    /// ФИО in one cell.
    FullName,
    /// «Фамилия».
    FamilyName,
    /// «Имя».
    GivenName,
    /// «Отчество»; empty means none.
    Patronymic,
    /// E-mail.
    Email,
    /// «Логин» of a card that is there already.
    Login,
    /// The organization by its name.
    Organization,
    /// The organization by its ИНН.
    Inn,
    /// КПП, where several organizations share an ИНН.
    Kpp,
    /// «Роль».
    Role,
    /// «Начальная дата»; empty means today.
    Start,
    /// «Конечная дата»; empty means open-ended.
    End,
    /// «Примечание».
    Note,
}

impl ImportField {
    /// Every field, in the order of the sample and of the export.
    pub const ALL: [Self; 13] = [
        Self::FullName,
        Self::FamilyName,
        Self::GivenName,
        Self::Patronymic,
        Self::Email,
        Self::Login,
        Self::Organization,
        Self::Inn,
        Self::Kpp,
        Self::Role,
        Self::Start,
        Self::End,
        Self::Note,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FullName => "full_name",
            Self::FamilyName => "family_name",
            Self::GivenName => "given_name",
            Self::Patronymic => "patronymic",
            Self::Email => "email",
            Self::Login => "login",
            Self::Organization => "organization",
            Self::Inn => "inn",
            Self::Kpp => "kpp",
            Self::Role => "role",
            Self::Start => "start",
            Self::End => "end",
            Self::Note => "note",
        }
    }

    /// The field called `text` on the wire.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == text)
    }

    /// The heading in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::FullName => "ФИО",
            Self::FamilyName => "Фамилия",
            Self::GivenName => "Имя",
            Self::Patronymic => "Отчество",
            Self::Email => "E-mail",
            Self::Login => "Логин",
            Self::Organization => "Организация",
            Self::Inn => "ИНН организации",
            Self::Kpp => "КПП организации",
            Self::Role => "Роль",
            Self::Start => "Начальная дата",
            Self::End => "Конечная дата",
            Self::Note => "Примечание",
        }
    }

    /// Other headings that people give such a column, as search keys.
    const fn synonyms(self) -> &'static [&'static str] {
        match self {
            Self::FullName => {
                &["фио сотрудника", "ф.и.о.", "фамилия имя отчество", "фамилия, имя, отчество", "сотрудник"]
            }
            Self::FamilyName => &["фамилия сотрудника"],
            Self::GivenName => &["имя сотрудника"],
            Self::Patronymic => &["отчество сотрудника", "отчество (при наличии)"],
            Self::Email => &[
                "email",
                "e-mail сотрудника",
                "почта",
                "эл. почта",
                "электронная почта",
                "адрес электронной почты",
            ],
            Self::Login => &["логин карточки", "login"],
            Self::Organization => &[
                "краткое наименование",
                "наименование организации",
                "краткое наименование организации",
                "школа",
                "оо",
                "оу",
            ],
            Self::Inn => &["инн", "инн оо", "инн школы"],
            Self::Kpp => &["кпп", "кпп оо", "кпп школы"],
            Self::Role => &["должность", "роль в эпос", "роль сотрудника"],
            Self::Start => &["дата начала", "начало", "с", "действует с", "дата начала роли"],
            Self::End => &["дата окончания", "окончание", "по", "действует по", "дата окончания роли"],
            Self::Note => &["комментарий", "примечания"],
        }
    }

    /// What a heading seems to mean.
    #[must_use]
    pub fn guess(heading: &str) -> Option<Self> {
        let key = search_key(heading);
        let key = key.trim_end_matches(['*', ':', ' ']);
        Self::ALL
            .into_iter()
            .find(|field| search_key(field.title()) == key || field.synonyms().contains(&key))
    }
}

/// What every heading seems to mean, each field once.
#[must_use]
pub fn guess_mapping(headings: &[String]) -> Vec<Option<ImportField>> {
    let mut taken = Vec::new();
    headings
        .iter()
        .map(|heading| {
            let field = ImportField::guess(heading).filter(|field| !taken.contains(field));
            taken.extend(field);
            field
        })
        .collect()
}

value_error! {
    /// What is wrong with a mapping, a row or a decision.
    ImportError {
        /// The mapping is of another table.
        WrongWidth = "mapping-width", "Столбцов в файле другое число: загрузите файл заново";
        /// A field twice.
        FieldTwice = "mapping-twice", "Это поле уже выбрано для другого столбца";
        /// No column with the name.
        NoName = "mapping-no-name", "Укажите столбец с ФИО или столбцы «Фамилия» и «Имя»";
        /// ФИО in one column and in several.
        NameTwice = "mapping-name-twice", "ФИО уже выбрано одним столбцом: оставьте либо его, либо «Фамилия», «Имя», «Отчество»";
        /// No column with the role.
        NoRole = "mapping-no-role", "Укажите столбец с ролью";
        /// No column with the e-mail.
        NoEmail = "mapping-no-email", "Укажите столбец с e-mail";
        /// No word for the organization, and several are in view.
        NoOrganization = "mapping-no-organization", "Укажите столбец с организацией или её ИНН";
        /// ФИО that is not two or three words.
        NameParts = "name-parts", "ФИО — это два или три слова: фамилия, имя, отчество";
        /// No such organization in view.
        OrganizationUnknown = "organization-unknown", "Такой организации нет среди доступных вам";
        /// Several organizations are called so.
        OrganizationAmbiguous = "organization-ambiguous", "Так называется несколько организаций: укажите ИНН";
        /// ИНН that several organizations share.
        KppMissing = "kpp-missing", "С этим ИНН несколько организаций: укажите КПП";
        /// No such role.
        RoleUnknown = "role-unknown", "Такой роли нет";
        /// No card with this login in view.
        LoginUnknown = "login-unknown", "Карточки с таким логином нет среди доступных вам";
        /// The card with this login is in another organization.
        LoginElsewhere = "login-elsewhere", "Карточка с этим логином — в другой организации";
        /// A card in the archive.
        Archived = "archived", "Карточка в архиве";
        /// A card that is bound to the actor's own account.
        OwnCard = "own-card", "Свою карточку изменить нельзя";
        /// The actor may not change the card so.
        Forbidden = "forbidden", "На карточке есть роль, которой занимаетесь не вы";
        /// The department confirms such a change.
        NeedsConfirmation = "needs-confirmation", "Карточку руководителя изменяет управление образованием";
        /// Two rows want one card to be different.
        Contradicts = "contradicts", "Строка противоречит другой строке о той же карточке";
        /// There is no such row, or nothing to decide about it.
        NothingToDecide = "nothing-to-decide", "По этой строке решать нечего";
        /// More changed cards than one transaction takes.
        TooManyChanged = "too-many-changed", "Один файл изменяет не больше 1000 карточек: разделите его на части";
        /// Rows are wrong.
        WrongRows = "wrong-rows", "Исправьте строки с ошибками в файле и загрузите его заново";
        /// Rows wait for a decision.
        Undecided = "undecided", "Решите, что делать с повторами";
        /// Nothing would change.
        NothingToDo = "nothing-to-do", "В файле нет ни новых, ни изменённых карточек";
        /// It is in another state.
        WrongState = "wrong-state", "Этот импорт уже применяется или применён";
    }
}

/// Which column holds what: one entry a column, nothing for a column that is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportMapping {
    /// The fields, in the order of the columns.
    pub columns: Vec<Option<ImportField>>,
}

impl ImportMapping {
    /// Judges the mapping of a table with so many columns. `one_place` is set where the actor sees one
    /// organization alone, which then needs no column.
    ///
    /// # Errors
    /// The wrong columns (`columns/3`), or what is missing (`columns`).
    pub fn check(&self, width: usize, one_place: bool) -> Result<(), Vec<FieldError>> {
        use ImportField as F;
        if self.columns.len() != width {
            return Err(vec![ImportError::WrongWidth.at("columns")]);
        }
        let mut errors = Vec::new();
        let has = |field| self.columns.contains(&Some(field));
        for (place, field) in self.columns.iter().enumerate() {
            let Some(field) = field else { continue };
            let at = format!("columns/{place}");
            if self.columns.iter().take(place).any(|other| *other == Some(*field)) {
                errors.push(ImportError::FieldTwice.at(at));
            } else if has(F::FullName) && matches!(field, F::FamilyName | F::GivenName | F::Patronymic) {
                errors.push(ImportError::NameTwice.at(at));
            }
        }
        let named = has(F::FullName) || (has(F::FamilyName) && has(F::GivenName));
        let placed = one_place || has(F::Organization) || has(F::Inn);
        for (there, error) in [
            (named, ImportError::NoName),
            (has(F::Role), ImportError::NoRole),
            (has(F::Email), ImportError::NoEmail),
            (placed, ImportError::NoOrganization),
        ] {
            if !there {
                errors.push(error.at("columns"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// The file is read; which column holds what is asked.
    Uploaded,
    /// Every row is judged; nothing is changed yet.
    Previewed,
    /// It is to be applied, and is prepared where nobody sees it.
    Applying,
    /// It is decided; what was prepared becomes visible.
    Finishing,
    /// It is done.
    Applied,
}

impl ImportState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Uploaded, Self::Previewed, Self::Applying, Self::Finishing, Self::Applied];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Previewed => "previewed",
            Self::Applying => "applying",
            Self::Finishing => "finishing",
            Self::Applied => "applied",
        }
    }

    /// The state called `text` on the wire.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How many rows there are of each outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportCounts {
    /// New cards.
    pub created: u32,
    /// Rows that change a card.
    pub changed: u32,
    /// Rows that say what is there already.
    pub unchanged: u32,
    /// Rows that are left out by decision.
    pub skipped: u32,
    /// Wrong rows.
    pub wrong: u32,
    /// Rows that wait for a decision.
    pub undecided: u32,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Import {
    /// Its identifier.
    pub id: ImportId,
    /// How far it is.
    pub state: ImportState,
    /// Until when what was uploaded is kept.
    pub kept_until: DateTime<Utc>,
    /// The headings of the file.
    pub headings: Vec<String>,
    /// The first rows of the file.
    pub sample: Vec<Vec<String>>,
    /// Rows of the file.
    pub rows: u32,
    /// What the columns hold: guessed, or remembered from the last time, or as it was said.
    pub columns: Vec<Option<ImportField>>,
    /// The rows by outcome, once they are judged.
    pub counts: ImportCounts,
    /// Cards that are done, of all that are created or changed.
    pub done: u32,
    /// Why the last try to apply it came to nothing, in Russian: nothing was changed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// What a row comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// A new card.
    Created,
    /// A card is changed.
    Changed,
    /// All of it is there already.
    Unchanged,
    /// It is left out by decision.
    Skipped,
    /// It is wrong.
    Wrong,
    /// It waits for a decision.
    Undecided,
}

impl RowOutcome {
    /// Every outcome, in the order of the preview.
    pub const ALL: [Self; 6] =
        [Self::Wrong, Self::Undecided, Self::Created, Self::Changed, Self::Unchanged, Self::Skipped];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Wrong => "wrong",
            Self::Undecided => "undecided",
        }
    }

    /// The outcome called `text` on the wire.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// The outcome in Russian.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Created => "Новые",
            Self::Changed => "Изменения",
            Self::Unchanged => "Без изменений",
            Self::Skipped => "Пропущены",
            Self::Wrong => "Ошибки",
            Self::Undecided => "Повторы",
        }
    }
}

/// What is done with a row that may be a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is the person of the card that is there, or of the row above.
    Same,
    /// It is somebody else, or a second place of work: a card of its own.
    Create,
    /// The row is left out.
    Skip,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 3] = [Self::Same, Self::Create, Self::Skip];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Create => "create",
            Self::Skip => "skip",
        }
    }

    /// The decision called `text` on the wire.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.as_str() == text)
    }
}

/// A row of the preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRow {
    /// The line of the file.
    pub line: u32,
    /// What it comes to.
    pub outcome: RowOutcome,
    /// ФИО as it stands in the file.
    pub name: String,
    /// The organization as the server knows it, else as it stands in the file.
    pub organization: String,
    /// The role as it stands in the file.
    pub role: String,
    /// What changes, or why it may be a duplicate, in Russian.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What is wrong, each with the field of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RowError>,
    /// What may be decided; empty where there is nothing to decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Decision>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The card that it changes or that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<EmployeeId>,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowError {
    /// The field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<ImportField>,
    /// Stable machine code of the rule.
    pub code: String,
    /// What to do, in Russian.
    pub message: String,
}

/// Parameters of the rows of a preview.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct ImportRowsQuery {
    /// Only rows of this outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub outcome: Option<RowOutcome>,
    /// Rows behind this line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Parameters of the sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct SampleQuery {
    /// `csv` or `xlsx`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub format: FileFormat,
}

/// Rows of a preview, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRows {
    /// The rows.
    pub items: Vec<ImportRow>,
    /// How many there are in all.
    pub total: Total,
    /// The line to go on behind, if there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// Decisions about rows that may be duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportDecisions {
    /// The rows, 1–100.
    pub rows: Vec<RowDecision>,
}

/// A decision about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RowDecision {
    /// The line of the file.
    pub line: u32,
    /// What is done with it.
    pub decision: Decision,
}

value_error! {
    /// What is wrong with decisions.
    DecisionsError {
        /// None, or more than one request takes.
        Count = "decisions-count", "От 1 до 100 решений в одном запросе";
    }
}

impl ImportDecisions {
    /// Judges how many there are.
    ///
    /// # Errors
    /// None, or more than 100.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let most = usize::try_from(MAX_LIMIT).unwrap_or(usize::MAX);
        if self.rows.is_empty() || self.rows.len() > most {
            return Err(vec![DecisionsError::Count.at("rows")]);
        }
        Ok(())
    }
}

/// The cards that an import made, for their one-time credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedCards {
    /// The cards, in the order of the file.
    pub ids: Vec<EmployeeId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_guessed_as_people_write_them() {
        let headings =
            ["ФИО*", " Электронная почта", "ИНН", "Должность", "Начальная дата:", "", "фио", "Оклад"];
        let headings: Vec<String> = headings.map(str::to_owned).to_vec();
        assert_eq!(
            guess_mapping(&headings),
            [
                Some(ImportField::FullName),
                Some(ImportField::Email),
                Some(ImportField::Inn),
                Some(ImportField::Role),
                Some(ImportField::Start),
                None,
                None,
                None
            ]
        );
        for field in ImportField::ALL {
            assert_eq!(ImportField::guess(field.title()), Some(field));
            assert_eq!(ImportField::from_wire(field.as_str()), Some(field));
            for synonym in field.synonyms() {
                assert_eq!(search_key(synonym), *synonym, "a search key");
                assert_eq!(ImportField::guess(synonym), Some(field), "{synonym}");
            }
        }
    }

    #[test]
    fn a_mapping_tells_what_is_missing_and_what_is_there_twice() {
        use ImportField as F;
        let codes = |columns: &[Option<F>], one_place| -> Vec<String> {
            let mapping = ImportMapping { columns: columns.to_vec() };
            let errors = mapping.check(columns.len(), one_place).err().unwrap_or_default();
            errors.into_iter().map(|error| format!("{}: {}", error.field, error.code)).collect()
        };
        let good = [Some(F::FullName), Some(F::Email), Some(F::Role), None];
        assert_eq!(codes(&good, true), [""; 0]);
        assert_eq!(codes(&good, false), ["columns: mapping-no-organization"]);
        assert_eq!(
            codes(&[Some(F::FullName), Some(F::FullName), Some(F::Patronymic)], true),
            [
                "columns/1: mapping-twice",
                "columns/2: mapping-name-twice",
                "columns: mapping-no-role",
                "columns: mapping-no-email"
            ]
        );
        let other = ImportMapping { columns: Vec::new() };
        assert_eq!(other.check(1, true).unwrap_err()[0].code, "mapping-width");
    }
}
