//! The reads of a step from elsewhere in the graph: trees, tars, downloads, git refs.

use std::borrow::Cow;

use buildkit_llb::{Git, Http, ImageRef, SourceLocation, State};

use super::Planner;
use crate::{
    base,
    lock::{Pinned, Reference, Written},
    name::ContextName,
    path::ContextPath,
    plan_error::PlanProblem,
    read::Read,
    step::{Given, Source},
    variant::Variant,
};

/// A directory of input files that `--build-context NAME=DIR` did not give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct MissingContext {
    /// The name.
    pub name: ContextName,
    /// The path that is read in it.
    pub path: ContextPath,
}

/// The step that reads something from elsewhere in the graph.
pub(super) struct ReadBy<'a> {
    pub(super) variant: &'a Variant,
    /// The place in errors.
    pub(super) place: Written,
    /// The lines that declare the step.
    pub(super) location: Option<SourceLocation>,
}

impl Planner<'_> {
    /// Makes the sources that a step reads from elsewhere in the graph.
    pub(super) fn give(
        &mut self,
        read: &Read,
        reader: &ReadBy<'_>,
        given: &mut Given,
    ) -> Result<(), PlanProblem> {
        match read {
            Read::Packer
            | Read::Files(_)
            | Read::FromLine(_)
            | Read::Secret { .. }
            | Read::Ssh { .. } => Ok(()),
            Read::Context { name, path } => {
                if !self.inputs.contexts.contains_key(name.as_str()) {
                    let (name, path) = (name.clone(), path.path.clone());
                    self.gathered.missing.insert(MissingContext { name, path });
                }
                Ok(())
            }
            Read::Tree(name) => {
                let state = self.named_tree(name, reader)?;
                given.insert(read.clone(), whole(state));
                Ok(())
            }
            Read::Tar(name) => {
                let below = &self.catalog.artifacts[name.as_str()];
                let packed = self.packed(&self.catalog.below(reader.variant, below)?)?;
                given.insert(read.clone(), packed);
                Ok(())
            }
            Read::Http { url, checksum } => {
                let file = file_name(url);
                let http = Http::new(self.fetched(url)).filename(file.as_str());
                let pinned = if checksum.is_some() {
                    checksum.as_ref()
                } else {
                    self.refer(Pinned::Http(url.clone()), &reader.place);
                    self.inputs.lock.http(url)
                };
                let http = match pinned {
                    Some(checksum) => http.checksum(checksum.clone()),
                    None => http,
                };
                let http = reader.location.iter().cloned().fold(http, Http::location);
                let (state, path) = (http.state(), format!("/{file}"));
                given.insert(read.clone(), Source { state, path });
                Ok(())
            }
            Read::Git(source) => {
                self.refer(Pinned::Git(source.clone()), &reader.place);
                let reference = match self.inputs.lock.git(source) {
                    Some(commit) => Some(commit.as_str()),
                    None => source.reference(),
                };
                let git = Git::new(source.git_url().clone());
                let git = match reference {
                    Some(reference) => git.git_ref(reference),
                    None => git,
                };
                let git = reader.location.iter().cloned().fold(git, Git::location);
                given.insert(read.clone(), whole(git.state()));
                Ok(())
            }
        }
    }

    /// The URL that the graph fetches a download from.
    fn fetched<'u>(&mut self, url: &'u str) -> Cow<'u, str> {
        self.gathered.has_mirror |= self.inputs.mirrors.has(url);
        self.mirrors
            .map_or(Cow::Borrowed(url), |mirrors| mirrors.fetched(url))
    }

    fn refer(&mut self, source: Pinned, place: &Written) {
        self.gathered.references.insert(Reference {
            source,
            place: place.clone(),
        });
    }

    /// The tree that a step copies from: of an artifact, of the `--build-context` that replaces it, or of an image.
    fn named_tree(&mut self, name: &str, reader: &ReadBy<'_>) -> Result<State, PlanProblem> {
        let variant = reader.variant;
        let names = [self.catalog.tree_name(name)];
        if let Some((name, context)) = base::context_for(&names, self.inputs) {
            let base_tree = base::replaced(name, context, variant, &self.inputs.lock)?;
            return Ok(self.stand_on(base_tree)?.tree.state);
        }
        if let Some(artifact) = self.catalog.artifacts.get(name) {
            return Ok(self.tree(&self.catalog.below(variant, artifact)?)?.state);
        }
        let image: ImageRef = name.parse().map_err(|source| base::BaseError::Reference {
            base: name.to_owned(),
            source,
        })?;
        let origin = base::Origin {
            place: reader.place.clone(),
            location: reader.location.clone(),
            platform: None,
        };
        let base_tree = base::from_image(&image, origin, variant, &self.inputs.lock)?;
        Ok(self.stand_on(base_tree)?.tree.state)
    }
}

/// All of a tree.
fn whole(state: State) -> Source {
    Source {
        state,
        path: "/".to_owned(),
    }
}

/// The name of a download in the tree: the last part of its path.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    match path
        .split_once('/')
        .and_then(|(_host, path)| path.rsplit('/').next())
    {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => "download".to_owned(),
    }
}
