//! A card while it is open: what stands on the form, what is saved, and what can happen to both.

use chrono::NaiveDate;
use epos_shared::api::employees::{
    EmployeeCard, EmployeeDraft, NewEmployeeDraft, PersonDraft, SavedEmployee,
};
use epos_shared::api::organizations::OrganizationInView;
use epos_shared::api::proposals::ProposalDraft;
use epos_shared::api::same_person::LikelyDuplicates;
use epos_shared::problem::{FieldError, ProblemCode};
use epos_shared::rights::Verdict;
use epos_shared::roles::{OrganizationKind, Role};
use epos_shared::values::{RoleState, format_date};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};

use super::duplicates::Suspicion;
use super::esia::Comparison;
use super::form::CardForm;
use super::text::{self, CardText, Part};
use crate::api::{self, ApiError, CardAction};
use crate::components::{Secret, SecretContext, use_secret, use_toasts};
use crate::form::{FormErrors, field_id};
use crate::leave::{LeaveGuard, Loss, use_leave_guard};
use crate::pages::kontingent::{CONFIRMATIONS, ListPlace, NEW, card_address};
use crate::session::{SessionContext, use_session};
use crate::{dom, drafts, russian};

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// «Сохранить», «Сохранить и закрыть», «Сохранить и создать ещё».
    Saving(Then),
    /// «Отправить на подтверждение».
    Proposing,
    /// «Сбросить пароль».
    Resetting,
    /// Another action.
    Acting(CardAction),
}

/// What follows a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The saved card.
    Stay,
    /// The list.
    Close,
    /// Another new card, of the same organization, with the same roles and days.
    Another,
}

/// What of an unsaved card is kept in the tab.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: i64,
    base: CardText,
    mine: CardText,
}

/// An open card.
#[derive(Clone, Copy)]
pub struct Editor {
    /// The form.
    pub form: CardForm,
    /// Its errors.
    pub errors: FormErrors,
    /// The card as it was last read; nothing for a new one.
    pub card: RwSignal<Option<EmployeeCard>>,
    /// The organization of a new card.
    pub organization: RwSignal<Option<OrganizationInView>>,
    /// What the form is compared with: unsaved is what differs.
    pub base: RwSignal<CardText>,
    /// The card as somebody else has saved it meanwhile.
    pub theirs: RwSignal<Option<EmployeeCard>>,
    /// The parts taken over from there, with what the person had typed.
    taken: RwSignal<Vec<(Part, CardText)>>,
    /// What is under way.
    pub busy: RwSignal<Option<Busy>>,
    /// What failed last.
    pub failure: RwSignal<Option<ApiError>>,
    /// Why it was not saved: the person may have a card already.
    pub suspicion: RwSignal<Option<Suspicion>>,
    /// What Госуслуги tell of the person, where the card was opened from «Расхождения с Госуслугами».
    pub esia: RwSignal<Option<Comparison>>,
    /// Whether the form holds what was kept in the tab.
    pub restored: RwSignal<bool>,
    /// Whether anything is unsaved.
    pub dirty: Memo<bool>,
    /// Today in the region.
    pub today: NaiveDate,
    session: SessionContext,
    secret: SecretContext,
    guard: LeaveGuard,
    page: StoredValue<String>,
    account: StoredValue<String>,
    go: Callback<(String, bool)>,
}

