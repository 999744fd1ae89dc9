//! Where something is declared: files, parts, and the first step of an axis.

use catalog::{Catalog, CatalogFile};

use super::names;

#[test]
fn files_are_one_catalog() {
    let root = "include = [\"fleet/*.toml\"]\n[values.v.a]\none = \"1\"\n";
    let more = "[artifact.x]\nkind = \"rootfs\"\nbase = \"debian:12\"\naxes.v = [\"a\"]\n\
                output = \"{arch}{v.one}{v.two}\"\n[values.v.a]\ntwo = \"2\"\n";
    let globs = CatalogFile::includes("llbgen.toml", root).unwrap();
    assert_eq!(globs.len(), 1);
    assert_eq!(globs[0].glob().as_str(), "fleet/*.toml");
    let read = |more: &str| {
        CatalogFile::parse_all(&[("llbgen.toml", root), ("fleet/x.toml", more)])
            .map_err(|error| error.to_string())
    };
    let file = read(more).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
    assert_eq!(names(&catalog), ["x"]);
    let place = catalog.get("x").unwrap().place().unwrap();
    assert_eq!(place.to_string(), "fleet/x.toml:1");
    let check = |more: &str, expected: &str| {
        let error = read(more).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    };
    check(
        "\n[values.v.a]\none = \"2\"\n",
        "`fleet/x.toml` line 3, column 1: two fields are called `one` (llbgen.toml:3, fleet/x.toml:3)",
    );
    check(
        "[artifact.x]\nkind = 1\n",
        "`fleet/x.toml` line 2, column 8: `kind` must be",
    );
    check(
        "include = \"y\"",
        "`fleet/x.toml` line 1, column 1: `include` stands in the first file alone",
    );
    check("[artifact.x\n", "`fleet/x.toml` line 1");
}

#[test]
fn keys_that_toml_puts_elsewhere_are_told() {
    let check = |text: &str, expected: &str| {
        let error = CatalogFile::parse("llbgen.toml", text)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{text}\n{error}");
    };
    check(
        "[artifact.node.js]\nkind = \"image\"\nbase = \"node:22\"\n",
        "`llbgen.toml` line 1, column 16: `node.js` is a table in a table here: quote it, `[artifact.\"node.js\"]`",
    );
    check(
        "[artifact.a]\nkind = \"image\"\nbase = \"node:22\"\n[artifact.a.b.c]\nkind = \"image\"\nbase = \"a\"\n",
        "`llbgen.toml` line 4, column 15: `a.b.c` is a table in a table here: quote it, `[artifact.\"a.b.c\"]`",
    );
    check(
        "[artifact.a]\nkind = \"image\"\nbase = \"node:22\"\n[[artifact.a.steps]]\nrun = \"true\"\ntags = [\"x\"]\n",
        "`llbgen.toml` line 6, column 1: `[[artifact.a.steps]]` is above: `tags` would belong to the step",
    );
    check(
        "[[part.s6.steps]]\nrun = \"true\"\nparameters = [\"x\"]\n",
        "`llbgen.toml` line 3, column 1: `[[part.s6.steps]]` is above: `parameters` would belong to the step",
    );
    // In braces there is no header above.
    check(
        "[artifact.a]\nkind = \"image\"\nbase = \"node:22\"\nsteps = [{ run = \"true\", tags = [\"x\"] }]\n",
        "`llbgen.toml` line 4, column 26: `tags` is not a key of a `run` step",
    );
}

#[test]
fn a_problem_in_a_part_says_who_uses_it() {
    let text = r#"[part.outer]
steps = [{ steps = [{ use = "inner" }] }]

[part.inner]
steps = [{ workdir = "/x" }, { run = "true ${{ nothing }}" }]

[artifact.a]
kind = "rootfs"
base = "debian:12"
output = "{arch}.tar"
steps = [
    { run = "true" },
    { use = "outer" },
]
"#;
    let file = CatalogFile::parse("llbgen.toml", text).unwrap();
    let error = Catalog::new().with_file(file).unwrap().check().unwrap_err();
    let shown = error.to_string();
    let expected = "\n    in part inner, used by part outer (llbgen.toml:2)\n    in part outer, used by a (llbgen.toml:13)";
    assert!(shown.contains("`llbgen.toml` line 5"), "{shown}");
    assert!(shown.ends_with(expected), "{shown}");

    let text = text.replace("true ${{ nothing }}", "true");
    let file = CatalogFile::parse("llbgen.toml", &text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
    let (steps, last) = catalog.get("a").unwrap().outline();
    let mut lines = Vec::new();
    outlined(&steps, 0, &mut lines);
    assert_eq!(
        lines,
        [
            "run true (llbgen.toml:12)",
            "use outer (llbgen.toml:13)",
            " in part outer (llbgen.toml:1)",
            "  steps (llbgen.toml:2)",
            "   use inner (llbgen.toml:2)",
            "    in part inner (llbgen.toml:4)",
            "     workdir /x (llbgen.toml:5)",
            "     run true (llbgen.toml:5)",
        ]
    );
    assert!(last.is_empty());
}

fn outlined(steps: &[catalog::OutlineStep], depth: usize, lines: &mut Vec<String>) {
    for step in steps {
        let place = step.place.as_ref().expect("each step is in the file");
        lines.push(format!("{}{} ({place})", " ".repeat(depth), step.title));
        outlined(&step.inside, depth + 1, lines);
    }
}

#[test]
fn an_axis_begins_where_a_text_uses_it() {
    let text = r#"[artifact.below]
kind = "rootfs"
base = "debian:12"
output = "below-{arch}-{x}.tar"
axes.x = ["1", "2"]

[artifact.a]
kind = "layer"
base = "below"
output = "{arch}-{x}-{y}-{z}-{w}.tar"
axes = { x = ["1"], y = ["1"], z = ["1"], w = ["1"] }
steps = [{ run = "true" }, { run = "${{ y }}" }]
finally = [{ env = { Z = "{z}" }, when = { y = "1" } }]
"#;
    let file = CatalogFile::parse("llbgen.toml", text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap().check().unwrap();
    let starts = catalog.axis_starts(catalog.get("a").unwrap());
    let starts: Vec<String> = starts
        .iter()
        .map(|(axis, start)| format!("{axis} {start:?}"))
        .collect();
    assert_eq!(starts, ["w Name", "x Base", "y Step(2)", "z Step(3)"]);
}
