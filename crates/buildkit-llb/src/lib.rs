//! The graph: BuildKit LLB from Rust, byte-identical to BuildKit's Go client.

mod cap;
mod constraints;
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
pub use self::constraints::Constraints;
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
pub use self::platform::{Platform, PlatformError};
pub use self::reference::{ImageRef, ImageRefError};
pub use self::settings::{NetworkMode, SecurityMode, Ulimit};
pub use self::shlex::CommandLineError;
pub use self::source::{
    Differ, Git, GitBundle, GitMtime, GitUrl, GitUrlError, Http, Image, ImageBlob, ImageConfig,
    ImageConfigError, Local, Need, OciLayout, OciLayoutBlob, RecordType, ResolveMode,
};
pub use self::sourcemap::{Position, Range, SourceLocation, SourceMap};
pub use self::state::State;
