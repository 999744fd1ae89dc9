//! What commands print and how they exit, where no daemon is needed.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

mod transcript;

use std::{fs, path::Path};

use tempfile::TempDir;
use transcript::{directory, transcript_in};

/// What the fleet at the root of this repository is made from, and two names beside it that stand for no input.
const FLEET: [&str; 10] = [
    "llbgen.toml",
    "dockerfiles/base.dockerfile",
    "dockerfiles/server-base.dockerfile",
    "scripts/image/entrypoint.sh",
    "scripts/image/install-executor.sh",
    "package.json",
    "package-lock.json",
    "requirements.txt",
    "Cargo.toml",
    "crates/catalog/Cargo.toml",
];

/// The transcript of one call on the fleet, where nobody has built or locked anything.
fn transcript(arguments: &[&str]) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let texts = FLEET.map(|name| fs::read_to_string(repository.join(name)).unwrap());
    let files: Vec<_> = FLEET
        .into_iter()
        .zip(texts.iter().map(String::as_str))
        .collect();
    transcript_in(directory(&files).path(), arguments)
}

macro_rules! transcripts {
    ($($name:ident: $($argument:literal)*;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(transcript(&[$($argument),*]));
        })*
    };
}

transcripts! {
    help: "help";
    help_build: "help" "build";
    help_emit: "help" "emit";
    help_plan: "help" "plan";
    help_why: "help" "why";
    help_graph: "help" "graph";
    help_id: "help" "id";
    help_lock: "help" "lock";
    help_update: "help" "update";
    help_new: "help" "new";
    help_import: "help" "import";
    help_doctor: "help" "doctor";
    help_drift: "help" "drift";
    doctor_of_nothing: "doctor" "base-rotfs";
    graph: "graph" "base-rootfs" "server-base" "--platform" "linux/arm64";
    graph_mermaid: "graph" "base-rootfs" "--all-platforms" "--format" "mermaid";
    id_without_a_lock: "id";
    emit_without_a_lock: "emit" "base-rootfs" "--platform" "linux/arm64";
    plan_without_a_lock: "plan";
    locked_without_a_lock: "build" "base-rootfs" "--locked";
    lock_check_without_a_lock: "lock" "--check";
    source_policy_without_a_lock: "lock" "--source-policy";
    update_unknown: "update" "ubunutu";
    why_against_nothing: "why" "base-rootfs" "--against" "missing.llb" "--platform" "linux/arm64";
    list: "list";
    list_json: "list" "--format" "json";
    show: "show" "base-rootfs" "--platform" "linux/arm64";
    show_json: "show" "server-base" "--platform" "linux/amd64" "--format" "json";
    bare_build: "build";
    unknown_artifact: "build" "base-rotfs";
    unknown_platform: "build" "base-rootfs" "--platform" "linux/s390x";
    malformed_platform: "build" "base-rootfs" "--platform" "arm64";
    unknown_option: "build" "base-rootfs" "--set" "mirror=x";
    malformed_option: "build" "base-rootfs" "--build-arg" "mirror";
    unknown_context: "build" "base-rootfs" "--build-context" "ubunt=docker-image://debian:12";
    unsupported_context: "build" "base-rootfs" "--build-context" "ubuntu=git://x";
    missing_layout: "build" "base-rootfs" "--build-context" "ubuntu=oci-layout://missing:v1";
    no_layout: "build" "base-rootfs" "--build-context" "ubuntu=oci-layout://crates";
    layout_with_a_malformed_digest: "build" "base-rootfs" "--build-context" "ubuntu=oci-layout://x@sha256:1";
    missing_tar: "build" "base-rootfs" "--build-context" "ubuntu=missing-{arch}.tar";
    no_tar: "build" "base-rootfs" "--build-context" "ubuntu=Cargo.toml";
    directory_for_a_base: "build" "base-rootfs" "--build-context" "ubuntu=crates";
    directory_that_nothing_reads: "build" "base-rootfs" "--build-context" "oocana=crates";
    missing_context_directory: "-C" "missing" "show" "base-rootfs";
    helper_image_that_is_none: "build" "base-rootfs" "--helper-image" "Llbgen";
    helper_image_of_no_platform: "build" "base-rootfs" "--helper-image" "arm64=llbgen-frontend";
    unknown_secret_key: "build" "base-rootfs" "--secret" "id=a,scr=b";
    bare_secret: "build" "base-rootfs" "--secret" "id=a,hunter2";
    output_to_stdout: "build" "base-rootfs" "-o" "-";
    output_of_another_kind: "build" "base-rootfs" "-o" "type=oci,dest=x.tar";
    output_into_one_file: "build" "base-rootfs" "-o" "type=tar,dest=x.tar";
    output_of_an_unknown_type: "build" "base-rootfs" "-o" "type=ocj,dest=x.tar";
    output_with_an_unknown_key: "build" "base-rootfs" "-o" "type=tar,dets=x.tar";
    output_with_a_flag_of_its_own: "build" "base-rootfs" "-o" "type=tar,dest=x.tar,compression=gzip";
    output_with_an_unknown_variable: "build" "base-rootfs" "-o" "type=tar,dest={arhc}.tar";
    output_and_push: "build" "base-rootfs" "-o" "type=tar,dest={arch}.tar" "--push";
    output_of_plan: "plan" "base-rootfs" "-o" "type=tar,dest={arch}.tar";
    load_without_an_engine: "build" "base-rootfs" "--load";
    load_and_push: "build" "base-rootfs" "--load" "--push";
    provenance_of_another_mode: "build" "base-rootfs" "--provenance=mode=mid";
    provenance_with_an_unknown_key: "build" "base-rootfs" "--provenance=mod=max";
    image_compression_of_no_kind: "build" "base-rootfs" "--image-compression" "xz";
    image_compression_of_no_level: "build" "base-rootfs" "--image-compression" "gzip:10";
    missing_build_ca: "build" "base-rootfs" "--build-ca" "missing.pem";
    emit_without_contexts: "emit" "oocana-runtime" "--platform" "linux/arm64";
    tag_of_a_plan_without_an_image: "plan" "base-rootfs" "--tag" "x";
    tag_without_an_image: "build" "base-rootfs" "--tag" "x";
    tls_without_address: "--tlsdir" "certs" "build" "base-rootfs";
    unreadable_secret: "build" "base-rootfs" "--secret" "id=a,src=missing";
    unsupported_address: "--addr" "http://x" "build" "base-rootfs";
    no_daemon_there: "--addr" "unix:///nowhere/buildkitd.sock" "build" "base-rootfs";
    emit_needs_one_platform: "emit" "base-rootfs" "--platform" "linux/amd64,linux/arm64";
    new_of_no_kind: "new" "lyaer" "my-tools";
    new_of_a_taken_name: "new" "layer" "base-rootfs";
    new_of_no_name: "new" "layer" "a b";
    new_on_no_base: "new" "layer" "my-tools" "--base" "Debian";
    new_rust_without_llbgen: "new" "--rust" "fleet";
    new_rust_on_nothing: "new" "--rust" "fleet" "--llbgen" "nowhere";
    unknown_command: "biuld";
    unknown_flag: "build" "--ouput" "x";
}

