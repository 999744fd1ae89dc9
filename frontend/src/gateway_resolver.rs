//! Resolves references with the daemon that runs the frontend.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_client::{Gateway, SourceAnswer, SourceQuery};
use catalog::{Commit, ContentDigest, GitSource, ImageKey, ImageRef, Platform, Reference, Written};

use engine::{
    pinning::{Resolve, ResolvedImage},
    source_queries,
};

use crate::error::FrontendError;

/// Resolves references with the daemon that runs the frontend.
pub(crate) struct GatewayResolver<'a> {
    gateway: &'a Gateway,
    /// The places where the references are written, by name.
    places: BTreeMap<String, Written>,
}

impl<'a> GatewayResolver<'a> {
    /// A resolver of `references`.
    pub(crate) fn new(gateway: &'a Gateway, references: &BTreeSet<Reference>) -> Self {
        let place = |one: &Reference| (one.source.name(), one.place.clone());
        let places = references.iter().map(place).collect();
        Self { gateway, places }
    }

    async fn one(&self, name: &str, query: &SourceQuery) -> Result<SourceAnswer, FrontendError> {
        let answer = self.gateway.look_up(query).await;
        let answer = answer.map_err(|error| self.unresolved(name, error))?;
        answer.ok_or_else(|| self.unresolved(name, "the daemon does not say"))
    }

    fn unresolved(
        &self,
        name: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> FrontendError {
        FrontendError::Unresolved {
            name: name.to_owned(),
            place: self.places.get(name).cloned(),
            source: source.into(),
        }
    }
}

impl Resolve for GatewayResolver<'_> {
    type Error = FrontendError;

    async fn image(
        &self,
        image: &ImageRef,
        platforms: &[Platform],
    ) -> Result<ResolvedImage, FrontendError> {
        let name = ImageKey::of(image).to_string();
        let mut answers = Vec::new();
        for query in source_queries::of_image(image, platforms) {
            answers.push(self.one(&name, &query).await?);
        }
        Ok(source_queries::image(platforms, answers)?)
    }

    async fn http(&self, url: &str, address: &str) -> Result<ContentDigest, FrontendError> {
        Ok(source_queries::http(
            self.one(url, &source_queries::of_http(address)).await?,
        )?)
    }

    async fn git(&self, source: &GitSource) -> Result<Commit, FrontendError> {
        let query = source_queries::of_git(source)?;
        Ok(source_queries::git(
            self.one(&source.to_string(), &query).await?,
        )?)
    }

    fn nonsense(&self, name: &str, what: String) -> FrontendError {
        self.unresolved(name, what)
    }
}
