//! A registry with bad minutes: it stands in front of another one, and answers some requests with faults instead.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A client that has not hung up by then is not waited for.
const SILENCE: Duration = Duration::from_mins(2);

/// A fault in the place of an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A status, with further lines of a header: `429 Too Many Requests\r\nRetry-After: 1`.
    Status(&'static str),
    /// The connection is reset.
    Reset,
    /// No answer at all.
    Silence,
}

/// The requests that get a fault.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The beginning of the request's first line, such as `PUT /v2/`.
    pub beginning: String,
    /// The end of its path, such as `/manifests/1`.
    pub end: String,
    /// How many of them; the others go through.
    pub times: usize,
    /// The fault.
    pub fault: Fault,
}

impl Rule {
    /// A fault for the move of a tag.
    pub fn on_tag(tag: &str, times: usize, fault: Fault) -> Self {
        Self {
            beginning: "PUT /v2/".to_owned(),
            end: format!("/manifests/{tag}"),
            times,
            fault,
        }
    }

    fn is_for(&self, request: &str) -> bool {
        let line = request.trim_end().trim_end_matches(" HTTP/1.1");
        self.times > 0 && line.starts_with(&self.beginning) && line.ends_with(&self.end)
    }
}

/// A running front on a free loopback port. Dropping it stops it.
#[derive(Debug)]
pub struct FaultyRegistry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    is_stopping: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    requests: Vec<String>,
}

impl FaultyRegistry {
    /// Stands in front of the registry at `upstream`, `127.0.0.1:PORT`, without a fault so far.
    ///
    /// # Panics
    /// When no port can be bound.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound port has a number");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let state = Arc::<Mutex<State>>::default();
        let front = (upstream.to_owned(), Arc::clone(&state));
        let stop = Arc::clone(&is_stopping);
        let accepts = thread::spawn(move || {
            let connections = listener.incoming().map_while(Result::ok);
            for connection in connections.take_while(|_| !stop.load(Ordering::Acquire)) {
                let (upstream, state) = front.clone();
                // A client that hangs up breaks only its own request, and says so itself.
                thread::spawn(move || answer(connection, &upstream, &state));
            }
        });
        Self {
            address,
            state,
            is_stopping,
            accepts: Some(accepts),
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The faults from now on.
    pub fn set(&self, rules: impl IntoIterator<Item = Rule>) {
        locked(&self.state).rules = rules.into_iter().collect();
    }

    /// The first lines of the requests with this beginning, in order, since it was asked last.
    pub fn requests(&self, beginning: &str) -> Vec<String> {
        let all = std::mem::take(&mut locked(&self.state).requests);
        let wanted = all.into_iter().filter(|line| line.starts_with(beginning));
        wanted.collect()
    }
}

impl Drop for FaultyRegistry {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        // The connection has the thread look at the flag; when there is no thread, nobody takes it.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepts.take().map(JoinHandle::join);
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The fault for a request, if there is one left.
fn fault(state: &Mutex<State>, request: &str) -> Option<Fault> {
    let mut state = locked(state);
    state.requests.push(request.trim_end().to_owned());
    let rule = state.rules.iter_mut().find(|rule| rule.is_for(request))?;
    rule.times -= 1;
    Some(rule.fault.clone())
}

/// One request per connection.
fn answer(client: TcpStream, upstream: &str, state: &Mutex<State>) -> io::Result<()> {
    client.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(client.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut head = request.clone();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if !line.to_lowercase().starts_with("connection:") {
            head.push_str(&line);
        }
    }
    head.push_str("Connection: close\r\n\r\n");
    match fault(state, &request) {
        Some(Fault::Status(status)) => return refuse(client, reader, status),
        // Whoever hangs up with unread bytes resets the connection.
        Some(Fault::Reset) => return Ok(()),
        Some(Fault::Silence) => return io::copy(&mut reader, &mut io::sink()).map(drop),
        None => {}
    }
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(head.as_bytes())?;
    let mut answers = server.try_clone()?;
    let mut back = client.try_clone()?;
    let answering = thread::spawn(move || {
        let copied = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
        copied
    });
    // Ends when the client has its answer and hangs up, or the connection is shut down behind it.
    let _ = io::copy(&mut reader, &mut server);
    let _ = answering.join();
    Ok(())
}

fn refuse(mut client: TcpStream, mut reader: impl Read, status: &str) -> io::Result<()> {
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )?;
    client.shutdown(Shutdown::Write)?;
    // Bytes that nobody reads would reset the connection before the answer is read.
    io::copy(&mut reader, &mut io::sink()).map(drop)
}
