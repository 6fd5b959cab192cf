//! The program of the daily work in «Контингент».

fn main() {
    epos_frontend::start_staff();
}
