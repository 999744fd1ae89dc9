//! Many artifacts: inputs, the private daemon, parallel solves, outputs on disk.
//!
//! The way through it: [`read_inputs`] reads what a selection needs, [`daemon::find`] finds a daemon or starts one,
//! [`build()`] solves plans side by side and publishes what comes out.

mod build;
mod cache_dir;
mod causes;
mod checksum_failure;
pub mod context_file;
mod contexts;
pub mod daemon;
mod declared;
mod destination;
mod directory;
mod error;
mod event;
mod file_limit;
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
mod lock_survey;
mod metadata;
mod names;
mod output;
mod output_lock;
mod packer;
mod partial_push;
pub mod pinning;
pub mod platform_result;
mod product;
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
mod status;
mod tagging;
mod unlockable;
mod work_list;
mod workspace;

pub use self::{
    build::{BuildFailure, BuildOptions, FailureReason, VariantFailure, build},
    causes::{causes, in_a_line},
    checksum_failure::{ChecksumFailure, ExpectedBy, MISMATCH},
    contexts::{BuildContext, BuildContextError, ContextSource, RootfsError},
    destination::Destination,
    error::{EngineError, MissingContexts, Needed, NotPinned},
    event::Event,
    file_limit::raise_file_limit,
    freshness::{Freshness, Inspection, Reason, incomplete},
    helper_image::{HelperImage, HelperImageError},
    image::{
        Annotated, Annotation, Archive, Attestations, ID_ANNOTATION, ImageCompression, ImageOptions,
    },
    index::PART_ANNOTATION,
    inputs::{InputError, ReadInputs},
    layout::{LayoutError, LayoutProblem, LayoutSource},
    lock_file::LockFileError,
    lock_survey::LockSurvey,
    metadata::{MetadataFile, Output},
    names::{ImageRefs, PartRefs, Published},
    output::OutputError,
    output_lock::{GivenUp, OutputDirectory, OutputLock},
    product::{
        Delivery, Goal, ImageNaming, ImageProduct, NameError, Product, names_of_platform,
        refuse_one_name,
    },
    published::RegistryAccess,
    push_failure::PushFailure,
    secrets::{LoadedSecrets, SecretError, SecretSource, SecretSpec, SecretSpecError},
    shared_key::{SharedKeyError, shared_key},
    source_failure::{SourceFailure, SourceKind, SourceTrouble, is_transient},
    ssh::{FoundAgents, SshError, SshSpec, SshSpecError},
    status::{InRegistries, Looked, Status},
    tagging::{Naming, TagError},
    work_list::{Sorting, StepAccess, Waiting, WorkList},
    workspace::{Asked, Disk, InputSource, LocalFiles, Others, PinEvent, Workspace, begin, now},
};
