//! One transfer: the walk, the files that the daemon asks for, and the end.
//!
//! Mirrors `sender` in fsutil's `send.go`.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio_util::task::TaskTracker;
use tonic::{Status, Streaming};

use super::declared::{DeclaredFiles, Expected, LocalDir, MadeDir};
use super::error::FileSyncError;
use super::filter::Filter;
use super::follow;
use super::made;
use super::packet::{Packet, PacketType, Stat};
use super::tree::Tree;
use super::walk::{self, Stopped};

/// The queue of packets. It is short, so that files are read no faster than they are sent.
pub(super) type Outgoing = mpsc::Sender<Result<Packet, Status>>;

/// The largest piece of a file in one packet.
pub(super) const PIECE: usize = 256 << 10;

/// The number of files that are read side by side, as in fsutil.
const READERS: usize = 4;

/// The request of a sync call.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) follow: Vec<String>,
}

/// The reason why a transfer stopped early.
pub(super) enum Ended {
    /// A file cannot be sent.
    Failed(FileSyncError),
    /// The daemon went away.
    Gone,
    /// The daemon gave up, with this reason.
    Receiver(String),
    /// The daemon does not keep to the protocol.
    Protocol(&'static str),
    /// A thread of ours panicked.
    Panicked,
}

impl From<Stopped> for Ended {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failed(error) => Self::Failed(error),
            Stopped::Unwanted => Self::Gone,
        }
    }
}

impl From<JoinError> for Ended {
    fn from(_panicked: JoinError) -> Self {
        Self::Panicked
    }
}

/// The data that the threads of a transfer share.
struct Transfer {
    tree: Tree,
    /// The made files, if the transfer sends such.
    made: Option<MadeDir>,
    filter: Filter,
    out: Outgoing,
    /// The announced files that were not asked for yet. Each can be asked for once.
    files: Mutex<BTreeMap<u32, Vec<u8>>>,
}

/// Runs a transfer to its end.
pub(super) async fn run(
    local: Arc<LocalDir>,
    ask: Ask,
    incoming: Streaming<Packet>,
    out: Outgoing,
    work: &TaskTracker,
) -> Result<(), Ended> {
    let opening = work.spawn_blocking({
        let out = out.clone();
        move || Transfer::open(&local, ask, out)
    });
    let transfer = Arc::new(opening.await?.map_err(Ended::Failed)?);
    let walking = work.spawn_blocking({
        let transfer = Arc::clone(&transfer);
        move || transfer.walk()
    });
    serve(&transfer, incoming, walking, work).await
}

async fn serve(
    transfer: &Arc<Transfer>,
    mut incoming: Streaming<Packet>,
    mut walking: tokio::task::JoinHandle<Result<(), Stopped>>,
    work: &TaskTracker,
) -> Result<(), Ended> {
    let mut walked = false;
    let mut wanted = VecDeque::<(u32, Vec<u8>)>::new();
    let mut readers = JoinSet::new();
    loop {
        while readers.len() < READERS
            && let Some((id, path)) = wanted.pop_front()
        {
            let (transfer, token) = (Arc::clone(transfer), work.token());
            readers.spawn_blocking(move || {
                let _counted = token;
                transfer.send_file(id, &path)
            });
        }
        tokio::select! {
            () = transfer.out.closed() => return Err(Ended::Gone),
            result = &mut walking, if !walked => {
                result??;
                walked = true;
            }
            Some(sent) = readers.join_next() => sent??,
            packet = incoming.message() => match transfer.answer(packet)? {
                Answer::Send(id, path) => wanted.push_back((id, path)),
                Answer::Nothing => {}
                Answer::Fin => return transfer.put(Packet::fin()).await,
            },
        }
    }
}

/// The request in a packet of the daemon.
enum Answer {
    Send(u32, Vec<u8>),
    Nothing,
    Fin,
}

impl Transfer {
    fn open(local: &LocalDir, ask: Ask, out: Outgoing) -> Result<Self, FileSyncError> {
        let tree = Tree::open(local)?;
        let (made, filter) = match &local.files {
            // All of it is sent.
            DeclaredFiles::Made(made) => (Some(made.clone()), Filter::try_new(&[], &[])?),
            DeclaredFiles::All | DeclaredFiles::Exact(_) => {
                let include = follow::includes(&tree, ask.include, &ask.follow)?;
                (None, Filter::try_new(&include, &ask.exclude)?)
            }
        };
        Ok(Self {
            tree,
            made,
            filter,
            out,
            files: Mutex::default(),
        })
    }

