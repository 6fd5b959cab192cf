//! The words of the letters. The one to an address that is not proven repeats nothing that was typed, and none holds
//! a password: whoever reads a mailbox later finds a link that was used.

use epos_shared::values::Email;

use crate::mail::Letter;

/// What every letter needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    /// The address people see (`https://epos.example.ru`).
    pub origin: &'a str,
    /// To whom.
    pub to: &'a Email,
    /// The number of the application.
    pub number: &'a str,
    /// For how long links work.
    pub link_hours: u32,
}

impl Writer<'_> {
    fn letter(&self, kind: &'static str, subject: &str) -> Letter {
        Letter::new(kind, self.to, &format!("ЭПОС: {subject}"))
            .text("Здравствуйте.")
            .facts([("Номер заявки", self.number.to_owned())])
    }

    fn once(&self) -> String {
        format!("Ссылка сработает один раз. Срок её действия в часах: {}.", self.link_hours)
    }

    /// The proof of the address, after which support looks at the application.
    pub(super) fn proof(&self, token: &str) -> Letter {
        self.letter("account_application.proof", "подтвердите адрес для заявки")
            .text(
                "На этот адрес отправили заявку на учётную запись управления образованием в ЭПОС. Откройте ссылку, \
                 чтобы подтвердить адрес: после этого заявку рассмотрит техническая поддержка, и ответ придёт письмом.",
            )
            .link("Подтвердить адрес", format!("{}/confirm#{token}", self.origin))
            .text(self.once())
            .text("Если это были не вы, ничего не делайте: без перехода по ссылке заявку никто не рассмотрит.")
    }

    /// The card is there; the link shows its login and one-time password.
    pub(super) fn approved(&self, token: &str) -> Letter {
        self.letter("account_application.approved", "заявка одобрена")
            .text(
                "Техническая поддержка одобрила вашу заявку и завела вам карточку сотрудника. По ссылке вы увидите \
                 логин и одноразовый пароль карточки: один раз, поэтому сразу запишите их.",
            )
            .link("Получить логин и пароль", format!("{}/account-application#{token}", self.origin))
            .text(self.once())
            .text(
                "Потом войдите в ЭПОС под своей учётной записью РСАА или через Госуслуги, выберите подсистему \
                 «Контингент» и введите этот логин и пароль. Нет учётной записи РСАА? Зарегистрируйтесь по адресу ниже.",
            )
            .link("Открыть регистрацию", format!("{}/register", self.origin))
            .text("Если ссылка больше не работает, напишите в техническую поддержку и назовите номер заявки.")
    }

    /// Support has declined.
    pub(super) fn declined(&self, reason: &str) -> Letter {
        self.letter("account_application.declined", "заявка отклонена")
            .text("Техническая поддержка рассмотрела вашу заявку на учётную запись управления образованием и отклонила её.")
            .facts([("Причина", reason.to_owned())])
            .text("Если причину можно устранить, отправьте новую заявку.")
            .link("Новая заявка", format!("{}/account-application", self.origin))
    }
}
