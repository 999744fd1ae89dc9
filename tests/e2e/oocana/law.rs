//! The law of layers, on the real executor layer.

use std::{collections::BTreeMap, fs};

use llbgen_tests::{
    bed::Bed,
    command::{llbgen, run},
    context::context,
    tree::Tree,
};

use super::{Built, built, names};

/// The executor layer with three more commands on top, which delete, make again and replace; and all of it as a whole.
const EDITED: &str = r#"
[artifact.edited-layer]
kind = "layer"
base = "server-base"
output = "edited.tar"
platforms = ["linux/amd64"]
steps = [STEPS]

[artifact.edited-whole]
kind = "rootfs"
base = "server-base"
output = "whole.tar"
platforms = ["linux/amd64"]
steps = [STEPS]
"#;

const EDITS: &str = r#"
    { run = "zsh -i -c ./scripts/image/install-executor.sh", files = ["scripts/image/install-executor.sh", "package.json", "requirements.txt"], cache = ["npm", "pip"], env = { SOURCE_DATE_EPOCH = "315532800" } },
    { run = "rm -r /usr/lib/node_modules/typescript /etc/zsh; rm /etc/debian_version; echo a file > /etc/zsh; mv /etc/skel /etc/moved" },
    { run = "rm /etc/zsh; mkdir /etc/zsh; echo new > /etc/zsh/new; ln /etc/zsh/new /etc/zsh/link; rm -r /usr/share/common-licenses; ln -s nowhere /usr/share/common-licenses" },
    { run = "rm /usr/share/common-licenses /etc/zsh/new; mkdir /usr/share/common-licenses; echo last > /usr/share/common-licenses/last; rm -r /etc/moved" },
"#;

/// A09, A10: what the install step and later ones delete is deleted, and the base with the layer is the whole.
#[test]
fn the_law_of_layers_holds_on_the_executor_layer() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let home = tempfile::tempdir().unwrap();
    let to = context(home.path());
    fs::copy(
        context(&built.home).join("llbgen.lock"),
        to.join("llbgen.lock"),
    )
    .unwrap();
    fs::write(to.join("llbgen.toml"), EDITED.replace("STEPS", EDITS)).unwrap();
    let mut command = llbgen(home.path());
    command.args([
        "--addr",
        &built.bed.address(),
        "--progress",
        "rawjson",
        "build",
    ]);
    let said = run(command.args(["edited-*"])).success();
    // The install step is the executor layer's own.
    assert_eq!(Built::executed(&said.stderr, "run zsh -i -c ./scripts"), 0);

    let layer = home.path().join("out/edited.tar");
    let found = names(&layer);
    for name in [
        "etc/.wh.debian_version",
        "etc/.wh.skel",
        "etc/zsh/new",
        "usr/share/common-licenses/last",
        "usr/lib/node_modules/esbuild/package.json",
    ] {
        let is_there = found.iter().any(|path| path.trim_end_matches('/') == name);
        // A link to a file that was made and deleted is all that is left of both.
        assert_eq!(is_there, name != "etc/zsh/new", "{name}");
    }
    assert!(!found.iter().any(|path| path.contains("typescript")));
    let mut applied = Tree::open(&built.out("amd64-server-base.tar")).unwrap();
    applied
        .apply_layer(fs::File::open(&layer).unwrap())
        .unwrap();
    let whole = Tree::open(&home.path().join("out/whole.tar")).unwrap();
    assert_eq!(applied.differences(&whole), BTreeMap::new());
}
