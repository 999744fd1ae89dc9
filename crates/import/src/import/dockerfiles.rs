//! Dockerfiles of the command line: their names, and where their files are.

use super::{ImportError, Source};
use crate::{
    Files, Kind,
    dockerfile::{self, Dockerfile, Instruction},
    original::{Original, Recipe},
    path::{in_context, join},
    project::{Project, word},
    target::Target,
};

pub(super) fn target(
    source: &Source,
    directory: &str,
    project: &Project,
    files: &dyn Files,
) -> Result<Target, ImportError> {
    let path = &source.path;
    let refused = |line, reason: String| ImportError::new(path, line, reason);
    let dockerfile =
        Dockerfile::parse(&source.text).map_err(|error| refused(Some(error.line), error.reason))?;
    let is_free = |name: &String| !project.targets.iter().any(|target| target.name == *name);
    let candidates = names(path, directory);
    let name = candidates.iter().find(|name| is_free(name)).cloned();
    let name = name.ok_or_else(|| {
        let reason = format!("another file is `{}`, too", candidates[0]);
        refused(None, reason)
    })?;
    let context = context(path, &dockerfile, files);
    let original = Original {
        name: name.clone(),
        artifact: name.clone(),
        dockerfile: Recipe::File(path.clone()),
        context: context.clone(),
        ..Original::default()
    };
    Ok(Target {
        name,
        file: path.clone(),
        text: source.text.clone(),
        context,
        originals: vec![original],
        ..Target::default()
    })
}

/// What an artifact of this Dockerfile may be called: after its suffix or directory, or after its path.
fn names(path: &str, directory: &str) -> Vec<String> {
    let (parent, file) = path.rsplit_once('/').unwrap_or(("", path));
    let of_parent = || {
        parent
            .rsplit('/')
            .next()
            .filter(|name| !name.is_empty() && *name != "..")
    };
    let lower = file.to_lowercase();
    let is_plain = matches!(lower.as_str(), "dockerfile" | "containerfile");
    let suffix = ["dockerfile.", "containerfile."]
        .iter()
        .find(|start| lower.starts_with(**start))
        .map(|start| &file[start.len()..]);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let own = if is_plain {
        of_parent().unwrap_or(directory)
    } else {
        suffix.unwrap_or(stem)
    };
    let whole = if is_plain || parent.is_empty() {
        parent.to_owned()
    } else {
        format!("{parent}-{}", suffix.unwrap_or(stem))
    };
    let names = [own.to_owned(), whole.replace('/', "-")];
    names
        .iter()
        .map(|name| word(name))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Where the files of a Dockerfile are: in its directory, or in the catalog's if all of them are there instead.
fn context(path: &str, dockerfile: &Dockerfile, files: &dyn Files) -> String {
    let own = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let own = join("", own).unwrap_or_default();
    let sources: Vec<String> = dockerfile
        .statements
        .iter()
        .flat_map(|statement| sources(&statement.instruction))
        .collect();
    let has_all = |directory: &str| {
        sources.iter().all(|source| {
            let path = join(directory, &in_context(source)).unwrap_or_default();
            files.kind(&path).is_some() || path.is_empty()
        })
    };
    let is_elsewhere = !sources.is_empty() && !has_all(&own) && has_all("");
    let has_ignore = files.kind(".dockerignore") == Some(Kind::File);
    let is_whole = sources.iter().all(|source| in_context(source).is_empty());
    if is_elsewhere
        || (is_whole
            && has_ignore
            && !own.is_empty()
            && !sources.is_empty()
            && !has_own_ignore(&own, files))
    {
        String::new()
    } else {
        own
    }
}

fn has_own_ignore(own: &str, files: &dyn Files) -> bool {
    files.kind(&format!("{own}/.dockerignore")).is_some()
}

/// The sources of an instruction in the context, if they have neither globs nor variables.
fn sources(instruction: &Instruction) -> Vec<String> {
    let Instruction::Transfer(transfer) = instruction else {
        return Vec::new();
    };
    if transfer.from.is_some() {
        return Vec::new();
    }
    let plain = transfer.sources.iter().filter_map(|source| match source {
        dockerfile::Source::Path(path) => Some(path),
        dockerfile::Source::Heredoc(_) => None,
    });
    let is_plain = |path: &&String| !path.contains(['*', '?', '[', '$', ':']);
    plain.filter(is_plain).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_named_after_suffix_or_directory() {
        let check =
            |path: &str, expected: &[&str]| assert_eq!(names(path, "project"), expected, "{path}");
        check("Dockerfile", &["project"]);
        check("app/Dockerfile", &["app", "app"]);
        check("docker/app/Dockerfile", &["app", "docker-app"]);
        check("Dockerfile.dev", &["dev"]);
        check("Dockerfile.scratch", &["scratch-image"]);
        check("base.dockerfile", &["base"]);
        check("docker/web.Dockerfile", &["web", "docker-web"]);
        check("Containerfile", &["project"]);
        check("my image.Dockerfile", &["my-image"]);
    }
}
