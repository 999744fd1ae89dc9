//! One tree has one content, whatever it leaves by. Where it differs, the exporter is BuildKit's: those are the facts here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use archive::{DeviceClass, Digest, Entry, EntryPath, Kind as EntryKind};
use llbgen_tests::{
    bed::Bed,
    command::{as_emitted, clean, run},
    machine::llbgen,
    oci_archive::OciArchive,
    web::WebServer,
};

use super::{build, write};
use crate::kinds::{self, Kind, What};

/// An entry, whose kind is no hard link, and all names of its file.
type Fact = (Entry, BTreeSet<EntryPath>);
type Facts = BTreeMap<EntryPath, Fact>;

/// The time of what has no time of its own.
const TIME: i64 = 1_600_000_000;

/// What the command makes.
fn made() -> Vec<Kind> {
    let made = |path: &str, what| Kind::new(format!("made/{path}"), what);
    vec![
        Kind::new("made", What::Directory),
        Kind {
            mode: 0o666,
            ..made("null", What::Character(1, 3))
        },
        made("loop0", What::Block(7, 0)),
        made("fifo", What::Fifo),
        made("socket", What::Socket),
    ]
}

/// Makes the kinds that a command makes, and gives those of the tar the fractions of a second that unpacking cuts.
fn script() -> String {
    let mut script = String::from(
        "mkdir /odd/made; cd /odd/made\n\
         mknod -m 666 null c 1 3; mknod loop0 b 7 0; mkfifo fifo\n\
         perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"socket\", Listen => 1) or die'\n\
         chmod 0644 socket\n",
    );
    let times = kinds::kinds().into_iter().filter(|kind| kind.time.1 != 0);
    for kind in times.chain(made().into_iter().rev()) {
        let path = String::from_utf8(kind.path.clone()).unwrap();
        writeln!(script, "touch -h -d @{} '/odd/{path}'", kind.decimal_time()).unwrap();
    }
    // Something was put into it.
    writeln!(script, "touch -d @{TIME} /odd").unwrap();
    script
}

fn catalog(server: &str) -> String {
    let artifacts = ["rootfs", "layer", "image"].map(|kind| {
        format!(
            "[artifact.{kind}]\nkind = \"{kind}\"\nbase = \"debian:bookworm\"\n\
             platforms = [\"linux/amd64\"]\noutput = \"{kind}.tar\"\nsteps = [\n\
             {{ download = \"{server}odd.tar\", to = \"/odd/\", unpack = true }},\n\
             {{ run = '''\n{}''', network = \"none\" }},\n]\n",
            script()
        )
    });
    artifacts.concat()
}

#[test]
fn one_tree_has_one_content() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let web = home.join("web");
    fs::create_dir(&web).unwrap();
    let tar = fs::File::create(web.join("odd.tar")).unwrap();
    kinds::tar(&kinds::kinds(), tar);
    let server = WebServer::start(&web);
    write(home, "llbgen.toml", catalog(&server.url("")));
    run(&mut build(bed, home, &["all"])).success();

    let whole = expected();
    let without_sockets = changed(&whole, |fact| (!is_socket(&fact)).then_some(fact));
    let found = |tar: &Path| facts(&[fs::read(tar).unwrap()]);
    assert_same(
        "rootfs",
        &without_sockets,
        &found(&home.join("out/rootfs.tar")),
    );
    assert_same(
        "layer",
        &without_sockets,
        &found(&home.join("out/layer.tar")),
    );
    let image = OciArchive::open(&home.join("out/image.tar"));
    let layers = image.layers("amd64");
    let in_image = changed(&without_sockets, |fact| Some(as_in_an_image(fact)));
    assert_same("image", &in_image, &facts(&layers));
    let exported = changed(&whole, |fact| Some(as_buildkit_exports(fact)));
    assert_same("emit", &exported, &found(&emitted(bed, home)));
}

/// The tar of BuildKit's own exporter.
fn emitted(bed: &Bed, home: &Path) -> std::path::PathBuf {
    let mut emit = clean(llbgen(), home);
    let emitted = run(emit.args(["emit", "rootfs"])).success();
    let directory = home.join("emitted");
    run(&mut as_emitted(&emitted, &bed.address(), &directory)).success();
    let tars = fs::read_dir(directory).unwrap();
    let mut tars = tars.map(|entry| entry.unwrap().path());
    tars.find(|path| path.extension().is_some_and(|end| end == "tar"))
        .unwrap()
}

/// BuildKit's layers of images have capabilities, and no other attributes.
fn as_in_an_image((mut entry, names): Fact) -> Fact {
    entry
        .xattrs
        .retain(|name, _| name == b"security.capability");
    (entry, names)
}

/// BuildKit's `type=tar` rounds times to seconds, after it has counted their nanoseconds in 64 bits, and makes files of
/// sockets.
fn as_buildkit_exports((mut entry, names): Fact) -> Fact {
    let all = kinds::kinds();
    let kind = all.iter().find(|kind| odd_path(&kind.path) == entry.path);
    let milliseconds = kind.map_or(0, |kind| kind.time.1);
    let nanoseconds = entry.mtime.wrapping_mul(1_000_000_000) + i64::from(milliseconds) * 1_000_000;
    entry.mtime = (nanoseconds + 500_000_000).div_euclid(1_000_000_000);
    (entry, names)
}

