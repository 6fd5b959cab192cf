//! ИС «Контингент» (screens.md 14–18).

use leptos::prelude::*;
macro_rules! stub { ($($n:ident)*) => { $(#[component] pub fn $n() -> impl IntoView { stringify!($n) })* } }
stub!(Entry Bind Cards EmployeeList NewCard SavedCard);
