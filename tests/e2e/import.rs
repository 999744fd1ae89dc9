//! Dockerfiles, and the images of the catalogs that they become, built by one daemon: they are equal.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, OnceLock},
    thread,
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    machine::{llbgen, workspace},
};
use serde_json::{Value, json};

use crate::built::buildctl;

/// The images that Dockerfiles here begin with. One image stands for all of them.
const BASES: [&str; 16] = [
    "alpine",
    "alpine:3.22",
    "amd64/debian:12",
    "busybox",
    "debian",
    "debian:12",
    "gcr.io/distroless/nodejs22-debian12:nonroot",
    "golang:1.26",
    "golang:1.26-alpine",
    "mcr.microsoft.com/powershell:lts-debian-12",
    "nginx:1.27",
    "node:22",
    "node:22-alpine",
    "python:3.12-slim-bookworm",
    "registry.example.com/amd64/debian",
    "ubuntu",
];

/// The Dockerfiles that are not equal, and what is told of them.
const DIFFERENT: [(&str, &str); 2] = [
    (
        "maintainer",
        "- config author: \"Somebody <somebody@example.com>\"",
    ),
    ("onbuild", "- config OnBuild: [\"RUN true\"]"),
];

/// The same for the Dockerfiles of the tests of the crate `import`.
const DIFFERENT_THERE: [(&str, &str); 1] = [("config", "- config Volumes relative: {}")];

/// The Dockerfiles of those tests that cannot be compared here, and why.
const NOT_COMPARED: [(&str, &str); 11] = [
    ("add", "its URLs and repositories are made up"),
    (
        "add-scratch",
        "no step unpacks a tar of the context into an empty tree, and the import says so",
    ),
    ("apt", "its packages are made up"),
    (
        "copy-flags",
        "it copies from an image with a made-up digest",
    ),
    ("custom-syntax", "its frontend is made up"),
    (
        "mounts",
        "it asks for a device, and for rights that the daemon does not give",
    ),
    ("no-image", "its base is no image, and the import says so"),
    (
        "no-value",
        "its base has no tag unless an argument is given",
    ),
    ("scripts", "its shell commands are wrong on purpose"),
    ("unsayable", "it copies from a stage that is not there"),
    ("untagged", "its base has a made-up digest"),
];

fn here() -> PathBuf {
    workspace().join("tests/e2e/import")
}

/// The image that stands for all bases, in the bed's registry.
fn base(bed: &Bed) -> &'static str {
    static BASE: OnceLock<String> = OnceLock::new();
    BASE.get_or_init(|| {
        let name = format!("{}/import/base:1", bed.description().registry);
        let directory = here().join("base");
        let local = |name: &str| format!("{name}={}", directory.display());
        let home = tempfile::tempdir().unwrap();
        let output = format!("type=image,name={name},push=true");
        run(buildctl(bed, home.path())
            .args(["build", "--frontend", "dockerfile.v0", "--output", &output])
            .args([
                "--local",
                &local("context"),
                "--local",
                &local("dockerfile"),
            ]))
        .success();
        name
    })
}

fn import(bed: &Bed, home: &Path, bases: &[&str]) -> Command {
    let mut command = clean(llbgen(), home);
    command.args([
        "--addr",
        &bed.address(),
        "--progress",
        "plain",
        "import",
        "--verify",
    ]);
    for name in bases {
        let context = format!("{name}=docker-image://{}", base(bed));
        command.args(["--build-context", &context]);
    }
    command
}

/// Copies a directory, without what is there already.
fn copy(from: &Path, to: &Path) {
    let from = format!("{}/.", from.display());
    let copied = Command::new("cp")
        .args(["-an", &from])
        .arg(to)
        .status()
        .unwrap();
    assert!(copied.success(), "{from}");
}

/// A tar with an owner and modes of its own, plain and compressed.
fn tars(home: &Path, names: &[&str]) {
    let inside = tempfile::tempdir().unwrap();
    let script = "mkdir -m 700 in && echo x > in/x && ln -s x in/l && ln in/x in/twin";
    run(clean("sh", inside.path()).args(["-c", script])).success();
    for name in names {
        let owned = ["--owner=5", "--group=6", "--auto-compress", "-cf"];
        let mut tar = clean("tar", inside.path());
        run(tar.args(owned).arg(home.join(name)).arg("in")).success();
    }
}

/// The first lines of what is told of each target, by its name: `equal` and the like.
fn verdicts(outcome: &Outcome) -> BTreeMap<String, (String, Vec<String>)> {
    let mut verdicts: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    let mut last = String::new();
    for line in outcome.text().lines() {
        if let Some(difference) = line.strip_prefix("  ") {
            let (_, told) = verdicts.get_mut(&last).unwrap();
            told.push(difference.to_owned());
        } else if let Some((verdict, rest)) = line.split_once(": ")
            && verdict != "layers"
        {
            rest.split(' ').next().unwrap().clone_into(&mut last);
            verdicts.insert(last.clone(), (verdict.to_owned(), Vec::new()));
        }
    }
    verdicts
}

