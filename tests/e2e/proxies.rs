//! Proxies reach the commands of steps, and nothing that lasts.

use std::{fs, path::Path, process::Command};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend::buildx,
    machine,
    tree::Tree,
};

use crate::{doors::on_each, oocana::commands_run};

/// A step that keeps what it is given, and something that makes it another one than any before.
fn catalog(nonce: &str) -> String {
    format!(
        "[artifact.asks]\nkind = \"rootfs\"\nbase = \"debian:bookworm\"\nplatforms = [\"linux/amd64\"]\noutput = \"asks.tar\"\n\
         steps = [{{ run = \"env | grep -i proxy | sort > /proxies # {nonce}\" }}]\n"
    )
}

const PROXY: &str = "http://user:word@proxy.example:3128";

fn llbgen(bed: &Bed, home: &Path) -> Command {
    let mut command = clean(machine::llbgen(), home);
    command.env("BUILDKIT_HOST", bed.address());
    command
}

#[test]
fn proxies_are_in_no_id_no_record_and_no_cache_key() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("llbgen.toml");
        fs::write(file, catalog(&home.path().display().to_string())).unwrap();
        let with_proxy = |arguments: &[&str]| {
            let mut command = llbgen(bed, home.path());
            command
                .env("HTTP_PROXY", PROXY)
                .env("no_proxy", "localhost");
            run(command.args(arguments)).success()
        };
        with_proxy(&["build", "asks"]);
        let tree = Tree::open(&home.path().join("out/asks.tar")).unwrap();
        let given = format!(
            "HTTP_PROXY={PROXY}\nNO_PROXY=localhost\nhttp_proxy={PROXY}\nno_proxy=localhost\n"
        );
        assert!(tree.get("proxies").unwrap().has_content(given.as_bytes()));

        let emitted = with_proxy(&["emit", "asks", "--format", "json"]);
        assert!(!emitted.text().contains("proxy.example"));
        let records = run(clean("grep", home.path()).args(["-r", "proxy.example", "out/.llbgen"]));
        assert_eq!(records.code(), Some(1), "{}", records.text());

        // Without a proxy, it is the same artifact, and up to date; and nothing runs again.
        let plan = run(llbgen(bed, home.path()).args(["plan", "asks", "--exit-code"]));
        assert_eq!(plan.code(), Some(0), "{}", plan.text());
        let again = ["build", "asks", "--no-skip", "--progress", "rawjson"];
        let said = run(llbgen(bed, home.path()).args(again)).success();
        assert_eq!(commands_run(&said.stderr), Vec::<String>::new());

        // Through the other door, a proxy is a build argument.
        let mut door = buildx(shared, bed, home.path());
        door.args([
            "--progress",
            "rawjson",
            "--target",
            "asks",
            "--platform",
            "linux/amd64",
        ]);
        door.args([
            "--build-arg",
            "HTTP_PROXY=http://other.example:1",
            "--output",
            "type=tar,dest=door.tar",
            ".",
        ]);
        let said = run(&mut door).success();
        let news: Vec<&str> = said
            .stderr
            .lines()
            .filter(|line| line.starts_with('{'))
            .collect();
        assert_eq!(commands_run(&news.join("\n")), Vec::<String>::new());
    });
}
