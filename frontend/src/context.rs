//! The build context: the directories that the client sends, and the parts of them that a build needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use buildkit_client::{Gateway, GraphRequest};
use buildkit_llb::{Constraints, Definition, Local, LocalSessions};
use catalog::{
    BaseConfig, ContextName, ContextPath, Declared, FileSet, GivenTree, GivenTrees, Inputs,
    LOCK_FILE, LayoutImage, Lock, NamedContext, Needs, Platform, RECORDS_DIRECTORY, Read, Written,
};

use engine::{
    files::{self, DeclaredError, InputDirectory as _},
    source_queries,
};

use crate::{
    error::FrontendError,
    options::{Context, Given, Options},
    snapshot::Snapshot,
    tree::{self, GivenGraphs},
};

/// The name of a context directory that a client gives as a graph.
const CONTEXT: &str = "context";

/// Reads the directories that the client sends, or those that the daemon fetches instead.
pub(crate) struct Contexts<'a> {
    pub(crate) gateway: &'a Gateway,
    /// The session of the client.
    pub(crate) session: &'a str,
    pub(crate) options: &'a Options,
    given: GivenGraphs,
    /// The context directory, when it is not the client's.
    tree: Option<Definition>,
    /// The parts of the context directory that were read, with the patterns that they were read for.
    read: Mutex<Vec<(BTreeSet<String>, Arc<Snapshot>)>>,
}

impl<'a> Contexts<'a> {
    /// Fetches the context directory, if the client does not send it.
    pub(crate) async fn open(
        gateway: &'a Gateway,
        session: &'a str,
        options: &'a Options,
    ) -> Result<Self, FrontendError> {
        let given = GivenGraphs::ask(gateway).await?;
        let tree = match &options.remote {
            Some(remote) => Some(tree::fetched(gateway, remote).await?),
            None => given.find(CONTEXT)?,
        };
        let tree = match (tree, &options.subdir) {
            (Some(tree), Some(subdir)) => Some(tree::subdirectory(&tree, subdir)?),
            (tree, _) => tree,
        };
        Ok(Self {
            gateway,
            session,
            options,
            given,
            tree,
            read: Mutex::default(),
        })
    }

