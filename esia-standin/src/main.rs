//! The stand-in for ЕСИА as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    esia_standin::cli::run()
}
