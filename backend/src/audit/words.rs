//! The journal in Russian: the one place where actions have their titles.

use chrono::NaiveDate;
use epos_shared::api::journal::{ActionGroup, ActionTitle};
use epos_shared::roles::{OrganizationKind, Role};
use serde_json::{Map, Value};

/// Every action and its title.
const TITLES: &[(&str, &str)] = &[
    ("account.blocked", "Учётная запись заблокирована"),
    ("account.created", "Учётная запись создана"),
    ("account_application.approved", "Заявка управления одобрена"),
    ("account_application.completed", "По заявке управления получены логин и пароль"),
    ("account_application.confirmed", "По заявке управления подтверждён адрес"),
    ("account_application.declined", "Заявка управления отклонена"),
    ("account_application.file_read", "Открыт файл заявки управления"),
    ("account_application.letter_sent", "Письмо по заявке управления отправлено ещё раз"),
    ("account_application.removed", "Заявка управления удалена по сроку"),
    ("account_application.sent", "Отправлена заявка управления"),
    ("account_application.shown", "Просмотр заявки управления"),
    ("account_applications.listed", "Просмотр заявок управлений"),
    ("account.unblocked", "Учётная запись разблокирована"),
    ("account.unlocked", "Временная блокировка входа снята"),
    ("alarm.resolved", "Сигнал техподдержке разобран"),
    ("alarms.read", "Просмотр сигналов техподдержке"),
    ("esia.refused", "Вход через Госуслуги не удался"),
    ("esia_health.read", "Просмотр состояния связи с Госуслугами"),
    ("binding.created", "Карточка привязана"),
    ("binding.ended", "Карточка отвязана"),
    ("consent.given", "Дано согласие на обработку персональных данных"),
    ("credentials.issued", "Выдан одноразовый пароль карточки"),
    ("credentials.voided", "Одноразовый пароль карточки отменён"),
    ("data.downloaded", "Получены свои данные"),
    ("email.change_asked", "Запрошена смена e-mail"),
    ("email.change_cancelled", "Смена e-mail отменена"),
    ("email.change_confirmed", "Смена e-mail подтверждена"),
    ("email.changed", "E-mail изменён"),
    ("email.replaced", "E-mail заменён техподдержкой"),
    ("employee.absorbed", "Карточка вошла в другую"),
    ("employee.archived", "Карточка в архиве"),
    ("employee.bound", "Карточка привязана"),
    ("employee.created", "Карточка создана"),
    ("employee.dismissed", "Увольнение"),
    ("employee.duplicate_noted", "Возможный дубль карточки"),
    ("employee.found_elsewhere", "Сообщено, что карточка есть в другой организации"),
    ("employee.merged", "Присоединена другая карточка"),
    ("employee.moved", "Карточка перешла в другую организацию"),
    ("employee.dates_changed", "Изменены даты роли"),
    ("employee.person_changed", "Изменены данные карточки"),
    ("employee.received", "Перевод из другой организации"),
    ("employee.role_added", "Добавлена роль"),
    ("employee.role_ended", "Роль завершена"),
    ("employee.saved", "Карточка сохранена"),
    ("employee.transferred", "Перевод в другую организацию"),
    ("employees.exported", "Выгружен список сотрудников"),
    ("import.applied", "Импорт применён"),
    ("import.discarded", "Импорт отменён"),
    ("import.failed", "Импорт не применён"),
    ("import.uploaded", "Загружен файл импорта"),
    ("journal.exported", "Журнал выгружен в файл"),
    ("kontingent.entered", "Вход в «Контингент»"),
    ("organization.changed", "Изменены данные организации"),
    ("organization.closed", "Организация закрыта"),
    ("organization.created", "Организация создана"),
    ("organization.merged", "Организация присоединена к другой"),
    ("organization.moved", "Организация переподчинена"),
    ("organization.reopened", "Организация открыта снова"),
    ("organizations.imported", "Загружены организации из файла"),
    ("proposal.approved", "Предложение подтверждено"),
    ("proposal.declined", "Предложение отклонено"),
    ("proposal.sent", "Отправлено на подтверждение"),
    ("proposal.withdrawn", "Предложение отозвано"),
    ("registration.approved", "Заявка на регистрацию одобрена"),
    ("registration.declined", "Заявка на регистрацию отклонена"),
    ("registration.letter_sent", "Письмо по заявке отправлено ещё раз"),
    ("registration.removed", "Заявка на регистрацию удалена по сроку"),
    ("registration.sent", "Отправлена заявка на регистрацию"),
    ("registration.superseded", "Заявка на регистрацию заменена новой"),
    ("password.changed", "Пароль изменён"),
    ("password.recovered", "Пароль задан по ссылке из письма"),
    ("recovery.requested", "Запрошено восстановление пароля"),
    ("recovery.sent", "Техподдержка отправила письмо со ссылкой"),
    ("recertification.answered", "Ответ, кто работает в организации"),
    ("recertification.ended", "Подтверждение сотрудников завершено"),
    ("recertification.told", "Руководителю написали, что нужно подтвердить сотрудников"),
    ("recertification.reminded", "Отправлено напоминание подтвердить сотрудников"),
    ("recertification.started", "Начато подтверждение сотрудников"),
    ("report.exported", "Отчёт выгружен в файл"),
    ("roles.ending_told", "Отправлено письмо об окончании ролей"),
    ("session.card_chosen", "Выбрана карточка"),
    ("session.closed", "Выход"),
    ("session.ended", "Сеанс завершён"),
    ("session.opened", "Вход"),
    ("sessions.ended", "Завершены другие сеансы"),
    ("accounts.read", "Просмотр учётных записей"),
    ("account.refreshed", "Данные учётной записи обновлены по Госуслугам"),
    ("categories.read", "Просмотр категорий"),
    ("category.given", "Дана категория"),
    ("category.taken_back", "Категория отозвана"),
    ("esia.joined", "Подключён вход через Госуслуги"),
    ("esia.parted", "Вход через Госуслуги отключён"),
    ("mismatch.corrected", "Расхождение с Госуслугами исправлено"),
    ("mismatch.declined", "Расхождение с Госуслугами отклонено"),
    ("mismatch.found", "Найдено расхождение с Госуслугами"),
    ("mismatch.sent", "Отправлено расхождение с Госуслугами"),
    ("mismatch.settled", "Расхождение с Госуслугами улажено"),
    ("session.category_chosen", "Выбрана категория"),
];

