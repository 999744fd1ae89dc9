//! SSH: the agents of this machine sign for steps.
//!
//! BuildKit: `session/sshforward`, and `sshprovider/agentprovider.go` for what a step may ask an agent.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use buildkit_proto::moby::sshforward::v1::{BytesMessage, CheckAgentRequest, CheckAgentResponse};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, Streaming};

use super::headers;

/// The methods that the daemon calls.
pub(super) const CHECK_AGENT: &str = "/moby.sshforward.v1.SSH/CheckAgent";
pub(super) const FORWARD_AGENT: &str = "/moby.sshforward.v1.SSH/ForwardAgent";

/// The id of the default agent: `DefaultID` in BuildKit's `sshforward`.
pub const DEFAULT_SSH_AGENT: &str = "default";

/// The largest message to or from an agent: `AGENT_MAX_LEN` of OpenSSH.
const MAX_FRAME: usize = 256 << 10;

/// Messages that wait for the connection; an agent answers one at a time.
const QUEUE: usize = 2;

/// The agent protocol (draft-ietf-sshm-ssh-agent): the requests that a step may send, and the answer to all others.
const REQUEST_IDENTITIES: u8 = 11;
const SIGN_REQUEST: u8 = 13;
const FAILURE: u8 = 5;

/// The ssh agents that a solve may ask, by id. None by default.
#[derive(Debug, Clone, Default)]
pub struct SshAgents(BTreeMap<String, PathBuf>);

impl SshAgents {
    /// The same with one more, at a Unix socket.
    pub fn with(mut self, id: impl Into<String>, socket: impl Into<PathBuf>) -> Self {
        self.0.insert(id.into(), socket.into());
        self
    }

    fn socket(&self, id: &str) -> Result<(&str, &Path), Status> {
        let id = if id.is_empty() { DEFAULT_SSH_AGENT } else { id };
        let found = self.0.get_key_value(id);
        let (id, socket) =
            found.ok_or_else(|| Status::not_found(format!("no ssh agent `{id}`")))?;
        Ok((id, socket))
    }
}

/// The answers of an agent.
type Answers = ReceiverStream<Result<BytesMessage, Status>>;

/// The service that lets steps use the agents.
pub(crate) struct SshService {
    agents: SshAgents,
    work: TaskTracker,
}

impl SshService {
    pub(crate) fn new(agents: SshAgents, work: TaskTracker) -> Self {
        Self { agents, work }
    }

    /// A missing agent is an error only if a step needs it, which the daemon knows.
    pub(super) fn check_agent(
        &self,
        request: &Request<CheckAgentRequest>,
    ) -> Result<Response<CheckAgentResponse>, Status> {
        self.agents.socket(&request.get_ref().id)?;
        Ok(Response::new(CheckAgentResponse {}))
    }

    pub(super) async fn forward_agent(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Answers>, Status> {
        let id = request.metadata().get(headers::SSH_ID);
        let id = id.map(|id| id.to_str()).transpose();
        let id = id.map_err(|_| Status::invalid_argument("the id of the ssh agent is no text"))?;
        let (id, socket) = self.agents.socket(id.unwrap_or_default())?;
        let connected = UnixStream::connect(socket).await;
        let agent = connected.map_err(|error| unreachable(id, socket, &error))?;
        let (answers, stream) = mpsc::channel(QUEUE);
        self.work.spawn(async move {
            if let Err(status) = forward(request.into_inner(), agent, &answers).await {
                // The step may have hung up already.
                let _heard = answers.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

fn unreachable(id: &str, socket: &Path, error: &io::Error) -> Status {
    let socket = socket.display();
    Status::unavailable(format!("ssh agent `{id}` at `{socket}`: {error}"))
}

/// Hands one request after the other to the agent, until the step or the daemon hangs up.
async fn forward(
    mut incoming: Streaming<BytesMessage>,
    mut agent: UnixStream,
    answers: &mpsc::Sender<Result<BytesMessage, Status>>,
) -> Result<(), Status> {
    let mut unread = BytesMut::new();
    loop {
        while let Some(request) = next_frame(&mut unread)? {
            let answer = match request.first() {
                Some(&(REQUEST_IDENTITIES | SIGN_REQUEST)) => ask(&mut agent, &request)
                    .await
                    .map_err(|error| Status::unavailable(format!("the ssh agent: {error}")))?,
                _ => frame(&[FAILURE]),
            };
            let answer = BytesMessage {
                data: answer.to_vec(),
            };
            if answers.send(Ok(answer)).await.is_err() {
                return Ok(());
            }
        }
        let message = tokio::select! {
            message = incoming.message() => message?,
            () = answers.closed() => return Ok(()),
        };
        match message {
            Some(BytesMessage { data }) => unread.extend_from_slice(&data),
            None => return Ok(()),
        }
    }
}

/// Takes a whole message out of the received bytes, without the length in front of it.
fn next_frame(unread: &mut BytesMut) -> Result<Option<Bytes>, Status> {
    let Some(mut length) = unread.get(..4) else {
        return Ok(None);
    };
    let length = length.get_u32() as usize;
    if length > MAX_FRAME {
        return Err(Status::invalid_argument("too long for an ssh agent"));
    }
    if unread.len() < 4 + length {
        return Ok(None);
    }
    unread.advance(4);
    Ok(Some(unread.split_to(length).freeze()))
}

async fn ask(agent: &mut UnixStream, request: &[u8]) -> io::Result<Bytes> {
    agent.write_all(&frame(request)).await?;
    let length = agent.read_u32().await? as usize;
    if length > MAX_FRAME {
        return Err(io::Error::other("its answer is too long"));
    }
    let mut answer = vec![0; length];
    agent.read_exact(&mut answer).await?;
    Ok(frame(&answer))
}

/// A message as it travels. All of them are at most [`MAX_FRAME`] long.
fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(4 + message.len());
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}
