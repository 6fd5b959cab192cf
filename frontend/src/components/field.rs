//! Fields: label above with the star of a mandatory one, hint and error below, what was typed kept.

use leptos::prelude::*;

use super::{Icon, Picture, live};
use crate::form::{FormErrors, field_id};

/// The ids under which a field's hint and error are told to screen readers.
fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    let ids: Vec<String> = [(hint, "hint"), (error, "error")]
        .into_iter()
        .filter(|(present, _)| *present)
        .map(|(_, name)| format!("{id}-{name}"))
        .collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// What every field has around its control. The control takes `id` and the description.
#[derive(Clone, Copy)]
struct Frame {
    id: Signal<String>,
    error: Memo<Option<String>>,
    has_hint: bool,
}

impl Frame {
    fn new(path: Signal<String>, errors: FormErrors, has_hint: bool) -> Self {
        Self {
            id: Signal::derive(move || field_id(&path.get())),
            error: Memo::new(move |_| errors.message(&path.get())),
            has_hint,
        }
    }

    fn described_by(self) -> Option<String> {
        described_by(&self.id.get(), self.has_hint, self.error.with(Option::is_some))
    }

    fn invalid(self) -> Option<&'static str> {
        self.error.with(Option::is_some).then_some("true")
    }

    fn around(
        self,
        label: String,
        required: Signal<bool>,
        hint: Option<String>,
        control: AnyView,
    ) -> AnyView {
        view! {
            <div class="field">
                <label class="field-label" for=move || self.id.get()>
                    {label}
                    {move || required.get().then(|| view! { <span class="star" aria-hidden="true">" *"</span> })}
                </label>
                {control}
                {hint
                    .map(|hint| {
                        view! {
                            <p class="field-hint" id=move || format!("{}-hint", self.id.get())>
                                {hint}
                            </p>
                        }
                    })}
                {move || {
                    self.error
                        .get()
                        .map(|error| {
                            view! {
                                <p class="field-error" id=move || format!("{}-error", self.id.get())>
                                    <Icon picture=Picture::Error/>
                                    <span>{error}</span>
                                </p>
                            }
                        })
                }}
            </div>
        }
        .into_any()
    }
}

/// A field was left: also by being taken away with its page, when nothing of it is there any more.
fn left(path: Signal<String>, errors: FormErrors) {
    if let Some(path) = path.try_get_untracked() {
        errors.left(&path);
    }
}

/// A line of text.
#[component]
pub fn TextField(
    /// The path of the field in the request (`person/email`).
    #[prop(into)]
    path: Signal<String>,
    /// Its label.
    #[prop(into)]
    label: String,
    /// What is typed.
    value: RwSignal<String>,
    /// The errors of its form.
    errors: FormErrors,
    /// Whether it is mandatory.
    #[prop(optional)]
    required: bool,
    /// The hint below.
    #[prop(optional, into)]
    hint: Option<String>,
    /// The type of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// What a browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// The keyboard of a telephone.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// Whether nothing can be typed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Whether it is only read, and filled in by something else.
    #[prop(optional)]
    readonly: bool,
    /// A sample of what to type.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// Whether letters are words of a language (names are not corrected).
    #[prop(optional)]
    plain: bool,
) -> impl IntoView {
    let frame = Frame::new(path, errors, hint.is_some());
    let control = view! {
        <input
            class="input"
            type=kind
            id=move || frame.id.get()
            name=move || path.get()
            autocomplete=autocomplete
            inputmode=inputmode
            placeholder=placeholder
            spellcheck="false"
            autocapitalize=plain.then_some("none")
            aria-required=required.then_some("true")
            aria-invalid=move || frame.invalid()
            aria-describedby=move || frame.described_by()
            disabled=move || disabled.get()
            readonly=readonly
            prop:value=move || if disabled.get() { String::new() } else { value.get() }
            on:input=move |event| {
                value.set(event_target_value(&event));
                errors.changed(&path.get_untracked());
            }
            on:blur=move |_| left(path, errors)
        />
    };
    frame.around(label, Signal::derive(move || required && !disabled.get()), hint, control.into_any())
}

/// A day, typed as ДД.ММ.ГГГГ (or shorter: 1.9.2026); what was typed is kept.
#[component]
pub fn DateField(
    /// The path of the field in the request.
    #[prop(into)]
    path: Signal<String>,
    /// Its label.
    #[prop(into)]
    label: String,
    /// What is typed.
    value: RwSignal<String>,
    /// The errors of its form.
    errors: FormErrors,
    /// Whether it is mandatory.
    #[prop(optional)]
    required: bool,
    /// The hint below.
    #[prop(optional, into)]
    hint: Option<String>,
) -> impl IntoView {
    let hint = hint.unwrap_or_default();
    view! {
        <TextField
            path=path
            label=label
            value=value
            errors=errors
            required=required
            hint=hint
            inputmode="decimal"
            placeholder="ДД.ММ.ГГГГ"
            plain=true
        />
    }
}

