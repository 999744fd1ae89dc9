//! The commands of steps that put files into a tree.

use buildkit_llb::{ExecContent, FileChange};
use file_set::Excludes;

use super::*;
use crate::{Declared, Directory, Download, File, Remove, Symlink};

/// The commands of the packer in a plan, without its path.
fn commands(plan: &Plan) -> Vec<String> {
    execs(plan)
        .iter()
        .map(|exec| exec.args[1..].join(" "))
        .collect()
}

fn execs(plan: &Plan) -> Vec<ExecContent> {
    let vertices = plan.definition.vertices();
    let execs = vertices.filter_map(|vertex| match vertex.content() {
        OpContent::Exec(exec) => Some(exec),
        _ => None,
    });
    execs
        .filter(|exec| exec.args[0] == crate::pack::PACKER)
        .collect()
}

fn check(step: impl Into<crate::Step>, expected: &[&str]) {
    let catalog = checked([Artifact::rootfs("base", Base::scratch()).step(step)]);
    assert_eq!(commands(&plan(&catalog, "base", &inputs(&[]))), expected);
}

#[test]
fn what_is_made_is_one_command_of_the_packer() {
    check(
        Directory::new(["/a", "/{arch}"]),
        &["directory /tree /a /arm64"],
    );
    check(
        Directory::new(["/a"]).mode("01777").owner("app:7"),
        &["directory --mode=1777 --owner=app:7 /tree /a"],
    );
    check(
        Directory::new(["/a"]).owner("app").if_missing(),
        &["directory --missing=true --owner=app /tree /a"],
    );
    check(
        Symlink::new(["/a", "/b"], "../{arch}"),
        &["symlink /tree ../arm64 /a /b"],
    );
    check(Remove::new(["/a/*", "/b"]), &["remove /tree /a/* /b"]);
    check(
        File::new(["/a", "/b"], "x").mode("a+x"),
        &["file --mode=a+x /from/content /tree /a /b"],
    );
}

#[test]
fn the_content_of_a_file_is_data_of_the_graph() {
    let step = File::new(["/etc/motd"], "on ${{ arch }}\n");
    let catalog = checked([Artifact::rootfs("base", Base::scratch()).step(step)]);
    let plan = plan(&catalog, "base", &inputs(&[]));
    let made = plan
        .definition
        .vertices()
        .find_map(|vertex| match vertex.content() {
            OpContent::File(actions) => Some(actions),
            _ => None,
        });
    let [action] = &made.unwrap()[..] else {
        panic!("one file");
    };
    let FileChange::Mkfile { path, data, mode } = &action.change else {
        panic!("{action:?}");
    };
    assert_eq!(
        (path.as_str(), &data[..], *mode),
        ("/content", &b"on arm64\n"[..], 0o644)
    );
    let [exec] = &execs(&plan)[..] else {
        panic!("one command");
    };
    let mounts: Vec<(&str, &str)> = exec
        .mounts
        .iter()
        .map(|mount| (&*mount.dest, &*mount.selector))
        .collect();
    assert!(
        mounts.contains(&("/from/content", "/content")),
        "{mounts:?}"
    );
    assert_eq!(names(&plan)[0], "[base linux/arm64] file /etc/motd");
}

