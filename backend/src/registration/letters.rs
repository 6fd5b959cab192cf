//! The words of the letters of registration.
//!
//! A letter to an address that is not proven repeats nothing that was typed: whoever types somebody else's
//! address cannot make us tell him anything.

use epos_shared::values::Email;

use crate::mail::Letter;

/// What every letter needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    /// The address people see (`https://epos.example.ru`).
    pub origin: &'a str,
    /// To whom.
    pub to: &'a Email,
    /// For how long links work.
    pub link_hours: u32,
}

const NOT_YOU: &str =
    "Если это были не вы, ничего не делайте: без перехода по ссылке учётная запись не появится.";
const SUPPORT: &str = "Если что-то непонятно, напишите в техническую поддержку ЭПОС.";

impl Writer<'_> {
    fn letter(&self, kind: &'static str, subject: &str) -> Letter {
        Letter::new(kind, self.to, subject).text("Здравствуйте.")
    }

    fn once(&self) -> String {
        format!("Ссылка сработает один раз, в течение {}.", hours(self.link_hours))
    }

    fn password_link(&self, letter: Letter, user_name: &str, token: &str) -> Letter {
        letter
            .facts([("Имя пользователя", user_name.to_owned())])
            .link("Установить пароль", format!("{}/activate#{token}", self.origin))
            .text(format!(
                "{} Входить можно по имени пользователя или по этому адресу электронной почты.",
                self.once()
            ))
    }

    /// The first password, to an address that this very link proves.
    pub(super) fn activation(&self, user_name: &str, token: &str) -> Letter {
        let letter = self.letter("registration.activation", "ЭПОС: установите пароль").text(
            "На этот адрес запросили учётную запись ЭПОС. Чтобы она заработала, откройте ссылку и придумайте \
             пароль.",
        );
        self.password_link(letter, user_name, token).text(NOT_YOU)
    }

    /// The proof of the address, after which support looks at the organization.
    pub(super) fn proof(&self, token: &str) -> Letter {
        self.letter("registration.proof", "ЭПОС: подтвердите адрес")
            .text(
                "На этот адрес запросили учётную запись ЭПОС для организации, которой нет в списке. Откройте \
                 ссылку, чтобы подтвердить адрес: после этого заявку рассмотрит техническая поддержка, и ответ \
                 придёт письмом.",
            )
            .link("Подтвердить адрес", format!("{}/confirm#{token}", self.origin))
            .text(self.once())
            .text(NOT_YOU)
    }

    /// Support has approved; the address is proven.
    pub(super) fn approved(&self, user_name: &str, token: &str) -> Letter {
        let letter = self
            .letter("registration.approved", "ЭПОС: заявка одобрена, установите пароль")
            .text("Ваша заявка на учётную запись ЭПОС одобрена. Откройте ссылку и придумайте пароль.");
        self.password_link(letter, user_name, token).text(SUPPORT)
    }

    /// Support has declined; the address is proven.
    pub(super) fn declined(&self, reason: &str) -> Letter {
        self.letter("registration.declined", "ЭПОС: заявка отклонена")
            .text("Техническая поддержка рассмотрела вашу заявку на учётную запись ЭПОС и отклонила её.")
            .facts([("Причина", reason.to_owned())])
            .text(
                "Если ваша организация есть в списке, зарегистрируйтесь ещё раз и выберите её. Если её нет, \
                 напишите в техническую поддержку.",
            )
            .link("Открыть регистрацию", format!("{}/register", self.origin))
    }

    /// The address is an account's.
    pub(super) fn taken(&self) -> Letter {
        self.letter("registration.taken", "ЭПОС: у вас уже есть учётная запись")
            .text(
                "На этот адрес запросили учётную запись ЭПОС, но она у вас уже есть. Войдите по этому адресу \
                 электронной почты и своему паролю, а если пароль забыт, восстановите его.",
            )
            .link("Восстановить пароль", format!("{}/recover", self.origin))
            .text("Если это были не вы, ничего не делайте: ваша учётная запись не изменилась.")
    }

    /// An application of this address waits for support.
    pub(super) fn in_queue(&self) -> Letter {
        self.letter("registration.in_queue", "ЭПОС: ваша заявка уже рассматривается")
            .text(
                "На этот адрес ещё раз запросили учётную запись ЭПОС. Ваша прежняя заявка принята и ждёт решения \
                 технической поддержки, новая ничего не изменила. Ответ придёт письмом.",
            )
            .text(SUPPORT)
    }

    /// Support has declined an application of this address, and this one is of the same sort.
    pub(super) fn declined_before(&self, reason: &str) -> Letter {
        self.letter("registration.declined_before", "ЭПОС: заявка на этот адрес отклонена")
            .text(
                "На этот адрес ещё раз запросили учётную запись ЭПОС для организации, которой нет в списке. \
                 Такую заявку техническая поддержка уже рассмотрела и отклонила.",
            )
            .facts([("Причина", reason.to_owned())])
            .text(
                "Если ваша организация есть в списке, зарегистрируйтесь ещё раз и выберите её. Если её нет, \
                 напишите в техническую поддержку.",
            )
            .link("Открыть регистрацию", format!("{}/register", self.origin))
    }
}

/// «72 часов»: a number of hours after «в течение».
fn hours(number: u32) -> String {
    let is_one = number % 10 == 1 && number % 100 != 11;
    format!("{number} {}", if is_one { "часа" } else { "часов" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_counted_in_the_genitive() {
        let told = [1, 2, 11, 21, 72].map(hours);
        assert_eq!(told, ["1 часа", "2 часов", "11 часов", "21 часа", "72 часов"]);
    }
}
