//! What every row of a file comes to: a new card, a change, nothing, a mistake or a question. Nothing is written;
//! the rules are those of the form (`shared::api::employees`), the rights those of the single card.

use std::collections::HashMap;

use chrono::NaiveDate;
use epos_shared::api::employees::{EmailRule, EmployeeDraft, NewEmployeeDraft, PersonDraft, RoleDraft};
use epos_shared::api::import::{Decision, ImportCounts, ImportError, ImportField, RowError, RowOutcome};
use epos_shared::problem::{FieldError, Problem, ProblemCode};
use epos_shared::roles::Role;
use epos_shared::search::search_key;
use epos_shared::values::{FullName, InvalidValue, Period, RoleState, format_date, parse_date};
use serde::{Deserialize, Serialize};

use super::places::{Named, Place, Places};
use super::store::Line;
use crate::context::Context;
use crate::db::Conn;
use crate::db::types::Id;
use crate::error::ApiError;
use crate::kontingent::StaffOf;
use crate::kontingent::intake::{self, Known, KnownCard, Surroundings};
use crate::kontingent::likeness::Written;
use crate::tables::unguarded;

/// What is done to a card.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Task {
    /// It is made.
    Create(NewEmployeeDraft),
    /// It is saved so.
    Change(EmployeeDraft),
}

/// What the preview tells of a row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Report {
    pub name: String,
    pub organization: String,
    pub role: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RowError>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Decision>,
}

/// A row that is judged.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub line: u32,
    pub outcome: RowOutcome,
    pub report: Report,
    pub task: Option<Task>,
    pub employee: Option<Id>,
}

/// How many cards and rows there are of each outcome; of several rows about one card, one counts.
pub(super) fn counts(rows: &[Judged]) -> ImportCounts {
    let mut counts = ImportCounts::default();
    for row in rows {
        match row.outcome {
            RowOutcome::Created => counts.created += u32::from(row.task.is_some()),
            RowOutcome::Changed => counts.changed += u32::from(row.task.is_some()),
            RowOutcome::Unchanged => counts.unchanged += 1,
            RowOutcome::Skipped => counts.skipped += 1,
            RowOutcome::Wrong => counts.wrong += 1,
            RowOutcome::Undecided => counts.undecided += 1,
        }
    }
    counts
}

/// A row as it was read.
struct Row {
    line: u32,
    decision: Option<Decision>,
    person: PersonDraft,
    login: String,
    role_text: String,
    role: Option<Role>,
    /// Empty where the file says nothing of it.
    start: String,
    /// Nothing where the file has no such column.
    end: Option<String>,
    note: String,
    place: Option<Place>,
    name: Option<FullName>,
    /// The person as he is compared.
    written: Option<Written>,
    name_key: String,
    email_key: String,
    report: Report,
    outcome: Option<RowOutcome>,
    task: Option<Task>,
    employee: Option<Id>,
}

impl Row {
    fn wrong(&mut self, field: Option<ImportField>, error: &impl InvalidValue) {
        self.refuse(field, error.code(), &error.to_string());
    }

    fn refuse(&mut self, field: Option<ImportField>, code: &str, message: &str) {
        self.outcome = Some(RowOutcome::Wrong);
        self.report.errors.push(RowError { field, code: code.to_owned(), message: message.to_owned() });
    }

    /// Asks what to do, unless that was decided.
    fn ask(&mut self, choices: &[Decision], note: String) -> Option<Decision> {
        self.report.choices = choices.to_vec();
        self.report.notes.push(note);
        let decision = self.decision.filter(|decision| choices.contains(decision));
        match decision {
            None => self.outcome = Some(RowOutcome::Undecided),
            Some(Decision::Skip) => self.outcome = Some(RowOutcome::Skipped),
            Some(_) => {}
        }
        decision
    }
}

