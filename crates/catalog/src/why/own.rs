//! The differences between two vertices by themselves, without their inputs.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Entry, ExecContent, ImageRef, OpContent, SourceContent};

use super::{Difference, command, file, placing, side::Graph};
use crate::{lock::PACKAGES_EPOCH, vertex_name::VertexName};

/// Whether one vertex may have become the other: they are of one kind.
pub(super) fn is_alike(old: &Entry, new: &Entry) -> bool {
    old.kind() == new.kind() && first_word(old) == first_word(new)
}

/// The kind of step, as its title begins: `apt`, `run`, `copy` …
fn first_word(entry: &Entry) -> Option<&str> {
    VertexName::of(entry)?.title.split(' ').next()
}

/// The differences between two vertices of one kind.
pub(super) fn differences(
    (old_graph, old): (&Graph<'_>, usize),
    (new_graph, new): (&Graph<'_>, usize),
) -> Vec<Difference> {
    let (old, new) = (old_graph.entry(old), new_graph.entry(new));
    let mut found = match (old.content(), new.content()) {
        (OpContent::Source(from), OpContent::Source(to)) => {
            sources(&from, &to, old_graph, new_graph)
        }
        (OpContent::Exec(from), OpContent::Exec(to)) => execs(&from, &to),
        (OpContent::File(from), OpContent::File(to)) => file::differences(&from, &to),
        _ => Vec::new(),
    };
    let (from, to) = (old.op_platform(), new.op_platform());
    found.extend(setting("platform", &from, &to));
    if found.is_empty() {
        found.push(Difference::Other {
            what: "the same step is another vertex in this version of llbgen".to_owned(),
        });
    }
    found
}

pub(super) fn setting(name: &str, from: &str, to: &str) -> Option<Difference> {
    (from != to).then(|| Difference::Setting {
        name: name.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    })
}

fn sources(
    from: &SourceContent,
    to: &SourceContent,
    old: &Graph<'_>,
    new: &Graph<'_>,
) -> Vec<Difference> {
    if from.identifier.starts_with("local://") && to.identifier.starts_with("local://") {
        return locals(from, to, old, new);
    }
    let (from, to) = (Named::of(from), Named::of(to));
    if from.name == to.name {
        return vec![Difference::Pin {
            name: to.name,
            from: from.pin,
            to: to.pin,
        }];
    }
    vec![Difference::Source {
        from: from.name,
        to: to.name,
    }]
}

/// A source by its name for users, and its pin in the lock.
struct Named {
    name: String,
    pin: Option<String>,
}

impl Named {
    fn of(source: &SourceContent) -> Self {
        let identifier = &source.identifier;
        if let Some(image) = identifier.strip_prefix("docker-image://") {
            let pin = image.split_once('@').map(|(_, digest)| digest.to_owned());
            let name = match image.parse::<ImageRef>() {
                Ok(image) => crate::lock::ImageKey::of(&image).to_string(),
                Err(_) => image.to_owned(),
            };
            return Self { name, pin };
        }
        if let Some(image) = identifier.strip_prefix("oci-layout://") {
            return Self {
                name: "oci-layout".to_owned(),
                pin: image.split_once('@').map(|(_, digest)| digest.to_owned()),
            };
        }
        if identifier.starts_with("git://") {
            let url = source.git_url().unwrap_or(identifier);
            let pin = identifier
                .split_once('#')
                .map(|(_, commit)| commit.to_owned());
            return Self {
                name: url.to_owned(),
                pin,
            };
        }
        Self {
            name: identifier.clone(),
            pin: source.http_checksum().map(str::to_owned),
        }
    }
}

/// The differences of local files. The graph has only one digest for all files of a source; the hashes beside the
/// graphs tell which files changed.
fn locals(
    from: &SourceContent,
    to: &SourceContent,
    old: &Graph<'_>,
    new: &Graph<'_>,
) -> Vec<Difference> {
    let (before, after) = (sent(from, old), sent(to, new));
    let mut found: Vec<Difference> = Vec::new();
    for path in before.difference(&after) {
        found.push(Difference::FileRemoved { path: path.clone() });
    }
    for path in after.difference(&before) {
        found.push(Difference::FileAdded { path: path.clone() });
    }
    for path in before.intersection(&after) {
        let (was, is) = (
            old.side.files.get(path.as_str()),
            new.side.files.get(path.as_str()),
        );
        if was != is {
            found.push(Difference::FileContent { path: path.clone() });
        }
    }
    if found.is_empty() {
        found.extend(
            after
                .into_iter()
                .map(|path| Difference::FileContent { path }),
        );
    }
    found
}

/// The files of a local source: by their own paths, or all files below a path when the graph was made.
fn sent(source: &SourceContent, graph: &Graph<'_>) -> BTreeSet<String> {
    let below = |path: &str| {
        let above = format!("{path}/");
        let files = graph.side.files.keys();
        let below = files.filter(move |file| file.as_str().starts_with(&above));
        below.map(ToString::to_string).collect::<Vec<_>>()
    };
    let named = |path: String| match below(&path) {
        files if files.is_empty() => vec![path],
        files => files,
    };
    source
        .included_paths()
        .into_iter()
        .flat_map(named)
        .collect()
}

fn execs(from: &ExecContent, to: &ExecContent) -> Vec<Difference> {
    let placed = placing::differences(from, to);
    let is_placing = placed.is_some();
    let mut found = placed.unwrap_or_else(|| command::differences(&from.args, &to.args));
    found.extend(environments(&from.env, &to.env));
    let settings = [
        ("working directory", from.cwd.as_str(), to.cwd.as_str()),
        ("user", &from.user, &to.user),
        ("network", from.network, to.network),
    ];
    found.extend(
        settings
            .into_iter()
            .filter_map(|(name, from, to)| setting(name, from, to)),
    );
    found.extend(setting("secrets", &variables(from), &variables(to)));
    let of_mounts = mounts(from, to).into_iter();
    found.extend(of_mounts.filter(|difference| {
        let is_source =
            matches!(difference, Difference::Mount { path, .. } if placing::is_source(path));
        !(is_placing && is_source)
    }));
    found
}

fn environments(from: &[String], to: &[String]) -> Vec<Difference> {
    let read = |env: &[String]| -> BTreeMap<String, String> {
        let pair = |text: &String| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.to_owned(), value.to_owned())
        };
        env.iter().map(pair).collect()
    };
    let (from, to) = (read(from), read(to));
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| from.get(*name) != to.get(*name));
    changed
        .map(|name| {
            let (from, to) = (from.get(name).cloned(), to.get(name).cloned());
            if name == PACKAGES_EPOCH {
                return Difference::Epoch { from, to };
            }
            Difference::Env {
                name: name.clone(),
                from,
                to,
            }
        })
        .collect()
}

