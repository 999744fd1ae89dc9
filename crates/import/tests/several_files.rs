//! Several files of one call share a catalog: names, options and contexts.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::collections::BTreeMap;

use import::{Files, ImportError, Imported, Kind, Source, import};

/// Files with their texts.
struct Texts(BTreeMap<&'static str, &'static str>);

impl Files for Texts {
    fn read(&self, path: &str) -> Option<String> {
        self.0.get(path).map(ToString::to_string)
    }

    fn kind(&self, path: &str) -> Option<Kind> {
        let is_below = |file: &&str| file.starts_with(&format!("{path}/"));
        let file = self.0.contains_key(path).then_some(Kind::File);
        file.or_else(|| self.0.keys().any(is_below).then_some(Kind::Directory))
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        let start = format!("{directory}/");
        let all = self.0.keys();
        let below = all.filter_map(|file| {
            if directory.is_empty() {
                Some(*file)
            } else {
                file.strip_prefix(&start)
            }
        });
        let names = below.map(|path| path.split('/').next().unwrap().to_owned());
        Some(names.collect())
    }

    fn followed(&self, _: &str) -> Option<String> {
        None
    }
}

/// Imports `paths`, beside which the other files are.
fn imported(
    files: &[(&'static str, &'static str)],
    paths: &[&str],
) -> Result<Imported, ImportError> {
    let files = Texts(files.iter().copied().collect());
    let source = |path: &&str| Source {
        path: (*path).to_owned(),
        text: files.read(path).unwrap(),
    };
    let sources: Vec<Source> = paths.iter().map(source).collect();
    import(&sources, "project", &files)
}

fn read(imported: &Imported) -> toml::Table {
    toml::from_str(&imported.text).unwrap()
}

#[test]
fn stages_of_one_name_are_told_apart() {
    let files = [
        (
            "a/Dockerfile",
            "FROM x:1 AS build\nRUN a\nFROM y:1\nCOPY --from=build /a /\n",
        ),
        (
            "b/Dockerfile",
            "FROM x:1 AS build\nRUN b\nFROM y:1\nCOPY --from=build /b /\n",
        ),
        (
            "c/Dockerfile",
            "FROM x:1 AS build\nRUN a\nFROM y:1\nCOPY --from=build /c /\n",
        ),
        ("build/Dockerfile", "FROM y:1\n"),
    ];
    let paths: Vec<&str> = files.iter().map(|(path, _)| *path).take(3).collect();
    let read_all = |paths: &[&str]| {
        let imported = imported(&files, paths).unwrap();
        let names = read(&imported)["artifact"].as_table().unwrap().clone();
        names.keys().cloned().collect::<Vec<_>>()
    };
    // The stages of `a` and `c` are equal, and one.
    assert_eq!(read_all(&paths), ["a", "b", "b-build", "build", "c"]);
    assert_eq!(
        read_all(&["a/Dockerfile", "build/Dockerfile"]),
        ["a", "a-build", "build"]
    );
}

#[test]
fn options_with_two_defaults_are_two() {
    let files = [
        ("Dockerfile.a", "FROM x:1\nARG V=1\nRUN $V\n"),
        ("Dockerfile.b", "FROM x:1\nARG V=2\nRUN $V\n"),
    ];
    let imported = imported(&files, &["Dockerfile.a", "Dockerfile.b"]).unwrap();
    let read = read(&imported);
    assert_eq!(read["options"]["V"].as_str(), Some("1"));
    assert_eq!(read["options"]["b-V"].as_str(), Some("2"));
    let env = read["artifact"]["b"]["steps"][0]["env"]["V"].as_str();
    assert_eq!(env, Some("{b-V}"));
}

#[test]
fn files_are_looked_for_beside_the_dockerfile_and_then_in_the_catalogs_directory() {
    let files = [
        ("docker/app.Dockerfile", "FROM x:1\nCOPY main.go /\n"),
        ("docker/web.Dockerfile", "FROM x:1\nCOPY index.html /\n"),
        ("main.go", ""),
        ("docker/index.html", ""),
    ];
    let imported = imported(&files, &["docker/app.Dockerfile", "docker/web.Dockerfile"]).unwrap();
    let read = read(&imported);
    let copied = |name: &str| read["artifact"][name]["steps"][0]["copy"].as_str();
    assert_eq!(copied("app"), Some("main.go"));
    assert_eq!(copied("web"), Some("docker/index.html"));
}

#[test]
fn two_of_one_name_are_refused() {
    let files = [
        ("Dockerfile.web", "FROM x:1\n"),
        (
            "compose.yaml",
            "services: { web: { build: ., image: r/web } }\n",
        ),
        ("Dockerfile", "FROM x:1\n"),
    ];
    let error = imported(&files, &["Dockerfile.web", "compose.yaml"]).unwrap_err();
    assert!(
        error.to_string().contains("`web` is the name of what"),
        "{error}"
    );
    let error = imported(&files, &["Dockerfile.web", "Dockerfile.web"]).unwrap_err();
    assert!(
        error.to_string().contains("another file is `web`"),
        "{error}"
    );
}

#[test]
fn a_dockerfile_that_is_not_there_is_an_error_with_a_place() {
    let files = [("compose.yaml", "services:\n  web:\n    build: web\n")];
    let error = imported(&files, &["compose.yaml"]).unwrap_err();
    let expected = "compose.yaml:3: the Dockerfile `web/Dockerfile` of `web` is not there";
    assert_eq!(error.to_string(), expected);
}