/// Groups of actions: the word they are asked for by, the title, what their actions begin with. Whatever fits
/// none belongs to the last.
const GROUPS: &[(&str, &str, &[&str])] = &[
    ("sign-in", "Вход и сеансы", &["session", "sessions", "kontingent"]),
    ("cards", "Карточки и роли", &["employee", "proposal", "roles"]),
    ("recertification", "Подтверждение сотрудников", &["recertification"]),
    ("credentials", "Одноразовые пароли", &["credentials"]),
    ("bindings", "Привязка карточек", &["binding"]),
    ("accounts", "Учётные записи", &["account", "accounts", "email", "password", "recovery"]),
    (
        "registration",
        "Заявки",
        &["registration", "application", "account_application", "account_applications"],
    ),
    ("organizations", "Организации", &["organization", "organizations"]),
    (
        "esia",
        "Госуслуги и категории",
        &["esia", "esia_health", "alarm", "alarms", "mismatch", "category", "categories"],
    ),
    ("files", "Импорт и выгрузка", &["journal", "import", "export", "employees", "report"]),
    ("consent", "Согласие и личные данные", &["consent", "data"]),
    ("other", "Прочее", &[]),
];

/// What things are.
const OBJECTS: &[(&str, &str)] = &[
    ("account", "Учётная запись"),
    ("account_application", "Заявка управления"),
    ("application", "Заявка на регистрацию"),
    ("category", "Категория"),
    ("employee", "Карточка"),
    ("mismatch", "Расхождение с Госуслугами"),
    ("organization", "Организация"),
    ("recertification", "Подтверждение сотрудников"),
    ("session", "Сеанс"),
];

