//! The program: options, the words at the start, the server.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::context::Clock;
use crate::keys::files;
use crate::server;
use crate::standin::{Standin, StartError};

/// Учебный стенд ЕСИА: a stand-in for Госуслуги, for demos and tests, never for production.
#[derive(Debug, Parser)]
#[command(name = "esia-standin", version, about)]
struct Options {
    /// The configuration (esia-standin/README.md has every key); the options below go over it.
    #[arg(long, env = "ESIA_STANDIN_CONFIG")]
    config: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// The address browsers and clients use.
    #[arg(long)]
    public_url: Option<String>,
    /// `iss` of the tokens.
    #[arg(long)]
    issuer: Option<String>,
    /// The folder of keys that are made at the first start.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A JSON file of people on top of the invented cast; may be given more than once.
    #[arg(long)]
    people: Vec<PathBuf>,
    /// Leaves the invented cast out.
    #[arg(long)]
    no_cast: bool,
    /// An address that answers for EPOS_DEMO may go to, instead of the defaults; may be given more than once.
    #[arg(long)]
    redirect_uri: Vec<String>,
    /// An address that logout of EPOS_DEMO may go to, instead of the defaults; may be given more than once.
    #[arg(long)]
    logout_url: Vec<String>,
    /// Ends when its standard input does: for whoever starts it beside something else, and may die before it.
    #[arg(long)]
    until_stdin_ends: bool,
}

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match serve(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> Result<(), StartError> {
    let until_stdin_ends = options.until_stdin_ends;
    let config = configured(options)?;
    if !config.listen.ip().is_loopback() {
        tracing::warn!(
            "everybody who reaches {} can sign in as anybody and turn the switches",
            config.listen
        );
    }
    actix_web::rt::System::new().block_on(async {
        let running = server::start(config, Clock::system())?;
        let said = summary(&running.standin);
        std::io::stdout().write_all(said.as_bytes())?;
        if until_stdin_ends {
            let server = running.server.handle();
            let (ended, end) = tokio::sync::oneshot::channel();
            // A thread of its own: one of the runtime's would be waited for at the end.
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
                let _ = ended.send(());
            });
            actix_web::rt::spawn(async move {
                if end.await.is_ok() {
                    server.stop(false).await;
                }
            });
        }
        Ok(running.server.await?)
    })
}

fn configured(options: Options) -> Result<Config, StartError> {
    let mut config = match &options.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    if let Some(listen) = options.listen {
        config.listen = listen;
    }
    if let Some(issuer) = options.issuer {
        config.issuer = issuer;
    }
    if let Some(data) = options.data {
        config.data = data;
    }
    config.public_url = options.public_url.or(config.public_url);
    config.people.extend(options.people);
    config.cast &= !options.no_cast;
    if !options.redirect_uri.is_empty() {
        config.demo_redirect_uris = options.redirect_uri;
    }
    if !options.logout_url.is_empty() {
        config.demo_logout_urls = options.logout_url;
    }
    Ok(config)
}

/// What a client has to be told, in words.
fn summary(standin: &Standin) -> String {
    use std::fmt::Write as _;
    let (config, url) = (&standin.config, &standin.public_url);
    let paths = &config.paths;
    let mut said = format!(
        "Учебный стенд ЕСИА: {url}\n\
         \x20 issuer          {}\n\
         \x20 authorization   {url}{} (v1: {url}{})\n\
         \x20 token           {url}{} (v1: {url}{})\n\
         \x20 person          {url}{}/{{oid}}\n\
         \x20 logout          {url}{}\n\
         \x20 switches        {url}/standin/switches\n",
        config.issuer,
        paths.authorize_v2,
        paths.authorize_v1,
        paths.token_v3,
        paths.token_v1,
        paths.persons,
        paths.logout,
    );
    let trusted = |key: &Option<crate::config::KeyFile>, name| {
        key.as_ref().map_or_else(|| files(&config.data, name).1, |key| key.certificate.clone())
    };
    let rsa = trusted(&config.keys.rsa, "provider-rsa");
    let _ = writeln!(said, "  certificate     {} (RS256)", rsa.display());
    if standin.keys.gost.is_some() {
        let gost = trusted(&config.keys.gost, "provider-gost");
        let _ = writeln!(said, "  certificate     {} (GOST3410_2012_256)", gost.display());
    } else {
        said.push_str("  ГОСТ            нет: установите libengine-gost-openssl\n");
    }
    for client in &config.clients {
        let _ = writeln!(said, "  client          {}", client.mnemonic);
        for address in &client.redirect_uris {
            let _ = writeln!(said, "    redirect_uri  {address}");
        }
        for certificate in &client.certificates {
            let _ = writeln!(said, "    certificate   {}", certificate.display());
            let key = certificate.to_string_lossy().replace(".crt.pem", ".key.pem");
            if certificate.starts_with(&config.data) && PathBuf::from(&key).is_file() {
                let _ = writeln!(said, "    key           {key}");
            }
        }
    }
    let people = standin.memory().people.len();
    let _ = writeln!(said, "  people          {people}, на странице входа и в {url}/standin/people");
    said
}
