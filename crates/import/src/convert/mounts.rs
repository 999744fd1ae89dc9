//! `RUN --mount`.

use super::{Loss, stage::StageConversion};
use crate::{
    dockerfile::{Field, Mount, Run, fields},
    finding::Weight,
    model::Value,
    path::in_context,
    stages::{Reference, reference},
    target::NamedContext,
    text::Text,
};

/// The mounts of a command.
#[derive(Default)]
pub(super) struct Mounts {
    pub(super) keys: Vec<(&'static str, Value)>,
    /// Whether all of them keep what apt downloads, its lists among it.
    pub(super) only_caches_of_apt: bool,
}

/// The keys in the making, in the order of the language's page.
#[derive(Default)]
struct Lists {
    cache: Vec<Value>,
    mounts: Vec<Value>,
    tmpfs: Vec<Value>,
    secrets: Vec<Value>,
    ssh: Vec<Value>,
}

pub(super) fn table(pairs: Vec<(&str, Option<String>)>) -> Value {
    let given = pairs.into_iter();
    let given = given.filter_map(|(key, text)| Some((key.to_owned(), Value::Text(text?))));
    Value::Table(given.collect())
}

impl StageConversion<'_, '_, '_> {
    pub(super) fn mounts(&mut self, run: &Run) -> Result<Mounts, Loss> {
        let mut lists = Lists::default();
        let mut targets = Vec::new();
        for text in &run.mounts {
            let mount = self.mount(text)?;
            let is_cache = mount.kind.as_deref() == Some("cache");
            targets.push(mount.target.clone().filter(|_| is_cache));
            self.add(mount, &mut lists)?;
        }
        let of_apt = |target: &Option<String>| {
            let of_apt = [
                "/var/cache/apt",
                "/var/lib/apt",
                "/var/lib/apt/lists",
                "/var/cache/apt/archives",
            ];
            target
                .as_deref()
                .is_some_and(|path| of_apt.contains(&path.trim_end_matches('/')))
        };
        let has_lists = targets
            .iter()
            .flatten()
            .any(|path| path.starts_with("/var/lib/apt"));
        let only_caches_of_apt = has_lists && targets.iter().all(of_apt);
        let keys = [
            ("cache", lists.cache),
            ("mounts", lists.mounts),
            ("tmpfs", lists.tmpfs),
            ("secrets", lists.secrets),
            ("ssh", lists.ssh),
        ];
        let keys = keys.into_iter().filter(|(_, list)| !list.is_empty());
        Ok(Mounts {
            keys: keys.map(|(key, list)| (key, Value::List(list))).collect(),
            only_caches_of_apt,
        })
    }

    /// The mount with its variables filled in; of texts of the tree, as they are written.
    fn mount(&mut self, text: &str) -> Result<Mount, Loss> {
        let mut filled = Vec::new();
        for Field { key, value } in fields(text)? {
            let is_path = matches!(key.as_str(), "target" | "dst" | "destination");
            let value = match value {
                Some(value) if is_path => Some(self.mount_point(&value)?),
                Some(value) if key != "from" => Some(self.template(&value)?.template()),
                value => value,
            };
            filled.push(Field { key, value });
        }
        let mut mount = Mount::new(filled)?;
        let is_directory = !matches!(mount.kind.as_deref(), Some("secret" | "ssh"));
        if is_directory && mount.target.is_none() {
            mount.target = Some(self.mount_point("")?);
        }
        Ok(mount)
    }

    /// An absolute path without a slash at its end.
    fn mount_point(&mut self, word: &str) -> Result<String, Loss> {
        let path = self.path(word)?.tree_text();
        match path.trim_end_matches('/') {
            "" => Err(Loss::new("nothing can be mounted at `/`")),
            path => Ok(path.to_owned()),
        }
    }

    fn add(&mut self, mount: Mount, lists: &mut Lists) -> Result<(), Loss> {
        match mount.kind.as_deref().unwrap_or("bind") {
            "bind" => lists.mounts.push(self.bind(mount)?),
            "cache" => lists.cache.push(self.cache(mount)),
            "tmpfs" => {
                if let Some(size) = &mount.size {
                    let reason = format!("`size={size}`: a tmpfs has the daemon's size");
                    self.tell(Weight::Changed, &reason);
                }
                let target = mount.target.unwrap_or_default();
                lists.tmpfs.push(Value::Text(target));
            }
            "secret" => self.secret(&mount, &mut lists.secrets)?,
            "ssh" => lists.ssh.push(self.ssh(&mount)),
            other => return Err(Loss::new(format!("there is no mount of type `{other}`"))),
        }
        Ok(())
    }