/// Judges all rows of a file.
///
/// # Errors
/// The database fails.
pub(super) fn judge(
    conn: &mut Conn,
    context: &Context,
    staff: &StaffOf<'_>,
    columns: &[Option<ImportField>],
    lines: Vec<Line>,
) -> Result<Vec<Judged>, ApiError> {
    let today = context.today();
    let (mut places, mut around) = (Places::default(), Surroundings::default());
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let mut row = read(columns, &line);
        locate(conn, staff, &mut places, &mut around, columns, &line, &mut row)?;
        rows.push(row);
    }
    let cards = Cards::load(conn, staff, &mut around, &rows, context)?;
    let groups = sort_out(&mut rows, &cards);
    for group in groups.new {
        make(staff, &mut rows, &group, today, context);
    }
    let mut changed: Vec<_> = groups.changed.into_iter().collect();
    changed.sort_unstable();
    for (card, members) in changed {
        if let Some(card) = cards.by_id.get(&card) {
            change(staff, &mut rows, card, &members, today);
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| Judged {
            line: row.line,
            outcome: row.outcome.unwrap_or(RowOutcome::Unchanged),
            report: row.report,
            task: row.task,
            employee: row.employee,
        })
        .collect())
}

fn read(columns: &[Option<ImportField>], line: &Line) -> Row {
    let mapped = |field: ImportField| columns.iter().position(|column| *column == Some(field));
    let cell = |field: ImportField| {
        mapped(field).and_then(|place| line.cells.get(place)).map(|cell| unguarded(cell).trim())
    };
    let text = |field| cell(field).unwrap_or_default().to_owned();
    // A dash is how people write nothing.
    let something =
        |text: String| if matches!(text.as_str(), "-" | "–" | "—") { String::new() } else { text };
    let whole = text(ImportField::FullName);
    let (family_name, given_name, patronymic) = if mapped(ImportField::FullName).is_some() {
        let mut parts = whole.split_whitespace();
        let family = parts.next().unwrap_or_default().to_owned();
        let given = parts.next().unwrap_or_default().to_owned();
        (family, given, parts.collect::<Vec<_>>().join(" "))
    } else {
        (text(ImportField::FamilyName), text(ImportField::GivenName), text(ImportField::Patronymic))
    };
    let patronymic = something(patronymic);
    let person = PersonDraft {
        no_patronymic: patronymic.is_empty(),
        family_name,
        given_name,
        patronymic,
        email: something(text(ImportField::Email)),
        ..PersonDraft::default()
    };
    let role_text = text(ImportField::Role);
    let shown = [&person.family_name, &person.given_name, &person.patronymic];
    let shown: Vec<&str> = shown.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let report = Report { name: shown.join(" "), role: role_text.clone(), ..Report::default() };
    let mut row = Row {
        line: line.line,
        decision: line.decision,
        login: text(ImportField::Login).to_lowercase(),
        role_text,
        role: None,
        start: something(text(ImportField::Start)),
        end: mapped(ImportField::End).map(|_| something(text(ImportField::End))),
        note: text(ImportField::Note),
        place: None,
        name: None,
        written: None,
        name_key: String::new(),
        email_key: String::new(),
        person,
        report,
        outcome: None,
        task: None,
        employee: None,
    };
    if mapped(ImportField::FullName).is_some() && row.person.given_name.is_empty() {
        row.wrong(Some(ImportField::FullName), &ImportError::NameParts);
    } else {
        // Without an e-mail the card may be one that is there; a new one is judged again.
        match row.person.parse("person/", EmailRule::MayStayEmpty) {
            Ok(person) => {
                row.name_key = search_key(&person.name.to_string());
                row.written = Some(Written::of(&person.name, person.email.as_ref(), None));
                row.email_key = person.email.map(|email| email.key()).unwrap_or_default();
                row.name = Some(person.name);
            }
            Err(errors) => refuse_all(&mut row, columns, &errors),
        }
    }
    for (field, text) in
        [(ImportField::Start, row.start.clone()), (ImportField::End, row.end.clone().unwrap_or_default())]
    {
        if !text.is_empty()
            && let Err(error) = parse_date(&text)
        {
            row.wrong(Some(field), &error);
        }
    }
    row
}

