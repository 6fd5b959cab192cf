//! Days, and periods of days.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::value_error;

value_error! {
    /// Why a text is no day, or two days are no period.
    DateError {
        /// Nothing was typed.
        Empty = "date-empty", "Укажите дату";
        /// Not a day of the calendar.
        Malformed = "date-malformed", "Такой даты нет. Пример: 01.09.2026";
        /// Before 1950 or after 2100.
        OutOfRange = "date-out-of-range", "Год должен быть от 1950 до 2100";
        /// The last day is before the first.
        Crossed = "dates-crossed", "Конечная дата раньше начальной";
    }
}

/// A day as people type it (ДД.ММ.ГГГГ) or as the API writes it (ГГГГ-ММ-ДД), from 1950 to 2100.
///
/// # Errors
/// [`DateError`] but for `Crossed`.
pub fn parse_date(text: &str) -> Result<NaiveDate, DateError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DateError::Empty);
    }
    let (separator, day_first) = if text.contains('-') { ('-', false) } else { ('.', true) };
    let mut parts = text.split(separator);
    let (Some(first), Some(month), Some(last), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(DateError::Malformed);
    };
    let (day, year) = if day_first { (first, last) } else { (last, first) };
    if year.len() != 4 || !(1..=2).contains(&day.len()) || !(1..=2).contains(&month.len()) {
        return Err(DateError::Malformed);
    }
    let number =
        |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
    let (Some(year), Some(month), Some(day)) = (number(year), number(month), number(day)) else {
        return Err(DateError::Malformed);
    };
    let year = i32::try_from(year).map_err(|_| DateError::Malformed)?;
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(DateError::Malformed)?;
    if (1950..=2100).contains(&date.year()) { Ok(date) } else { Err(DateError::OutOfRange) }
}

/// ДД.ММ.ГГГГ.
#[must_use]
pub fn format_date(date: NaiveDate) -> String {
    format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year())
}

/// The days a role is in force: from the first to the last, both inclusive; no last day means open-ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "UncheckedPeriod")]
pub struct Period {
    start: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct UncheckedPeriod {
    start: NaiveDate,
    #[serde(default)]
    end: Option<NaiveDate>,
}

impl TryFrom<UncheckedPeriod> for Period {
    type Error = DateError;

    fn try_from(period: UncheckedPeriod) -> Result<Self, DateError> {
        Self::new(period.start, period.end)
    }
}

/// Where a period lies, seen from a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleState {
    /// It has not begun: «ещё не началась».
    Upcoming,
    /// The day lies within: «действует».
    InForce,
    /// It is over: «закончилась».
    Ended,
}

impl Period {
    /// A period of days.
    ///
    /// # Errors
    /// [`DateError::Crossed`] where `end` is before `start`.
    pub fn new(start: NaiveDate, end: Option<NaiveDate>) -> Result<Self, DateError> {
        if end.is_some_and(|end| end < start) {
            return Err(DateError::Crossed);
        }
        Ok(Self { start, end })
    }

    /// The first day.
    #[must_use]
    pub const fn start(&self) -> NaiveDate {
        self.start
    }

    /// The last day, if there is one.
    #[must_use]
    pub const fn end(&self) -> Option<NaiveDate> {
        self.end
    }

    /// Where the period lies, seen from `today`.
    #[must_use]
    pub fn state(&self, today: NaiveDate) -> RoleState {
        if today < self.start {
            RoleState::Upcoming
        } else if self.end.is_some_and(|end| end < today) {
            RoleState::Ended
        } else {
            RoleState::InForce
        }
    }

    /// From the first day of both to the last.
    #[must_use]
    pub fn spanning(&self, other: &Self) -> Self {
        let end = self.end.zip(other.end).map(|(one, other)| one.max(other));
        Self { start: self.start.min(other.start), end }
    }

    /// Whether both have a day in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_in_time = |a: &Self, b: &Self| b.end.is_none_or(|end| a.start <= end);
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn days_are_read_in_both_orders() {
        assert_eq!(day("27.04.2021"), day("2021-04-27"));
        assert_eq!(day(" 1.9.2026 "), day("2026-09-01"));
        assert_eq!(format_date(day("1.9.2026")), "01.09.2026");
        for wrong in
            ["31.02.2026", "1.13.2026", "01.09.26", "вчера", "2026", "1.2.3.4", "+1.09.2026", "01/09/2026"]
        {
            assert_eq!(parse_date(wrong).unwrap_err(), DateError::Malformed, "{wrong}");
        }
        assert_eq!(parse_date("01.01.1949").unwrap_err(), DateError::OutOfRange);
        assert_eq!(parse_date("  ").unwrap_err(), DateError::Empty);
    }

    #[test]
    fn a_role_works_on_its_first_and_its_last_day() {
        let period = Period::new(day("01.09.2026"), Some(day("30.09.2026"))).unwrap();
        assert_eq!(period.state(day("31.08.2026")), RoleState::Upcoming);
        assert_eq!(period.state(day("01.09.2026")), RoleState::InForce);
        assert_eq!(period.state(day("30.09.2026")), RoleState::InForce);
        assert_eq!(period.state(day("01.10.2026")), RoleState::Ended);
        assert_eq!(Period::new(day("02.09.2026"), Some(day("01.09.2026"))), Err(DateError::Crossed));
        let crossed = r#"{"start":"2026-09-02","end":"2026-09-01"}"#;
        assert!(serde_json::from_str::<Period>(crossed).is_err());
    }

    proptest! {
        #[test]
        fn a_day_survives_its_writing(days in 0..50_000_i64) {
            let date = day("01.01.1950") + chrono::Duration::days(days);
            prop_assert_eq!(parse_date(&format_date(date)), Ok(date));
            prop_assert_eq!(parse_date(&date.to_string()), Ok(date));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,16}|[0-9.-]{0,12}") {
            let _ = parse_date(&text);
        }

        #[test]
        fn overlap_is_what_counting_days_says(a in 0..30_i64, b in 0..30_i64, c in 0..30_i64, d in 0..30_i64) {
            let base = day("01.09.2026");
            let period = |from: i64, length: i64| {
                Period::new(base + chrono::Duration::days(from), Some(base + chrono::Duration::days(from + length))).unwrap()
            };
            let (first, second) = (period(a, b), period(c, d));
            let common = (0..100).map(|n| base + chrono::Duration::days(n))
                .any(|day| first.state(day) == RoleState::InForce && second.state(day) == RoleState::InForce);
            prop_assert_eq!(first.overlaps(&second), common);
        }
    }
}
