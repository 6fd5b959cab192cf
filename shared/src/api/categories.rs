//! «Родитель» and «Обучающийся» (screens.md 9): given by support, by an import or through the API.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::employees::{EmailRule, PersonDraft};
use crate::ids::CategoryGrantId;
use crate::problem::FieldError;
use crate::roles::RoleCategory;
use crate::values::{Email, FullName, InvalidValue, Period, RoleState, Snils, parse_date, value_error};

value_error! {
    /// What is wrong with a category that is given.
    CategoryGrantError {
        /// No category, or one that only a card gives.
        CategoryMissing = "category-missing", "Выберите категорию: «Родитель» или «Обучающийся»";
        /// Days that are over.
        AlreadyOver = "category-already-over", "Конечная дата уже прошла";
    }
}

/// Choice of one of the categories the person holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChooseCategory {
    /// The category to work in.
    pub category: RoleCategory,
}

/// A category somebody was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryGrant {
    /// Its identifier.
    pub id: CategoryGrantId,
    /// «Родитель» or «Обучающийся».
    pub category: RoleCategory,
    /// ФИО.
    pub name: FullName,
    /// E-mail, as verified at Госуслуги.
    pub email: String,
    /// СНИЛС, formatted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snils: Option<String>,
    /// Its days.
    pub period: Period,
    /// Where it lies, seen from today.
    pub state: RoleState,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// The last day, where it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<NaiveDate>,
}

/// «Дать категорию», as typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CategoryGrantDraft {
    /// «Родитель» or «Обучающийся».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<RoleCategory>,
    /// «Фамилия».
    pub family_name: String,
    /// «Имя».
    pub given_name: String,
    /// «Отчество»; empty with «Без отчества».
    #[serde(default)]
    pub patronymic: String,
    /// «Без отчества».
    #[serde(default)]
    pub no_patronymic: bool,
    /// E-mail.
    pub email: String,
    /// СНИЛС; may be empty.
    #[serde(default)]
    pub snils: String,
    /// «Начальная дата»: ГГГГ-ММ-ДД, or ДД.ММ.ГГГГ as people type it.
    pub start: String,
    /// «Конечная дата», likewise; empty means open-ended.
    #[serde(default)]
    pub end: String,
}

/// A category that is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryGrantInput {
    /// «Родитель» or «Обучающийся».
    pub category: RoleCategory,
    /// ФИО.
    pub name: FullName,
    /// E-mail.
    pub email: Email,
    /// СНИЛС, where it is known.
    pub snils: Option<Snils>,
    /// Its days.
    pub period: Period,
}

impl CategoryGrantDraft {
    /// What is given, or every wrong field.
    ///
    /// # Errors
    /// The wrong fields, in the order of the form.
    pub fn parse(&self, today: NaiveDate) -> Result<CategoryGrantInput, Vec<FieldError>> {
        let mut errors = Vec::new();
        let category = self.category.filter(|category| *category != RoleCategory::Employee);
        if category.is_none() {
            errors.push(CategoryGrantError::CategoryMissing.at("category"));
        }
        let person = PersonDraft {
            family_name: self.family_name.clone(),
            given_name: self.given_name.clone(),
            patronymic: self.patronymic.clone(),
            no_patronymic: self.no_patronymic,
            email: self.email.clone(),
            snils: self.snils.clone(),
            phone: String::new(),
        };
        let person = person.parse("", EmailRule::Required).map_err(|wrong| errors.extend(wrong)).ok();
        let start = parse_date(&self.start).map_err(|error| errors.push(error.at("start"))).ok();
        let end = if self.end.trim().is_empty() {
            Some(None)
        } else {
            parse_date(&self.end).map_err(|error| errors.push(error.at("end"))).ok().map(Some)
        };
        let period = start.zip(end).and_then(|(start, end)| {
            Period::new(start, end).map_err(|error| errors.push(error.at("end"))).ok()
        });
        if period.is_some_and(|period| period.state(today) == RoleState::Ended) {
            errors.push(CategoryGrantError::AlreadyOver.at("end"));
        }
        match (category, person, period) {
            (Some(category), Some(person), Some(period)) if errors.is_empty() => match person.email {
                Some(email) => {
                    Ok(CategoryGrantInput { category, name: person.name, email, snils: person.snils, period })
                }
                None => Err(errors),
            },
            _ => Err(errors),
        }
    }
}

/// Parameters of the list of categories that were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct CategoryGrantQuery {
    /// The beginning of the ФИО, or a whole e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<RoleCategory>,
    /// Cursor of the page after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Cursor of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Rows at most, 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let fields = |draft: &CategoryGrantDraft| {
            let errors = draft.parse(today).unwrap_err();
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        let empty = CategoryGrantDraft::default();
        assert_eq!(fields(&empty), ["category", "family_name", "given_name", "patronymic", "email", "start"]);
        let right = CategoryGrantDraft {
            category: Some(RoleCategory::Parent),
            family_name: "Иванова".to_owned(),
            given_name: "Анна".to_owned(),
            no_patronymic: true,
            email: "anna@mail.ru".to_owned(),
            start: "01.09.2026".to_owned(),
            ..empty
        };
        assert_eq!(right.parse(today).unwrap().category, RoleCategory::Parent);
        let staff = CategoryGrantDraft { category: Some(RoleCategory::Employee), ..right.clone() };
        assert_eq!(fields(&staff), ["category"]);
        let over = CategoryGrantDraft { end: "21.11.2026".to_owned(), snils: "1".to_owned(), ..right };
        assert_eq!(fields(&over), ["snils", "end"]);
    }
}
