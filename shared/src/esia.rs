//! What can go wrong at the sign-in through Госуслуги (ЕСИА), told to people (screens.md 7).
//!
//! A failure is a short code: six digits of ЕСИА's own (`007004`), or one of our words. It stands in the address of
//! the page that explains it, so that the page can be shown to support.

/// Who has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhoActs {
    /// The person: at Госуслуги or with the administrator.
    Person,
    /// Ours: support is told without the person's help.
    OurAdministrator,
    /// Nobody: it passes.
    Later,
    /// The person: start again.
    Again,
}

/// A failure, explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// What happened, in a few words.
    pub title: &'static str,
    /// What to do.
    pub detail: &'static str,
    /// Who acts.
    pub who: WhoActs,
}

/// Our own failures, as they stand in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// `esia-off`: no link to Госуслуги is configured.
    Off,
    /// `unreachable`: Госуслуги did not answer, or the circuit is open.
    Unreachable,
    /// `wrong-browser`: `state` is not this browser's, or its time is over.
    WrongBrowser,
    /// `untrusted`: an answer that cannot be believed: signature, issuer, audience, times.
    Untrusted,
    /// `unconfirmed`: an account at Госуслуги that is not confirmed.
    Unconfirmed,
    /// `deleted`: an account at Госуслуги that was deleted.
    Deleted,
    /// `blocked`: our account is blocked.
    Blocked,
    /// `no-staff`: nothing here is open to this person (no category).
    NoCategory,
    /// `taken`: that person at Госуслуги is joined with another account.
    Taken,
    /// `other-person`: ФИО of the account and at Госуслуги differ.
    OtherPerson,
    /// `bad-name`: ФИО at Госуслуги that no rule here takes.
    BadName,
    /// `no-data`: Госуслуги did not give what was asked for.
    NoData,
    /// `signer`: our request could not be signed.
    Signer,
}

impl Failure {
    /// Every failure.
    pub const ALL: [Self; 13] = [
        Self::Off,
        Self::Unreachable,
        Self::WrongBrowser,
        Self::Untrusted,
        Self::Unconfirmed,
        Self::Deleted,
        Self::Blocked,
        Self::NoCategory,
        Self::Taken,
        Self::OtherPerson,
        Self::BadName,
        Self::NoData,
        Self::Signer,
    ];

    /// As it stands in the address and in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "esia-off",
            Self::Unreachable => "unreachable",
            Self::WrongBrowser => "wrong-browser",
            Self::Untrusted => "untrusted",
            Self::Unconfirmed => "unconfirmed",
            Self::Deleted => "deleted",
            Self::Blocked => "blocked",
            Self::NoCategory => "no-category",
            Self::Taken => "taken",
            Self::OtherPerson => "other-person",
            Self::BadName => "bad-name",
            Self::NoData => "no-data",
            Self::Signer => "signer",
        }
    }

    const fn explanation(self) -> Explanation {
        let (title, detail, who) = match self {
            Self::Off => (
                "Вход через Госуслуги пока не подключён",
                "Войдите по имени пользователя и паролю.",
                WhoActs::OurAdministrator,
            ),
            Self::Unreachable => (
                "Госуслуги сейчас не отвечают",
                "Попробуйте через несколько минут или войдите по имени пользователя и паролю.",
                WhoActs::Later,
            ),
            Self::WrongBrowser => (
                "Вход начат в другом окне или слишком давно",
                "Начните вход ещё раз: нажмите «Вход через ЕСИА».",
                WhoActs::Again,
            ),
            Self::Untrusted => (
                "Ответ Госуслуг не прошёл проверку",
                "Мы не можем принять такой вход. Техподдержка уже знает об этом. Войдите по имени пользователя и паролю \
                 или попробуйте позже.",
                WhoActs::OurAdministrator,
            ),
            Self::Unconfirmed => (
                "Учётная запись на Госуслугах не подтверждена",
                "Подтвердите её: в приложении банка, в центре обслуживания или электронной подписью. После этого войдите \
                 снова.",
                WhoActs::Person,
            ),
            Self::Deleted => (
                "Учётная запись на Госуслугах удалена",
                "Восстановите её или зарегистрируйтесь на Госуслугах заново, потом войдите снова.",
                WhoActs::Person,
            ),
            Self::Blocked => (
                "Учётная запись заблокирована",
                "Обратитесь к администратору «Контингента» вашей организации или в техподдержку.",
                WhoActs::Person,
            ),
            Self::NoCategory => (
                "Сейчас вам ничего не открыто",
                "Срок ваших ролей закончился или ещё не начался. Обратитесь в организацию, где вы работаете или учитесь.",
                WhoActs::Person,
            ),
            Self::Taken => (
                "Эти Госуслуги уже связаны с другой учётной записью",
                "Один человек входит в одну учётную запись. Если это ошибка, напишите в техподдержку: мы уже записали \
                 этот случай.",
                WhoActs::Person,
            ),
            Self::OtherPerson => (
                "ФИО на Госуслугах и в учётной записи различаются",
                "Связать можно только свою учётную запись. Проверьте, что на Госуслуги вошли именно вы; если ФИО \
                 изменились, обратитесь в техподдержку.",
                WhoActs::Person,
            ),
            Self::BadName => (
                "ФИО на Госуслугах записаны необычно",
                "Мы не можем принять такую запись ФИО: в ней есть цифры, недопустимые знаки или смешаны русские и \
                 латинские буквы. Исправьте её на Госуслугах или напишите в техподдержку.",
                WhoActs::Person,
            ),
            Self::NoData => (
                "Госуслуги не передали данные для входа",
                "Техподдержка уже знает об этом. Попробуйте позже или войдите по имени пользователя и паролю.",
                WhoActs::OurAdministrator,
            ),
            Self::Signer => (
                "Не удалось подписать запрос к Госуслугам",
                "Техподдержка уже знает об этом. Попробуйте позже или войдите по имени пользователя и паролю.",
                WhoActs::OurAdministrator,
            ),
        };
        Explanation { title, detail, who }
    }
}

