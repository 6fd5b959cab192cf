//! Words that change with numbers, and moments as people read them.

use chrono::{DateTime, Utc};
use epos_shared::api::page::Total;
use epos_shared::values::FullName;
use wasm_bindgen::JsValue;

/// The form of a word for a number: `few` for 2–4, `one` for 1, `many` for the rest.
#[must_use]
pub const fn plural(n: u32, one: &'static str, few: &'static str, many: &'static str) -> &'static str {
    match (n % 10, n % 100) {
        (1, last) if last != 11 => one,
        (2..=4, last) if last < 12 || last > 14 => few,
        _ => many,
    }
}

/// A number with its word, in the forms of [`plural`].
#[must_use]
pub fn several(n: u32, [one, few, many]: [&'static str; 3]) -> String {
    format!("{n}\u{a0}{}", plural(n, one, few, many))
}

/// The size of a file: «12 КБ», «3,4 МБ».
#[must_use]
pub fn size(bytes: f64) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    if bytes < MIB {
        format!("{:.0}\u{a0}КБ", (bytes / 1024.0).max(1.0))
    } else {
        format!("{:.1}\u{a0}МБ", bytes / MIB).replace('.', ",")
    }
}

/// «найдено N» / «больше 1000».
#[must_use]
pub fn total(total: Total) -> String {
    match total {
        Total::Exact(n) => format!("Найдено: {n}"),
        Total::MoreThan(n) => format!("Найдено: больше {n}"),
    }
}

/// «Иванова А. П.».
#[must_use]
pub fn initials(name: &FullName) -> String {
    let mut short = name.family_name.to_string();
    let parts = [Some(&name.given_name), name.patronymic.as_ref()];
    for part in parts.into_iter().flatten() {
        if let Some(first) = part.as_str().chars().next() {
            short.push('\u{a0}');
            short.extend(first.to_uppercase());
            short.push('.');
        }
    }
    short
}

/// A moment in the browser's time zone: ДД.ММ.ГГГГ ЧЧ:ММ.
#[must_use]
pub fn moment(moment: DateTime<Utc>) -> String {
    let date = local(moment);
    format!(
        "{:02}.{:02}.{:04} {:02}:{:02}",
        date.get_date(),
        date.get_month() + 1,
        date.get_full_year(),
        date.get_hours(),
        date.get_minutes()
    )
}

/// The day of a moment in the browser's time zone: ДД.ММ.ГГГГ.
#[must_use]
pub fn day(moment: DateTime<Utc>) -> String {
    let date = local(moment);
    format!("{:02}.{:02}.{:04}", date.get_date(), date.get_month() + 1, date.get_full_year())
}

/// The end of a lock: the time alone where it is today, with the day otherwise.
#[must_use]
pub fn until(end: DateTime<Utc>) -> String {
    let (date, now) = (local(end), js_sys::Date::new_0());
    let today = date.get_date() == now.get_date() && date.get_month() == now.get_month();
    if today { format!("{:02}:{:02}", date.get_hours(), date.get_minutes()) } else { moment(end) }
}

fn local(moment: DateTime<Utc>) -> js_sys::Date {
    // Milliseconds of any date a calendar knows are exact in a double.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    js_sys::Date::new(&JsValue::from_f64(moment.timestamp_millis() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_agree_with_numbers() {
        let attempts = |n| plural(n, "попытка", "попытки", "попыток");
        let expected = [
            (0, "попыток"),
            (1, "попытка"),
            (3, "попытки"),
            (5, "попыток"),
            (11, "попыток"),
            (12, "попыток"),
            (14, "попыток"),
            (21, "попытка"),
            (22, "попытки"),
            (111, "попыток"),
        ];
        for (n, word) in expected {
            assert_eq!(attempts(n), word, "{n}");
        }
    }

    #[test]
    fn initials_are_short_and_do_not_break() {
        let name = |patronymic: Option<&str>| FullName {
            family_name: "Ёлкина".parse().unwrap(),
            given_name: "анна".parse().unwrap(),
            patronymic: patronymic.map(|text| text.parse().unwrap()),
        };
        assert_eq!(initials(&name(Some("Петровна"))), "Ёлкина\u{a0}А.\u{a0}П.");
        assert_eq!(initials(&name(None)), "Ёлкина\u{a0}А.");
    }

    #[test]
    fn totals_are_exact_up_to_their_limit() {
        assert_eq!(total(Total::of(37)), "Найдено: 37");
        assert_eq!(total(Total::of(1001)), "Найдено: больше 1000");
    }
}
