//! Keys, signatures and hashes by the `openssl` command.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

/// A private key with its certificate.
#[derive(Debug, Clone)]
pub struct Key {
    pub private: PathBuf,
    pub certificate: PathBuf,
    public: PathBuf,
    hash: OnceLock<String>,
    gost: bool,
}

impl Key {
    /// An RSA key, made once for all tests.
    pub fn rsa(name: &str) -> Self {
        Self::made(&format!("rsa-{name}"), false)
    }

    /// A ГОСТ key, made once for all tests.
    pub fn gost(name: &str) -> Self {
        Self::made(&format!("gost-{name}"), true)
    }

    fn made(name: &str, gost: bool) -> Self {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("esia-standin-keys");
        let folder = all.join(name);
        if !folder.is_dir() {
            fs::create_dir_all(&all).expect("a folder");
            let own = tempfile::tempdir_in(&all).expect("a folder");
            make(own.path(), name, gost);
            // Tests run at the same time; whoever is first gives the key to all.
            if fs::rename(own.path(), &folder).is_ok() {
                let _ = own.keep();
            }
        }
        assert!(folder.is_dir());
        Self {
            private: folder.join("key.pem"),
            certificate: folder.join("certificate.pem"),
            public: folder.join("public.pem"),
            hash: OnceLock::new(),
            gost,
        }
    }

    /// A raw signature with the hash that goes with the key.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.sign_by(if self.gost { "-md_gost12_256" } else { "-sha256" }, bytes)
    }

    /// A raw signature with another hash.
    pub fn sign_by(&self, hash: &str, bytes: &[u8]) -> Vec<u8> {
        let mut command = openssl("dgst", self.gost);
        command.arg(hash).arg("-sign").arg(&self.private);
        output(command, bytes)
    }

    /// A detached CMS signature in DER.
    pub fn cms(&self, bytes: &[u8], options: &[&str]) -> Vec<u8> {
        let mut command = openssl("cms", self.gost);
        command.args(["-sign", "-binary", "-outform", "DER", "-signer"]).arg(&self.certificate);
        command.arg("-inkey").arg(&self.private).args(options);
        if !options.contains(&"-md") {
            command.args(["-md", if self.gost { "md_gost12_256" } else { "sha256" }]);
        }
        output(command, bytes)
    }

    /// Whether a raw signature fits.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(signature).expect("written");
        let mut command = openssl("dgst", self.gost);
        command.arg(if self.gost { "-md_gost12_256" } else { "-sha256" });
        command.arg("-verify").arg(&self.public).arg("-signature").arg(file.path());
        run(command, bytes).0
    }

    /// `client_certificate_hash`.
    pub fn hash(&self) -> String {
        self.hash.get_or_init(|| self.hashed()).clone()
    }

    fn hashed(&self) -> String {
        let mut command = openssl("x509", false);
        command.arg("-in").arg(&self.certificate).args(["-outform", "DER"]);
        let der = output(command, b"");
        if self.gost { streebog(&der) } else { digest("-sha256", false, &der) }
    }
}

/// Streebog-256 in hex.
pub fn streebog(bytes: &[u8]) -> String {
    digest("-md_gost12_256", true, bytes)
}

fn digest(hash: &str, gost: bool, bytes: &[u8]) -> String {
    let mut command = openssl("dgst", gost);
    command.args([hash, "-r"]);
    let line = String::from_utf8(output(command, bytes)).expect("text");
    line.split_whitespace().next().expect("a hash").to_owned()
}

fn make(folder: &Path, name: &str, gost: bool) {
    let mut command = openssl("req", gost);
    if gost {
        command.args(["-newkey", "gost2012_256", "-pkeyopt", "paramset:A", "-md_gost12_256"]);
    } else {
        command.args(["-newkey", "rsa:2048", "-sha256"]);
    }
    command.args(["-x509", "-nodes", "-days", "30", "-subj"]).arg(format!("/CN={name}"));
    command.arg("-keyout").arg(folder.join("key.pem")).arg("-out").arg(folder.join("certificate.pem"));
    output(command, b"");
    let mut command = openssl("pkey", gost);
    command.arg("-in").arg(folder.join("key.pem")).arg("-pubout").arg("-out").arg(folder.join("public.pem"));
    output(command, b"");
}

fn openssl(what: &str, gost: bool) -> Command {
    let mut command = Command::new("openssl");
    command.arg(what);
    if gost {
        command.args(["-engine", "gost"]);
    }
    command
}

fn output(command: Command, input: &[u8]) -> Vec<u8> {
    let said = format!("{command:?}");
    let (success, stdout, stderr) = run(command, input);
    assert!(success, "{said}: {stderr}\n(the tests need openssl and Debian's libengine-gost-openssl)");
    stdout
}

fn run(mut command: Command, input: &[u8]) -> (bool, Vec<u8>, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is there");
    let _ = child.stdin.take().expect("its input").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// base64url without padding.
pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// base64url with padding.
pub fn padded(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

/// base64url without padding, back.
pub fn from_base64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}
