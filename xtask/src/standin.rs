//! The stand-in for ЕСИА beside a demo: its address, its keys, and what the server must be told to ask it.

use crate::process::{self, Guard, Show};
use crate::project::Project;
use crate::steps::Context;
use crate::ui;
use anyhow::{Context as _, Result, bail, ensure};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the stand-in listens unless told otherwise.
pub const ADDRESS: &str = "127.0.0.1:8090";
/// Where `epos demo` listens unless told otherwise.
const DEMO_ADDRESS: &str = "127.0.0.1:8080";
/// The client that the stand-in makes for itself, with its keys.
const CLIENT: &str = "EPOS_DEMO";
/// People who fit those of the demo.
const PEOPLE: &str = "esia-standin/people/demo.json";

/// Builds it as it is used by the demo and the journeys.
pub fn build(context: &mut Context) -> Result<String> {
    let mut command = context.project.cargo("build");
    command.args(["--release", "-p", "esia-standin"]);
    process::expect(&mut command, Show::Always)?;
    let size = std::fs::metadata(context.project.release_standin()).context("the stand-in's binary")?.len();
    Ok(ui::kilobytes(size))
}

/// A demo with the stand-in beside it, before either is started.
#[derive(Debug)]
pub struct Beside {
    /// Where the stand-in listens.
    address: SocketAddr,
    /// The address of the demo as browsers know it.
    public_url: String,
    /// The folder of the stand-in's keys.
    keys: PathBuf,
    /// The people's file.
    people: PathBuf,
}

impl Beside {
    /// Reads what the demo is started with, and makes sure that both addresses are free: better told before
    /// everything is built than after.
    pub fn plan(project: &Project, address: SocketAddr, args: &[String]) -> Result<Self> {
        let listen: SocketAddr = option(args, "--listen")
            .unwrap_or(DEMO_ADDRESS)
            .parse()
            .context("--listen wants an address with a port, as 127.0.0.1:8080")?;
        ensure!(
            listen.port() != 0 && address.port() != 0,
            "the stand-in for ЕСИА and the demo must know each other's port: 0 is none"
        );
        free(listen, "the demo listens there", "cargo xtask run -- --listen 127.0.0.1:8081")?;
        free(address, "the stand-in for ЕСИА listens there", "cargo xtask run --standin 127.0.0.1:8091")?;
        let public_url = match std::env::var("EPOS_SERVER__PUBLIC_URL") {
            Ok(url) if !url.is_empty() => url.trim_end_matches('/').to_owned(),
            _ => format!("http://{}", own_machine(listen)),
        };
        let data = option(args, "--data")
            .map_or_else(|| project.root.join("data"), |folder| project.root.join(folder));
        Ok(Self { address, public_url, keys: data.join("esia-standin"), people: project.root.join(PEOPLE) })
    }

    /// Starts it and waits until it answers; it ends with the guard, and with this process however that ends.
    pub fn start(&self, binary: &Path) -> Result<Guard> {
        let mut command = Command::new(binary);
        command.args(["--until-stdin-ends", "--listen", &self.address.to_string()]);
        command.args(["--public-url", &self.url()]).arg("--data").arg(&self.keys);
        command.arg("--no-cast").arg("--people").arg(&self.people);
        command.args(["--redirect-uri", &format!("{}/esia/callback", self.public_url)]);
        command.args(["--logout-url", &format!("{}/", self.public_url)]);
        command.env_remove("ESIA_STANDIN_CONFIG");
        if std::env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "warn");
        }
        let mut guard = Guard(
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .context("the stand-in for ЕСИА could not be started")?,
        );
        let mut said = String::new();
        let output = guard.0.stdout.take().context("the stand-in's output")?;
        // It says its address once it listens; the end of its output is its own end.
        BufReader::new(output).read_line(&mut said)?;
        if !said.contains(&self.url()) {
            bail!("the stand-in for ЕСИА did not start ({})", process::end(&mut guard.0)?);
        }
        Ok(guard)
    }

    /// What tells the server to sign people in through it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let file = |name: &str| self.keys.join(name).display().to_string();
        vec![
            ("EPOS_ESIA__BASE_URL", self.url()),
            ("EPOS_ESIA__CLIENT_ID", CLIENT.to_owned()),
            ("EPOS_ESIA__CERTIFICATE_FILE", file(&format!("client-{CLIENT}-rsa.crt.pem"))),
            ("EPOS_ESIA__KEY_FILE", file(&format!("client-{CLIENT}-rsa.key.pem"))),
            ("EPOS_ESIA__TRUSTED", format!("[{:?}]", file("provider-rsa.crt.pem"))),
        ]
    }

    /// Its address for browsers.
    pub fn url(&self) -> String {
        format!("http://{}", own_machine(self.address))
    }
}

/// The value of an option among arguments, in either form.
fn option<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == name {
            return args.next().map(String::as_str);
        }
        if let Some(value) = arg.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value);
        }
    }
    None
}

/// Where a browser on this machine finds what listens on every address.
fn own_machine(listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], listen.port())) } else { listen }
}

fn free(address: SocketAddr, what: &str, otherwise: &str) -> Result<()> {
    TcpListener::bind(address).map(drop).map_err(|error| {
        anyhow::anyhow!(
            "{address} cannot be listened on ({error}), and {what}: end what has it, or {otherwise}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read_in_either_form() {
        assert_eq!(option(&args("--data a --listen 1.2.3.4:5"), "--listen"), Some("1.2.3.4:5"));
        assert_eq!(option(&args("--listen=1.2.3.4:5"), "--listen"), Some("1.2.3.4:5"));
        assert_eq!(option(&args("--listening x"), "--listen"), None);
    }

    #[test]
    fn a_taken_address_is_named_with_a_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let error =
            free(address, "the stand-in for ЕСИА listens there", "take another").unwrap_err().to_string();
        assert!(error.contains(&address.to_string()) && error.contains("or take another"), "{error}");
        drop(taken);
        free(address, "", "").unwrap();
    }
}
