//! The names of vertices, and what the history of an image has of them.

use super::*;
use crate::Step;

/// A use of a part fills in its own parameters, and a custom step has its title as it is.
#[test]
fn names_have_values_and_the_history_has_what_is_written() {
    let text = r#"
[options]
v = "1.2"

[part.tool]
parameters = ["name"]
steps = [{ file = "/opt/{name}", content = "x" }]

[artifact.a]
kind = "image"
base = "scratch"
axes.l10n = ["en"]
steps = [
    { run = "make ${{ v }} $HOME ${x} '$${{ v }}'" },
    { when = { l10n = "en" }, steps = [{ directory = "/{l10n|slug}" }] },
    { use = "tool", with = { name = "t-{v}" } },
    { apt = "gcc-{v}" },
    { run = "true" },
]
"#;
    let file = crate::CatalogFile::parse("llbgen.toml", text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
    let plan = plan(&catalog, "a", &inputs(&[]));
    let titles = [
        "run make 1.2 $HOME ${x} '${{ v }}'",
        "directory /en",
        "file /opt/t-1.2",
        "apt install gcc-1.2",
        "run true",
    ];
    let named = titles.map(|title| format!("[a linux/arm64 l10n=en] {title}"));
    assert_eq!(names(&plan), named);
    let image: serde_json::Value = serde_json::from_str(&plan.oci.image).unwrap();
    let history = image["history"].as_array().unwrap();
    let written: Vec<&str> = history
        .iter()
        .map(|entry| entry["created_by"].as_str().unwrap())
        .collect();
    assert_eq!(
        written,
        [
            "run make ${{ v }} $HOME ${x} '$${{ v }}'",
            "directory /{l10n|slug}",
            "file /opt/{name}",
            "apt install gcc-{v}",
            "run true",
        ]
    );
}

#[test]
fn a_title_without_a_value_stays_as_it_is() {
    let values = BTreeMap::from([("v".to_owned(), "1".to_owned())]);
    let variables = crate::Variables::with_tables(values, &std::sync::Arc::default());
    let check = |step: Step, filled: &str| {
        let title = step.vertex_title(&variables);
        assert_eq!(title.filled, filled);
    };
    check(
        Run::command("echo ${{ w }} ${{ v }}").into(),
        "run echo ${{ w }} ${{ v }}",
    );
    check(Run::command("echo ${{ v }}").into(), "run echo 1");
    check(
        Run::command("\nmake ${{ v }}\nmake\n").into(),
        "run make 1 …",
    );
    check(Run::script("{v}/x").into(), "run ./1/x");
    check(Workdir::new("/{w}").into(), "workdir /{w}");
}