/// Finds the organization of a row, and by its kind what the word for the role means.
fn locate(
    conn: &mut Conn,
    staff: &StaffOf<'_>,
    places: &mut Places,
    around: &mut Surroundings,
    columns: &[Option<ImportField>],
    line: &Line,
    row: &mut Row,
) -> Result<(), ApiError> {
    let text = |field: ImportField| {
        let place = columns.iter().position(|column| *column == Some(field));
        place.and_then(|place| line.cells.get(place)).map(|cell| unguarded(cell).trim()).unwrap_or_default()
    };
    let named = Named {
        inn: text(ImportField::Inn).to_owned(),
        kpp: text(ImportField::Kpp).to_owned(),
        name: text(ImportField::Organization).to_owned(),
    };
    row.report.organization = if named.name.is_empty() { named.inn.clone() } else { named.name.clone() };
    match places.of(conn, staff, around, named)? {
        Ok(place) => {
            row.report.organization.clone_from(&place.0.short_name);
            match role_of(&row.role_text, &place) {
                Some(role) => row.role = Some(role),
                None => row.wrong(Some(ImportField::Role), &ImportError::RoleUnknown),
            }
            row.place = Some(place);
        }
        Err((field, error)) => row.wrong(Some(field), &error),
    }
    Ok(())
}

/// A role by its title, or by the first word of it («Директор») where only one such fits the organization.
fn role_of(text: &str, place: &Place) -> Option<Role> {
    let key = search_key(text);
    if let Some(role) = Role::ALL.into_iter().find(|role| search_key(role.title()) == key) {
        return Some(role);
    }
    let mut fitting = Role::fitting(place.0.kind)
        .filter(|role| !key.is_empty() && search_key(role.title()).split(' ').next() == Some(key.as_str()));
    fitting.next().filter(|_| fitting.next().is_none())
}

/// Errors of the form as errors of the file.
fn refuse_all(row: &mut Row, columns: &[Option<ImportField>], errors: &[FieldError]) {
    for error in errors {
        let field = field_of(&error.field, columns.contains(&Some(ImportField::FullName)));
        row.refuse(field, &error.code, &error.message);
    }
}

fn field_of(pointer: &str, whole: bool) -> Option<ImportField> {
    let last = pointer.rsplit('/').next().unwrap_or_default();
    Some(match last {
        "family_name" | "given_name" | "patronymic" if whole => ImportField::FullName,
        "family_name" => ImportField::FamilyName,
        "given_name" => ImportField::GivenName,
        "patronymic" => ImportField::Patronymic,
        "email" => ImportField::Email,
        "role" | "roles" => ImportField::Role,
        "start" => ImportField::Start,
        "end" => ImportField::End,
        "note" => ImportField::Note,
        "organization_id" => ImportField::Organization,
        _ => return None,
    })
}

/// The cards that rows of the file may mean.
struct Cards {
    by_id: HashMap<Id, KnownCard>,
    by_login: HashMap<String, Id>,
    by_name: HashMap<(Id, String), Vec<Id>>,
    by_email: HashMap<(String, String), Vec<Id>>,
    /// Of one organization, whatever they are called.
    by_own_email: HashMap<(Id, String), Vec<Id>>,
}

