//! What texts, conditions and scripts stand for, on the newest daemon and on the oldest one.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    machine::llbgen,
    oci_archive::OciArchive,
    tree::Tree,
};
use serde_json::json;

use crate::oocana::config;

const CATALOG: &str = include_str!("language.toml");

fn built(bed: &Bed, home: &Path) {
    fs::write(home.join("llbgen.toml"), CATALOG).unwrap();
    let address = bed.address();
    let build = |artifact: &str| {
        let mut command = clean(llbgen(), home);
        command.args(["--addr", &address, "build", artifact]);
        run(&mut command)
    };
    // The shell's line numbers are those of the script.
    build("line").fails(1, &["/bin/sh: 1: no-such-program: not found"]);
    build("app").success();

    let archive = home.join("out/app.tar");
    let tree = OciArchive::open(&archive).tree("amd64");
    let has = |path: &str, text: &str| {
        let node = tree.get(path).unwrap_or_else(|| panic!("no `{path}`"));
        assert!(node.has_content(text.as_bytes()), "{path}: {node:?}");
    };
    has("seen-by-bash", "bash 7\n");
    has("seen", "7 shell {{version}} {unknown}\n");
    has("var/tmp/seen-by-perl", "daemon top\n");
    has("var/tmp/last", "daemon /var/tmp top\n");
    assert!(tree.get("run/llbgen").is_none(), "the script is no part");

    let image = format!("oci-archive:{}", archive.display());
    let expected = json!({
        "Env": [
            "PATH=/opt/app-7/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "TOP=top",
        ],
        "WorkingDir": "/opt/app-7",
        "User": "daemon",
        "Entrypoint": ["/opt/app-7/f", "$PATH"],
        "Cmd": ["--7"],
        "Labels": { "version": "7 of top" },
        "Volumes": { "/data/7": {} },
    });
    assert_eq!(config(home, &image, "amd64")["config"], expected);
    build("flavour").success();
    for (flavour, more) in [("plain", None), ("rich", Some("daemon set\n"))] {
        let tree = Tree::open(&home.join(format!("out/{flavour}.tar"))).unwrap();
        let has = |path: &str, text: &str| {
            let node = tree.get(path).unwrap_or_else(|| panic!("no `{path}`"));
            assert!(node.has_content(text.as_bytes()), "{path}: {node:?}");
        };
        let own = |name: &str| format!("opt/x-{flavour}/{name}");
        has(&own("word"), &format!("{flavour} of x86_64\n"));
        has("opt/made", "on x86_64 for amd64\n");
        has("shell", "bash\n");
        match more {
            Some(more) => has(&own("more"), more),
            None => assert!(tree.get(&own("more")).is_none()),
        }
        assert!(tree.get("word").is_some(), "the part's last step");
        assert!(tree.get("out").is_none(), "the stage is no part");
    }
}

#[test]
fn texts_and_scripts_mean_what_they_say() {
    let Some(bed) = Bed::shared() else { return };
    for bed in [bed, &bed.oldest()] {
        let home = tempfile::tempdir().unwrap();
        built(bed, home.path());
    }
}
