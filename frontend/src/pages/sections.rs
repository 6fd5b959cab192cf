//! The sections that the navigation leads to, and the navigation itself. A section whose page does not exist yet
//! is not shown: its page switches it on here.

use epos_shared::api::page::Total;
use epos_shared::api::queues::{Queue, QueueKind};
use epos_shared::rights::{Standing, standing};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_location;

use super::kontingent;
use super::kontingent::{MISMATCHES, QUEUES};
use super::organizations::ORGANIZATIONS;
use super::recertification::RECERTIFICATION;
use super::reports::REPORTS;
use super::support::{ACCOUNT_APPLICATIONS, ACCOUNTS, ALARMS, APPLICATIONS, CATEGORIES, ESIA};
use crate::api;
use crate::components::live;
use crate::session::{SessionContext, card_at_work, use_session};

/// A section.
#[derive(Debug, PartialEq)]
struct Section {
    /// Whether its page exists.
    there: bool,
    /// Whom it opens to. The server decides; here nothing is offered that it would refuse.
    to: &'static [Standing],
    href: &'static str,
    name: &'static str,
    /// What is done there, where it is a tile.
    note: &'static str,
}

/// Everybody who works in «Контингент».
const ALL: &[Standing] = &[Standing::Support, Standing::Department, Standing::Head, Standing::Specialist];
/// Support alone.
const SUPPORT: &[Standing] = &[Standing::Support];

/// Those of «Контингент».
static OF_KONTINGENT: &[Section] = &[
    Section { there: true, to: ALL, href: kontingent::LIST, name: "Сотрудники", note: "" },
    Section { there: true, to: ALL, href: ORGANIZATIONS, name: "Организации", note: "" },
    Section { there: true, to: ALL, href: kontingent::IMPORT, name: "Импорт", note: "" },
    Section { there: true, to: ALL, href: QUEUES, name: "Очереди", note: "" },
    Section { there: true, to: ALL, href: REPORTS, name: "Отчёты", note: "" },
    Section { there: true, to: ALL, href: RECERTIFICATION, name: "Подтверждение", note: "" },
    Section { there: true, to: ALL, href: kontingent::JOURNAL, name: "Журнал", note: "" },
    Section {
        there: true, to: ALL, href: MISMATCHES, name: "Расхождения с Госуслугами", note: ""
    },
];

/// Those of support.
static OF_SUPPORT: &[Section] = &[
    Section {
        there: true,
        to: SUPPORT,
        href: ACCOUNTS,
        name: "Учётные записи",
        note: "Найти человека, заблокировать, отправить письмо ещё раз",
    },
    Section {
        there: true,
        to: SUPPORT,
        href: APPLICATIONS,
        name: "Заявки",
        note: "Решить, давать ли учётную запись",
    },
    Section {
        there: true,
        to: SUPPORT,
        href: ACCOUNT_APPLICATIONS,
        name: "Назначения в управления",
        note: "Сверить приказ о назначении и завести карточку",
    },
    Section {
        there: true,
        to: SUPPORT,
        href: ESIA,
        name: "Госуслуги",
        note: "Работает ли вход через Госуслуги",
    },
    Section {
        there: true, to: SUPPORT, href: ALARMS, name: "Тревоги", note: "Что требует внимания"
    },
    Section {
        there: true,
        to: SUPPORT,
        href: CATEGORIES,
        name: "Категории людей",
        note: "Кто входит как родитель или обучающийся",
    },
];

/// The sections among which the navigation of an address chooses: none before the work begins.
fn around(path: &str) -> (&'static str, &'static [Section]) {
    let mut parts = path.trim_matches('/').split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("kontingent", Some(part)) if part != "bind" && part != "cards" => ("Контингент", OF_KONTINGENT),
        ("accounts" | "applications", _) | ("support", Some(_)) => ("Для техподдержки", OF_SUPPORT),
        _ => ("", &[]),
    }
}

/// Those that a person of these standings may open.
fn open_to(sections: &'static [Section], standings: &[Standing]) -> Vec<&'static Section> {
    let opens = |section: &&Section| section.there && section.to.iter().any(|to| standings.contains(to));
    sections.iter().filter(opens).collect()
}

/// Whether a queue waits in the section at an address.
fn waits_at(href: &str, kind: QueueKind) -> bool {
    match kind {
        _ if href == QUEUES => true,
        QueueKind::Mismatches => href == MISMATCHES,
        QueueKind::Registrations => href == APPLICATIONS,
        QueueKind::AccountApplications => href == ACCOUNT_APPLICATIONS,
        QueueKind::Confirmations | QueueKind::ExpiredCredentials => false,
    }
}

/// How much waits in a section, in a few signs; nothing where nothing does.
fn waiting(href: &str, queues: &[Queue]) -> Option<String> {
    let (mut number, mut is_more) = (0, false);
    for queue in queues.iter().filter(|queue| waits_at(href, queue.kind)) {
        let (Total::Exact(counted) | Total::MoreThan(counted)) = queue.waiting;
        number += counted;
        is_more |= matches!(queue.waiting, Total::MoreThan(_));
    }
    (number > 0).then(|| if is_more { format!("{number}+") } else { number.to_string() })
}

/// How an address stands to a section: the very page (`page`), one below it (`true`), another.
fn current(path: &str, href: &str) -> Option<&'static str> {
    match path.trim_end_matches('/').strip_prefix(href)? {
        "" => Some("page"),
        rest => rest.starts_with('/').then_some("true"),
    }
}

/// What the person is today; reactive.
fn standings(session: SessionContext) -> Vec<Standing> {
    // Before the consent nothing is answered.
    let person = session.person().filter(|person| !person.consent_required);
    let card = person.as_ref().and_then(|person| card_at_work(person));
    card.map(|card| card.roles_in_force().map(standing).collect()).unwrap_or_default()
}

