//! Dockerfiles with the catalogs that they become: each directory has one, its files, the text and what is told.
//!
//! `INSTA_UPDATE=always` writes them anew.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads its cases, and the crate does not"
)]

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use import::{Files, Imported, Kind, Source, import};

/// The files of a case.
struct Directory(PathBuf);

impl Files for Directory {
    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.0.join(path)).ok()
    }

    fn kind(&self, path: &str) -> Option<Kind> {
        let metadata = fs::metadata(self.0.join(path)).ok()?;
        let kind = if metadata.is_dir() {
            Kind::Directory
        } else {
            Kind::File
        };
        Some(kind)
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        let entries = fs::read_dir(self.0.join(directory)).ok()?;
        let names = entries.map(|entry| entry.ok()?.file_name().into_string().ok());
        names.collect()
    }

    fn followed(&self, path: &str) -> Option<String> {
        let whole = self.0.join(path).canonicalize().ok()?;
        let below = whole.strip_prefix(self.0.canonicalize().unwrap()).ok()?;
        Some(below.to_str().unwrap().to_owned())
    }
}

fn cases(of: &str) -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(of);
    let mut cases: Vec<PathBuf> = fs::read_dir(all)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

fn imported(case: &Path) -> Imported {
    let name = case.file_name().unwrap().to_str().unwrap();
    let files = ["bake.json", "compose.yaml", "Dockerfile"];
    let path = files.into_iter().find(|file| case.join(file).exists());
    let path = path.unwrap().to_owned();
    let text = fs::read_to_string(case.join(&path)).unwrap();
    import(&[Source { path, text }], name, &Directory(case.to_owned())).unwrap()
}

fn check(path: &Path, text: &str, wrong: &mut Vec<String>) {
    if env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(path, text).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected != text {
        wrong.push(format!("{}:\n{text}", path.display()));
    }
}

#[test]
fn dockerfiles_become_catalogs() {
    let cases = cases("dockerfiles");
    assert!(cases.len() >= 30, "{}", cases.len());
    check_all(cases);
}

#[test]
fn bake_and_compose_files_become_catalogs() {
    check_all(cases("projects"));
}

fn check_all(cases: Vec<PathBuf>) {
    let mut wrong = Vec::new();
    for case in cases {
        let imported = imported(&case);
        let mut findings = String::new();
        for finding in &imported.findings {
            writeln!(findings, "{finding}").unwrap();
        }
        check(&case.join("llbgen.toml"), &imported.text, &mut wrong);
        check(&case.join("findings.txt"), &findings, &mut wrong);
        let read = toml::from_str::<toml::Table>(&imported.text);
        read.unwrap_or_else(|error| panic!("{error}\n{}", imported.text));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