impl Editor {
    /// Opens a card: a saved one, or a new one with a role that begins today.
    #[must_use]
    pub fn open(card: Option<EmployeeCard>) -> Option<Self> {
        let session = use_session();
        let person = session.person_now()?;
        let today = person.today;
        let saved = card.as_ref().map_or_else(
            || CardText {
                roles: vec![epos_shared::api::employees::RoleDraft {
                    start: format_date(today),
                    ..Default::default()
                }],
                ..Default::default()
            },
            CardText::of,
        );
        let page = card.as_ref().map_or_else(|| NEW.to_owned(), |card| card_address(card.id));
        let form = CardForm::new(&saved);
        let card = RwSignal::new(card);
        let organization = RwSignal::new(None::<OrganizationInView>);
        let base = RwSignal::new(saved);
        let navigate = use_navigate();
        let editor = Self {
            form,
            errors: FormErrors::new(move || {
                card.with(|card| match card {
                    Some(card) => wrong_in_saved(card, form.text(), today),
                    None => wrong_in_new(form.text(), organization.with(|o| o.as_ref().map(kind)), today),
                })
            }),
            card,
            organization,
            base,
            theirs: RwSignal::new(None),
            taken: RwSignal::default(),
            busy: RwSignal::new(None),
            failure: RwSignal::new(None),
            suspicion: RwSignal::new(None),
            esia: RwSignal::new(None),
            restored: RwSignal::new(false),
            dirty: Memo::new(move |_| base.with(|base| form.text() != *base)),
            today,
            session,
            secret: use_secret(),
            guard: use_leave_guard(),
            page: StoredValue::new(page),
            account: StoredValue::new(person.account.id.to_string()),
            go: Callback::new(move |(address, replace): (String, bool)| {
                navigate(&address, NavigateOptions { replace, ..Default::default() });
            }),
        };
        editor.restore();
        editor.watch();
        Some(editor)
    }

    /// Puts what was kept in the tab back onto the form.
    fn restore(self) {
        let Some(kept) = drafts::find::<Kept>(&self.account.get_value(), &self.page.get_value()) else {
            return;
        };
        if kept.mine == self.base.get_untracked() {
            return;
        }
        self.form.set(&kept.mine);
        self.restored.set(true);
        // The card was changed meanwhile: that is told like any other change by somebody else.
        if let Some(card) = self.card.get_untracked().filter(|card| card.version != kept.version) {
            self.base.set(kept.base);
            self.theirs.set(Some(card));
        }
    }

    /// Forgets what was kept in the tab, and the form with it.
    pub fn do_not_restore(self) {
        let saved = match self.card.get_untracked() {
            Some(card) => CardText::of(&card),
            None => self.base.get_untracked(),
        };
        self.theirs.set(None);
        self.taken.set(Vec::new());
        self.restored.set(false);
        self.base.set(saved.clone());
        self.form.set(&saved);
        self.errors.clear();
    }

    /// Keeps what is typed in the tab, and asks before it is left.
    fn watch(self) {
        self.guard.keeps(&self.page.get_value());
        Effect::new(move |_| {
            let page = self.page.get_value();
            if self.dirty.get() {
                let version = self.card.with_untracked(|card| card.as_ref().map_or(0, |card| card.version));
                // While somebody else's change is not taken in, the typing belongs to the older version.
                let version = if self.theirs.with(Option::is_some) { version - 1 } else { version };
                let kept = Kept { version, base: self.base.get(), mine: self.form.text() };
                drafts::keep(&self.account.get_value(), &page, &kept);
            } else {
                drafts::forget(&page);
            }
        });
        Effect::new(move |_| {
            let loss = if self.secret.at_risk() {
                Some(Loss::Secret)
            } else {
                self.dirty.get().then_some(Loss::Typed)
            };
            self.guard.set(loss);
        });
        let new = self.card.with_untracked(Option::is_none);
        let (guard, secret) = (self.guard, self.secret);
        on_cleanup(move || {
            guard.set(None);
            if new {
                secret.leave_row();
            }
        });
    }

    /// The roles that may be added, if only once they were confirmed; reactive.
    #[must_use]
    pub fn assignable(self) -> Vec<Role> {
        let mut roles = self.card.with(|card| match card {
            Some(card) => card.permissions.assignable_roles.clone(),
            None => {
                self.organization.with(|o| o.as_ref().map(|o| o.assignable_roles.clone()).unwrap_or_default())
            }
        });
        roles.extend(self.proposable());
        roles.sort_unstable();
        roles
    }

