//! The table of accounts that is printed when the demo starts.

use std::fmt;

use epos_shared::api::employees::OneTimeCredentials;

use super::{PASSWORD, Plan};

/// The accounts of the demo, printable. It holds passwords, and so is for the terminal alone.
#[derive(Debug, Clone)]
pub struct Table {
    lines: Vec<[String; 6]>,
    unbound: Option<Unbound>,
}

/// The card that waits for its binding.
#[derive(Debug, Clone)]
struct Unbound {
    user_name: String,
    /// Only at the loading itself: afterwards nobody knows the password.
    credentials: Option<OneTimeCredentials>,
}

impl Table {
    /// The table of a plan; `credentials` are those of its unbound card, if they were issued just now.
    #[must_use]
    pub fn new(plan: &Plan, credentials: Option<OneTimeCredentials>) -> Self {
        let mut lines = Vec::new();
        let mut unbound = None;
        for line in &plan.lines {
            let Some(account) = plan.accounts.get(line.account) else { continue };
            if line.unbound_card.is_some() {
                unbound =
                    Some(Unbound { user_name: account.user_name.clone(), credentials: credentials.clone() });
            }
            let (name, remark) = (account.name.to_string(), line.remark.to_owned());
            let cards: Vec<_> = line.cards.iter().filter_map(|card| plan.cards.get(*card)).collect();
            if cards.is_empty() {
                let [role, organization] = ["—", "—"].map(ToOwned::to_owned);
                lines.push([
                    account.user_name.clone(),
                    PASSWORD.to_owned(),
                    name,
                    role,
                    organization,
                    remark,
                ]);
                continue;
            }
            for (place, card) in cards.into_iter().enumerate() {
                let roles: Vec<_> = card.roles.iter().map(|(role, _)| role.title()).collect();
                let organization = plan
                    .organizations
                    .iter()
                    .find(|organization| organization.key == card.organization)
                    .map(|organization| organization.short_name.clone())
                    .unwrap_or_default();
                // A second card of the same person stands below the first.
                let [user_name, password, name, remark] = if place == 0 {
                    [account.user_name.clone(), PASSWORD.to_owned(), name.clone(), remark.clone()]
                } else {
                    Default::default()
                };
                lines.push([user_name, password, name, roles.join(", "), organization, remark]);
            }
        }
        Self { lines, unbound }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEADINGS: [&str; 6] = ["Имя пользователя", "Пароль", "ФИО", "Роль", "Организация", ""];
        let headings = HEADINGS.map(ToOwned::to_owned);
        let mut widths = [0_usize; 6];
        for line in self.lines.iter().chain([&headings]) {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let rule = widths.map(|width| "─".repeat(width));
        for line in [&headings, &rule].into_iter().chain(&self.lines) {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(widths) {
                text.push_str(&format!("{cell:width$}  "));
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        let Some(Unbound { user_name, credentials }) = &self.unbound else { return Ok(()) };
        match credentials {
            Some(credentials) => writeln!(
                f,
                "\nПривязка карточки: войдите как {user_name} и введите логин {} и одноразовый пароль {}\n\
                 (действует до {}, больше не показывается).",
                credentials.login,
                credentials.password,
                epos_shared::values::format_date(credentials.expires_at.date_naive()),
            ),
            None => writeln!(
                f,
                "\nПривязка карточки {user_name}: одноразовый пароль был показан при первом запуске.\n\
                 Новый выдаёт uo_verkhnekamsk кнопкой «Сбросить пароль» в карточке.",
            ),
        }
    }
}
