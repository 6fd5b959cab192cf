//! «Очереди» (screens.md 19): what waits for the person, and where it is done.

use epos_shared::api::page::Total;
use epos_shared::api::queues::{Queue, QueueKind};
use leptos::prelude::*;

use super::{EXPIRED, MISMATCHES};
use crate::api::queues;
use crate::components::{Breadcrumbs, Fetched, Fetching, Heading, shown};
use crate::pages::support::list::SUBSYSTEMS;
use crate::pages::support::{ACCOUNT_APPLICATIONS, APPLICATIONS};
use crate::session::use_session;

/// A queue in words: where it is, what it is called, what is done there.
const fn words(kind: QueueKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        QueueKind::Mismatches => (
            MISMATCHES,
            "Расхождения с Госуслугами",
            "Сверить карточку с тем, что сообщили Госуслуги, и исправить её или отклонить обращение",
        ),
        QueueKind::ExpiredCredentials => (
            EXPIRED,
            "Пароли карточек с истёкшим сроком",
            "Человек не привязал карточку вовремя: сбросить пароль и передать ему новый",
        ),
        QueueKind::Registrations => {
            (APPLICATIONS, "Заявки на регистрацию", "Проверить организацию, которой нет в списке")
        }
        QueueKind::AccountApplications => (
            ACCOUNT_APPLICATIONS,
            "Назначения в управления",
            "Сверить приказ о назначении и завести карточку или отклонить заявку",
        ),
    }
}

/// The page.
pub fn page() -> AnyView {
    let session = use_session();
    let ask = move || -> Fetching {
        Box::pin(async move {
            let queues = session.call(queues::queues()).await?;
            Ok(shown(move || list(&queues.items)))
        })
    };
    let above = [SUBSYSTEMS, ("Контингент", "/kontingent")];
    view! {
        <Breadcrumbs above=above.map(|(name, href)| (name, href.to_owned())).to_vec() here="Очереди"/>
        <div class="page-head">
            <Heading text="Очереди"/>
        </div>
        <Fetched ask=Box::new(ask) again=RwSignal::new(())/>
    }
    .into_any()
}

fn list(queues: &[Queue]) -> AnyView {
    let tile = |queue: &Queue| {
        let (href, name, note) = words(queue.kind);
        let number = match queue.waiting {
            Total::Exact(0) => "никто не ждёт".to_owned(),
            Total::Exact(number) => format!("ждут: {number}"),
            Total::MoreThan(number) => format!("ждут: больше {number}"),
        };
        view! {
            <li>
                <a class="tile" href=href>
                    <span class="tile-name">{name}</span>
                    <span class="tile-count">{number}</span>
                    <span class="tile-note">{note}</span>
                </a>
            </li>
        }
        .into_any()
    };
    view! { <ul class="tiles plain">{queues.iter().map(tile).collect::<Vec<_>>()}</ul> }.into_any()
}