/// The variables of a command that have a secret as their value.
fn variables(exec: &ExecContent) -> String {
    let described = exec.secret_env.iter().map(|secret| {
        let optional = if secret.optional { ", optional" } else { "" };
        format!("{} in ${}{optional}", secret.id, secret.name)
    });
    described.collect::<Vec<_>>().join("; ")
}

fn mounts(from: &ExecContent, to: &ExecContent) -> Vec<Difference> {
    let read = |exec: &ExecContent| -> BTreeMap<String, String> {
        let described = exec.mounts.iter().map(|mount| {
            let mut what = mount.kind.to_owned();
            for part in [&mount.id, &mount.selector] {
                if !part.is_empty() {
                    what = format!("{what} {part}");
                }
            }
            if !matches!(mount.sharing, "" | "shared") {
                what = format!("{what}, {}", mount.sharing);
            }
            if mount.optional {
                what.push_str(", optional");
            }
            if mount.readonly {
                what.push_str(", read-only");
            }
            (mount.dest.clone(), what)
        });
        described.collect()
    };
    let (from, to) = (read(from), read(to));
    let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let changed = paths
        .into_iter()
        .filter(|path| from.get(*path) != to.get(*path));
    changed
        .map(|path| Difference::Mount {
            path: path.clone(),
            from: from.get(path).cloned(),
            to: to.get(path).cloned(),
        })
        .collect()
}