    /// The roles whose giving the department confirms; reactive.
    fn proposable(self) -> Vec<Role> {
        self.card.with(|card| match card {
            Some(card) => card.permissions.proposable_roles.clone(),
            None => {
                self.organization.with(|o| o.as_ref().map(|o| o.proposable_roles.clone()).unwrap_or_default())
            }
        })
    }

    /// Whether «Сохранить» or «Отправить на подтверждение» can do anything; reactive.
    #[must_use]
    pub fn can_save(self) -> bool {
        self.card.with(|card| {
            card.as_ref().is_none_or(|card| card.permissions.can_save() || card.permissions.can_propose())
        })
    }

    /// Whether what is typed waits for the department, once it is sent; reactive.
    #[must_use]
    pub fn proposes(self) -> bool {
        let is_heads = self.card.with(|card| {
            card.as_ref().is_some_and(|card| card.permissions.edit_person == Verdict::NeedsConfirmation)
        });
        let proposable = self.proposable();
        let rows = self.form.roles.get();
        is_heads
            || rows
                .iter()
                .filter(|row| row.id.is_none())
                .any(|row| row.role.get().is_some_and(|role| proposable.contains(&role)))
    }

    /// «Закрыть»: back to the list, after a question where something would be lost.
    pub fn close(self) {
        let list = expect_list_address();
        let page = self.page.get_value();
        self.guard.ask(move || {
            drafts::forget(&page);
            self.go.run((list.clone(), false));
        });
    }

    /// «Добавить роль».
    pub fn add_role(self) {
        let place = self.form.add_role(format_date(self.today));
        dom::focus_later(field_id(&format!("roles/{place}/role")));
    }

    /// «Сохранить», «Сохранить и закрыть», «Сохранить и создать ещё».
    pub fn save(self, then: Then) {
        self.send(then, false);
    }

    /// «Всё равно сохранить»: what the notice told of; what was changed since is looked at anew.
    pub fn save_despite(self) {
        if let Some(suspicion) = self.suspicion.get_untracked() {
            self.send(suspicion.then, suspicion.text == self.form.text_now());
        }
    }

    fn send(self, then: Then, despite_duplicates: bool) {
        if self.busy.get_untracked().is_some() {
            return;
        }
        if self.theirs.with_untracked(Option::is_some) {
            dom::focus_later("changes".to_owned());
            return;
        }
        self.failure.set(None);
        if !self.errors.submit() {
            return;
        }
        if untrack(move || self.proposes()) {
            self.propose_for(self.typed(despite_duplicates), then);
            return;
        }
        self.busy.set(Some(Busy::Saving(then)));
        self.suspicion.set(None);
        let text = self.form.text_now();
        let asked = text.clone();
        let toasts = use_toasts();
        let list = expect_list_address();
        spawn_local(async move {
            let card = self.card.get_untracked();
            let answer = match &card {
                Some(card) => {
                    let draft = EmployeeDraft {
                        version: card.version,
                        person: text.person,
                        roles: text.roles,
                        note: text.note,
                        despite_duplicates,
                    };
                    self.session.call(api::save_employee(card.id, &draft)).await
                }
                None => {
                    let draft = NewEmployeeDraft {
                        organization_id: text.organization,
                        person: text.person,
                        roles: text.roles,
                        note: text.note,
                        despite_duplicates,
                    };
                    self.session.call(api::create_employee(&draft)).await
                }
            };
            if self.busy.try_set(None).is_some() {
                return;
            }
            match answer {
                Ok(saved) => {
                    toasts.say(if then == Then::Another {
                        format!("Карточка сохранена: {}", russian::initials(&saved.card.name))
                    } else {
                        "Карточка сохранена".to_owned()
                    });
                    self.saved(saved, card.is_none(), then, list);
                }
                Err(error) => self.suspects(error, asked, then),
            }
        });
    }

