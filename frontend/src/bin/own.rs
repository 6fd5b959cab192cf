//! The program of one's own account.

fn main() {
    epos_frontend::start_own();
}
