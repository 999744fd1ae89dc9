//! `--build-context NAME=…`: what a user puts in the place of a base.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use buildkit_client::{BlobDigestError, ContentStore};
use catalog::{
    ContextPath, FileSet, ImageRef, NamedContext, Needs, RootfsTar, Template, Variables, Variant,
};

use frontend::files;

use crate::{
    inputs::{Directory, InputError},
    layout::{self, LayoutSource},
};

/// One `--build-context`: a name, and what to use for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildContext {
    /// The base that it replaces: an image reference, a stage's name, or an artifact.
    pub name: String,
    /// What replaces it.
    pub source: ContextSource,
}

/// What replaces a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextSource {
    /// An image: `docker-image://REF`.
    Image(ImageRef),
    /// An image of an OCI layout: `oci-layout://DIR[:TAG][@DIGEST]`.
    Layout(LayoutSource),
    /// A path: of a directory of input files, or of a root filesystem tar; then `{arch}`, `{os}` and `{platform}` in it
    /// are filled in per platform.
    Path(Template),
}

/// A `--build-context` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildContextError {
    /// Not `NAME=VALUE`.
    #[error(
        "`{given}` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar"
    )]
    Form {
        /// The text as given.
        given: String,
    },
    /// A scheme that is not supported.
    #[error("`{given}`: `{scheme}://` is not supported")]
    Scheme {
        /// The text as given.
        given: String,
        /// The scheme.
        scheme: String,
    },
    /// The image is no valid reference.
    #[error("`{given}` does not name an image")]
    Image {
        /// The text as given.
        given: String,
        /// What is wrong with it.
        #[source]
        source: buildkit_llb::ImageRefError,
    },
    /// The digest of an image in a layout is none.
    #[error("`{given}`: {error}")]
    Layout {
        /// The text as given.
        given: String,
        /// What is wrong with it. Where arguments are parsed, causes are not shown.
        error: BlobDigestError,
    },
    /// The path is no valid template.
    #[error("`{given}` does not name a file")]
    Path {
        /// The text as given.
        given: String,
        /// What is wrong with it.
        #[source]
        source: catalog::TemplateError,
    },
}

impl FromStr for BuildContext {
    type Err = BuildContextError;

    fn from_str(given: &str) -> Result<Self, BuildContextError> {
        let form = || BuildContextError::Form {
            given: given.to_owned(),
        };
        let (name, value) = given.split_once('=').ok_or_else(form)?;
        if name.is_empty() || value.is_empty() {
            return Err(form());
        }
        let source = match value.split_once("://") {
            Some(("docker-image", image)) => {
                ContextSource::Image(image.parse().map_err(|source| BuildContextError::Image {
                    given: given.to_owned(),
                    source,
                })?)
            }
            Some(("oci-layout", layout)) => {
                let layout: LayoutSource =
                    layout.parse().map_err(|error| BuildContextError::Layout {
                        given: given.to_owned(),
                        error,
                    })?;
                if layout.directory.as_os_str().is_empty() {
                    return Err(form());
                }
                ContextSource::Layout(layout)
            }
            Some((scheme, _)) => {
                return Err(BuildContextError::Scheme {
                    given: given.to_owned(),
                    scheme: scheme.to_owned(),
                });
            }
            None => {
                ContextSource::Path(value.parse().map_err(|source| BuildContextError::Path {
                    given: given.to_owned(),
                    source,
                })?)
            }
        };
        Ok(Self {
            name: name.to_owned(),
            source,
        })
    }
}

