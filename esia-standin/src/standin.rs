//! What the stand-in knows: settings, keys, people, and what it has given out. Nothing outlives the process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::{ClientConfig, Config, ConfigError, DEMO_CLIENT, Gives, KeyFile};
use crate::context::Clock;
use crate::jwt::Algorithm;
use crate::keys::{self, Certificate, KeyError, Keys, Signer};
use crate::openssl::OpenSsl;
use crate::people::{self, PeopleError, Person};
use crate::switches::Switches;

/// How often what has run out is thrown away.
const SWEEP: TimeDelta = TimeDelta::seconds(60);

/// It cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A key or certificate.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The people.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The address: taken, or not of this machine.
    #[error("{address} cannot be listened on: {error}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The server itself.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// An information system, ready for use.
#[derive(Debug)]
pub struct Client {
    /// As configured.
    pub config: ClientConfig,
    /// Its certificates.
    pub certificates: Vec<Certificate>,
}

/// The generation of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `/aas/oauth2/ac` and `/te`: detached CMS.
    V1,
    /// `/aas/oauth2/v2/ac` and `/v3/te`: raw signatures.
    V2,
}

/// A request for authorization that was found in order.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who asks.
    pub client: Arc<Client>,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Scopes as asked for, separated by spaces.
    pub scope: String,
    /// The client's own mark.
    pub state: String,
    /// For the id_token (OpenID Connect Core, 3.1.2.1).
    pub nonce: Option<String>,
    /// PKCE, S256.
    pub challenge: Option<String>,
    /// Switches for this sign-in alone.
    pub switches: Switches,
}

/// What was granted: the codes and tokens of one sign-in share it.
#[derive(Debug)]
pub struct Grant {
    /// `urn:esia:sid`
    pub session: String,
    /// The person.
    pub oid: u64,
    /// When the person gave the password.
    pub auth_time: DateTime<Utc>,
    /// The request.
    pub asked: Asked,
    /// The code was used twice, so nothing that came of it holds any more (RFC 6749, 4.1.2).
    pub voided: AtomicBool,
}

impl Issued {
    /// Whether it can be used at a moment.
    #[must_use]
    pub fn valid(&self, now: DateTime<Utc>) -> bool {
        !self.spent && self.until > now && !self.grant.voided.load(Ordering::SeqCst)
    }
}

/// Something given out that can be used until a moment.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What for.
    pub grant: Arc<Grant>,
    /// The scope it has, which a refresh may narrow.
    pub scope: String,
    /// Not valid from then on.
    pub until: DateTime<Utc>,
    /// Used.
    pub spent: bool,
}

/// A browser in which somebody has signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// `urn:esia:sid`
    pub id: String,
    /// The person.
    pub oid: u64,
    /// When the person gave the password.
    pub auth_time: DateTime<Utc>,
    /// Not valid from then on.
    pub until: DateTime<Utc>,
}

/// What changes.
#[derive(Debug, Default)]
pub struct Memory {
    /// People by oid.
    pub people: BTreeMap<u64, Arc<Person>>,
    /// Switches for everybody.
    pub all: Switches,
    /// Switches of people.
    pub of_people: BTreeMap<u64, Switches>,
    /// Switches for the next sign-ins, one each.
    pub next: VecDeque<Switches>,
    /// Login pages that are open.
    pub pending: HashMap<String, (Asked, DateTime<Utc>)>,
    /// Codes.
    pub codes: HashMap<String, Issued>,
    /// Access tokens.
    pub access: HashMap<String, Issued>,
    /// Refresh tokens.
    pub refresh: HashMap<String, Issued>,
    /// Sessions by cookie.
    pub sessions: HashMap<String, Session>,
    swept: DateTime<Utc>,
}

impl Memory {
    /// Throws away what has run out, now and then. What is out of date stays a while, so that its use is still
    /// told from something never given.
    pub fn sweep(&mut self, now: DateTime<Utc>) {
        if (now - self.swept).abs() < SWEEP {
            return;
        }
        self.swept = now;
        let long_ago = now - TimeDelta::hours(1);
        self.pending.retain(|_, (_, until)| *until > now);
        self.sessions.retain(|_, session| session.until > now);
        for issued in [&mut self.codes, &mut self.access, &mut self.refresh] {
            issued.retain(|_, issued| issued.until > long_ago);
        }
    }

    /// The switches that hold for a grant, read anew for every request.
    #[must_use]
    pub fn switches(&self, oid: u64, own: &Switches) -> Switches {
        let nothing = Switches::default();
        own.over(self.of_people.get(&oid).unwrap_or(&nothing)).over(&self.all)
    }

    /// The person with this login and password.
    #[must_use]
    pub fn person(&self, login: &str, password: &str) -> Option<Arc<Person>> {
        self.people
            .values()
            .find(|person| person.password == password && person.answers_to(login))
            .map(Arc::clone)
    }
}

/// The stand-in.
#[derive(Debug)]
pub struct Standin {
    /// As configured.
    pub config: Config,
    /// The address browsers and clients use, without a slash at the end.
    pub public_url: String,
    /// Information systems by mnemonic.
    pub clients: HashMap<String, Arc<Client>>,
    /// Own keys.
    pub keys: Keys,
    /// The command for ГОСТ, where it can do it.
    pub openssl: Option<OpenSsl>,
    /// Time.
    pub clock: Clock,
    memory: Mutex<Memory>,
}