/// The transcripts of several calls in one directory, and then its `llbgen.toml`.
fn session(directory: &TempDir, calls: &[&[&str]]) -> String {
    let mut session = String::new();
    for arguments in calls {
        session += &transcript_in(directory.path(), arguments);
        session += "\n";
    }
    let file = fs::read_to_string(directory.path().join("llbgen.toml"));
    session + "# llbgen.toml\n" + &file.unwrap_or_default()
}

#[test]
fn new_begins_a_file() {
    let directory = directory(&[]);
    insta::assert_snapshot!(session(
        &directory,
        &[
            &["list"],
            &["new", "layer", "my-tools"],
            &["list"],
            &[
                "emit",
                "my-tools",
                "--format",
                "json",
                "--platform",
                "linux/amd64"
            ],
        ],
    ));
}

#[test]
fn import_writes_what_dockerfiles_say() {
    let directory = directory(&[
        (
            "app/Dockerfile",
            "# An app.\nFROM debian\nRUN --network=host make\nARG PORT=80\nEXPOSE $PORT\n",
        ),
        ("wrong.Dockerfile", "FROM debian:12\nCOYP a b\n"),
    ]);
    insta::assert_snapshot!(session(
        &directory,
        &[
            &["import", "app/Dockerfile"],
            &["import", "app/Dockerfile", "--strict", "--quiet"],
            &["import", "app/Dockerfile", "--output", "llbgen.toml"],
            &["import", "app/Dockerfile", "--output", "llbgen.toml"],
            &["import", "app/Dockerfile", "-qo", "llbgen.toml", "--force"],
            &["import", "wrong.Dockerfile"],
            &["import", "nowhere"],
            &["import", "-C", "app", "wrong.Dockerfile"],
            &["import", "app/Dockerfile", "--force"],
            &["import", "app/Dockerfile", "--set", "A=1"],
            &["import", "app/Dockerfile", "--verify", "--set", "A=1", "-q"],
        ],
    ));
}

