//! `admin create`: an account of support, the first of which creates all others.

use std::io::Read as _;

use clap::Args;
use epos_shared::api::employees::{NewEmployee, Person, RoleInput};
use epos_shared::api::session::MAX_PASSWORD_LENGTH;
use epos_shared::ids::OrganizationId;
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{Email, FullName, NewPassword, Period, PersonName};
use serde_json::json;

use super::{CommandError, context, master_key, tell};
use crate::accounts::{self, NewAccount};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::config::{Config, Mode};
use crate::consent::Consent;
use crate::db::types::Id;
use crate::db::{Conn, Unique, broken_unique};
use crate::error::ApiError;
use crate::kontingent;
use crate::organizations::{self, KindsByPlace, NewOrganization, Scope, Search};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Create an account of support with its card; the operator's organization too, if there is none.
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The user name: 3 to 31 of a–z, 0–9, «_», «.», «-».
    #[arg(long)]
    user_name: String,
    /// The e-mail.
    #[arg(long)]
    email: Email,
    /// Фамилия.
    #[arg(long)]
    family_name: PersonName,
    /// Имя.
    #[arg(long)]
    given_name: PersonName,
    /// Отчество, if there is one.
    #[arg(long)]
    patronymic: Option<PersonName>,
    /// The operator's short name, where its organization is still to be created.
    #[arg(long, default_value = "Оператор ЭПОС")]
    operator: String,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

pub(super) fn run(config: Config, command: Command) -> Result<(), CommandError> {
    let Command::Create(create) = command;
    let context = context(&config, &master_key(&config)?);
    let services = Services::open(config, Mode::Production, context)?;
    if !services.db.is_ready_blocking()? {
        return Err(CommandError::Failed("the database is not migrated: epos migrate".to_owned()));
    }
    let user_name = user_name(&create.user_name)?;
    let name = FullName {
        family_name: create.family_name,
        given_name: create.given_name,
        patronymic: create.patronymic,
    };
    let password = password(create.password_stdin)?
        .unlike([user_name.as_str(), create.email.as_str(), &name.to_string()])
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    let hash = services
        .hasher
        .hash_blocking(&services.context, password.as_str())
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    let account = NewAccount {
        user_name: &user_name,
        name: &name,
        email: &create.email,
        email_is_verified: true,
        position: Some(Role::Support.title()),
        organization: None,
        password_hash: Some(&hash),
        consent: Some(Consent::of_command(&services.consent, services.context.db_now())),
        is_demo: false,
    };
    let login = services.db.write_tx_blocking(|conn| store(conn, &services, &account, &create.operator))?;
    tell(&format!("Created: account {user_name}, card {login}."));
    Ok(())
}

/// Everything or nothing: account, organization, card, binding, journal.
fn store(
    conn: &mut Conn,
    services: &Services,
    account: &NewAccount<'_>,
    operator: &str,
) -> Result<String, ApiError> {
    let context = &services.context;
    let account_id =
        accounts::create(conn, context, account).map_err(|error| match broken_unique(&error) {
            Some(Unique::IssuedName | Unique::UserName) => {
                ApiError::internal("this user name was given out before; names are never given out twice")
            }
            Some(Unique::AccountEmail) => ApiError::internal("this e-mail is another account's"),
            _ => error.into(),
        })?;
    let organization = self::operator(conn, services, operator)?;
    let period = Period::new(context.today(), None).map_err(ApiError::internal)?;
    let card = NewEmployee {
        organization_id: organization,
        person: Person {
            name: account.name.clone(),
            email: Some(account.email.clone()),
            snils: None,
            phone: None,
        },
        roles: vec![RoleInput { id: None, role: Role::Support, period }],
        note: String::new(),
    };
    let (card, login) = kontingent::create(conn, context, &card, None)?;
    kontingent::bind(conn, context, account_id, card.into())?;
    let program = audit::Actor::program();
    let organization = Id::from(organization);
    let details = json!({ "way": "command", "role": Role::Support.as_str() });
    let event = Event::done("account.created", "account", account_id).in_organization(organization);
    audit::record(conn, context, &program, event.with(details.clone()))?;
    let event = Event::done("employee.created", "employee", card.into()).in_organization(organization);
    audit::record(conn, context, &program, event.with(details))?;
    let event = Event::done("employee.bound", "employee", card.into()).in_organization(organization);
    audit::record(conn, context, &program, event.with(json!({ "account": account_id.to_string() })))?;
    Ok(login.to_string())
}

/// The operator's organization, created where there is none.
fn operator(conn: &mut Conn, services: &Services, short_name: &str) -> Result<OrganizationId, ApiError> {
    let anywhere = KindsByPlace { elsewhere: vec![OrganizationKind::Operator], ..KindsByPlace::default() };
    let kinds = Some((anywhere, services.context.today()));
    let search = Search { scope: Scope::All, id: None, words: Vec::new(), kinds, limit: 1 };
    if let Some(found) = organizations::search(conn, &search)?.into_iter().next() {
        return Ok(found.organization.id.into());
    }
    let new = NewOrganization {
        parent: None,
        kind: OrganizationKind::Operator,
        full_name: short_name.to_owned(),
        short_name: short_name.to_owned(),
        town: String::new(),
        inn: None,
        kpp: None,
    };
    Ok(organizations::create(conn, &services.context, &new)?)
}

fn user_name(text: &str) -> Result<String, CommandError> {
    let is_fit = (3..=31).contains(&text.len())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
        });
    if is_fit {
        return Ok(text.to_owned());
    }
    Err(CommandError::Failed("--user-name: 3 to 31 of a–z, 0–9, «_», «.», «-»".to_owned()))
}

/// The password: typed twice on a terminal, or the whole of standard input less its line end.
fn password(from_stdin: bool) -> Result<NewPassword, CommandError> {
    let typed = if from_stdin {
        let mut text = String::new();
        let limit = u64::try_from(MAX_PASSWORD_LENGTH * 4 + 2).unwrap_or(u64::MAX);
        std::io::stdin().take(limit).read_to_string(&mut text)?;
        text.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        let typed = rpassword::prompt_password("Password: ")?;
        if rpassword::prompt_password("Again: ")? != typed {
            return Err(CommandError::Failed("the two differ".to_owned()));
        }
        typed
    };
    typed.parse().map_err(|error| CommandError::Failed(format!("{error}")))
}
