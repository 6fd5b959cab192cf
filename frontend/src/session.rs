//! Who is signed in: one signal for the whole program.

use std::future::Future;

use epos_shared::api::session::{OwnCard, Session, SessionState};
use epos_shared::ids::AccountId;
use epos_shared::problem::ProblemCode;
use epos_shared::roles::RoleCategory;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::address::{consent_address, roles_address, sign_in_address};
use crate::api::{self, Answer, ApiError};
use crate::components::{ErrorPage, Loading};
use crate::dom;
use crate::drafts;
use crate::tabs::{Tabs, Word};

/// What is known of the session.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// The server has not answered yet.
    Asking,
    /// The server could not be asked.
    Failed(ApiError),
    /// Nobody is signed in.
    Nobody,
    /// A person.
    Person(Box<Session>),
}

/// Why nobody is signed in, for the sentence above the sign-in form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// Nobody was.
    Never,
    /// «Выйти» was pressed.
    SignedOut,
    /// The session ended by itself.
    Ended,
}

/// The session, shared through the context.
#[derive(Clone, Copy)]
pub struct SessionContext {
    known: RwSignal<Known>,
    parting: RwSignal<Parting>,
    tabs: Tabs,
}

/// The session of the program.
#[must_use]
pub fn use_session() -> SessionContext {
    expect_context()
}

/// What a program leaves for the next one after the session has ended.
const ENDED: &str = "epos-ended";

/// Puts the session into the context and asks the server for it.
pub fn provide_session() -> SessionContext {
    let session = SessionContext {
        known: RwSignal::new(Known::Asking),
        parting: RwSignal::new(if dom::handed_on(ENDED).is_some() { Parting::Ended } else { Parting::Never }),
        tabs: Tabs::open(),
    };
    provide_context(session);
    session.tabs.listen(move |word| match word {
        Word::Changed => spawn_local(async move {
            let _ = session.look().await;
        }),
        // What was typed here stays in this tab, for the same person alone.
        Word::SignedOut => {
            session.parting.set(Parting::Never);
            session.known.set(Known::Nobody);
        }
    });
    session.ask_again();
    session
}

impl SessionContext {
    /// What is known; reactive.
    #[must_use]
    pub fn known(self) -> Known {
        self.known.get()
    }

    /// The session of the person who is signed in; reactive.
    #[must_use]
    pub fn person(self) -> Option<Box<Session>> {
        match self.known.get() {
            Known::Person(person) => Some(person),
            _ => None,
        }
    }

    /// The same, not reactive.
    #[must_use]
    pub fn person_now(self) -> Option<Box<Session>> {
        untrack(move || self.person())
    }

    /// Why nobody is signed in.
    #[must_use]
    pub fn parting(self) -> Parting {
        self.parting.get()
    }

    /// Asks the server again, showing that it does.
    pub fn ask_again(self) {
        self.known.set(Known::Asking);
        spawn_local(async move {
            self.refresh().await;
        });
    }

    async fn refresh(self) {
        match api::session(false).await {
            Ok(state) => {
                let is_nobody = matches!(state, SessionState::Anonymous);
                self.take(state);
                if is_nobody {
                    // A tab that is open may not know yet that the session has ended.
                    self.tabs.tell(Word::Changed);
                }
            }
            Err(error) => self.known.set(Known::Failed(error)),
        }
    }

