//! Faults on this machine: the catalog, the lock and the output directory.

use std::fs;

use llbgen_tests::bed::Bed;

use super::{doctor, home};

#[test]
fn the_catalog_the_lock_and_the_output_directory_are_checked() {
    let Some(bed) = Bed::shared() else { return };
    let arguments = ["--addr", &bed.address()];
    let unpinned = home(
        "[artifact.tools]\nkind = \"rootfs\"\nbase = \"debian:12\"\nplatforms = [\"linux/amd64\"]\n\
         output = \"tools.tar\"\nsteps = [{ run = \"true\" }]\n",
    );
    fs::write(unpinned.path().join("out"), "a file").unwrap();
    doctor(unpinned.path(), &arguments)
        .has(
            "catalog",
            "lock",
            "warning",
            &["`debian:12` is not pinned", "`llbgen lock`"],
        )
        .has_problem(
            "output",
            "directory",
            &[
                "`out` cannot be written to",
                "Not a directory",
                "--output DIR",
            ],
        );
    fs::remove_file(unpinned.path().join("out")).unwrap();
    let found = doctor(unpinned.path(), &arguments);
    assert_eq!(
        (found.code, found.count("warning")),
        (Some(0), 1),
        "{found:#?}"
    );

    fs::write(unpinned.path().join("llbgen.lock"), "nonsense").unwrap();
    doctor(unpinned.path(), &arguments)
        .has_problem("catalog", "catalog", &["llbgen.lock"])
        .has("daemon", "trial", "ok", &[]);
    let broken = home("[artifact.tools]\nkid = \"rootfs\"\n");
    doctor(broken.path(), &arguments)
        .has_problem("catalog", "catalog", &["kid"])
        .has("daemon", "trial", "ok", &[]);
}