impl Cards {
    fn load(
        conn: &mut Conn,
        staff: &StaffOf<'_>,
        around: &mut Surroundings,
        rows: &[Row],
        context: &Context,
    ) -> Result<Self, ApiError> {
        let mut logins: Vec<String> = Vec::new();
        let mut emails: Vec<String> = Vec::new();
        let mut names: HashMap<Id, Vec<String>> = HashMap::new();
        for row in rows {
            if !row.login.is_empty() {
                logins.push(row.login.clone());
            }
            if !row.email_key.is_empty() {
                emails.push(row.email_key.clone());
            }
            if let Some((place, _)) = &row.place
                && !row.name_key.is_empty()
            {
                names.entry(place.id).or_default().push(row.name_key.clone());
            }
        }
        let once = |list: &mut Vec<String>| {
            list.sort_unstable();
            list.dedup();
        };
        once(&mut logins);
        once(&mut emails);
        let mut found = staff.known_cards(conn, around, Known::Logins(&logins), context)?;
        found.extend(staff.known_cards(conn, around, Known::Emails(&emails), context)?);
        for (place, mut keys) in names {
            once(&mut keys);
            found.extend(staff.known_cards(conn, around, Known::Names(place, &keys), context)?);
        }
        let mut cards = Self {
            by_id: HashMap::new(),
            by_login: HashMap::new(),
            by_name: HashMap::new(),
            by_email: HashMap::new(),
            by_own_email: HashMap::new(),
        };
        found.sort_by_key(KnownCard::id);
        found.dedup_by_key(|card| card.id());
        for card in found {
            let id = card.id();
            cards.by_login.insert(card.login().to_owned(), id);
            if !card.is_archived() {
                let name = search_key(&card.name.to_string());
                cards.by_name.entry((card.organization().id, name.clone())).or_default().push(id);
                if let Some(email) = &card.email {
                    let place = card.organization().id;
                    cards.by_own_email.entry((place, email.key())).or_default().push(id);
                    cards.by_email.entry((email.key(), name)).or_default().push(id);
                }
            }
            cards.by_id.insert(id, card);
        }
        Ok(cards)
    }

    fn get(&self, id: Id) -> Option<&KnownCard> {
        self.by_id.get(&id)
    }

    /// The card of the organization that may be the person of a row by its e-mail, though its name is written
    /// otherwise.
    fn alike(&self, place: Id, row: &Row) -> Option<&KnownCard> {
        let written = row.written.as_ref()?;
        let same_email = self.by_own_email.get(&(place, row.email_key.clone()))?;
        let mut cards = same_email.iter().filter_map(|id| self.get(*id));
        cards.find(|card| written.may_be(&Written::of(&card.name, card.email.as_ref(), None)))
    }
}

/// Rows by the card they are about.
#[derive(Default)]
struct Groups {
    /// New cards, each with its rows.
    new: Vec<Vec<usize>>,
    /// Cards that are there.
    changed: HashMap<Id, Vec<usize>>,
}

