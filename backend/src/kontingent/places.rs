//! The organizations in view, with what may be done there.

use chrono::NaiveDate;
use epos_shared::api::organizations::{OrganizationInView, OrganizationQuery, OrganizationsFound};
use epos_shared::rights::Relation;
use epos_shared::roles::OrganizationKind;

use super::actor::StaffOf;
use super::list;
use crate::db::Conn;
use crate::error::ApiError;
use crate::organizations::{self, Found, KindsByPlace, Search};

impl StaffOf<'_> {
    /// Searches the organizations in view.
    ///
    /// # Errors
    /// `malformed-parameter`; the database fails.
    pub fn organizations(
        &self,
        conn: &mut Conn,
        query: &OrganizationQuery,
        today: NaiveDate,
    ) -> Result<OrganizationsFound, ApiError> {
        let limit = list::limit(query.limit)?;
        let kinds = query.creatable.unwrap_or(false).then(|| (self.creatable_kinds(), today));
        let search = Search {
            scope: self.scope(),
            id: query.id.map(Into::into),
            words: list::organization_words(query.query.as_deref())?,
            kinds,
            limit: i64::try_from(limit + 1).unwrap_or(i64::MAX),
        };
        let mut found = organizations::search(conn, &search)?;
        let more = found.len() > limit;
        found.truncate(limit);
        Ok(OrganizationsFound {
            items: found.into_iter().map(|found| self.shown(found, today)).collect(),
            more,
        })
    }

    /// The kinds of organizations where the actor may create a card, by where they stand.
    fn creatable_kinds(&self) -> KindsByPlace {
        let of = |relation| {
            OrganizationKind::ALL
                .into_iter()
                .filter(|kind| !self.creatable_roles(*kind, relation).is_empty())
                .collect()
        };
        KindsByPlace {
            own: Some(self.own_organization()),
            same: of(Relation::Same),
            below: of(Relation::Below),
            elsewhere: of(Relation::Elsewhere),
        }
    }

    fn shown(&self, found: Found, today: NaiveDate) -> OrganizationInView {
        let own = self.own_organization();
        let organization = &found.organization;
        let relation = if organization.id == own {
            Relation::Same
        } else if found.above.iter().any(|(id, _)| *id == own) {
            Relation::Below
        } else {
            Relation::Elsewhere
        };
        let (assignable_roles, proposable_roles) = if organization.is_open(today) {
            let kind = organization.kind;
            (self.creatable_roles(kind, relation), self.proposable_roles(kind, relation))
        } else {
            (Vec::new(), Vec::new())
        };
        OrganizationInView {
            organization: organization.summary(),
            full_name: organization.full_name.clone(),
            town: organization.town.clone(),
            inn: organization.inn.clone(),
            closed: !organization.is_open(today),
            above: found.above.into_iter().map(|(_, name)| name).collect(),
            has_below: found.has_below,
            assignable_roles,
            proposable_roles,
        }
    }
}
