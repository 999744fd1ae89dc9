//! The options of a frontend, as buildx and buildctl send them.

mod known;

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use buildkit_client::CacheImport;
use catalog::{
    CacheNamespace, ContentDigest, ImageRef, Mirror, MirrorError, Mirrors, PROXY_VARIABLES,
    Platform, ProxyEnv, did_you_mean, nearest, proxies,
};

use self::known::{MIRROR, OWN, SETTINGS, UNSUPPORTED, refuse_misspelt};
use crate::remote::{Remote, RemoteError};

/// The options of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// `--target`: the artifact.
    pub(crate) target: Option<String>,
    /// `-f`, without its directory: the catalog's file, or a Dockerfile that stands for an artifact.
    pub(crate) file: Option<String>,
    /// `--platform`; that of the daemon when there is none.
    pub(crate) platforms: Vec<Platform>,
    /// `--build-arg OPTION=VALUE`.
    pub(crate) set: Vec<(String, String)>,
    /// Proxies, which are build arguments, too.
    pub(crate) proxy: Option<ProxyEnv>,
    /// The mirrors of downloads.
    pub(crate) mirrors: Mirrors,
    /// `--build-context NAME=…`.
    pub(crate) contexts: BTreeMap<String, Given>,
    /// The metadata that clients give with graphs, by the names of these: JSON.
    pub(crate) input_metadata: BTreeMap<String, String>,
    /// The context, when the daemon fetches it.
    pub(crate) remote: Option<Remote>,
    /// The directory of a context that the client does not send itself.
    pub(crate) subdir: Option<String>,
    /// `--attest`, by type: how the client has its image attested.
    pub(crate) attested: BTreeSet<String>,
    /// `--label`.
    pub(crate) labels: BTreeMap<String, String>,
    /// `--no-cache`.
    pub(crate) no_cache: bool,
    /// `BUILDKIT_CACHE_MOUNT_NS`: the prefix of the ids of cache mounts.
    pub(crate) cache_namespace: Option<CacheNamespace>,
    /// `SOURCE_DATE_EPOCH`: no time in a packed tar is later. The daemon itself clamps times in what it exports.
    pub(crate) epoch: Option<i64>,
    /// Whether even one platform gets an index.
    pub(crate) is_index: bool,
    /// `--cache-from`.
    pub(crate) cache_imports: Vec<CacheImport>,
    /// `--call`: the question, instead of a build.
    pub(crate) question: Option<String>,
    /// The sessions that serve local sources, by the sources' names, when they are not the session of the build: buildx
    /// has one session for files that several targets read.
    pub(crate) sessions: BTreeMap<String, String>,
    /// The local source of the context.
    pub(crate) context: String,
    /// The local source of the directory that `-f` is in.
    pub(crate) file_context: String,
    /// Whether that directory is the client's, wherever the context is.
    pub(crate) sends_file: bool,
}

/// The value of a build context: for all platforms, or for single ones (`context:NAME::PLATFORM`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) all: Option<Context>,
    pub(crate) platforms: BTreeMap<Platform, Context>,
}

impl Given {
    /// Refuses other values than graphs of the client: only these can be for one platform, and then all must be.
    fn refuse_other_than_inputs(&self, name: &str) -> Result<(), OptionError> {
        let mut all = self.platforms.values().chain(&self.all);
        let is_input = |context: &Context| matches!(context, Context::Input(_));
        if self.platforms.is_empty() || all.all(is_input) {
            return Ok(());
        }
        let name = name.to_owned();
        Err(OptionError::ForOnePlatform { name })
    }
}

/// One value of a `--build-context`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Context {
    /// `docker-image://…`
    Image(ImageRef),
    /// `oci-layout://…`: an image of an OCI layout that the client serves under the id of a store.
    Layout {
        /// The store's id.
        store: String,
        /// The digest of the image.
        digest: ContentDigest,
    },
    /// A directory, sent under this name.
    Local(String),
    /// A git repository, or a tar.
    Remote(Remote),
    /// `input:…`: a graph that the client gives under this name, such as the result of another target of a bake.
    Input(String),
}

