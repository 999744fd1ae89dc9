//! A server that gives the tokens of a registry, and remembers who asked for them.
//!
//! Docker's token authentication (`distribution`, `spec/auth/token.md` and `spec/auth/jwt.md`).

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};

/// The name of the registry at its server of tokens.
pub(crate) const SERVICE: &str = "tests";

/// The name of the server of tokens at its registry.
pub(crate) const ISSUER: &str = "tokens";

/// The lifetime of a token in seconds; no test lasts longer.
const LIFETIME: i64 = 3600;

/// A request for a token.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Who it says it is; empty if it does not.
    pub client: String,
    /// The scopes.
    pub scopes: Vec<String>,
    /// Whether it has the login.
    pub is_logged_in: bool,
}

/// A running server on a free loopback port. It refuses whoever has not the login. Dropping it stops it.
#[derive(Debug)]
pub struct TokenServer {
    address: SocketAddr,
    certificate: PathBuf,
    requests: Arc<Mutex<Vec<TokenRequest>>>,
    is_stopping: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

/// The actions that tokens allow, of those that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Granted {
    All,
    Pull,
}

/// What tokens are signed with.
#[derive(Debug)]
struct Signer {
    granted: Granted,
    key: EcdsaKeyPair,
    /// In DER.
    certificate: Vec<u8>,
}

impl TokenServer {
    /// Gives tokens to whoever has the login, `USER:PASSWORD`. The certificate of its key is written into `dir`.
    ///
    /// # Panics
    /// When no port can be bound, or the certificate cannot be written.
    pub fn start(dir: &Path, login: &str) -> Self {
        Self::serve(dir, login, Granted::All)
    }

    fn serve(dir: &Path, login: &str, granted: Granted) -> Self {
        let (signer, pem) = Signer::new(granted);
        let certificate = dir.join("tokens.pem");
        fs::create_dir_all(dir).expect("the directory can be made");
        fs::write(&certificate, pem).expect("the certificate can be written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound port has a number");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let requests = Arc::<Mutex<Vec<TokenRequest>>>::default();
        let authorization = format!("Basic {}", STANDARD.encode(login));
        let (stop, all) = (Arc::clone(&is_stopping), Arc::clone(&requests));
        let accepts = thread::spawn(move || {
            let connections = listener.incoming().map_while(Result::ok);
            for connection in connections.take_while(|_| !stop.load(Ordering::Acquire)) {
                // A client that hangs up breaks only its own request, and says so itself.
                let _ = answer(&connection, &signer, &authorization, &all);
            }
        });
        Self {
            address,
            certificate,
            requests,
            is_stopping,
            accepts: Some(accepts),
        }
    }

    /// The same, with tokens that allow to read and nothing else.
    ///
    /// # Panics
    /// When no port can be bound, or the certificate cannot be written.
    pub fn start_read_only(dir: &Path, login: &str) -> Self {
        Self::serve(dir, login, Granted::Pull)
    }

    /// Where it gives tokens.
    pub fn realm(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// The file with the certificate of its key.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The requests since it was asked last.
    pub fn requests(&self) -> Vec<TokenRequest> {
        std::mem::take(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        // The connection has the thread look at the flag; when there is no thread, nobody takes it.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepts.take().map(JoinHandle::join);
    }
}

impl Signer {
    fn new(granted: Granted) -> (Self, String) {
        let key = KeyPair::generate().expect("a key can be made");
        let params = CertificateParams::new([]).expect("no names are valid names");
        let certificate = params
            .self_signed(&key)
            .expect("a certificate can be signed");
        let random = SystemRandom::new();
        let der = key.serialize_der();
        let signer = Self {
            granted,
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random)
                .expect("the key is one of P-256"),
            certificate: certificate.der().to_vec(),
        };
        (signer, certificate.pem())
    }

    /// A token for all of these scopes.
    fn token(&self, scopes: &[String]) -> String {
        let now = Timestamp::now().as_second();
        let access: Vec<Value> = scopes
            .iter()
            .filter_map(|scope| access(scope, self.granted))
            .collect();
        let header =
            json!({"typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(&self.certificate)]});
        let claims = json!({
            "iss": ISSUER, "sub": "user", "aud": SERVICE, "exp": now + LIFETIME, "nbf": now - 60,
            "iat": now, "jti": "1", "access": access,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes());
        let signature = signature.expect("the system has random numbers");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// `repository:NAME:ACTIONS` as a claim.
fn access(scope: &str, granted: Granted) -> Option<Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let actions = actions.split(',');
    let actions: Vec<&str> = actions
        .filter(|action| granted == Granted::All || *action == "pull")
        .collect();
    Some(json!({"type": kind, "name": name, "actions": actions}))
}

/// One request per connection.
fn answer(
    connection: &TcpStream,
    signer: &Signer,
    authorization: &str,
    all: &Mutex<Vec<TokenRequest>>,
) -> io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    let target = lines.next().transpose()?.unwrap_or_default();
    let mut is_logged_in = false;
    // A response before the end of the headers would reset the connection.
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        is_logged_in |= name.eq_ignore_ascii_case("authorization") && value == authorization;
    }
    let request = asked(&target, is_logged_in);
    let (status, body) = if is_logged_in {
        let token = signer.token(&request.scopes);
        ("200 OK", json!({"token": token, "expires_in": LIFETIME}))
    } else {
        ("401 Unauthorized", json!({}))
    };
    all.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request);
    let (body, mut connection) = (body.to_string(), connection);
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    connection.flush()
}

/// What the first line of a request, `GET /token?… HTTP/1.1`, asks for.
fn asked(line: &str, is_logged_in: bool) -> TokenRequest {
    let target = line.split(' ').nth(1).unwrap_or_default();
    let (_, query) = target.split_once('?').unwrap_or_default();
    let mut values = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        values.entry(name.into()).or_default().push(value.into());
    }
    TokenRequest {
        client: values.remove("client_id").unwrap_or_default().concat(),
        scopes: values.remove("scope").unwrap_or_default(),
        is_logged_in,
    }
}
