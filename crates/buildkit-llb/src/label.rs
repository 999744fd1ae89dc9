//! The name of a vertex of a definition, and its platform.

use prost::Message as _;

use crate::definition::Entry;
use crate::pb;
use crate::platform::Platform;
use crate::source::userinfo;

impl Entry {
    /// A name for people: the custom name, or else the operation, such as `mkdir /a, copy / → /b`. Addresses in it
    /// have no password.
    pub fn label(&self) -> String {
        match (self.metadata().custom_name(), self.op().op) {
            (Some(name), _) => name.to_owned(),
            (None, Some(op)) => describe(&op),
            (None, None) => self.kind().to_string(),
        }
    }

    /// The address of a source, such as `docker-image://docker.io/library/debian:12`; `None` if the vertex is no
    /// source.
    pub fn source_identifier(&self) -> Option<String> {
        match self.op().op {
            Some(pb::op::Op::Source(source)) => Some(source.identifier),
            _ => None,
        }
    }

    /// The platform that the op was marshalled with. Images, OCI layouts, execs and nested builds have one.
    pub fn platform(&self) -> Option<Platform> {
        let platform = self.op().platform?;
        Some(
            Platform::new(platform.os, platform.architecture)
                .with_variant(platform.variant)
                .with_os_version(platform.os_version)
                .with_os_features(platform.os_features),
        )
    }

    /// The op's message. Entries hold bytes that were read as one before, or written by this crate.
    fn op(&self) -> pb::Op {
        pb::Op::decode(self.op_bytes()).expect("an entry holds an op")
    }
}

fn describe(op: &pb::op::Op) -> String {
    match op {
        pb::op::Op::Source(source) => userinfo::without(&source.identifier).into_owned(),
        pb::op::Op::Exec(exec) => exec
            .meta
            .as_ref()
            .map_or_else(String::new, |meta| meta.args.join(" ")),
        pb::op::Op::File(file) => file
            .actions
            .iter()
            .map(describe_action)
            .collect::<Vec<_>>()
            .join(", "),
        pb::op::Op::Build(_) => "build".to_owned(),
        pb::op::Op::Merge(_) => "merge".to_owned(),
        pb::op::Op::Diff(_) => "diff".to_owned(),
        pb::op::Op::Passthrough(passthrough) => format!("passthrough {}", passthrough.id),
    }
}

fn describe_action(action: &pb::FileAction) -> String {
    use pb::file_action::Action;
    match &action.action {
        Some(Action::Copy(copy)) => format!("copy {} → {}", copy.src, copy.dest),
        Some(Action::Mkfile(mkfile)) => format!("mkfile {}", mkfile.path),
        Some(Action::Mkdir(mkdir)) => format!("mkdir {}", mkdir.path),
        Some(Action::Rm(rm)) => format!("rm {}", rm.path),
        Some(Action::Symlink(symlink)) => {
            format!("symlink {} → {}", symlink.newpath, symlink.oldpath)
        }
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Args, Constraints, Copy, Exec, FileActions, Http, Image, Merge, Mkdir, Passthrough,
        Platform, State,
    };

    #[test]
    fn vertices_have_names_and_platforms() {
        let image = Image::new("alpine".parse().unwrap()).state();
        let files = FileActions::new()
            .mkdir(Mkdir::new("/a"))
            .copy(Copy::new(&image, "/", "/b"));
        let run = image.run(Exec::new(Args::shell("true")));
        let named = run.run(Exec::new(["x"]).custom_name("a name")).file(files);
        let merged = Merge::new([named, Http::new("https://example.com/f").state()]).state();
        let head: State = Passthrough::new("id").output(&merged).states().remove(0);
        let platform = Platform::new("linux", "arm64").with_variant("v8");
        let definition = head.marshal(&Constraints::new(platform.clone())).unwrap();
        let described: Vec<(String, Option<Platform>)> = definition
            .entries()
            .iter()
            .map(|entry| (entry.label(), entry.platform()))
            .collect();
        let described: Vec<(&str, Option<&Platform>)> = described
            .iter()
            .map(|(label, platform)| (&**label, platform.as_ref()))
            .collect();
        assert_eq!(
            described,
            [
                (
                    "docker-image://docker.io/library/alpine:latest",
                    Some(&platform)
                ),
                ("/bin/sh -c true", Some(&platform)),
                ("a name", Some(&platform)),
                ("mkdir /a, copy / → /b", None),
                ("https://example.com/f", None),
                ("merge", None),
                ("passthrough id", None),
                ("terminal", None),
            ]
        );
    }
}