/// What a failure means; unknown codes get an explanation too.
#[must_use]
pub fn explain(code: &str) -> Explanation {
    if let Some(failure) = Failure::ALL.into_iter().find(|failure| failure.as_str() == code) {
        return failure.explanation();
    }
    let (title, detail, who) = match code {
        "007002" | "007053" | "008010" | "007003" | "007014" | "007038" | "007005" | "007006" | "007009"
        | "007012" | "007013" | "007019" | "007023" | "007039" | "007040" => (
            "Госуслуги не приняли наш запрос",
            "Это ошибка настройки на нашей стороне, от вас ничего не зависит. Техподдержка уже знает о ней. Пока \
             войдите по имени пользователя и паролю.",
            WhoActs::OurAdministrator,
        ),
        "007015" => (
            "Часы нашего сервера разошлись с Госуслугами",
            "Техподдержка уже знает об этом. Попробуйте позже или войдите по имени пользователя и паролю.",
            WhoActs::OurAdministrator,
        ),
        "007004" => (
            "Вход через Госуслуги отменён",
            "Вы не разрешили передать данные, или Госуслуги не открыли доступ. Чтобы войти, начните ещё раз и нажмите \
             «Предоставить».",
            WhoActs::Person,
        ),
        "007007" | "007008" => (
            "Госуслуги сейчас перегружены или на обслуживании",
            "Попробуйте через несколько минут или войдите по имени пользователя и паролю.",
            WhoActs::Later,
        ),
        "007011" => (
            "Вход не завершён вовремя",
            "Код входа действует несколько минут и один раз. Начните вход ещё раз.",
            WhoActs::Again,
        ),
        "007046" => (
            "Госуслуги требуют второй шаг подтверждения",
            "Настройте на Госуслугах подтверждение входа (СМС, приложение или ключ) и войдите снова.",
            WhoActs::Person,
        ),
        "007055" => return Failure::Unconfirmed.explanation(),
        "007060" | "007061" | "007062" | "007194" => (
            "Госуслуги вошли не как частное лицо",
            "На Госуслугах выберите вход как частное лицо, а не от имени организации, и войдите снова.",
            WhoActs::Person,
        ),
        _ => (
            "Вход через Госуслуги не удался",
            "Попробуйте ещё раз. Если повторится, сообщите в техподдержку код ошибки.",
            WhoActs::Again,
        ),
    };
    Explanation { title, detail, who }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_list_has_its_explanation() {
        let ours = ["007002", "007053", "008010", "007003", "007014", "007038", "007005", "007006", "007009"];
        for code in
            ours.into_iter().chain(["007012", "007013", "007019", "007023", "007015", "007039", "007040"])
        {
            assert_eq!(explain(code).who, WhoActs::OurAdministrator, "{code}");
        }
        for code in ["007004", "007046", "007055", "007060", "007061", "007062", "007194"] {
            assert_eq!(explain(code).who, WhoActs::Person, "{code}");
        }
        for code in ["007007", "007008", "unreachable"] {
            assert_eq!(explain(code).who, WhoActs::Later, "{code}");
        }
        assert_eq!(explain("007011").who, WhoActs::Again);
        assert_eq!(explain("<script>").title, "Вход через Госуслуги не удался");
    }

    #[test]
    fn our_own_failures_are_told_apart() {
        for failure in Failure::ALL {
            assert_eq!(explain(failure.as_str()), failure.explanation());
            assert!(!failure.explanation().detail.is_empty());
        }
    }
}
