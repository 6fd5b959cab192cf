//! The letters of accounts. What goes to an address that is not proven repeats nothing that was typed.

use epos_shared::values::Email;

use crate::app::Services;
use crate::mail::Letter;

const IGNORE: &str = "Если это были не вы, ничего делать не нужно: без ссылки из письма ничего не изменится.";

/// The address of a page that takes a token.
pub(super) fn page(services: &Services, path: &str, token: &str) -> String {
    format!("{}{path}#{token}", services.origin.text)
}

fn hours(count: u32) -> String {
    let word = match (count % 10, count % 100) {
        (1, hundred) if hundred != 11 => "час",
        (2..=4, hundred) if !(12..=14).contains(&hundred) => "часа",
        _ => "часов",
    };
    format!("{count} {word}")
}

/// The link that sets a new password.
pub(super) fn recovery(services: &Services, to: &Email, user_name: &str, token: &str) -> Letter {
    Letter::new("recovery.link", to, "Новый пароль для входа в ЭПОС")
        .text("Здравствуйте. Для вашей учётной записи в ЭПОС запросили новый пароль.")
        .facts([("Имя пользователя", user_name.to_owned())])
        .link("Придумать новый пароль", page(services, "/recover", token))
        .text(format!(
            "Ссылка действует {} и срабатывает один раз.",
            hours(services.config.recovery.link_hours)
        ))
        .text(IGNORE)
}

/// Somebody wanted to recover a blocked account.
pub(super) fn blocked(services: &Services, to: &Email) -> Letter {
    Letter::new("recovery.blocked", to, "Вход в ЭПОС: учётная запись заблокирована")
        .text("Здравствуйте. Для вашей учётной записи в ЭПОС запросили новый пароль, но она заблокирована.")
        .text("Новый пароль её не откроет. Обратитесь к администратору «Контингента» вашей организации или в техподдержку.")
        .link("Портал ЭПОС", services.origin.text.clone())
}

/// The password was set.
pub(super) fn password_changed(services: &Services, to: &Email) -> Letter {
    Letter::new("password.changed", to, "Пароль для входа в ЭПОС изменён")
        .text("Здравствуйте. Пароль вашей учётной записи в ЭПОС изменён, прежний больше не действует. Сеансы на других устройствах завершены.")
        .text("Если пароль меняли не вы, сразу задайте новый и напишите в техподдержку.")
        .link("Забыли пароль?", format!("{}/recover", services.origin.text))
}

/// The account was joined with its person at Госуслуги.
pub(super) fn esia_joined(services: &Services, to: &Email) -> Letter {
    Letter::new("esia.joined", to, "К вашей учётной записи в ЭПОС подключён вход через Госуслуги")
        .text("Здравствуйте. К вашей учётной записи в ЭПОС подключён вход через Госуслуги: e-mail и ФИО совпали, или вы подключили его в профиле.")
        .text("Если это были не вы, отключите вход через Госуслуги в профиле, смените пароль и напишите в техподдержку.")
        .link("Мой профиль", format!("{}/profile", services.origin.text))
}

/// The account and its person at Госуслуги were taken apart.
pub(super) fn esia_parted(services: &Services, to: &Email) -> Letter {
    Letter::new("esia.parted", to, "Вход через Госуслуги отключён от вашей учётной записи в ЭПОС")
        .text("Здравствуйте. Вход через Госуслуги отключён от вашей учётной записи в ЭПОС. Имя пользователя и пароль действуют по-прежнему.")
        .text("Если это были не вы, смените пароль и напишите в техподдержку.")
        .link("Мой профиль", format!("{}/profile", services.origin.text))
}

/// A change of the address is to be confirmed from the present one.
pub(super) fn email_change_old(services: &Services, to: &Email, token: &str) -> Letter {
    Letter::new("email.confirm_old", to, "Смена e-mail в ЭПОС: подтвердите")
        .text("Здравствуйте. Для вашей учётной записи в ЭПОС указали новый e-mail. Адрес сменится, когда вы подтвердите это из обоих писем: из этого и из письма на новый адрес.")
        .link("Подтвердить смену e-mail", page(services, "/confirm-email", token))
        .text(format!("Ссылка действует {}.", hours(services.config.accounts.email_change_hours)))
        .text("Если это были не вы, ссылку не открывайте, смените пароль и напишите в техподдержку.")
}

/// The same from the new one, which is not proven yet.
pub(super) fn email_change_new(services: &Services, to: &Email, token: &str) -> Letter {
    Letter::new("email.confirm_new", to, "Новый e-mail в ЭПОС: подтвердите")
        .text("Здравствуйте. Этот адрес указали как новый e-mail учётной записи в ЭПОС. Он начнёт действовать, когда смену подтвердят из обоих писем: из этого и из письма на прежний адрес.")
        .link("Подтвердить e-mail", page(services, "/confirm-email", token))
        .text(format!("Ссылка действует {}.", hours(services.config.accounts.email_change_hours)))
        .text(IGNORE)
}

/// Somebody has named an address that is this account's already.
pub(super) fn email_taken(services: &Services, to: &Email) -> Letter {
    Letter::new("email.taken", to, "Ваш e-mail указали в ЭПОС ещё раз")
        .text("Здравствуйте. Ваш адрес попытались указать как новый e-mail другой учётной записи в ЭПОС. У вас уже есть учётная запись с этим адресом, поэтому ничего не изменилось.")
        .text("Если это были вы, войдите в свою учётную запись или задайте новый пароль.")
        .link("Забыли пароль?", format!("{}/recover", services.origin.text))
}

/// The address has changed, to the one before.
pub(super) fn email_changed_old(services: &Services, to: &Email) -> Letter {
    Letter::new("email.changed", to, "E-mail вашей учётной записи в ЭПОС изменён")
        .text("Здравствуйте. E-mail вашей учётной записи в ЭПОС изменён. На этот адрес письма больше не придут.")
        .text("Если вы об этом не просили, напишите в техподдержку.")
        .link("Портал ЭПОС", services.origin.text.clone())
}

/// The address has changed, to the new one, which has just been proven.
pub(super) fn email_changed_new(services: &Services, to: &Email) -> Letter {
    Letter::new("email.changed", to, "E-mail вашей учётной записи в ЭПОС изменён")
        .text("Здравствуйте. Теперь это e-mail вашей учётной записи в ЭПОС: по нему можно войти, сюда придут письма.")
        .link("Портал ЭПОС", services.origin.text.clone())
}

/// Support has written another address into the account, to that address, which is not proven yet.
pub(super) fn email_replaced(services: &Services, to: &Email, token: &str) -> Letter {
    Letter::new("email.replaced", to, "Вход в ЭПОС: новый e-mail")
        .text("Здравствуйте. Служба техподдержки указала этот адрес как e-mail учётной записи в ЭПОС. Чтобы войти, задайте новый пароль.")
        .link("Придумать новый пароль", page(services, "/recover", token))
        .text(format!("Ссылка действует {} и срабатывает один раз. Если она не понадобилась вовремя, нажмите «Забыли пароль?» или напишите в техподдержку.", hours(services.config.recovery.link_hours)))
        .text("Если вы не обращались в техподдержку, ничего делать не нужно.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_agree_with_their_number() {
        let said: Vec<_> = [1, 2, 5, 11, 12, 21, 24, 72].into_iter().map(hours).collect();
        assert_eq!(
            said,
            ["1 час", "2 часа", "5 часов", "11 часов", "12 часов", "21 час", "24 часа", "72 часа"]
        );
    }
}
