//! Compose files: their services with `build`.

mod interpolate;
mod yaml;

use std::collections::BTreeMap;

use self::{
    interpolate::interpolated,
    yaml::{Content, Node},
};
use crate::{
    convert::Shared,
    describe::Described,
    finding::Weight,
    import::{ImportError, Source},
    path::join,
    project::Project,
};

/// What `build` says and an artifact does not.
const OTHERS: [(&str, Weight, &str); 16] = [
    (
        "cache_from",
        Weight::Changed,
        "caches are given to `llbgen build`",
    ),
    (
        "cache_to",
        Weight::Changed,
        "caches are given to `llbgen build`",
    ),
    (
        "no_cache",
        Weight::Changed,
        "what is built anew is said to `llbgen build`",
    ),
    (
        "no_cache_filter",
        Weight::Changed,
        "what is built anew is said to `llbgen build`",
    ),
    ("pull", Weight::Changed, "the lock says which base is meant"),
    (
        "secrets",
        Weight::Changed,
        "secrets are given to `llbgen build`",
    ),
    ("ssh", Weight::Changed, "agents are given to `llbgen build`"),
    (
        "provenance",
        Weight::Changed,
        "attestations are said by `attest` or to `llbgen build`",
    ),
    (
        "sbom",
        Weight::Changed,
        "attestations are said by `attest` or to `llbgen build`",
    ),
    (
        "network",
        Weight::Lost,
        "a step has the daemon's network, or none, which each step says",
    ),
    ("shm_size", Weight::Lost, "no step has limits of its own"),
    ("ulimits", Weight::Lost, "no step has limits of its own"),
    (
        "privileged",
        Weight::Lost,
        "no step has more rights than a container",
    ),
    (
        "entitlements",
        Weight::Lost,
        "no step has more rights than a container",
    ),
    ("extra_hosts", Weight::Lost, "no step has hosts of its own"),
    ("isolation", Weight::Lost, "it is of Windows"),
];

const KNOWN: [&str; 10] = [
    "context",
    "dockerfile",
    "dockerfile_inline",
    "args",
    "additional_contexts",
    "labels",
    "tags",
    "platforms",
    "target",
    "<<",
];

/// The targets of a compose file.
pub(crate) fn read(source: &Source, shared: &mut Shared<'_>) -> Result<Project, ImportError> {
    let root = yaml::read(&source.text)
        .map_err(|(line, reason)| ImportError::new(&source.path, Some(line), reason))?;
    let services = root
        .get("services")
        .and_then(Node::table)
        .ok_or_else(|| ImportError::new(&source.path, None, "there is no `services` in it"))?;
    let directory = source
        .path
        .rsplit_once('/')
        .map_or("", |(parent, _)| parent);
    let mut described = Vec::new();
    for (name, service) in services {
        let Some(build) = service.get("build") else {
            continue;
        };
        let mut reader = Reader {
            source,
            name,
            directory,
            shared,
        };
        described.extend(reader.described(service, build)?);
    }
    if described.is_empty() {
        return Err(ImportError::new(
            &source.path,
            None,
            "no service in it has `build`",
        ));
    }
    let names = described.iter().map(|target| target.name.clone());
    let groups = [("default".to_owned(), names.collect())];
    Project::described(&described, &groups, shared)
}

struct Reader<'r, 'a> {
    source: &'r Source,
    name: &'r str,
    directory: &'r str,
    shared: &'r mut Shared<'a>,
}

impl Reader<'_, '_> {
    fn tell(&mut self, line: usize, weight: Weight, reason: &str) {
        let reason = format!("`{}`: {reason}", self.name);
        self.shared
            .find(&self.source.path, Some(line), weight, &reason);
    }

