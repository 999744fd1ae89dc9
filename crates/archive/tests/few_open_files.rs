//! A directory with many directories in it needs no more open files than a deep one. This is a program of its own,
//! since the limit is that of the whole process.

use std::fs;

use archive::{Copy, Options, copy, layer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn wide_trees_are_copied_and_compared_with_few_open_files() {
    let roots = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [source, target, base] = &roots;
    for number in 0..300 {
        for (root, below) in [(source, "both/d"), (source, "new/d"), (base, "both/d")] {
            let directory = root.path().join(format!("{below}{number}/e"));
            fs::create_dir_all(directory).unwrap();
        }
    }
    let limit = Rlimit {
        current: Some(64),
        ..getrlimit(Resource::Nofile)
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let all = Copy {
        path: b"/".to_vec(),
        to: b"/".to_vec(),
        ..Copy::default()
    };
    copy(source.path(), target.path(), &all).unwrap();
    let mut tar = Vec::new();
    layer(base.path(), target.path(), &mut tar, &Options::new()).unwrap();
    assert_eq!(
        fs::read_dir(target.path().join("new")).unwrap().count(),
        300
    );
    let entries = tar::Archive::new(&tar[..]).entries().unwrap().count();
    assert!(entries > 600, "{entries}");
}