/// A password, hidden unless the person wants to see it.
#[component]
pub fn PasswordField(
    /// The path of the field in the request.
    #[prop(into)]
    path: Signal<String>,
    /// Its label.
    #[prop(into)]
    label: String,
    /// What is typed.
    value: RwSignal<String>,
    /// The errors of its form.
    errors: FormErrors,
    /// What a browser may fill in.
    #[prop(default = "current-password")]
    autocomplete: &'static str,
    /// The hint below.
    #[prop(optional, into)]
    hint: Option<String>,
) -> impl IntoView {
    let frame = Frame::new(path, errors, hint.is_some());
    let shown = RwSignal::new(false);
    let control = view! {
        <div class="with-button">
            <input
                class="input"
                type=move || if shown.get() { "text" } else { "password" }
                id=move || frame.id.get()
                name=move || path.get()
                autocomplete=autocomplete
                spellcheck="false"
                autocapitalize="none"
                aria-required="true"
                aria-invalid=move || frame.invalid()
                aria-describedby=move || frame.described_by()
                prop:value=move || value.get()
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    errors.changed(&path.get_untracked());
                }
                on:blur=move |_| left(path, errors)
            />
            <button
                type="button"
                class="button button-quiet button-small inside"
                aria-label=move || if shown.get() { "Скрыть пароль" } else { "Показать пароль" }
                on:click=move |_| shown.update(|shown| *shown = !*shown)
            >
                {move || if shown.get() { "Скрыть" } else { "Показать" }}
            </button>
        </div>
    };
    // No star: where a password is asked for, everything is.
    frame.around(label, false.into(), hint, control.into_any())
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// The path of the field in the request.
    #[prop(into)]
    path: Signal<String>,
    /// Its label.
    #[prop(into)]
    label: String,
    /// What is typed.
    value: RwSignal<String>,
    /// The errors of its form.
    errors: FormErrors,
    /// The hint below.
    #[prop(optional, into)]
    hint: Option<String>,
) -> impl IntoView {
    let frame = Frame::new(path, errors, hint.is_some());
    let control = view! {
        <textarea
            class="input"
            rows="3"
            id=move || frame.id.get()
            name=move || path.get()
            aria-invalid=move || frame.invalid()
            aria-describedby=move || frame.described_by()
            prop:value=move || value.get()
            on:input=move |event| {
                value.set(event_target_value(&event));
                errors.changed(&path.get_untracked());
            }
            on:blur=move |_| left(path, errors)
        ></textarea>
    };
    frame.around(label, false.into(), hint, control.into_any())
}

/// A choice among a few.
#[component]
pub fn Select(
    /// The path of the field in the request.
    #[prop(into)]
    path: Signal<String>,
    /// Its label.
    #[prop(into)]
    label: String,
    /// The value that is chosen; empty for none.
    #[prop(into)]
    value: Signal<String>,
    /// A value was chosen.
    #[prop(into)]
    on_change: Callback<String>,
    /// Values and their names.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// What stands for no choice, where there may be none.
    #[prop(optional, into)]
    empty: Option<String>,
    /// The errors of its form.
    errors: FormErrors,
    /// Whether it is mandatory.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let frame = Frame::new(path, errors, false);
    let control = view! {
        <select
            class="input"
            id=move || frame.id.get()
            name=move || path.get()
            aria-required=required.then_some("true")
            aria-invalid=move || frame.invalid()
            aria-describedby=move || frame.described_by()
            on:change=move |event| {
                on_change.run(event_target_value(&event));
                errors.changed(&path.get_untracked());
            }
            on:blur=move |_| left(path, errors)
        >
            {empty
                .map(|empty| {
                    view! {
                        <option value="" prop:selected=move || value.with(String::is_empty)>
                            {empty}
                        </option>
                    }
                })}
            {move || {
                options
                    .get()
                    .into_iter()
                    .map(|(wire, name)| {
                        let mine = wire.clone();
                        view! {
                            <option value=wire prop:selected=move || value.with(|value| *value == mine)>
                                {name}
                            </option>
                        }
                    })
                    .collect_view()
            }}
        </select>
    };
    frame.around(label, required.into(), None, control.into_any())
}

/// A box to tick.
#[component]
pub fn Checkbox(
    /// Its id.
    id: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// Whether it is ticked.
    checked: RwSignal<bool>,
    /// It was ticked or cleared.
    #[prop(into)]
    on_change: Callback<()>,
    /// What is wrong with it, where it is mandatory.
    #[prop(optional)]
    error: Option<Signal<Option<String>>>,
) -> impl IntoView {
    let wrong = move || error.is_some_and(|error| error.with(Option::is_some));
    let message = error.map(|error| {
        live(move || match error.get() {
            Some(error) => view! {
                <p class="field-error" id=format!("{id}-error")>
                    <Icon picture=Picture::Error/>
                    <span>{error}</span>
                </p>
            }
            .into_any(),
            None => ().into_any(),
        })
    });
    view! {
        <label class="check">
            <input
                type="checkbox"
                id=id
                aria-required=error.is_some().then_some("true")
                aria-invalid=move || wrong().then_some("true")
                aria-describedby=move || described_by(id, false, wrong())
                prop:checked=move || checked.get()
                on:change=move |event| {
                    checked.set(event_target_checked(&event));
                    on_change.run(());
                }
            />
            <span>{label}</span>
        </label>
        {message}
    }
    .into_any()
}

/// A field that is only read.
#[component]
pub fn ReadOnlyField(
    /// Its label.
    #[prop(into)]
    label: String,
    /// The hint below.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Its value.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <span class="field-label">{label}</span>
            <div class="field-value">{children()}</div>
            {hint.map(|hint| view! { <p class="field-hint">{hint}</p> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_and_error_describe_a_field() {
        assert_eq!(described_by("a", false, false), None);
        assert_eq!(described_by("a", true, false).as_deref(), Some("a-hint"));
        assert_eq!(described_by("a", true, true).as_deref(), Some("a-hint a-error"));
    }
}
