//! Organizations as support and the departments keep them: the tree, one organization's page, creating, changing,
//! closing, moving, merging. Who may what: [`epos_shared::organization_rights`].

mod changes;
mod fate;
mod import;
mod page;
mod routes;
mod store;
mod tree;

pub use routes::routes;
