//! «Госуслуги»: whether the sign-in through them works, and what will stop it soon.

use chrono::{DateTime, TimeDelta, Utc};
use epos_shared::api::esia::{CERTIFICATE_WARNED, CertificateView, EsiaHealth};
use epos_shared::esia::explain;
use leptos::prelude::*;

use super::ALARMS;
use crate::api::{self, support};
use crate::components::{
    Alert, Badge, Breadcrumbs, Button, Fetched, Fetching, Heading, Picture, Tone, facts, lines, panel, shown,
    table,
};
use crate::russian::{day, moment, plural, until};
use crate::session::use_session;

/// From this difference on, in seconds, Госуслуги may refuse what we sign.
const MUCH: u64 = 60;

/// The page.
pub fn page() -> AnyView {
    let session = use_session();
    let again = RwSignal::new(());
    let ask = move || -> Fetching {
        Box::pin(async move {
            let health = session.call(support::esia_health()).await?;
            Ok(shown(move || health_view(&health, now())))
        })
    };
    view! {
        <Breadcrumbs above=vec![("Подсистемы", "/subsystems".to_owned())] here="Госуслуги"/>
        <div class="page-head">
            <Heading text="Госуслуги" document_title="Вход через Госуслуги: состояние"/>
            <Button on_press=move || again.notify()>"Обновить"</Button>
        </div>
        <Fetched ask=Box::new(ask) again=again/>
    }
    .into_any()
}

fn now() -> DateTime<Utc> {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a clock are far below 2^53")]
    let milliseconds = api::server_now() as i64;
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}

fn health_view(health: &EsiaHealth, now: DateTime<Utc>) -> AnyView {
    let (tone, title, words) = summary(health, now);
    let standin = health.is_standin.then(|| {
        view! {
            <Alert tone=Tone::Warning title="Вместо Госуслуг работает демонстрационный стенд">
                <p>"Входят через него учебные люди. В рабочей установке этого быть не должно."</p>
            </Alert>
        }
    });
    let failure = health.last_failure.as_ref().map(|failure| {
        let told = explain(&failure.code);
        format!("{}: {}. {} Код: {}", moment(failure.at), told.title, told.detail, failure.code)
    });
    let about = facts(vec![
        ("Последний удачный вход", health.last_success_at.map_or_else(|| "ещё не было".to_owned(), moment)),
        ("Последняя ошибка", failure.unwrap_or_else(|| "не было".to_owned())),
        ("Адрес", health.host.clone().unwrap_or_default()),
        ("Мнемоника нашей системы", health.client_id.clone().unwrap_or_default()),
        ("Часы", health.clock_difference_seconds.map(clock).unwrap_or_default()),
    ]);
    let clock = health
        .clock_difference_seconds
        .filter(|difference| difference.unsigned_abs() >= MUCH)
        .map(|_| {
            view! {
                <Alert tone=Tone::Warning title="Часы сервера разошлись с Госуслугами">
                    <p>"Из-за этого Госуслуги могут отказывать во входе. Проверьте синхронизацию времени на сервере ЭПОС."</p>
                </Alert>
            }
        });
    let certificates: Vec<_> = health
        .own_certificate
        .iter()
        .map(|certificate| ("наш", certificate))
        .chain(health.trusted_certificates.iter().map(|certificate| ("Госуслуг", certificate)))
        .map(|(whose, certificate)| certificate_row(whose, certificate, now))
        .collect();
    let certificates = if certificates.is_empty() {
        view! { <p class="muted">"Сертификатов нет."</p> }.into_any()
    } else {
        table("Сертификаты", &["Чей", "Действует", "Отпечаток", "Состояние"], certificates)
    };
    view! {
        <div class="stack">
            {standin}
            <Alert tone=tone title=title>
                <p>{words}</p>
            </Alert>
            {clock}
            {panel("link-title", "Связь", vec![about])}
            <section aria-labelledby="certificates-title">
                <h2 id="certificates-title" class="gap-below">"Сертификаты"</h2>
                {certificates}
            </section>
            <p>
                <a href=ALARMS>"Тревоги"</a>
            </p>
        </div>
    }
    .into_any()
}

