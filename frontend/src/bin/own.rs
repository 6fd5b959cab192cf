//! The program of one's own profile and of support.

fn main() {
    epos_frontend::start_own();
}
