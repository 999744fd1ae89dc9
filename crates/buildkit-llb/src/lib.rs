//! The graph: BuildKit LLB from Rust, byte-identical to BuildKit's Go client.
//!
//! A [`State`] is a file system in the making: an immutable value that steps turn into others. Nothing runs until its
//! [`Definition`] is handed to a daemon. This crate does no I/O and reads no clock: equal graphs give equal bytes.
//!
//! ```
//! use buildkit_llb::{Args, CacheMount, Constraints, Copy, Exec, Local, Platform, State};
//!
//! let packages = CacheMount::new("/var/cache/apt", "apt");
//! let base = State::image("debian:bookworm".parse()?)
//!     .run(Exec::new(Args::shell("apt-get update && apt-get install -y gcc")).mount(packages));
//! let sources = Local::new("context").unique("v1").include(["*.c"]).state();
//! let built = base
//!     .dir("/src")
//!     .file(Copy::new(&sources, "/", "/src/").contents_only().create_dest_path())
//!     .run(Exec::new(["gcc", "-static", "-o", "/app", "app.c"]).custom_name("compile"));
//! let app = State::scratch().file(Copy::new(&built, "/app", "/app"));
//! let definition = app.marshal(&Constraints::new(Platform::new("linux", "amd64")))?;
//! assert_eq!(definition.vertices().last().map(|vertex| vertex.kind().as_str()), Some("file"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The parts
//! - Sources: [`Image`], [`Local`], [`Http`], [`Git`], [`OciLayout`], [`ImageBlob`], [`OciLayoutBlob`]; any other by
//!   its identifier and attributes, [`Source`].
//! - Steps: [`Exec`] with its mounts, [`FileActions`].
//! - Combinations: [`Merge`], [`Diff`], [`Build`], [`Passthrough`], and [`State::from_definition`] to go on from a
//!   marshalled graph.
//! - What is said about vertices (names, cache, groups, limits, source locations): the methods that every builder has,
//!   and the trait [`VertexOptions`] for functions that take any of them.
//! - [`Constraints`] of a marshal call, and [`Definition`]: encoded, decoded, walked, printed as JSON (it serializes as
//!   Go's `protojson` prints ops and metadata).
//!
//! # Identical bytes
//! Vertex digests are the sha256 of op bytes, so those are written exactly as Go does: oneof members last in their
//! message, map entries sorted and with both key and value, and vertices, mounts, inputs and outputs in the same order
//! and with the same numbers. Then progress, error locations and the shared cache agree whoever made the graph.
//!
//! What of the Go client (v0.32.2) is **not** mirrored, because it is a bug or depends on the machine:
//! - With a description at marshal level, those of single vertices leak into the vertices after them: one map is
//!   shared. Here each vertex has its own. Metadata only.
//! - A relative `Dir` option that is used on two states keeps what it first resolved to. Here it resolves anew.
//! - A loaded definition whose vertex is read at two outputs has that vertex's source locations twice. Here, once.
//! - A source file's state is marshalled once, with the options of the first call. Here with those of each call.
//! - The platform defaults to the host's and the id of local sources to a random one. Here they must be given, else
//!   marshalling fails ([`OpError::NoPlatform`], [`OpError::NoLocalUniqueId`]).
//! - For git over ssh without known hosts the network is asked for the host's keys. Here they must be given.
//! - Query and fragment of a git address are dropped, and a command line that ends inside of quotes is cut short
//!   without a word. Here both are errors.
//! - The checksum of an OCI layout is accepted and never used. Here there is none.
//! - More than twelve mounts with equal targets come in no certain order, as the sort is not stable. Here in the given
//!   one.
//! - Graphs that no daemon takes (a read-only scratch root, a cache without an id, a git bundle without a checksum, a
//!   passthrough without an id) are marshalled. Here they are an [`OpError`].
//! - [`State::requires`] on scratch is refused by both; here the error is that of the passthrough, and a passthrough of
//!   several scratch outputs is refused as well.
//! - A [`Source`] for `local://` keeps its attribute `local.unique`. In BuildKit's client the id of the marshal call
//!   replaces it.
//! - Keys of an image config are read as they are spelt; Go ignores case.
//! - A mount's output goes on from the state that was mounted, as from `ExecState.AddMount`; `GetMount`, which starts
//!   anew, is not there.
//!
//! Mirrored although it looks odd, because bytes or metadata would differ: the misspelt capability of http owners; no
//! capabilities for single file actions; symbolic links whose paths are not resolved; the platform that is stored as
//! given on one vertex and normalised on the next; the directory of a state that is reset onto an output with a
//! platform of its own.

mod cap;
mod constraints;
mod content;
mod decode;
mod definition;
mod digest;
mod encoding;
mod env;
mod error;
mod exec;
mod file;
mod graph_ops;
mod json;
mod label;
mod loaded;
mod marshal;
mod metadata;
mod notes;
mod op_kind;
mod options;
mod order;
mod path;
mod pb;
mod platform;
mod reference;
mod settings;
mod shlex;
mod source;
mod source_collector;
mod sourcemap;
mod state;
mod vertex;
mod wire;

pub use self::cap::{Cap, CapSet};
pub use self::constraints::{Constraints, LocalSessions};
pub use self::content::{
    ExecContent, FileActionContent, FileChange, MountContent, OpContent, SecretEnvContent,
    SourceContent,
};
pub use self::decode::DecodeError;
pub use self::definition::{Definition, Edge, Entry, Location, SourceFile};
pub use self::digest::{ContentDigest, DigestError, OpDigest};
pub use self::error::{MarshalError, OpError};
pub use self::exec::{
    Args, BindMount, CacheMount, CacheSharing, CdiDevice, ContentCache, Exec, ExecOutputs, Mount,
    ProxyEnv, SecretEnv, SecretFile, SshSocket, TmpfsMount,
};
pub use self::file::{
    Copy, CopySource, FileActions, FileTree, Mkdir, Mkfile, Owner, Rm, Symlink, User,
};
pub use self::graph_ops::{Build, Diff, Merge, Passthrough};
pub use self::metadata::{ExportCache, GroupStrength, LinuxResources, OpMetadata, ProgressGroup};
pub use self::op_kind::OpKind;
pub use self::options::VertexOptions;
pub use self::platform::{Platform, PlatformError};
pub use self::reference::{ImageRef, ImageRefError};
pub use self::settings::{NetworkMode, SecurityMode, Ulimit};
pub use self::shlex::CommandLineError;
pub use self::source::{
    Differ, Git, GitBundle, GitMtime, GitUrl, GitUrlError, Http, Image, ImageBlob, ImageConfig,
    ImageConfigError, Local, Need, OciLayout, OciLayoutBlob, RecordType, ResolveMode, Source,
};
pub use self::sourcemap::{Position, Range, SourceLocation, SourceMap};
pub use self::state::State;
