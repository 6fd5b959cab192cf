//! The few things a page asks of the browser directly.

use leptos::prelude::{document, request_animation_frame, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// Puts the focus on the element with that id, once it stands on the page.
pub fn focus_later(id: String) {
    request_animation_frame(move || {
        focus(&id);
    });
}

/// Puts the focus on the element with that id; whether there is one.
pub fn focus(id: &str) -> bool {
    match document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        Some(element) => {
            let _ = element.focus();
            true
        }
        None => false,
    }
}

/// Takes the focus from wherever it is.
pub fn blur() {
    if let Some(element) =
        document().active_element().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = element.blur();
    }
}

/// Whether an element with that id stands on the page.
#[must_use]
pub fn exists(id: &str) -> bool {
    document().get_element_by_id(id).is_some()
}

/// Brings the element with that id into view, once it stands on the page.
pub fn show_later(id: String) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Center);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

/// Path and query of the address bar.
#[must_use]
pub fn here() -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    path + &location.search().unwrap_or_default()
}

/// Loads the page of the address bar anew.
pub fn reload() {
    let _ = window().location().reload();
}

/// Leaves the program for another address, of whatever site.
pub fn go_to(address: &str) {
    let _ = window().location().set_href(address);
}

/// Leaves a text for the program that this tab loads next; never a secret.
pub fn hand_on(name: &str, text: &str) {
    if let Some(storage) = window().session_storage().ok().flatten() {
        let _ = storage.set_item(name, text);
    }
}

/// Takes what the program before has left.
#[must_use]
pub fn handed_on(name: &str) -> Option<String> {
    let storage = window().session_storage().ok().flatten()?;
    let text = storage.get_item(name).ok().flatten();
    if text.is_some() {
        let _ = storage.remove_item(name);
    }
    text
}

/// The origin of the page, for people: `epos.example`.
#[must_use]
pub fn host() -> String {
    window().location().host().unwrap_or_default()
}

/// Puts a text on the clipboard; whether it worked (browsers refuse without a secure connection).
pub async fn copy(text: &str) -> bool {
    if !window().is_secure_context() {
        return false;
    }
    JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}

/// Opens the browser's print dialog.
pub fn print() {
    let _ = window().print();
}

/// The last words of a program that stopped: nothing on the page answers any more.
pub fn say_broken() {
    if exists("broken") {
        return;
    }
    let words = "На странице произошла ошибка, кнопки больше не отвечают. Обновите страницу: введённое в карточку сохранилось.";
    if let (Ok(note), Some(body)) = (document().create_element("p"), document().body()) {
        note.set_id("broken");
        let _ = note.set_attribute("role", "alert");
        note.set_text_content(Some(words));
        let _ = body.prepend_with_node_1(&note);
    }
}

/// Whether the person is typing into a field just now.
#[must_use]
pub fn typing() -> bool {
    document().active_element().is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.closest("dialog").ok().flatten().is_some()
    })
}