    fn bind(&mut self, mount: Mount) -> Result<Value, Loss> {
        let target = mount.target.unwrap_or_default();
        let source = mount.source.unwrap_or_default();
        let readwrite = mount.read_only == Some(false);
        let mut directory = self.all.target.context.clone();
        let mut from = None;
        if let Some(name) = &mount.from {
            match self.named(name) {
                Some(NamedContext::Directory(path)) => directory = path,
                _ => from = Some(self.tree(name)?),
            }
        }
        let source = if from.is_some() {
            crate::path::absolute(&source)
        } else {
            let below = in_context(&source);
            let path = crate::path::join(&directory, &below).unwrap_or(below);
            if !self.all.ignore.is_empty() {
                let reason =
                    "a mount of the context has all its files, whatever .dockerignore says";
                self.tell(Weight::Changed, reason);
            }
            if path.is_empty() {
                ".".to_owned()
            } else {
                path
            }
        };
        let mut value = table(vec![
            ("from", from),
            ("source", Some(source)),
            ("target", Some(target)),
        ]);
        if let Value::Table(pairs) = &mut value
            && readwrite
        {
            pairs.push(("readwrite".to_owned(), Value::Bool(true)));
        }
        Ok(value)
    }

    /// The name of a tree that `from` leads to, a stage's artifact or an image.
    pub(super) fn tree(&mut self, name: &str) -> Result<String, Loss> {
        match self.named(name) {
            Some(NamedContext::Artifact(artifact)) => return Ok(artifact),
            Some(NamedContext::Image(image)) => return Ok(self.image(&Text::literal(image))),
            Some(NamedContext::Directory(_)) => {
                return Err(Loss::new(format!("`{name}` is a directory")));
            }
            Some(NamedContext::Other(other)) => {
                return Err(Loss::new(format!("`{other}` cannot be a tree")));
            }
            None => {}
        }
        let text = Text::literal(name);
        match reference(&text, self.all.stages, self.number) {
            Reference::Stages(numbers) => {
                let number = numbers.first().copied().unwrap_or_default();
                Ok(self.all.names[number].clone())
            }
            Reference::Scratch => Err(Loss::new("`scratch` has no files")),
            Reference::Image => {
                let image = self.image(&text);
                if image == format!("{name}:latest") {
                    let reason = format!(
                        "`{name}` is the image `{image}` here; files that a build is given under this name are said by `context = \"{name}\"`"
                    );
                    self.tell(Weight::Changed, &reason);
                }
                Ok(image)
            }
        }
    }

    fn cache(&mut self, mount: Mount) -> Value {
        if mount.from.is_some() || mount.source.is_some() {
            self.lose("a cache begins empty: `from` and `source` have no key");
        }
        if mount.read_only == Some(true) {
            self.lose("a cache can be written to: `readonly` has no key");
        }
        if mount.mode.is_some() || mount.uid.is_some() || mount.gid.is_some() {
            let reason =
                "a cache can be written to by every user: `mode`, `uid` and `gid` have no key";
            self.tell(Weight::Changed, reason);
        }
        let target = mount.target.unwrap_or_default();
        let sharing = mount.sharing.filter(|sharing| sharing != "shared");
        let id = mount.id.filter(|id| *id != target);
        let id = id.map(|id| self.cache_id(&id)).filter(|id| !id.is_empty());
        if sharing.is_none() && id.is_none() {
            return Value::Text(target);
        }
        table(vec![
            ("target", Some(target)),
            ("id", id),
            ("sharing", sharing),
        ])
    }

    /// The id of a cache, which is a word. Caches are apart for every platform, so a variable in it is not missed.
    fn cache_id(&mut self, id: &str) -> String {
        let mut word = String::new();
        let mut is_variable = false;
        for c in id.chars() {
            match c {
                '{' => is_variable = true,
                '}' => is_variable = false,
                _ if is_variable => {}
                c if c.is_ascii_alphanumeric() || "._-".contains(c) => word.push(c),
                _ => word.push('-'),
            }
        }
        let word = word.trim_matches(['-', '.', '_']).to_owned();
        if word != id {
            self.tell(
                Weight::Changed,
                &format!("the id `{id}` of a cache is `{word}` here"),
            );
        }
        word
    }

    fn ssh(&mut self, mount: &Mount) -> Value {
        if !mount.required {
            let reason =
                "a command with an ssh agent fails where there is none: it is not optional here";
            self.tell(Weight::Changed, reason);
        }
        if mount.target.is_some() {
            self.lose(
                "the socket of an ssh agent is where SSH_AUTH_SOCK says: `target` has no key",
            );
        }
        let id = mount.id.clone();
        Value::Text(id.unwrap_or_else(|| "default".to_owned()))
    }
}