/// The navigation between sections, below the header of their pages.
#[component]
pub fn Sections() -> impl IntoView {
    let session = use_session();
    let pathname = use_location().pathname;
    let standings = Memo::new(move |_| standings(session));
    // Asked for with every change of the page, and never by itself; a number that cannot be had is left out.
    let queues = RwSignal::new(Vec::<Queue>::new());
    Effect::new(move |_| {
        let is_around = pathname.with(|path| !around(path).1.is_empty());
        if is_around && standings.with(|standings| standings.iter().any(|of| ALL.contains(of))) {
            spawn_local(async move {
                let found = api::queues::queues().await.map(|queues| queues.items).unwrap_or_default();
                let _ = queues.try_set(found);
            });
        }
    });
    live(move || {
        let path = pathname.get();
        let (name, sections) = around(&path);
        let sections = standings.with(|standings| open_to(sections, standings));
        // One alone is nothing to choose from.
        if sections.len() < 2 {
            return ().into_any();
        }
        let link = |section: &&'static Section| {
            let Section { href, name, .. } = *section;
            let number = Memo::new(move |_| queues.with(|queues| waiting(href, queues)));
            view! {
                <li>
                    <a
                        href=*href
                        aria-current=current(&path, href)
                        aria-label=move || number.get().map(|number| format!("{name}, ждут: {number}"))
                    >
                        {*name}
                        {live(move || number.get().map_or_else(|| ().into_any(), count))}
                    </a>
                </li>
            }
            .into_any()
        };
        view! {
            <nav class="sections" aria-label=name>
                <ul class="plain">{sections.iter().map(link).collect::<Vec<_>>()}</ul>
            </nav>
        }
        .into_any()
    })
}

/// How much waits, beside the name of a section.
fn count(number: String) -> AnyView {
    view! { <span class="count" aria-hidden="true">{number}</span> }.into_any()
}

/// The way to the sections of support, for those who may see them.
#[component]
pub fn SupportTiles() -> impl IntoView {
    let session = use_session();
    let standings = Memo::new(move |_| standings(session));
    live(move || {
        let sections = standings.with(|standings| open_to(OF_SUPPORT, standings));
        if sections.is_empty() {
            return ().into_any();
        }
        let tile = |section: &&'static Section| {
            let Section { href, name, note, .. } = *section;
            view! {
                <li>
                    <a class="tile" href=*href>
                        <span class="tile-name">{*name}</span>
                        <span class="tile-note">{*note}</span>
                    </a>
                </li>
            }
            .into_any()
        };
        view! {
            <h2 class="after-tiles gap-below">"Для техподдержки"</h2>
            <ul class="tiles plain">{sections.iter().map(tile).collect::<Vec<_>>()}</ul>
        }
        .into_any()
    })
}

#[cfg(test)]
mod tests {
    use epos_shared::programs::Program;

    use super::*;

    #[test]
    fn a_section_is_current_on_its_page_and_below() {
        assert_eq!(current("/accounts", "/accounts"), Some("page"));
        assert_eq!(current("/accounts/", "/accounts"), Some("page"));
        assert_eq!(current("/accounts/1", "/accounts"), Some("true"));
        assert_eq!(current("/accounting", "/accounts"), None);
        assert_eq!(current("/applications", "/accounts"), None);
    }

    #[test]
    fn sections_are_shown_around_their_pages_only() {
        for path in ["/", "/subsystems", "/support", "/kontingent", "/kontingent/bind", "/kontingent/cards"] {
            assert!(around(path).1.is_empty(), "{path}");
        }
        for (sections, program) in [(OF_KONTINGENT, Program::Manage), (OF_SUPPORT, Program::Desk)] {
            for section in sections {
                assert!(around(section.href).1.contains(section), "{}", section.href);
                let program = match section.href {
                    kontingent::LIST => Program::Staff,
                    kontingent::JOURNAL => Program::Desk,
                    MISMATCHES | QUEUES | REPORTS | RECERTIFICATION => Program::Office,
                    _ => program,
                };
                assert_eq!(Program::of(section.href), program);
            }
        }
    }

    #[test]
    fn a_section_tells_how_much_waits_in_it() {
        let queue = |kind, waiting| Queue { kind, waiting };
        let queues = [
            queue(QueueKind::Mismatches, Total::Exact(2)),
            queue(QueueKind::Registrations, Total::MoreThan(1000)),
            queue(QueueKind::AccountApplications, Total::Exact(0)),
        ];
        assert_eq!(waiting(MISMATCHES, &queues).as_deref(), Some("2"));
        assert_eq!(waiting(APPLICATIONS, &queues).as_deref(), Some("1000+"));
        assert_eq!(waiting(QUEUES, &queues).as_deref(), Some("1002+"));
        assert_eq!(waiting(ACCOUNT_APPLICATIONS, &queues), None);
        assert_eq!(waiting(ACCOUNTS, &queues), None);
    }

    #[test]
    fn nobody_is_led_to_what_does_not_open_to_them() {
        assert_eq!(open_to(OF_SUPPORT, &[Standing::Head, Standing::Other]), Vec::<&Section>::new());
        assert_eq!(open_to(OF_KONTINGENT, &[]), Vec::<&Section>::new());
        let names: Vec<_> =
            open_to(OF_KONTINGENT, &[Standing::Specialist]).iter().map(|section| section.name).collect();
        assert_eq!(names.first(), Some(&"Сотрудники"));
        assert!(OF_KONTINGENT.iter().all(|section| section.there == names.contains(&section.name)));
    }
}
