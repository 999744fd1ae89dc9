//! The reasons why a graph cannot be marshalled.

/// A graph that cannot be marshalled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("vertex `{vertex}` cannot be marshalled")]
pub struct MarshalError {
    /// The vertex: its custom name, or its operation.
    pub vertex: String,
    /// The problem.
    #[source]
    pub reason: OpError,
}

/// The problem of a vertex. The types of this crate rule out most mistakes; these are left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpError {
    /// The op needs a platform, and neither the vertex, the state nor the marshal call has one.
    #[error("it needs a platform, and none is given")]
    NoPlatform,
    /// A local source has neither an id nor a session, and the marshal call has no id either.
    #[error("local source `{name}` needs a unique id, and none is given")]
    NoLocalUniqueId {
        /// The name of the source.
        name: String,
    },
    /// A local source has an empty name.
    #[error("a local source needs a name")]
    EmptyLocalName,
    /// A source has an empty identifier.
    #[error("a source needs an identifier")]
    EmptySourceIdentifier,
    /// A download's address is not one of http or https.
    #[error("`{url}` is not an http or https address")]
    NotHttp {
        /// The address.
        url: String,
    },
    /// A repository is used over ssh, and the keys of its host are not given.
    #[error("`{url}` is reached over ssh, and its host's keys are not given")]
    NoKnownSshHosts {
        /// The address.
        url: String,
    },
    /// A bundle is read, and no commit of it is named.
    #[error("the bundle for `{url}` needs a checksum")]
    BundleWithoutChecksum {
        /// The address.
        url: String,
    },
    /// A bundle is made of a part of a repository, or together with its `.git`.
    #[error("a bundle of `{url}` holds all of it: neither a directory nor `.git` can be asked for")]
    BundleOfPart {
        /// The address.
        url: String,
    },
    /// The reference into an OCI layout has one part only, or neither digest nor tag.
    #[error("`{reference}` is not a reference into an OCI layout such as `example/app@sha256:…`")]
    OciReference {
        /// The reference.
        reference: String,
    },
    /// A blob's repository is malformed, or has a tag or a digest of its own.
    #[error("`{repository}` is not a repository without tag and digest")]
    BlobRepository {
        /// The repository.
        repository: String,
    },
    /// An exec has no arguments.
    #[error("it has no arguments")]
    NoArguments,
    /// A read-only root with nothing in it, which the daemon refuses.
    #[error("its root is read-only and scratch")]
    ReadonlyScratchRoot,
    /// A cache mount has an empty id, which would make it an ordinary mount.
    #[error("the cache mount at `{target}` has an empty id")]
    EmptyCacheId {
        /// The path of the mount.
        target: String,
    },
    /// The name of an environment variable is empty or has a `=`.
    #[error("`{name}` cannot be the name of an environment variable")]
    EnvName {
        /// The name.
        name: String,
    },
    /// A file op has no action.
    #[error("it has no file action")]
    NoFileAction,
    /// A nested build starts from scratch, where no definition can be.
    #[error("it builds the definition in scratch, where none can be")]
    NoDefinition,
    /// A passthrough has an empty id.
    #[error("it is a passthrough with an empty id")]
    EmptyPassthroughId,
    /// A passthrough passes on only scratch, which cannot depend on anything.
    #[error("it hands on nothing but scratch, which cannot wait for anything")]
    NoPassthroughOutput,
    /// An output is used of a mount that has none.
    #[error("the mount at `{target}` has no output")]
    NoMountOutput {
        /// The path of the mount.
        target: String,
    },
}