/// Which card each row is about, and what has to be asked.
fn sort_out(rows: &mut [Row], cards: &Cards) -> Groups {
    let mut groups = Groups::default();
    let mut seen: HashMap<(Id, String, String), usize> = HashMap::new();
    let mut lines: Vec<u32> = Vec::new();
    for (number, row) in rows.iter_mut().enumerate() {
        if row.outcome.is_some() {
            continue;
        }
        let Some((place, _)) = row.place.clone() else { continue };
        let mut target = None;
        let mut joined = None;
        if row.login.is_empty() {
            let same_name = cards.by_name.get(&(place.id, row.name_key.clone())).cloned().unwrap_or_default();
            let key = |id: &Id| {
                cards
                    .get(*id)
                    .and_then(|card| card.email.as_ref())
                    .map(|email| email.key())
                    .unwrap_or_default()
            };
            let exact: Vec<Id> = if row.email_key.is_empty() && same_name.len() == 1 {
                same_name.clone()
            } else {
                same_name.iter().filter(|id| key(id) == row.email_key).copied().collect()
            };
            let has_role = |id: &&Id| {
                cards
                    .get(**id)
                    .is_some_and(|card| card.roles().iter().any(|role| Some(role.role) == row.role))
            };
            let at = (place.id, row.name_key.clone(), row.email_key.clone());
            if let Some(id) = exact.iter().find(has_role).or_else(|| exact.first()) {
                target = Some(*id);
            } else if let Some(group) = seen.get(&at) {
                let line = lines.get(*group).copied().unwrap_or_default();
                let note = format!("Те же ФИО и e-mail, что в строке {line}");
                match row.ask(&[Decision::Same, Decision::Create, Decision::Skip], note) {
                    None | Some(Decision::Skip) => continue,
                    Some(Decision::Same) => joined = Some(*group),
                    Some(Decision::Create) => {}
                }
            } else if let Some(id) = same_name.first() {
                let email = cards.get(*id).and_then(|card| card.email.as_ref());
                let email = email.map_or_else(|| "без e-mail".to_owned(), ToString::to_string);
                let note = format!("В этой организации уже есть карточка с такими ФИО: {email}");
                match row.ask(&[Decision::Same, Decision::Create, Decision::Skip], note) {
                    None | Some(Decision::Skip) => continue,
                    Some(Decision::Same) => target = Some(*id),
                    Some(Decision::Create) => {}
                }
            } else if let Some(card) = cards.alike(place.id, row) {
                let note = format!("С этим e-mail в организации есть похожая карточка: {}", card.name);
                match row.ask(&[Decision::Same, Decision::Create, Decision::Skip], note) {
                    None | Some(Decision::Skip) => continue,
                    Some(Decision::Same) => target = Some(card.id()),
                    Some(Decision::Create) => {}
                }
            } else if let Some(id) =
                cards.by_email.get(&(row.email_key.clone(), row.name_key.clone())).and_then(|ids| ids.first())
            {
                let name =
                    cards.get(*id).map(|card| card.organization().short_name.clone()).unwrap_or_default();
                let note = format!("Карточка с такими ФИО и e-mail есть в другой организации: {name}");
                match row.ask(&[Decision::Create, Decision::Skip], note) {
                    None | Some(Decision::Skip) => continue,
                    Some(_) => {}
                }
            }
            if target.is_none() && joined.is_none() && !seen.contains_key(&at) {
                seen.insert(at, groups.new.len());
            }
        } else {
            match cards.by_login.get(&row.login).and_then(|id| cards.get(*id)) {
                None => row.wrong(Some(ImportField::Login), &ImportError::LoginUnknown),
                Some(card) if card.organization().id != place.id => {
                    row.wrong(Some(ImportField::Login), &ImportError::LoginElsewhere);
                }
                Some(card) => target = Some(card.id()),
            }
            if target.is_none() {
                continue;
            }
        }
        match (target, joined) {
            (Some(card), _) => groups.changed.entry(card).or_default().push(number),
            (None, Some(group)) => {
                if let Some(members) = groups.new.get_mut(group) {
                    members.push(number);
                }
            }
            (None, None) => {
                groups.new.push(vec![number]);
                lines.push(row.line);
            }
        }
    }
    groups
}

/// Makes a new card of its rows.
fn make(staff: &StaffOf<'_>, rows: &mut [Row], members: &[usize], today: NaiveDate, context: &Context) {
    let Some(first) = members.first().and_then(|number| rows.get(*number)) else { return };
    let Some(place) = first.place.clone() else { return };
    let draft = NewEmployeeDraft {
        organization_id: Some(place.0.id.into()),
        person: first.person.clone(),
        roles: members
            .iter()
            .filter_map(|number| rows.get(*number))
            .map(|row| RoleDraft {
                id: None,
                role: row.role,
                start: if row.start.is_empty() { today.to_string() } else { row.start.clone() },
                end: row.end.clone().unwrap_or_default(),
            })
            .collect(),
        note: first.note.clone(),
        despite_duplicates: false,
    };
    let errors = staff.judge_new(&draft, &place, today).err().unwrap_or_default();
    // One e-mail on one column or several is all that a field of the form can be.
    for error in &errors {
        let number = place_of(&error.field).and_then(|role| members.get(role)).or_else(|| members.first());
        if let Some(row) = number.and_then(|number| rows.get_mut(*number)) {
            row.refuse(field_of(&error.field, false), &error.code, &error.message);
        }
    }
    for (place, number) in members.iter().enumerate() {
        let Some(row) = rows.get_mut(*number) else { continue };
        if row.outcome.is_none() {
            row.outcome = Some(RowOutcome::Created);
            if place == 0 && errors.is_empty() {
                row.employee = Some(context.id());
                row.task = Some(Task::Create(draft.clone()));
            }
        }
    }
}

