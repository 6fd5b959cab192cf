//! The program that most people need.

fn main() {
    epos_frontend::start_main();
}
