//! The warning before a session ends: by itself after a time without work, or in any case at the end of its
//! longest time. The server alone ends a session; here its time is counted and shown.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::components::{Button, Dialog, Kind, use_toasts};
use crate::session::{SessionContext, use_session};

/// How long before the end it is told, in milliseconds.
const LEAD: f64 = 120_000.0;
/// While the warning stands, another tab may prolong the session by working: how often that is looked for, in
/// seconds.
const LOOK_EVERY: u32 = 15;

/// An end of the session.
#[derive(Debug, Clone, Copy, PartialEq)]
struct End {
    /// The server's clock, in milliseconds since 1970.
    at: f64,
    /// Whether nothing prolongs it.
    last: bool,
}

/// The whole seconds left; what is begun counts.
fn seconds(left: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within two minutes")]
    let seconds = (left / 1000.0).ceil().clamp(0.0, LEAD / 1000.0) as u32;
    seconds
}

/// «1:05».
fn clock(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// What is read out while the time runs: a voice that counts every second says nothing.
const fn said(seconds: u32) -> &'static str {
    match seconds {
        31..=60 => "Осталась минута.",
        11..=30 => "Осталось полминуты.",
        0..=10 => "Осталось несколько секунд.",
        _ => "",
    }
}

/// The clock of the session.
#[derive(Clone, Copy)]
struct Watch {
    session: SessionContext,
    end: Memo<Option<End>>,
    /// The seconds shown; nothing while no warning stands.
    shown: RwSignal<Option<u32>>,
    /// The end of which the server was asked before the warning.
    asked: StoredValue<Option<End>>,
    /// The end of which the person knows.
    known: StoredValue<Option<End>>,
    timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
}

impl Watch {
    fn stop(self) {
        self.timer.update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    }

    fn later(self, milliseconds: f64) {
        self.stop();
        let pause = Duration::from_secs_f64(milliseconds.max(0.0) / 1000.0);
        self.timer.set_value(set_timeout_with_handle(move || self.tick(), pause).ok());
    }

    /// Asks the server how the session stands; another end begins the watch anew by itself.
    fn look(self) {
        let before = self.end.get_untracked();
        spawn_local(async move {
            let answer = self.session.look().await;
            let left = before.map_or(1.0, |end| end.at - api::server_now());
            if answer.is_err() && left <= 0.0 {
                // Nobody answers, and the time is over: what was open must not stay open.
                self.session.end();
            } else if self.end.get_untracked() == before && before.is_some() {
                self.later(if left > 0.0 { 0.0 } else { 1000.0 });
            }
        });
    }

    fn tick(self) {
        let Some(end) = self.end.get_untracked() else { return };
        let left = end.at - api::server_now();
        if left > LEAD {
            self.shown.set(None);
            self.later(left - LEAD);
        } else if left <= 0.0 || self.asked.get_value() != Some(end) {
            // Perhaps the person works in another tab, or the session is over already.
            self.asked.set_value(Some(end));
            self.stop();
            self.look();
        } else {
            let seconds = seconds(left);
            let before = self.shown.get_untracked();
            if self.known.get_value() != Some(end) && before != Some(seconds) {
                self.shown.set(Some(seconds));
                if before.is_some() && seconds.is_multiple_of(LOOK_EVERY) {
                    self.look();
                }
            }
            self.later(left % 1000.0);
        }
    }
}

/// The warning; stands on every page.
#[component]
pub fn SessionWarning() -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let watch = Watch {
        session,
        end: Memo::new(move |_| {
            session.person().map(|person| End {
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                at: person.idle_expires_at.timestamp_millis() as f64,
                last: person.idle_expires_at >= person.expires_at,
            })
        }),
        shown: RwSignal::new(None),
        asked: StoredValue::new(None),
        known: StoredValue::new(None),
        timer: StoredValue::new_local(None),
    };
    Effect::new(move |_| match watch.end.get() {
        Some(_) => watch.tick(),
        None => {
            watch.stop();
            watch.shown.set(None);
        }
    });
    let last = move || watch.end.get().is_some_and(|end| end.last);
    let busy = RwSignal::new(false);
    let go_on = move || {
        if untrack(last) {
            watch.known.set_value(watch.end.get_untracked());
            watch.shown.set(None);
            return;
        }
        busy.set(true);
        spawn_local(async move {
            if let Err(error) = session.prolong().await {
                toasts.say(error.title());
            }
            busy.set(false);
        });
    };
    view! {
        <Dialog
            open=Signal::derive(move || watch.shown.with(Option::is_some))
            title=Signal::derive(|| "Сеанс скоро закончится".to_owned())
            on_close=go_on
            urgent=true
            actions=move || {
                view! {
                    <Button kind=Kind::Primary busy=busy on_press=go_on>
                        {move || if last() { "Понятно" } else { "Продолжить" }}
                    </Button>
                }
                    .into_any()
            }
        >
            <p>
                {move || {
                    if last() {
                        "Продлить его нельзя: время одного сеанса вышло. Сохраните карточку и войдите снова."
                    } else {
                        "Вы давно ничего не делали. Нажмите «Продолжить», чтобы остаться. Введённое в карточку не пропадёт: после входа вы вернётесь к нему."
                    }
                }}
            </p>
            <p>
                "Осталось " <strong role="timer" aria-live="off" class="countdown">
                    {move || clock(watch.shown.get().unwrap_or_default())}
                </strong>
            </p>
            <p class="visually-hidden" role="status">
                {move || said(watch.shown.get().unwrap_or(u32::MAX))}
            </p>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_begun_of_a_second_counts() {
        assert_eq!(clock(seconds(120_000.0)), "2:00");
        assert_eq!(clock(seconds(64_001.0)), "1:05");
        assert_eq!(clock(seconds(1.0)), "0:01");
        assert_eq!(clock(seconds(-5.0)), "0:00");
    }

    #[test]
    fn the_voice_counts_seldom() {
        assert_eq!(said(120), "");
        let words: std::collections::BTreeSet<_> = (0..=120).map(said).collect();
        assert_eq!(words.len(), 4);
    }
}