#[test]
fn dockerfiles_of_every_kind_become_equal_images() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    copy(&here().join("context"), home.path());
    tars(home.path(), &["tree.tar", "tree.tar.gz"]);
    let names = fs::read_dir(home.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_dockerfile = |name: &String| name.ends_with(".Dockerfile");
    let mut files: Vec<String> = names.filter(is_dockerfile).collect();
    files.sort();
    // In several calls side by side: the daemon has more than one thing to do at a time.
    let calls: Vec<Outcome> = thread::scope(|scope| {
        let call =
            |files: &[String]| run(import(bed, home.path(), &["debian:12", "busybox"]).args(files));
        let running = files.chunks(files.len().div_ceil(3));
        let running: Vec<_> = running
            .map(|files| scope.spawn(move || call(files)))
            .collect();
        running
            .into_iter()
            .map(|call| call.join().unwrap())
            .collect()
    });
    let all: BTreeMap<_, _> = calls.iter().flat_map(verdicts).collect();
    let mut wrong = Vec::new();
    let mut equal = 0;
    for file in &files {
        let name = file.strip_suffix(".Dockerfile").unwrap();
        // As a base, `scratch` is nothing at all.
        let target = if name == "scratch" {
            "scratch-image"
        } else {
            name
        };
        let known = DIFFERENT.iter().find(|(different, _)| *different == name);
        match (all.get(target), known) {
            (Some((verdict, _)), None) if verdict == "equal" => equal += 1,
            (Some((_, told)), Some((_, line))) if told == &[*line] => {}
            (found, _) => wrong.push(format!("{name}: {found:?}")),
        }
    }
    let told: Vec<&str> = calls.iter().map(|call| call.stderr.as_str()).collect();
    assert!(
        wrong.is_empty(),
        "{}\n{}",
        wrong.join("\n"),
        told.join("\n")
    );
    assert!(equal >= 35, "{equal}");
    // A difference is an error, and equal images are none.
    let is_known = |name: &str| all.get(name).is_some_and(|(verdict, _)| verdict != "equal");
    let differs = DIFFERENT.iter().filter(|(name, _)| is_known(name)).count();
    assert_eq!(differs, DIFFERENT.len());
    let failed = calls.iter().filter(|call| call.code() == Some(1)).count();
    assert!(
        failed > 0 && calls.iter().any(|call| call.code() == Some(0)),
        "{failed}"
    );
}

