//! The language of `llbgen.toml`, a file a topic.

mod fleet;
mod names;
mod places;
mod steps;
mod values;

use catalog::{Caching, Catalog, CatalogFile, CheckedCatalog, Inputs, Request};

/// The checked catalog of a text, or its error.
fn catalog(text: &str) -> Result<CheckedCatalog, String> {
    let file = CatalogFile::parse("llbgen.toml", text).map_err(|error| error.to_string())?;
    let catalog = Catalog::new().with_file(file);
    let catalog = catalog.map_err(|error| error.to_string())?;
    catalog.check().map_err(|error| error.to_string())
}

fn sound(text: &str) -> CheckedCatalog {
    catalog(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn wrong(text: &str, expected: &[&str]) {
    let Err(error) = catalog(text) else {
        panic!("this passed:\n{text}");
    };
    for expected in expected {
        assert!(error.contains(expected), "`{expected}` is not in\n{error}");
    }
}

fn names(catalog: &CheckedCatalog) -> Vec<String> {
    let artifacts = catalog.artifacts();
    artifacts.map(|it| it.name().to_string()).collect()
}

/// The variants of a request, as text.
fn variants(catalog: &CheckedCatalog, artifacts: &[&str], set: &[(&str, &str)]) -> Vec<String> {
    let request = Request {
        artifacts: artifacts.iter().map(|name| (*name).to_owned()).collect(),
        set: set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Request::default()
    };
    let variants = catalog.select(&request).expect("a sound request");
    variants.iter().map(ToString::to_string).collect()
}

/// The commands and packed paths of the first variant of an artifact.
fn commands(catalog: &CheckedCatalog, artifact: &str, set: &[(&str, &str)]) -> Vec<String> {
    let request = Request {
        artifacts: vec![artifact.to_owned()],
        set: set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Request::default()
    };
    let variants = catalog.select(&request).expect("a sound request");
    let plan = catalog.plan(&variants[0], &Inputs::default(), Caching::Use);
    let plan = plan.unwrap_or_else(|error| panic!("{error:?}"));
    let vertices = plan.to_emit().vertices();
    let args = vertices.filter_map(|vertex| match vertex.content() {
        buildkit_llb::OpContent::Exec(exec) => exec.args.last().cloned(),
        _ => None,
    });
    let echoes = args.filter_map(|arg| {
        let line = arg.lines().last()?;
        Some(line[line.rfind("echo ")?..].to_owned())
    });
    echoes.collect()
}
