//! The program of administration in «Контингент».

fn main() {
    epos_frontend::start_manage();
}
