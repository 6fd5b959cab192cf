//! The journal in Russian: the one place where actions have their titles.

use serde_json::Value;

/// Every action and its title.
const TITLES: [(&str, &str); 46] = [
    ("account.blocked", "Учётная запись заблокирована"),
    ("account.created", "Учётная запись создана"),
    ("account.unblocked", "Учётная запись разблокирована"),
    ("account.unlocked", "Временная блокировка входа снята"),
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
    ("employee.archived", "Карточка в архиве"),
    ("employee.bound", "Карточка привязана"),
    ("employee.created", "Карточка создана"),
    ("employee.dates_changed", "Изменены даты роли"),
    ("employee.person_changed", "Изменены данные карточки"),
    ("employee.role_added", "Добавлена роль"),
    ("employee.role_ended", "Роль завершена"),
    ("employee.saved", "Карточка сохранена"),
    ("employees.exported", "Выгружен список сотрудников"),
    ("import.applied", "Импорт применён"),
    ("import.discarded", "Импорт отменён"),
    ("import.failed", "Импорт не применён"),
    ("import.uploaded", "Загружен файл импорта"),
    ("kontingent.entered", "Вход в «Контингент»"),
    ("organization.created", "Организация создана"),
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
    ("session.card_chosen", "Выбрана карточка"),
    ("session.closed", "Выход"),
    ("session.ended", "Сеанс завершён"),
    ("session.opened", "Вход"),
    ("sessions.ended", "Завершены другие сеансы"),
    ("accounts.read", "Просмотр учётных записей"),
];

/// What a reason (a machine code) means.
const REASONS: [(&str, &str); 25] = [
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
    ("last-support", "последняя учётная запись техподдержки"),
    ("locked", "вход временно закрыт"),
    ("mailbox-limit", "слишком много писем на этот адрес"),
    ("name-mismatch", "ФИО различаются"),
    ("needs-confirmation", "нужно подтверждение управления образованием"),
    ("no-role", "нет подходящей роли"),
    ("other-role", "роль не техподдержки"),
    ("own-card", "своя карточка"),
    ("role-ended", "срок роли закончился"),
    ("role-not-begun", "роль ещё не началась"),
    ("unknown-name", "такого имени нет"),
    ("unused", "долго не пользовались"),
    ("wrong-credentials", "неверный логин или пароль карточки"),
    ("wrong-password", "неверный пароль"),
    ("already-bound", "карточка уже привязана"),
];

/// The title of an action.
#[must_use]
pub fn title(action: &str) -> &'static str {
    TITLES
        .iter()
        .find(|(known, _)| *known == action)
        .map_or("Другое действие", |(_, title)| title)
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
    if details.get("locked").and_then(Value::as_bool) == Some(true) {
        words.push("вход временно закрыт".to_owned());
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
    fn actions(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                actions(&path, found);
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
        actions(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        found.retain(|action| action.contains('.') && !action.contains('$'));
        assert!(found.len() > 20, "{found:?}");
        for action in found {
            assert_ne!(title(&action), "Другое действие", "{action}");
        }
    }

    #[test]
    fn reasons_are_told_in_words() {
        assert_eq!(
            details(r#"{"reason":"wrong-password","locked":true}"#),
            "неверный пароль; вход временно закрыт"
        );
        assert_eq!(details(r#"{"reason":"по просьбе руководителя"}"#), "по просьбе руководителя");
        assert_eq!(details(r#"{"session":"x"}"#), "");
        assert_eq!(details("not json"), "");
    }
}