/// Why a root filesystem tar cannot stand in for a base.
#[derive(Debug, thiserror::Error)]
pub enum RootfsError {
    /// The path's template cannot be filled in.
    #[error("the build context `{context}` names no file for `{platform}`")]
    Template {
        /// The context's name.
        context: String,
        /// The platform.
        platform: String,
        /// Why.
        #[source]
        source: catalog::TemplateError,
    },
    /// The file cannot be opened.
    #[error("cannot open `{}`, the build context `{context}`", path.display())]
    Open {
        /// The context's name.
        context: String,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A directory, where a tar is expected.
    #[error("`{}`, the build context `{context}`, is a directory, and stands in for a file system with owners, modes and links; give a root filesystem tar", path.display())]
    Directory {
        /// The context's name.
        context: String,
        /// The path.
        path: PathBuf,
    },
    /// The file is no root filesystem tar.
    #[error("`{}`, the build context `{context}`, is not a root filesystem tar", path.display())]
    NotATar {
        /// The context's name.
        context: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: archive::RootfsError,
    },
    /// A compression that only some daemons can unpack.
    #[error("`{}`, the build context `{context}`, is compressed with xz, which a daemon without the program `xz` copies as it is; use gzip or zstd", path.display())]
    Xz {
        /// The context's name.
        context: String,
        /// The file.
        path: PathBuf,
    },
    /// The file's name cannot be sent to the daemon.
    #[error("the name of `{}` is not UTF-8", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
}

/// The contexts of a build, read: what the plan needs, and where the files are.
#[derive(Debug, Default)]
pub(crate) struct ReadContexts {
    pub(crate) named: BTreeMap<String, NamedContext>,
    /// The directories of the local sources.
    pub(crate) roots: BTreeMap<String, PathBuf>,
    /// What the daemon may read of OCI layouts, by id.
    pub(crate) stores: BTreeMap<String, ContentStore>,
}

/// Reads every context: tars are read whole, since a file that is no tar, or half of one, would silently be copied
/// as a file by BuildKit.
pub(crate) fn read(
    contexts: &[BuildContext],
    needs: &Needs,
    variants: &[Variant],
) -> Result<ReadContexts, InputError> {
    let mut read = ReadContexts::default();
    let platforms = variants
        .iter()
        .map(|variant| variant.platform.normalized())
        .collect();
    let mut checked: BTreeMap<PathBuf, archive::RootfsTar> = BTreeMap::new();
    for BuildContext { name, source } in contexts {
        let context = match source {
            ContextSource::Image(image) => NamedContext::Image(image.clone()),
            ContextSource::Layout(source) => {
                let layout = layout::read(name, source, &platforms)?;
                read.stores
                    .insert(layout.store.id().to_owned(), layout.store);
                NamedContext::Layout(layout.image)
            }
            ContextSource::Path(template) => {
                if let Some(paths) = needs.contexts.get(name.as_str()) {
                    let (root, files) = directory(name, template, paths)?;
                    read.roots.insert(name.clone(), root);
                    let directory = NamedContext::Directory(files);
                    read.named.insert(name.clone(), directory);
                    continue;
                }
                let mut tars = BTreeMap::new();
                for variant in variants {
                    if tars.contains_key(&variant.platform) {
                        continue;
                    }
                    let path = file_for(name, template, variant)?;
                    let tar = match checked.get(&path) {
                        Some(tar) => *tar,
                        None => check(name, &path)?,
                    };
                    let directory = path
                        .parent()
                        .filter(|parent| !parent.as_os_str().is_empty());
                    let directory = directory.unwrap_or(Path::new(".")).to_owned();
                    let tar_input = rootfs_tar(&path, &tar)?;
                    read.roots.insert(tar_input.local.clone(), directory);
                    tars.insert(variant.platform.clone(), tar_input);
                    checked.insert(path, tar);
                }
                NamedContext::Rootfs(tars)
            }
        };
        read.named.insert(name.clone(), context);
    }
    Ok(read)
}

/// A directory of input files, and those of them that steps declare.
fn directory(
    context: &str,
    template: &Template,
    paths: &BTreeSet<ContextPath>,
) -> Result<(PathBuf, BTreeMap<ContextPath, FileSet>), InputError> {
    let given = PathBuf::from(template.to_string());
    let open = |source| InputError::BuildContext {
        name: context.to_owned(),
        path: given.clone(),
        source,
    };
    let root = fs::canonicalize(&given).map_err(open)?;
    if !root.is_dir() {
        return Err(open(io::ErrorKind::NotADirectory.into()));
    }
    let files = paths
        .iter()
        .map(|path| Ok((path.clone(), files::read(&Directory(&root), path)?)))
        .collect::<Result<_, InputError>>()?;
    Ok((root, files))
}

fn file_for(context: &str, template: &Template, variant: &Variant) -> Result<PathBuf, RootfsError> {
    let mut variables: Variables = variant.variables();
    // The file depends on the platform alone, as it is read once per platform.
    variables.retain(|name, _| matches!(name.as_str(), "arch" | "os" | "platform" | "variant"));
    let path = template
        .expand(&variables)
        .map_err(|source| RootfsError::Template {
            context: context.to_owned(),
            platform: variant.platform.to_string(),
            source,
        })?;
    Ok(PathBuf::from(path))
}

fn check(context: &str, path: &Path) -> Result<archive::RootfsTar, RootfsError> {
    let open = |source| RootfsError::Open {
        context: context.to_owned(),
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(open)?;
    if file.metadata().map_err(open)?.is_dir() {
        return Err(RootfsError::Directory {
            context: context.to_owned(),
            path: path.to_owned(),
        });
    }
    let tar = archive::check_rootfs(file).map_err(|source| RootfsError::NotATar {
        context: context.to_owned(),
        path: path.to_owned(),
        source,
    })?;
    if tar.compression == archive::Compression::Xz {
        return Err(RootfsError::Xz {
            context: context.to_owned(),
            path: path.to_owned(),
        });
    }
    Ok(tar)
}

/// The local source is named by what it serves, so that neither the context's name nor the directory enters the graph.
fn rootfs_tar(path: &Path, tar: &archive::RootfsTar) -> Result<RootfsTar, RootfsError> {
    let file_name = path.file_name().and_then(|name| name.to_str());
    let file_name = file_name
        .ok_or_else(|| RootfsError::Name {
            path: path.to_owned(),
        })?
        .to_owned();
    let named = archive::Digest::of(format!("{} {file_name}", tar.sha256).as_bytes());
    Ok(RootfsTar {
        local: format!("rootfs-{}", &named.hex()[..12]),
        file_name,
        sha256: *tar.sha256.as_bytes(),
        size: tar.bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_read_as_buildx_spells_them() {
        let check = |given: &str, expected: Result<(&str, &str), &str>| {
            let read = given
                .parse::<BuildContext>()
                .map_err(|error| error.to_string())
                .map(|context| {
                    let source = match context.source {
                        ContextSource::Image(image) => image.to_string(),
                        ContextSource::Layout(layout) => format!(
                            "{} {} {}",
                            layout.directory.display(),
                            layout.tag.as_deref().unwrap_or("-"),
                            layout
                                .digest
                                .map_or("-".to_owned(), |digest| digest.to_string())
                        ),
                        ContextSource::Path(path) => path.to_string(),
                    };
                    (context.name, source)
                });
            let expected = expected
                .map(|(n, s)| (n.to_owned(), s.to_owned()))
                .map_err(str::to_owned);
            assert_eq!(read, expected, "{given}");
        };
        check(
            "ubuntu=docker-image://debian:12",
            Ok(("ubuntu", "docker.io/library/debian:12")),
        );
        let digest = format!("sha256:{}", "a".repeat(64));
        for (given, expected) in [
            ("a/b", "a/b - -".to_owned()),
            ("/a:1.3", "/a 1.3 -".to_owned()),
            (&format!("a@{digest}"), format!("a - {digest}")),
            (&format!("/a@b/c:t@{digest}"), format!("/a@b/c t {digest}")),
            ("/a:b/c", "/a:b/c - -".to_owned()),
            ("/x@y:1/c", "/x@y:1/c - -".to_owned()),
            ("a:.b", "a:.b - -".to_owned()),
            ("a{b", "a{b - -".to_owned()),
        ] {
            let expected = Ok(("ubuntu", expected.as_str()));
            check(&format!("ubuntu=oci-layout://{given}"), expected);
        }
        check(
            "ubuntu=oci-layout://a@sha256:abc",
            Err(
                "`ubuntu=oci-layout://a@sha256:abc`: `sha256:abc` is not a digest of the form `sha256:` and 64 lower-case hex digits",
            ),
        );
        check(
            "ubuntu=oci-layout://",
            Err(
                "`ubuntu=oci-layout://` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar",
            ),
        );
        check(
            "ubuntu=roots/{arch}.tar",
            Ok(("ubuntu", "roots/{arch}.tar")),
        );
        check(
            "ubuntu",
            Err(
                "`ubuntu` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar",
            ),
        );
        check(
            "=x.tar",
            Err(
                "`=x.tar` is not NAME=docker-image://REF, NAME=oci-layout://DIR, NAME=DIR or NAME=FILE.tar",
            ),
        );
        check(
            "ubuntu=target:x://y",
            Err("`ubuntu=target:x://y`: `target:x://` is not supported"),
        );
        check(
            "ubuntu=docker-image://UPPER",
            Err("`ubuntu=docker-image://UPPER` does not name an image"),
        );
        check("ubuntu=a{b", Err("`ubuntu=a{b` does not name a file"));
    }

    #[test]
    fn only_whole_tars_that_every_daemon_unpacks_are_taken() {
        let directory = tempfile::tempdir().unwrap();
        let tar = {
            let mut tar = tar::Builder::new(Vec::new());
            tar.append_dir("etc", directory.path()).unwrap();
            tar.into_inner().unwrap()
        };
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        std::io::Write::write_all(&mut xz, &tar).unwrap();
        let path = directory.path().join("rootfs");
        let check = |bytes: &[u8], expected: Result<u64, &str>| {
            std::fs::write(&path, bytes).unwrap();
            let checked = check("ubuntu", &path)
                .map(|tar| tar.bytes)
                .map_err(|error| error.to_string());
            let named =
                |text: &str| format!("`{}`, the build context `ubuntu`, {text}", path.display());
            assert_eq!(checked, expected.map_err(named));
        };
        check(&tar, Ok(tar.len() as u64));
        check(&tar[..tar.len() - 512], Err("is not a root filesystem tar"));
        check(b"no tar", Err("is not a root filesystem tar"));
        check(
            &xz.finish().unwrap(),
            Err(
                "is compressed with xz, which a daemon without the program `xz` copies as it is; use gzip or zstd",
            ),
        );
    }
}