/// An option that the frontend cannot use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// An option that is for Dockerfiles.
    #[error("{flag} is for Dockerfiles, and does nothing here; leave it out{hint}")]
    Unsupported {
        /// As people write it.
        flag: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// A build context of no known kind.
    #[error(
        "the build context `{name}` is `{value}`; give a directory, docker-image://REF, oci-layout://DIR, a git repository (https://HOST/NAME.git#REF) or the address of a tar"
    )]
    Context {
        /// Its name.
        name: String,
        /// What was given.
        value: String,
    },
    /// A context of no known kind.
    #[error(
        "the context is `{value}`; give a directory, a git repository (https://HOST/NAME.git#REF), the address of a tar, or `-` for a tar on stdin"
    )]
    NoContext {
        /// What was given.
        value: String,
    },
    /// A context that cannot be fetched from its address.
    #[error("{what} cannot be fetched")]
    Remote {
        /// The context, in a phrase. Its address may hold a password.
        what: String,
        /// Why.
        #[source]
        source: RemoteError,
    },
    /// A context for one platform that is not a graph of the client.
    #[error(
        "the build context `{name}` is for one platform, which only another target of a bake can be"
    )]
    ForOnePlatform {
        /// Its name.
        name: String,
    },
    /// A value that cannot be read.
    #[error("`{value}` is no {what}: {reason}")]
    Value {
        /// What was given.
        value: String,
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Mirrors that cannot be read. What was given may have a password in it.
    #[error("the build argument `{MIRROR}` cannot be used")]
    Mirror {
        /// Why.
        #[source]
        source: MirrorError,
    },
    /// An unknown option that is like a known one.
    #[error("there is no option `{name}`; did you mean `{nearest}`?")]
    Misspelt {
        /// The name.
        name: String,
        /// The one most like it.
        nearest: String,
    },
    /// A setting of BuildKit's own that does not exist.
    #[error("there is no build argument `{name}`{}", did_you_mean(nearest.as_deref()))]
    Unknown {
        /// The name.
        name: String,
        /// The one most like it.
        nearest: Option<String>,
    },
}

/// The file name that buildx sends when there is no `-f`.
pub(crate) const DOCKERFILE: &str = "Dockerfile";

