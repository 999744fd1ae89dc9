//! Many artifacts: inputs, parallel solves, outputs on disk.
//!
//! The way through it: [`read_inputs`] reads what a selection needs, [`daemon::find`] finds a daemon or starts one,
//! [`build()`] solves plans side by side and publishes what comes out.

mod build;
mod causes;
mod checksum_failure;
pub mod context_file;
mod contexts;
mod declared;
mod destination;
mod directory;
mod event;
pub mod files;
mod fingerprint;
mod freshness;
mod hash;
mod helper_image;
mod image;
mod index;
mod inputs;
mod layout;
pub mod lock_file;
mod metadata;
mod names;
mod output;
mod output_lock;
mod packer;
mod partial_push;
pub mod pinning;
pub mod platform_result;
mod published;
mod push_failure;
pub mod record;
mod redact;
mod regular_file;
pub mod resolve;
mod secrets;
mod shared_key;
mod solve;
mod source_failure;
pub mod source_queries;
mod ssh;
mod tagging;
mod unlockable;

pub use buildkitd::{self as daemon, raise_file_limit};
pub use registry::{RegistryAccess, RemoteProblem};

pub use self::{
    build::{BuildFailure, BuildOptions, FailureReason, VariantFailure, Work, build},
    causes::causes,
    checksum_failure::{ChecksumFailure, ExpectedBy, MISMATCH},
    contexts::{BuildContext, BuildContextError, ContextSource, RootfsError},
    destination::Destination,
    event::Event,
    freshness::{Freshness, Inspection, Reason, each_freshness, freshness, incomplete},
    helper_image::{HelperImage, HelperImageError},
    image::{
        Annotated, Annotation, Archive, Attestations, ID_ANNOTATION, ImageCompression,
        ImageOptions, ImagePlan,
    },
    index::PART_ANNOTATION,
    inputs::{Given, InputError, ReadInputs, read as read_inputs},
    layout::{LayoutError, LayoutProblem, LayoutSource},
    lock_file::LockFileError,
    metadata::{MetadataFile, Output},
    names::{ImageRefs, PartRefs, Published},
    output::OutputError,
    output_lock::{GivenUp, OutputDirectory, OutputLock},
    partial_push::{Joinable, join},
    published::{Presence, Wanted, presence, presences},
    push_failure::PushFailure,
    secrets::{LoadedSecrets, SecretError, SecretSource, SecretSpec, SecretSpecError},
    shared_key::{SharedKeyError, shared_key},
    source_failure::{SourceFailure, SourceKind, SourceTrouble, is_transient},
    ssh::{FoundAgents, SshError, SshSpec, SshSpecError},
    tagging::{Naming, TagError},
};
