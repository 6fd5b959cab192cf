//! «РСАА»: accounts, password sign-in, sessions.

mod password;

pub use password::{HashError, Hasher, Verdict};

use utoipa_actix_web::service_config::ServiceConfig;

/// The calls of the feature.
pub fn routes(config: &mut ServiceConfig) {
    let _ = config;
}
