//! Contexts that are no directories of the client: git repositories and tars, from the web and from stdin.

use std::{
    fs::{self, File},
    path::Path,
};

use llbgen_tests::{
    command::{Outcome, clean, run},
    frontend::buildx,
    web::WebServer,
};

use super::on_each;

const CATALOG: &str = r#"include = "parts/*.toml"

[artifact.app]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
steps = [
    { copy = "f", to = "/f" },
    { copy = "large", to = "/large" },
    { copy = "dir/*.txt", to = "/dir/" },
]

[artifact.based]
kind = "layer"
base = "below"
platforms = ["linux/amd64"]
steps = [{ copy = "f", to = "/above" }]

[artifact.below]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
steps = [{ copy = "f", to = "/replaced" }]
"#;

/// A file of the catalog that the first one includes.
const INCLUDED: &str = r#"[artifact.given]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
steps = [
    { copy = "f", to = "/", context = "named" },
    { copy = "large", to = "/", context = "named" },
]
"#;

/// `site/` shows a repository with the catalog, one with its files in a directory, the same as tars, and a page.
const SITE: &str = "set -e
mkdir site
git init --quiet --initial-branch=main .
git add llbgen.toml parts f large dir
git -c user.name=Test -c user.email=test@example.com commit --quiet --message=first
git clone --quiet --bare . site/c.git
git -C site/c.git update-server-info
git mv llbgen.toml parts f large dir sub/
git -c user.name=Test -c user.email=test@example.com commit --quiet --message=second
git clone --quiet --bare . site/sub.git
git -C site/sub.git update-server-info
git reset --quiet --hard HEAD^
tar -cf site/c.tar llbgen.toml parts f large dir
tar -czf site/c.tar.gz llbgen.toml parts f large dir
echo page >site/page";

fn site(home: &Path) -> WebServer {
    fs::write(home.join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.join("f"), "text\n").unwrap();
    fs::write(home.join("large"), large()).unwrap();
    fs::create_dir_all(home.join("dir/deep")).unwrap();
    fs::create_dir(home.join("sub")).unwrap();
    fs::create_dir(home.join("parts")).unwrap();
    fs::write(home.join("parts/given.toml"), INCLUDED).unwrap();
    for name in [
        "dir/one.txt",
        "dir/two.txt",
        "dir/three",
        "dir/deep/four.txt",
    ] {
        fs::write(home.join(name), name).unwrap();
    }
    run(clean("sh", home).args(["-c", SITE])).success();
    // What the daemon fetches is not what is in the directory.
    fs::write(home.join("f"), "of the directory\n").unwrap();
    WebServer::start(&home.join("site"))
}

fn large() -> String {
    "not data in the graph\n".repeat(8 * 1024)
}

fn check_app(to: &Path) {
    let text = |name: &str| fs::read_to_string(to.join(name)).unwrap();
    assert_eq!(text("f"), "text\n");
    assert_eq!(text("large"), large());
    assert_eq!(text("dir/one.txt"), "dir/one.txt");
    assert_eq!(fs::read_dir(to.join("dir")).unwrap().count(), 2);
}

#[test]
fn repositories_and_tars_are_contexts() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let web = site(home);
        let build = |arguments: &[&str], stdin: Option<&str>| -> Outcome {
            let mut command = buildx(shared, bed, home);
            command
                .args(["--output", "type=local,dest=to"])
                .args(arguments);
            if let Some(tar) = stdin {
                command.stdin(File::open(home.join(tar)).unwrap());
            }
            run(&mut command)
        };
        let check = |arguments: &[&str], stdin: Option<&str>| {
            build(arguments, stdin).success();
            check_app(&home.join("to"));
            fs::remove_dir_all(home.join("to")).unwrap();
        };
        let repository = format!("{}#main", web.url("c.git"));
        check(&["--target", "app", &repository], None);
        let directory = format!("{}#main:sub", web.url("sub.git"));
        check(&["--target", "app", &directory], None);
        let query = format!("{}?branch=main&subdir=sub", web.url("sub.git"));
        check(&["--target", "app", "-f", "llbgen.toml", &query], None);
        check(&["--target", "app", &web.url("c.tar.gz")], None);
        check(&["--target", "app", "-"], Some("site/c.tar"));
        check(
            &["--target", "app", "-f", "llbgen.toml", "-"],
            Some("site/c.tar.gz"),
        );

        build(&["--target", "app", &web.url("page")], None).fails(1, &["page` is no tar"]);
        let missing = web.url("missing.git");
        build(&["--target", "app", &missing], None)
            .fails(1, &["missing.git` cannot be fetched", "GIT_AUTH_TOKEN"]);
    });
}

#[test]
fn repositories_and_tars_have_names() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let web = site(home);
        for address in [format!("{}#main", web.url("c.git")), web.url("c.tar")] {
            let build = |target: &str, name: &str| {
                let mut command = buildx(shared, bed, home);
                command.args(["--output", "type=local,dest=to", "--target", target]);
                command.args(["--build-context", &format!("{name}={address}"), "."]);
                run(&mut command).success();
            };
            build("given", "named");
            let text = |name: &str| fs::read_to_string(home.join("to").join(name)).unwrap();
            assert_eq!((text("f"), text("large")), ("text\n".to_owned(), large()));
            fs::remove_dir_all(home.join("to")).unwrap();

            // In the place of a base, all of it is below.
            build("based", "below");
            let layer = llbgen_tests::tree::Tree::open(&home.join("to/amd64.tar")).unwrap();
            assert_eq!(layer.paths().into_iter().collect::<Vec<_>>(), ["above"]);
            fs::remove_dir_all(home.join("to")).unwrap();
        }
    });
}