    /// Looks how the session stands, without prolonging it and without a sign on the page.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn look(self) -> Answer<()> {
        api::session(true).await.map(|state| self.take(state))
    }

    /// Prolongs the session, in every tab.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn prolong(self) -> Answer<()> {
        api::session(false).await.map(|state| self.know(state))
    }

    /// Takes over what the server said of the session after the person has done something to it; the other
    /// tabs follow.
    pub fn know(self, state: SessionState) {
        self.take(state);
        self.tabs.tell(Word::Changed);
    }

    /// The session has ended by itself.
    pub fn end(self) {
        self.parting.set(Parting::Ended);
        self.known.set(Known::Nobody);
    }

    fn take(self, state: SessionState) {
        let known = match state {
            SessionState::Anonymous if self.person_now().is_some() => return self.end(),
            SessionState::Anonymous => Known::Nobody,
            SessionState::SignedIn(person) => {
                drafts::keep_only(&person.account.id.to_string());
                Known::Person(person)
            }
        };
        if untrack(move || self.known.get()) != known {
            self.known.set(known);
        }
    }

    /// Leaves for the next program why nobody is signed in.
    pub fn hand_on(self) {
        if self.parting.get_untracked() == Parting::Ended {
            dom::hand_on(ENDED, "1");
        }
    }

    /// A call, after which a session that has ended leads to the sign-in page.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call<T>(self, call: impl Future<Output = Answer<T>>) -> Answer<T> {
        let answer = call.await;
        match &answer {
            Err(ApiError::NotSignedIn) => {
                self.end();
                self.tabs.tell(Word::Changed);
            }
            // The text of the consent has changed meanwhile, or a category has ended: the session says so, and
            // leads to what is to be done.
            Err(error)
                if matches!(
                    error.code(),
                    Some(ProblemCode::ConsentRequired | ProblemCode::CategoryNotHeld)
                ) =>
            {
                self.refresh().await;
            }
            _ => {}
        }
        answer
    }

    /// Ends the session.
    pub async fn sign_out(self) -> Answer<()> {
        match api::sign_out().await {
            Ok(()) | Err(ApiError::NotSignedIn) => {
                drafts::forget_all();
                self.parting.set(Parting::SignedOut);
                self.known.set(Known::Nobody);
                self.tabs.tell(Word::SignedOut);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// The card that the person works with: those of staff are put away while one is a parent or a student.
#[must_use]
pub fn card_at_work(person: &Session) -> Option<&OwnCard> {
    person.card().filter(|_| works_as_staff(person))
}

/// Whether the session is that of staff; before a category is chosen or held it may become one.
#[must_use]
pub fn works_as_staff(person: &Session) -> bool {
    person.category.is_none_or(|category| category == RoleCategory::Employee)
}

/// What has to be settled before a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Before {
    /// Nothing: the page that asks for the consent.
    Nothing,
    /// The consent: pages that are the same in every category, and the choice of one.
    Consent,
    /// The consent and, of several, the category.
    #[default]
    Category,
}

/// Shows its children to a person who is signed in, and leads everybody else to the sign-in page.
#[component]
pub fn SignedIn(
    /// What has to be settled before; until then, the page leads to it.
    #[prop(optional)]
    before: Before,
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    #[derive(Clone, PartialEq)]
    enum Kind {
        Asking,
        Failed(ApiError),
        Nobody,
        Consent,
        Category,
        Person(AccountId),
    }
    let session = use_session();
    // A change within the session must not build the page anew; another person must.
    let kind = Memo::new(move |_| match session.known() {
        Known::Asking => Kind::Asking,
        Known::Failed(error) => Kind::Failed(error),
        Known::Nobody => Kind::Nobody,
        Known::Person(person) if person.consent_required && before != Before::Nothing => Kind::Consent,
        Known::Person(person)
            if before == Before::Category && person.category.is_none() && person.categories.len() > 1 =>
        {
            Kind::Category
        }
        Known::Person(person) => Kind::Person(person.account.id),
    });
    move || match kind.get() {
        Kind::Asking => view! { <Loading/> }.into_any(),
        Kind::Failed(error) => {
            view! { <ErrorPage error=error on_retry=move || session.ask_again()/> }.into_any()
        }
        Kind::Nobody => elsewhere(match untrack(move || session.parting()) {
            Parting::SignedOut => |_| "/login".to_owned(),
            _ => sign_in_address,
        }),
        Kind::Consent => elsewhere(consent_address),
        Kind::Category => elsewhere(roles_address),
        Kind::Person(_) => children().into_any(),
    }
}

/// Leads to a page from where one comes back.
fn elsewhere(address: fn(&str) -> String) -> AnyView {
    let location = use_location();
    let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
    let here = if search.is_empty() { path } else { format!("{path}?{search}") };
    view! { <Forward to=address(&here)/> }.into_any()
}

/// Leads to another page, leaving no trace in the browser's history.
#[component]
pub fn Forward(
    /// The address.
    #[prop(into)]
    to: String,
) -> impl IntoView {
    let navigate = use_navigate();
    Effect::new(move |_| navigate(&to, NavigateOptions { replace: true, ..Default::default() }));
    view! { <Loading/> }
}
