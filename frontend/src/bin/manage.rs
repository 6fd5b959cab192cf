//! The program of administration.

fn main() {
    epos_frontend::start_manage();
}