/// What the tree is, from the data that it was made of.
fn expected() -> Facts {
    let mut facts = Facts::new();
    let odd = Kind::new("", What::Directory);
    for kind in [odd].iter().chain(&kinds::kinds()).chain(&made()) {
        let path = odd_path(&kind.path);
        let fact = match kind.what {
            What::HardLink(target) => {
                let (entry, names) = facts.get_mut(&odd_path(target.as_bytes())).unwrap();
                names.insert(path.clone());
                let path = path.clone();
                (
                    Entry {
                        path,
                        ..entry.clone()
                    },
                    names.clone(),
                )
            }
            _ => (entry(kind, path.clone()), BTreeSet::from([path.clone()])),
        };
        facts.insert(path, fact);
    }
    with_all_names(facts)
}

/// Gives every name of a file all of its names: those before the last one have been told of fewer.
fn with_all_names(mut facts: Facts) -> Facts {
    let groups: Vec<_> = facts.values().map(|(_, names)| names.clone()).collect();
    for names in groups.into_iter().filter(|names| names.len() > 1) {
        for name in &names {
            let known = &mut facts.get_mut(name).unwrap().1;
            known.extend(names.iter().cloned());
        }
    }
    facts
}

fn odd_path(path: &[u8]) -> EntryPath {
    let path = [b"odd/", path].concat();
    EntryPath::try_new(path.strip_suffix(b"/").unwrap_or(&path)).unwrap()
}

fn entry(kind: &Kind, path: EntryPath) -> Entry {
    let device = |class, major, minor| EntryKind::Device {
        class,
        major,
        minor,
    };
    let bytes = match &kind.what {
        What::File(content) => Some(content.clone()),
        What::Sparse(size) => {
            Some([vec![0; usize::try_from(*size).unwrap()], b"x".to_vec()].concat())
        }
        // As BuildKit has it in a tar.
        What::Socket => Some(Vec::new()),
        _ => None,
    };
    let entry_kind = match &kind.what {
        What::Directory => EntryKind::Directory,
        What::Symlink(target) => EntryKind::Symlink {
            target: target.as_bytes().to_vec(),
        },
        What::Fifo => EntryKind::Fifo,
        What::Character(major, minor) => device(DeviceClass::Character, *major, *minor),
        What::Block(major, minor) => device(DeviceClass::Block, *major, *minor),
        What::File(_) | What::Sparse(_) | What::Socket => EntryKind::File {
            size: bytes.as_ref().unwrap().len() as u64,
        },
        What::HardLink(_) => unreachable!("it is what it links to"),
    };
    let xattrs = kind.xattrs.iter();
    Entry {
        path,
        mode: if matches!(entry_kind, EntryKind::Symlink { .. }) {
            0o777
        } else {
            kind.mode
        },
        kind: entry_kind,
        uid: kind.owner.0,
        gid: kind.owner.1,
        mtime: kind.time.0,
        xattrs: xattrs
            .map(|(name, value)| (name.as_bytes().to_vec(), value.clone()))
            .collect(),
        content: bytes.map(|bytes| Digest::of(&bytes)),
    }
}

fn is_socket((entry, _): &Fact) -> bool {
    entry.path.as_bytes() == b"odd/made/socket"
}

fn changed(facts: &Facts, change: impl Fn(Fact) -> Option<Fact>) -> Facts {
    let changed = facts
        .iter()
        .filter_map(|(path, fact)| Some((path.clone(), change(fact.clone())?)));
    changed.collect()
}

/// What tars, each laid over those before it, say of `/odd`.
fn facts(tars: &[Vec<u8>]) -> Facts {
    let mut facts = Facts::new();
    for tar in tars {
        let entries = archive::list(tar.as_slice()).unwrap();
        let is_odd = |entry: &Entry| {
            let path = entry.path.as_bytes();
            path == b"odd" || path.starts_with(b"odd/")
        };
        for entry in entries.iter().filter(|entry| is_odd(entry)) {
            let fact = match &entry.kind {
                EntryKind::HardLink { target } => {
                    let target = entries.iter().find(|entry| entry.path == *target).unwrap();
                    let path = entry.path.clone();
                    let names = BTreeSet::from([path.clone(), target.path.clone()]);
                    (
                        Entry {
                            path,
                            ..target.clone()
                        },
                        names,
                    )
                }
                _ => (entry.clone(), BTreeSet::from([entry.path.clone()])),
            };
            facts.insert(entry.path.clone(), fact);
        }
    }
    with_all_names(with_all_names(facts))
}

#[track_caller]
fn assert_same(what: &str, expected: &Facts, found: &Facts) {
    let paths: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let pairs = paths
        .into_iter()
        .map(|path| (expected.get(path), found.get(path)));
    let differing: Vec<_> = pairs
        .filter(|(expected, found)| expected != found)
        .collect();
    assert!(
        differing.is_empty(),
        "{what}: {} differ: {differing:#?}",
        differing.len()
    );
}
