//! What stands around every request: its identifier and its asker, headers, the check of the origin,
//! strict reading of what came.

mod body;
mod client;
mod cookie;
mod headers;
mod observe;
mod origin;

pub use body::{Body, BodyLimit, MAX_UPLOAD, Params, Upload, demand_file, parse_path_id};
pub use client::{RequestInfo, TrustedProxies};
pub use cookie::{cookie, no_cookie};
pub use headers::{Policy, script_hashes};
pub use observe::observe;
pub use origin::{AllowedOrigins, forged};