    /// The files that `patterns` stand for in the context directory, and maybe more. A question to the client takes
    /// longer than all else.
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
        let name = "the build context";
        let snapshot = match &self.tree {
            Some(tree) => tree::read(self.gateway, tree, names, name).await?,
            None => self.read(&self.options.context, names, name).await?,
        };
        let snapshot = Arc::new(snapshot);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.push((patterns, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// What declared paths and globs stand for in the context directory, and maybe more.
    pub(crate) async fn declared(
        &self,
        paths: &BTreeSet<Declared>,
    ) -> Result<Arc<Snapshot>, FrontendError> {
        let records = records(paths);
        let patterns = paths.iter().map(|declared| declared.path.as_str());
        self.main(patterns.chain(records.as_deref())).await
    }

    /// The text of the file of `-f`.
    pub(crate) async fn beside(&self, file: &str) -> Result<String, FrontendError> {
        if let (Some(tree), false) = (&self.tree, self.options.sends_file) {
            // The file may be in another graph of the client, beside the context.
            let beside = self.given.find(&self.options.file_context)?;
            let tree = beside.as_ref().unwrap_or(tree);
            let snapshot = tree::read(self.gateway, tree, [file], "the build context").await?;
            return self.text(&snapshot, file).await;
        }
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
        // Of this session alone, so that nobody gets another client's files.
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

    /// The sessions that send the client's directories.
    pub(crate) fn sessions(&self) -> LocalSessions {
        LocalSessions {
            named: self.options.sessions.clone(),
            ..LocalSessions::new(self.session)
        }
    }

    /// All inputs of a plan, except the packer.
    pub(crate) async fn inputs(
        &self,
        needs: &Needs,
        platforms: &[Platform],
    ) -> Result<Inputs, FrontendError> {
        let files = needs.files.iter().map(|declared| &declared.path);
        let declared = needs.dockerfiles.iter().chain(files);
        let records = records(&needs.files);
        let patterns = declared.map(ContextPath::as_str).chain([LOCK_FILE]);
        let patterns = patterns.chain(records.as_deref());
        let snapshot = self.main(patterns).await?;
        let mut inputs = Inputs {
            files: read_all(&snapshot, &needs.files, Read::Files)?,
            contexts: self.named(needs, platforms).await?,
            lock: self.lock(&snapshot).await?,
            tree: self.tree.clone(),
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
        let bytes = self.bytes(snapshot, path).await?;
        String::from_utf8(bytes).map_err(|_| FrontendError::NotText {
            path: path.to_owned(),
            directory: snapshot.name(),
        })
    }

    /// The bytes of a file that must be there.
    pub(crate) async fn bytes(
        &self,
        snapshot: &Snapshot,
        path: &str,
    ) -> Result<Vec<u8>, FrontendError> {
        let bytes = snapshot.bytes(self.gateway, path).await?;
        bytes.ok_or_else(|| FrontendError::NoFile {
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
        for (name, given) in &self.options.contexts {
            let paths = needs.contexts.get_key_value(name.as_str());
            let given = match (&given.all, paths) {
                (None | Some(Context::Input(_) | Context::Remote(_)), paths) => {
                    NamedContext::Tree(Box::new(self.trees(name, given, paths, platforms).await?))
                }
                (Some(Context::Image(image)), _) => NamedContext::Image(image.clone()),
                (Some(Context::Layout { store, digest }), _) => {
                    let image = LayoutImage {
                        store: store.clone(),
                        ..LayoutImage::new(digest.clone())
                    };
                    NamedContext::Layout(self.layout(name, image, platforms).await?)
                }
                (Some(Context::Local(local)), Some(declared)) => {
                    let (_, paths) = declared;
                    let shown = format!("the build context `{name}`");
                    let records = records(paths);
                    let patterns = paths.iter().map(|declared| declared.path.as_str());
                    let patterns = patterns.chain(records.as_deref());
                    let snapshot = self.read(local, patterns, &shown).await?;
                    NamedContext::Directory(read_given(&snapshot, declared)?)
                }
                // No step reads it. The plan tells whether it replaces a base or nothing.
                (Some(Context::Local(_)), None) => NamedContext::Directory(BTreeMap::new()),
            };
            named.insert(name.clone(), given);
        }
        Ok(named)
    }

    /// The context of a name that is made in the graph, with the files that steps read on the requested platforms.
    async fn trees(
        &self,
        name: &str,
        given: &Given,
        paths: Option<PathsOf<'_>>,
        platforms: &[Platform],
    ) -> Result<GivenTrees, FrontendError> {
        let mut trees = GivenTrees::default();
        for (platform, context) in &given.platforms {
            let paths = paths.filter(|_| platforms.contains(platform));
            if let Some(tree) = self.given_tree(name, context, paths).await? {
                trees.platforms.insert(platform.clone(), tree);
            }
        }
        if let Some(context) = &given.all {
            trees.all = self.given_tree(name, context, paths).await?;
        }
        Ok(trees)
    }

    async fn given_tree(
        &self,
        name: &str,
        context: &Context,
        paths: Option<PathsOf<'_>>,
    ) -> Result<Option<GivenTree>, FrontendError> {
        let (definition, config) = match context {
            Context::Input(input) => {
                let metadata = self.options.input_metadata.get(input);
                let config = metadata.map(|metadata| tree::config(input, metadata));
                (self.given.get(input)?, config.transpose()?.flatten())
            }
            Context::Remote(remote) => (tree::fetched(self.gateway, remote).await?, None),
            Context::Image(_) | Context::Layout { .. } | Context::Local(_) => return Ok(None),
        };
        let files = match paths {
            None => BTreeMap::new(),
            Some(declared) => {
                let (_, paths) = declared;
                let shown = format!("the build context `{name}`");
                let records = records(paths);
                let patterns = paths.iter().map(|declared| declared.path.as_str());
                let patterns = patterns.chain(records.as_deref());
                let snapshot = tree::read(self.gateway, &definition, patterns, &shown).await?;
                read_given(&snapshot, declared)?
            }
        };
        Ok(Some(GivenTree {
            definition,
            config,
            files,
        }))
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
        for query in source_queries::of_layout(&image, platforms) {
            let answer = self.gateway.look_up(&query).await;
            let answer = answer.map_err(|error| unresolved(error.into()))?;
            answers.push(answer.ok_or_else(|| unresolved("the daemon does not say".into()))?);
        }
        let found = source_queries::image(platforms, answers)?;
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

/// The pattern of the records of earlier builds, by which a glob knows outputs from inputs.
fn records(declared: &BTreeSet<Declared>) -> Option<String> {
    let has_glob = declared.iter().any(|declared| declared.path.is_glob());
    has_glob.then(|| format!("**/{RECORDS_DIRECTORY}"))
}

/// A directory that the user gives, with the paths and globs of it that steps declare.
type PathsOf<'a> = (&'a ContextName, &'a BTreeSet<Declared>);

/// The files of a directory that the user gives.
fn read_given(
    snapshot: &Snapshot,
    (name, paths): PathsOf<'_>,
) -> Result<BTreeMap<Declared, FileSet>, FrontendError> {
    let name = || name.clone();
    read_all(snapshot, paths, |path| Read::Context { name: name(), path })
}

/// The files that paths and globs stand for, each declared as `declared` says.
fn read_all(
    snapshot: &Snapshot,
    paths: &BTreeSet<Declared>,
    declared: impl Fn(Declared) -> Read,
) -> Result<BTreeMap<Declared, FileSet>, FrontendError> {
    let read = |path: &Declared| {
        let failed = |error| Box::new(DeclaredError::new(declared(path.clone()), error));
        let files = files::read(snapshot, path).map_err(failed)?;
        Ok((path.clone(), files))
    };
    paths.iter().map(read).collect()
}
