//! Two people edited the card at once: what the other has changed, and the way on with the own typing.

use leptos::prelude::*;

use super::editor::Editor;
use super::text::Difference;
use crate::components::{Alert, Button, Kind, Tone};

/// The panel, where there is something to tell.
#[component]
pub fn Changes(editor: Editor) -> impl IntoView {
    let open = Memo::new(move |_| editor.theirs.with(Option::is_some));
    move || {
        open.get().then(|| {
            view! {
                <div id="changes" class="gap-below" tabindex="-1">
                    <Alert tone=Tone::Warning title="Карточку уже изменил другой человек" live=true>
                        <p>
                            "Ваши изменения не сохранены, но на месте. Посмотрите, что изменилось, и продолжите: где поле изменили вы, останется ваше."
                        </p>
                        {move || table(editor, editor.differences())}
                        <div class="row">
                            <Button kind=Kind::Primary on_press=move || editor.go_on()>
                                "Продолжить с новой версией"
                            </Button>
                        </div>
                    </Alert>
                </div>
            }
        })
    }
}

fn table(editor: Editor, differences: Vec<Difference>) -> AnyView {
    if differences.is_empty() {
        return view! { <p>"В полях карточки ничего не изменилось: продолжите и сохраните ещё раз."</p> }
            .into_any();
    }
    let rows = differences
        .into_iter()
        .map(|difference| {
            let part = difference.part;
            view! {
                <tr>
                    <th scope="row">{difference.label}</th>
                    <td data-label="Было">{difference.was}</td>
                    <td data-label="Стало">{difference.theirs}</td>
                    <td data-label="У вас">
                        <span>
                            {difference.mine}
                            {(difference.both || editor.took(part))
                                .then(|| {
                                    view! {
                                        <span class="take">
                                            <Button class="button-small" on_press=move || editor.choose(part)>
                                                {move || if editor.took(part) { "Вернуть моё" } else { "Взять новое" }}
                                            </Button>
                                        </span>
                                    }
                                })}
                        </span>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="changes">
            <thead>
                <tr>
                    <th scope="col">"Поле"</th>
                    <th scope="col">"Было"</th>
                    <th scope="col">"Стало"</th>
                    <th scope="col">"У вас"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