/// The number of the role that a pointer (`roles/2/start`) is about.
fn place_of(pointer: &str) -> Option<usize> {
    pointer.strip_prefix("roles/")?.split('/').next()?.parse().ok()
}

/// Makes a change of a card of the rows about it.
fn change(staff: &StaffOf<'_>, rows: &mut [Row], card: &KnownCard, members: &[usize], today: NaiveDate) {
    let mut draft = EmployeeDraft {
        version: card.version(),
        person: card.draft(),
        roles: card
            .roles()
            .iter()
            .map(|role| {
                let (start, end) = intake::days(role.period);
                RoleDraft { id: Some(role.id), role: Some(role.role), start, end }
            })
            .collect(),
        note: card.note().to_owned(),
        despite_duplicates: false,
    };
    let mut said: Vec<(Role, usize)> = Vec::new();
    let mut owners: HashMap<usize, usize> = HashMap::new();
    let mut changes = false;
    for number in members {
        let Some(row) = rows.get_mut(*number) else { continue };
        let before = row.report.notes.len();
        of_person(row, card, &mut draft);
        of_role(row, *number, card, &mut draft, &mut said, &mut owners, today);
        let differs = row.report.notes.len() > before;
        if row.outcome.is_none() {
            row.employee = Some(card.id());
            row.outcome = Some(if differs { RowOutcome::Changed } else { RowOutcome::Unchanged });
        }
        changes |= differs;
    }
    if !changes {
        return;
    }
    let changed = |row: &Row| row.outcome == Some(RowOutcome::Changed);
    let first = members.iter().copied().find(|number| rows.get(*number).is_some_and(changed));
    let Some(first) = first else { return };
    let refusal = if card.is_archived() {
        vec![(first, None, ImportError::Archived.code().to_owned(), ImportError::Archived.to_string())]
    } else if card.is_own() {
        vec![(first, None, ImportError::OwnCard.code().to_owned(), ImportError::OwnCard.to_string())]
    } else {
        match staff.judge_known(card, &draft, today) {
            Ok(_) => Vec::new(),
            Err(problem) => refusals(&problem, first, &owners),
        }
    };
    for (number, field, code, message) in &refusal {
        if let Some(row) = rows.get_mut(*number) {
            row.refuse(*field, code, message);
        }
    }
    if refusal.is_empty()
        && let Some(row) = rows.get_mut(first)
    {
        row.task = Some(Task::Change(draft));
    }
}

type Refusal = (usize, Option<ImportField>, String, String);

fn refusals(problem: &Problem, first: usize, owners: &HashMap<usize, usize>) -> Vec<Refusal> {
    let whole = |error: ImportError| (first, None, error.code().to_owned(), error.to_string());
    if problem.errors.is_empty() {
        return vec![match problem.code {
            ProblemCode::NeedsConfirmation => whole(ImportError::NeedsConfirmation),
            ProblemCode::Forbidden => whole(ImportError::Forbidden),
            _ => (first, None, problem.code.as_str().to_owned(), problem.title.clone()),
        }];
    }
    problem
        .errors
        .iter()
        .map(|error| {
            let owner = place_of(&error.field).and_then(|role| owners.get(&role)).copied();
            let field = field_of(&error.field, false);
            (owner.unwrap_or(first), field, error.code.clone(), error.message.clone())
        })
        .collect()
}

