//! Requests on their way, and answers as they come in: no server is waited for without an end.

use std::{error::Error, io, time::Duration};

use reqwest::{RequestBuilder, Response, StatusCode, Url, header::HeaderMap};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{client::problem, patience::Patience, problem::RemoteProblem};

/// The wait after which the listener hears whom it is for.
const LONG: Duration = Duration::from_secs(5);

/// The bytes that must come within each span of the patience with silence: whoever sends less is as good as silent.
/// With 30 s, it is half a kilobyte a second.
const LEAST: usize = 16 << 10;

/// An answer that comes in.
pub(crate) struct Answering {
    response: Response,
    host: String,
    patience: Patience,
    /// The end of the span in which the next [`LEAST`] bytes must come.
    until: Instant,
    /// The bytes that came in this span.
    came: usize,
}

/// Sends a request, and waits for the beginning of its answer.
pub(crate) async fn answering(
    request: RequestBuilder,
    patience: &Patience,
) -> Result<Answering, RemoteProblem> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| problem(&error))?;
    let host = host(request.url());
    let mut sending = Box::pin(timeout(patience.timeout, client.execute(request)));
    let sent = match timeout(LONG, &mut sending).await {
        Ok(sent) => sent,
        Err(_long) => {
            patience.tell(format!("waiting for `{host}`"));
            sending.await
        }
    };
    match sent {
        Ok(Ok(response)) => Ok(Answering {
            host: self::host(response.url()),
            response,
            patience: patience.clone(),
            until: Instant::now() + patience.timeout,
            came: 0,
        }),
        Ok(Err(error)) => Err(broken(&host, &error)),
        Err(_silent) => Err(silent(host, patience.timeout)),
    }
}

impl Answering {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub(crate) fn url(&self) -> &Url {
        self.response.url()
    }

    /// The next piece of the answer's body; `None` at its end.
    pub(crate) async fn chunk(
        &mut self,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, RemoteProblem> {
        let chunk = match timeout_at(self.until, self.response.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => return Err(broken(&self.host, &error)),
            Err(_slow) => return Err(silent(self.host.clone(), self.patience.timeout)),
        };
        self.came += chunk.as_ref().map_or(0, hyper::body::Bytes::len);
        if self.came >= LEAST {
            self.came = 0;
            self.until = Instant::now() + self.patience.timeout;
        }
        Ok(chunk)
    }
}

fn silent(host: String, limit: Duration) -> RemoteProblem {
    RemoteProblem::Silent { host, limit }
}

/// The host of a URL, with its port if that is said.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The problem behind a request that failed: a connection that there was is told from one that there never was.
fn broken(host: &str, error: &reqwest::Error) -> RemoteProblem {
    let is_lost = !error.is_connect()
        && !error.is_redirect()
        && causes(error).any(|cause| is_end(cause) || error.is_body() || error.is_decode());
    if !is_lost {
        return problem(error);
    }
    let innermost = causes(error).last().map(ToString::to_string);
    RemoteProblem::Lost {
        host: host.to_owned(),
        message: innermost.unwrap_or_else(|| error.to_string()),
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> + '_ {
    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| {
        (*cause).source()
    })
}

/// Whether an error is the end of a connection.
fn is_end(cause: &(dyn Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message() || error.is_closed() || error.is_canceled();
    }
    cause.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
        )
    })
}
