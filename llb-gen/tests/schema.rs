//! `llbgen schema` takes every catalog of this repository, and refuses keys and kinds that do not exist.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// Folders without catalogs that are written by hand.
const SKIPPED: [&str; 3] = [".git", "out", "target"];

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let text = serde_json::to_value(llbgen::catalog::schema()).unwrap();
        compiler.add_resource("llbgen.json", text).unwrap();
        let index = compiler.compile("llbgen.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn check(&self, text: &str) -> Result<(), String> {
        let catalog: Value = toml::from_str(text).map_err(|error| error.to_string())?;
        let found = self.schemas.validate(&catalog, self.index);
        found.map_err(|error| format!("{error:#}"))
    }
}

/// The files below a directory that have artifacts, or documents that do.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !SKIPPED.contains(&name) {
            files(&path, found);
        }
        if path
            .extension()
            .is_some_and(|it| it == "toml" || it == "md")
        {
            found.push(path);
        }
    }
}

/// The catalogs in a file: all of it, or the blocks of a document.
fn catalogs(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let parts = if path.extension().is_some_and(|it| it == "md") {
        let blocks = text.split("```toml").skip(1);
        let block = |fenced: &str| {
            let (_, block) = fenced
                .split("```")
                .next()
                .unwrap()
                .split_once('\n')
                .unwrap();
            block.to_owned()
        };
        blocks.map(block).collect()
    } else {
        vec![text]
    };
    let is_catalog = |part: &String| part.lines().any(|line| line.starts_with("[artifact."));
    parts.into_iter().filter(is_catalog).collect()
}

#[test]
fn the_schema_takes_every_catalog_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    let schema = Schema::new();
    let mut count = 0;
    let mut wrong = Vec::new();
    for path in paths {
        for catalog in catalogs(&path) {
            count += 1;
            if let Err(error) = schema.check(&catalog) {
                wrong.push(format!("{}: {error}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 45, "{count}");
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = Schema::new();
    let image = |rest: &str| format!("[artifact.a]\nkind = \"image\"\nbase = \"x:1\"\n{rest}");
    assert_eq!(schema.check(&image("")), Ok(()));
    let wrong = [
        "[artifact.a]\nkind = \"imag\"\nbase = \"x:1\"\n".to_owned(),
        "[artefact.a]\nkind = \"image\"\nbase = \"x:1\"\n".to_owned(),
        image("tag = [\"x\"]"),
        image("steps = [{ runn = \"true\" }]"),
        image("steps = [{ run = \"true\", fils = \"x\" }]"),
        image("steps = [{ copy = \"a\" }]"),
        image("steps = [{ env = { A = 1 } }]"),
        image("steps = [{ run = \"true\", when = { arch = 1 } }]"),
        image("platforms = 5"),
        image("repository = [{ repositories = [\"a\"], when = { arch = \"amd64\" } }]"),
    ];
    for catalog in wrong {
        assert!(schema.check(&catalog).is_err(), "{catalog}");
    }
}
