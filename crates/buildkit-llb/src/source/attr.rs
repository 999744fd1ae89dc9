//! The keys of source and build attributes, as `solver/pb/attr.go` spells them.

pub(crate) const GIT_KEEP_DIR: &str = "git.keepgitdir";
pub(crate) const GIT_FULL_URL: &str = "git.fullurl";
pub(crate) const GIT_AUTH_HEADER_SECRET: &str = "git.authheadersecret";
pub(crate) const GIT_AUTH_TOKEN_SECRET: &str = "git.authtokensecret";
pub(crate) const GIT_KNOWN_SSH_HOSTS: &str = "git.knownsshhosts";
pub(crate) const GIT_MOUNT_SSH_SOCK: &str = "git.mountsshsock";
pub(crate) const GIT_CHECKSUM: &str = "git.checksum";
pub(crate) const GIT_SKIP_SUBMODULES: &str = "git.skipsubmodules";
pub(crate) const GIT_MTIME: &str = "git.mtime";
pub(crate) const GIT_FETCH_BY_COMMIT: &str = "git.fetchbycommit";
pub(crate) const GIT_BUNDLE: &str = "git.bundle";
pub(crate) const GIT_CHECKOUT_BUNDLE: &str = "git.checkoutbundle";

/// The prefix of the keys of request headers.
pub(crate) const HTTP_HEADER_PREFIX: &str = "http.header.";

pub(crate) const LOCAL_SESSION_ID: &str = "local.session";
pub(crate) const LOCAL_UNIQUE_ID: &str = "local.unique";
pub(crate) const LOCAL_INCLUDE_PATTERNS: &str = "local.includepattern";
pub(crate) const LOCAL_FOLLOW_PATHS: &str = "local.followpaths";
pub(crate) const LOCAL_EXCLUDE_PATTERNS: &str = "local.excludepatterns";
pub(crate) const LOCAL_SHARED_KEY_HINT: &str = "local.sharedkeyhint";
pub(crate) const LOCAL_METADATA_TRANSFER: &str = "local.metadatatransfer";
pub(crate) const LOCAL_METADATA_TRANSFER_EXCLUDE: &str = "local.metadatatransferexclude";
pub(crate) const LOCAL_DIFFER: &str = "local.differ";

pub(crate) const HTTP_CHECKSUM: &str = "http.checksum";
pub(crate) const HTTP_FILENAME: &str = "http.filename";
pub(crate) const HTTP_PERM: &str = "http.perm";
pub(crate) const HTTP_UID: &str = "http.uid";
pub(crate) const HTTP_GID: &str = "http.gid";
pub(crate) const HTTP_AUTH_HEADER_SECRET: &str = "http.authheadersecret";
pub(crate) const HTTP_HEADER_ACCEPT: &str = "http.header.accept";
pub(crate) const HTTP_HEADER_USER_AGENT: &str = "http.header.user-agent";
pub(crate) const HTTP_SIGNATURE_PUBLIC_KEY: &str = "http.sig.pubkey";
pub(crate) const HTTP_SIGNATURE: &str = "http.sig.signature";

pub(crate) const IMAGE_RESOLVE_MODE: &str = "image.resolvemode";
pub(crate) const IMAGE_RECORD_TYPE: &str = "image.recordtype";
pub(crate) const IMAGE_LAYER_LIMIT: &str = "image.layerlimit";
pub(crate) const IMAGE_CHECKSUM: &str = "image.checksum";

pub(crate) const OCI_SESSION_ID: &str = "oci.session";
pub(crate) const OCI_STORE_ID: &str = "oci.store";
pub(crate) const OCI_LAYER_LIMIT: &str = "oci.layerlimit";

pub(crate) const LLB_DEFINITION_FILENAME: &str = "llbbuild.filename";