#[test]
fn new_keeps_what_is_there() {
    let file = "\
# Ours.
default = ['base']   # what we need most

[artifact.base]
kind = 'rootfs'
base = { from = 'base.dockerfile' }
platforms = ['linux/riscv64']
axes.l10n = ['en', 'zh']
# The end.";
    let directory = directory(&[
        ("llbgen.toml", file),
        ("base.dockerfile", "FROM debian:12\n"),
    ]);
    insta::assert_snapshot!(session(
        &directory,
        &[
            &["new", "image", "runtime/app", "--base", "base"],
            &["new", "rootfs", "other", "--base", "base.dockerfile"],
            &["new", "rootfs", "nothing", "--base", "scratch"],
            &["list"],
        ],
    ));
}

#[test]
fn values_that_lead_nowhere_are_shown() {
    let file = "options.dep = \"debian:12\"\n[artifact.a]\nkind = \"rootfs\"\nbase = \"debian:12\"\nsteps = [\n    { copy = \"/x\", to = \"/x\", from = \"{dep}\" },\n]\n";
    let directory = directory(&[("llbgen.toml", file)]);
    let check = |name: &str, value: &str| {
        let args = ["id", "a", "--set", value];
        let transcript = transcript_in(directory.path(), &args);
        insta::assert_snapshot!(format!("set_{name}"), transcript, file);
    };
    check("to_nothing", "dep=b");
    check("to_itself", "dep=a");
}

#[test]
fn a_file_that_is_wrong_is_shown() {
    let check = |name: &str, file: &str| {
        let directory = directory(&[("llbgen.toml", file)]);
        let transcript = transcript_in(directory.path(), &["list"]);
        insta::assert_snapshot!(format!("file_{name}"), transcript, file);
    };
    let artifact = "[artifact.a]\nkind = \"rootfs\"\nbase = \"debian:12\"\n";
    check("with_a_syntax_error", "[artifact.a\n");
    check(
        "with_an_unknown_key",
        "[artifact.my-tools]\nkynd = \"layer\"\n",
    );
    check(
        "with_an_unknown_step",
        &format!("{artifact}steps = [\n    {{ atp = [\"git\"] }},\n]\n"),
    );
    check(
        "with_a_problem",
        &format!("{artifact}steps = [\n    {{ copy = \"a\", to = \"b\" }},\n]\n"),
    );
    check("of_an_older_llbgen", "builtin = false\n");
}

#[test]
fn the_form_of_whiteouts_is_told() {
    let artifact = |keys: &str| {
        let head = "[artifact.tools]\nbase = \"debian:12\"\n";
        format!("{head}platforms = [\"linux/amd64\"]\nsteps = [{{ run = \"rm /x\" }}]\n{keys}")
    };
    let file = artifact("kind = \"layer\"\nwhiteouts = \"overlay\"\n");
    let overlay = directory(&[("llbgen.toml", &file)]);
    let list = ["list", "--format", "json"];
    insta::assert_snapshot!(session(&overlay, &[&list, &["show", "tools"]]));
    let show = ["show", "tools", "--format", "json"];
    let shown = transcript_in(overlay.path(), &show);
    assert!(shown.contains("\"whiteouts\": \"overlay\""), "{shown}");
    let file = artifact("kind = \"rootfs\"\nwhiteouts = \"overlay\"\n");
    let rootfs = directory(&[("llbgen.toml", &file)]);
    insta::assert_snapshot!(transcript_in(rootfs.path(), &["list"]));
}