#[test]
fn copies_say_modes_owners_and_what_they_leave_out() {
    let large = || set(&[("d/a", large_file(1)), ("d/b.o", large_file(2))]);
    let with = |copy: Copy, declared: Declared, files: FileSet| {
        let catalog = checked([Artifact::rootfs("base", Base::scratch()).step(copy)]);
        let inputs = Inputs {
            files: BTreeMap::from([(declared, files)]),
            ..inputs(&[])
        };
        let plan = plan(&catalog, "base", &inputs);
        let [command] = &commands(&plan)[..] else {
            panic!("one command");
        };
        // The digest of the files is tested where it is made.
        let words = command.split(' ');
        let words: Vec<&str> = words
            .filter(|word| !word.starts_with("--content="))
            .collect();
        (words.join(" "), plan)
    };
    let d = || Declared::from(path("d"));
    let excluded = || Declared {
        exclude: Excludes::try_new(["*.o", "!x"]).unwrap(),
        ..d()
    };
    let copy = || Copy::new("d", "/to/");
    let (command, _) = with(copy(), d(), large());
    assert_eq!(command, "copy --plain=true /from d /tree /to/");
    let (command, _) = with(copy().mode("0440").owner("www-data"), d(), large());
    assert_eq!(
        command,
        "copy --plain=true --mode=0440 --owner=www-data /from d /tree /to/"
    );
    let (command, plan) = with(copy().exclude(["*.o", "!x"]), excluded(), large());
    assert_eq!(
        command,
        "copy --plain=true --exclude=*.o --exclude=!x /from d /tree /to/"
    );
    let sources = plan
        .definition
        .vertices()
        .filter_map(|vertex| match vertex.content() {
            OpContent::Source(source) => source.attrs.get("local.excludepatterns").cloned(),
            _ => None,
        });
    assert_eq!(sources.collect::<Vec<String>>(), [r#"["d/*.o","!d/x"]"#]);
    let kept = Declared {
        keeps_modes: true,
        ..d()
    };
    let short = |bits| set(&[("d/a", text_file("x").with_mode(bits))]);
    let (command, plan) = with(copy().mode("keep"), kept.clone(), short(0o600));
    assert_eq!(command, "copy --plain=true --keep=true /from d /tree /to/");
    assert!(plan.locals.is_empty(), "as data of the graph");
    let (_, other) = with(copy().mode("keep"), kept.clone(), short(0o640));
    assert_ne!(plan.definition.head(), other.definition.head());
    // The action that makes a file knows no such bits.
    let (_, plan) = with(copy().mode("keep"), kept, short(0o4755));
    assert_eq!(plan.locals.len(), 1);
}

#[test]
fn several_sources_are_copied_one_after_the_other() {
    let catalog = checked([Artifact::rootfs("base", Base::scratch())
        .step(Copy::several(["a", "c"], "/to/"))
        .step(
            Copy::several(["/x", "/y*"], "/to/")
                .from("debian:12")
                .owner("7")
                .mode("go-w")
                .exclude(["z"]),
        )]);
    let files = [
        ("a", set(&[("a", text_file("1"))])),
        ("c", set(&[("c", text_file("2"))])),
    ];
    assert_eq!(
        commands(&plan(&catalog, "base", &inputs(&files))),
        [
            "copy --plain=true /from a /tree /to/",
            "copy --plain=true /from c /tree /to/",
            "copy --mode=go-w --owner=7 --exclude=z /from x /tree /to/",
            "copy --mode=go-w --owner=7 --exclude=z /from /y* /tree /to/",
        ]
    );
}

#[test]
fn downloads_say_modes_and_owners() {
    let pinned = |to: &str| {
        let checksum = format!("sha256:{}", "1".repeat(64));
        Download::new("https://example.com/x", to).checksum(&checksum)
    };
    check(
        pinned("/x"),
        &["copy --mode=0644 --time=0 /from x /tree /x"],
    );
    check(
        pinned("/x").mode("a+x").owner("app"),
        &["copy --mode=0755 --owner=app --time=0 /from x /tree /x"],
    );
    check(
        pinned("/x").unpack().owner("app:app"),
        &["unpack --owner=app:app /from /tree /x"],
    );
}

/// A step that fills many files into a directory, and its mode and owner, are one copy of plain files: bundles have none.
#[test]
fn many_files_with_an_owner_are_copied_one_by_one() {
    let many: FileSet = (0..300)
        .map(|number| (path(&format!("d/{number}")), large_file(1)))
        .collect();
    let with = |copy: Copy| {
        let catalog = checked([Artifact::rootfs("base", Base::scratch()).step(copy)]);
        let plan = plan(&catalog, "base", &inputs(&[("d", many.clone())]));
        let commands = commands(&plan);
        let words = commands
            .iter()
            .map(|line| line.split(' ').next().unwrap().to_owned());
        words.collect::<Vec<_>>()
    };
    assert_eq!(with(Copy::new("d", "/d")), ["bundle", "unbundle"]);
    assert_eq!(with(Copy::new("d", "/d").owner("7")), ["copy"]);
}
