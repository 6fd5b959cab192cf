//! The one binary of ЭПОС.

use std::process::ExitCode;

fn main() -> ExitCode {
    epos_backend::cli::run()
}
