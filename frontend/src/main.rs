//! The client of ЭПОС: a Leptos single-page application, rendered in the browser.

mod address;
mod api;
mod app;
mod components;
mod dom;
mod drafts;
mod form;
mod leave;
mod pages;
mod russian;
mod session;
mod session_end;
mod tabs;

fn main() {
    std::panic::set_hook(Box::new(|info| {
        leptos::logging::error!("{info}");
        dom::say_broken();
    }));
    app::start();
}