/// What a row says of the person, where it differs.
fn of_person(row: &mut Row, card: &KnownCard, draft: &mut EmployeeDraft) {
    // «Елкина» is «Ёлкина»: a card is not renamed back and forth.
    if let Some(name) = &row.name
        && row.name_key != search_key(&card.name.to_string())
    {
        row.report.notes.push(format!("ФИО: {} → {name}", card.name));
        let PersonDraft { email, snils, phone, .. } = std::mem::take(&mut draft.person);
        draft.person = PersonDraft { email, snils, phone, ..row.person.clone() };
    }
    let known = card.email.as_ref().map(|email| email.key()).unwrap_or_default();
    if !row.email_key.is_empty() && row.email_key != known {
        let before = card.email.as_ref().map_or_else(|| "нет".to_owned(), ToString::to_string);
        row.report.notes.push(format!("E-mail: {before} → {}", row.person.email));
        draft.person.email.clone_from(&row.person.email);
    }
    if !row.note.is_empty() && row.note != card.note() && row.note != draft.note {
        row.report.notes.push("Примечание изменено".to_owned());
        draft.note.clone_from(&row.note);
    }
}

/// What a row says of its role: it is there, its days differ, or it is added.
fn of_role(
    row: &mut Row,
    number: usize,
    card: &KnownCard,
    draft: &mut EmployeeDraft,
    said: &mut Vec<(Role, usize)>,
    owners: &mut HashMap<usize, usize>,
    today: NaiveDate,
) {
    let Some(role) = row.role else { return };
    let start = parse_date(&row.start).ok();
    let end = row.end.as_deref().map(|end| parse_date(end).ok());
    let same_days = |period: &Period| {
        start.is_none_or(|start| start == period.start()) && end.is_none_or(|end| end == period.end())
    };
    // An ended role that is in the file as it was is no news.
    let ended = card.roles().iter().any(|known| {
        known.role == role && known.state == RoleState::Ended && start.is_some() && same_days(&known.period)
    });
    let current = card
        .roles()
        .iter()
        .enumerate()
        .find(|(_, known)| known.role == role && known.state != RoleState::Ended);
    if let Some((_, before)) = said.iter().find(|(known, _)| *known == role) {
        // Another row of the file has spoken of this role already.
        let spoken =
            draft.roles.get(*before).map(|role| (parse_date(&role.start).ok(), parse_date(&role.end).ok()));
        let agrees = spoken.is_some_and(|(first, last)| {
            start.is_none_or(|start| Some(start) == first) && end.is_none_or(|end| end == last)
        });
        if !agrees && !ended {
            row.wrong(Some(ImportField::Role), &ImportError::Contradicts);
        }
        return;
    }
    match current {
        Some((place, known)) => {
            said.push((role, place));
            owners.insert(place, number);
            if same_days(&known.period) {
                return;
            }
            let after_start = start.unwrap_or_else(|| known.period.start());
            let after_end = end.unwrap_or_else(|| known.period.end());
            row.report.notes.push(format!(
                "{}: {} → {}",
                role.title(),
                days(known.period.start(), known.period.end()),
                days(after_start, after_end)
            ));
            if let Some(role) = draft.roles.get_mut(place) {
                role.start = after_start.to_string();
                role.end = after_end.map(|end| end.to_string()).unwrap_or_default();
            }
        }
        None if ended => {}
        None => {
            let place = draft.roles.len();
            said.push((role, place));
            owners.insert(place, number);
            let start = start.unwrap_or(today);
            let end = end.flatten();
            row.report.notes.push(format!("Новая роль «{}»: {}", role.title(), days(start, end)));
            draft.roles.push(RoleDraft {
                id: None,
                role: Some(role),
                start: start.to_string(),
                end: end.map(|end| end.to_string()).unwrap_or_default(),
            });
        }
    }
}

fn days(start: NaiveDate, end: Option<NaiveDate>) -> String {
    match end {
        Some(end) => format!("{} – {}", format_date(start), format_date(end)),
        None => format!("с {}", format_date(start)),
    }
}
