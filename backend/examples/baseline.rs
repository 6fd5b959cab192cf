//! What `cargo xtask bench` measures the server against: the bare work of a sign-in (Argon2id in a loop) and a
//! handler that does nothing. Compiled like the server and with its own dependencies, so that one run compares
//! like with like.
#![expect(clippy::print_stdout, reason = "the figures are read from standard output")]

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, get};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Version};
use clap::Parser;
use epos_backend::config::Config;

/// The baselines.
#[derive(Parser)]
enum Baseline {
    /// Checks a password again and again with the server's default parameters; prints checks in a second.
    Argon2 {
        /// Threads at a time.
        #[arg(long)]
        threads: usize,
        /// For how long.
        #[arg(long)]
        seconds: u64,
    },
    /// Answers `GET /` with an empty 200 until it is ended.
    Empty {
        /// Where.
        #[arg(long)]
        listen: SocketAddr,
    },
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    match Baseline::parse() {
        Baseline::Argon2 { threads, seconds } => {
            println!("{:.3}", checks_in_a_second(threads, Duration::from_secs(seconds))?);
            Ok(())
        }
        Baseline::Empty { listen } => empty(listen),
    }
}

fn checks_in_a_second(threads: usize, time: Duration) -> Result<f64, Failure> {
    const PASSWORD: &[u8] = b"correct horse battery staple";
    let params = Config::default().password_params()?;
    let stored = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(PASSWORD, b"sixteen bytes !!")?
        .to_string();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<f64, Failure> {
                    let parsed = PasswordHash::new(&stored)?;
                    let mut checked = 0_u32;
                    while begun.elapsed() < time {
                        Argon2::default().verify_password(PASSWORD, &parsed)?;
                        checked += 1;
                    }
                    Ok(f64::from(checked) / begun.elapsed().as_secs_f64())
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?).sum()
    })
}

#[get("/")]
async fn nothing() -> HttpResponse {
    HttpResponse::Ok().finish()
}

fn empty(listen: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen)?;
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(|| App::new().service(nothing)).listen(listener)?.run().await
    })?;
    Ok(())
}
