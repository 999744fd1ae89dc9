//! One engine: from a catalog to outputs, for the command and for the frontend. Events out, no terminal.
//!
//! ```text
//! Workspace ─(select, read, plan)─▶ pin ─▶ products ─▶ WorkList ─(what is there?)─▶ Call ─(solve, export)─▶ tags, last
//! ```
//!
//! - A [`Workspace`] is one call on a catalog: variants, what an [`InputSource`] read for them (a directory, [`Disk`],
//!   or what the daemon gives a frontend), the lock, and a plan for each variant. [`Workspace::pin`] asks a
//!   [`Resolve`](pinning::Resolve) for the pins that the lock lacks: a daemon, a registry, or the gateway.
//! - A [`Product`] is what is delivered as one thing: a tar of one platform, or an image of all its platforms.
//! - [`Status`] says what is there of a product, on disk or in registries; `plan`, `why` and `build` ask it alike.
//! - A [`Call`] builds what is left of a [`WorkList`], and moves the tags of images when every product is delivered.
//!
//! A catalog can be planned without a daemon and a network:
//!
//! ```
//! use catalog::{Artifact, Caching, Catalog, Copy, Request};
//! use engine::{Delivery, Disk, Goal, ImageNaming, Workspace};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let context = tempfile::tempdir()?;
//! std::fs::write(context.path().join("motd"), "welcome\n")?;
//! let image = Artifact::image("welcome", "scratch").step(Copy::new("motd", "/etc/"));
//! let catalog = Catalog::new().artifact(image).check()?;
//!
//! let request = Request {
//!     artifacts: vec!["welcome".to_owned()],
//!     ..Request::default()
//! };
//! let disk = Disk::new(context.path());
//! let mut workspace = Workspace::open(&catalog, &request, &disk, Caching::Use).await?;
//! assert!(workspace.unpinned().is_empty());
//! let products = workspace.take_products(Delivery {
//!     goal: Goal::Archive,
//!     naming: &ImageNaming::default(),
//!     by_platform: false,
//!     files_as_tars: false,
//! })?;
//! // One image, of two platforms.
//! assert_eq!(products.len(), 1);
//! assert_eq!(products[0].plans().len(), 2);
//! assert!(products[0].id().is_some());
//! # Ok(())
//! # }
//! ```
//!
//! `examples/build.rs` goes on to a daemon, and builds.

mod again;
mod build;
mod cache;
mod call;
mod causes;
mod checksum_failure;
pub mod context_file;
mod contexts;
mod declared;
mod delivered;
mod destination;
mod directory;
mod dockerfile_build;
pub mod doctor;
mod download_server;
pub mod drift;
mod error;
mod event;
pub mod files;
mod fingerprint;
mod freshness;
mod git_variables;
mod hash;
mod helper_image;
mod image;
pub mod included;
mod index;
mod inputs;
mod layout;
pub mod lock_file;
mod lock_survey;
mod metadata;
mod moves;
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
mod table;
mod tagging;
mod unlockable;
mod work_list;
mod workspace;

pub use archive::{Aspect, Difference, EntryPath};
pub use buildkitd::{self as daemon, raise_file_limit};
pub use registry::{Patience, RegistryAccess, RemoteProblem, Sessions};

pub use self::{
    build::{BuildFailure, BuildOptions, FailureReason, Sent, VariantFailure},
    cache::{CacheFailure, Caches, CachesError},
    call::{Call, CallError},
    causes::{causes, in_a_line},
    checksum_failure::{ChecksumFailure, ExpectedBy},
    contexts::{BuildContext, BuildContextError, ContextSource, RootfsError},
    delivered::{Form, Output, WrittenOutput},
    destination::Destination,
    dockerfile_build::{DockerfileBuild, DockerfileContext, DockerfileError, DockerfileRun},
    download_server::{Downloads, Served},
    error::{EngineError, MissingContexts, Needed, NotPinned},
    event::Event,
    freshness::{Freshness, Inspection, Reason, incomplete},
    git_variables::git_of,
    helper_image::{HelperImage, HelperImageError},
    image::{Archive, ImageOptions},
    inputs::{InputError, ReadInputs},
    layout::{ImageContent, ImageTreeError, LayoutError, LayoutProblem, LayoutSource, ReadLayers},
    lock_file::LockFileError,
    lock_survey::LockSurvey,
    metadata::MetadataFile,
    moves::UnfinishedTags,
    names::{ImageRefs, PartRefs, Published},
    output::OutputError,
    output_lock::{GivenUp, OutputDirectory, OutputLock},
    product::{
        Delivery, Goal, ImageMetadata, ImageNaming, ImageProduct, NameError, Product,
        names_of_platform, refuse_one_name,
    },
    push_failure::PushFailure,
    secrets::{LoadedSecrets, SecretError, SecretSource, SecretSpec, SecretSpecError},
    source_failure::{SourceFailure, SourceKind, Trouble, is_transient},
    ssh::{FoundAgents, SshError, SshSpec, SshSpecError},
    status::{InRegistries, Looked, Status},
    table::table,
    tagging::{Naming, TagError},
    work_list::{Sorting, StepAccess, Waiting, WorkList},
    workspace::{
        Asked, Disk, InputSource, LocalFiles, Others, PinEvent, Pins, Workspace, begin, now,
    },
};
