//! «Тревоги»: what goes wrong without anybody's help, until support has done with it.

use epos_shared::api::esia::Alarm;
use epos_shared::esia::explain;
use leptos::prelude::*;

use super::ALARMS;
use super::list::{Asked, List, SUBSYSTEMS, listed};
use crate::api::support;
use crate::components::{Badge, Body, Picture, Question, Tone, asking, lines};
use crate::russian::{moment, plural};

/// The list.
pub const LIST: List = List {
    path: ALARMS,
    above: &[SUBSYSTEMS],
    title: "Тревоги",
    placeholder: None,
    filter: "Состояние",
    any: "Требуют внимания",
    states: &[("resolved", "Разобраны")],
    empty: ("Тревог нет", "Всё работает. О новой тревоге этот список скажет сам."),
    file: None,
    action: None,
    ask: |query, asked| {
        Box::pin(async move {
            let page = support::alarms(query).await?;
            Ok(listed(
                page,
                move |alarm| row(alarm, asked),
                "Тревоги",
                &["Что случилось", "Последний раз", "Сколько раз", "Состояние"],
            ))
        })
    },
};

/// What an alarm is called, for people.
fn title(code: &str) -> &str {
    if code == "esia-certificate-ends" {
        return "Скоро закончится сертификат";
    }
    match code.strip_prefix("esia-") {
        Some(failure) => explain(failure).title,
        None => "Нужна проверка",
    }
}

fn row(alarm: &Alarm, asked: Asked) -> Vec<AnyView> {
    let state = match alarm.resolved_at {
        Some(at) => view! {
            <Badge tone=Tone::Done picture=Picture::Done text="разобрано"/>
            <span class="cell-sub">{moment(at)}</span>
        }
        .into_any(),
        None => {
            let question = Question {
                title: "Тревога разобрана?",
                words: format!("{}. Если случится снова, тревога появится опять.", title(&alarm.code)),
                confirm: "Разобрано",
                danger: false,
                deed: support::resolve_alarm(alarm.id),
                body: Body::Nothing,
                done: "Тревога разобрана",
            };
            let of = format!(": {}", title(&alarm.code));
            let words = view! {
                "Разобрано"
                <span class="visually-hidden">{of}</span>
            };
            asking(asked, words.into_any(), question)
        }
    };
    let times = alarm.occurrences;
    vec![
        view! {
            <span class="row-title">{title(&alarm.code).to_owned()}</span>
            <span class="cell-sub">{alarm.detail.clone()}</span>
            <span class="cell-sub">{format!("Код: {}", alarm.code)}</span>
        }
        .into_any(),
        lines(moment(alarm.last_at), format!("впервые {}", moment(alarm.first_at))),
        format!("{times} {}", plural(times, "раз", "раза", "раз")).into_any(),
        state,
    ]
}

#[cfg(test)]
mod tests {
    use epos_shared::api::esia::AlarmState;

    use super::*;
    use crate::api::wire_name;

    #[test]
    fn an_alarm_is_named_by_what_happened() {
        assert_eq!(title("esia-007015"), explain("007015").title);
        assert_eq!(title("disk"), "Нужна проверка");
    }

    #[test]
    fn the_filter_speaks_as_the_server_does() {
        assert_eq!(wire_name(AlarmState::Resolved).as_deref(), Some(LIST.states[0].0));
    }
}
