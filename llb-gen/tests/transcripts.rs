//! What commands print and how they exit, where no daemon is needed.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

use std::{path::Path, process::Command};

/// The transcript of one call in this repository: exit code, stdout, stderr.
fn transcript(arguments: &[&str]) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
        .args(arguments)
        .current_dir(repository)
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "$ llbgen {}\nexit code: {}\n--- stdout\n{}--- stderr\n{}",
        arguments.join(" "),
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
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
    unsupported_context: "build" "base-rootfs" "--build-context" "ubuntu=oci-layout://x";
    missing_tar: "build" "base-rootfs" "--build-context" "ubuntu=missing-{arch}.tar";
    no_tar: "build" "base-rootfs" "--build-context" "ubuntu=Cargo.toml";
    missing_context_directory: "-C" "missing" "show" "base-rootfs";
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
    tag_of_a_plan_without_a_place: "plan" "base-rootfs" "--tag" "x";
    tag_without_a_place: "build" "base-rootfs" "--tag" "x";
    tls_without_address: "--tlsdir" "certs" "build" "base-rootfs";
    unreadable_secret: "build" "base-rootfs" "--secret" "id=a,src=missing";
    unsupported_address: "--addr" "http://x" "build" "base-rootfs";
    no_daemon_there: "--addr" "unix:///nowhere/buildkitd.sock" "build" "base-rootfs";
    emit_needs_one_platform: "emit" "base-rootfs" "--platform" "linux/amd64,linux/arm64";
    unknown_command: "biuld";
    unknown_flag: "build" "--ouput" "x";
}