    fn walk(&self) -> Result<(), Stopped> {
        let mut next = 0_u32;
        let announce = |stat| {
            self.announce(next, stat)?;
            next = next.checked_add(1).ok_or(Stopped::Unwanted)?;
            Ok(())
        };
        match &self.made {
            Some(made) => made::walk(made, announce)?,
            None => walk::walk(&self.tree, &self.filter, announce)?,
        }
        self.put_blocking(Packet::end_of_stats())
    }

    fn announce(&self, id: u32, stat: Stat) -> Result<(), Stopped> {
        // The same test as on the other side, fsutil's `fileCanRequestData`: no bit of a file type in Go's mode.
        const TYPE_BITS: u32 = 0x8f28_0000;
        if stat.mode & TYPE_BITS == 0 {
            self.files
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id, stat.path.clone());
        }
        self.put_blocking(Packet::stat(stat))
    }

    fn answer(&self, packet: Result<Option<Packet>, Status>) -> Result<Answer, Ended> {
        let Ok(Some(packet)) = packet else {
            return Err(Ended::Gone);
        };
        match PacketType::try_from(packet.kind) {
            Ok(PacketType::Req) => {
                let path = self
                    .files
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&packet.id);
                path.map(|path| Answer::Send(packet.id, path))
                    .ok_or(Ended::Protocol("a file that was not announced"))
            }
            Ok(PacketType::Fin) => Ok(Answer::Fin),
            Ok(PacketType::Err) => Err(Ended::Receiver(
                String::from_utf8_lossy(&packet.data).into_owned(),
            )),
            Ok(PacketType::Stat | PacketType::Data) | Err(_) => Ok(Answer::Nothing),
        }
    }

    /// Sends a file's content. A declared file is hashed on the way, and the transfer fails if the content is not the
    /// declared one.
    fn send_file(&self, id: u32, path: &[u8]) -> Result<(), Stopped> {
        if let Some(made) = &self.made {
            made::send(made, &self.tree, path, |piece| {
                self.put_blocking(Packet::data(id, piece))
            })?;
            return self.put_blocking(Packet::data(id, Bytes::new()));
        }
        let (file, expected) = self.tree.file(path)?;
        let mut hash = expected.map(|_| Sha256::new());
        if let Some(file) = file {
            self.send_content(id, path, file, hash.as_mut())?;
        }
        if let (Some(hash), Some(expected)) = (hash, expected) {
            check_content(path, hash, expected)?;
        }
        self.put_blocking(Packet::data(id, Bytes::new()))
    }

    fn send_content(
        &self,
        id: u32,
        path: &[u8],
        mut file: File,
        mut hash: Option<&mut Sha256>,
    ) -> Result<(), Stopped> {
        let metadata = file
            .metadata()
            .map_err(|error| FileSyncError::read(path, error))?;
        if !metadata.is_file() {
            return Err(FileSyncError::changed(path, "kind").into());
        }
        // One byte more than the size shows the end without another read.
        let room = usize::try_from(metadata.len())
            .unwrap_or(PIECE)
            .saturating_add(1)
            .min(PIECE);
        loop {
            let piece =
                read_piece(&mut file, room).map_err(|error| FileSyncError::read(path, error))?;
            if piece.is_empty() {
                return Ok(());
            }
            if let Some(hash) = &mut hash {
                hash.update(&piece);
            }
            self.put_blocking(Packet::data(id, piece))?;
        }
    }

    async fn put(&self, packet: Packet) -> Result<(), Ended> {
        self.out.send(Ok(packet)).await.map_err(|_gone| Ended::Gone)
    }

    fn put_blocking(&self, packet: Packet) -> Result<(), Stopped> {
        self.out
            .blocking_send(Ok(packet))
            .map_err(|_gone| Stopped::Unwanted)
    }
}

fn check_content(path: &[u8], hash: Sha256, expected: &Expected) -> Result<(), FileSyncError> {
    match expected {
        Expected::File { sha256, .. } if hash.finalize().as_slice() == sha256 => Ok(()),
        Expected::File { .. } => Err(FileSyncError::changed(path, "content")),
        Expected::Symlink { .. } => Err(FileSyncError::changed(path, "kind")),
    }
}

fn read_piece(file: &mut File, room: usize) -> std::io::Result<Bytes> {
    let mut piece = vec![0; room];
    let mut length = 0;
    while length < room {
        match file.read(&mut piece[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    piece.truncate(length);
    Ok(piece.into())
}