    /// What was not saved or sent: it is asked first whether there is a card already, or it was refused.
    fn suspects(self, error: ApiError, text: CardText, then: Then) {
        match suspected(&error) {
            Some(found) => {
                self.suspicion.set(Some(Suspicion { found, text, then }));
                dom::focus_later("duplicates".to_owned());
            }
            None => self.refused(error),
        }
    }

    /// What is typed, as something to be confirmed.
    fn typed(self, despite_duplicates: bool) -> ProposalDraft {
        let CardText { organization, person, roles, note } = self.form.text_now();
        match self.card.with_untracked(|card| card.as_ref().map(|card| (card.id, card.version))) {
            Some((employee_id, version)) => ProposalDraft::Save {
                employee_id,
                draft: EmployeeDraft { version, person, roles, note, despite_duplicates },
            },
            None => ProposalDraft::Create {
                draft: NewEmployeeDraft {
                    organization_id: organization,
                    person,
                    roles,
                    note,
                    despite_duplicates,
                },
            },
        }
    }

    /// «Отправить на подтверждение»: the form shows the card as it is until then.
    pub fn propose(self, draft: ProposalDraft) {
        self.propose_for(draft, Then::Stay);
    }

    fn propose_for(self, draft: ProposalDraft, then: Then) {
        if self.busy.get_untracked().is_some() {
            return;
        }
        self.failure.set(None);
        self.busy.set(Some(Busy::Proposing));
        self.suspicion.set(None);
        let asked = self.form.text_now();
        let toasts = use_toasts();
        spawn_local(async move {
            let answer = self.session.call(api::propose(&draft)).await;
            if self.busy.try_set(None).is_some() {
                return;
            }
            let sent = match answer {
                Ok(sent) => sent,
                Err(error) => {
                    self.suspects(error, asked, then);
                    return;
                }
            };
            toasts.say("Отправлено на подтверждение");
            match (self.card.get_untracked(), draft) {
                (None, _) => {
                    drafts::forget(&self.page.get_value());
                    // So that nothing asks on the way there.
                    self.base.set(self.form.text_now());
                    self.guard.set(None);
                    self.go.run((format!("{CONFIRMATIONS}/{}", sent.id), true));
                    return;
                }
                (Some(card), ProposalDraft::Save { .. }) => {
                    drafts::forget(&self.page.get_value());
                    self.adopt(card);
                }
                _ => {}
            }
            self.read_again().await;
            dom::focus_later("heading".to_owned());
        });
    }

    fn saved(self, saved: SavedEmployee, new: bool, then: Then, list: String) {
        let SavedEmployee { card, credentials } = saved;
        let id = card.id;
        drafts::forget(&self.page.get_value());
        // «Новый пароль» vanishes when the card is saved.
        self.secret.forget_of(id);
        let stays = credentials.is_some();
        if let Some(credentials) = credentials {
            self.secret.show(Secret {
                employee: id,
                name: card.name.to_string(),
                organization: card.organization.short_name.clone(),
                credentials,
                reset: false,
                closes: then == Then::Close,
            });
        }
        if new && then == Then::Another {
            self.begin_another();
            return;
        }
        if new {
            self.secret.hand_over();
            // So that nothing asks on the way to the page of the saved card.
            self.base.set(self.form.text_now());
            self.guard.set(None);
        } else {
            self.adopt(card);
        }
        if then == Then::Close && !stays {
            self.guard.set(None);
            self.go.run((list, false));
        } else if new {
            self.go.run((card_address(id), true));
        }
    }

    /// Empties the form for the next of a row of cards: what they have in common stays.
    fn begin_another(self) {
        let common = CardText { person: PersonDraft::default(), note: String::new(), ..self.form.text_now() };
        self.restored.set(false);
        self.base.set(common);
        self.form.set_person(&PersonDraft::default());
        self.form.note.set(String::new());
        self.errors.clear();
        dom::focus_later(field_id("person/family_name"));
    }

