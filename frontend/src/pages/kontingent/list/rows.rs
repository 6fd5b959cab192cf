//! The rows of the staff list: a table with a sticky head; on a phone each row becomes a card.

use epos_shared::api::employees::{EmployeeQuery, EmployeeRow, EmployeeSort, RoleAssignment};
use epos_shared::ids::EmployeeId;
use epos_shared::values::{RoleState, format_date};
use leptos::prelude::*;

use super::chosen::{self, Chosen};
use super::own::{Column, Own};
use super::{Turn, query};
use crate::components::{Badge, Icon, Picture, RoleStateBadge, Tone, bound_badge};
use crate::pages::kontingent::{ListPlace, card_address};
use crate::russian;
use crate::session::use_session;

/// The id of a row, to find the place in the list again.
pub fn row_id(id: EmployeeId) -> String {
    format!("row-{id}")
}

/// The table.
#[component]
pub fn Rows(
    chosen: Chosen,
    own: Own,
    rows: Vec<EmployeeRow>,
    sort: EmployeeSort,
    several: bool,
    turn: Turn,
    asked: EmployeeQuery,
) -> impl IntoView {
    let ids: Vec<EmployeeId> = rows.iter().map(|row| row.id).collect();
    let rows = rows
        .into_iter()
        .map(|row| view! { <Row chosen=chosen own=own row=row several=several/> })
        .collect_view();
    let turn_to = move |sort| {
        let next = EmployeeQuery { sort: Some(sort), ..query::from_the_start(asked.clone()) };
        turn.0.run(next);
    };
    let turn_to = Callback::new(turn_to);
    let head = move |column, name, class, (up, down)| {
        own.shows(column).then(|| sort_header(name, class, (up, down), sort, turn_to))
    };
    view! {
        <div class="table-wrap">
            <table class="table" class:table-many=several>
                <caption class="visually-hidden">"Сотрудники"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="col-choice">
                            {chosen::all_box(chosen, ids)}
                        </th>
                        {sort_header(
                            if own.shows(Column::Email) { "ФИО, e-mail" } else { "ФИО" },
                            "col-name",
                            (EmployeeSort::Name, EmployeeSort::NameDescending),
                            sort,
                            turn_to,
                        )}
                        {head(
                            Column::Roles,
                            "Роли, окончание",
                            "col-roles",
                            (EmployeeSort::End, EmployeeSort::EndDescending),
                        )}
                        {several
                            .then(|| {
                                head(
                                    Column::Organization,
                                    "Организация",
                                    "col-organization",
                                    (EmployeeSort::Organization, EmployeeSort::OrganizationDescending),
                                )
                            })}
                        {head(
                            Column::Login,
                            "Логин",
                            "col-login",
                            (EmployeeSort::Login, EmployeeSort::LoginDescending),
                        )}
                        {head(
                            Column::Account,
                            "Учётная запись, вход",
                            "",
                            (EmployeeSort::SignIn, EmployeeSort::SignInDescending),
                        )}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The head of a column: a press sorts by it, another one the other way round.
fn sort_header(
    name: &'static str,
    class: &'static str,
    (up, down): (EmployeeSort, EmployeeSort),
    now: EmployeeSort,
    turn_to: Callback<EmployeeSort>,
) -> AnyView {
    let (state, picture, next) = if now == up {
        (Some("ascending"), Picture::Ascending, down)
    } else if now == down {
        (Some("descending"), Picture::Descending, up)
    } else {
        (None, Picture::Sortable, up)
    };
    view! {
        <th scope="col" class=class aria-sort=state>
            <button type="button" class="sort" on:click=move |_| turn_to.run(next)>
                {name}
                <Icon picture=picture class="sort-mark"/>
            </button>
        </th>
    }
    .into_any()
}

#[component]
fn Row(chosen: Chosen, own: Own, row: EmployeeRow, several: bool) -> impl IntoView {
    let place = expect_context::<ListPlace>();
    let today = use_session().person_now().map(|person| person.today);
    let id = row.id;
    let roles = row
        .roles
        .iter()
        .map(|role| {
            let soon = role.state == RoleState::InForce
                && role.period.end().zip(today).is_some_and(|(end, today)| (end - today).num_days() <= 30);
            role_line(role, soon)
        })
        .collect_view();
    let no_roles = row.roles.is_empty();
    let seen = match row.last_sign_in_at {
        Some(moment) => format!("вход {}", russian::day(moment)),
        None if row.bound => "ещё не входили".to_owned(),
        None => String::new(),
    };
    let email = row.email.map_or_else(|| "e-mail не указан".to_owned(), |email| email.to_string());
    let shows = move |column| own.shows(column);
    view! {
        <tr id=row_id(id)>
            <td class="col-choice">{chosen::row_box(chosen, id, row.name.to_string())}</td>
            <th scope="row">
                <span class="row-title">
                    <a href=card_address(id) on:click=move |_| place.opened.set_value(Some(id))>
                        {row.name.to_string()}
                    </a>
                </span>
                {shows(Column::Email).then(|| view! { <span class="cell-sub">{email}</span> })}
                {row.archived.then(|| view! { <Badge tone=Tone::Info picture=Picture::Stop text="в архиве"/> })}
            </th>
            {shows(Column::Roles)
                .then(|| {
                    view! {
                        <td data-label="Роли">
                            <div>{if no_roles { view! { "нет" }.into_any() } else { roles.into_any() }}</div>
                        </td>
                    }
                })}
            {(several && shows(Column::Organization))
                .then(|| view! { <td data-label="Организация"><span>{row.organization.short_name}</span></td> })}
            {shows(Column::Login)
                .then(|| {
                    view! {
                        <td data-label="Логин">
                            <span class="mono cell-login">{row.login.to_string()}</span>
                        </td>
                    }
                })}
            {shows(Column::Account)
                .then(|| {
                    view! {
                        <td data-label="Учётная запись">
                            <span>
                                {bound_badge(row.bound)}
                                {(!seen.is_empty()).then(|| view! { <span class="cell-sub">{seen}</span> })}
                            </span>
                        </td>
                    }
                })}
        </tr>
    }
    .into_any()
}

/// A role of a card in a line; `soon` where its end is near.
pub fn role_line(role: &RoleAssignment, soon: bool) -> impl IntoView + use<> {
    let end = role.period.end().map(format_date);
    let badge = match (role.state, end) {
        (RoleState::InForce, Some(end)) if soon => Some(
            view! { <Badge tone=Tone::Warning picture=Picture::Clock text=format!("до {end}")/> }.into_any(),
        ),
        (RoleState::InForce, Some(end)) => {
            Some(view! { <span class="cell-sub">{format!("до {end}")}</span> }.into_any())
        }
        (RoleState::InForce, None) => None,
        (RoleState::Upcoming, _) => {
            let text = format!("с {}", format_date(role.period.start()));
            Some(view! { <Badge tone=Tone::Warning picture=Picture::Clock text=text/> }.into_any())
        }
        (RoleState::Ended, _) => Some(view! { <RoleStateBadge state=RoleState::Ended/> }.into_any()),
    };
    view! {
        <span class="role-line">
            {role.role.title()} " " {badge}
        </span>
    }
}
