//! The law of layers, on the real executor layer.

use std::{
    fs,
    path::{Path, PathBuf},
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, llbgen, run},
    context::context,
    image::ARCHITECTURES,
    machine::workspace,
    shared::{Shared, Using},
};

use super::{Built, built};
use crate::umoci::{Facts, Umoci, assert_same, facts, facts_on_disk};

/// Beside the fleet: the executor layer as a whole tree; with three more commands on top, which delete, make again and replace; and all of
/// that as a whole.
const CATALOG: &str = r#"
[artifact.executor-whole]
kind = "rootfs"
base = "server-base"
output = "{arch}-executor-whole.tar"
steps = [INSTALL]

[artifact.edited-layer]
kind = "layer"
base = "server-base"
output = "{arch}-edited.tar"
steps = [INSTALL EDITS]

[artifact.edited-whole]
kind = "rootfs"
base = "server-base"
output = "{arch}-edited-whole.tar"
steps = [INSTALL EDITS]
"#;

/// What the daemon keeps of whole trees: each as large as the base.
const WHOLE: &str = "exec /packer rootfs /whole /out/.*-whole[.]tar";

/// The step of the fleet.
const INSTALL: &str = r#"
    { run = "zsh -i -c ./scripts/image/install-executor.sh", files = ["scripts/image/install-executor.sh", "package.json", "requirements.txt"], cache = ["npm", "pip"], env = { SOURCE_DATE_EPOCH = "315532800" } },
"#;

const EDITS: &str = r#"
    { run = "rm -r /usr/lib/node_modules/typescript /etc/zsh; rm /etc/debian_version; echo a file > /etc/zsh; mv /etc/skel /etc/moved" },
    { run = "rm /etc/zsh; mkdir /etc/zsh; echo new > /etc/zsh/new; ln /etc/zsh/new /etc/zsh/link; rm -r /usr/share/common-licenses; ln -s nowhere /usr/share/common-licenses" },
    { run = "rm /usr/share/common-licenses /etc/zsh/new; mkdir /usr/share/common-licenses; echo last > /usr/share/common-licenses/last; rm -r /etc/moved" },
"#;

/// Builds artifacts of [`CATALOG`] for both platforms, on the daemon that has built everything; where they are.
fn build(built: &Built, home: &Path, artifacts: &str) -> (PathBuf, Outcome) {
    let to = context(home);
    let lock = context(&built.home).join("llbgen.lock");
    fs::copy(lock, to.join("llbgen.lock")).unwrap();
    let catalog = CATALOG.replace("INSTALL", INSTALL).replace("EDITS", EDITS);
    let fleet = fs::read_to_string(workspace().join("llbgen.toml")).unwrap();
    fs::write(to.join("llbgen.toml"), fleet + &catalog).unwrap();
    let mut command = llbgen(home);
    command.args(["--addr", &built.bed.address(), "--progress", "rawjson"]);
    let said = run(command.args(["build", artifacts])).success();
    (home.join("out"), said)
}

/// The executor layer as it is released, put on its base by umoci.
pub(super) struct Applied {
    pub(super) arch: &'static str,
    pub(super) tree: PathBuf,
    facts: Facts,
    _home: tempfile::TempDir,
}

/// Once for both tests. They may change the trees: what there is to say of them is said before.
pub(super) fn applied(built: &Built) -> Using<[Applied; 2]> {
    static APPLIED: Shared<[Applied; 2]> = Shared::of(2);
    APPLIED.get(|| {
        ARCHITECTURES.map(|arch| {
            let home = tempfile::tempdir_in(&built.home).unwrap();
            let layer = built.out(&format!("executor-layer/{arch}-executor.tar"));
            let tree = put_on_server_base(built, home.path(), arch, &layer);
            let facts = facts_on_disk(&tree);
            Applied {
                arch,
                tree,
                facts,
                _home: home,
            }
        })
    })
}

fn put_on_server_base(built: &Built, home: &Path, arch: &str, layer: &Path) -> PathBuf {
    let umoci = Umoci::new(home);
    let base = built.out(&format!("{arch}-server-base.tar"));
    umoci.add("empty", &base, "base");
    umoci.add("base", layer, "tree");
    let tree = umoci.unpack("tree");
    umoci.remove();
    tree
}

/// A10: `server-base` with the released layer is what the install step leaves, on both platforms: path, mode, owner, time,
/// digest, attributes.
#[test]
fn the_law_of_layers_holds_on_the_executor_layer() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let home = tempfile::tempdir().unwrap();
    let (out, said) = build(built, home.path(), "executor-whole");
    // The install step is the executor layer's own.
    assert_eq!(Built::executed(&said.stderr, "run zsh -i -c ./scripts"), 0);
    for Applied {
        arch,
        facts: applied,
        ..
    } in applied(built).iter()
    {
        let whole = facts(&out.join(format!("{arch}-executor-whole.tar")));
        let base = facts(&built.out(&format!("{arch}-server-base.tar")));
        assert!(whole.len() > base.len() + 100, "{arch}: it has the layer");
        assert_same(applied, &whole);
    }
    built.forget(WHOLE);
}

/// A09: what later steps delete is deleted, and the base with the layer is the whole.
#[test]
fn the_law_of_layers_holds_when_steps_delete() {
    let Some(bed) = Bed::shared() else { return };
    let built = built(bed);
    let home = tempfile::tempdir().unwrap();
    let (out, said) = build(built, home.path(), "edited-*");
    assert_eq!(Built::executed(&said.stderr, "run zsh -i -c ./scripts"), 0);
    for arch in ARCHITECTURES {
        let layer = out.join(format!("{arch}-edited.tar"));
        check_names(&super::names(&layer));
        let home = tempfile::tempdir_in(home.path()).unwrap();
        let tree = put_on_server_base(built, home.path(), arch, &layer);
        let whole = facts(&out.join(format!("{arch}-edited-whole.tar")));
        assert_same(&facts_on_disk(&tree), &whole);
    }
    built.forget(WHOLE);
}

fn check_names(found: &[String]) {
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
}