impl Standin {
    /// Reads and makes everything that is needed.
    ///
    /// # Errors
    /// Tells what is missing or wrong.
    pub fn new(mut config: Config, public_url: String, clock: Clock) -> Result<Self, StartError> {
        let openssl = OpenSsl::detect(&config.openssl);
        let folder = config.data.clone();
        std::fs::create_dir_all(&folder).map_err(|error| KeyError::File { path: folder, error })?;
        let keys = own_keys(&config, openssl.as_ref(), clock.now())?;
        if config.clients.is_empty() {
            config.clients.push(demo_client(&config, openssl.as_ref(), clock.now())?);
        }
        config.check()?;
        if let Some(mistake) = config.switches.mistake(keys.gost.is_some()) {
            return Err(ConfigError::Value(format!("switches: {mistake}")).into());
        }
        let clients = config.clients.iter().map(|client| ready(client, &keys)).collect::<Result<_, _>>()?;
        let mut memory = Memory { all: config.switches.clone(), ..Memory::default() };
        let mut everybody = if config.cast { people::cast() } else { Vec::new() };
        for file in &config.people {
            everybody.extend(people::read(file)?);
        }
        for person in everybody {
            if let Some(mistake) = person.switches.mistake(keys.gost.is_some()) {
                return Err(ConfigError::Value(format!("oid {}: switches: {mistake}", person.oid)).into());
            }
            memory.of_people.insert(person.oid, person.switches.clone());
            memory.people.insert(person.oid, Arc::new(person));
        }
        Ok(Self { config, public_url, clients, keys, openssl, clock, memory: Mutex::new(memory) })
    }

    /// What changes; never held across a signature or a wait.
    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.sweep(self.clock.now());
        memory
    }

    /// The provider's idea of the present: its clock may be wrong by a switch.
    #[must_use]
    pub fn now(&self, switches: &Switches) -> DateTime<Utc> {
        let skew =
            TimeDelta::try_seconds(switches.clock_skew_seconds.unwrap_or_default()).unwrap_or_default();
        self.clock.now() + skew
    }

    /// Whether a scope gives something.
    #[must_use]
    pub fn gives(&self, scope: &str, wanted: Gives) -> bool {
        scope.split(' ').filter_map(|name| self.config.scopes.get(name)).any(|gives| gives.contains(&wanted))
    }
}

fn own_keys(config: &Config, openssl: Option<&OpenSsl>, now: DateTime<Utc>) -> Result<Keys, KeyError> {
    let rsa = |given: &Option<KeyFile>, name| {
        let (key, certificate) = match given {
            Some(given) => (given.key.clone(), given.certificate.clone()),
            None => keys::ensure_rsa(&config.data, name, now)?,
        };
        Signer::rsa(&key, &certificate)
    };
    let gost = |given: &Option<KeyFile>, name, openssl: &OpenSsl| {
        let (key, certificate) = match given {
            Some(given) => (given.key.clone(), given.certificate.clone()),
            None => keys::ensure_gost(&config.data, name, openssl)?,
        };
        Signer::gost(&key, &certificate, openssl)
    };
    let gost = match openssl {
        Some(openssl) => Some((
            gost(&config.keys.gost, "provider-gost", openssl)?,
            gost(&config.keys.gost_next, "provider-gost-next", openssl)?,
        )),
        None if config.keys.gost.is_some() || config.keys.gost_next.is_some() => {
            return Err(KeyError::NoEngine);
        }
        None => None,
    };
    Ok(Keys {
        rsa: rsa(&config.keys.rsa, "provider-rsa")?,
        rsa_next: rsa(&config.keys.rsa_next, "provider-rsa-next")?,
        gost,
    })
}

/// The client that exists where none is configured, with keys made for it.
fn demo_client(
    config: &Config,
    openssl: Option<&OpenSsl>,
    now: DateTime<Utc>,
) -> Result<ClientConfig, KeyError> {
    let mut certificates: Vec<PathBuf> =
        vec![keys::ensure_rsa(&config.data, &format!("client-{DEMO_CLIENT}-rsa"), now)?.1];
    if let Some(openssl) = openssl {
        certificates.push(keys::ensure_gost(&config.data, &format!("client-{DEMO_CLIENT}-gost"), openssl)?.1);
    }
    Ok(ClientConfig {
        mnemonic: DEMO_CLIENT.to_owned(),
        redirect_uris: config.demo_redirect_uris.clone(),
        logout_urls: config.demo_logout_urls.clone(),
        certificates,
        scopes: None,
        pkce_required: false,
        refresh: true,
        alg: Algorithm::Rs256,
    })
}

fn ready(client: &ClientConfig, keys: &Keys) -> Result<(String, Arc<Client>), StartError> {
    let certificates: Vec<Certificate> =
        client.certificates.iter().map(|path| Certificate::read(path)).collect::<Result<_, _>>()?;
    let needs_gost = client.alg == Algorithm::Gost
        || certificates.iter().any(|certificate| certificate.kind() == keys::Kind::Gost);
    if needs_gost && keys.gost.is_none() {
        return Err(KeyError::NoEngine.into());
    }
    if client.alg == Algorithm::None {
        return Err(ConfigError::Value(format!("clients: {}: alg none is a switch", client.mnemonic)).into());
    }
    Ok((client.mnemonic.clone(), Arc::new(Client { config: client.clone(), certificates })))
}
