//! A client for BuildKit's daemon: connect, solve, progress, and the session that serves the daemon while it builds.
//!
//! ```no_run
//! use std::io;
//!
//! use buildkit_client::{ConnectOptions, Daemon, DeclaredFiles, DockerConfig, Export, LocalDir, Logins, Solve};
//! use tokio_util::sync::CancellationToken;
//!
//! # async fn example(definition: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! let address = "unix:///run/buildkit/buildkitd.sock".parse()?;
//! let daemon = Daemon::connect(ConnectOptions::new(address)).await?;
//! let tar = Export::tar(|archive: &mut dyn io::Read| {
//!     let mut file = std::fs::File::create("rootfs.tar")?;
//!     io::copy(archive, &mut file)?;
//!     Ok(file.sync_all()?)
//! });
//! let solve = Solve::definition(definition)
//!     .with_local(LocalDir::new("context", ".", DeclaredFiles::All))
//!     .with_auth(Logins::new(DockerConfig::load()?, ["ghcr.io"]))
//!     .with_export(tar);
//! let cancel = CancellationToken::new();
//! daemon.solve(solve, |progress| print!("{}", progress.to_json_line()), &cancel).await?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`Address`], [`TlsFlags`], [`ConnectOptions`], [`Daemon::connect`]: the way to a daemon. [`ConnectError`] says what
//!   is really wrong: no socket, TLS on one side only, a certificate of the wrong CA.
//! - [`Daemon::info`], [`Daemon::list_workers`], [`Daemon::disk_usage`]: who it is, which platforms it can run, and what
//!   it keeps.
//! - [`Solve`], [`Daemon::solve`]: one build with one session of its own. [`SolveError`] tells apart what failed in the
//!   daemon ([`BuildFailure`] names the step), on this side ([`ServiceError`]), and on the way.
//! - [`Daemon::resolve`]: what references stand for, asked through the gateway. [`ResolveError`] says why it cannot be
//!   known.
//! - [`Gateway`]: a build that waits for its result, led by a client ([`Solve::led_by`]) or by a frontend
//!   ([`Gateway::stdio`]).
//! - [`Progress`]: news while it runs.
//! - [`Export`], [`TarSink`]: what comes out.
//! - [`LocalDir`], [`ContentStore`], [`Secrets`], [`Logins`]: what the daemon may ask for.
//!
//! Nothing else in the workspace speaks gRPC.

mod address;
mod cache;
mod child;
mod connect;
mod daemon;
mod export;
mod gateway;
mod progress;
mod random;
mod rpc;
mod session;
mod solve;
mod tls;

pub use tokio_util::sync::CancellationToken;
pub use tonic::Code;

pub use address::{Address, AddressError, Through};
pub use cache::{CacheEntry, CacheEntryError, CacheKind};
pub use child::output_within;
pub use connect::{ConnectError, ConnectOptions};
pub use daemon::{CallError, Daemon, DaemonInfo, DiskUsage, GarbageRule, Worker, WorkerPlatform};
pub use export::{Export, ExportKind, SinkError, TarSink};
pub use gateway::{
    BuildResult, CacheImport, FileKind, FileStat, Gateway, GatewayError, GatewayPlatform,
    GraphRequest, Reference, ResolveAccess, ResolveError, ResultPart, SourceAnswer, SourceQuery,
};
pub use progress::{
    Progress, ProgressGroup, SourceInfo, SourcePosition, SourceRange, Vertex, VertexDigest,
    VertexLog, VertexStatus, VertexWarning,
};
pub use random::random_id;
pub use session::auth::{
    Asked, Credentials, CredentialsError, DockerConfig, DockerConfigError, HelperError, LoginPlace,
    Logins, RefusedHosts, Token, TokenProblem, TokenSeed, TokenSource,
};
pub use session::content::{BlobDigest, BlobDigestError, BlobError, ContentStore, LayoutDir};
pub use session::filesync::{
    DeclaredFiles, Expected, FileSyncError, LocalDir, MadeDir, MadeFile, MadePart, MakeFile,
    PatternError, RelPath, RelPathError,
};
pub use session::secrets::{MAX_SECRET_SIZE, SecretError, SecretSource, SecretValue, Secrets};
pub use session::ssh::{DEFAULT_SSH_AGENT, SshAgents};
pub use session::{ServiceError, SessionId};
pub use solve::{BuildFailure, FailureSource, Solve, SolveError, Solved, readable};
pub use tls::{ClientPair, TlsError, TlsFiles, TlsFlags};
