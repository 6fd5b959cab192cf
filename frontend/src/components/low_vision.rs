//! «Версия для слабовидящих» (look.md): size of the text, colours, space between letters, pictures. One press
//! from every page; kept in the browser; `assets/low-vision.js` puts it on before the first paint.

use leptos::prelude::*;

use super::{Icon, Picture};
use crate::dom;

/// Where it is kept: `text=150 colours=black …`.
const KEY: &str = "epos-low-vision";
const ON: &str = "low-vision-on";
const SETTINGS_BUTTON: &str = "low-vision-settings";
const SETTINGS_PANEL: &str = "low-vision-panel";

/// Something that can be set: the attribute `data-…` of the document, its words, its values and theirs.
struct Setting {
    name: &'static str,
    legend: &'static str,
    values: &'static [(&'static str, &'static str)],
    first: &'static str,
}

const SETTINGS: [Setting; 4] = [
    Setting {
        name: "text",
        legend: "Размер текста",
        values: &[("100", "100 %"), ("150", "150 %"), ("200", "200 %")],
        first: "150",
    },
    Setting {
        name: "colours",
        legend: "Цвета",
        values: &[
            ("black", "Чёрным по белому"),
            ("white", "Белым по чёрному"),
            ("blue", "Синим по голубому"),
        ],
        first: "black",
    },
    Setting {
        name: "spacing",
        legend: "Между буквами",
        values: &[("normal", "Обычно"), ("wide", "Просторно")],
        first: "normal",
    },
    Setting {
        name: "pictures",
        legend: "Картинки",
        values: &[("on", "Показывать"), ("off", "Убрать")],
        first: "on",
    },
];

type Chosen = [&'static str; SETTINGS.len()];

const fn first() -> Chosen {
    [SETTINGS[0].first, SETTINGS[1].first, SETTINGS[2].first, SETTINGS[3].first]
}

/// What was kept; what cannot be read is as at the first press.
fn read(kept: &str) -> Chosen {
    let mut chosen = first();
    for (setting, value) in SETTINGS.iter().zip(&mut chosen) {
        let told = kept
            .split(' ')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(name, told)| (name == setting.name).then_some(told));
        if let Some((known, _)) = setting.values.iter().find(|(known, _)| Some(*known) == told) {
            *value = known;
        }
    }
    chosen
}

fn written(chosen: &Chosen) -> String {
    let pairs: Vec<String> =
        SETTINGS.iter().zip(chosen).map(|(setting, value)| format!("{}={value}", setting.name)).collect();
    pairs.join(" ")
}

/// The version, shared through the context: nothing for the usual one.
#[derive(Clone, Copy)]
struct LowVision {
    chosen: RwSignal<Option<Chosen>>,
    open: RwSignal<bool>,
}

/// Puts the version into the context, as it was kept.
pub fn provide_low_vision() {
    let storage = || window().local_storage().ok().flatten();
    let kept = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    let version =
        LowVision { chosen: RwSignal::new(kept.map(|kept| read(&kept))), open: RwSignal::new(false) };
    provide_context(version);
    Effect::new(move |_| {
        let chosen = version.chosen.get();
        if let Some(root) = document().document_element() {
            for (place, setting) in SETTINGS.iter().enumerate() {
                let attribute = format!("data-{}", setting.name);
                let _ = match chosen.and_then(|chosen| chosen.get(place).copied()) {
                    Some(value) => root.set_attribute(&attribute, value),
                    None => root.remove_attribute(&attribute),
                };
            }
        }
        if let Some(storage) = storage() {
            let _ = match chosen {
                Some(chosen) => storage.set_item(KEY, &written(&chosen)),
                None => storage.remove_item(KEY),
            };
        }
    });
}

/// «Версия для слабовидящих», in the header of every page.
#[component]
pub fn LowVisionButton() -> impl IntoView {
    let version = expect_context::<LowVision>();
    let off = Memo::new(move |_| version.chosen.with(Option::is_none));
    let press = move |_| {
        version.chosen.set(Some(first()));
        version.open.set(true);
        dom::focus_later(SETTINGS_BUTTON.to_owned());
    };
    move || {
        off.get().then(|| {
            view! {
                <button type="button" id=ON class="button button-quiet button-small low-vision-on" on:click=press>
                    <Icon picture=Picture::Eye/>
                    <span class="low-vision-words">"Версия для слабовидящих"</span>
                </button>
            }
        })
    }
}

/// The settings, above the header while the version is on.
#[component]
pub fn LowVisionPanel() -> impl IntoView {
    let version = expect_context::<LowVision>();
    let on = Memo::new(move |_| version.chosen.with(Option::is_some));
    let usual = move |_| {
        version.chosen.set(None);
        version.open.set(false);
        dom::focus_later(ON.to_owned());
    };
    move || {
        on.get().then(|| {
            view! {
                <section class="low-vision" aria-label="Версия для слабовидящих">
                    <div class="row">
                        <button
                            type="button"
                            id=SETTINGS_BUTTON
                            class="button button-small"
                            aria-expanded=move || if version.open.get() { "true" } else { "false" }
                            aria-controls=SETTINGS_PANEL
                            on:click=move |_| version.open.update(|open| *open = !*open)
                        >
                            "Настройки вида"
                        </button>
                        <button type="button" class="button button-small" on:click=usual>
                            "Обычная версия"
                        </button>
                    </div>
                    <div class="low-vision-panel" id=SETTINGS_PANEL hidden=move || !version.open.get()>
                        {SETTINGS.iter().enumerate().map(|(place, setting)| choice(version, place, setting)).collect_view()}
                    </div>
                </section>
            }
        })
    }
}

/// The values of a setting.
fn choice(version: LowVision, place: usize, setting: &'static Setting) -> AnyView {
    let Setting { name, legend, values, .. } = setting;
    let values = values
        .iter()
        .map(|&(value, words)| {
            let now = move || {
                version
                    .chosen
                    .with(|chosen| chosen.as_ref().and_then(|chosen| chosen.get(place)) == Some(&value))
            };
            let choose = move |_| {
                version.chosen.update(|chosen| {
                    if let Some(now) = chosen.as_mut().and_then(|chosen| chosen.get_mut(place)) {
                        *now = value;
                    }
                });
            };
            view! {
                <label class="check">
                    <input type="radio" name=format!("low-vision-{name}") prop:checked=now on:change=choose/>
                    <span>{words}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset>
            <legend>{*legend}</legend>
            {values}
        </fieldset>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let chosen = ["200", "blue", "wide", "off"];
        assert_eq!(read(&written(&chosen)), chosen);
    }

    #[test]
    fn what_cannot_be_read_is_as_at_the_first_press() {
        assert_eq!(read(""), first());
        assert_eq!(read("text=200 colours=pink = pictures"), ["200", "black", "normal", "on"]);
    }

    #[test]
    fn the_first_press_chooses_values_that_there_are() {
        for (setting, first) in SETTINGS.iter().zip(first()) {
            assert!(setting.values.iter().any(|(value, _)| *value == first), "{}", setting.name);
        }
    }
}