impl Options {
    /// Reads the options. A name that is like no known one is left alone: clients add names of their own.
    pub(crate) fn read(
        given: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, OptionError> {
        let given: BTreeMap<String, String> = given.into_iter().collect();
        let local = |key: &str, usual: &str| given.get(key).cloned().unwrap_or(usual.to_owned());
        let argument = |name: &str| given.get(&format!("build-arg:{name}")).cloned();
        let mut options = Self {
            proxy: proxies(argument),
            context: local("contextkey", "context"),
            file_context: local("dockerfilekey", "dockerfile"),
            sends_file: given.contains_key("dockerfilekey"),
            ..Self::default()
        };
        if let Some(value) = given.get(&options.context) {
            options.remote = Some(main_context(value)?);
        }
        for (name, value) in &given {
            options.add(name, value)?;
        }
        for (name, given) in &options.contexts {
            given.refuse_other_than_inputs(name)?;
        }
        let keep = argument("BUILDKIT_CONTEXT_KEEP_GIT_DIR");
        if keep.is_some_and(|value| is_true(&value)) {
            options.remote = options.remote.map(Remote::keeping_git_dir);
        }
        Ok(options)
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        if let Some((_, flag, hint)) = UNSUPPORTED.iter().find(|(key, _, _)| *key == name) {
            return Err(OptionError::Unsupported { flag, hint });
        }
        refuse_misspelt(name)?;
        match name.split_once(':') {
            Some(("build-arg", argument)) => return self.set(argument, value),
            Some(("local-sessionid", key)) => {
                drop(self.sessions.insert(key.to_owned(), value.to_owned()));
            }
            Some(("attest", kind)) => drop(self.attested.insert(kind.to_owned())),
            Some(("label", key)) => {
                drop(self.labels.insert(key.to_owned(), value.to_owned()));
            }
            Some(("input-metadata", key)) => {
                drop(self.input_metadata.insert(key.to_owned(), value.to_owned()));
            }
            Some(("context", key)) => self.give(key, context(key, value)?),
            _ => {}
        }
        match name {
            "target" => self.target = Some(value.to_owned()),
            "filename" if value != DOCKERFILE => self.file = Some(value.to_owned()),
            "platform" => self.platforms = platforms(value)?,
            "no-cache" if value.is_empty() => self.no_cache = true,
            "no-cache" => {
                return Err(OptionError::Unsupported {
                    flag: "--no-cache-filter",
                    hint: "; --no-cache builds everything again",
                });
            }
            "multi-platform" => self.is_index = is_true(value),
            "cache-imports" => self.cache_imports.extend(imports(value)?),
            "cache-from" => self.cache_imports.extend(registries(value)),
            "requestid" => self.question = Some(value.to_owned()),
            "contextsubdir" => self.subdir = Some(value.to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn give(&mut self, key: &str, context: Context) {
        let for_one = key.rsplit_once("::");
        let for_one = for_one.and_then(|(name, platform)| Some((name, platform.parse().ok()?)));
        let Some((name, platform)) = for_one else {
            self.contexts.entry(key.to_owned()).or_default().all = Some(context);
            return;
        };
        let platform: Platform = platform;
        let given = self.contexts.entry(name.to_owned()).or_default();
        given.platforms.insert(platform.normalized(), context);
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        if name == "BUILDKIT_MULTI_PLATFORM" {
            self.is_index = is_true(value);
        }
        // Clients pass on variables of their environment, which may be empty.
        if name == "SOURCE_DATE_EPOCH" && value.is_empty() {
            return Ok(());
        }
        if name == "BUILDKIT_CACHE_MOUNT_NS" {
            let namespace = self::value(value, "namespace of caches")?;
            self.cache_namespace = Some(namespace);
        }
        if name == "SOURCE_DATE_EPOCH" {
            self.epoch = Some(self::value(value, "number of seconds since 1970")?);
            return Ok(());
        }
        if name == MIRROR {
            self.mirrors = mirrors(value)?;
            return Ok(());
        }
        if SETTINGS.contains(&name) {
            return Ok(());
        }
        if PROXY_VARIABLES.contains(&name.to_uppercase().as_str()) {
            return Ok(());
        }
        if name.starts_with("BUILDKIT_") || name.starts_with(OWN) {
            let names = SETTINGS.into_iter().chain([MIRROR]);
            let nearest = nearest(name, names).map(str::to_owned);
            let name = name.to_owned();
            return Err(OptionError::Unknown { name, nearest });
        }
        self.set.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn value<T: FromStr>(value: &str, what: &'static str) -> Result<T, OptionError>
where
    T::Err: ToString,
{
    value.parse().map_err(|error: T::Err| OptionError::Value {
        value: value.to_owned(),
        what,
        reason: error.to_string(),
    })
}

/// Mirrors with blanks between them, since a build argument is given once.
fn mirrors(list: &str) -> Result<Mirrors, OptionError> {
    let mirrors = list.split_whitespace().map(str::parse);
    let mirrors = mirrors.collect::<Result<Vec<Mirror>, MirrorError>>();
    let mirrors = mirrors.and_then(Mirrors::try_new);
    mirrors.map_err(|source| OptionError::Mirror { source })
}

fn platforms(list: &str) -> Result<Vec<Platform>, OptionError> {
    let platform = |text| Ok(value::<Platform>(text, "platform")?.normalized());
    list.split(',').map(platform).collect()
}

fn context(name: &str, given: &str) -> Result<Context, OptionError> {
    let refused = || OptionError::Context {
        name: name.to_owned(),
        value: given.to_owned(),
    };
    if let Some(image) = given.strip_prefix("docker-image://") {
        return Ok(Context::Image(value(image, "image reference")?));
    }
    if let Some(image) = given.strip_prefix("oci-layout://") {
        let (store, digest) = image.split_once('@').ok_or_else(refused)?;
        let store = store.split_once(':').map_or(store, |(store, _)| store);
        return Ok(Context::Layout {
            store: store.to_owned(),
            digest: value(digest, "digest")?,
        });
    }
    if let Some(input) = given.strip_prefix("input:") {
        return Ok(Context::Input(input.to_owned()));
    }
    if let Some(local) = given.strip_prefix("local:") {
        return Ok(Context::Local(local.to_owned()));
    }
    match Remote::read(given) {
        None => Err(refused()),
        Some(remote) => Ok(Context::Remote(remote.map_err(|source| {
            let what = format!("the build context `{name}`");
            OptionError::Remote { what, source }
        })?)),
    }
}

fn main_context(given: &str) -> Result<Remote, OptionError> {
    let refused = || OptionError::NoContext {
        value: given.to_owned(),
    };
    let remote = Remote::read(given).ok_or_else(refused)?;
    remote.map_err(|source| {
        let what = "the context".to_owned();
        OptionError::Remote { what, source }
    })
}

fn imports(json: &str) -> Result<Vec<CacheImport>, OptionError> {
    serde_json::from_str(json).map_err(|error| OptionError::Value {
        value: json.to_owned(),
        what: "list of caches",
        reason: error.to_string(),
    })
}

/// The caches that clients named before there were other caches than those in registries.
fn registries(list: &str) -> impl Iterator<Item = CacheImport> {
    list.split(',').map(|reference| CacheImport {
        kind: "registry".to_owned(),
        attrs: [("ref".to_owned(), reference.to_owned())].into(),
    })
}

#[cfg(test)]
mod tests;
