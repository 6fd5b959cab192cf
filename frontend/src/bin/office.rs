//! The program of queues and reports in «Контингент».

fn main() {
    epos_frontend::start_office();
}