    /// The target; nothing if its files are elsewhere.
    fn described(
        &mut self,
        service: &Node,
        build: &Node,
    ) -> Result<Option<Described>, ImportError> {
        self.tell_of_others(build);
        let (context, context_line) = match &build.content {
            Content::Text(context) => (Some(context.clone()), build.line),
            _ => (self.text(build, "context")?, build.line),
        };
        let context = match build.content {
            Content::Text(_) => self.filled(&context.unwrap_or_default(), build.line)?,
            _ => context.unwrap_or_else(|| ".".to_owned()),
        };
        let is_elsewhere = context.contains("://")
            || context.starts_with(['/', '~'])
            || context.starts_with("git@");
        let Some(path) = join(self.directory, &context).filter(|_| !is_elsewhere) else {
            let reason =
                format!("its context `{context}` is not below the directory of the catalog");
            self.tell(context_line, Weight::Lost, &reason);
            return Ok(None);
        };
        let mut tags = self.list(service, "image")?;
        tags.extend(self.list(build, "tags")?);
        let mut platforms = self.list(build, "platforms")?;
        if platforms.is_empty() {
            platforms = self.list(service, "platform")?;
        }
        let contexts = self.table(build, "additional_contexts")?;
        let contexts = contexts.into_iter().map(|(name, value)| {
            let value = value
                .strip_prefix("service:")
                .map(|name| format!("target:{name}"))
                .unwrap_or(value);
            let is_path = !value.contains(':') && !value.starts_with('/');
            let below = join(self.directory, &value).filter(|_| is_path);
            (name, below.unwrap_or(value))
        });
        let contexts = contexts.collect();
        Ok(Some(Described {
            name: self.name.to_owned(),
            file: self.source.path.clone(),
            line: Some(build.line),
            description: None,
            context: path,
            dockerfile: self
                .text(build, "dockerfile")?
                .unwrap_or_else(|| "Dockerfile".to_owned()),
            inline: self.text(build, "dockerfile_inline")?,
            args: self.table(build, "args")?,
            contexts,
            labels: self.table(build, "labels")?,
            annotations: Vec::new(),
            attest: Vec::new(),
            tags,
            platforms,
            stage: self.text(build, "target")?,
        }))
    }

    fn tell_of_others(&mut self, build: &Node) {
        for (key, value) in build.table().unwrap_or_default() {
            if KNOWN.contains(&key.as_str()) || key.starts_with("x-") {
                continue;
            }
            let is_empty = matches!(value.text().as_deref(), Some("false" | "" | "default"));
            match OTHERS.iter().find(|(other, ..)| other == key) {
                Some(_) if is_empty => {}
                Some((_, weight, reason)) => {
                    self.tell(value.line, *weight, &format!("`{key}`: {reason}"));
                }
                None => {
                    let reason = format!("`{key}` of `build` is not known here");
                    self.tell(value.line, Weight::Lost, &reason);
                }
            }
        }
    }

    /// A text with its variables filled in: with their defaults, since the environment is no input.
    fn filled(&mut self, text: &str, line: usize) -> Result<String, ImportError> {
        let filled = interpolated(text)
            .map_err(|reason| ImportError::new(&self.source.path, Some(line), reason))?;
        for name in filled.names {
            let reason = format!("`${name}` of the environment has its default here, or is empty");
            self.tell(line, Weight::Changed, &reason);
        }
        Ok(filled.text)
    }

    fn text(&mut self, node: &Node, key: &str) -> Result<Option<String>, ImportError> {
        let value = node.get(key);
        let text = value.and_then(|value| Some((value.text()?, value.line)));
        let text = text.map(|(text, line)| self.filled(&text, line));
        Ok(text.transpose()?.filter(|text| !text.is_empty()))
    }

    fn list(&mut self, node: &Node, key: &str) -> Result<Vec<String>, ImportError> {
        let Some(value) = node.get(key) else {
            return Ok(Vec::new());
        };
        let nodes = match &value.content {
            Content::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let texts = nodes
            .iter()
            .filter_map(|node| Some((node.text()?, node.line)));
        texts.map(|(text, line)| self.filled(&text, line)).collect()
    }

    /// A table, or a list of `name=value`. A name without a value is the environment's, and is left to the Dockerfile.
    fn table(&mut self, node: &Node, key: &str) -> Result<BTreeMap<String, String>, ImportError> {
        let mut table = BTreeMap::new();
        let Some(value) = node.get(key) else {
            return Ok(table);
        };
        let mut pairs: Vec<(String, Option<String>, usize)> = Vec::new();
        match &value.content {
            Content::Table(entries) => {
                let entries = entries.iter();
                pairs.extend(entries.map(|(name, node)| (name.clone(), node.text(), node.line)));
            }
            Content::List(nodes) => {
                for node in nodes {
                    let text = node.text().unwrap_or_default();
                    let (name, value) = match text.split_once('=') {
                        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                        None => (text, None),
                    };
                    pairs.push((name, value, node.line));
                }
            }
            Content::Text(_) | Content::Null => {}
        }
        for (name, value, line) in pairs {
            if let Some(value) = value {
                let value = self.filled(&value, line)?;
                table.insert(name, value);
            } else {
                let reason = format!(
                    "`{name}` comes from the environment: it has the Dockerfile's default here"
                );
                self.tell(line, Weight::Changed, &reason);
            }
        }
        Ok(table)
    }
}