#[test]
fn the_dockerfiles_of_the_importers_own_tests_become_equal_images() {
    let Some(bed) = Bed::shared() else { return };
    let cases = workspace().join("crates/import/tests/dockerfiles");
    let all = fs::read_dir(&cases).unwrap();
    let names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_comparable = |name: &String| NOT_COMPARED.iter().all(|(other, _)| other != name);
    let names: Vec<String> = names.filter(is_comparable).collect();
    assert!(names.len() > 25, "{}", names.len());
    let (queue, wrong) = (Mutex::new(names), Mutex::new(Vec::new()));
    let one = |name: &str| {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(name);
        fs::create_dir(&directory).unwrap();
        copy(&cases.join(name), &directory);
        fs::remove_file(directory.join("llbgen.toml")).unwrap();
        fs::remove_file(directory.join("findings.txt")).unwrap();
        copy(&here().join("files"), &directory);
        let outcome = run(import(bed, &directory, &used(&directory)).arg("Dockerfile"));
        let target = if name == "scratch" {
            "scratch-image"
        } else {
            name
        };
        let found = verdicts(&outcome).remove(target);
        let known = DIFFERENT_THERE
            .iter()
            .find(|(different, _)| *different == name);
        let is_right = match (&found, known) {
            (Some((verdict, _)), None) => verdict == "equal" && outcome.code() == Some(0),
            (Some((_, told)), Some((_, line))) => told == &[*line] && outcome.code() == Some(1),
            (None, _) => false,
        };
        if !is_right {
            let told = format!("{name}: {}{}", outcome.text(), outcome.stderr);
            wrong.lock().unwrap().push(told);
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().pop();
                    let Some(name) = next else { return };
                    one(&name);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bases that the Dockerfile in a directory may name, so that none is given in vain.
fn used(directory: &Path) -> Vec<&'static str> {
    let text = fs::read_to_string(directory.join("Dockerfile")).unwrap();
    let is_named = |name: &&&str| {
        let repository = name.split(':').next().unwrap();
        let last = repository.rsplit('/').next().unwrap();
        text.contains(last)
    };
    BASES.iter().filter(is_named).copied().collect()
}

#[test]
fn targets_of_a_bake_file_are_compared_with_their_variants() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    copy(&here().join("project"), home.path());
    let verify = |more: &[&str]| {
        let mut command = import(bed, home.path(), &["debian:12"]);
        run(command
            .args(["--platform", "linux/amd64", "bake.json"])
            .args(more))
    };
    let all = verify(&[]).success();
    let mut lines: Vec<&str> = all.text().lines().collect();
    let layers = lines.pop().unwrap();
    let begins = |line: &&str| line.split(": ").take(2).collect::<Vec<_>>().join(": ");
    let mut begun: Vec<String> = lines.iter().map(begins).collect();
    begun.sort();
    assert_eq!(
        begun,
        [
            "equal: app-en-us linux/amd64",
            "equal: app-zh-cn linux/amd64",
            "equal: base linux/amd64",
            "equal: inline linux/amd64",
        ]
    );
    assert!(
        layers.starts_with("layers: ") && layers.contains(" in 4 images, "),
        "{layers}"
    );
    // Nothing is written, and the catalog is not printed.
    assert!(!home.path().join("llbgen.lock").exists());

    let json = [
        "--set",
        "L10N=zh_CN",
        "--set",
        "VERSION=2",
        "--format",
        "json",
    ];
    let one = verify(&json).success();
    let found: Value = serde_json::from_str(one.text()).unwrap();
    let images = found["images"].as_array().unwrap();
    let app = images.iter().find(|image| image["target"] == "app-zh-cn");
    let app = app.unwrap();
    for (key, value) in [
        ("file", json!("Dockerfile.app")),
        ("artifact", json!("app")),
        ("platform", json!("linux/amd64")),
        ("state", json!("equal")),
        ("differences", json!({ "files": [], "config": [] })),
    ] {
        assert_eq!(app[key], value, "{key}");
    }
    assert_eq!(app["values"]["L10N"], "zh_CN");
    assert_eq!(app["values"]["VERSION"], "2");
    assert!(app["paths"].as_u64().unwrap() > 10, "{app}");
    assert!(images.iter().all(|image| image["target"] != "app-en-us"));
    assert_eq!(found["layers"]["images"], images.len());
    let shared = found["layers"]["catalog"]["shared"].as_u64().unwrap();
    assert!(shared > 0 && found["layers"]["dockerfiles"]["different"].is_u64());
}

#[test]
fn what_is_not_equal_or_not_compared_is_an_error() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let verify = |text: &str, more: &[&str]| {
        fs::write(home.path().join("app.Dockerfile"), text).unwrap();
        run(import(bed, home.path(), &["debian:12"])
            .arg("app.Dockerfile")
            .args(more))
    };
    let line = |outcome: &Outcome, line: &str| {
        let lines: Vec<&str> = outcome.text().lines().collect();
        assert!(
            lines.iter().any(|found| found.starts_with(line)),
            "no `{line}` in {lines:#?}"
        );
    };
    // A directory without a file is in no step.
    fs::create_dir_all(home.path().join("src/empty/deep")).unwrap();
    fs::write(home.path().join("src/file"), "x\n").unwrap();
    let differs = verify("FROM debian:12\nCOPY src /src\n", &[]).fails(1, &[]);
    line(&differs, "different: app linux/");
    line(&differs, "  - src/empty and 1 below it");

    let text = "FROM debian:12\nCOPY src /src\nLABEL a=b\n";
    let told = verify(text, &["--format", "json"]).fails(1, &[]);
    let found: Value = serde_json::from_str(told.text()).unwrap();
    let image = &found["images"][0];
    assert_eq!(image["state"], "different");
    let missing = json!([{ "change": "missing", "path": "src/empty", "below": 1 }]);
    assert_eq!(image["differences"]["files"], missing);
    assert!(found.get("layers").is_none() && image.get("reasons").is_none());

    let text = "FROM debian:12\nRUN false\n";
    let told = verify(text, &["--format", "json"]).fails(1, &[]);
    let found: Value = serde_json::from_str(told.text()).unwrap();
    let image = &found["images"][0];
    assert_eq!(image["state"], "not-compared");
    assert_eq!(image["reasons"].as_array().unwrap().len(), 2, "{image}");
    assert!(image.get("paths").is_none());

    let broken = verify(text, &[]).fails(1, &[]);
    line(
        &broken,
        "not compared: app linux/amd64: the catalog's image is not built: ",
    );
    line(
        &broken,
        "not compared: app linux/amd64: the Dockerfile is not built: ",
    );

    // The option and the argument are one: with another value both sides change.
    let argument = "FROM debian:12\nARG V=1\nRUN test \"$V\" = 2\n";
    verify(argument, &[]).fails(1, &[]);
    verify(argument, &["--build-arg", "V=2"]).success();
    verify(argument, &["--set", "W=2"]).fails(2, &["option `W`"]);
    verify(argument, &["--platform", "linux/s390x"]).fails(2, &["`linux/s390x`"]);
    fs::write(home.path().join("x.tar"), "").unwrap();
    let tar = ["--build-context", "debian:12=x.tar"];
    verify(argument, &tar).fails(2, &["`x.tar` is no directory", "docker-image://REF"]);
}