/// What fields of details are.
const FIELDS: &[(&str, &str)] = &[
    ("name", "ФИО"),
    ("email", "E-mail"),
    ("note", "Примечание"),
    ("phone", "Телефон"),
    ("snils", "СНИЛС"),
    ("login", "Логин"),
    ("role", "Роль"),
    ("days", "Дни роли"),
    ("organization", "Организация"),
    ("short_name", "Краткое наименование"),
    ("full_name", "Полное наименование"),
    ("town", "Населённый пункт"),
    ("inn", "ИНН"),
    ("kpp", "КПП"),
    ("kind", "Вид"),
    ("parent", "Кому подчиняется"),
    ("esia_only", "Вход только через Госуслуги"),
    ("last_day", "Последний день"),
    ("merged", "Присоединённая карточка"),
    ("merged_into", "Карточка, которая осталась"),
    ("proposal", "Предложено"),
];

/// The longest value that is shown whole, in characters.
const LONGEST: usize = 500;

/// What a reason (a machine code) means.
const REASONS: &[(&str, &str)] = &[
    ("account-blocked", "учётная запись заблокирована"),
    ("address-not-proven", "e-mail не подтверждён"),
    ("blocked", "учётная запись заблокирована"),
    ("by-person", "завершил владелец"),
    ("card-archived", "карточка в архиве"),
    ("credentials-expired", "срок пароля карточки истёк"),
    ("credentials-used", "пароль карточки уже использован"),
    ("credentials-voided", "пароль карточки отменён"),
    ("demo-account", "учётная запись демонстрации"),
    ("forbidden", "действие не разрешено"),
    ("organization-closed", "организация закрыта"),
    ("last-support", "последняя учётная запись техподдержки"),
    ("locked", "вход временно закрыт"),
    ("mailbox-limit", "слишком много писем на этот адрес"),
    ("name-mismatch", "ФИО различаются"),
    ("needs-confirmation", "нужно подтверждение управления образованием"),
    ("no-role", "нет подходящей роли"),
    ("other-role", "роль не техподдержки"),
    ("own-card", "своя карточка"),
    ("replaced", "заменено новым"),
    ("role-ended", "срок роли закончился"),
    ("role-not-begun", "роль ещё не началась"),
    ("unknown-name", "такого имени нет"),
    ("unused", "долго не пользовались"),
    ("wrong-credentials", "неверный логин или пароль карточки"),
    ("wrong-password", "неверный пароль"),
    ("already-bound", "карточка уже привязана"),
    ("esia-not-recognised", "человек с Госуслуг не найден"),
    ("esia-only", "только через Госуслуги"),
    ("no-category", "нет действующих ролей"),
    ("other-category", "выбрана другая категория"),
    ("other-person", "ФИО или СНИЛС на Госуслугах другие"),
    ("snils-mismatch", "СНИЛС различаются"),
    ("taken", "Госуслуги связаны с другой учётной записью"),
];

/// The title of an action.
#[must_use]
pub fn title(action: &str) -> &'static str {
    TITLES
        .iter()
        .find(|(known, _)| *known == action)
        .map_or("Другое действие", |(_, title)| title)
}

/// The group of an action.
fn group(action: &str) -> &'static str {
    let begins = action.split('.').next().unwrap_or_default();
    let found = GROUPS.iter().find(|(_, _, words)| words.contains(&begins));
    found.map_or("other", |(code, ..)| code)
}

/// Every action in its group, by title; groups of none are left out.
#[must_use]
pub fn groups() -> Vec<ActionGroup> {
    let groups = GROUPS.iter().map(|(code, title, _)| {
        let mut actions: Vec<ActionTitle> = TITLES
            .iter()
            .filter(|(action, _)| group(action) == *code)
            .map(|(action, title)| ActionTitle { code: (*action).to_owned(), title: (*title).to_owned() })
            .collect();
        actions.sort_by(|one, other| one.title.cmp(&other.title));
        ActionGroup { code: (*code).to_owned(), title: (*title).to_owned(), actions }
    });
    groups.filter(|group| !group.actions.is_empty()).collect()
}

/// The actions that a word stands for: an action or a group. Nothing where it is neither.
#[must_use]
pub fn actions(word: &str) -> Option<Vec<&'static str>> {
    if let Some((action, _)) = TITLES.iter().find(|(action, _)| *action == word) {
        return Some(vec![action]);
    }
    let of_group: Vec<&str> =
        TITLES.iter().map(|(action, _)| *action).filter(|action| group(action) == word).collect();
    (!of_group.is_empty()).then_some(of_group)
}

/// What a thing is.
#[must_use]
pub fn object(kind: &str) -> &'static str {
    OBJECTS.iter().find(|(known, _)| *known == kind).map_or("Другое", |(_, title)| title)
}

