//! A question on top of the page: the browser's own dialog, which holds the focus, gives it back, and closes
//! on Esc.

use leptos::html;
use leptos::prelude::*;

/// What takes the focus: the first of these.
const FIRST: &str = ".dialog-body input, .dialog-body textarea, .dialog-actions button";

/// A dialog.
#[component]
pub fn Dialog(
    /// Whether it stands open.
    #[prop(into)]
    open: Signal<bool>,
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// Esc was pressed, or the browser closed it: `open` is to become false.
    #[prop(into)]
    on_close: Callback<()>,
    /// Whether it comes up by itself: a screen reader reads its words at once.
    #[prop(optional)]
    urgent: bool,
    /// Its buttons; the first takes the focus, unless there is something to be typed above.
    #[prop(into)]
    actions: ViewFn,
    /// Its words.
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = open.get();
        if let Some(dialog) = element.get() {
            if open && !dialog.open() {
                let _ = dialog.show_modal();
                // Its content may come a moment after it.
                request_animation_frame(move || {
                    if let Ok(Some(first)) = dialog.query_selector(FIRST)
                        && let Ok(first) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(first)
                    {
                        let _ = first.focus();
                    }
                });
            } else if !open && dialog.open() {
                dialog.close();
            }
        }
    });
    // Two dialogs may stand open at once.
    let (title_id, text_id) =
        if urgent { ("urgent-title", "urgent-text") } else { ("dialog-title", "dialog-text") };
    let children = StoredValue::new(children);
    let actions = StoredValue::new(actions);
    view! {
        <dialog
            node_ref=element
            class="dialog"
            role=urgent.then_some("alertdialog")
            aria-labelledby=title_id
            aria-describedby=urgent.then_some(text_id)
            on:close=move |_| {
                // The event comes late: the dialog may stand open again.
                let closed = element.get_untracked().is_none_or(|dialog| !dialog.open());
                if closed && open.get_untracked() {
                    on_close.run(());
                }
            }
        >
            <Show when=move || open.get()>
                <h2 id=title_id>{move || title.get()}</h2>
                <div class="dialog-body" id=text_id>{children.with_value(|children| children())}</div>
                <div class="dialog-actions">{actions.with_value(|actions| actions.run())}</div>
            </Show>
        </dialog>
    }
    .into_any()
}
