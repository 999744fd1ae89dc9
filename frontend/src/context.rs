//! The build context: the directories that the client sends, and what of them a build needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use buildkit_client::{Gateway, GraphRequest};
use buildkit_llb::{Constraints, Local};
use catalog::{
    BaseConfig, ContextPath, FileSet, Inputs, LOCK_FILE, LayoutImage, Lock, NamedContext, Needs,
    Platform, Written,
};

use crate::{
    error::FrontendError,
    files::{self, Tree as _},
    lookup,
    options::{Context, Options},
    snapshot::Snapshot,
};

/// Reads directories of the client.
pub(crate) struct Contexts<'a> {
    pub(crate) gateway: &'a Gateway,
    /// The session of the client.
    pub(crate) session: &'a str,
    pub(crate) options: &'a Options,
    /// What was read of the context directory, with the patterns that it was read for.
    read: Mutex<Vec<(BTreeSet<String>, Arc<Snapshot>)>>,
}

impl<'a> Contexts<'a> {
    pub(crate) fn new(gateway: &'a Gateway, session: &'a str, options: &'a Options) -> Self {
        Self {
            gateway,
            session,
            options,
            read: Mutex::default(),
        }
    }

    /// What `patterns` stand for in the context directory, and maybe more. To ask the client takes longer than all else.
    pub(crate) async fn main<'p>(
        &self,
        patterns: impl IntoIterator<Item = &'p str>,
    ) -> Result<Arc<Snapshot>, FrontendError> {
        let patterns: BTreeSet<String> = patterns.into_iter().map(str::to_owned).collect();
        let known = {
            let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let known = read.iter().find(|(known, _)| known.is_superset(&patterns));
            known.map(|(_, snapshot)| Arc::clone(snapshot))
        };
        if let Some(snapshot) = known {
            return Ok(snapshot);
        }
        let names = patterns.iter().map(String::as_str);
        let local = &self.options.context;
        let snapshot = Arc::new(self.read(local, names, "the build context").await?);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.push((patterns, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// The text of the file that `-f` names.
    pub(crate) async fn beside(&self, file: &str) -> Result<String, FrontendError> {
        let name = "the directory of `--file`";
        let local = &self.options.file_context;
        let snapshot = self.read(local, [file], name).await?;
        self.text(&snapshot, file).await
    }

    async fn read<'p>(
        &self,
        local: &str,
        patterns: impl IntoIterator<Item = &'p str>,
        name: &str,
    ) -> Result<Snapshot, FrontendError> {
        let session = self.options.sessions.get(local);
        let session = session.map_or(self.session, String::as_str);
        // Of this session alone, so that nobody gets the files of another.
        let state = Local::new(local)
            .session(session)
            .include(patterns)
            .differ_none()
            .custom_name(format!("read {name}"))
            .state();
        // A local source has no platform.
        let platform = Platform::new("linux", "amd64");
        let definition = state.marshal(&Constraints::new(platform))?;
        let request = GraphRequest {
            definition: definition.to_bytes().into(),
            ..GraphRequest::default()
        };
        let files = self.gateway.solve(request).await?;
        Ok(Snapshot::read(self.gateway, files, name).await?)
    }

    /// All that a plan needs, but the packer.
    pub(crate) async fn inputs(
        &self,
        needs: &Needs,
        platforms: &[Platform],
    ) -> Result<Inputs, FrontendError> {
        let declared = needs.dockerfiles.iter().chain(&needs.files);
        let patterns = declared.map(ContextPath::as_str).chain([LOCK_FILE]);
        let snapshot = self.main(patterns).await?;
        let mut inputs = Inputs {
            files: read_all(&snapshot, &needs.files)?,
            contexts: self.named(needs, platforms).await?,
            lock: self.lock(&snapshot).await?,
            sessions: self.options.sessions.clone(),
            ..Inputs::default()
        };
        for path in &needs.dockerfiles {
            inputs
                .dockerfiles
                .insert(path.clone(), self.declared_text(&snapshot, path).await?);
        }
        Ok(inputs)
    }

    async fn declared_text(
        &self,
        snapshot: &Snapshot,
        path: &ContextPath,
    ) -> Result<String, FrontendError> {
        files::refuse_links(snapshot, path)?;
        self.text(snapshot, path.as_str()).await
    }

    /// The text of a file that must be there.
    pub(crate) async fn text(
        &self,
        snapshot: &Snapshot,
        path: &str,
    ) -> Result<String, FrontendError> {
        let bytes = snapshot.bytes(self.gateway, path).await?;
        let bytes = bytes.ok_or_else(|| FrontendError::NoFile {
            path: path.to_owned(),
            directory: snapshot.name(),
        })?;
        String::from_utf8(bytes).map_err(|_| FrontendError::NotText {
            path: path.to_owned(),
            directory: snapshot.name(),
        })
    }

    async fn lock(&self, snapshot: &Snapshot) -> Result<Lock, FrontendError> {
        match snapshot.bytes(self.gateway, LOCK_FILE).await? {
            None => Ok(Lock::default()),
            Some(bytes) => Ok(Lock::from_bytes(&bytes)?),
        }
    }

    async fn named(
        &self,
        needs: &Needs,
        platforms: &[Platform],
    ) -> Result<BTreeMap<String, NamedContext>, FrontendError> {
        let mut named = BTreeMap::new();
        for (name, context) in &self.options.contexts {
            let given = match (context, needs.contexts.get(name.as_str())) {
                (Context::Image(image), _) => NamedContext::Image(image.clone()),
                (Context::Layout { store, digest }, _) => {
                    let image = LayoutImage {
                        store: store.clone(),
                        ..LayoutImage::new(digest.clone())
                    };
                    NamedContext::Layout(self.layout(name, image, platforms).await?)
                }
                (Context::Local(local), Some(paths)) => {
                    let shown = format!("the build context `{name}`");
                    let patterns = paths.iter().map(ContextPath::as_str);
                    let snapshot = self.read(local, patterns, &shown).await?;
                    NamedContext::Directory(read_all(&snapshot, paths)?)
                }
                // No step reads it. Whether it is in the place of a base, or of nothing, the plan says.
                (Context::Local(_), None) => NamedContext::Directory(BTreeMap::new()),
            };
            named.insert(name.clone(), given);
        }
        Ok(named)
    }

    /// An image of an OCI layout, with its configs.
    async fn layout(
        &self,
        name: &str,
        image: LayoutImage,
        platforms: &[Platform],
    ) -> Result<LayoutImage, FrontendError> {
        let unresolved = |source| FrontendError::Unresolved {
            name: name.to_owned(),
            place: Some(Written::BuildContext(name.to_owned())),
            source,
        };
        let mut answers = Vec::new();
        for query in lookup::of_layout(&image, platforms) {
            let answer = self.gateway.look_up(&query).await;
            let answer = answer.map_err(|error| unresolved(error.into()))?;
            answers.push(answer.ok_or_else(|| unresolved("the daemon does not say".into()))?);
        }
        let found = lookup::image(platforms, answers)?;
        let mut configs = BTreeMap::new();
        for (platform, json) in found.configs {
            let config = BaseConfig::from_json(&json).map_err(|error| unresolved(error.into()))?;
            configs.insert(platform, config);
        }
        Ok(LayoutImage {
            platforms: configs.keys().cloned().collect(),
            configs,
            ..image
        })
    }
}

fn read_all(
    snapshot: &Snapshot,
    paths: &BTreeSet<ContextPath>,
) -> Result<BTreeMap<ContextPath, FileSet>, FrontendError> {
    let read = |path: &ContextPath| Ok((path.clone(), files::read(snapshot, path)?));
    paths.iter().map(read).collect()
}