/// Old and new values of the details, each with what it is of. What was not there before is empty.
#[must_use]
pub fn changes(details: &str) -> Vec<(String, String, String)> {
    let Ok(Value::Object(details)) = serde_json::from_str::<Value>(details) else { return Vec::new() };
    let role = details.get("role").map(|role| value("role", role)).filter(|role| !role.is_empty());
    let mut all = Vec::new();
    if let (Some(before), Some(after)) = (details.get("before"), details.get("after")) {
        match (before, after) {
            // The days of a role are one value, not two fields.
            (Value::Object(_), Value::Object(_)) if is_period(before) || is_period(after) => {
                let field = role.map_or_else(|| label("days"), |role| format!("{}: {role}", label("days")));
                all.push((field, period(before), period(after)));
            }
            (Value::Object(before), Value::Object(after)) => {
                let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
                // As a person reads a card, then whatever else there is.
                let place = |field: &str| FIELDS.iter().position(|(known, _)| *known == field);
                fields.sort_by_key(|field| (place(field).unwrap_or(usize::MAX), (*field).clone()));
                fields.dedup();
                for field in fields {
                    let of = |side: &Map<String, Value>| {
                        side.get(field).map(|text| value(field, text)).unwrap_or_default()
                    };
                    let (old, new) = (of(before), of(after));
                    if old != new {
                        all.push((label(field), old, new));
                    }
                }
            }
            _ => all.push(("Значение".to_owned(), value("", before), value("", after))),
        }
        return all;
    }
    if let Some(Value::Object(person)) = details.get("person") {
        for (field, _) in FIELDS {
            let new = person.get(*field).map(|text| value(field, text)).unwrap_or_default();
            if !new.is_empty() {
                all.push((label(field), String::new(), new));
            }
        }
    }
    if let Some(login) = details.get("login") {
        all.push((label("login"), String::new(), value("login", login)));
    }
    for given in details.get("roles").and_then(Value::as_array).into_iter().flatten() {
        all.push((label("role"), String::new(), role_in_days(given)));
    }
    if let Some(role) = role {
        let given = details.get("days").map_or(role.clone(), |days| format!("{role}, {}", period(days)));
        all.push((label("role"), String::new(), given));
    }
    for given in details.get("roles_before").and_then(Value::as_array).into_iter().flatten() {
        all.push((label("role"), role_in_days(given), String::new()));
    }
    all.retain(|(_, old, new)| old != new);
    all
}

fn label(field: &str) -> String {
    FIELDS.iter().find(|(known, _)| *known == field).map_or(field, |(_, label)| label).to_owned()
}

