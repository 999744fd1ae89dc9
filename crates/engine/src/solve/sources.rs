//! Local directories and OCI layouts that a solve reads from the disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use buildkit_client::{DeclaredFiles, Expected, LocalDir, RelPath, RelPathError, Solve};
use catalog::{ContextPath, FileContent, InputFile, LocalContent, LocalSource, Plan};

use super::bundles;
use crate::build::{BuildOptions, FailureReason};

/// The solve with all that the graphs of `plans` read from the disk.
pub(crate) fn with_sources(
    solve: Solve,
    plans: &[Plan],
    options: &BuildOptions,
) -> Result<Solve, FailureReason> {
    let locals = plans.iter().flat_map(|plan| &plan.locals);
    let solve = local_dirs(locals, &options.sent.local.roots)?
        .into_iter()
        .fold(solve, Solve::with_local);
    let ids: BTreeSet<&String> = plans.iter().flat_map(|plan| &plan.stores).collect();
    ids.into_iter().try_fold(solve, |solve, id| {
        let store = options.sent.local.stores.get(id);
        let store = store.ok_or_else(|| FailureReason::NoStore { id: id.clone() })?;
        Ok(solve.with_content(store.clone()))
    })
}

/// The directories that the daemon may read, one a name: the sources of several steps are one directory.
fn local_dirs<'a>(
    locals: impl IntoIterator<Item = &'a LocalSource>,
    roots: &BTreeMap<String, PathBuf>,
) -> Result<Vec<LocalDir>, FailureReason> {
    let root = |name: &str| {
        let root = roots.get(name).ok_or_else(|| FailureReason::NoRoot {
            name: name.to_owned(),
        });
        root.cloned()
    };
    let mut declared: BTreeMap<&str, BTreeMap<RelPath, Expected>> = BTreeMap::new();
    let mut bundled: BTreeMap<&str, LocalDir> = BTreeMap::new();
    for LocalSource {
        name,
        content,
        bundles,
    } in locals
    {
        if let (LocalContent::Files(set), Some(source)) = (content, bundles) {
            if !bundled.contains_key(&*source.name) {
                let files = bundles::made(set, &source.below)?;
                let dir = LocalDir::new(&*source.name, root(name)?, files);
                bundled.insert(&source.name, dir);
            }
            continue;
        }
        let files = declared.entry(name).or_default();
        match content {
            LocalContent::Files(set) => {
                for (path, file) in set {
                    files.insert(relative(path)?, expected(file));
                }
            }
            LocalContent::Rootfs(tar) => {
                let expected = Expected::File {
                    sha256: tar.sha256,
                    size: tar.size,
                    mode: 0o644,
                };
                files.insert(tar.file_name.parse()?, expected);
            }
        }
    }
    let dir = |(name, files): (&str, _)| {
        let files = DeclaredFiles::Exact(files);
        Ok(LocalDir::new(name, root(name)?, files))
    };
    let plain = declared.into_iter().map(dir);
    plain.chain(bundled.into_values().map(Ok)).collect()
}

fn relative(path: &ContextPath) -> Result<RelPath, RelPathError> {
    path.as_str().parse()
}

fn expected(file: &InputFile) -> Expected {
    match &file.content {
        FileContent::Symlink(target) => Expected::Symlink {
            target: target.clone().into_bytes(),
        },
        FileContent::Hashed { sha256, size } => Expected::File {
            sha256: *sha256,
            size: *size,
            mode: file.mode(),
        },
        FileContent::Text(text) => Expected::File {
            sha256: file.sha256(),
            size: text.len() as u64,
            mode: file.mode(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_source_without_a_directory_is_refused() {
        let locals = [LocalSource {
            name: "context".to_owned(),
            content: LocalContent::Files(catalog::FileSet::new()),
            bundles: None,
        }];
        let check = |roots: &[(&str, &str)], expected: Result<usize, &str>| {
            let roots = roots
                .iter()
                .map(|(name, root)| ((*name).to_owned(), PathBuf::from(root)))
                .collect();
            let dirs = local_dirs(&locals, &roots).map(|dirs| dirs.len());
            let expected = expected.map_err(str::to_owned);
            assert_eq!(dirs.map_err(|error| error.to_string()), expected);
        };
        check(&[("context", "/c")], Ok(1));
        check(
            &[("other", "/c")],
            Err("there is no directory for the local source `context`"),
        );
    }
}