/// The state in one sentence.
fn summary(health: &EsiaHealth, now: DateTime<Utc>) -> (Tone, &'static str, String) {
    if !health.enabled {
        return (
            Tone::Info,
            "Вход через Госуслуги не подключён",
            "Его включают в настройках сервера. До этого люди входят по паролю.".to_owned(),
        );
    }
    if let Some(end) = health.paused_until.filter(|end| *end > now) {
        return (
            Tone::Error,
            "Госуслуги не отвечают",
            format!(
                "До {} сервер к ним не обращается, чтобы люди не ждали: им сразу предлагают вход по паролю.",
                until(end)
            ),
        );
    }
    match (&health.last_failure, health.last_success_at) {
        (Some(failure), success) if success.is_none_or(|success| success < failure.at) => (
            Tone::Warning,
            "Последний вход через Госуслуги не удался",
            format!("{}.", explain(&failure.code).title),
        ),
        (_, Some(_)) => {
            (Tone::Done, "Вход через Госуслуги работает", "Последний вход прошёл без ошибок.".to_owned())
        }
        (_, None) => (
            Tone::Info,
            "Через Госуслуги ещё никто не входил",
            "Связь настроена. Проверьте её: войдите сами.".to_owned(),
        ),
    }
}

/// How the clocks differ, for people.
fn clock(difference: i64) -> String {
    let seconds = difference.unsigned_abs();
    match difference {
        0 => "идут одинаково".to_owned(),
        1.. => format!("на Госуслугах впереди на {seconds} с"),
        _ => format!("на Госуслугах отстают на {seconds} с"),
    }
}

/// How a certificate stands.
fn certificate_state(certificate: &CertificateView, now: DateTime<Utc>) -> (Tone, Picture, String) {
    let left = certificate.not_after - now;
    if left < TimeDelta::zero() {
        (Tone::Error, Picture::Error, "срок истёк".to_owned())
    } else if certificate.not_before > now {
        (Tone::Warning, Picture::Clock, "ещё не действует".to_owned())
    } else if left <= CERTIFICATE_WARNED {
        let days = u32::try_from(left.num_days()).unwrap_or_default();
        let words = match days {
            0 => "истекает сегодня".to_owned(),
            _ => format!("осталось {days} {}", plural(days, "день", "дня", "дней")),
        };
        (Tone::Warning, Picture::Warning, words)
    } else {
        (Tone::Done, Picture::Done, "действует".to_owned())
    }
}

fn certificate_row(whose: &'static str, certificate: &CertificateView, now: DateTime<Utc>) -> Vec<AnyView> {
    let (tone, picture, text) = certificate_state(certificate, now);
    vec![
        lines(whose.to_owned(), certificate.subject.clone()),
        format!("с {} по {}", day(certificate.not_before), day(certificate.not_after)).into_any(),
        view! { <span class="mono small address">{certificate.fingerprint.clone()}</span> }.into_any(),
        view! { <Badge tone=tone picture=picture text=text/> }.into_any(),
    ]
}

#[cfg(test)]
mod tests {
    use epos_shared::api::esia::EsiaFailed;

    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(day)
    }

    #[test]
    fn a_certificate_is_warned_of_thirty_days_before_its_end() {
        let certificate = CertificateView {
            subject: String::new(),
            fingerprint: String::new(),
            not_before: at(0),
            not_after: at(365),
        };
        let state = |day| certificate_state(&certificate, at(day)).2;
        assert_eq!(state(-1), "ещё не действует");
        assert_eq!(state(334), "действует");
        assert_eq!(state(335), "осталось 30 дней");
        assert_eq!(state(363), "осталось 2 дня");
        assert_eq!(state(365), "истекает сегодня");
        assert_eq!(state(366), "срок истёк");
    }

    #[test]
    fn the_newest_news_count() {
        let mut health = EsiaHealth {
            enabled: true,
            is_standin: false,
            host: None,
            client_id: None,
            last_success_at: None,
            last_failure: None,
            paused_until: None,
            clock_difference_seconds: None,
            own_certificate: None,
            trusted_certificates: Vec::new(),
        };
        let title = |health: &EsiaHealth| summary(health, at(10)).1;
        assert_eq!(title(&health), "Через Госуслуги ещё никто не входил");
        health.last_failure = Some(EsiaFailed { at: at(2), code: "007015".to_owned() });
        assert_eq!(title(&health), "Последний вход через Госуслуги не удался");
        health.last_success_at = Some(at(3));
        assert_eq!(title(&health), "Вход через Госуслуги работает");
        health.paused_until = Some(at(9));
        assert_eq!(title(&health), "Вход через Госуслуги работает");
        health.enabled = false;
        assert_eq!(title(&health), "Вход через Госуслуги не подключён");
    }

    #[test]
    fn clocks_are_told_as_one_sees_them() {
        assert_eq!(clock(3), "на Госуслугах впереди на 3 с");
        assert_eq!(clock(-90), "на Госуслугах отстают на 90 с");
        assert_eq!(clock(0), "идут одинаково");
    }
}
