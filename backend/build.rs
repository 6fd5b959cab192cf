//! The folder that is embedded must exist, also before the client was ever built.

use std::path::Path;

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    if let Err(error) = std::fs::create_dir_all(&dist) {
        println!("cargo::warning={} could not be created: {error}", dist.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    // Debug builds read the client from disk: a new client is no reason to compile them again.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed={}", dist.display());
    }
    println!("cargo::rerun-if-changed=../migrations");
}
