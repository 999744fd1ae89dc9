//! Root filesystem tars in the place of a base.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use catalog::{NamedContext, RootfsTar, Template, Variables, Variant};

use crate::regular_file::{self, Links};

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
    /// The file's name cannot be sent to the daemon.
    #[error("the name of `{}` is not UTF-8", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
}

impl RootfsError {
    /// Whether the tar is not there.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Tars that were read whole, each once.
#[derive(Debug, Default)]
pub(super) struct Tars(BTreeMap<PathBuf, archive::RootfsTar>);

impl Tars {
    /// The tar of every platform, and the directories that their local sources serve.
    pub(super) fn read(
        &mut self,
        context: &str,
        template: &Template,
        variants: &[Variant],
    ) -> Result<(NamedContext, BTreeMap<String, PathBuf>), RootfsError> {
        let (mut tars, mut roots) = (BTreeMap::new(), BTreeMap::new());
        for variant in variants {
            if tars.contains_key(&variant.platform) {
                continue;
            }
            let path = file_for(context, template, variant)?;
            let checked = match self.0.get(&path) {
                Some(tar) => *tar,
                None => check(context, &path)?,
            };
            let tar = rootfs_tar(&path, &checked)?;
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let directory = directory.unwrap_or(Path::new(".")).to_owned();
            roots.insert(tar.local.clone(), directory);
            tars.insert(variant.platform.clone(), tar);
            self.0.insert(path, checked);
        }
        Ok((NamedContext::Rootfs(tars), roots))
    }
}

fn file_for(context: &str, template: &Template, variant: &Variant) -> Result<PathBuf, RootfsError> {
    // The file depends on the platform alone, as it is read once per platform.
    let names = ["arch", "os", "platform", "variant"];
    let variables = variant.variables();
    let values = names.map(|name| {
        let value = variables.get(name).unwrap_or_default();
        (name.to_owned(), value.to_owned())
    });
    let variables = Variables::from(values);
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
    let file = regular_file::open(path, Links::Follow).map_err(open)?;
    archive::check_rootfs(file).map_err(|source| RootfsError::NotATar {
        context: context.to_owned(),
        path: path.to_owned(),
        source,
    })
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
    fn only_whole_tars_are_taken_in_every_compression() {
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
        let xz = xz.finish().unwrap();
        check(&xz, Ok(xz.len() as u64));
    }
}
