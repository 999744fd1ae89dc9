//! The model: artifacts, steps, variants, inputs and plans. It is pure: it gets files as data.
//!
//! ```
//! use catalog::{Apt, Artifact, Caching, Catalog, Inputs, Request, Workdir};
//!
//! let catalog = Catalog::new()
//!     .artifact(Artifact::rootfs("tools", "debian:12").step(Apt::install(["zsh"])).step(Workdir::new("/app")))
//!     .check()?;
//! let variants = catalog.select(&Request { artifacts: vec!["tools".into()], ..Request::default() })?;
//! assert_eq!(variants[1].to_string(), "tools linux/arm64");
//! assert!(catalog.needs(&variants)?.files.is_empty());
//!
//! let plan = catalog.plan(&variants[1], &Inputs::default(), Caching::Use)?;
//! assert_eq!(plan.output.as_str(), "tools/arm64.tar");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The way through it: [`Catalog::check`] makes a [`CheckedCatalog`], [`CheckedCatalog::select`] turns the request of a
//! user into [`Variant`]s, [`CheckedCatalog::needs`] lists the files that must be read for them, and
//! [`CheckedCatalog::plan`] makes a [`Plan`] of one variant and the [`Inputs`] that were read.

mod annotation;
mod artifact;
mod attest;
mod base;
mod budget;
mod catalog;
mod check;
mod compression;
mod condition;
mod contexts;
mod declared;
mod dependencies;
mod dockerfile;
mod either;
mod excerpt;
mod expand;
mod file;
mod git;
mod graph;
mod hex;
mod id;
mod image_config;
mod image_form;
mod inputs;
mod kind;
mod local;
mod location;
mod lock;
mod matching;
mod mirror;
mod name;
mod nearest;
mod oci;
mod option;
mod outline;
mod pack;
mod part;
mod path;
mod place;
mod placing;
mod plan;
mod plan_error;
mod plan_options;
mod planner;
mod problem;
mod proxy;
mod read;
mod select;
mod step;
mod step_reads;
mod survey;
mod template;
mod texts;
mod tree;
mod url;
mod variant;
mod vertex_name;
mod whiteouts;
mod why;
mod words;

pub use buildkit_llb::{ContentDigest, ImageRef, Platform, ProxyEnv};
pub use file_set::{ExcludeError, Excludes};

pub use self::{
    annotation::{
        Annotated, Annotation, AnnotationError, AnnotationPlace, ID_ANNOTATION,
        METADATA_ANNOTATION, PART_ANNOTATION,
    },
    artifact::{Artifact, Base, RunsOn},
    attest::{Attest, Attestations, ProvenanceMode},
    base::{BaseError, ResolvedBase},
    budget::MAX_VARIANTS,
    catalog::{Catalog, CheckedCatalog},
    check::{ImageNames, RECORDS_DIRECTORY},
    compression::{Compression, CompressionError, TarCompression, TarCompressionError},
    declared::Declared,
    dockerfile::FromLineError,
    excerpt::Excerpt,
    file::{CATALOG_FILE, CatalogFile, FileError, Include, Mistake, schema},
    git::GitValues,
    graph::{Graph, GraphEdge, GraphOutput, Node, NodeKind},
    id::{Id, IdError},
    image_config::{HealthConfig, ImageConfig},
    image_form::{Attestation, GivenForm, ImageForm},
    inputs::{
        FileContent, FileSet, GivenTree, GivenTrees, InputFile, Inputs, LayoutImage,
        MAX_INLINE_FILE, NamedContext, Needs, RootfsTar,
    },
    kind::{Kind, Returned},
    local::{
        BUNDLES, BundleSource, CONTEXT_LOCAL, LocalContent, LocalSource, MAX_INLINE_SET,
        files_digest,
    },
    lock::{
        BaseConfig, BaseConfigError, CacheNamespace, CacheNamespaceError, Commit, Epoch,
        EpochError, GitSource, HistoryEntry, ImageKey, ImagePin, LOCK_FILE, Lock, LockError, Move,
        PACKAGES_EPOCH, PinCount, Pinned, Reference, SourcePolicy, Written,
    },
    mirror::{Mirror, MirrorError, Mirrors},
    name::{
        ArtifactName, CacheId, ContextName, InvalidName, PartName, SecretId, SshId, VariableName,
    },
    nearest::nearest,
    oci::OciConfigs,
    option::OptionValues,
    outline::{AxisStart, OutlineStep},
    pack::{PACKER_PROGRAM, Packer, PackerProgram, PackerSource},
    part::Part,
    path::{ContextPath, ContextPathError},
    place::{PartUse, Place, SourceFile},
    plan::{OutputClash, Plan, PlannedDefinition, check_outputs},
    plan_error::{PlanError, PlanProblem},
    plan_options::{Caching, PlanOptions},
    planner::MissingContext,
    problem::{CatalogError, Found, Problem},
    proxy::{PROXY_VARIABLES, proxies},
    read::Read,
    select::{Request, SelectError, unused_options},
    step::{
        Apk, Apt, CA_SECRET, Cache, CacheDirectory, Cmd, Copy, Custom, CustomStep, Directory, Dnf,
        Download, Entrypoint, Env, Expose, File, Git, Healthcheck, Label, ModeText, Mount, Network,
        Reader, Remove, Repository, Run, Secret, Sharing, Source, Step, StepContext, StepError,
        StopSignal, Symlink, Tar, Use, User, Volume, When, Workdir,
    },
    survey::{Survey, SurveyError},
    template::{
        EitherText, Environment, Filled, MissingField, Script, Template, TemplateError, Text,
        TreeText, Variables,
    },
    texts::Texts,
    tree::Tree,
    variant::Variant,
    vertex_name::VertexName,
    whiteouts::Whiteouts,
    why::{Cause, Difference, Side, why},
    words::{did_you_mean, listed},
};
