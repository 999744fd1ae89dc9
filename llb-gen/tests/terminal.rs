//! No text of a catalog gives orders to the terminal that it is shown on.

use std::{fs, process::Command};

/// Clears the screen, in every place that may hold any text.
const CATALOG: &str = r#"
[artifact.a]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
description = "x\u001b[2J"
options.name = "x\u001b[2J"
steps = [{ run = "x\u001b[2J", network = "none" }]
"#;

#[test]
fn listings_and_errors_show_orders_as_escapes() {
    let home = tempfile::tempdir().unwrap();
    let catalog = home.path().join("llbgen.toml");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_llbgen"))
            .args(["--color", "always"])
            .args(arguments)
            .current_dir(home.path())
            .env_clear()
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(!said.contains("\x1b[2J"), "{arguments:?}: {said}");
        assert!(said.contains("[2J"), "{arguments:?}: {said}");
    };
    fs::write(&catalog, CATALOG).unwrap();
    run(&["list"]);
    run(&["show", "a"]);
    run(&["show", "\x1b[2J"]);
    fs::write(
        &catalog,
        CATALOG.replace("description = \"x", "\x1b[2J = \"x"),
    )
    .unwrap();
    run(&["list"]);
}