#[test]
fn a_directory_without_a_catalog_says_how_to_begin() {
    let directory = directory(&[("elsewhere/file", "")]);
    insta::assert_snapshot!(session(
        &directory,
        &[
            &["list"],
            &["list", "--quiet"],
            &["list", "--format", "json"],
            &["list", "tools"],
            &["-C", "elsewhere", "list"],
            &["-C", "elsewhere", "plan"],
        ],
    ));
    let needs_one: [&[&str]; 10] = [
        &["emit", "tools"],
        &["show", "tools"],
        &["build"],
        &["build", "tools", "--locked"],
        &["plan"],
        &["why", "tools"],
        &["graph"],
        &["id"],
        &["lock"],
        &["update"],
    ];
    for arguments in needs_one {
        let said = transcript_in(directory.path(), arguments);
        assert!(
            said.contains("exit code: 3\n--- stdout\n--- stderr\n"),
            "{said}"
        );
        assert!(said.ends_with(NO_CATALOG), "{said}");
    }
    let found = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(found, 1, "nothing was written");
}

const NO_CATALOG: &str = "--- stderr
error: there is no `llbgen.toml` in the current directory
hint: `llbgen new rootfs NAME` begins one (or `layer`, `image`); `-C DIR` takes that of another directory
";

#[test]
fn a_catalog_without_artifacts_says_how_to_begin() {
    let directory = directory(&[("llbgen.toml", "options.mirror = \"none\"\n")]);
    let json = ["list", "--format", "json"];
    insta::assert_snapshot!(session(&directory, &[&["list"], &json]));
}

#[test]
fn names_are_for_images_and_for_one_each() {
    let file = "[artifact.files]\nkind = \"rootfs\"\nbase = \"scratch\"\nsteps = [{ copy = \"f\", to = \"/\" }]\n\
                [artifact.app]\nkind = \"image\"\nbase = \"scratch\"\naxes.l10n = [\"en\", \"zh\"]\nsteps = [{ copy = \"f\", to = \"/\" }]\n";
    let directory = directory(&[("llbgen.toml", file), ("f", "f\n")]);
    let emit = |artifact| {
        let platform = ["--platform", "linux/amd64", "--tag", "1"];
        [&["emit", artifact, "--format", "json"][..], &platform].concat()
    };
    let app = [&emit("app")[..], &["--set", "l10n=en"]].concat();
    let push = [
        "plan",
        "app",
        "--push",
        "--registry",
        "127.0.0.1:9/x",
        "--tag",
        "1",
    ];
    insta::assert_snapshot!(session(&directory, &[&emit("files"), &app, &push]));
}

#[test]
fn a_layout_without_the_image_says_what_it_has() {
    let image = |name: &str| {
        let digest = name.repeat(64);
        format!(
            r#"{{"digest":"sha256:{digest}","size":1,"annotations":{{"org.opencontainers.image.ref.name":"{name}"}}}}"#
        )
    };
    let index = format!(r#"{{"manifests":[{},{}]}}"#, image("a"), image("b"));
    let directory = directory(&[
        (
            "llbgen.toml",
            "[artifact.it]\nkind = \"rootfs\"\nbase = \"debian:12\"\n",
        ),
        ("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
        ("layout/index.json", &index),
    ]);
    let digest = format!("debian:12=oci-layout://layout@sha256:{}", "c".repeat(64));
    let call = |context| ["id", "it", "--build-context", context];
    insta::assert_snapshot!(session(
        &directory,
        &[
            &call("debian:12=oci-layout://layout"),
            &call("debian:12=oci-layout://layout:c"),
            &call(&digest),
        ],
    ));
}

#[test]
fn the_schema_is_json_for_editors() {
    let transcript = transcript(&["schema"]);
    let (_, rest) = transcript.split_once("--- stdout\n").unwrap();
    let (schema, stderr) = rest.split_once("--- stderr\n").unwrap();
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["title"], "llbgen.toml");
    assert_eq!(stderr, "");
}

#[test]
fn new_makes_a_catalog_crate() {
    let directory = directory(&[]);
    let arguments = [
        "new",
        "--rust",
        "our-fleet",
        "--llbgen",
        "https://example.com/llbgen.git",
    ];
    let made = transcript_in(directory.path(), &arguments);
    let again = transcript_in(directory.path(), &arguments);
    let file = |name: &str| {
        let text = fs::read_to_string(directory.path().join("our-fleet").join(name));
        format!("\n# {name}\n{}", text.unwrap())
    };
    let files = ["Cargo.toml", "src/lib.rs", "src/main.rs", "src/frontend.rs"];
    insta::assert_snapshot!(format!("{made}\n{again}{}", files.map(file).concat()));
}

#[test]
fn the_readme_shows_a_file_that_works() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (file, _) = rest.split_once("```").unwrap();
    let directory = directory(&[("llbgen.toml", file)]);
    insta::assert_snapshot!(transcript_in(directory.path(), &["list"]));
}

