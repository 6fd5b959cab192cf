//! The program of support.

fn main() {
    epos_frontend::start_desk();
}