/// A value in words.
fn value(field: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(true) => "да".to_owned(),
        Value::Bool(false) => "нет".to_owned(),
        Value::String(text) => match field {
            "role" => Role::from_wire(text).map_or_else(|| text.clone(), |role| role.title().to_owned()),
            "kind" => {
                OrganizationKind::from_wire(text).map_or_else(|| text.clone(), |kind| kind.title().to_owned())
            }
            _ => text.parse::<NaiveDate>().map_or_else(|_| text.clone(), day),
        },
        Value::Object(_) if is_period(value) => period(value),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

fn day(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

fn is_period(value: &Value) -> bool {
    value.get("start").is_some() && value.as_object().is_some_and(|period| period.len() == 2)
}

/// The days of a role in words.
fn period(days: &Value) -> String {
    let of = |name: &str| {
        days.get(name).and_then(Value::as_str).and_then(|text| text.parse::<NaiveDate>().ok()).map(day)
    };
    match (of("start"), of("end")) {
        (Some(start), Some(end)) => format!("с {start} по {end}"),
        (Some(start), None) => format!("с {start}"),
        (None, Some(end)) => format!("по {end}"),
        (None, None) => String::new(),
    }
}

fn role_in_days(given: &Value) -> String {
    let role = given.get("role").map(|role| value("role", role)).unwrap_or_default();
    let days = given.get("days").map(period).unwrap_or_default();
    if days.is_empty() { role } else { format!("{role}, {days}") }
}

/// What the details say, for people: the reason, in words where it is one of the program's own.
#[must_use]
pub fn details(details: &str) -> String {
    let Ok(Value::Object(details)) = serde_json::from_str::<Value>(details) else { return String::new() };
    let mut words = Vec::new();
    if let Some(reason) = details.get("reason").and_then(Value::as_str) {
        let known = REASONS.iter().find(|(code, _)| *code == reason);
        words.push(known.map_or(reason, |(_, words)| words).to_owned());
    }
    if let Some(author) = details.get("proposed_by").and_then(Value::as_str) {
        words.push(format!("по предложению: {author}"));
    }
    if details.get("locked").and_then(Value::as_bool) == Some(true) {
        words.push("вход временно закрыт".to_owned());
    }
    if details.get("others_left_out").and_then(Value::as_bool) == Some(true) {
        words.push("остальные отказы этого часа не записаны".to_owned());
    }
    match details.get("from").and_then(Value::as_str) {
        Some("old") => words.push("с прежнего адреса".to_owned()),
        Some("new") => words.push("с нового адреса".to_owned()),
        _ => {}
    }
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `"word.word"` that an event is made with in the sources.
    fn made_in(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                made_in(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for maker in ["Event::done(\"", "Event::refused(\""] {
                found.extend(
                    text.split(maker).skip(1).filter_map(|rest| Some(rest.split('"').next()?.to_owned())),
                );
            }
        }
    }

    #[test]
    fn every_action_of_the_sources_has_a_title() {
        let mut found = Vec::new();
        made_in(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        found.retain(|action| action.contains('.') && !action.contains('$'));
        assert!(found.len() > 20, "{found:?}");
        for action in found {
            assert_ne!(title(&action), "Другое действие", "{action}");
        }
    }

    #[test]
    fn every_action_is_in_one_group_and_found_by_it() {
        let groups = groups();
        let all: usize = groups.iter().map(|group| group.actions.len()).sum();
        assert_eq!(all, TITLES.len());
        for group in groups {
            assert_eq!(actions(&group.code).unwrap().len(), group.actions.len(), "{}", group.code);
        }
        assert_eq!(actions("employee.saved").unwrap(), ["employee.saved"]);
        assert_eq!(actions("employee"), None);
    }

    #[test]
    fn old_and_new_values_are_told_in_words() {
        let told = |details: Value| -> Vec<String> {
            changes(&details.to_string())
                .into_iter()
                .map(|(field, old, new)| format!("{field}: {old} → {new}"))
                .collect()
        };
        let person =
            |name: &str, email: Option<&str>| serde_json::json!({ "name": name, "email": email, "note": "" });
        assert_eq!(
            told(serde_json::json!({ "before": person("А", None), "after": person("Б", Some("b@x.ru")) })),
            ["ФИО: А → Б", "E-mail:  → b@x.ru"]
        );
        let days = |end: Option<&str>| serde_json::json!({ "start": "2026-09-01", "end": end });
        assert_eq!(
            told(
                serde_json::json!({ "role": "teacher", "before": days(None), "after": days(Some("2026-12-31")) })
            ),
            ["Дни роли: Учитель: с 01.09.2026 → с 01.09.2026 по 31.12.2026"]
        );
        assert_eq!(
            told(serde_json::json!({ "role": "teacher", "days": days(None) })),
            ["Роль:  → Учитель, с 01.09.2026"]
        );
        assert_eq!(
            told(serde_json::json!({
                "login": "aivanova", "person": person("А", None),
                "roles": [{ "role": "teacher", "days": days(None) }],
            })),
            ["ФИО:  → А", "Логин:  → aivanova", "Роль:  → Учитель, с 01.09.2026"]
        );
        assert!(changes("{}").is_empty() && changes("no json").is_empty());
    }

    #[test]
    fn reasons_are_told_in_words() {
        assert_eq!(details(r#"{"others_left_out":true}"#), "остальные отказы этого часа не записаны");
        assert_eq!(
            details(r#"{"reason":"wrong-password","locked":true}"#),
            "неверный пароль; вход временно закрыт"
        );
        assert_eq!(details(r#"{"reason":"по просьбе руководителя"}"#), "по просьбе руководителя");
        assert_eq!(details(r#"{"proposed_by":"Ким Ли"}"#), "по предложению: Ким Ли");
        assert_eq!(details(r#"{"session":"x"}"#), "");
        assert_eq!(details("not json"), "");
    }
}