#[test]
fn a_catalog_of_several_files_is_one() {
    let root = r#"include = "fleet/*.toml"
default = ["apps"]

[groups]
apps = ["app/*"]
everything = ["apps", "tools"]

[values.version]
"1" = { full = "1.2.3" }

[template.app]
kind = "image"
base = "debian:12"
platforms = ["linux/amd64"]
steps = [{ label = { kind = "app" } }]
"#;
    let apps = r#"[artifact."app/{name}"]
inherits = "app"
axes = { name = ["one", "two"], version = ["1"] }
steps = [{ use = "install", with = { from = "{version.full}" } }]

[artifact.compile]
kind = "stage"
base = "golang:1.26"
steps = [{ run = "go build -o /app ." }]
"#;
    let parts = r#"[part.install]
parameters = ["from"]
steps = [
    { copy = "/app", from = "compile", to = "/opt/{from}/" },
    { steps = [{ workdir = "/opt/{from}" }] },
]
finally = [{ env = { VERSION = "{version}" } }]

[artifact.tools]
kind = "layer"
base = "debian:12"
platforms = ["linux/amd64"]
steps = [{ run = "true" }]
"#;
    let files = [
        ("llbgen.toml", root),
        ("fleet/apps.toml", apps),
        ("fleet/parts.toml", parts),
    ];
    let calls: [&[&str]; 5] = [
        &["list"],
        &["list", "everything", "--format", "json"],
        &["list", "everythin"],
        &["show", "app/one"],
        &["show", "app/one", "--format", "json"],
    ];
    insta::assert_snapshot!(session(&directory(&files), &calls));

    let sound = parts;
    let parts = parts.replace("/opt/{from}/\"", "/opt/{form}/\"");
    let files = [files[0], files[1], ("fleet/parts.toml", &parts)];
    insta::assert_snapshot!(session(&directory(&files), &[&["list"]]));

    // What is added is checked with the files that are included, which stay as they are.
    let files = [files[0], files[1], ("fleet/parts.toml", sound)];
    let calls: [&[&str]; 3] = [
        &["new", "image", "app/one"],
        &["new", "image", "more", "--base", "tools"],
        &["new", "image", "more", "--base", "app/one"],
    ];
    insta::assert_snapshot!(session(&directory(&files), &calls));
    let files = [("llbgen.toml", "include = [\n    \"none/*.toml\",\n]\n")];
    insta::assert_snapshot!(session(
        &directory(&files),
        &[&["list"], &["new", "image", "a"]]
    ));
}

#[test]
fn every_example_of_the_language_is_a_catalog() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md");
    let page = fs::read_to_string(page).unwrap();
    let examples = page.split("```toml\n").skip(1);
    let mut count = 0;
    for example in examples {
        let (file, _) = example.split_once("```").unwrap();
        let directory = directory(&[("llbgen.toml", file)]);
        let listed = transcript_in(directory.path(), &["list"]);
        assert!(listed.contains("exit code: 0\n"), "{file}\n{listed}");
        count += 1;
    }
    assert!(count > 4, "{count} examples");
}
