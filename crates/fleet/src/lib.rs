//! Many artifacts: inputs, the private daemon, parallel solves, outputs on disk.
//!
//! The way through it: [`read_inputs`] reads what a selection needs, [`daemon::find`] finds a daemon or starts one,
//! [`build()`] solves plans side by side and publishes what comes out.

mod build;
mod cache_dir;
mod checksum_failure;
pub mod context_file;
mod contexts;
pub mod daemon;
mod declared;
mod destination;
mod directory;
mod event;
mod file_limit;
mod fingerprint;
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
mod parts;
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
mod ssh;
mod standing;
mod tagging;
mod unlockable;

pub use self::{
    build::{BuildFailure, BuildOptions, FailureReason, VariantFailure, Work, build},
    checksum_failure::{ChecksumFailure, ExpectedBy},
    contexts::{BuildContext, BuildContextError, ContextSource, RootfsError},
    destination::Destination,
    event::Event,
    file_limit::raise_file_limit,
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
    parts::{Joinable, join},
    published::{Presence, RegistryAccess, Wanted, presence},
    push_failure::PushFailure,
    secrets::{LoadedSecrets, SecretError, SecretSource, SecretSpec, SecretSpecError},
    shared_key::{SharedKeyError, shared_key},
    source_failure::{SourceFailure, SourceKind, SourceTrouble, is_transient},
    ssh::{FoundAgents, SshError, SshSpec, SshSpecError},
    standing::{Inspection, Reason, Standing, incomplete, standing, standings},
    tagging::{Naming, TagError},
};