    /// Takes a card that was just saved or read as what the form shows.
    fn adopt(self, card: EmployeeCard) {
        let text = CardText::of(&card);
        self.theirs.set(None);
        self.taken.set(Vec::new());
        self.restored.set(false);
        self.errors.clear();
        self.base.set(text.clone());
        self.card.set(Some(card));
        self.form.set(&text);
    }

    /// Goes on to the card of somebody who was transferred; where it has a password, that is shown here first.
    pub fn go_to(self, saved: SavedEmployee) {
        let SavedEmployee { card, credentials } = saved;
        drafts::forget(&self.page.get_value());
        let Some(credentials) = credentials else {
            // So that nothing asks on the way there.
            self.base.set(self.form.text_now());
            self.guard.set(None);
            self.go.run((card_address(card.id), false));
            return;
        };
        self.secret.forget();
        self.secret.show(Secret {
            employee: card.id,
            name: card.name.to_string(),
            organization: card.organization.short_name,
            credentials,
            reset: false,
            closes: false,
        });
        spawn_local(async move { self.read_again().await });
    }

    /// What the server refused, on the form or above it.
    pub fn refused(self, error: ApiError) {
        let Some(problem) = error.problem() else {
            self.fail(error);
            return;
        };
        if problem.code == ProblemCode::VersionConflict {
            // Through text, so that the reader of a card is there once, not also for values: WASM.
            let current =
                problem.current.as_ref().and_then(|card| serde_json::from_str(&card.to_string()).ok());
            if let Some(current) = current {
                self.theirs.set(Some(current));
                dom::focus_later("changes".to_owned());
                return;
            }
        }
        let homeless = self.errors.refuse(&problem.errors);
        if problem.errors.is_empty() || !homeless.is_empty() {
            let mut problem = problem.clone();
            problem.errors = homeless;
            self.fail(ApiError::Problem(Box::new(problem)));
        }
    }

    fn fail(self, error: ApiError) {
        self.failure.set(Some(error));
        dom::focus_later("card-failure".to_owned());
    }

    /// What somebody else has changed; reactive.
    #[must_use]
    pub fn differences(self) -> Vec<text::Difference> {
        self.theirs.with(|theirs| {
            theirs.as_ref().map_or_else(Vec::new, |theirs| {
                self.base.with(|base| text::differences(base, &self.form.text(), &CardText::of(theirs)))
            })
        })
    }

    /// Whether a part was taken over from the card as it is now; reactive.
    #[must_use]
    pub fn took(self, part: Part) -> bool {
        self.taken.with(|taken| taken.iter().any(|(known, _)| *known == part))
    }

    /// Takes one part over from the card as it is now, or puts back what the person had typed there.
    pub fn choose(self, part: Part) {
        let Some(theirs) = self.theirs.get_untracked() else { return };
        let now = self.form.text_now();
        let mut taken = self.taken.get_untracked();
        let from = match taken.iter().position(|(known, _)| *known == part) {
            Some(place) => taken.swap_remove(place).1,
            None => {
                taken.push((part, now.clone()));
                CardText::of(&theirs)
            }
        };
        self.form.set(&text::taken(&now, &from, part));
        self.taken.set(taken);
    }

    /// Goes on with the card as it is now, with the own typing on it.
    pub fn go_on(self) {
        let Some(theirs) = self.theirs.get_untracked() else { return };
        let now = CardText::of(&theirs);
        let merged = text::merged(&self.base.get_untracked(), &self.form.text_now(), &now);
        self.theirs.set(None);
        self.taken.set(Vec::new());
        self.base.set(now);
        self.card.set(Some(theirs));
        self.form.set(&merged);
        dom::focus_later("heading".to_owned());
    }

