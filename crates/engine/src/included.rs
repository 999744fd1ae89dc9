//! The files that a catalog file includes: what its globs stand for in a context, wherever that is.

use std::{collections::BTreeMap, path::Path};

use catalog::{CatalogFile, ContextPath, FileError, Include};

use crate::{
    causes::in_a_line,
    directory::Directory,
    files::{self, InputDirectory, PathKind},
};

/// The files that the globs stand for, in order, each with the first of the globs.
///
/// # Errors
/// When a glob stands for no file, or for one that is not the context's own: the content of a link out of it is not
/// meant for this catalog, and an error would quote it.
pub fn paths<'a>(
    directory: &impl InputDirectory,
    includes: &'a [Include],
) -> Result<BTreeMap<ContextPath, &'a Include>, FileError> {
    let mut found = BTreeMap::new();
    for include in includes {
        let files = files::read(directory, &include.glob().clone().into());
        let files = files.map_err(|error| include.wrong(in_a_line(&error)))?;
        for path in files.keys() {
            refuse_link(directory, path, include)?;
            found.entry(path.clone()).or_insert(include);
        }
    }
    Ok(found)
}

fn refuse_link(
    directory: &impl InputDirectory,
    path: &ContextPath,
    include: &Include,
) -> Result<(), FileError> {
    match directory.kind(Path::new(path.as_str())) {
        Ok(PathKind::Symlink) => {
            let error = "is a symbolic link; include what it points to";
            Err(include.wrong(format!("`{path}` {error}")))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(include.wrong(format!("cannot read `{path}`: {error}"))),
    }
}

/// The text of an included file.
pub fn text(path: &ContextPath, include: &Include, bytes: Vec<u8>) -> Result<String, FileError> {
    String::from_utf8(bytes).map_err(|_| include.wrong(format!("`{path}` is not UTF-8 text")))
}

/// The catalog of a file, by its name and text, and of the files that it includes. A glob may stand for the file itself,
/// too, which is read once.
pub fn catalog(
    (name, root): (&str, &str),
    included: &BTreeMap<ContextPath, String>,
) -> Result<CatalogFile, FileError> {
    let included = included.iter();
    let others = included.filter(|(_, text)| text.as_str() != root);
    let others = others.map(|(path, text)| (path.as_str(), text.as_str()));
    let files: Vec<(&str, &str)> = [(name, root)].into_iter().chain(others).collect();
    CatalogFile::parse_all(&files)
}

/// The catalog of a file, by its name and text, and of the files that it includes from a directory of this machine.
pub fn from_disk(context: &Path, root: (&str, &str)) -> Result<CatalogFile, FileError> {
    let includes = CatalogFile::includes(root.0, root.1)?;
    let Some(first) = includes.first() else {
        return CatalogFile::parse(root.0, root.1);
    };
    let directory = Directory::open(context).map_err(|error| first.wrong(error))?;
    let mut texts = BTreeMap::new();
    for (path, include) in paths(&directory, &includes)? {
        let bytes = directory.read(Path::new(path.as_str()));
        let bytes =
            bytes.map_err(|error| include.wrong(format!("cannot read `{path}`: {error}")))?;
        let text = text(&path, include, bytes)?;
        texts.insert(path, text);
    }
    catalog(root, &texts)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink, path::Path};

    use catalog::Catalog;

    use super::from_disk;

    fn write(context: &Path, name: &str, text: &[u8]) {
        let path = context.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A file with one artifact.
    fn declares(name: &str) -> String {
        format!(
            "[artifact.{name}]\nkind = \"rootfs\"\nbase = \"debian:12\"\noutput = \"{name}-{{arch}}.tar\"\n"
        )
    }

    /// The artifacts of a context whose root file includes this, or the error.
    fn artifacts(context: &Path, include: &str) -> Result<Vec<String>, String> {
        let root = format!("include = {include}\n{}", declares("root"));
        write(context, "llbgen.toml", root.as_bytes());
        let file = from_disk(context, ("llbgen.toml", &root)).map_err(|error| error.to_string())?;
        let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
        let names = catalog
            .artifacts()
            .map(|artifact| artifact.name().to_string());
        Ok(names.collect())
    }

    #[test]
    fn globs_stand_for_files_of_the_context() {
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "secret.toml", b"password");
        let context = tempfile::tempdir().unwrap();
        let context = context.path();
        for name in ["b", "a", "deep/c"] {
            let artifact = name.rsplit('/').next().unwrap();
            write(
                context,
                &format!("fleet/{name}.toml"),
                declares(artifact).as_bytes(),
            );
        }
        write(context, "fleet/notes.md", b"no catalog");
        write(context, "odd/latin.toml", b"# \xe9\n");
        symlink(outside.path(), context.join("away")).unwrap();
        symlink(
            outside.path().join("secret.toml"),
            context.join("odd/out.toml"),
        )
        .unwrap();
        symlink("../fleet/a.toml", context.join("odd/in.toml")).unwrap();

        let check = |include: &str, expected: &[&str]| {
            assert_eq!(artifacts(context, include).unwrap(), expected, "{include}");
        };
        check("[]", &["root"]);
        check("\"fleet/*.toml\"", &["root", "a", "b"]);
        check(
            "[\"fleet/**/*.toml\", \"fleet/a.toml\"]",
            &["root", "a", "b", "c"],
        );
        // The root file is one of them, and read once.
        check("[\"*.toml\", \"fleet/b.toml\"]", &["root", "b"]);

        let fails = |include: &str, expected: &str| {
            let error = artifacts(context, include).unwrap_err();
            assert!(error.contains(expected), "{include}: {error}");
            assert!(
                error.starts_with("`llbgen.toml` line 1, column 1"),
                "{include}: {error}"
            );
            assert!(!error.contains("password"), "{include}: {error}");
        };
        fails("\"none/*.toml\"", "cannot read `none` in the directory");
        fails(
            "[\"fleet/*.tml\"]",
            "column 12: `fleet/*.tml` stands for no file in the directory",
        );
        fails(
            "\"../*.toml\"",
            "`../*.toml` points out of the context directory",
        );
        fails("\"/etc/*.toml\"", "is absolute");
        fails("\"away/secret.toml\"", "out of the directory");
        fails("\"away/*.toml\"", "out of the directory");
        fails("\"*/secret.toml\"", "`*/secret.toml` stands for no file");
        fails("\"odd/out.toml\"", "out of the directory");
        fails(
            "\"odd/o*.toml\"",
            "`odd/out.toml` is a symbolic link; include what it points to",
        );
        fails(
            "\"odd/i*.toml\"",
            "`odd/in.toml` is a symbolic link; include what it points to",
        );
        fails("\"odd/l*.toml\"", "`odd/latin.toml` is not UTF-8 text");
    }
}
