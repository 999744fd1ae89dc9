//! The options of a frontend, as buildx and buildctl send them.

mod known;

use std::{collections::BTreeMap, str::FromStr};

use buildkit_client::CacheImport;
use catalog::{
    ContentDigest, ImageRef, PROXY_VARIABLES, Platform, ProxyEnv, did_you_mean, nearest, proxies,
};

use self::known::{SETTINGS, UNSUPPORTED, refuse_misspelt};

/// What a user asked the frontend for.
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
    /// `--build-context NAME=…`.
    pub(crate) contexts: BTreeMap<String, Context>,
    /// `--label`.
    pub(crate) labels: BTreeMap<String, String>,
    /// `--no-cache`.
    pub(crate) no_cache: bool,
    /// Whether even one platform gets an index.
    pub(crate) is_index: bool,
    /// `--cache-from`.
    pub(crate) cache_imports: Vec<CacheImport>,
    /// `--call`: what is asked, instead of a build.
    pub(crate) question: Option<String>,
    /// The sessions that serve local sources, by the names of these, where they are not the build's own: buildx has one
    /// for what several targets read.
    pub(crate) sessions: BTreeMap<String, String>,
    /// The local source of the context.
    pub(crate) context: String,
    /// The local source of the directory that `-f` is in.
    pub(crate) file_context: String,
}

/// What a `--build-context` gives.
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
}

/// An option that the frontend cannot do anything with.
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
    /// A build context that is not in a directory or an image.
    #[error(
        "the build context `{name}` is `{value}`; give a directory, docker-image://REF or oci-layout://DIR"
    )]
    Context {
        /// Its name.
        name: String,
        /// What was given.
        value: String,
    },
    /// The context itself is elsewhere.
    #[error("the context is `{value}`; give a directory on your machine, `.` for example")]
    Remote {
        /// What was given.
        value: String,
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
    /// An option that nobody knows, and that is like one.
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
    /// Reads them. What is like nothing that is known is left alone: clients add names of their own.
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
            ..Self::default()
        };
        for (name, value) in &given {
            options.add(name, value)?;
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
            Some(("label", key)) => {
                drop(self.labels.insert(key.to_owned(), value.to_owned()));
            }
            Some(("context", key)) => {
                drop(self.contexts.insert(key.to_owned(), context(key, value)?));
            }
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
            "context" => {
                let value = value.to_owned();
                return Err(OptionError::Remote { value });
            }
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        if name == "BUILDKIT_MULTI_PLATFORM" {
            self.is_index = is_true(value);
        }
        // The daemon itself clamps times in what it exports.
        if SETTINGS.contains(&name) || name == "SOURCE_DATE_EPOCH" {
            return Ok(());
        }
        if PROXY_VARIABLES.contains(&name.to_uppercase().as_str()) {
            return Ok(());
        }
        if name.starts_with("BUILDKIT_") {
            let nearest = nearest(name, SETTINGS).map(str::to_owned);
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
    let local = given.strip_prefix("local:").ok_or_else(refused)?;
    Ok(Context::Local(local.to_owned()))
}

fn imports(json: &str) -> Result<Vec<CacheImport>, OptionError> {
    serde_json::from_str(json).map_err(|error| OptionError::Value {
        value: json.to_owned(),
        what: "list of caches",
        reason: error.to_string(),
    })
}

/// What clients sent before there were other caches than those in registries.
fn registries(list: &str) -> impl Iterator<Item = CacheImport> {
    list.split(',').map(|reference| CacheImport {
        kind: "registry".to_owned(),
        attrs: [("ref".to_owned(), reference.to_owned())].into(),
    })
}

#[cfg(test)]
mod tests;