    /// «Сбросить пароль»: acts at the press.
    pub fn reset(self) {
        let Some(card) = self.begin(Busy::Resetting) else { return };
        spawn_local(async move {
            let answer = self.session.call(api::reset_credentials(card.id)).await;
            if self.busy.try_set(None).is_some() {
                return;
            }
            match answer {
                Ok(credentials) => {
                    self.secret.show(Secret {
                        employee: card.id,
                        name: card.name.to_string(),
                        organization: card.organization.short_name,
                        credentials,
                        reset: true,
                        closes: false,
                    });
                    self.read_again().await;
                }
                Err(error) => self.refused(error),
            }
        });
    }

    /// «Снять блокировку», «Отвязать», «В архив».
    pub fn act(self, action: CardAction) {
        let Some(card) = self.begin(Busy::Acting(action)) else { return };
        let toasts = use_toasts();
        spawn_local(async move {
            let answer = self.session.call(api::act_on_employee(card.id, action)).await;
            if self.busy.try_set(None).is_some() {
                return;
            }
            match answer {
                Ok(card) => {
                    // Nothing can be saved on an archived card any more.
                    if action == CardAction::Archive {
                        self.adopt(card);
                    } else {
                        self.take_in(card);
                    }
                    toasts.say(match action {
                        CardAction::Unlock => "Блокировка снята",
                        CardAction::Unbind => "Карточка отвязана",
                        CardAction::Archive => "Карточка в архиве",
                    });
                }
                Err(error) => self.refused(error),
            }
        });
    }

    fn begin(self, busy: Busy) -> Option<EmployeeCard> {
        if self.busy.get_untracked().is_some() {
            return None;
        }
        self.failure.set(None);
        self.busy.set(Some(busy));
        self.card.get_untracked()
    }

    /// Reads the card again after an action, keeping what is typed.
    async fn read_again(self) {
        let Some(id) = self.card.try_get_untracked().flatten().map(|card| card.id) else { return };
        if let Ok(card) = self.session.call(api::employee(id)).await {
            self.take_in(card);
        }
    }

    /// Takes in the card as it is after an action, keeping what is typed.
    pub fn take_in(self, card: EmployeeCard) {
        let (Some(base), now) = (self.base.try_get_untracked(), CardText::of(&card)) else { return };
        let mine = self.form.text_now();
        if text::differences(&base, &mine, &now).iter().any(|difference| difference.both) {
            self.theirs.set(Some(card));
            return;
        }
        let merged = text::merged(&base, &mine, &now);
        self.base.set(now);
        self.card.set(Some(card));
        if merged != mine {
            self.form.set(&merged);
        }
    }
}

/// What the server suspects, where that is why it did not save.
fn suspected(error: &ApiError) -> Option<LikelyDuplicates> {
    let problem = error.problem().filter(|problem| problem.code == ProblemCode::DuplicateSuspected)?;
    // Through text, as the card of a conflict.
    serde_json::from_str(&problem.current.as_ref()?.to_string()).ok()
}

const fn kind(organization: &OrganizationInView) -> OrganizationKind {
    organization.organization.kind
}

fn expect_list_address() -> String {
    expect_context::<ListPlace>().address.get_value()
}

fn wrong_in_new(text: CardText, kind: Option<OrganizationKind>, today: NaiveDate) -> Vec<FieldError> {
    let draft = NewEmployeeDraft {
        organization_id: text.organization,
        person: text.person,
        roles: text.roles,
        note: text.note,
        despite_duplicates: false,
    };
    draft.parse(kind, today).err().unwrap_or_default()
}

fn wrong_in_saved(card: &EmployeeCard, text: CardText, today: NaiveDate) -> Vec<FieldError> {
    let draft = EmployeeDraft {
        version: card.version,
        person: text.person,
        roles: text.roles,
        note: text.note,
        despite_duplicates: false,
    };
    draft
        .parse(card.organization.kind, &card.roles_on_card(), card.email_rule(), today)
        .err()
        .unwrap_or_default()
}

/// Whether the days of a role of the card may be changed.
#[must_use]
pub fn days_open(card: &EmployeeCard, state: RoleState) -> bool {
    card.permissions.change_dates.is_possible() && state != RoleState::Ended
}
