//! The client of ЭПОС: a Leptos application, rendered in the browser; six programs of the same parts.

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

use epos_shared::programs::Program;

/// Starts the program that everybody needs ([`Program::Main`]).
pub fn start_main() {
    start(Program::Main, pages::of_main);
}

/// Starts the program of one's own account ([`Program::Own`]).
pub fn start_own() {
    start(Program::Own, pages::of_own);
}

/// Starts the program of the daily work in «Контингент» ([`Program::Staff`]).
pub fn start_staff() {
    start(Program::Staff, pages::of_staff);
}

/// Starts the program of queues and reports ([`Program::Office`]).
pub fn start_office() {
    start(Program::Office, pages::of_office);
}

/// Starts the program of administration ([`Program::Manage`]).
pub fn start_manage() {
    start(Program::Manage, pages::of_manage);
}

/// Starts the program of support ([`Program::Desk`]).
pub fn start_desk() {
    start(Program::Desk, pages::of_desk);
}

/// What a program never refers to, the linker leaves out of it: here, the pages of the others.
fn start(program: Program, pages: app::Pages) {
    std::panic::set_hook(Box::new(|info| {
        leptos::logging::error!("{info}");
        dom::say_broken();
    }));
    app::start(program, pages);
}
