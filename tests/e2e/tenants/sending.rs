//! Only what changed is sent, of few files and of many.

use std::{fs, path::Path};

use llbgen_tests::{bed::Bed, command::run, tree::Tree};

use super::{Door, LARGE, buildx, emit, llbgen};
use crate::doors::on_each;

/// A directory, in an artifact of each kind.
const CATALOG: &str = r#"
[artifact.app]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "app.tar"
steps = [{ copy = "data", to = "/data" }]

[artifact.layer]
kind = "layer"
base = "scratch"
platforms = ["linux/amd64"]
output = "layer.tar"
steps = [{ copy = "data", to = "/data" }]

[artifact.image]
kind = "image"
base = "scratch"
platforms = ["linux/amd64"]
output = "image.tar"
steps = [{ copy = "data", to = "/data" }]
"#;

/// Builds, and tells how many bytes were sent.
fn sent(bed: &Bed, home: &Path) -> u64 {
    let mut command = llbgen(home);
    command.args(["--addr", &bed.address(), "build", "--no-skip", "app"]);
    let outcome = run(command.args(["--progress", "rawjson"])).success();
    transferred(&outcome.stderr)
}

/// What the daemon was sent once it is not sent again, whatever the times of the files are.
#[test]
fn only_changed_files_are_sent_again() {
    on_each(|_, bed| {
        let home = tempfile::tempdir().unwrap();
        let write = |number: usize, letter: &str| {
            let path = home.path().join(format!("data/{number}"));
            fs::write(path, letter.repeat(LARGE)).unwrap();
        };
        fs::create_dir(home.path().join("data")).unwrap();
        fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
        (0..20).for_each(|number| write(number, "a"));
        let all = sent(bed, home.path());
        assert!(all > 20 * LARGE as u64, "{all}");
        // Times are others, bytes are not.
        (0..20).for_each(|number| write(number, "a"));
        // As large as before, and with the same time.
        let path = home.path().join("data/7");
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        write(7, "b");
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
        let changed = sent(bed, home.path());
        assert!(
            (LARGE as u64..2 * LARGE as u64).contains(&changed),
            "{changed}"
        );
        let tree = Tree::open(&home.path().join("out/app.tar")).unwrap();
        let node = tree.get("data/7").unwrap();
        assert!(node.has_content("b".repeat(LARGE).as_bytes()));
    });
}

/// Of many files only the bundle is sent that has the one that changed, and it is the same through every door.
#[test]
fn of_many_files_one_bundle_is_sent_again() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let write = |number: usize, letter: &str| {
            let path = home.path().join(format!("data/{}/{number}", number % 10));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, letter.repeat(50_000)).unwrap();
        };
        fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
        (0..1000).for_each(|number| write(number, "a"));
        let all = sent(bed, home.path());
        assert!(all > 50_000_000, "{all}");
        write(777, "b");
        let changed = sent(bed, home.path());
        assert!((50_000..=10_000_000).contains(&changed), "{changed}");
        let tree = Tree::open(&home.path().join("out/app.tar")).unwrap();
        let has = |tree: &Tree, path: &str, letter: &str| {
            let node = tree.get(path).unwrap_or_else(|| panic!("{path}"));
            assert!(node.has_content(letter.repeat(50_000).as_bytes()), "{path}");
        };
        has(&tree, "data/7/777", "b");
        has(&tree, "data/9/999", "a");
        // Every kind has its own way to the daemon.
        let mut kinds = llbgen(home.path());
        kinds.args(["--addr", &bed.address(), "build", "layer", "image"]);
        run(&mut kinds).success();
        let layer = Tree::open(&home.path().join("out/layer.tar")).unwrap();
        has(&layer, "data/7/777", "b");
        for door in [emit as Door, buildx] {
            let (outcome, tar) = door(shared, bed, home.path());
            let outcome = outcome.success();
            // What the packer makes in the graph is what was sent before.
            let lines = outcome.stderr.lines();
            let copied: Vec<&str> = lines.filter(|line| line.contains("copy data")).collect();
            let number = copied.first().and_then(|line| line.split(' ').next());
            let cached = format!("{} CACHED", number.unwrap_or_default());
            assert!(outcome.stderr.contains(&cached), "{}", outcome.stderr);
            let tree = Tree::open(&tar).unwrap();
            has(&tree, "data/7/777", "b");
        }
    });
}

/// The bytes that local sources were sent, as the daemon says.
fn transferred(progress: &str) -> u64 {
    let mut sent = std::collections::BTreeMap::new();
    for line in progress.lines() {
        let Ok(batch) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        for status in batch["statuses"].as_array().into_iter().flatten() {
            let id = status["id"].as_str().unwrap_or_default();
            if id.starts_with("transferring") {
                let key = (status["vertex"].to_string(), id.to_owned());
                sent.insert(key, status["current"].as_u64().unwrap_or(0));
            }
        }
    }
    sent.values().sum()
}
